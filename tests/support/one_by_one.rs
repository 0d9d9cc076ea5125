//! A sink that is shown every entry by itself.

use joedb::sink::Sink;
use joedb::{Located, Schema};

/// Hides from a sink that entries can be taken together.
pub(crate) struct OneByOne<S>(pub(crate) S);

impl<S: Sink> Sink for OneByOne<S> {
    type Error = S::Error;

    fn begin(&mut self, position: u64, empty: bool) -> Result<(), S::Error> {
        self.0.begin(position, empty)
    }

    fn skip(&mut self, located: &Located<'_>, schema: &Schema) {
        self.0.skip(located, schema);
    }

    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> Result<(), S::Error> {
        self.0.entry(located, schema)
    }

    fn end(&mut self, position: u64, whole: bool) -> Result<(), S::Error> {
        self.0.end(position, whole)
    }
}
