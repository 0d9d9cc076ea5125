//! Recovery of any file: what comes out is clean, a beginning of the original, and can be written on. A cut in place
//! that fails anywhere can be undone.

use super::faulty::{FaultyDirectory, FaultyFile, Fuse};
use super::input::{Choices, LARGEST, file};
use super::support::{assert_clean_beginning, journal, recovered};
use joedb::recovery::{
    ApplyError, Outputs, Plan, PlanOptions, Target, Unattended, apply, apply_in_place, plan, undo,
};
use joedb::storage::memory::{MemoryDirectory, MemoryFile};
use joedb::storage::{Directory, Existing, Storage as _};
use joedb::writer::{Options, Writer};
use joedb::{Entry, Version};
use std::path::Path;

/// The bytes are a file; the last eight choose a position and the operation that fails.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    let bytes = file(data);
    let mut choices = Choices::at_end_of(data, 8);
    let position = choices.below(bytes.len() + 2) as u64;
    let failing = u32::from(choices.byte() % 40);
    let targets = targets(position, i64::from(choices.byte()) << 24);
    // The search for an order of writes takes most of the time, so one has to do.
    assert_can_be_undone(&bytes, targets[choices.below(targets.len())], failing);
    for target in targets {
        if let Ok(good) = recovered(&bytes, target, true) {
            assert_clean_beginning(&good, &bytes);
            assert_can_be_written_on(good);
        }
        assert_applies_unverified(&bytes, target);
    }
}

fn targets(position: u64, seconds: i64) -> [Target; 11] {
    [
        Target::Checkpoint,
        Target::Hard,
        Target::Soft,
        Target::Pending,
        Target::ValidData,
        Target::Timestamp,
        Target::Time(seconds),
        Target::LastEntry,
        Target::Eof,
        Target::Position(position),
        Target::Until(position),
    ]
}

/// A writer takes the recovered file as it is, and a reader finds what it adds.
fn assert_can_be_written_on(good: Vec<u8>) {
    if journal(&good).version() == Version::V4 {
        return;
    }
    let (directory, end) = (MemoryDirectory::default(), good.len() as u64);
    let file = MemoryFile::new(good);
    let path = Path::new("log");
    let opened = Writer::open_in(&directory, path, file.clone(), &Options::default());
    let mut writer = opened.expect("a recovered file can be written");
    assert_eq!(writer.position(), end);
    writer.write(&Entry::ValidData).expect("memory does not fail");
    writer.hard_checkpoint().expect("memory does not fail");
    drop(writer);
    let found = journal(&file.bytes());
    assert_eq!(found.checkpoints().current(), Ok(end + 1));
}

/// Where nobody asked for a look at the log, the bytes up to the cut are kept all the same.
fn assert_applies_unverified(bytes: &[u8], target: Target) {
    let options = PlanOptions { verify: false, allow_empty: true };
    let Ok(plan) = plan(&mut journal(bytes), target, options, &mut |_| {}) else { return };
    let directory = MemoryDirectory::default();
    let outputs = Outputs { output: "good".into(), existing: Existing::Refuse, tail: Some("tail".into()) };
    let source = MemoryFile::new(bytes.to_vec());
    apply(&plan, &source, &directory, &outputs, &mut Unattended).expect("memory does not fail");
    let cut = usize::try_from(plan.cut).expect("it lies in memory");
    let found = directory.file(Path::new("good")).expect("the output").bytes();
    assert!(found[..41] == plan.head().to_bytes() && found[41..] == bytes[41..cut]);
    let tail = directory.file(Path::new("tail")).map(|tail| tail.bytes()).unwrap_or_default();
    assert_eq!(tail, &bytes[cut..]);
}

fn assert_can_be_undone(bytes: &[u8], target: Target, failing: u32) {
    let options = PlanOptions { verify: true, allow_empty: true };
    let Ok(plan) = plan(&mut journal(bytes), target, options, &mut |_| {}) else { return };
    let (log, undo_name, fuse) = (Path::new("log"), Path::new("log.undo"), Fuse::none());
    let directory = FaultyDirectory::new(fuse.clone());
    let mut file = directory.create_new(log).expect("memory does not fail");
    file.write_at(bytes, 0).expect("memory does not fail");
    fuse.set(Some(failing).filter(|&number| number > 0));
    let done = apply_in_place(&plan, log, &mut file, &directory, Some(undo_name), &mut Unattended);
    let has_died = fuse.has_failed();
    fuse.set(None);
    match &done {
        Ok(receipt) if receipt.changed => assert_is_cut(&file, &plan),
        Ok(_) | Err(ApplyError::NoSafeWay { .. }) => assert!(file.file.bytes() == bytes),
        Err(error) => assert!(has_died, "{error}"),
    }
    let Some(mut undo_file) = directory.file(undo_name) else {
        return assert!(file.file.bytes() == bytes, "changed before there was a way back");
    };
    // An undo that fails too is taken up again.
    fuse.set(Some(failing / 2).filter(|&number| number > 0));
    let undone = undo(log, &mut file, undo_name, &mut undo_file, &mut Unattended);
    let has_died = fuse.has_failed();
    fuse.set(None);
    if let Err(error) = undone {
        assert!(has_died, "{error}");
        undo(log, &mut file, undo_name, &mut undo_file, &mut Unattended).expect("the second time it works");
    }
    assert!(file.file.bytes() == bytes, "undoing did not give the file back");
}

fn assert_is_cut(file: &FaultyFile, plan: &Plan) {
    let found = file.file.bytes();
    assert_eq!(found.len() as u64, plan.cut);
    assert_eq!(found[..41], plan.head().to_bytes());
}
