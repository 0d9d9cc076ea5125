//! The threads that format chunks, and the one among them that writes.

use super::chunk::{Chunk, Rest, Start};
use super::progress::{Done, Joined, Progress, Turn};
use super::{Ahead, Reopen, Workers};
use crate::journal::Journal;
use crate::replay::Range;
use crate::sink::{Format, PageMaker, TextSink};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

pub(super) struct Printer<'a, F> {
    rest: Mutex<Rest<F>>,
    progress: Progress<F>,
    /// Saves reading to find where chunks end.
    ahead: Option<&'a dyn Ahead>,
    range: Range,
}

/// The number of the thread that writes; the others follow.
const WRITER: usize = 0;

impl<'a, F: Format + Send> Printer<'a, F> {
    pub(super) fn new(
        next: Start<F>,
        range: Range,
        threads: usize,
        ahead: Option<&'a dyn Ahead>,
    ) -> Printer<'a, F> {
        Printer { rest: Mutex::new(Rest::new(next)), progress: Progress::new(threads), ahead, range }
    }

    /// Where printing entry by entry has to go on.
    pub(super) fn into_rest(self) -> Box<Start<F>> {
        let rest = self.rest.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.progress.into_wrong().unwrap_or_else(|| Box::new(rest.into_start()))
    }

    /// Prints chunks until one is wrong or none is left, and returns how many entries they had.
    pub(super) fn print(
        &self,
        journal: &mut Journal,
        sink: &mut TextSink<'_, F>,
        Workers { threads, reopen }: Workers<'_>,
        watch: &mut dyn FnMut(u64),
    ) -> io::Result<u64> {
        let pages = sink.page_maker();
        std::thread::scope(|scope| {
            let _ending = self.progress.end_on_drop();
            for worker in 1..threads {
                let joined = self.progress.join();
                // Where a thread cannot be had, the others do its work.
                let _ = Builder::new().spawn_scoped(scope, move || self.work(joined, reopen, worker, pages));
            }
            journal.share(true);
            let written = self.write_in_order(journal, sink, watch);
            journal.share(false);
            written
        })
    }

    /// Formats chunks for another thread to write.
    fn work(&self, _joined: Joined<'_, F>, reopen: Reopen<'_>, worker: usize, pages: PageMaker) {
        let Ok(mut journal) = reopen() else { return };
        journal.share(true);
        while self.progress.wait_to_begin() {
            self.format_next(&mut journal, worker, pages);
        }
    }

    /// Formats the next chunk, which was begun.
    fn format_next(&self, journal: &mut Journal, worker: usize, pages: PageMaker) {
        let Some(chunk) = self.take(journal) else { return self.progress.run_out() };
        let (number, end) = (chunk.number, chunk.end);
        let result = chunk.format(journal, self.progress.buffer(worker), self.range, pages);
        self.progress.deliver(number, Done { result, end, worker });
    }

    fn take(&self, journal: &mut Journal) -> Option<Chunk<F>> {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.take(journal, self.range, self.ahead)
    }

    /// Writes the chunks, and formats some of them.
    fn write_in_order(
        &self,
        journal: &mut Journal,
        sink: &mut TextSink<'_, F>,
        watch: &mut dyn FnMut(u64),
    ) -> io::Result<u64> {
        let (pages, mut entries) = (sink.page_maker(), 0_u64);
        loop {
            let Done { result, end, worker } = match self.progress.turn() {
                Turn::Write(done) => *done,
                Turn::Format => {
                    self.format_next(journal, WRITER, pages);
                    continue;
                }
                Turn::End => return Ok(entries),
            };
            let page = match result {
                Ok(page) => page,
                Err(start) => {
                    self.progress.give_up_at(start);
                    return Ok(entries);
                }
            };
            entries = entries.saturating_add(page.entries);
            sink.append(&page)?;
            watch(end);
            self.progress.pass(worker, page.into_buffer());
        }
    }
}
