//! Logs made anew in memory: packed, merged, moved to version 5. What comes out is clean and loads.

use super::support::{diagnosed, journal, loaded_report};
use joedb::diagnosis::FindingId;
use joedb::merge::{Merged, Merger};
use joedb::new_journal::{NewJournal, NewJournalError};
use joedb::pack::pack;
use joedb::recovery::Unattended;
use joedb::replay::{Range, ReplayError, Tolerance, replay};
use joedb::snapshot::Snapshot;
use joedb::storage::Existing;
use joedb::storage::memory::MemoryDirectory;
use joedb::store::Limits;
use joedb::{BlobPointers, Journal};
use std::path::Path;

pub(crate) type New<'a> = NewJournal<'a, MemoryDirectory>;

/// The file that entries make; `None` where they are refused.
pub(crate) fn made(entries: impl FnOnce(&mut New<'_>) -> bool) -> Option<Vec<u8>> {
    let (directory, name, mut supervisor) = (MemoryDirectory::default(), Path::new("new"), Unattended);
    let new = NewJournal::create(&directory, name, Existing::Refuse, BlobPointers::Follow, &mut supervisor);
    let mut new = new.expect("memory does not fail");
    if !entries(&mut new) {
        return None;
    }
    new.finish(None).expect("memory does not fail");
    let bytes = directory.file(name).expect("it has its name").bytes();
    assert_eq!(diagnosed(&mut journal(&bytes)).verdict, FindingId::Clean);
    assert_eq!(loaded_report(&bytes).verdict, FindingId::Clean);
    Some(bytes)
}

/// The state of a log behind the entries up to `end`; `None` where it cannot be loaded.
pub(crate) fn snapshot(bytes: &[u8], end: u64, limits: Limits) -> Option<Snapshot> {
    Snapshot::of(&mut journal(bytes), end, limits, &mut |_| {}).ok()
}

/// What is left of a log; `None` where a value points to no blob.
pub(crate) fn packed(snapshot: &Snapshot, bytes: &[u8]) -> Option<Vec<u8>> {
    made(|new| pack(snapshot, BlobPointers::Follow, &mut journal(bytes), new).is_ok())
}

/// Snapshots of logs, each of which can be packed, as one, and what was done; `None` where that is refused.
pub(crate) fn merged(logs: Vec<(Snapshot, &[u8])>) -> Option<(Vec<u8>, Merged)> {
    let (mut merger, mut journals) = (Merger::new(BlobPointers::Follow), Vec::<Journal>::new());
    for (snapshot, bytes) in logs {
        merger.add(snapshot).ok()?;
        journals.push(journal(bytes));
    }
    let (snapshot, merged) = merger.finish();
    let bytes = made(|new| pack(&snapshot, BlobPointers::Follow, &mut journals[..], new).is_ok());
    Some((bytes.expect("what packs alone packs together"), merged))
}

/// A log of version 4 in version 5; `None` where it does not decode, or a value points to no blob.
pub(crate) fn upgraded(bytes: &[u8], end: u64) -> Option<Vec<u8>> {
    made(|new| {
        let range = Range::up_to(end);
        let replayed = replay::<New<'_>>(&mut journal(bytes), range, Tolerance::Strict, new, &mut |_| {});
        let is_refused = |error| matches!(error, ReplayError::Sink(NewJournalError::Blob { .. }));
        match replayed {
            Ok(replayed) => replayed.interruption.is_none(),
            Err(error) => !is_refused(error) && panic!("memory does not fail"),
        }
    })
}
