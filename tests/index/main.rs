//! The sidecar index: what it says of any log, and that a log read with it comes out as without.

mod access;
mod file;
mod flips;
mod hostile;
#[path = "../support/logs.rs"]
#[expect(dead_code, reason = "what is known of a log without reading it is needed in part")]
mod logs;
mod steps;
mod warm;

use joedb::index::Index;
use joedb::{Head, Journal, Version};

/// Blocks so small that the smallest logs have several.
const SMALL: u64 = 24;

/// A journal of bytes with a head.
fn journal(bytes: &[u8]) -> Journal {
    Journal::from_bytes(bytes.to_vec()).unwrap()
}

/// An index of a log up to its checkpoint, with small blocks.
fn indexed(bytes: &[u8]) -> Index {
    let mut journal = journal(bytes);
    let empty = Index::with_block_size(journal.version(), SMALL);
    empty.extend(&mut journal, &mut |_| {}).unwrap().index
}

/// The log with a head that says that it ends at `checkpoint`.
fn checkpointed(bytes: &[u8], version: Version, checkpoint: u64) -> Vec<u8> {
    [&Head::hard(version, checkpoint).to_bytes()[..], &bytes[41..]].concat()
}
