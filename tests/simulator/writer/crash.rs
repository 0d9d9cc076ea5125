//! Crashes of a program that writes, and the sequences that are crashed.

use super::{Program, Step};
use crate::choices::Random;
use crate::disk::{Disk, Operation, State};
use crate::storage::Fault;
use joedb::HEAD_SIZE;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Crashes programs, and counts.
pub(super) struct Crashes {
    random: Random,
    pub(super) made: usize,
    pub(super) distinct: usize,
}

impl Crashes {
    pub(super) fn new(seed: u64) -> Crashes {
        Crashes { random: Random(seed), made: 0, distinct: 0 }
    }

    /// Crashes a run at each of its operations from `from` on, as if the disk had been asked for `journal`.
    pub(super) fn check(
        &mut self,
        program: &Program,
        journal: &[Operation],
        from: usize,
    ) -> Result<(), String> {
        let mut disk = Disk::new(&State::new());
        for (index, operation) in journal.iter().enumerate() {
            if index >= from {
                self.torn(program, &disk, index, operation)?;
            }
            disk.apply(operation);
            if index >= from {
                self.check_issued(program, &disk, index + 1)?;
                self.check_disk(program, &disk, index + 1)?;
            }
        }
        Ok(())
    }

    /// The write under way is cut at any byte. Only the death of the machine cuts a place of the head, which is a
    /// whole and aligned word: the kernel copies that in one step.
    fn torn(
        &mut self,
        program: &Program,
        disk: &Disk,
        after: usize,
        operation: &Operation,
    ) -> Result<(), String> {
        let Operation::Write { file, position, bytes } = operation else { return Ok(()) };
        let is_place = *position < HEAD_SIZE as usize && bytes.len() == 8;
        // Of long writes only the ends, and some cuts between.
        for cut in (1..bytes.len()).filter(|cut| *cut < 64 || cut % 97 == 0 || cut + 8 > bytes.len()) {
            let mut torn = disk.clone();
            torn.apply(&Operation::Write { file: *file, position: *position, bytes: bytes[..cut].to_vec() });
            if !is_place {
                self.check_issued(program, &torn, after)?;
            }
            if bytes.len() < 64 {
                self.check_disk(program, &torn, after)?;
            }
        }
        Ok(())
    }

    fn check_issued(&mut self, program: &Program, disk: &Disk, after: usize) -> Result<(), String> {
        self.made += 1;
        self.distinct += 1;
        let state = disk.issued();
        let context = |violation| format!("program killed after {after} operations: {violation}\n{state:?}");
        program.check(&state, after, true).map_err(context)
    }

    fn check_disk(&mut self, program: &Program, disk: &Disk, after: usize) -> Result<(), String> {
        let (mut result, mut seen) = (Ok(()), HashSet::new());
        let Crashes { random, made, distinct } = self;
        disk.each_state(random, &mut |state| {
            *made += 1;
            let mut hasher = DefaultHasher::new();
            state.hash(&mut hasher);
            if result.is_ok() && seen.insert(hasher.finish()) {
                *distinct += 1;
                let context =
                    |violation| format!("power failed after {after} operations: {violation}\n{state:?}");
                result = program.check(&state, after, false).map_err(context);
            }
        });
        result
    }
}

/// Every sequence of so many steps.
pub(super) fn sequences(steps: &[Step], length: usize) -> impl Iterator<Item = Vec<Step>> {
    let count = steps.len().pow(length as u32);
    (0..count).map(move |number| {
        (0..length).map(|place| steps[number / steps.len().pow(place as u32) % steps.len()]).collect()
    })
}

/// Runs a sequence and crashes it in its last step; the steps before are the last ones of shorter sequences.
pub(super) fn check_sequence(steps: &[Step], crashes: &mut Crashes) -> Result<(), String> {
    let context = |violation| format!("{steps:?}: {violation}");
    let before = Program::start(None).run(&steps[..steps.len() - 1]).map_err(context)?;
    let from = before.operations();
    let program = before.run(&steps[steps.len() - 1..]).map_err(context)?;
    let journal = program.directory.journal();
    crashes.check(&program, &journal, from).map_err(context)
}

/// Runs a sequence once for every operation and every fault in it, and crashes what follows.
pub(super) fn check_faults(steps: &[Step], faults: &[Fault], crashes: &mut Crashes) -> Result<(), String> {
    let count = Program::start(None).run(steps)?.operations();
    for (at, fault) in (0..count).flat_map(|at| faults.iter().map(move |fault| (at, *fault))) {
        let context = |violation| format!("{steps:?}, {fault:?} in operation {at}: {violation}");
        let program = Program::start(Some((at, fault))).run(steps).map_err(context)?;
        crashes.check(&program, &program.directory.journal(), at).map_err(context)?;
    }
    Ok(())
}
