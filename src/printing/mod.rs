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
use crate::journal::{Flow, Journal, OpenError};
use crate::replay::{Played, Range, Reach, ReplayError, Replayed, Stretch, Tolerance, end, play_rest};
use crate::schema::Schema;
use crate::sink::{Format, Sink as _, TextSink};
use chunk::Start;
use printer::Printer;
use std::io;

/// What more threads than these would do is finished no sooner: finding chunks, and writing them, is for one at a time.
const MOST: usize = 8;

/// How many threads print where nobody said how many: one for each processor, but for those that would only wait.
#[must_use]
pub fn usual_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get().min(MOST))
}

/// So much at least is printed by one thread before several go on: beginning anew with them costs less than that.
const BY_ONE: u64 = 1024 * 1024;

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

/// As [`replay`](crate::replay::replay), on several threads if the log is long enough and the form allows it. Memory is
/// some ten megabytes a thread, sixty where entries have long texts. What `tolerance` lets pass, and all that follows it, is
/// printed by one.
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
    let Beginning { mut played, tolerance, ahead } = beginning;
    let (may_fork, mut entries) = (workers.threads > 1 && journal.version() == Version::V5, 0_u64);
    let last = loop {
        let is_forked = may_fork && is_worthwhile(Range { from: range.from.max(played.position()), ..range });
        let Some(format) = is_forked.then(|| sink.fork()).flatten() else {
            break play_rest(played, journal, range, tolerance, sink, watch)?;
        };
        let printer = Printer::new(Start { played, format }, range, workers.threads, ahead);
        let printed = printer.print(journal, sink, workers, watch).map_err(ReplayError::Sink)?;
        let rest = *printer.into_rest();
        sink.take_over(rest.format);
        played = rest.played;
        let stretch = by_one(&mut played, journal, range, tolerance, sink, watch)?;
        entries = entries.saturating_add(printed);
        if !stretch.stopped {
            break end(stretch, sink)?;
        }
        entries = entries.saturating_add(stretch.replayed.entries);
    };
    Ok(Replayed { entries: last.entries.saturating_add(entries), ..last })
}

/// Prints what several threads left: to the end where the log is not right, and else until it is worth while to go on with
/// several again.
fn by_one<F: Format>(
    played: &mut Played,
    journal: &mut Journal,
    range: Range,
    tolerance: Tolerance,
    sink: &mut TextSink<'_, F>,
    watch: &mut dyn FnMut(u64),
) -> Result<Stretch, ReplayError<io::Error>> {
    let (enough, reach) = (played.position().saturating_add(BY_ONE), Reach::beyond(journal));
    let mut watch = |position| {
        watch(position);
        let is_enough = position >= enough && tolerance == Tolerance::Strict;
        if is_enough { Flow::Stop } else { Flow::Continue }
    };
    played.go_on(journal, range, reach, tolerance, sink, &mut watch)
}
