//! The simulator itself, tried on programs that are wrong: they leave out a sync, or do things in another order.

use crate::convert::Conversion;
use crate::crash::{Crashes, Run};
use crate::disk::{NameChange, Operation, State};
use crate::in_place::{Cut, Cutting, Undoing, Way};
use crate::logs;
use crate::once::{conversions, cuts};
use crate::report::SEED;
use crate::work::{Depth, Stop, WithoutSync, Work, attempt, crash, examine, go_on, operations};

type Journal = Vec<Operation>;

/// The places of the operations like this one, in order.
fn places(journal: &[Operation], is_wanted: impl Fn(&Operation) -> bool) -> Vec<usize> {
    (0..journal.len()).filter(|&place| is_wanted(&journal[place])).collect()
}

const fn is_write(operation: &Operation) -> bool {
    matches!(operation, Operation::Write { .. } | Operation::SetSize { .. })
}

const fn is_rename(operation: &Operation) -> bool {
    matches!(operation, Operation::Name(NameChange::Rename { .. }))
}

/// A write or a change of length and the next one change places: each pair in turn. The syncs stay where they are.
fn with_writes_swapped(journal: &[Operation]) -> Vec<Journal> {
    let swapped = |pair: &[usize]| {
        let mut journal = journal.to_vec();
        journal.swap(pair[0], pair[1]);
        journal
    };
    places(journal, is_write).windows(2).map(swapped).collect()
}

/// A file gets its name before its content is synced: each rename in turn.
pub(crate) fn with_a_rename_too_early(journal: &[Operation]) -> Vec<Journal> {
    let early = |place: usize| {
        let is_file_sync = |operation: &Operation| matches!(operation, Operation::Sync { .. });
        let sync = journal[..place].iter().rposition(is_file_sync).unwrap();
        let mut journal = journal.to_vec();
        let rename = journal.remove(place);
        journal.insert(sync, rename);
        journal
    };
    places(journal, is_rename).into_iter().map(early).collect()
}

/// For each way to do the same in another order, whether a violation is found.
pub(crate) fn reordered(
    work: &dyn Work,
    initial: &State,
    mutate: fn(&[Operation]) -> Vec<Journal>,
) -> Vec<bool> {
    let directory = attempt(work, initial, None).directory;
    let is_found = |journal: &Journal| {
        let run = Run { initial, journal, promise: Some(work.name()), from: 0 };
        let seen = directory.state();
        examine(work, &run, Some(&seen), Depth::Again, &mut Crashes::new(SEED)).is_err()
    };
    mutate(&directory.journal()).iter().map(is_found).collect()
}

/// For each sync, whether a violation is found if a program leaves it out.
pub(crate) fn without_each_sync(work: &dyn Work, initial: &State) -> Vec<bool> {
    let count = operations(work, initial).iter().filter(|operation| operation.is_sync()).count();
    let is_found = |number| {
        let mutant = WithoutSync { work, number };
        let mut crashes = Crashes::new(SEED);
        crash(&mutant, initial, Depth::Check, &mut crashes).is_err()
            || go_on(&mutant, &[&mutant], Stop::Killed, initial, &mut crashes).is_err()
            || go_on(&mutant, &[&mutant], Stop::Failed, initial, &mut crashes).is_err()
    };
    (0..count).map(is_found).collect()
}

/// The first cut of this small log that is made at `position`.
fn cut(name: &str, position: u64, way: Way) -> Cut {
    let log = logs::small().into_iter().find(|log| log.name == name).unwrap();
    cuts(&log, way).into_iter().find(|cut| cut.position() == position).unwrap()
}

/// Cuts in which each write of the head needs a sync of its own. Elsewhere the values of head and cut let some share one.
fn demanding_cuts(way: Way) -> [Cut; 5] {
    [
        cut("clean", 49, way),
        cut("clean, soft", 49, way),
        cut("clean, soft", 59, way),
        cut("torn tail", 66, way),
        cut("soft everywhere", 41, way),
    ]
}

fn a_conversion() -> Conversion {
    let log = logs::small().into_iter().find(|log| log.name == "torn tail").unwrap();
    conversions(&[log]).swap_remove(0)
}

#[test]
fn every_left_out_sync_is_found() {
    for cut in demanding_cuts(Way::Plain) {
        // What an earlier run left; content and name of the undo; the head as it was found, each write of it; the length.
        let found = without_each_sync(&Cutting(&cut), &cut.initial());
        assert!(found.len() >= 6 && !found.contains(&false), "{}: {found:?}", cut.name);
        // What an earlier run left; the mark; the removed bytes and the head as it was found, each write of it.
        let found = without_each_sync(&Undoing(&cut), &cut.done());
        assert!(found.len() >= 4 && !found.contains(&false), "undo of {}: {found:?}", cut.name);
    }
    for cut in demanding_cuts(Way::WithoutUndo) {
        let found = without_each_sync(&Cutting(&cut), &cut.initial());
        assert!(found.len() >= 4 && !found.contains(&false), "{}: {found:?}", cut.name);
    }
    // Content of the output, content and name of the tail, name of the output.
    let conversion = a_conversion();
    assert_eq!(without_each_sync(&conversion, &conversion.initial()), [true; 4]);
}

#[test]
fn two_swapped_writes_are_found() {
    let cut = cut("clean, soft", 49, Way::Plain);
    // The two parts of the undo file, whose order is free; its second part and the length as it was found; that and the
    // head as it was found, whose order is free; that and the first write of the head; its writes; the last of them and
    // the new length.
    let found = reordered(&Cutting(&cut), &cut.initial(), with_writes_swapped);
    assert_eq!(found, [false, true, false, true, true, true]);
    // The mark and the removed bytes; these, the length and the head as it was found, whose order is free; that and the
    // first write of the head; its writes.
    let found = reordered(&Undoing(&cut), &cut.done(), with_writes_swapped);
    assert_eq!(found, [true, false, false, true, true]);
    // The log and the head of the output, whose order is free; the head and the tail, which goes to another file.
    let conversion = a_conversion();
    let found = reordered(&conversion, &conversion.initial(), with_writes_swapped);
    assert_eq!(found, [false, true]);
}

#[test]
fn a_rename_before_the_sync_is_found() {
    for cut in demanding_cuts(Way::Plain) {
        let found = reordered(&Cutting(&cut), &cut.initial(), with_a_rename_too_early);
        assert_eq!(found, [true], "{}", cut.name);
    }
    let conversion = a_conversion();
    let found = reordered(&conversion, &conversion.initial(), with_a_rename_too_early);
    assert_eq!(found, [true; 2]);
}
