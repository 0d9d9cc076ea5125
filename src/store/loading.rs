//! Showing a log and loading it at once.

use super::{Conflict, Store, Unloadable};
use crate::decode::{Context, Decoder};
use crate::entry::{Entry, Located};
use crate::head::Version;
use crate::schema::Schema;
use crate::sink::{Fidelity, Run, Sink};

/// Why an entry did not pass.
#[derive(Debug, thiserror::Error)]
pub enum LoadError<E> {
    /// It cannot be loaded.
    #[error(transparent)]
    Unloadable(#[from] Unloadable),
    /// The sink behind the store refused.
    #[error("{0}")]
    Sink(E),
}

/// A sink that plays entries into a store too and stops where that fails: what `joedb_logdump --load` is.
///
/// What the other sink shows then ends in front of the entry; with [`Fidelity::Reference`] behind it, where the
/// reference has shown it before it failed.
#[derive(Debug)]
pub struct Loading<S> {
    store: Store,
    sink: S,
    fidelity: Fidelity,
    /// How many entries were taken, and the end of the last one.
    entries: u64,
    position: u64,
}

impl<S> Loading<S> {
    /// Loads into `store` what is shown by `sink`.
    pub const fn new(store: Store, sink: S, fidelity: Fidelity) -> Loading<S> {
        Loading { store, sink, fidelity, entries: 0, position: 0 }
    }

    /// How many entries passed.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The end of the last entry that passed; where the shown part begins, if there is none.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The store and the sink.
    pub fn into_parts(self) -> (Store, S) {
        (self.store, self.sink)
    }

    /// Whether the reference shows an entry before it notices that it cannot be loaded. The values of a vector are read
    /// straight into the table, so that one that does not fit is noticed first.
    fn is_shown(&self, entry: &Entry<'_>, conflict: &Conflict) -> bool {
        let Entry::UpdateVector { table, first, ref values, .. } = *entry else { return true };
        let end = first.0.checked_add_unsigned(values.count());
        let fits = self.store.table(table).is_some_and(|table| end.is_some_and(|end| end <= table.end().0));
        fits && matches!(conflict, Conflict::NothingToUpdate { .. })
    }
}

impl<S: Sink> Loading<S> {
    /// Ends what is shown, and gives the error back.
    #[cold]
    fn refuse(
        &mut self,
        refused: Option<(&Located<'_>, &Schema)>,
        unloadable: Unloadable,
    ) -> Result<(), LoadError<S::Error>> {
        if let Some((located, schema)) = refused
            && self.fidelity == Fidelity::Reference
            && self.is_shown(&located.entry, &unloadable.conflict)
        {
            self.sink.entry(located, schema).map_err(LoadError::Sink)?;
        }
        self.sink.end(self.position, false).map_err(LoadError::Sink)?;
        Err(unloadable.into())
    }

    /// Shows entries that were loaded; the first of them stands at the position that was reached.
    fn show(
        &mut self,
        mut bytes: &[u8],
        mut context: Context,
        schema: &Schema,
    ) -> Result<(), LoadError<S::Error>> {
        let mut position = self.position;
        while !bytes.is_empty() {
            let run = self.sink.run(bytes, position, &mut context, schema).map_err(LoadError::Sink)?;
            let length =
                if run.bytes > 0 { run.bytes } else { self.show_one(bytes, position, &mut context, schema)? };
            position = position.saturating_add(length as u64);
            bytes = bytes.get(length..).unwrap_or_default();
        }
        Ok(())
    }

    /// Shows the entry that `bytes` begin with, and returns its length.
    fn show_one(
        &mut self,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
        schema: &Schema,
    ) -> Result<usize, LoadError<S::Error>> {
        let mut decoder = Decoder::resume(Version::V5, *context);
        // What was loaded from these bytes is whole, and the same in every version.
        let Ok(located) = decoder.decode(bytes, position) else { return Ok(bytes.len()) };
        self.sink.entry(&located, schema).map_err(LoadError::Sink)?;
        *context = decoder.context();
        Ok(usize::try_from(located.length).unwrap_or(bytes.len()))
    }
}

/// So many bytes of entries are loaded before they are shown: they are still at hand then.
const AT_ONCE: usize = 64 * 1024;

impl<S: Sink> Sink for Loading<S> {
    type Error = LoadError<S::Error>;

    fn begin(&mut self, position: u64, empty: bool) -> Result<(), Self::Error> {
        self.position = position;
        self.sink.begin(position, empty).map_err(LoadError::Sink)
    }

    fn skip(&mut self, located: &Located<'_>, schema: &Schema) {
        self.store.skip(located, schema);
        self.sink.skip(located, schema);
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> Result<(), Self::Error> {
        if let Err(unloadable) = self.store.entry(located, schema) {
            let refused = (unloadable.position == located.position).then_some((located, schema));
            return self.refuse(refused, unloadable);
        }
        self.sink.entry(located, schema).map_err(LoadError::Sink)?;
        self.entries = self.entries.saturating_add(1);
        self.position = located.end();
        Ok(())
    }

    /// Entries are loaded together, and then shown together.
    #[inline]
    fn run(
        &mut self,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
        schema: &Schema,
    ) -> Result<Run, Self::Error> {
        let bytes = bytes.get(..AT_ONCE).unwrap_or(bytes);
        let before = *context;
        let loaded = match self.store.run(bytes, position, context, schema) {
            Ok(loaded) => loaded,
            Err(unloadable) => return self.refuse(None, unloadable).map(|()| Run::default()),
        };
        self.show(bytes.get(..loaded.bytes).unwrap_or_default(), before, schema)?;
        self.entries = self.entries.saturating_add(loaded.entries);
        self.position = self.position.saturating_add(loaded.bytes as u64);
        Ok(loaded)
    }

    fn end(&mut self, position: u64, whole: bool) -> Result<(), Self::Error> {
        if let Err(unloadable) = self.store.end(position, whole) {
            return self.refuse(None, unloadable);
        }
        self.sink.end(position, whole).map_err(LoadError::Sink)
    }
}
