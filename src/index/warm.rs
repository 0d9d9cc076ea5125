//! Playing a part of a log from the block that it begins in, and not from the beginning.

use super::Index;
use crate::journal::Journal;
use crate::printing::Reopen;
use crate::replay::{Range, ReplayError, Replayed, Tolerance, play_rest};
use crate::sink::{Format, Sink, TextSink};
use std::io;

/// As [`replay`](crate::replay::replay): what the sink is told is the same, but for entries before the range that are not
/// of the schema. It is for sinks that nothing else of them matters to, as to every form of text, and not for a
/// [`Store`](crate::store::Store).
///
/// # Errors
/// [`ReplayError`]; damage of the log is no error but part of what is returned.
pub fn replay<S: Sink>(
    index: &Index,
    journal: &mut Journal,
    range: Range,
    tolerance: Tolerance,
    sink: &mut S,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<S::Error>> {
    sink.begin(range.from, range.from >= range.until).map_err(ReplayError::Sink)?;
    let played = index.played_before(journal, range.from, |located, schema| sink.skip(located, schema));
    play_rest(played, journal, range, tolerance, sink, watch)
}

/// As [`print`](crate::printing::print), from the block that the range begins in.
///
/// # Errors
/// [`ReplayError`].
pub fn print<F: Format + Send>(
    index: &Index,
    journal: &mut Journal,
    range: Range,
    sink: &mut TextSink<'_, F>,
    threads: usize,
    reopen: Reopen<'_>,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<io::Error>> {
    let _ = (threads, reopen);
    replay(index, journal, range, Tolerance::Strict, sink, watch)
}
