//! Work on files, interrupted in every way.
//!
//! A [`Work`] is a run and what must hold wherever it is interrupted. Every function here interrupts it in its own way and
//! returns the first violation, in words.

use crate::crash::{Crash, Crashes, Run};
use crate::disk::{Operation, State, is_temporary};
use crate::storage::{FAULTS, Fault, SimDirectory};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Something that changes files, and what it promises.
pub(crate) trait Work {
    /// What it is called in violations, and what it says when it is done.
    fn name(&self) -> &'static str;

    /// Whether somebody who finds these files can do it.
    fn is_possible(&self, state: &State) -> bool;

    /// Does it.
    ///
    /// # Errors
    /// What the program says.
    fn run(&self, directory: &SimDirectory) -> Result<(), String>;

    /// What must hold wherever it is interrupted.
    fn check(&self, state: &State) -> Result<(), String>;

    /// What must hold once it said that it is done.
    fn check_done(&self, state: &State) -> Result<(), String>;

    /// Doing it again completes.
    fn check_again(&self, state: &State) -> Result<(), String>;
}

/// What a run did, and what it said.
pub(crate) struct Outcome {
    pub(crate) directory: SimDirectory,
    pub(crate) result: Result<(), String>,
}

/// Runs in a directory that looks like this.
pub(crate) fn attempt(work: &dyn Work, state: &State, fault: Option<(usize, Fault)>) -> Outcome {
    let directory = SimDirectory::new(state, fault);
    let result = work.run(&directory);
    Outcome { directory, result }
}

/// What a run that nothing interrupts asks of the system.
pub(crate) fn operations(work: &dyn Work, state: &State) -> Vec<Operation> {
    attempt(work, state, None).directory.journal()
}

/// How much is asked of every state that a crash leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What must hold.
    Check,
    /// That doing it again completes, too.
    Again,
}

/// Checks what crashes of a run leave, and returns it.
pub(crate) fn examine(
    work: &dyn Work,
    run: &Run<'_>,
    depth: Depth,
    crashes: &mut Crashes,
) -> Result<Vec<State>, String> {
    let mut states = Vec::new();
    for Crash { after, promise, state } in crashes.of(run) {
        let done = if promise.is_some() { work.check_done(&state) } else { Ok(()) };
        let again = if depth == Depth::Again { work.check_again(&state) } else { Ok(()) };
        let checked = work.check(&state).and(done).and(again);
        checked.map_err(|violation| {
            let name = work.name();
            format!("{name}: crash after {after} operations: {violation}\n{state:?}\n{:?}", run.journal)
        })?;
        states.push(state);
    }
    Ok(states)
}

/// Crashes everywhere, and returns what that leaves.
pub(crate) fn crash(
    work: &dyn Work,
    initial: &State,
    depth: Depth,
    crashes: &mut Crashes,
) -> Result<Vec<State>, String> {
    let Outcome { directory, result } = attempt(work, initial, None);
    result.map_err(|error| format!("{}: {error}", work.name()))?;
    let run = Run { initial, journal: &directory.journal(), promise: Some(work.name()), from: 0 };
    examine(work, &run, depth, crashes)
}

/// After every crash of the first, and a restart of the machine, the others are done and crash everywhere, too.
pub(crate) fn crash_twice(
    first: &dyn Work,
    others: &[&dyn Work],
    initial: &State,
    crashes: &mut Crashes,
) -> Result<(), String> {
    let mut begun = std::collections::HashSet::new();
    for state in crash(first, initial, Depth::Check, crashes)? {
        let state = without_temporary(state);
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        if !begun.insert(hasher.finish()) {
            continue;
        }
        for other in others.iter().filter(|other| other.is_possible(&state)) {
            crash(*other, &state, Depth::Check, crashes)?;
        }
    }
    Ok(())
}

/// What a first run left under a temporary name only makes the second one take another: [`Work::check_again`] sees to
/// that, and here half of the states are the same without them.
fn without_temporary(mut state: State) -> State {
    state.retain(|name, _| !is_temporary(name));
    state
}

/// Each operation fails in each way. The run must say so, and crashes afterwards.
pub(crate) fn fail(work: &dyn Work, initial: &State, crashes: &mut Crashes) -> Result<(), String> {
    let count = operations(work, initial).len();
    for (from, fault) in (0..count).flat_map(|at| FAULTS.map(|fault| (at, fault))) {
        let context = |violation| format!("{fault:?} in operation {from}: {violation}");
        let Outcome { directory, result } = attempt(work, initial, Some((from, fault)));
        if result.is_ok() {
            return Err(context(format!("{} did not notice", work.name())));
        }
        work.check(&directory.state()).map_err(context)?;
        let run = Run { initial, journal: &directory.journal(), promise: None, from };
        examine(work, &run, Depth::Again, crashes).map_err(context)?;
    }
    Ok(())
}

/// The first is killed before each operation and inside each write. The others take up what it left in the same uptime,
/// before anything of that has reached the disk, and crash everywhere.
pub(crate) fn kill(
    first: &dyn Work,
    others: &[&dyn Work],
    initial: &State,
    crashes: &mut Crashes,
) -> Result<(), String> {
    for (at, operation) in operations(first, initial).iter().enumerate() {
        for bytes in cuts(operation) {
            let fault = Fault::Killed(bytes);
            take_up(first, others, initial, (at, fault), crashes)
                .map_err(|violation| format!("killed in operation {at} after {bytes} bytes: {violation}"))?;
        }
    }
    Ok(())
}

/// How many bytes of a write may be done when the program is killed: any number of a short one.
fn cuts(operation: &Operation) -> Vec<usize> {
    match operation {
        Operation::Write { bytes, .. } if bytes.len() > 8 => vec![0, bytes.len() / 2, bytes.len() - 1],
        Operation::Write { bytes, .. } => (0..bytes.len()).collect(),
        _ => vec![0],
    }
}

/// Each sync of the first fails, and drops what was pending, which reads still show. The others are done all the same,
/// without a restart of the machine, and crash everywhere.
pub(crate) fn fail_to_sync(
    first: &dyn Work,
    others: &[&dyn Work],
    initial: &State,
    crashes: &mut Crashes,
) -> Result<(), String> {
    let operations = operations(first, initial);
    for (at, _) in operations.iter().enumerate().filter(|(_, operation)| operation.is_sync()) {
        take_up(first, others, initial, (at, Fault::InputOutput), crashes)
            .map_err(|violation| format!("sync failed in operation {at}: {violation}"))?;
    }
    Ok(())
}

/// The first one fails, and each of the others goes on where it stopped.
fn take_up(
    first: &dyn Work,
    others: &[&dyn Work],
    initial: &State,
    fault: (usize, Fault),
    crashes: &mut Crashes,
) -> Result<(), String> {
    for other in others {
        let Outcome { directory, result } = attempt(first, initial, Some(fault));
        if result.is_ok() {
            return Err(format!("{} did not notice", first.name()));
        }
        if !other.is_possible(&directory.state()) {
            continue;
        }
        let from = directory.journal().len();
        directory.start_again();
        other.run(&directory).map_err(|error| format!("{} taken up: {error}", other.name()))?;
        let journal = directory.journal();
        let promise = promise(*other, fault.1, &journal[from..]);
        let run = Run { initial, journal: &journal, promise, from };
        examine(*other, &run, Depth::Check, crashes)?;
    }
    Ok(())
}

/// After a failed sync nobody can tell what is durable but by writing it again. So who finds all done, and touches nothing,
/// promises nothing.
fn promise(work: &dyn Work, fault: Fault, journal: &[Operation]) -> Option<&'static str> {
    let can_be_kept = matches!(fault, Fault::Killed(_)) || journal.iter().any(Operation::is_change);
    can_be_kept.then(|| work.name())
}

/// A wrong program: it leaves out one sync, counted from 0, and does not know.
pub(crate) struct WithoutSync<'a> {
    pub(crate) work: &'a dyn Work,
    pub(crate) number: usize,
}

impl Work for WithoutSync<'_> {
    fn name(&self) -> &'static str {
        self.work.name()
    }

    fn is_possible(&self, state: &State) -> bool {
        self.work.is_possible(state)
    }

    fn run(&self, directory: &SimDirectory) -> Result<(), String> {
        directory.leave_out_sync(self.number);
        self.work.run(directory)
    }

    fn check(&self, state: &State) -> Result<(), String> {
        self.work.check(state)
    }

    fn check_done(&self, state: &State) -> Result<(), String> {
        self.work.check_done(state)
    }

    fn check_again(&self, state: &State) -> Result<(), String> {
        self.work.check_again(state)
    }
}
