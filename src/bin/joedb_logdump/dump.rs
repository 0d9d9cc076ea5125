//! The log in its text forms.

use crate::PROGRAM;
use crate::args::{Args, Tail};
use crate::form::{Work, in_form, style};
use crate::index::for_dump;
use crate::input::{self, Input};
use crate::outcome::{Failure, failure, say};
use crate::progress::Progress;
use anyhow::anyhow;
use joedb::Outcome;
use joedb::head::HEAD_SIZE;
use joedb::index::{self, Index};
use joedb::journal::{Journal, Writer};
use joedb::printing::{self, Workers, usual_threads};
use joedb::replay::{Interruption, Range, ReplayError, Replayed, Tolerance, replay};
use joedb::sink::{BlobReader, Format, LeftOut, Sink, TextSink};
use joedb::storage::Place;
use joedb::store::{LoadError, Loading, Store, Unloadable};
use joedb::text::escape::{self, Lines};
use joedb::text::{Output, Position};
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

pub(crate) fn run(args: &Args, path: &Path, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let place = input::place(path, args.part());
    print(args, path, &place, out).map_err(|failure| failure.context(&place))
}

/// Prints the log. Errors do not say its name yet.
fn print(args: &Args, path: &Path, place: &Place, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let input = input::open(args, path, args.part())?;
    let mut journal = input.journal(args).map_err(input::not_opened)?;
    let range = range(args, &journal)?;
    if !args.quiet {
        notices(args, place, &journal);
    }
    let mut terminal = TerminalSafe(out);
    let out: &mut dyn Write =
        if args.compat && io::stdout().is_terminal() { &mut terminal } else { terminal.0 };
    let style = style(args, journal.version());
    let blobs = BlobReader::new(input.reader()?, journal.size());
    let index = if is_loaded(args) { None } else { for_dump(args, &input, &mut journal, range) };
    let dump = Dump { args, input: &input, index, journal: &mut journal, range };
    let played = in_form(args, style, blobs, out, dump)?;
    left_out_notice(args, place, played.left_out);
    conclude(args, place, &played, range)
}

/// Which entries are asked for.
pub(crate) fn range(args: &Args, journal: &Journal) -> Result<Range, Failure> {
    let size = journal.size();
    if let Some(tail) = args.tail {
        let current = checkpoint(journal)?;
        let hard = journal.checkpoints().hard.position;
        let from = if tail == Tail::Hard { hard } else { current };
        return Ok(Range { from, until: size, limit: size });
    }
    let limit = if args.ignore_header { size } else { checkpoint(journal)? };
    let from = args.from.unwrap_or(HEAD_SIZE);
    let until = args.until.unwrap_or(limit);
    if args.from.is_some() && args.until.is_some() && from > until {
        return Err(failure(Outcome::Usage, anyhow!("--from {from} lies behind --until {until}")));
    }
    for asked in [from, until] {
        if !(HEAD_SIZE..=limit).contains(&asked) {
            return Err(outside(args, asked, limit));
        }
    }
    Ok(Range { from, until, limit })
}

fn checkpoint(journal: &Journal) -> Result<u64, Failure> {
    input::current(journal, ", --ignore-header dumps it")
}

fn outside(args: &Args, asked: u64, limit: u64) -> Failure {
    let more = if args.ignore_header { "" } else { "; --ignore-header reads to the end of the file" };
    let (asked, limit) = (Position(asked), Position(limit));
    let error = anyhow!("position {asked} is not in the log, which runs from 41 (0x29) to {limit}{more}");
    failure(Outcome::Damaged, error)
}

/// What was shown of a log, and why it was not all.
struct Played {
    entries: u64,
    /// The end of the last entry.
    position: u64,
    end: End,
    left_out: LeftOut,
}

/// Why no further entry was shown.
enum End {
    /// It was asked for.
    Asked,
    /// The log does not go on, or not there.
    Interruption(Interruption),
    /// The next entry cannot be loaded.
    Unloadable(Unloadable),
}

struct Dump<'a> {
    args: &'a Args,
    input: &'a Input,
    /// Where it saves reading.
    index: Option<Index>,
    journal: &'a mut Journal,
    range: Range,
}

impl Work for Dump<'_> {
    type Result = Result<Played, Failure>;

    fn print<F: Format + Send>(self, mut sink: TextSink<'_, F>) -> Self::Result {
        let Dump { args, input, index, journal, range } = self;
        if is_loaded(args) {
            return load(args, journal, range, sink);
        }
        let mut progress = progress(args, range);
        let mut watch = |position| progress.at(position);
        let reopen = || input.journal(args);
        let (tolerance, workers) = (tolerance(args), Workers { threads: threads(args), reopen: &reopen });
        let replayed = match index {
            Some(index) if args.schema_only => {
                index::replay_schema(&index, journal, range, tolerance, &mut sink, &mut watch)
            }
            Some(index) => index::print(&index, journal, range, tolerance, &mut sink, workers, &mut watch),
            None => printing::print(journal, range, tolerance, &mut sink, workers, &mut watch),
        };
        let replayed = replayed.map_err(|error| match error {
            ReplayError::Source(error) => Failure::from(error),
            ReplayError::Sink(error) => error.into(),
        })?;
        let end = replayed.interruption.map_or(End::Asked, End::Interruption);
        let Replayed { entries, position, .. } = replayed;
        Ok(Played { entries, position, end, left_out: sink.left_out() })
    }
}

/// The reference loads nothing where it is asked for the schema alone.
const fn is_loaded(args: &Args) -> bool {
    args.load && !(args.compat && args.schema_only)
}

fn load<F: Format>(
    args: &Args,
    journal: &mut Journal,
    range: Range,
    sink: TextSink<'_, F>,
) -> Result<Played, Failure> {
    let store = Store::new(args.limits(journal.size()));
    let mut loading = Loading::new(store, sink, style(args, journal.version()).fidelity);
    let end = match replay_with_progress(args, journal, range, &mut loading) {
        Ok(replayed) => replayed.interruption.map_or(End::Asked, End::Interruption),
        Err(ReplayError::Sink(LoadError::Unloadable(unloadable))) => End::Unloadable(unloadable),
        Err(ReplayError::Sink(LoadError::Sink(error))) => return Err(error.into()),
        Err(ReplayError::Source(error)) => return Err(error.into()),
    };
    let (entries, position) = (loading.entries(), loading.position());
    let (_, sink) = loading.into_parts();
    Ok(Played { entries, position, end, left_out: sink.left_out() })
}

fn replay_with_progress<S: Sink>(
    args: &Args,
    journal: &mut Journal,
    range: Range,
    sink: &mut S,
) -> Result<Replayed, ReplayError<S::Error>> {
    let mut progress = progress(args, range);
    replay(journal, range, tolerance(args), sink, &mut |position| progress.at(position))
}

fn progress(args: &Args, range: Range) -> Progress {
    Progress::new("dump", range.until, args.quiet || io::stdout().is_terminal())
}

fn threads(args: &Args) -> usize {
    args.threads.map_or_else(usual_threads, usize::from)
}

fn tolerance(args: &Args) -> Tolerance {
    match (args.compat, args.raw) {
        (false, _) => Tolerance::Strict,
        (true, false) => Tolerance::Reference,
        (true, true) => Tolerance::ReferenceRaw,
    }
}

/// What the head says that the dump does not show.
fn notices(args: &Args, place: &Place, journal: &Journal) {
    let checkpoints = journal.checkpoints();
    let Ok(current) = checkpoints.current() else { return };
    if args.ignore_header || args.tail.is_some() {
        return;
    }
    let behind = journal.size().saturating_sub(current);
    if !journal.reading().locked && journal.writer() != Writer::Unknown {
        notice(place, "the head was read without its lock, which somebody holds");
    }
    if let Some(past) = checkpoints.soft_past_end {
        let past = Position(past.position);
        notice(
            place,
            &format!("a soft checkpoint at {past} lies past the end of the file: acknowledged data is gone"),
        );
    }
    if behind > 0 && journal.writer() == Writer::Present {
        notice(
            place,
            &format!("a program is writing it; the {behind} bytes behind the checkpoint are not shown"),
        );
    } else if behind > 0 && journal.origin().ends_the_log() {
        let (current, tail, check) = (Position(current), place.logdump("--tail"), place.logdump("--check"));
        notice(
            place,
            &format!(
                "the {behind} bytes behind the checkpoint at {current} are not shown\n  \
                 look at them: {tail}\n  \
                 the verdict:  {check}"
            ),
        );
    }
}

pub(crate) fn notice(place: &Place, text: &str) {
    say(&format!("{PROGRAM}: {place}: {text}"));
}

pub(crate) fn left_out_notice(args: &Args, place: &Place, left_out: LeftOut) {
    let LeftOut { blobs, bytes } = left_out;
    if blobs > 0 && !args.quiet {
        let noun = if blobs == 1 { "blob" } else { "blobs" };
        notice(place, &format!("{blobs} {noun} of {bytes} bytes left out; --blob prints them"));
    }
}

fn conclude(args: &Args, place: &Place, played: &Played, range: Range) -> Result<Outcome, Failure> {
    if args.tail.is_some() {
        return tail_end(args, place, played, range);
    }
    let check = |options| format!("next: {}", place.logdump(options));
    let (outcome, why, next) = match &played.end {
        End::Asked => return Ok(Outcome::Done),
        End::Interruption(Interruption::NotABoundary(error)) => {
            return Err(failure(Outcome::Damaged, *error));
        }
        End::Interruption(Interruption::Damage(damage)) => {
            (Outcome::Damaged, damage.to_string(), check("--check"))
        }
        End::Unloadable(unloadable) if unloadable.conflict.is_damage() => {
            (Outcome::Damaged, unloadable.to_string(), check("--check --load"))
        }
        End::Unloadable(unloadable) => {
            (Outcome::Failed, unloadable.to_string(), "--max-rows changes the limit".to_owned())
        }
    };
    let printed = match played.entries {
        1 => "1 entry was printed".to_owned(),
        entries => format!("{entries} entries were printed"),
    };
    Err(failure(outcome, anyhow!("{why}\n  {printed}; {next}")))
}

/// A tail may end anyhow; only a log that does not decode up to it is damaged.
fn tail_end(args: &Args, place: &Place, played: &Played, range: Range) -> Result<Outcome, Failure> {
    let (position, why) = match &played.end {
        End::Asked => (range.from, "the end of the file".to_owned()),
        End::Interruption(Interruption::NotABoundary(error)) => {
            return Err(failure(Outcome::Damaged, *error));
        }
        End::Interruption(Interruption::Damage(damage)) => (damage.position(), damage.to_string()),
        End::Unloadable(unloadable) => (unloadable.position, unloadable.to_string()),
    };
    if position < range.from {
        return Err(failure(Outcome::Damaged, anyhow!("{why}")));
    }
    if !args.quiet && range.from >= range.until {
        notice(place, "nothing follows the checkpoint");
    } else if !args.quiet {
        let (entries, end) = (played.entries, Position(played.position.max(range.from)));
        let noun = if entries == 1 { "entry" } else { "entries" };
        notice(place, &format!("{entries} whole {noun} behind the checkpoint, up to {end}; then: {why}"));
    }
    Ok(Outcome::Done)
}

/// Escapes what a terminal would obey: the reference's text holds names as they are.
struct TerminalSafe<'w>(&'w mut dyn Write);

impl Write for TerminalSafe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut safe = Output::memory();
        escape::for_terminal(&mut safe, bytes, Lines::Kept);
        self.0.write_all(safe.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
