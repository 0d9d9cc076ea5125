//! Wrong writers: each has to be found.

use super::crash::Crashes;
use super::{LOG, Program, Step};
use crate::disk::{NameChange, Operation};
use crate::report::SEED;
use joedb::HEAD_SIZE;
use std::path::Path;

type Journal = Vec<Operation>;

fn run(steps: &[Step]) -> Program {
    Program::start(None).run(steps).unwrap()
}

/// Whether a program that asked for these operations instead of its own is found to be wrong.
fn is_found(program: &Program, journal: &[Operation]) -> bool {
    Crashes::new(SEED).check(program, journal, 0).is_err()
}

const HARD: [Step; 2] = [Step::Entry, Step::Hard];

/// Whether a write goes to one of the four places.
const fn is_place(operation: &Operation) -> bool {
    matches!(operation, Operation::Write { position, bytes, .. } if *position < 32 && bytes.len() == 8)
}

/// The last operations of a hard checkpoint: first copy, sync, second copy, sync.
fn last_four(journal: &[Operation]) -> usize {
    let start = journal.len() - 4;
    assert!(is_place(&journal[start]) && journal[start + 1].is_sync());
    assert!(is_place(&journal[start + 2]) && journal[start + 3].is_sync());
    start
}

#[test]
fn a_writer_that_leaves_out_a_sync_is_found() {
    let program = run(&HARD);
    assert!(!is_found(&program, &program.directory.journal()), "the right one was found to be wrong");
    // Making the file: its head, its name. The hard checkpoint: the log with the first copy, the second copy.
    let syncs = program.directory.journal().iter().filter(|operation| operation.is_sync()).count();
    assert_eq!(syncs, 4);
    for number in 0..syncs {
        let program = Program::start_without_sync(number).run(&HARD).unwrap();
        assert!(is_found(&program, &program.directory.journal()), "sync {number}");
    }
}

#[test]
fn a_writer_that_takes_a_failed_sync_for_a_sync_is_found() {
    let program = run(&HARD);
    let right = program.directory.journal();
    let start = last_four(&right);
    for place in [start + 1, start + 3] {
        let mut journal = right.clone();
        journal[place] = Operation::FailedSync { file: 0 };
        assert!(is_found(&program, &journal));
    }
}

#[test]
fn a_writer_that_writes_both_copies_before_the_sync_is_found() {
    let program = run(&HARD);
    let mut journal = program.directory.journal();
    let start = last_four(&journal);
    journal.swap(start + 1, start + 2);
    assert!(is_found(&program, &journal));
}

#[test]
fn a_writer_that_writes_the_entries_after_the_checkpoint_is_found() {
    let program = run(&HARD);
    let mut journal = program.directory.journal();
    let start = last_four(&journal);
    journal.swap(start - 1, start + 2);
    assert!(is_found(&program, &journal));
}

#[test]
fn a_writer_that_reuses_the_good_pair_is_found() {
    let program = run(&[Step::Entry, Step::Hard, Step::Entry, Step::Hard]);
    let mut journal = program.directory.journal();
    let start = last_four(&journal);
    for place in [start, start + 2] {
        if let Operation::Write { position, .. } = &mut journal[place] {
            *position ^= 16;
        }
    }
    assert!(is_found(&program, &journal));
}

#[test]
fn a_writer_whose_first_copy_takes_the_place_of_the_soft_checkpoint_is_found() {
    let program = run(&[Step::Entry, Step::Soft, Step::Hard]);
    let mut journal = program.directory.journal();
    let start = last_four(&journal);
    journal.swap(start, start + 2);
    assert!(is_found(&program, &journal));
}

#[test]
fn a_writer_that_puts_a_soft_checkpoint_where_a_hard_one_is_under_way_is_found() {
    // Behind the second copy, which is not synced yet, an entry is written: the wrong writer writes a checkpoint there.
    let steps = [Step::Entry, Step::Async, Step::Advance, Step::Advance, Step::Advance, Step::Advance];
    let program = run(&[&steps[..], &[Step::Entry, Step::Flush, Step::Advance]].concat());
    let mut journal = program.directory.journal();
    let flush = journal.len() - 2;
    let soft = journal.iter().rfind(|operation| is_place(operation)).cloned();
    let Some(Operation::Write { position: second_copy, file, .. }) = soft else { panic!("no second copy") };
    let bytes = (-47_i64).to_le_bytes().to_vec();
    journal[flush] = Operation::Write { file, position: second_copy, bytes };
    assert!(is_found(&program, &journal));
}

#[test]
fn a_writer_that_names_a_file_before_its_head_is_synced_is_found() {
    let program = run(&[]);
    let mut journal = program.directory.journal();
    let renames = |operation: &Operation| matches!(operation, Operation::Name(NameChange::Rename { .. }));
    let rename = journal.iter().position(renames).unwrap();
    journal.swap(rename - 1, rename);
    assert!(is_found(&program, &journal));
}

#[test]
fn old_bytes_behind_a_checkpoint_that_goes_on_are_found() {
    // A writer that does not clear a soft checkpoint past the end: the log grows, and it comes true.
    let program = run(&[Step::Large, Step::Soft]);
    let journal: Journal = program.directory.journal();
    let Some(Operation::Write { file, .. }) = journal.iter().rfind(|operation| is_place(operation)) else {
        panic!("no checkpoint")
    };
    let stale = Operation::Write { file: *file, position: 16, bytes: (-100_i64).to_le_bytes().to_vec() };
    let head_write = journal.iter().position(is_place).unwrap();
    let mut journal = journal;
    journal[head_write] = stale;
    assert!(is_found(&program, &journal));
    assert!(program.directory.state()[Path::new(LOG)].len() > HEAD_SIZE as usize + 100);
}
