//! Printing a log on several processors: the text is the same, byte for byte, as from one.
//!
//! What an entry means depends on the entries before it, but only through a context and the schema. Finding boundaries
//! and contexts costs a fraction of decoding and formatting, so whoever is free scans the next chunk, under a lock, and
//! then formats it beside the others. The thread that was asked to print does so too, and between two chunks it writes
//! those that are formatted, in their order: none is woken for it, and the memory of a page stays near the processor that
//! fills it. A chunk in which anything is wrong is left to the one that goes entry by entry, which begins again there and
//! says what it is. A vector that is longer than a chunk is several of them, so that nobody holds all of it.

use crate::decode::Context;
use crate::entry::Located;
use crate::head::Version;
use crate::journal::{Flow, Journal, OpenError, VectorPart};
use crate::replay::{Played, Range, Reach, ReplayError, Replayed, Tolerance, play_rest};
use crate::schema::Schema;
use crate::sink::{Format, Page, PageMaker, Run, Sink, TextSink};
use crate::skip::{Skipped, skip};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

/// Logs shorter than this are printed before a second thread would have begun.
const WORTHWHILE: u64 = 8 * 1024 * 1024;

/// So many chunks at most are formatted ahead of the one that is written, for each thread.
const AHEAD: usize = 4;

/// Opens the log once more, for another thread.
pub type Reopen<'a> = &'a (dyn Fn() -> Result<Journal, OpenError> + Sync);

/// As [`replay`](crate::replay::replay) of the entries that make sense, on up to `threads` threads, if the log is long enough and the form
/// allows it. Memory is a few megabytes a thread.
///
/// # Errors
/// [`ReplayError`], as [`replay`](crate::replay::replay).
pub fn print<F: Format + Send>(
    journal: &mut Journal,
    range: Range,
    sink: &mut TextSink<'_, F>,
    threads: usize,
    reopen: Reopen<'_>,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<io::Error>> {
    sink.begin(range.from, range.from >= range.until).map_err(ReplayError::Sink)?;
    let beginning = Beginning { played: Played::nothing_of(journal), ahead: None };
    print_rest(beginning, journal, range, sink, Workers { threads, reopen }, watch)
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

/// Where printing begins, and who knows what comes.
pub(crate) struct Beginning<'a> {
    pub(crate) played: Played,
    pub(crate) ahead: Option<&'a dyn Ahead>,
}

/// How many print, and what each of them reads.
#[derive(Clone, Copy)]
pub(crate) struct Workers<'a> {
    pub(crate) threads: usize,
    pub(crate) reopen: Reopen<'a>,
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
    let Beginning { played, ahead } = beginning;
    let is_forked = is_worthwhile(range) && workers.threads > 1 && journal.version() == Version::V5;
    let Some(format) = is_forked.then(|| sink.fork()).flatten() else {
        return play_rest(played, journal, range, Tolerance::Strict, sink, watch);
    };
    let printer = Printer::new(Start { played, format }, range, workers.threads, ahead);
    let entries = printer.print(journal, sink, workers, watch).map_err(ReplayError::Sink)?;
    let Start { played, format } = printer.into_rest();
    sink.take_over(format);
    let rest = play_rest(played, journal, range, Tolerance::Strict, sink, watch)?;
    Ok(Replayed { entries: rest.entries.saturating_add(entries), ..rest })
}

/// Where a chunk begins, and what its entries depend on.
struct Start<F> {
    played: Played,
    format: F,
}

impl<F: Format> Start<F> {
    fn fork(&self) -> Option<Start<F>> {
        Some(Start { played: self.played.clone(), format: self.format.fork()? })
    }
}

/// A part of the log that begins and ends between two entries, or two values of a long vector.
struct Chunk<F> {
    number: usize,
    start: Start<F>,
    /// Its end, and the context there.
    end: u64,
    context: Context,
}

/// What became of a chunk: its text, or its beginning if anything is wrong with it.
struct Done<F> {
    result: Result<Page, Box<Start<F>>>,
    end: u64,
    /// Who formatted it, and fills the memory of its page again.
    worker: usize,
}

/// The part of the log that nobody took.
struct Rest<F> {
    /// The beginning of the next chunk.
    next: Start<F>,
    /// Its number.
    number: usize,
}

impl<F> Rest<F> {
    /// The chunk up to the beginning of the one after it.
    fn advance(&mut self, after: Start<F>) -> Chunk<F> {
        let (end, context) = (after.played.position(), after.played.context());
        let (number, start) = (self.number, std::mem::replace(&mut self.next, after));
        self.number = number.saturating_add(1);
        Chunk { number, start, end, context }
    }
}

/// How far the chunks are.
struct Progress<F> {
    /// How many were begun, or will be by those who may.
    begun: usize,
    /// How many were written.
    written: usize,
    /// Those that were formatted since, by number.
    done: BTreeMap<usize, Done<F>>,
    /// Whether there are no more chunks, or nobody wants them.
    ended: bool,
    /// The beginning of the first chunk with which anything is wrong.
    wrong: Option<Box<Start<F>>>,
    /// How many other threads are at work.
    others: usize,
    /// How many threads wait for a change.
    waiting: usize,
    /// The memory of pages that were written, by who filled it.
    buffers: Vec<Vec<Vec<u8>>>,
}

/// What there is to do for the thread that writes.
enum Turn<F> {
    Write(Box<Done<F>>),
    Format,
    End,
}

struct Printer<'a, F> {
    rest: Mutex<Rest<F>>,
    progress: Mutex<Progress<F>>,
    /// The progress has changed.
    changed: Condvar,
    /// Saves reading to find where chunks end.
    ahead: Option<&'a dyn Ahead>,
    range: Range,
    /// So many chunks at most are under way.
    window: usize,
}

/// The one that writes, too.
const WRITER: usize = 0;

impl<'a, F: Format + Send> Printer<'a, F> {
    fn new(next: Start<F>, range: Range, threads: usize, ahead: Option<&'a dyn Ahead>) -> Printer<'a, F> {
        let buffers = std::iter::repeat_with(Vec::new).take(threads).collect();
        let progress = Progress {
            begun: 0,
            written: 0,
            done: BTreeMap::new(),
            ended: false,
            wrong: None,
            others: 0,
            waiting: 0,
            buffers,
        };
        Printer {
            rest: Mutex::new(Rest { next, number: 0 }),
            progress: Mutex::new(progress),
            changed: Condvar::new(),
            ahead,
            range,
            window: threads.saturating_mul(AHEAD).max(1),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress<F>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest(&self) -> MutexGuard<'_, Rest<F>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the progress has changed.
    fn wait<'g>(&self, mut progress: MutexGuard<'g, Progress<F>>) -> MutexGuard<'g, Progress<F>> {
        progress.waiting = progress.waiting.saturating_add(1);
        let mut progress = self.changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
        progress.waiting = progress.waiting.saturating_sub(1);
        progress
    }

    /// Lets those who wait know of a change. Where nobody does, the system is not asked.
    fn change(&self, change: impl FnOnce(&mut Progress<F>)) {
        let mut progress = self.progress();
        change(&mut progress);
        let is_awaited = progress.waiting > 0;
        drop(progress);
        if is_awaited {
            self.changed.notify_all();
        }
    }

    /// Where printing entry by entry has to go on.
    fn into_rest(self) -> Start<F> {
        let wrong = self.progress.into_inner().unwrap_or_else(PoisonError::into_inner).wrong;
        let next = self.rest.into_inner().unwrap_or_else(PoisonError::into_inner).next;
        wrong.map_or(next, |start| *start)
    }

    /// Prints chunks until one is wrong or none is left, and returns how many entries they had.
    fn print(
        &self,
        journal: &mut Journal,
        sink: &mut TextSink<'_, F>,
        Workers { threads, reopen }: Workers<'_>,
        watch: &mut dyn FnMut(u64),
    ) -> io::Result<u64> {
        let page = sink.page_maker();
        std::thread::scope(|scope| {
            for worker in WRITER.saturating_add(1)..threads {
                self.change(|progress| progress.others = progress.others.saturating_add(1));
                let work = move || self.work(reopen, worker, page);
                // Where a thread cannot be had, the others do its work.
                if Builder::new().spawn_scoped(scope, work).is_err() {
                    self.change(|progress| progress.others = progress.others.saturating_sub(1));
                }
            }
            journal.share(true);
            let written = self.write_in_order(journal, sink, watch);
            journal.share(false);
            self.change(|progress| progress.ended = true);
            written
        })
    }

    /// Formats chunks for another thread to write.
    fn work(&self, reopen: Reopen<'_>, worker: usize, page: PageMaker) {
        let _leaving = Leaving(self);
        let Ok(mut journal) = reopen() else { return };
        journal.share(true);
        while self.may_begin() {
            self.format_next(&mut journal, worker, page);
        }
    }

    /// Waits until a chunk may be begun; `false` if none is.
    fn may_begin(&self) -> bool {
        let mut progress = self.progress();
        while !progress.ended && !progress.begin(self.window) {
            progress = self.wait(progress);
        }
        !progress.ended
    }

    /// Formats the next chunk, which was begun.
    fn format_next(&self, journal: &mut Journal, worker: usize, page: PageMaker) {
        let Some(chunk) = self.next_chunk(journal) else {
            return self.change(|progress| {
                progress.begun = progress.begun.saturating_sub(1);
                progress.ended = true;
            });
        };
        let (number, end) = (chunk.number, chunk.end);
        let buffer = self.progress().buffers.get_mut(worker).and_then(Vec::pop).unwrap_or_default();
        let result = format_chunk(journal, chunk, buffer, self.range, page);
        self.change(|progress| {
            progress.done.insert(number, Done { result, end, worker });
        });
    }

    /// Scans the next chunk; `None` at the end, and where the log is not right.
    fn next_chunk(&self, journal: &mut Journal) -> Option<Chunk<F>> {
        let mut rest = self.rest();
        self.look_ahead(&mut rest).or_else(|| self.scan(&mut rest, journal))
    }

    /// The next chunk, if somebody knows where it ends.
    fn look_ahead(&self, rest: &mut Rest<F>) -> Option<Chunk<F>> {
        let Start { mut format, .. } = rest.next.fork()?;
        let mut skip = |located: &Located<'_>, schema: &Schema| format.skip(located, schema);
        let played = self.ahead?.next(&rest.next.played, self.range.until, &mut skip)?;
        Some(rest.advance(Start { played, format }))
    }

    fn scan(&self, rest: &mut Rest<F>, journal: &mut Journal) -> Option<Chunk<F>> {
        let Start { mut played, format } = rest.next.fork()?;
        let (size, mut skip) = (journal.size(), Skip { format });
        let mut a_piece = |_| Flow::Stop;
        let stretch = played
            .go_on(journal, self.range, Reach::Anywhere(size), Tolerance::Strict, &mut skip, &mut a_piece)
            .ok()?;
        if stretch.replayed.interruption.is_some() || played.position() <= rest.next.played.position() {
            return None;
        }
        Some(rest.advance(Start { played, format: skip.format }))
    }

    /// Writes the chunks, and formats some of them.
    fn write_in_order(
        &self,
        journal: &mut Journal,
        sink: &mut TextSink<'_, F>,
        watch: &mut dyn FnMut(u64),
    ) -> io::Result<u64> {
        let (page_maker, mut entries) = (sink.page_maker(), 0_u64);
        loop {
            let Done { result, end, worker } = match self.turn() {
                Turn::End => return Ok(entries),
                Turn::Format => {
                    self.format_next(journal, WRITER, page_maker);
                    continue;
                }
                Turn::Write(done) => *done,
            };
            let page = match result {
                Ok(page) => page,
                Err(start) => {
                    self.progress().wrong = Some(start);
                    return Ok(entries);
                }
            };
            entries = entries.saturating_add(page.entries);
            sink.append(&page)?;
            watch(end);
            self.change(|progress| progress.has_written(worker, page));
        }
    }

    fn turn(&self) -> Turn<F> {
        let mut progress = self.progress();
        loop {
            let next = progress.written;
            if let Some(done) = progress.done.remove(&next) {
                return Turn::Write(Box::new(done));
            }
            if progress.begin(self.window) {
                return Turn::Format;
            }
            // Whoever is gone for a reason of its own delivers nothing.
            if progress.others == 0 || (progress.ended && progress.begun == next) {
                return Turn::End;
            }
            progress = self.wait(progress);
        }
    }
}

impl<F> Progress<F> {
    /// Whether one more chunk may be begun, which it is then.
    fn begin(&mut self, window: usize) -> bool {
        let may = !self.ended && self.begun < self.written.saturating_add(window);
        self.begun = self.begun.saturating_add(usize::from(may));
        may
    }

    fn has_written(&mut self, worker: usize, page: Page) {
        self.written = self.written.saturating_add(1);
        if let Some(buffers) = self.buffers.get_mut(worker) {
            buffers.push(page.into_buffer());
        }
    }
}

/// A thread that will work no more, whatever the reason.
struct Leaving<'p, 'a, F: Format + Send>(&'p Printer<'a, F>);

impl<F: Format + Send> Drop for Leaving<'_, '_, F> {
    fn drop(&mut self) {
        self.0.change(|progress| progress.others = progress.others.saturating_sub(1));
    }
}

/// Formats a chunk, or gives its beginning back if anything is wrong with it.
fn format_chunk<F: Format>(
    journal: &mut Journal,
    Chunk { start, end, context, .. }: Chunk<F>,
    buffer: Vec<u8>,
    range: Range,
    page: PageMaker,
) -> Result<Page, Box<Start<F>>> {
    let Some(Start { mut played, format }) = start.fork() else { return Err(Box::new(start)) };
    let range = Range { until: end, ..range };
    let again = Reach::Again { end, size: journal.size() };
    let printed = page.print(format, buffer, |sink| {
        let stretch =
            played.go_on(journal, range, again, Tolerance::Strict, sink, &mut |_| Flow::Continue).ok()?;
        let is_there = (played.position(), played.context()) == (end, context);
        let is_right = stretch.replayed.interruption.is_none() && is_there;
        is_right.then_some(stretch.replayed.entries)
    });
    printed.ok_or_else(|| Box::new(start))
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
