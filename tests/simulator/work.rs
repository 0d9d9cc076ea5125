//! Work on files, interrupted in every way.
//!
//! A [`Work`] is a run and what must hold wherever it is interrupted. Every function here interrupts it in its own way and
//! returns the first violation, in words.

use crate::crash::{Crash, Crashes, Run};
use crate::disk::{Operation, State, is_temporary};
use crate::storage::{FAULTS, Fault, SimDirectory};
use std::collections::BTreeSet;
use std::path::Path;

/// Something that changes files, and what it promises.
pub(crate) trait Work {
    /// What it is called in violations, and what it says when it is done.
    fn name(&self) -> &'static str;

    /// Whether somebody who finds these files can do it.
    fn is_possible(&self, state: &State) -> bool;

    /// Whether a file of this name is what it is about: that has to be durable when it is done.
    fn is_about(&self, name: &Path) -> bool;

    /// Does it.
    ///
    /// # Errors
    /// What the program says.
    fn run(&self, directory: &SimDirectory) -> Result<(), String>;

    /// What must hold wherever it is interrupted.
    fn check(&self, state: &State) -> Result<(), String>;

    /// What must hold once it said that it is done, whatever happened before it began.
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

/// Checks what crashes of a run leave, and returns it. What was `seen` when the program said that it is done has to be
/// durable then, as far as it is about that.
pub(crate) fn examine(
    work: &dyn Work,
    run: &Run<'_>,
    seen: Option<&State>,
    depth: Depth,
    crashes: &mut Crashes,
) -> Result<Vec<State>, String> {
    let mut states = Vec::new();
    for Crash { after, promise, state } in crashes.of(run) {
        let done = if promise.is_some() { check_promise(work, &state, seen) } else { Ok(()) };
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

fn check_promise(work: &dyn Work, state: &State, seen: Option<&State>) -> Result<(), String> {
    let result = |state: &State| -> State {
        let about = |name: &Path| work.is_about(name) && !is_temporary(name);
        state.clone().into_iter().filter(|(name, _)| about(name)).collect()
    };
    let durable = seen.is_none_or(|seen| result(seen) == result(state));
    if durable { work.check_done(state) } else { Err("what could be seen is not durable".to_owned()) }
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
    examine(work, &run, Some(&directory.state()), depth, crashes)
}

/// After every crash of the first, and a restart of the machine, the others are done and crash everywhere, too.
pub(crate) fn crash_twice(
    first: &dyn Work,
    others: &[&dyn Work],
    initial: &State,
    crashes: &mut Crashes,
) -> Result<(), String> {
    let left = crash(first, initial, Depth::Check, crashes)?;
    let distinct: BTreeSet<State> = left.into_iter().map(without_temporary).collect();
    for state in &distinct {
        for other in others.iter().filter(|other| other.is_possible(state)) {
            crash(*other, state, Depth::Check, crashes)?;
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
        examine(work, &run, None, Depth::Again, crashes).map_err(context)?;
    }
    Ok(())
}

/// How the first of two is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// By being killed before an operation, or inside a write.
    Killed,
    /// By an operation that fails.
    Failed,
}

impl Stop {
    fn faults(self, operation: &Operation) -> Vec<Fault> {
        let cuts = match operation {
            Operation::Write { bytes, .. } if bytes.len() > 8 => vec![0, bytes.len() / 2, bytes.len() - 1],
            Operation::Write { bytes, .. } => (0..bytes.len()).collect(),
            _ => vec![0],
        };
        match self {
            Stop::Killed => cuts.into_iter().map(Fault::Killed).collect(),
            Stop::Failed if matches!(operation, Operation::Write { .. }) => FAULTS.to_vec(),
            // All others fail in one way.
            Stop::Failed => vec![Fault::InputOutput],
        }
    }
}

/// The first is stopped in each operation. The others go on where it stopped in the same uptime, before anything of that
/// has reached the disk, and crash everywhere.
pub(crate) fn go_on(
    first: &dyn Work,
    others: &[&dyn Work],
    stop: Stop,
    initial: &State,
    crashes: &mut Crashes,
) -> Result<(), String> {
    for (at, operation) in operations(first, initial).iter().enumerate() {
        for fault in stop.faults(operation) {
            for other in others {
                go_on_after(first, *other, initial, (at, fault), crashes)
                    .map_err(|violation| format!("{fault:?} in operation {at}: {violation}"))?;
            }
        }
    }
    Ok(())
}

fn go_on_after(
    first: &dyn Work,
    other: &dyn Work,
    initial: &State,
    fault: (usize, Fault),
    crashes: &mut Crashes,
) -> Result<(), String> {
    let Outcome { directory, result } = attempt(first, initial, Some(fault));
    if result.is_ok() {
        return Err(format!("{} did not notice", first.name()));
    }
    if !other.is_possible(&directory.state()) {
        return Ok(());
    }
    let from = directory.journal().len();
    directory.start_again();
    other.run(&directory).map_err(|error| format!("{} taken up: {error}", other.name()))?;
    let journal = directory.journal();
    let (before, after) = journal.split_at(from);
    // What a failed sync dropped can be seen, and nobody can tell what of it is durable but by writing it again: who finds
    // all done, and touches nothing, promises nothing.
    let is_seen_durable = !before.iter().any(Operation::is_failed_sync);
    let can_promise = is_seen_durable || after.iter().any(Operation::is_change);
    let promise = can_promise.then(|| if is_seen_durable { other.name() } else { "what it wrote itself" });
    let seen = Some(directory.state()).filter(|_| is_seen_durable);
    let run = Run { initial, journal: &journal, promise, from };
    examine(other, &run, seen.as_ref(), Depth::Check, crashes).map(drop)
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

    fn is_about(&self, name: &Path) -> bool {
        self.work.is_about(name)
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
