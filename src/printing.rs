//! Printing a log on several processors: the text is the same, byte for byte, as from one.
//!
//! What an entry means depends on the entries before it, but only through a context and the schema. Finding boundaries
//! and contexts costs a fraction of decoding and formatting, so whoever is free scans the next chunk, under a lock, and
//! then formats it beside the others; chunks are written in their order. A chunk in which anything is wrong is left to
//! the one that goes entry by entry, which begins again there and says what it is.

use crate::decode::Context;
use crate::entry::Located;
use crate::head::Version;
use crate::journal::{Flow, Journal, OpenError};
use crate::replay::{Played, Range, ReplayError, Replayed, Tolerance, play_rest};
use crate::schema::Schema;
use crate::sink::{Format, Page, PageMaker, Run, Sink, TextSink};
use crate::skip::{Skipped, skip};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

/// Logs shorter than this are printed before a second thread would have begun.
const WORTHWHILE: u64 = 8 * 1024 * 1024;

/// So many chunks are formatted ahead of the one that is written, for each thread.
const AHEAD: usize = 2;

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
    let entries = printer.print(sink, workers, watch).map_err(ReplayError::Sink)?;
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

/// A part of the log that begins and ends between two entries.
struct Chunk<F> {
    number: usize,
    start: Start<F>,
    /// Its end, and the context there.
    end: u64,
    context: Context,
    /// Where its text goes.
    buffer: Vec<u8>,
}

/// What became of a chunk: its text, or its beginning if anything is wrong with it.
struct Done<F> {
    number: usize,
    result: Result<Page, Box<Start<F>>>,
    end: u64,
}

/// What the threads share.
struct State<F> {
    /// The beginning of the next chunk.
    next: Start<F>,
    /// Its number.
    number: usize,
    /// How many chunks were written.
    written: usize,
    /// Whether there are no more chunks, or nobody wants them.
    ended: bool,
    /// The memory of pages that were written.
    buffers: Vec<Vec<u8>>,
}

impl<F> State<F> {
    /// The chunk up to the beginning of the one after it.
    fn advance(&mut self, after: Start<F>) -> Chunk<F> {
        let (end, context) = (after.played.position(), after.played.context());
        let (number, start) = (self.number, std::mem::replace(&mut self.next, after));
        self.number = number.saturating_add(1);
        let buffer = self.buffers.pop().unwrap_or_default();
        Chunk { number, start, end, context, buffer }
    }
}

struct Printer<'a, F> {
    state: Mutex<State<F>>,
    /// Saves reading to find where chunks end.
    ahead: Option<&'a dyn Ahead>,
    changed: Condvar,
    range: Range,
    /// So many chunks at most are under way.
    window: usize,
}

impl<'a, F: Format + Send> Printer<'a, F> {
    fn new(next: Start<F>, range: Range, threads: usize, ahead: Option<&'a dyn Ahead>) -> Printer<'a, F> {
        let state = State { next, number: 0, written: 0, ended: false, buffers: Vec::new() };
        let window = threads.saturating_mul(AHEAD).max(1);
        Printer { state: Mutex::new(state), ahead, changed: Condvar::new(), range, window }
    }

    fn lock(&self) -> MutexGuard<'_, State<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where printing entry by entry has to go on.
    fn into_rest(self) -> Start<F> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).next
    }

    /// Prints chunks until one is wrong or none is left, and returns how many entries they had.
    fn print(
        &self,
        sink: &mut TextSink<'_, F>,
        Workers { threads, reopen }: Workers<'_>,
        watch: &mut dyn FnMut(u64),
    ) -> io::Result<u64> {
        let page = sink.page_maker();
        std::thread::scope(|scope| {
            let (sender, receiver) = channel();
            for _ in 0..threads {
                let sender = sender.clone();
                // Where a thread cannot be had, the others do its work, or this one does.
                let _ = Builder::new().spawn_scoped(scope, move || self.work(reopen, &sender, page));
            }
            drop(sender);
            let written = self.write_in_order(&receiver, sink, watch);
            self.lock().ended = true;
            self.changed.notify_all();
            written
        })
    }

    fn work(&self, reopen: Reopen<'_>, sender: &Sender<Done<F>>, page: PageMaker) {
        let Ok(mut journal) = reopen() else { return };
        while let Some(chunk) = self.next_chunk(&mut journal) {
            let (number, end) = (chunk.number, chunk.end);
            let result = format_chunk(&mut journal, chunk, self.range, page);
            if sender.send(Done { number, result, end }).is_err() {
                return;
            }
        }
    }

    /// Scans the next chunk; `None` at the end, and where the log is not right.
    fn next_chunk(&self, journal: &mut Journal) -> Option<Chunk<F>> {
        let mut state = self.lock();
        while !state.ended && state.number >= state.written.saturating_add(self.window) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.ended {
            return None;
        }
        let chunk = match self.look_ahead(&mut state) {
            Some(chunk) => Some(chunk),
            None => self.scan(&mut state, journal),
        };
        if chunk.is_none() {
            state.ended = true;
            self.changed.notify_all();
        }
        chunk
    }

    /// The next chunk, if somebody knows where it ends.
    fn look_ahead(&self, state: &mut State<F>) -> Option<Chunk<F>> {
        let Start { mut format, .. } = state.next.fork()?;
        let mut skip = |located: &Located<'_>, schema: &Schema| format.skip(located, schema);
        let played = self.ahead?.next(&state.next.played, self.range.until, &mut skip)?;
        Some(state.advance(Start { played, format }))
    }

    fn scan(&self, state: &mut State<F>, journal: &mut Journal) -> Option<Chunk<F>> {
        let Start { mut played, format } = state.next.fork()?;
        let (size, mut skip) = (journal.size(), Skip { format });
        let mut a_piece = |_| Flow::Stop;
        let stretch =
            played.go_on(journal, self.range, size, Tolerance::Strict, &mut skip, &mut a_piece).ok()?;
        if stretch.replayed.interruption.is_some() || played.position() <= state.next.played.position() {
            return None;
        }
        Some(state.advance(Start { played, format: skip.format }))
    }

    fn write_in_order(
        &self,
        receiver: &Receiver<Done<F>>,
        sink: &mut TextSink<'_, F>,
        watch: &mut dyn FnMut(u64),
    ) -> io::Result<u64> {
        let (mut waiting, mut written, mut entries) = (BTreeMap::new(), 0_usize, 0_u64);
        while let Ok(done) = receiver.recv() {
            waiting.insert(done.number, done);
            while let Some(Done { result, end, .. }) = waiting.remove(&written) {
                let page = match result {
                    Ok(page) => page,
                    Err(start) => {
                        let mut state = self.lock();
                        (state.next, state.ended) = (*start, true);
                        return Ok(entries);
                    }
                };
                entries = entries.saturating_add(page.entries);
                sink.append(&page)?;
                watch(end);
                written = written.saturating_add(1);
                let mut state = self.lock();
                state.written = written;
                state.buffers.push(page.into_buffer());
                self.changed.notify_all();
            }
        }
        Ok(entries)
    }
}

/// Formats a chunk, or gives its beginning back if anything is wrong with it.
fn format_chunk<F: Format>(
    journal: &mut Journal,
    Chunk { start, end, context, buffer, .. }: Chunk<F>,
    range: Range,
    page: PageMaker,
) -> Result<Page, Box<Start<F>>> {
    let Some(Start { mut played, format }) = start.fork() else { return Err(Box::new(start)) };
    let range = Range { until: end, ..range };
    let printed = page.print(format, buffer, |sink| {
        let stretch =
            played.go_on(journal, range, end, Tolerance::Strict, sink, &mut |_| Flow::Continue).ok()?;
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

    fn end(&mut self, _: u64, _: bool) -> Result<(), Infallible> {
        Ok(())
    }
}
