//! A log made anew: packed, merged with itself, or moved to version 5. What comes out is clean, and its tables are the
//! same.

use super::anew::{merged, packed, snapshot, upgraded};
use super::input::{LARGEST, file};
use super::support::journal;
use super::tables::{tables, tables_at};
use joedb::Version;
use joedb::snapshot::Snapshot;
use joedb::store::Limits;

/// Rows that no bytes stand behind, after which a log says nothing new.
const LIMITS: Limits = Limits { rows: 1 << 12 };

/// The bytes are a file.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    let bytes = file(data);
    let end = journal(&bytes).checkpoints().current().unwrap_or(bytes.len() as u64);
    let Some(state) = snapshot(&bytes, end, LIMITS) else { return };
    if let Some(packed) = packed(&state, &bytes) {
        assert_eq!(tables(&packed), tables_at(&bytes, end));
        assert_packs_to_itself(&packed);
        assert_merges(state, &bytes, end);
    }
    if journal(&bytes).version() == Version::V4
        && let Some(upgraded) = upgraded(&bytes, end)
    {
        assert_eq!(tables(&upgraded), tables_at(&bytes, end));
    }
}

fn assert_packs_to_itself(once: &[u8]) {
    let state = snapshot(once, once.len() as u64, LIMITS).expect("it loads");
    assert!(packed(&state, once).as_deref() == Some(once), "packed twice it is another file");
}

/// Two of the same log have twice as many records.
fn assert_merges(state: Snapshot, bytes: &[u8], end: u64) {
    let twice = vec![(state.clone(), bytes), (state, bytes)];
    let Some((found, _)) = merged(twice) else { return };
    let found = tables(&found);
    for (name, rows) in tables_at(bytes, end) {
        assert_eq!(found[&name].values.len(), rows.values.len() * 2, "{name}");
        assert_eq!(found[&name].fields, rows.fields, "{name}");
    }
}
