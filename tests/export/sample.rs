//! Logs to export, and the state of a log.

use crate::author::{Act, book};
use crate::tables::{Held, Rows, tables};
use joedb::export::State;
use joedb::store::Limits;
use joedb::{Head, Journal, Version};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The tables of a log by name.
pub(crate) type Tables = BTreeMap<String, Rows>;

/// A file whose bytes are in memory, and can be read by another thread.
struct Bytes(Vec<u8>);

impl joedb::storage::ReadAt for Bytes {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> std::io::Result<usize> {
        let rest = usize::try_from(position).ok().and_then(|from| self.0.get(from..)).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn size(&self) -> std::io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

/// The state of a log at its checkpoint.
pub(crate) fn state(bytes: &[u8]) -> State {
    let mut journal = Journal::from_bytes(bytes.to_vec()).unwrap();
    let (end, limits) = (journal.checkpoints().current().unwrap(), Limits::for_log(journal.size()));
    State::load(&mut journal, end, limits, Box::new(Bytes(bytes.to_vec())), &mut |_| {}).unwrap()
}

/// The joedb files in a folder of the corpus.
pub(crate) fn corpus(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus").join(folder);
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "joedb"))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// The logs of the corpus, and one of each type's extremes.
pub(crate) fn logs() -> Vec<(String, Vec<u8>)> {
    let paths = ["valid", "v4", "real"].into_iter().flat_map(corpus);
    let logs = paths.map(|path| (path.display().to_string(), fs::read(path).unwrap()));
    logs.chain([("extremes".to_owned(), extremes())]).collect()
}

/// A log of each type's extremes, up to where it inserts the last record that there can be, for which no store has room.
fn extremes() -> Vec<u8> {
    let book = book();
    let is_last = |act: &Act| matches!(act, Act::Insert { record, .. } if *record > 1 << 40);
    let cut = book.written.iter().find(|written| is_last(&written.act)).unwrap().begin;
    let mut bytes = book.file[..usize::try_from(cut).unwrap()].to_vec();
    bytes[..41].copy_from_slice(&Head::hard(Version::V5, cut).to_bytes());
    bytes
}

/// Asserts that what was read back is what the log holds, once both were made alike by `alike`.
pub(crate) fn assert_same(name: &str, bytes: &[u8], found: &Tables, alike: fn(&Held) -> Held) {
    let expected = tables(bytes);
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "{name}");
    for (table, expected) in &expected {
        let found = &found[table];
        assert_eq!(expected.fields, found.fields, "{name} {table}");
        assert!(expected.values.keys().eq(found.values.keys()), "{name} {table}: other records");
        for (record, expected) in &expected.values {
            let expected: Vec<Held> = expected.iter().map(alike).collect();
            let found: Vec<Held> = found.values[record].iter().map(alike).collect();
            assert_eq!(expected, found, "{name} {table} {record}");
        }
    }
}

/// For formats in which a blob that was never set, or is elsewhere, is null.
pub(crate) fn null_blobs(held: &Held) -> Held {
    match held {
        Held::Blob(None) => Held::Blob(Some(Vec::new())),
        other => other.clone(),
    }
}
