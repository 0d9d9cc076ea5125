//! A log made anew: packed, merged with itself, or moved to version 5. What comes out is clean, and its tables are the
//! same.

use super::input::{LARGEST, file};
use super::support::{diagnosed, journal, loaded_report};
use super::tables::{tables, tables_at};
use joedb::diagnosis::FindingId;
use joedb::merge::Merger;
use joedb::new_journal::{NewJournal, NewJournalError};
use joedb::pack::pack;
use joedb::recovery::Unattended;
use joedb::replay::{Range, Tolerance, replay};
use joedb::snapshot::Snapshot;
use joedb::storage::Existing;
use joedb::storage::memory::MemoryDirectory;
use joedb::store::Limits;
use joedb::{BlobPointers, Version};
use std::path::Path;

/// Rows that no bytes stand behind, after which a log says nothing new.
const ROWS: u64 = 1 << 12;

/// The bytes are a file.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    let bytes = file(data);
    let end = journal(&bytes).checkpoints().current().unwrap_or(bytes.len() as u64);
    let Some(snapshot) = snapshot(&bytes, end) else { return };
    if let Some(packed) = packed(&snapshot, &bytes) {
        assert_eq!(tables(&packed), tables_at(&bytes, end));
        assert_packs_to_itself(&packed);
        assert_merges(&bytes, end);
    }
    if let Some(upgraded) = upgraded(&bytes, end) {
        assert_eq!(tables(&upgraded), tables_at(&bytes, end));
    }
}

fn snapshot(bytes: &[u8], end: u64) -> Option<Snapshot> {
    Snapshot::of(&mut journal(bytes), end, Limits { rows: ROWS }, &mut |_| {}).ok()
}

type New<'a> = NewJournal<'a, MemoryDirectory>;

/// The file that entries make, which has to be clean and to load; `None` where they are refused.
fn made(entries: impl FnOnce(&mut New<'_>) -> bool) -> Option<Vec<u8>> {
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

/// What is left of a log; `None` where a value points to no blob.
fn packed(snapshot: &Snapshot, bytes: &[u8]) -> Option<Vec<u8>> {
    made(|new| pack(snapshot, BlobPointers::Follow, &mut journal(bytes), new).is_ok())
}

fn assert_packs_to_itself(once: &[u8]) {
    let snapshot = snapshot(once, once.len() as u64).expect("it loads");
    assert!(packed(&snapshot, once).as_deref() == Some(once), "packed twice it is another file");
}

/// Two of the same log have twice as many records.
fn assert_merges(bytes: &[u8], end: u64) {
    let mut merger = Merger::new(BlobPointers::Follow);
    for _ in 0..2 {
        let Some(snapshot) = snapshot(bytes, end) else { return };
        if merger.add(snapshot).is_err() {
            return;
        }
    }
    let (merged, _) = merger.finish();
    let mut journals = [journal(bytes), journal(bytes)];
    let found = made(|new| pack(&merged, BlobPointers::Follow, &mut journals[..], new).is_ok());
    let found = tables(&found.expect("what packs alone packs together"));
    for (name, rows) in tables_at(bytes, end) {
        assert_eq!(found[&name].values.len(), rows.values.len() * 2, "{name}");
        assert_eq!(found[&name].fields, rows.fields, "{name}");
    }
}

/// The log in version 5; `None` where it is already, or a value points to no blob.
fn upgraded(bytes: &[u8], end: u64) -> Option<Vec<u8>> {
    let mut old = journal(bytes);
    if old.version() != Version::V4 {
        return None;
    }
    made(|new| {
        let range = Range::up_to(end);
        let replayed = replay::<New<'_>>(&mut old, range, Tolerance::Strict, new, &mut |_| {});
        let is_refused =
            |error| matches!(error, joedb::replay::ReplayError::Sink(NewJournalError::Blob { .. }));
        match replayed {
            Ok(replayed) => replayed.interruption.is_none(),
            Err(error) => !is_refused(error) && panic!("memory does not fail"),
        }
    })
}
