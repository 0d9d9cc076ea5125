//! A sidecar index: what it costs time to find out of a log, kept in a file beside it.
//!
//! joedb reads a log from its beginning whenever it opens it, and so does whoever wants its end: what an entry means
//! depends on all before it. An [`Index`] holds what of that matters, a block of about a megabyte at a time, so that
//! reading goes on from any block. It holds checksums too, which joedb does not: a byte that changed in the body, where
//! nothing ever changes, is found ([`Index::changed`]).
//!
//! ```
//! use joedb::index::Index;
//! use joedb::{Access, Journal};
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clean.joedb").as_ref();
//!
//! let mut journal = Journal::open(path, Access::Window)?;
//! let index = Index::build(&mut journal, &mut |_| {})?.index;
//!
//! // Kept, it is brought up to date later, which costs no more than the bytes that are new.
//! let index = Index::parse(&index.to_bytes())?;
//! index.verify(&mut journal)?;
//! let index = index.extend(&mut journal, &mut |_| {})?.index;
//! assert_eq!(index.end(), journal.checkpoints().current()?);
//!
//! // Entries from anywhere: no more than a block is decoded before them.
//! let mut entries = index.entries_at(&mut journal, 126)?;
//! let entry = entries.next()?.expect("an entry stands there");
//! assert!(entry.position <= 126 && entry.end() > 126);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An index is never needed, and never trusted: without one, or with one that is of another log, everything is read,
//! and comes out the same. [`read_beside`] says what it is worth.

mod block;
mod build;
mod changed;
mod findings;
mod format;
mod seek;
mod sidecar;
mod statistics;
mod survey;
mod totals;
mod warm;

pub use block::{BLOCK_SIZE, Block, TableShare, Timestamps};
pub use build::Built;
pub use changed::{Changed, Decodes, Flip, Rot};
pub use format::{FormatError, INDEX_VERSION};
pub use sidecar::{NotSaved, Unused, read_beside, save_beside};
pub use statistics::{
    FieldStatistics, Growth, KindStatistics, LargestEntry, Span, Statistics, TableStatistics,
};
pub use totals::{Amount, LARGEST, LargeEntry, TableTotals, Totals};
pub use warm::{print, replay, replay_schema};

use crate::decode::{Context, Decoder};
use crate::entry::Located;
use crate::head::{HEAD_SIZE, Version};
use crate::journal::{Bookmark, Journal};
use crate::replay::Played;
use crate::schema::Schema;
use crate::sense::Sense;

/// What is known of a log up to some position: its blocks, its schema, and counts.
///
/// # Format, version 1
///
/// `NAME.index` stands beside the log `NAME`. Integers of fixed size are little-endian. A *number* has seven bits in each
/// byte, the lowest first, and the high bit of a byte says that another follows. A *place* in a block is a number: its
/// distance from the beginning of the block.
///
/// ```text
///   0  "joedbIDX"
///   8  u32  version = 1
///  12  u32  CRC-32 of the bytes from 16 to the end
///  16  u64  length of the index in bytes, from 0
///  24  u32  version of the log's format
///  28  bytes that a block has at least, but the last one
///      number of blocks, then each block:
///        length in bytes; a block begins where the one before it ends, the first one at 41
///        u32  CRC-32 of its bytes
///        u32  CRC-32 of all bytes of the log from 41 to its end
///        context in front of it: table, record + 1, field
///        entries, rows inserted, timestamps, valid_data entries
///        if it has timestamps: i64 seconds of the first, of the last, of the earliest; place where the last one ends
///        if it has valid_data: place where the last one ends
///        number of tables, then for each: id, entries, rows inserted, bytes of these entries
///      context at the end: table, record + 1, field
///      number of schema entries, then each:
///        distance from the one before it (the first one from 41), length, its bytes
///      number of kinds, then for each: opcode, entries, bytes
///      number of tables, then for each: id, entries, bytes, rows inserted, rows deleted
///      number of fields, then for each: table, field, values set, bytes of the entries
///      number of large entries, then for each: length, position, opcode, table (0 for none)
/// ```
///
/// A block ends at the first boundary between entries at which it has enough bytes, 960 KiB; the last one may have fewer.
/// An index covers no more than the log had up to its checkpoint, where nothing changes any more; what names the log are
/// the length that is covered, and the checksums of the first and the last block. Version 4's end-of-file mark is never
/// covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    version: Version,
    /// So many bytes at least has a block to which nothing is added any more.
    block_size: u64,
    blocks: Vec<Block>,
    /// Behind the last block.
    context: Context,
    schema_entries: Vec<SchemaEntry>,
    totals: Totals,
}

impl Index {
    /// An index that covers nothing yet, with blocks of [`BLOCK_SIZE`].
    #[must_use]
    pub fn empty(version: Version) -> Index {
        Index::with_block_size(version, BLOCK_SIZE)
    }

    /// The same with blocks of at least `block_size` bytes: smaller ones make a larger index, and less to decode in front
    /// of what is looked for.
    #[must_use]
    pub fn with_block_size(version: Version, block_size: u64) -> Index {
        Index {
            version,
            block_size: block_size.max(1),
            blocks: Vec::new(),
            context: Context::START,
            schema_entries: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// The position up to which the log is covered: a boundary between entries, 41 if there are none.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.blocks.last().map_or(HEAD_SIZE, Block::end)
    }

    /// The version of the log.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The blocks, in order and without gaps.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Counts over all that is covered.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The entries of the schema, `custom` ones included, in order.
    pub fn schema_entries(&self) -> impl Iterator<Item = Located<'_>> {
        self.schema_entries.iter().filter_map(SchemaEntry::located)
    }

    /// The schema in front of a position that is covered.
    #[must_use]
    pub fn schema_at(&self, position: u64) -> Schema {
        let mut schema = Schema::new();
        let before = self.schema_entries().take_while(|located| located.position < position);
        before.for_each(|located| schema.apply(&located.entry));
        schema
    }

    /// Whether nothing is added to a block any more.
    const fn is_full(&self, block: &Block) -> bool {
        block.length >= self.block_size
    }

    /// What makes sense from a boundary on.
    fn sense_at(&self, journal: &Journal, position: u64) -> Sense {
        let mut sense = Sense::new(journal.checkpoints());
        let before = self.schema_entries().take_while(|located| located.position < position);
        before.for_each(|located| sense.apply(&located));
        sense
    }

    /// The log played up to the last boundary that is known before or at a position. `skip` is told the entries of the
    /// schema that were passed, and the schema in front of each.
    fn played_before(
        &self,
        journal: &Journal,
        position: u64,
        mut skip: impl FnMut(&Located<'_>, &Schema),
    ) -> Played {
        let bookmark = self.bookmark_before(position);
        let mut sense = Sense::new(journal.checkpoints());
        for located in self.schema_entries().take_while(|located| located.position < bookmark.position()) {
            skip(&located, sense.schema());
            sense.apply(&located);
        }
        Played::at(sense, bookmark)
    }

    /// The last block that begins before or at a position, if that is covered; where it is not, the end.
    fn bookmark_before(&self, position: u64) -> Bookmark {
        if position >= self.end() {
            return Bookmark::at(self.version, self.end(), self.context);
        }
        let after = self.blocks.partition_point(|block| block.position <= position);
        match after.checked_sub(1).and_then(|number| self.blocks.get(number)) {
            Some(block) => Bookmark::at(self.version, block.position, block.context),
            None => Bookmark::start(self.version),
        }
    }
}

/// An entry of the schema as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SchemaEntry {
    position: u64,
    version: Version,
    bytes: Box<[u8]>,
}

impl SchemaEntry {
    /// An entry whose bytes come later.
    fn awaited(located: &Located<'_>, version: Version) -> SchemaEntry {
        let bytes = vec![0; usize::try_from(located.length).unwrap_or(0)];
        SchemaEntry { position: located.position, version, bytes: bytes.into() }
    }

    /// The position behind it.
    fn end(&self) -> u64 {
        self.position.saturating_add(self.bytes.len() as u64)
    }

    /// What it says. The context means nothing to it.
    fn located(&self) -> Option<Located<'_>> {
        Decoder::new(self.version).decode(&self.bytes, self.position).ok()
    }

    /// Whether it is one entry of the schema, and no byte more.
    fn is_whole(&self) -> bool {
        self.located().is_some_and(|located| located.entry.is_schema() && located.end() == self.end())
    }
}
