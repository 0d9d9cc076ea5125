//! Every crash of a run: after each operation, and inside it.
//!
//! A run is the state that it began with and the operations that it asked for: [`Crashes::of`] makes the states that a
//! crash may leave. What did it, and what must hold, is somebody else's business.

use crate::choices::Random;
use crate::disk::{Disk, Operation, State, is_temporary};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A run, as its storage saw it.
pub(crate) struct Run<'a> {
    pub(crate) initial: &'a State,
    pub(crate) journal: &'a [Operation],
    /// What the program said is done when it ended: then nothing of that may be lost any more. `None` if it failed.
    pub(crate) promise: Option<&'static str>,
    /// The first operation to crash at; the crashes before are known.
    pub(crate) from: usize,
}

/// What is found after a crash.
pub(crate) struct Crash {
    /// How many operations had been issued.
    pub(crate) after: usize,
    /// What the program had said is done.
    pub(crate) promise: Option<&'static str>,
    pub(crate) state: State,
}

/// Crashes runs, and shows each state once, and once more for each promise.
pub(crate) struct Crashes {
    random: Random,
    /// Disks that were crashed, by what they may hold and what was promised.
    disks: HashSet<(u64, Option<&'static str>)>,
    seen: HashSet<u64>,
    /// How many states were made, the same ones counted as often as they were.
    pub(crate) made: usize,
    /// How many of them differ in more than what a temporary file holds.
    pub(crate) distinct: usize,
}

impl Crashes {
    pub(crate) fn new(seed: u64) -> Crashes {
        Crashes { random: Random(seed), disks: HashSet::new(), seen: HashSet::new(), made: 0, distinct: 0 }
    }

    /// The states that crashes of this run leave, without those that were shown before.
    pub(crate) fn of(&mut self, run: &Run<'_>) -> Vec<Crash> {
        let mut disk = Disk::new(run.initial);
        let mut found = Vec::new();
        let promise = |issued| run.promise.filter(|_| issued == run.journal.len());
        for (index, operation) in run.journal.iter().enumerate() {
            if index >= run.from {
                self.inside(&disk, index, operation, &mut found);
            }
            disk.apply(operation);
            if index >= run.from {
                self.after(&disk, index + 1, promise(index + 1), &mut found);
            }
        }
        // Who asks for nothing promises something all the same.
        self.after(&disk, run.journal.len(), promise(run.journal.len()), &mut found);
        found
    }

    /// The write that was under way is cut at any byte.
    fn inside(&mut self, disk: &Disk, after: usize, operation: &Operation, found: &mut Vec<Crash>) {
        let Operation::Write { file, position, bytes } = operation else { return };
        let cuts = if disk.is_hidden(*file) { 0 } else { bytes.len() };
        for cut in 1..cuts {
            let mut torn = disk.clone();
            let bytes = bytes[..cut].to_vec();
            torn.apply(&Operation::Write { file: *file, position: *position, bytes });
            // What else may be lost is asked where few bytes are written: heads and marks.
            if is_short(operation) {
                self.after(&torn, after, None, found);
            } else {
                self.keep(Crash { after, promise: None, state: torn.issued() }, found);
            }
        }
    }

    fn after(&mut self, disk: &Disk, after: usize, promise: Option<&'static str>, found: &mut Vec<Crash>) {
        if !self.disks.insert((disk.fingerprint(), promise)) {
            return;
        }
        self.keep(Crash { after, promise, state: disk.issued() }, found);
        let mut random = self.random.fork();
        disk.each_state(&mut random, &mut |state| self.keep(Crash { after, promise, state }, found));
    }

    fn keep(&mut self, mut crash: Crash, found: &mut Vec<Crash>) {
        self.made += 1;
        // That there is a temporary file makes the next one take another name; what it holds makes no difference.
        let temporary = crash.state.iter_mut().filter(|(name, _)| is_temporary(name));
        temporary.for_each(|(_, bytes)| bytes.clear());
        let mut hasher = DefaultHasher::new();
        (&crash.state, crash.promise).hash(&mut hasher);
        if self.seen.insert(hasher.finish()) {
            self.distinct += 1;
            found.push(crash);
        }
    }
}

/// As heads and marks are.
fn is_short(operation: &Operation) -> bool {
    matches!(operation, Operation::Write { bytes, .. } if bytes.len() <= joedb::head::HEAD_LENGTH)
}
