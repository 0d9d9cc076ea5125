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

    /// One more thread formats, until what this returns is dropped.
    pub(super) fn join(&self) -> Joined<'_, F> {
        self.change(|state| state.others = state.others.saturating_add(1));
        Joined(self)
    }

    /// Waits until a chunk may be begun; `false` if none is.
    pub(super) fn may_begin(&self) -> bool {
        let mut state = self.state();
        while !state.ended {
            if state.begin(self.window) {
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
            if state.begin(self.window) {
                return Turn::Format;
            }
            // Whoever is gone for a reason of its own delivers nothing.
            if state.others == 0 || (state.ended && state.begun == next) {
                return Turn::End;
            }
            state = self.wait(state);
        }
    }

    /// The memory of a page that this thread filled before, or none.
    pub(super) fn buffer(&self, worker: usize) -> Vec<u8> {
        self.state().buffers.get_mut(worker).and_then(Vec::pop).unwrap_or_default()
    }

    /// A chunk that was begun is formatted.
    pub(super) fn is_done(&self, number: usize, done: Done<F>) {
        self.change(|state| {
            state.done.insert(number, done);
        });
    }

    /// A chunk that was begun is none: no more are left.
    pub(super) fn has_none(&self) {
        self.change(|state| {
            state.begun = state.begun.saturating_sub(1);
            state.ended = true;
        });
    }

    /// The next page was written.
    pub(super) fn has_written(&self, worker: usize, page: Page) {
        self.change(|state| {
            state.written = state.written.saturating_add(1);
            if let Some(buffers) = state.buffers.get_mut(worker) {
                buffers.push(page.into_buffer());
            }
        });
    }

    /// The next chunk is wrong; it begins there.
    pub(super) fn is_wrong(&self, start: Box<Start<F>>) {
        self.change(|state| state.wrong = Some(start));
    }

    /// Nobody wants more chunks from when this is dropped on.
    pub(super) const fn end(&self) -> Ending<'_, F> {
        Ending(self)
    }
}

impl<F> State<F> {
    /// Whether one more chunk may be begun, which it is then.
    fn begin(&mut self, window: usize) -> bool {
        let may = !self.ended && self.begun < self.written.saturating_add(window);
        self.begun = self.begun.saturating_add(usize::from(may));
        may
    }
}

/// A thread that formats, until it ends, whatever the reason.
pub(super) struct Joined<'p, F>(&'p Progress<F>);

impl<F> Drop for Joined<'_, F> {
    fn drop(&mut self) {
        self.0.change(|state| state.others = state.others.saturating_sub(1));
    }
}

/// A thread that writes, until it ends, whatever the reason.
pub(super) struct Ending<'p, F>(&'p Progress<F>);

impl<F> Drop for Ending<'_, F> {
    fn drop(&mut self) {
        self.0.change(|state| state.ended = true);
    }
}
