//! Parts of a log that begin and end between two entries, or two values of a long vector.

use super::Ahead;
use crate::decode::Context;
use crate::entry::Located;
use crate::journal::{Flow, Journal, VectorPart};
use crate::replay::{Played, Range, Reach, Tolerance};
use crate::schema::Schema;
use crate::sink::{Format, Page, PageMaker, Run, Sink};
use crate::skip::{Skipped, skip};
use std::convert::Infallible;

/// Where a chunk begins, and what its entries depend on.
pub(super) struct Start<F> {
    pub(super) played: Played,
    pub(super) format: F,
}

impl<F: Format> Start<F> {
    fn fork(&self) -> Option<Start<F>> {
        Some(Start { played: self.played.clone(), format: self.format.fork()? })
    }
}

/// One of these parts.
pub(super) struct Chunk<F> {
    pub(super) number: usize,
    start: Start<F>,
    /// Its end, and the context there.
    pub(super) end: u64,
    context: Context,
}

/// A longer one is not taken: the text of one entry at least is long, and one thread at a time is to hold such a text.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The part of the log that nobody took.
pub(super) struct Rest<F> {
    /// The beginning of the next chunk.
    next: Start<F>,
    /// Its number.
    number: usize,
    /// Whether somebody found that there is no next chunk: nobody has to look again.
    ended: bool,
}

impl<F: Format> Rest<F> {
    /// All from a beginning on.
    pub(super) const fn new(next: Start<F>) -> Rest<F> {
        Rest { next, number: 0, ended: false }
    }

    /// Its beginning.
    pub(super) fn into_start(self) -> Start<F> {
        self.next
    }

    /// Takes the next chunk of `range`, of which `ahead` may know the end; `None` at the end of the range, where the log is not
    /// right, and where the chunk would be too long.
    pub(super) fn take(
        &mut self,
        journal: &mut Journal,
        range: Range,
        ahead: Option<&dyn Ahead>,
    ) -> Option<Chunk<F>> {
        let chunk = self.find(journal, range, ahead);
        self.ended = chunk.is_none();
        chunk
    }

    fn find(&mut self, journal: &mut Journal, range: Range, ahead: Option<&dyn Ahead>) -> Option<Chunk<F>> {
        if self.ended {
            return None;
        }
        let begin = self.next.played.position();
        let after = self.look_ahead(range, ahead).or_else(|| self.scan(journal, range))?;
        if after.played.position().saturating_sub(begin) > LONGEST {
            return None;
        }
        let (end, context) = (after.played.position(), after.played.context());
        let (number, start) = (self.number, std::mem::replace(&mut self.next, after));
        self.number = number.saturating_add(1);
        Some(Chunk { number, start, end, context })
    }

    /// What follows the next chunk, if somebody knows where it ends.
    fn look_ahead(&self, range: Range, ahead: Option<&dyn Ahead>) -> Option<Start<F>> {
        let (ahead, mut format) = (ahead?, self.next.format.fork()?);
        let mut skip = |located: &Located<'_>, schema: &Schema| format.skip(located, schema);
        let played = ahead.next(&self.next.played, range.until, &mut skip)?;
        Some(Start { played, format })
    }

    /// What follows the entries that are visited together.
    fn scan(&self, journal: &mut Journal, range: Range) -> Option<Start<F>> {
        let Start { mut played, format } = self.next.fork()?;
        let (reach, mut skip) = (Reach::Anywhere(journal.size()), Skip { format });
        let mut a_piece = |_| Flow::Stop;
        let stretch = played.go_on(journal, range, reach, Tolerance::Strict, &mut skip, &mut a_piece).ok()?;
        let is_right = stretch.replayed.interruption.is_none();
        let is_further = played.position() > self.next.played.position();
        (is_right && is_further).then_some(Start { played, format: skip.format })
    }
}

impl<F: Format> Chunk<F> {
    /// Formats it, or gives its beginning back if anything is wrong with it.
    pub(super) fn format(
        self,
        journal: &mut Journal,
        buffer: Vec<u8>,
        range: Range,
        pages: PageMaker,
    ) -> Result<Page, Box<Start<F>>> {
        let Chunk { start, end, context, .. } = self;
        let Some(Start { mut played, format }) = start.fork() else { return Err(Box::new(start)) };
        let range = Range { until: end, ..range };
        let again = Reach::Again { end, size: journal.size() };
        let printed = pages.print(format, buffer, |sink| {
            let stretch =
                played.go_on(journal, range, again, Tolerance::Strict, sink, &mut |_| Flow::Continue).ok()?;
            let is_there = (played.position(), played.context()) == (end, context);
            let is_right = stretch.replayed.interruption.is_none() && is_there;
            is_right.then_some(stretch.replayed.entries)
        });
        printed.ok_or_else(|| Box::new(start))
    }
}

/// A sink that only follows what later entries depend on.
struct Skip<F> {
    format: F,
}

impl<F: Format> Sink for Skip<F> {
    type Error = Infallible;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), Infallible> {
        Ok(())
    }

    fn skip(&mut self, located: &Located<'_>, schema: &Schema) {
        self.format.skip(located, schema);
    }

    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> Result<(), Infallible> {
        self.format.skip(located, schema);
        Ok(())
    }

    #[inline]
    fn run(
        &mut self,
        bytes: &[u8],
        _: u64,
        context: &mut Context,
        schema: &Schema,
    ) -> Result<Run, Infallible> {
        let Skipped { bytes, entries, .. } = skip(bytes, context, schema);
        Ok(Run { bytes, entries })
    }

    fn takes_parts(&self) -> bool {
        true
    }

    fn vector(&mut self, _: &VectorPart<'_>, _: &Schema) -> Result<(), Infallible> {
        Ok(())
    }

    fn end(&mut self, _: u64, _: bool) -> Result<(), Infallible> {
        Ok(())
    }
}
