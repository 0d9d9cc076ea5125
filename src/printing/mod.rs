//! Printing a log on several processors: the text is the same, byte for byte, as from one.
//!
//! What an entry means depends on the entries before it, but only through a context and the schema. Finding boundaries
//! and contexts costs a fraction of decoding and formatting, so whoever is free scans the next chunk, under a lock, and
//! then formats it beside the others. The thread that was asked to print does so too, and between two chunks it writes
//! those that are formatted, in their order: none is woken for it, and the memory of a page stays near the processor that
//! fills it. A chunk in which anything is wrong is left to the one that goes entry by entry, which begins again there and
//! says what it is. A vector that is longer than a chunk is several of them, so that nobody holds all of it.

mod chunk;
mod printer;
mod progress;

use crate::entry::Located;
use crate::head::Version;
use crate::journal::{Journal, OpenError};
use crate::replay::{Played, Range, ReplayError, Replayed, Tolerance, play_rest};
use crate::schema::Schema;
use crate::sink::{Format, Sink as _, TextSink};
use chunk::Start;
use printer::Printer;
use std::io;

/// Logs shorter than this are printed before a second thread would have begun.
const WORTHWHILE: u64 = 8 * 1024 * 1024;

/// Opens the log once more, for another thread.
pub type Reopen<'a> = &'a (dyn Fn() -> Result<Journal, OpenError> + Sync);

/// How many print, and what each of them reads.
#[derive(Clone, Copy)]
pub struct Workers<'a> {
    /// How many threads print at most, the one that is asked among them.
    pub threads: usize,
    /// What the others read.
    pub reopen: Reopen<'a>,
}

/// As [`replay`](crate::replay::replay), on several threads if the log is long enough and the form allows it. Memory is a few
/// megabytes a thread. What `tolerance` lets pass, and all that follows it, is printed by one.
///
/// # Errors
/// [`ReplayError`], as [`replay`](crate::replay::replay).
pub fn print<F: Format + Send>(
    journal: &mut Journal,
    range: Range,
    tolerance: Tolerance,
    sink: &mut TextSink<'_, F>,
    workers: Workers<'_>,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<io::Error>> {
    sink.begin(range.from, range.from >= range.until).map_err(ReplayError::Sink)?;
    let beginning = Beginning { played: Played::nothing_of(journal), tolerance, ahead: None };
    print_rest(beginning, journal, range, sink, workers, watch)
}

/// Whether printing a range on several threads takes less time.
#[must_use]
pub fn is_worthwhile(range: Range) -> bool {
    range.until.saturating_sub(range.from) >= WORTHWHILE
}

/// Knows boundaries that nobody has read up to.
pub(crate) trait Ahead: Sync {
    /// The log played up to a boundary of its own behind `played`, and not behind `until`. `skip` is told the entries of
    /// the schema that lie between.
    fn next(&self, played: &Played, until: u64, skip: Skipping<'_>) -> Option<Played>;
}

/// Is told an entry that is not shown, and the schema in front of it.
pub(crate) type Skipping<'a> = &'a mut dyn FnMut(&Located<'_>, &Schema);

/// Where printing begins, what is let pass, and who knows what comes.
pub(crate) struct Beginning<'a> {
    pub(crate) played: Played,
    pub(crate) tolerance: Tolerance,
    pub(crate) ahead: Option<&'a dyn Ahead>,
}

/// Prints what was not played of `range`, and ends the sink, which has begun.
pub(crate) fn print_rest<F: Format + Send>(
    beginning: Beginning<'_>,
    journal: &mut Journal,
    range: Range,
    sink: &mut TextSink<'_, F>,
    workers: Workers<'_>,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<io::Error>> {
    let Beginning { played, tolerance, ahead } = beginning;
    let is_forked = is_worthwhile(range) && workers.threads > 1 && journal.version() == Version::V5;
    let Some(format) = is_forked.then(|| sink.fork()).flatten() else {
        return play_rest(played, journal, range, tolerance, sink, watch);
    };
    let printer = Printer::new(Start { played, format }, range, workers.threads, ahead);
    let entries = printer.print(journal, sink, workers, watch).map_err(ReplayError::Sink)?;
    let Start { played, format } = *printer.into_rest();
    sink.take_over(format);
    let rest = play_rest(played, journal, range, tolerance, sink, watch)?;
    Ok(Replayed { entries: rest.entries.saturating_add(entries), ..rest })
}
