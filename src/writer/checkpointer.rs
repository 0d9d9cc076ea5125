//! Writing checkpoints: at once, or step by step while soft ones go on.

use super::error::WriteError;
use super::places::Places;
use crate::head::HEAD_SIZE;
use crate::storage::{Mode, Region, Storage, rewrite};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Where a hard checkpoint is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// None is under way.
    Idle,
    /// The log is to be synced, while soft checkpoints go on.
    Log,
    /// The first copy is to be written; no soft checkpoint from here until the pair is complete.
    FirstCopy,
    /// The log and the first copy are to be synced.
    SyncFirstCopy { position: u64, first: u8 },
    /// The second copy is to be written.
    SecondCopy { position: u64, first: u8 },
    /// The second copy is to be synced.
    SyncSecondCopy { position: u64 },
}

impl Phase {
    /// Whether a soft checkpoint has no place to go to.
    const fn is_closed(self) -> bool {
        matches!(self, Phase::SyncFirstCopy { .. } | Phase::SecondCopy { .. } | Phase::SyncSecondCopy { .. })
    }
}

/// The first failure, which all later calls repeat.
#[derive(Debug)]
struct Failure {
    action: &'static str,
    message: String,
}

#[derive(Debug)]
struct State<S> {
    file: S,
    places: Places,
    phase: Phase,
    /// The highest position for which a hard checkpoint was asked.
    requested: u64,
    /// Somebody waits for it.
    waited_for: u64,
    /// What was committed before the file was opened, and may never have reached the disk: a sync that failed for
    /// another program leaves its bytes visible, and a later sync succeeds without them.
    unsure: Range<u64>,
    /// Whether the head is known to be on the disk as it is seen.
    settled: bool,
    failure: Option<Failure>,
    stopping: bool,
    /// When the last hard checkpoint was complete, and how long it took.
    last: Option<(Instant, Duration)>,
    /// When the one that is under way began.
    began: Option<Instant>,
}

/// The head of a file that is being written, shared by the writer, its thread, and the handles.
#[derive(Debug)]
pub(super) struct Checkpointer<S> {
    state: Mutex<State<S>>,
    changed: Condvar,
    failed: AtomicBool,
    locks: bool,
}

type Guard<'a, S> = MutexGuard<'a, State<S>>;

/// What was found when the file was opened.
pub(super) struct Found {
    pub(super) places: Places,
    /// Whether the head is known to be on the disk as it is seen.
    pub(super) settled: bool,
    /// Whether locks are taken.
    pub(super) locks: bool,
}

impl<S: Storage> Checkpointer<S> {
    pub(super) fn new(file: S, found: Found) -> Checkpointer<S> {
        let Found { places, settled, locks } = found;
        let state = State {
            file,
            unsure: unsure(&places, settled),
            phase: Phase::Idle,
            requested: places.hard(),
            waited_for: 0,
            settled,
            failure: None,
            stopping: false,
            last: None,
            began: None,
            places,
        };
        Checkpointer {
            state: Mutex::new(state),
            changed: Condvar::new(),
            failed: AtomicBool::new(false),
            locks,
        }
    }

    fn lock(&self) -> Guard<'_, S> {
        // No code panics while it holds the lock, and a panic in a storage leaves the state as of the last step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: Guard<'a, S>) -> Guard<'a, S> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a write or a sync has failed.
    #[inline]
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn check(&self) -> Result<(), WriteError> {
        if self.has_failed() { self.lock().check() } else { Ok(()) }
    }

    /// Notes the first failure, and gives it back as the caller's error.
    pub(super) fn fail(&self, action: &'static str, error: io::Error) -> WriteError {
        self.fail_locked(&mut self.lock(), action, error)
    }

    fn fail_locked(&self, state: &mut State<S>, action: &'static str, error: io::Error) -> WriteError {
        self.failed.store(true, Ordering::Relaxed);
        state.failure.get_or_insert(Failure { action, message: error.to_string() });
        state.phase = Phase::Idle;
        self.changed.notify_all();
        WriteError::Io { action, error }
    }

    /// The position that a reader finds.
    pub(super) fn current(&self) -> u64 {
        self.lock().places.current()
    }

    /// The hard checkpoint.
    pub(super) fn hard(&self) -> u64 {
        self.lock().places.hard()
    }

    /// Takes over the head that another writer left, under the lock of the tail; returns whether it is known to be on
    /// the disk as it is seen.
    pub(super) fn take_over(&self, places: Places) -> bool {
        let mut state = self.lock();
        // Checkpoints of others are as little known to be on the disk as those found at opening.
        if places.slots() != state.places.slots() {
            state.unsure = unsure(&places, false);
            state.requested = places.hard();
            state.settled &= places.hard() == state.places.hard() && places.misleading().is_empty();
            state.places = places;
        }
        state.settled
    }

    /// Makes the head ready for what follows, once and before anything is written: what stands in it is on the disk,
    /// and nothing in it becomes true because the log grows.
    pub(super) fn settle(&self) -> Result<(), WriteError> {
        let mut state = self.lock();
        state.check()?;
        if !state.settled {
            self.step(&mut state, "preparing the head", |state| state.prepare(self.locks))?;
            self.step(&mut state, "syncing the head", |state| state.file.sync())?;
            state.settled = true;
        }
        Ok(())
    }

    fn step<T>(
        &self,
        state: &mut State<S>,
        action: &'static str,
        run: impl FnOnce(&mut State<S>) -> io::Result<T>,
    ) -> Result<T, WriteError> {
        run(state).map_err(|error| self.fail_locked(state, action, error))
    }

    /// Writes a soft checkpoint: entries up to `position` are in the file. `drive` completes a hard checkpoint that
    /// is under way where no thread does.
    pub(super) fn soft(&self, position: u64, drive: Option<&mut S>) -> Result<(), WriteError> {
        let mut state = self.lock();
        if state.phase.is_closed() {
            state = self.wait_until_open(state, drive)?;
        }
        state.check()?;
        if position <= state.places.current() {
            return Ok(());
        }
        let (slot, value) = state.places.soft_checkpoint(position);
        self.step(&mut state, "writing a soft checkpoint", |state| state.write_place(slot, value, self.locks))
    }

    fn wait_until_open<'a>(
        &'a self,
        mut state: Guard<'a, S>,
        drive: Option<&mut S>,
    ) -> Result<Guard<'a, S>, WriteError> {
        let Some(file) = drive else {
            while state.phase.is_closed() {
                state = self.wait(state);
            }
            return Ok(state);
        };
        drop(state);
        self.drive(file)?;
        Ok(self.lock())
    }

    /// Asks for a hard checkpoint; it goes on from there step by step.
    pub(super) fn request(&self, position: u64) -> Result<(), WriteError> {
        let mut state = self.lock();
        state.check()?;
        // Whoever works off an earlier request, or pauses before it, sees this one without being woken.
        let is_first = state.requested <= state.places.hard();
        if position > state.requested {
            state.requested = position;
            if is_first {
                self.changed.notify_all();
            }
        }
        Ok(())
    }

    /// Writes a hard checkpoint at once.
    pub(super) fn hard_now(&self, position: u64, file: &mut S) -> Result<(), WriteError> {
        let mut state = self.lock();
        state.check()?;
        state.requested = state.requested.max(position);
        if position <= state.places.hard() && state.phase == Phase::Idle {
            // Whoever wrote it may not have lived to sync it.
            return self.step(&mut state, "syncing the log", |state| state.file.sync());
        }
        if matches!(state.phase, Phase::Idle | Phase::Log) {
            state.phase = Phase::FirstCopy;
        }
        drop(state);
        self.drive(file)
    }

    /// All steps of what was requested.
    pub(super) fn drive(&self, file: &mut S) -> Result<(), WriteError> {
        while self.advance(file)? {}
        Ok(())
    }

    /// The next step of what was requested; `false` if nothing is left to do.
    pub(super) fn advance(&self, file: &mut S) -> Result<bool, WriteError> {
        let mut state = self.lock();
        state.check()?;
        if state.phase == Phase::Idle && state.requested > state.places.hard() {
            state.phase = Phase::Log;
        }
        if state.phase == Phase::Idle {
            return Ok(false);
        }
        drop(state);
        self.step_of_phase(file).map(|()| true)
    }

    /// One hard checkpoint, from where it is to its end.
    fn round(&self, file: &mut S) -> Result<(), WriteError> {
        while self.lock().phase != Phase::Idle {
            self.step_of_phase(file)?;
        }
        Ok(())
    }

    /// One caller at a time. The lock of the state, and that of the head, are free while a sync runs.
    fn step_of_phase(&self, file: &mut S) -> Result<(), WriteError> {
        let mut state = self.lock();
        state.check()?;
        match state.phase {
            Phase::Idle => {}
            Phase::Log => {
                state.began = Some(Instant::now());
                state = self.rewrite_unsure(state, file)?;
                state = self.unlocked(state, "syncing the log", || file.sync())?;
                state.phase = Phase::FirstCopy;
            }
            Phase::FirstCopy => {
                state = self.rewrite_unsure(state, file)?;
                state.began.get_or_insert_with(Instant::now);
                let position = state.requested.max(state.places.current());
                let first = state.places.first_copy(position);
                self.write_copy(&mut state, first, position)?;
                state.phase = Phase::SyncFirstCopy { position, first };
            }
            Phase::SyncFirstCopy { position, first } => {
                state = self.unlocked(state, "syncing the log and the first copy", || file.sync())?;
                state.phase = Phase::SecondCopy { position, first };
            }
            Phase::SecondCopy { position, first } => {
                self.write_copy(&mut state, Places::second_copy(first), position)?;
                state.phase = Phase::SyncSecondCopy { position };
            }
            Phase::SyncSecondCopy { position } => {
                state = self.unlocked(state, "syncing the second copy", || file.sync_data())?;
                state.complete(position);
                self.changed.notify_all();
            }
        }
        Ok(())
    }

    /// Runs what takes long while soft checkpoints go on.
    fn unlocked<'a>(
        &'a self,
        state: Guard<'a, S>,
        action: &'static str,
        run: impl FnOnce() -> io::Result<()>,
    ) -> Result<Guard<'a, S>, WriteError> {
        drop(state);
        let done = run();
        let mut state = self.lock();
        match done {
            Ok(()) => state.check().map(|()| state),
            Err(error) => Err(self.fail_locked(&mut state, action, error)),
        }
    }

    fn write_copy(&self, state: &mut State<S>, slot: u8, position: u64) -> Result<(), WriteError> {
        let value = position.cast_signed();
        self.step(state, "writing a hard checkpoint", |state| state.write_place(slot, value, self.locks))
    }

    /// Writes once more what was committed softly before the file was opened, so that the next sync covers it
    /// whatever became of the syncs before.
    fn rewrite_unsure<'a>(
        &'a self,
        mut state: Guard<'a, S>,
        file: &mut S,
    ) -> Result<Guard<'a, S>, WriteError> {
        let unsure = std::mem::replace(&mut state.unsure, 0..0);
        if unsure.is_empty() {
            return Ok(state);
        }
        self.unlocked(state, "writing once more what was committed softly", || rewrite(file, unsure))
    }

    /// Waits until a hard checkpoint covers `position`.
    pub(super) fn wait_for(&self, position: u64) -> Result<(), WriteError> {
        let mut state = self.lock();
        loop {
            if state.places.hard() >= position {
                return Ok(());
            }
            state.check()?;
            state.waited_for = state.waited_for.max(position);
            self.changed.notify_all();
            state = self.wait(state);
        }
    }

    /// Whether a hard checkpoint covers `position`.
    ///
    /// # Errors
    /// [`WriteError::Poisoned`] if it never will.
    pub(super) fn is_covered(&self, position: u64) -> Result<bool, WriteError> {
        let state = self.lock();
        if state.places.hard() >= position { Ok(true) } else { state.check().map(|()| false) }
    }

    /// What the thread does until it is told to stop: nobody's request is left behind.
    pub(super) fn serve(&self, file: &mut S) {
        while self.wait_for_work() {
            // The failure is noted, and told to whoever asks.
            let _ = self.round(file);
        }
    }

    fn wait_for_work(&self) -> bool {
        let mut state = self.lock();
        loop {
            let asked = state.requested > state.places.hard();
            if state.failure.is_some() || (state.stopping && !asked) {
                return false;
            }
            match state.pause() {
                _ if !asked => state = self.wait(state),
                Some(pause) => {
                    let waited = self.changed.wait_timeout(state, pause);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => {
                    if state.phase == Phase::Idle {
                        state.phase = Phase::Log;
                    }
                    return true;
                }
            }
        }
    }

    pub(super) fn start(&self) {
        self.lock().stopping = false;
    }

    /// Lets the thread end once nothing is left to do.
    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }
}

/// What was committed softly, as far as nobody is known to have synced it.
fn unsure(places: &Places, settled: bool) -> Range<u64> {
    if settled { 0..0 } else { places.hard()..places.current() }
}

impl<S: Storage> State<S> {
    fn check(&self) -> Result<(), WriteError> {
        match &self.failure {
            None => Ok(()),
            Some(Failure { action, message }) => {
                Err(WriteError::Poisoned { action, message: message.clone() })
            }
        }
    }

    /// Both copies are durable.
    fn complete(&mut self, position: u64) {
        self.places.completed(position);
        self.phase = Phase::Idle;
        let now = Instant::now();
        let took = self.began.take().map_or(Duration::ZERO, |since| now.duration_since(since));
        self.last = Some((now, took));
    }

    /// How much longer soft checkpoints are left alone before the next hard one: twice as long as the last one took,
    /// unless somebody waits for the hard one. Soft ones wait for a part of a round, and for the rest of it the system
    /// makes their writes wait for its syncs; so they keep more than half of their rate.
    fn pause(&self) -> Option<Duration> {
        let (since, took) = self.last?;
        if self.stopping || self.waited_for > self.places.hard() {
            return None;
        }
        took.saturating_mul(2).checked_sub(since.elapsed()).filter(|left| !left.is_zero())
    }

    /// One of the four places. Places are whole and aligned words, so a reader finds the old value or the new one.
    fn write_place(&mut self, slot: u8, value: i64, locks: bool) -> io::Result<()> {
        self.with_head_lock(locks, |file| {
            file.write_at(&value.to_le_bytes(), u64::from(slot).saturating_mul(8))
        })?;
        self.places.written(slot, value);
        Ok(())
    }

    fn with_head_lock(
        &mut self,
        locks: bool,
        write: impl FnOnce(&mut S) -> io::Result<()>,
    ) -> io::Result<()> {
        if locks {
            self.file.lock(Region::Head, Mode::Exclusive)?;
        }
        let written = write(&mut self.file);
        if locks {
            self.file.unlock(Region::Head)?;
        }
        written
    }

    /// Overwrites misleading places, and writes the others and the length once more: a sync that failed for another
    /// program leaves visible what the disk does not have. The sign goes first, so that no mixture is a soft checkpoint.
    fn prepare(&mut self, locks: bool) -> io::Result<()> {
        const NOTHING: i64 = HEAD_SIZE.cast_signed();
        for slot in self.places.misleading() {
            let sign = u64::from(slot).saturating_mul(8).saturating_add(7);
            self.with_head_lock(locks, |file| file.write_at(&[0], sign))?;
            self.write_place(slot, NOTHING, locks)?;
        }
        let bytes: Vec<u8> = self.places.slots().into_iter().flat_map(i64::to_le_bytes).collect();
        self.with_head_lock(locks, |file| file.write_at(&bytes, 0))?;
        let size = self.file.size()?;
        self.file.set_size(size)
    }
}
