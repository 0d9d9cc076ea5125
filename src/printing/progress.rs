//! How far the chunks are: who may begin one, and which one is written next.

use super::chunk::Start;
use crate::sink::Page;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What became of a chunk: its text, or its beginning if anything is wrong with it.
pub(super) struct Done<F> {
    pub(super) result: Result<Page, Box<Start<F>>>,
    pub(super) end: u64,
    /// Who formatted it, and fills the memory of its page again.
    pub(super) worker: usize,
}

/// What there is to do for the thread that writes.
pub(super) enum Turn<F> {
    Write(Box<Done<F>>),
    Format,
    End,
}

/// What the threads share of their progress.
pub(super) struct Progress<F> {
    state: Mutex<State<F>>,
    changed: Condvar,
    /// So many chunks at most are under way.
    window: usize,
}

struct State<F> {
    /// How many chunks were begun, or will be by those who may.
    begun: usize,
    /// How many were written.
    written: usize,
    /// Those that were formatted since, by number.
    done: BTreeMap<usize, Done<F>>,
    /// Whether there are no more chunks, or nobody wants them.
    ended: bool,
    /// Whether a thread died: a chunk that it had begun is never formatted.
    broken: bool,
    /// The beginning of the first chunk with which anything is wrong.
    wrong: Option<Box<Start<F>>>,
    /// How many threads format for the one that writes.
    others: usize,
    /// How many threads wait for a change.
    waiting: usize,
    /// The memory of pages that were written, by who filled it.
    buffers: Vec<Vec<Vec<u8>>>,
}

/// So many chunks at most are formatted ahead of the one that is written, for each thread.
const AHEAD: usize = 2;

impl<F> Progress<F> {
    /// Nothing was begun, by so many threads.
    pub(super) fn new(threads: usize) -> Progress<F> {
        let state = State {
            begun: 0,
            written: 0,
            done: BTreeMap::new(),
            ended: false,
            broken: false,
            wrong: None,
            others: 0,
            waiting: 0,
            buffers: std::iter::repeat_with(Vec::new).take(threads).collect(),
        };
        let window = threads.saturating_mul(AHEAD).max(1);
        Progress { state: Mutex::new(state), changed: Condvar::new(), window }
    }

    /// The beginning of the chunk that was wrong.
    pub(super) fn into_wrong(self) -> Option<Box<Start<F>>> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).wrong
    }

    fn state(&self) -> MutexGuard<'_, State<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something has changed.
    fn wait<'g>(&self, mut state: MutexGuard<'g, State<F>>) -> MutexGuard<'g, State<F>> {
        state.waiting = state.waiting.saturating_add(1);
        let mut state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.waiting = state.waiting.saturating_sub(1);
        state
    }

    /// Lets those who wait know of a change. Where nobody does, the system is not asked.
    fn change(&self, change: impl FnOnce(&mut State<F>)) {
        let mut state = self.state();
        change(&mut state);
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.changed.notify_all();
        }
    }

    /// One more thread formats, until what comes back is dropped.
    pub(super) fn join(&self) -> Joined<'_, F> {
        self.change(|state| state.others = state.others.saturating_add(1));
        Joined(self)
    }

    /// Waits until one more chunk may be begun, and counts it as begun; `false` if none is left.
    pub(super) fn wait_to_begin(&self) -> bool {
        let mut state = self.state();
        while !state.ended {
            if state.try_to_begin(self.window) {
                return true;
            }
            state = self.wait(state);
        }
        false
    }

    /// Waits until there is anything to do for the thread that writes.
    pub(super) fn turn(&self) -> Turn<F> {
        let mut state = self.state();
        loop {
            let next = state.written;
            if let Some(done) = state.done.remove(&next) {
                return Turn::Write(Box::new(done));
            }
            if state.try_to_begin(self.window) {
                return Turn::Format;
            }
            // The next one comes from another thread, if from anybody.
            if state.broken || state.others == 0 || (state.ended && state.begun == next) {
                return Turn::End;
            }
            state = self.wait(state);
        }
    }

    /// The memory of a page that this thread filled before, or none.
    pub(super) fn buffer(&self, worker: usize) -> Vec<u8> {
        self.state().buffers.get_mut(worker).and_then(Vec::pop).unwrap_or_default()
    }

    /// Takes in a chunk that was begun and is formatted.
    pub(super) fn deliver(&self, number: usize, done: Done<F>) {
        self.change(|state| {
            state.done.insert(number, done);
        });
    }

    /// Takes back that a chunk was begun: none is left.
    pub(super) fn run_out(&self) {
        self.change(|state| {
            state.begun = state.begun.saturating_sub(1);
            state.ended = true;
        });
    }

    /// Counts the next chunk as written, and keeps the memory of its page for the thread that filled it. All threads
    /// together keep no more of them than chunks are under way.
    pub(super) fn pass(&self, worker: usize, page: Vec<u8>) {
        self.change(|state| {
            state.written = state.written.saturating_add(1);
            let kept: usize = state.buffers.iter().map(Vec::len).sum();
            if let Some(buffers) = state.buffers.get_mut(worker).filter(|_| kept < self.window) {
                buffers.push(page);
            }
        });
    }

    /// Keeps the beginning of the next chunk, which is wrong.
    pub(super) fn give_up_at(&self, start: Box<Start<F>>) {
        self.change(|state| state.wrong = Some(start));
    }

    /// Ends all threads once what comes back is dropped.
    pub(super) const fn end_on_drop(&self) -> Ending<'_, F> {
        Ending(self)
    }
}

impl<F> State<F> {
    /// Counts one more chunk as begun; `false` if none may be.
    fn try_to_begin(&mut self, window: usize) -> bool {
        let may = !self.ended && self.begun < self.written.saturating_add(window);
        self.begun = self.begun.saturating_add(usize::from(may));
        may
    }
}

/// A thread that formats, until it ends, whatever the reason.
pub(super) struct Joined<'p, F>(&'p Progress<F>);

impl<F> Drop for Joined<'_, F> {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.others = state.others.saturating_sub(1);
            state.broken |= std::thread::panicking();
        });
    }
}

/// A thread that writes, until it ends, whatever the reason.
pub(super) struct Ending<'p, F>(&'p Progress<F>);

impl<F> Drop for Ending<'_, F> {
    fn drop(&mut self) {
        self.0.change(|state| state.ended = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(progress: &Progress<()>) -> usize {
        std::iter::from_fn(|| matches!(progress.turn(), Turn::Format).then_some(())).count()
    }

    #[test]
    fn who_writes_does_not_wait_for_a_thread_that_died_even_if_others_live() {
        let progress = Progress::<()>::new(3);
        let _alive = progress.join();
        std::thread::scope(|scope| {
            let dying = scope.spawn(|| {
                let _joined = progress.join();
                assert!(progress.wait_to_begin());
                panic!("on purpose");
            });
            assert!(dying.join().is_err());
        });
        assert_eq!(formats(&progress), 3 * AHEAD - 1);
        assert!(matches!(progress.turn(), Turn::End));
    }

    #[test]
    fn all_threads_together_keep_the_memory_of_no_more_pages_than_are_under_way() {
        const THREADS: usize = 16;
        let progress = Progress::<()>::new(THREADS);
        for page in 0..100 * THREADS {
            progress.pass(page * page % THREADS, vec![0; 10]);
        }
        let kept = (0..THREADS).flat_map(|worker| std::iter::repeat_n(worker, 100));
        let kept = kept.filter(|&worker| !progress.buffer(worker).is_empty()).count();
        assert_eq!(kept, THREADS * AHEAD);
    }
}
