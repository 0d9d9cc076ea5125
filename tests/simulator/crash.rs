//! Every crash of a run: after each operation, and inside it.

use crate::choices::Random;
use crate::disk::{Disk, Operation, State};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// A run, as its storage saw it.
pub(crate) struct Run<'a> {
    pub(crate) initial: &'a State,
    pub(crate) journal: &'a [Operation],
    /// Whether the program said that it is done: then nothing may be lost any more.
    pub(crate) succeeded: bool,
    /// The first operation to crash at; the crashes before are known.
    pub(crate) from: usize,
}

/// What is found after a crash.
pub(crate) struct Crash {
    /// How many operations had been issued.
    pub(crate) after: usize,
    /// Whether the program had said that it is done.
    pub(crate) acknowledged: bool,
    pub(crate) state: State,
}

/// Crashes runs, and shows each state once.
pub(crate) struct Crashes {
    random: Random,
    seen: HashSet<u64>,
    /// How many states were made, the same ones counted as often as they were.
    pub(crate) made: usize,
    /// How many of them differ in more than what a temporary file holds.
    pub(crate) distinct: usize,
}

impl Crashes {
    pub(crate) fn new(seed: u64) -> Crashes {
        Crashes { random: Random(seed), seen: HashSet::new(), made: 0, distinct: 0 }
    }

    /// The states that crashes of this run leave, without those that were shown before.
    pub(crate) fn of(&mut self, run: &Run<'_>) -> Vec<Crash> {
        let mut disk = Disk::new(run.initial);
        let mut found = Vec::new();
        for (index, operation) in run.journal.iter().enumerate() {
            if index >= run.from {
                self.inside(&disk, index, operation, &mut found);
            }
            disk.apply(operation);
            if index >= run.from {
                let acknowledged = run.succeeded && index + 1 == run.journal.len();
                self.after(&disk, index + 1, acknowledged, &mut found);
            }
        }
        found
    }

    /// The write that was under way is cut at any byte.
    fn inside(&mut self, disk: &Disk, after: usize, operation: &Operation, found: &mut Vec<Crash>) {
        let Operation::Write { file, position, bytes } = operation else { return };
        for cut in 1..bytes.len() {
            let mut torn = disk.clone();
            let (file, position, bytes) = (*file, *position, bytes[..cut].to_vec());
            torn.apply(&Operation::Write { file, position, bytes });
            // What else may be lost is asked where few bytes are written: heads and marks.
            if bytes_of_a_head(operation) {
                self.after(&torn, after, false, found);
            } else {
                self.keep(Crash { after, acknowledged: false, state: torn.issued() }, found);
            }
        }
    }

    fn after(&mut self, disk: &Disk, after: usize, acknowledged: bool, found: &mut Vec<Crash>) {
        self.keep(Crash { after, acknowledged, state: disk.issued() }, found);
        let mut states = Vec::new();
        disk.each_state(&mut self.random, &mut |state| states.push(state));
        states.into_iter().for_each(|state| self.keep(Crash { after, acknowledged, state }, found));
    }

    fn keep(&mut self, mut crash: Crash, found: &mut Vec<Crash>) {
        self.made += 1;
        // Nobody reads a temporary file again; that there is one makes the next one take another name.
        let temporary = crash.state.iter_mut().filter(|(name, _)| is_temporary(name));
        temporary.for_each(|(_, bytes)| bytes.clear());
        let mut hasher = DefaultHasher::new();
        (&crash.state, crash.acknowledged).hash(&mut hasher);
        if self.seen.insert(hasher.finish()) {
            self.distinct += 1;
            found.push(crash);
        }
    }
}

fn bytes_of_a_head(operation: &Operation) -> bool {
    matches!(operation, Operation::Write { bytes, .. } if bytes.len() <= joedb::head::HEAD_LENGTH)
}

/// Whether a name is one that recovery gives to unfinished files.
pub(crate) fn is_temporary(name: &Path) -> bool {
    name.to_string_lossy().starts_with(".joedb-") && name.extension().is_some_and(|end| end == "tmp")
}
