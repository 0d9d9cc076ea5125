//! Recovery under a crash simulator: a disk that may lose whatever was not synced, at every operation.
//!
//! A run is recorded operation by operation. After each, and inside each write, every state is made that the disk may
//! hold when the power fails, and in each the invariants are checked: see [`in_place`] and [`convert`].

mod choices;
mod convert;
mod crash;
mod disk;
#[path = "../support/fixtures.rs"]
#[expect(dead_code, reason = "the simulator needs only the names and the bytes of the fixtures")]
mod fixtures;
mod in_place;
mod mutants;
mod new_journal;
mod storage;

use convert::Conversion;
use crash::{Crash, Crashes, Run};
use disk::{Operation, State};
use fixtures::Fixture;
use in_place::{Cut, Outcome, undo_in};
use joedb::recovery::Target;
use std::time::{Duration, Instant};
use storage::{FAULTS, Fault, SimDirectory};

/// Of the states that are drawn where not all can be visited.
const SEED: u64 = 20_260_131;

/// Counts states and time, and says them at the end of a test.
struct Tally {
    made: usize,
    distinct: usize,
    began: Instant,
}

impl Tally {
    fn new() -> Tally {
        Tally { made: 0, distinct: 0, began: Instant::now() }
    }

    fn add(&mut self, crashes: &Crashes) {
        self.made += crashes.made;
        self.distinct += crashes.distinct;
    }

    fn say(&self, what: &str) {
        let Tally { made, distinct, .. } = self;
        let took: Duration = self.began.elapsed();
        println!("{what}: {made} states, {distinct} of them distinct, seed {SEED}, {took:.1?}");
    }
}

/// The fixtures, but for those that have no head to read.
fn logs() -> impl Iterator<Item = Fixture> {
    fixtures::all().into_iter().filter(|fixture| !fixture.name.starts_with("x_"))
}

const TARGETS: [Target; 7] = [
    Target::Checkpoint,
    Target::LastEntry,
    Target::Hard,
    Target::Soft,
    Target::Pending,
    Target::ValidData,
    // Behind the schema and before the first checkpoint of all fixtures.
    Target::Until(150),
];

/// One cut for each position that the targets name.
fn cuts(fixture: &Fixture) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    for cut in TARGETS.into_iter().filter_map(|target| Cut::new(fixture.name, &fixture.bytes, target, true)) {
        if cuts.iter().all(|known| known.position() != cut.position()) {
            cuts.push(cut);
        }
    }
    cuts
}

fn fail(cut: &Cut, crash: &Crash, what: &str) -> impl FnOnce(String) -> String {
    let context = format!("{}: {what}: crash after {} operations", cut.name, crash.after);
    let state = format!("{:?}", crash.state);
    move |violation| format!("{context}: {violation}\n{state}")
}

/// Cuts in place, crashes everywhere, and checks what is left.
fn check_cut(cut: &Cut, crashes: &mut Crashes) -> Result<Vec<State>, String> {
    let initial = cut.initial();
    let Outcome { directory, result } = cut.run(&initial, None);
    result?;
    let run = Run { initial: &initial, journal: &directory.journal(), succeeded: true, from: 0 };
    check_crashes_of_cut(cut, &run, crashes)
}

fn check_crashes_of_cut(cut: &Cut, run: &Run<'_>, crashes: &mut Crashes) -> Result<Vec<State>, String> {
    let mut states = Vec::new();
    for crash in crashes.of(run) {
        let checked = cut.check(&crash.state).and_then(|()| cut.check_repeated(&crash.state));
        let durable = if crash.acknowledged { cut.check_cut(&crash.state) } else { Ok(()) };
        checked.and(durable).map_err(fail(cut, &crash, "cut"))?;
        states.push(crash.state);
    }
    Ok(states)
}

/// Undoes what a crash left, and crashes that everywhere.
fn check_undo(cut: &Cut, initial: &State, crashes: &mut Crashes) -> Result<(), String> {
    let Outcome { directory, result } = cut.run_undo(initial, None);
    result?;
    let run = Run { initial, journal: &directory.journal(), succeeded: true, from: 0 };
    check_crashes_of_undo(cut, &run, crashes)
}

fn check_crashes_of_undo(cut: &Cut, run: &Run<'_>, crashes: &mut Crashes) -> Result<(), String> {
    for crash in crashes.of(run) {
        let durable = if crash.acknowledged { cut.check_undone(&crash.state) } else { Ok(()) };
        cut.check(&crash.state).and(durable).map_err(fail(cut, &crash, "undo"))?;
    }
    Ok(())
}

fn has_undo(state: &State) -> bool {
    state.keys().any(|name| name.extension().is_some_and(|end| end == "undo"))
}

#[test]
fn a_cut_in_place_survives_every_crash() {
    let mut tally = Tally::new();
    let mut violations = Vec::new();
    let unverified = |fixture: Fixture| Cut::new(fixture.name, &fixture.bytes, Target::Checkpoint, false);
    for cut in logs().flat_map(|fixture| cuts(&fixture)).chain(examples().filter_map(unverified)) {
        let mut crashes = Crashes::new(SEED);
        violations.extend(check_cut(&cut, &mut crashes).err());
        tally.add(&crashes);
    }
    tally.say("cut in place");
    assert!(violations.is_empty(), "{} violations: {}", violations.len(), violations.join("\n\n"));
}

#[test]
fn undoing_a_cut_survives_every_crash() {
    let mut tally = Tally::new();
    let mut violations = Vec::new();
    for cut in logs().filter_map(|fixture| cuts(&fixture).into_iter().next()) {
        let after = cut.run(&cut.initial(), None).directory.state();
        if has_undo(&after) {
            let mut crashes = Crashes::new(SEED);
            violations.extend(check_undo(&cut, &after, &mut crashes).err());
            tally.add(&crashes);
        }
    }
    tally.say("undo");
    assert!(violations.is_empty(), "{} violations: {}", violations.len(), violations.join("\n\n"));
}

/// A fixture of each kind, for what would take too long with all.
const EXAMPLES: [&str; 6] =
    ["crashed", "clean_soft", "pending", "v4_tail_behind_mark", "checkpoint_inside_entry", "file_cut_short"];

fn examples() -> impl Iterator<Item = Fixture> {
    logs().filter(|fixture| EXAMPLES.contains(&fixture.name))
}

#[test]
fn whatever_a_crash_left_can_be_cut_or_undone_under_further_crashes() {
    let mut tally = Tally::new();
    let mut violations = Vec::new();
    for cut in examples().filter_map(|fixture| cuts(&fixture).into_iter().next()) {
        let mut crashes = Crashes::new(SEED);
        violations.extend(check_second_recoveries(&cut, &mut crashes).err());
        tally.add(&crashes);
    }
    tally.say("second recoveries");
    assert!(violations.is_empty(), "{} violations: {}", violations.len(), violations.join("\n\n"));
}

fn check_second_recoveries(cut: &Cut, crashes: &mut Crashes) -> Result<(), String> {
    for state in check_cut(cut, crashes)? {
        let Outcome { directory, result } = cut.run(&state, None);
        result?;
        let run = Run { initial: &state, journal: &directory.journal(), succeeded: false, from: 0 };
        for crash in crashes.of(&run) {
            cut.check(&crash.state).map_err(fail(cut, &crash, "second cut"))?;
        }
        if has_undo(&state) {
            check_undo(cut, &state, crashes)?;
        }
    }
    Ok(())
}

/// Runs once for each operation and each fault in it; each run must say that it failed.
fn each_fault(
    count: usize,
    run: &dyn Fn(usize, Fault) -> Outcome,
    check: &mut dyn FnMut(&Run<'_>, &State) -> Result<(), String>,
    initial: &State,
) -> Result<(), String> {
    for (from, fault) in (0..count).flat_map(|at| FAULTS.map(|fault| (at, fault))) {
        let Outcome { directory, result } = run(from, fault);
        let context = |violation| format!("{fault:?} in operation {from}: {violation}");
        if result.is_ok() {
            return Err(context("the run did not notice".to_owned()));
        }
        let run = Run { initial, journal: &directory.journal(), succeeded: false, from };
        check(&run, &directory.state()).map_err(context)?;
    }
    Ok(())
}

#[test]
fn a_cut_in_place_and_its_undoing_survive_every_fault() {
    let mut tally = Tally::new();
    let mut violations = Vec::new();
    for cut in examples().filter_map(|fixture| cuts(&fixture).into_iter().next()) {
        let mut crashes = Crashes::new(SEED);
        violations.extend(check_faults_of_cut(&cut, &mut crashes).err());
        violations.extend(check_faults_of_undo(&cut, &mut crashes).err());
        tally.add(&crashes);
    }
    tally.say("faults in place");
    assert!(violations.is_empty(), "{} violations: {}", violations.len(), violations.join("\n\n"));
}

fn check_faults_of_cut(cut: &Cut, crashes: &mut Crashes) -> Result<(), String> {
    let initial = cut.initial();
    let count = cut.run(&initial, None).directory.journal().len();
    let run = |at, fault| cut.run(&initial, Some((at, fault)));
    let mut check = |run: &Run<'_>, left: &State| {
        cut.check(left)?;
        check_crashes_of_cut(cut, run, crashes).map(drop)
    };
    each_fault(count, &run, &mut check, &initial)
}

fn check_faults_of_undo(cut: &Cut, crashes: &mut Crashes) -> Result<(), String> {
    let initial = cut.run(&cut.initial(), None).directory.state();
    if !has_undo(&initial) {
        return Ok(());
    }
    let count = cut.run_undo(&initial, None).directory.journal().len();
    let run = |at, fault| cut.run_undo(&initial, Some((at, fault)));
    let mut check = |run: &Run<'_>, left: &State| {
        cut.check(left)?;
        check_crashes_of_undo(cut, run, crashes)
    };
    each_fault(count, &run, &mut check, &initial)
}

#[test]
fn what_was_killed_is_taken_up_again_before_anything_reached_the_disk() {
    let mut tally = Tally::new();
    let mut violations = Vec::new();
    for cut in examples().flat_map(|fixture| cuts(&fixture).into_iter().take(2)) {
        let mut crashes = Crashes::new(SEED);
        violations.extend(check_killed(&cut, &mut crashes).err());
        tally.add(&crashes);
    }
    tally.say("killed and started again");
    assert!(violations.is_empty(), "{} violations: {}", violations.len(), violations.join("\n\n"));
}

fn check_killed(cut: &Cut, crashes: &mut Crashes) -> Result<(), String> {
    let before = cut.initial();
    let after = cut.run(&before, None);
    for at in 0..after.directory.journal().len() {
        let killed = Some((at, Fault::Killed));
        check_taken_up(
            cut,
            &before,
            &cut.run(&before, killed).directory,
            &|again| cut.run_in(again),
            crashes,
        )?;
    }
    let cut_off = after.directory.state();
    if !has_undo(&cut_off) {
        return Ok(());
    }
    for at in 0..cut.run_undo(&cut_off, None).directory.journal().len() {
        let killed = Some((at, Fault::Killed));
        check_taken_up(cut, &cut_off, &cut.run_undo(&cut_off, killed).directory, &undo_in, crashes)?;
    }
    Ok(())
}

fn check_taken_up(
    cut: &Cut,
    initial: &State,
    directory: &SimDirectory,
    run: &dyn Fn(&SimDirectory) -> Result<(), String>,
    crashes: &mut Crashes,
) -> Result<(), String> {
    let from = directory.journal().len();
    directory.start_again();
    run(directory)?;
    let done = directory.state();
    let run = Run { initial, journal: &directory.journal(), succeeded: true, from };
    for crash in crashes.of(&run) {
        cut.check(&crash.state).map_err(fail(cut, &crash, "taken up"))?;
        if crash.acknowledged
            && in_place::bytes(&crash.state, in_place::FILE) != in_place::bytes(&done, in_place::FILE)
        {
            return Err(fail(cut, &crash, "taken up")("what was said to be done is not durable".to_owned()));
        }
    }
    Ok(())
}

fn conversions() -> Vec<Conversion> {
    let conversion =
        |fixture: &Fixture, target, replaces| Conversion::new(fixture.name, &fixture.bytes, target, replaces);
    let variants = [(Target::Checkpoint, false), (Target::LastEntry, true)];
    let of = |fixture: Fixture| variants.map(|(target, replaces)| conversion(&fixture, target, replaces));
    logs().flat_map(of).flatten().collect()
}

fn check_conversion(conversion: &Conversion, run: &Run<'_>, crashes: &mut Crashes) -> Result<(), String> {
    for Crash { after, acknowledged, state } in crashes.of(run) {
        let durable = if acknowledged { conversion.check_done(&state) } else { Ok(()) };
        let checked = conversion.check(&state).and(durable).and_then(|()| conversion.check_repeated(&state));
        checked.map_err(|violation| format!("{}: after {after}: {violation}", conversion.name))?;
    }
    Ok(())
}

#[test]
fn recovering_to_another_file_survives_every_crash() {
    let mut tally = Tally::new();
    let mut violations = Vec::new();
    for conversion in conversions() {
        let mut crashes = Crashes::new(SEED);
        let initial = conversion.initial();
        let Outcome { directory, result } = conversion.run(&initial, None);
        result.unwrap();
        let run = Run { initial: &initial, journal: &directory.journal(), succeeded: true, from: 0 };
        violations.extend(check_conversion(&conversion, &run, &mut crashes).err());
        tally.add(&crashes);
    }
    tally.say("to another file");
    assert!(violations.is_empty(), "{} violations: {}", violations.len(), violations.join("\n\n"));
}

#[test]
fn recovering_to_another_file_survives_every_fault() {
    let mut tally = Tally::new();
    let mut violations = Vec::new();
    for conversion in
        conversions().into_iter().filter(|it| EXAMPLES.iter().any(|name| it.name.starts_with(name)))
    {
        let mut crashes = Crashes::new(SEED);
        let initial = conversion.initial();
        let count = conversion.run(&initial, None).directory.journal().len();
        let run = |at, fault| conversion.run(&initial, Some((at, fault)));
        let mut check = |run: &Run<'_>, left: &State| {
            conversion.check(left)?;
            check_conversion(&conversion, run, &mut crashes)
        };
        violations.extend(each_fault(count, &run, &mut check, &initial).err());
        tally.add(&crashes);
    }
    tally.say("faults to another file");
    assert!(violations.is_empty(), "{} violations: {}", violations.len(), violations.join("\n\n"));
}

// ---- The simulator itself ----------------------------------------------------------------------------------

/// For each mutant, whether a violation was found.
fn found(initial: &State, mutants: &[Journal], check: &dyn Fn(&Run<'_>) -> Result<(), String>) -> Vec<bool> {
    let is_found = |journal: &Journal| check(&Run { initial, journal, succeeded: true, from: 0 }).is_err();
    mutants.iter().map(is_found).collect()
}

type Journal = Vec<Operation>;

fn mutants_of_cut(cut: &Cut, mutate: fn(&[Operation]) -> Vec<Journal>) -> Vec<bool> {
    let initial = cut.initial();
    let mutants = mutate(&cut.run(&initial, None).directory.journal());
    found(&initial, &mutants, &|run| check_crashes_of_cut(cut, run, &mut Crashes::new(SEED)).map(drop))
}

fn mutants_of_undo(cut: &Cut, mutate: fn(&[Operation]) -> Vec<Journal>) -> Vec<bool> {
    let initial = cut.run(&cut.initial(), None).directory.state();
    let mutants = mutate(&cut.run_undo(&initial, None).directory.journal());
    found(&initial, &mutants, &|run| check_crashes_of_undo(cut, run, &mut Crashes::new(SEED)))
}

fn mutants_of_conversion(conversion: &Conversion, mutate: fn(&[Operation]) -> Vec<Journal>) -> Vec<bool> {
    let initial = conversion.initial();
    let mutants = mutate(&conversion.run(&initial, None).directory.journal());
    found(&initial, &mutants, &|run| check_conversion(conversion, run, &mut Crashes::new(SEED)))
}

/// A log with a soft checkpoint, cut below its hard one.
fn deep_cut() -> Cut {
    let fixture = logs().find(|fixture| fixture.name == "crashed").unwrap();
    Cut::new(fixture.name, &fixture.bytes, Target::Until(150), true).unwrap()
}

fn a_conversion() -> Conversion {
    conversions().into_iter().find(|it| it.name.starts_with("crashed")).unwrap()
}

#[test]
fn a_left_out_sync_is_found() {
    let (cut, conversion) = (deep_cut(), a_conversion());
    // What an earlier run may have left, and there was none; content and name of the undo, the writes of the head, the
    // length. Which writes of the head could share a sync depends on their values; not all can.
    let found = mutants_of_cut(&cut, mutants::without_a_sync);
    let [false, true, true, head @ .., true] = found.as_slice() else { panic!("cut: {found:?}") };
    assert!(head.contains(&true), "cut: {found:?}");
    // What an earlier run may have left, the mark, the removed bytes, the writes of the head.
    let found = mutants_of_undo(&cut, mutants::without_a_sync);
    assert!(matches!(found.as_slice(), [false, true, true, .., true]), "undo: {found:?}");
    // Content of the output, content and name of the tail, name of the output.
    assert_eq!(mutants_of_conversion(&conversion, mutants::without_a_sync), [true; 4]);
}

#[test]
fn two_swapped_writes_are_found() {
    let (cut, conversion) = (deep_cut(), a_conversion());
    // The undo file is written in two parts before its sync, and their order is free. Then: its second part and the
    // head, the writes of the head, the last of these and the length.
    let found = mutants_of_cut(&cut, mutants::with_writes_swapped);
    let [false, true, head @ .., true] = found.as_slice() else { panic!("cut: {found:?}") };
    assert!(head.contains(&true), "cut: {found:?}");
    // The mark and the removed bytes; these and the length, whose order is free; the length and the head.
    let found = mutants_of_undo(&cut, mutants::with_writes_swapped);
    assert!(matches!(found.as_slice(), [true, false, true, ..]), "undo: {found:?}");
    // The log and the head of the output, whose order is free; the head and the tail, which goes to another file.
    assert_eq!(mutants_of_conversion(&conversion, mutants::with_writes_swapped), [false, true]);
}

#[test]
fn a_rename_before_the_sync_is_found() {
    let (cut, conversion) = (deep_cut(), a_conversion());
    assert_eq!(mutants_of_cut(&cut, mutants::with_a_rename_too_early), [true]);
    assert_eq!(mutants_of_conversion(&conversion, mutants::with_a_rename_too_early), [true; 2]);
}
