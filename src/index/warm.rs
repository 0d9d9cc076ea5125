//! Playing a part of a log from the block that it begins in, and not from the beginning.

use super::{Index, SchemaEntry};
use crate::head::HEAD_SIZE;
use crate::journal::{Bookmark, Journal};
use crate::printing::{Ahead, Beginning, Skipping, Workers, print_rest};
use crate::replay::{Played, Range, ReplayError, Replayed, Tolerance, play_rest};
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

/// As [`replay`](crate::replay::replay), into a sink that cares for nothing but entries of the schema. The others that are
/// covered are counted, and not shown to it.
///
/// # Errors
/// [`ReplayError`]; damage of the log is no error but part of what is returned.
pub fn replay_schema<S: Sink>(
    index: &Index,
    journal: &mut Journal,
    range: Range,
    tolerance: Tolerance,
    sink: &mut S,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<S::Error>> {
    let is_all = range.from <= HEAD_SIZE && range.until >= index.end() && !index.schema_entries.is_empty();
    if !is_all {
        return replay(index, journal, range, tolerance, sink, watch);
    }
    sink.begin(range.from, false).map_err(ReplayError::Sink)?;
    let mut shown = Ok(());
    let played = index.played_before(journal, index.end(), |located, schema| {
        if shown.is_ok() {
            shown = sink.entry(located, schema);
        }
    });
    shown.map_err(ReplayError::Sink)?;
    let replayed = play_rest(played, journal, range, tolerance, sink, watch)?;
    Ok(Replayed { entries: replayed.entries.saturating_add(index.entries()), ..replayed })
}

/// As [`print`](crate::printing::print), from the block that the range begins in; and chunks end where blocks do, so that
/// nobody has to find out.
///
/// # Errors
/// [`ReplayError`].
pub fn print<F: Format + Send>(
    index: &Index,
    journal: &mut Journal,
    range: Range,
    tolerance: Tolerance,
    sink: &mut TextSink<'_, F>,
    workers: Workers<'_>,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<io::Error>> {
    sink.begin(range.from, range.from >= range.until).map_err(ReplayError::Sink)?;
    let played = index.played_before(journal, range.from, |located, schema| sink.skip(located, schema));
    let beginning = Beginning { played, tolerance, ahead: Some(index) };
    print_rest(beginning, journal, range, sink, workers, watch)
}

impl Ahead for Index {
    fn next(&self, played: &Played, until: u64, skip: Skipping<'_>) -> Option<Played> {
        let number = self.blocks.partition_point(|block| block.end() <= played.position());
        let end = self.blocks.get(number)?.end();
        let after = self.blocks.get(number.saturating_add(1));
        let context = after.map_or(self.context, |block| block.context);
        let mut sense = played.sense().clone();
        let first = self.schema_entries.partition_point(|entry| entry.position < played.position());
        let between = self.schema_entries.get(first..).into_iter().flatten().filter_map(SchemaEntry::located);
        for located in between.take_while(|located| located.position < end) {
            skip(&located, sense.schema());
            sense.apply(&located);
        }
        (end <= until).then(|| Played::at(sense, Bookmark::at(self.version, end, context)))
    }
}
