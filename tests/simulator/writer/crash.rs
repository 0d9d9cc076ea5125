//! Crashes of a program that writes.

use super::verdict::{Soft, Verdicts};
use super::{LOG, Program, Step};
use crate::choices::Random;
use crate::disk::{Disk, Operation, State};
use crate::storage::Fault;
use joedb::HEAD_SIZE;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

/// What a crash left, and what was known then.
pub(super) type Shown<'a> = dyn FnMut(&State, usize, Death) -> Result<(), String> + 'a;

/// What ended the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Death {
    /// It alone: everything that it asked for is there.
    Killed,
    /// The power failed, or the machine crashed.
    PowerFailed,
}

/// Crashes programs, and counts.
pub(super) struct Crashes {
    random: Random,
    verdicts: Verdicts,
    pub(super) soft: Soft,
    pub(super) made: usize,
    pub(super) distinct: usize,
}

impl Crashes {
    pub(super) fn new(seed: u64) -> Crashes {
        let (verdicts, soft) = (Verdicts::default(), Soft::default());
        Crashes { random: Random(seed), verdicts, soft, made: 0, distinct: 0 }
    }

    /// Crashes a run at each of its operations from `from` on, as if the disk had been asked for `journal`.
    pub(super) fn check(
        &mut self,
        program: &Program,
        journal: &[Operation],
        from: usize,
    ) -> Result<(), String> {
        self.check_from(&State::new(), program, journal, from, &mut |_, _, _| Ok(()))
    }

    /// The same for a run that found `initial`; each state is shown, too.
    pub(super) fn check_from(
        &mut self,
        initial: &State,
        program: &Program,
        journal: &[Operation],
        from: usize,
        show: &mut Shown<'_>,
    ) -> Result<(), String> {
        let mut disk = Disk::new(initial);
        for (index, operation) in journal.iter().enumerate() {
            if index >= from {
                self.torn(program, &disk, index, operation)?;
            }
            disk.apply(operation);
            if index >= from {
                self.check_issued(program, &disk, index + 1, show)?;
                self.check_disk(program, &disk, index + 1, show)?;
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
                self.check_issued(program, &torn, after, &mut |_, _, _| Ok(()))?;
            }
            if bytes.len() < 64 {
                self.check_disk(program, &torn, after, &mut |_, _, _| Ok(()))?;
            }
        }
        Ok(())
    }

    fn check_issued(
        &mut self,
        program: &Program,
        disk: &Disk,
        after: usize,
        show: &mut Shown<'_>,
    ) -> Result<(), String> {
        self.made += 1;
        self.distinct += 1;
        let state = disk.issued();
        self.judge(program, &state, after, Death::Killed)
            .and_then(|()| show(&state, after, Death::Killed))
            .map_err(|violation| format!("program killed after {after} operations: {violation}\n{state:?}"))
    }

    fn check_disk(
        &mut self,
        program: &Program,
        disk: &Disk,
        after: usize,
        show: &mut Shown<'_>,
    ) -> Result<(), String> {
        let (mut result, mut seen, mut made) = (Ok(()), HashSet::new(), 0);
        let mut random = self.random.fork();
        disk.each_state(&mut random, &mut |state| {
            made += 1;
            let mut hasher = DefaultHasher::new();
            state.hash(&mut hasher);
            if result.is_ok() && seen.insert(hasher.finish()) {
                let judged = self.judge(program, &state, after, Death::PowerFailed);
                let context =
                    |violation| format!("power failed after {after} operations: {violation}\n{state:?}");
                result = judged.and_then(|()| show(&state, after, Death::PowerFailed)).map_err(context);
            }
        });
        self.made += made;
        self.distinct += seen.len();
        result
    }

    /// What must hold, and what `--check` says of it.
    fn judge(&mut self, program: &Program, state: &State, after: usize, death: Death) -> Result<(), String> {
        let is_known = after >= program.foreign_until;
        let death = if is_known { death } else { Death::PowerFailed };
        program.check(state, after, death == Death::Killed)?;
        let [hard, any] = program.marks(after);
        let (Some(bytes), true) = (state.get(Path::new(LOG)), hard.is_some()) else { return Ok(()) };
        let verdict = self.verdicts.of(bytes)?;
        match death {
            Death::Killed => program.check_killed(verdict, bytes),
            Death::PowerFailed => {
                let softly = any.map_or(HEAD_SIZE, |mark| mark.position());
                program.check_power_failed(verdict, bytes, softly, &mut self.soft)
            }
        }
    }
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
