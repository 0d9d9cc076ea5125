//! Every sequence of steps up to a length, and what is tried on each.
//!
//! Sequences that lead to the same place have the same future: the same operations were asked of the disk, and the model
//! knows the same. Of those only the first goes on. What is more than a test run has time for is drawn with [`SEED`], a
//! part of it; with [`WISH`] in the environment all of it is visited.

use super::after::Left;
use super::crash::{Crashes, check_faults};
use super::{Program, Step};
use crate::disk::State;
use crate::report::SEED;
use crate::storage::FAULTS;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Instant;

/// Set, it makes the run visit everything.
const WISH: &str = "JOEDB_TEST_ALL_STATES";

const STEPS: [Step; 12] = [
    Step::Entry,
    Step::Large,
    Step::Flush,
    Step::Soft,
    Step::Hard,
    Step::Async,
    Step::Advance,
    Step::Reopen,
    Step::ToNewFile,
    Step::InPlace,
    Step::Undo,
    Step::Fail,
];

/// Sequences of this length are all visited on every run, of the longer ones, up to [`LONGEST`], one of [`DRAWN`].
const LENGTH: usize = 4;
const LONGEST: usize = 5;
const DRAWN: u64 = 160;

/// What sequences of this length leave is crashed again: one state of so many.
const FIRST_OF_TWO: usize = 3;
const DRAWN_STATES: u64 = 32;

fn is_all_wanted() -> bool {
    std::env::var_os(WISH).is_some()
}

/// Whether this one of `of` is drawn.
fn is_drawn(what: impl std::hash::Hash, of: u64) -> bool {
    let mut hasher = DefaultHasher::new();
    (SEED, what).hash(&mut hasher);
    is_all_wanted() || hasher.finish().is_multiple_of(of)
}

/// Checks all, and says how many states that were.
fn check_all(what: &str, check: impl FnOnce(&mut Crashes) -> Vec<String>) {
    let (mut crashes, began) = (Crashes::new(SEED), Instant::now());
    let violations = check(&mut crashes);
    let Crashes { made, distinct, soft, .. } = crashes;
    let took = began.elapsed();
    println!("{what}: {made} states, {distinct} of them distinct, seed {SEED}, {took:.1?}\n  {soft}");
    let shown = violations.iter().take(5).map(|violation| violation.chars().take(2000).collect::<String>());
    let shown = shown.collect::<Vec<_>>().join("\n\n");
    assert!(violations.is_empty(), "{} violations: {shown}", violations.len());
}

impl Program {
    /// Where it stands: what the disk was asked for, and what the model knows.
    fn place(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", self.directory.journal()).hash(&mut hasher);
        let writer = self.writer.as_ref().map(|writer| (writer.position(), writer.current(), writer.hard()));
        let is_armed = self.faults.last().is_some_and(|&at| at == self.operations());
        (writer, is_armed, self.has_failed(), self.pending.len(), &self.body, &self.acknowledged)
            .hash(&mut hasher);
        (&self.asked, &self.cuts).hash(&mut hasher);
        hasher.finish()
    }
}

/// What is tried on a run: it, and the number of operations before its last step.
type Visit<'a> = dyn FnMut(&Program, usize) -> Result<(), String> + 'a;

/// Sequences that lead to different places, by what each of them is one step longer than.
struct Paths {
    seen: HashSet<u64>,
    ends: Vec<Vec<Step>>,
}

impl Paths {
    fn new() -> Paths {
        let start = Program::start(None).place();
        Paths { seen: [start].into(), ends: vec![Vec::new()] }
    }

    /// Goes one step further from each place, and shows every run, with the number of operations before its last step.
    fn go_on(&mut self, of: u64, visit: &mut Visit<'_>) -> Vec<String> {
        let mut violations = Vec::new();
        for path in std::mem::take(&mut self.ends) {
            for step in STEPS {
                let steps = [&path[..], &[step]].concat();
                if is_drawn(&steps, of) {
                    violations.extend(self.visit(steps, visit).err());
                }
            }
        }
        violations
    }

    fn visit(&mut self, steps: Vec<Step>, visit: &mut Visit<'_>) -> Result<(), String> {
        let context = |violation| format!("{steps:?}: {violation}");
        let before = Program::start(None).run(&steps[..steps.len() - 1]).map_err(context)?;
        let from = before.operations();
        let program = before.run(&steps[steps.len() - 1..]).map_err(context)?;
        if !self.seen.insert(program.place()) {
            return Ok(());
        }
        visit(&program, from).map_err(context)?;
        self.ends.push(steps);
        Ok(())
    }
}

#[test]
fn every_short_sequence_survives_every_crash() {
    check_all("writer, crashes", |crashes| {
        let (mut paths, mut violations) = (Paths::new(), Vec::new());
        for length in 1..=LONGEST {
            let of = if length > LENGTH && !is_all_wanted() { DRAWN } else { 1 };
            let mut count = 0;
            violations.extend(paths.go_on(of, &mut |program, from| {
                count += 1;
                crashes.check(program, &program.directory.journal(), from)
            }));
            println!("  {count} different sequences of {length} steps, one of {of} drawn");
        }
        violations
    });
}

#[test]
fn every_short_sequence_survives_every_fault_and_what_is_done_after_it() {
    let steps = [Step::Entry, Step::Soft, Step::Hard, Step::Async, Step::Advance, Step::Reopen];
    let ends = [&[][..], &[Step::Reopen, Step::Entry, Step::Hard]];
    check_all("writer, faults", |crashes| {
        let middles = (0..steps.len().pow(3)).map(|number| [1, 6, 36].map(|power| steps[number / power % 6]));
        let all = middles.flat_map(|middle| ends.map(|end| [&[Step::Entry], &middle[..], end].concat()));
        all.filter_map(|steps| check_faults(&steps, &FAULTS, crashes).err()).collect()
    });
}

#[test]
fn what_every_crash_leaves_survives_a_second_one_after_recovery() {
    check_all("writer, second crashes", |crashes| {
        let (mut paths, mut violations, mut seen) = (Paths::new(), Vec::new(), HashSet::new());
        let mut first = Crashes::new(SEED);
        for _ in 1..=FIRST_OF_TWO {
            violations.extend(paths.go_on(1, &mut |program, from| {
                let mut again = |state: &State, after, death| {
                    let Some(left) = Left::of(program, state, after, death) else { return Ok(()) };
                    let number = left.fingerprint();
                    let is_new = is_drawn(number, DRAWN_STATES) && seen.insert(number);
                    if is_new { left.crash_again(crashes) } else { Ok(()) }
                };
                let journal = program.directory.journal();
                first.check_from(&State::new(), program, &journal, from, &mut again)
            }));
        }
        println!("  {} states recovered, written to and crashed again", seen.len());
        violations
    });
}

/// A sync that fails leaves bytes that are seen and not on the disk. Whatever is done next has to write them again before
/// it promises anything.
#[test]
fn recovery_after_a_failed_sync_promises_nothing_that_may_be_lost() {
    let failing = [Step::Large, Step::Soft, Step::Async, Step::Fail, Step::Advance];
    check_all("writer, after a failed sync", |crashes| {
        let recoveries = [Step::Reopen, Step::InPlace, Step::ToNewFile];
        let with_tail = [&failing[..], &[Step::Reopen, Step::Entry, Step::Flush]].concat();
        let firsts = [&failing[..], &with_tail];
        let all =
            firsts.map(|first| recoveries.map(|step| [first, &[step, Step::Entry, Step::Hard]].concat()));
        let check = |steps: &Vec<Step>| {
            let program = Program::start(None).run(steps)?;
            crashes
                .check(&program, &program.directory.journal(), 0)
                .map_err(|violation| format!("{steps:?}: {violation}"))
        };
        all.iter().flatten().map(check).filter_map(Result::err).collect()
    });
}
