//! What an index knows of a part of a log.

use crate::decode::Context;
use crate::diagnosis::Tally;
use crate::entry::TableId;

/// A block ends at the first boundary between entries at which it has so many bytes, unless it was said otherwise. That is a
/// little less than what is read at a time, so that a block of small entries is read at once.
pub const BLOCK_SIZE: u64 = 960 * 1024;

/// A part of the log that begins and ends between two entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where it begins, in bytes from the beginning of the file.
    pub position: u64,
    /// How many bytes it has: no fewer than asked for, but in the last block.
    pub length: u64,
    /// The CRC-32 of its bytes.
    pub crc: u32,
    /// The CRC-32 of all bytes from 41 to its end.
    pub crc_so_far: u32,
    /// What the entries before it left out for its first ones.
    pub context: Context,
    /// What was counted in it.
    pub tally: Tally,
    /// Its timestamps, if it has any.
    pub timestamps: Option<Timestamps>,
    /// The end of its last `valid_data`.
    pub last_valid_data: Option<u64>,
    /// What it holds of each table that its entries speak of, by id.
    pub tables: Vec<TableShare>,
}

impl Block {
    /// Nothing yet, from `position` on.
    pub(super) const fn empty(position: u64, context: Context) -> Block {
        Block {
            position,
            length: 0,
            crc: 0,
            crc_so_far: 0,
            context,
            tally: Tally { entries: 0, rows: 0, timestamps: 0, valid_data: 0 },
            timestamps: None,
            last_valid_data: None,
            tables: Vec::new(),
        }
    }

    /// The position behind its last entry.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.position.saturating_add(self.length)
    }
}

/// The timestamps of a block, in seconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamps {
    /// The first one.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// The lowest of all: clocks are set back.
    pub earliest: i64,
    /// The end of the last entry.
    pub end: u64,
}

impl Timestamps {
    /// What becomes of the timestamps of a block with one more, whose entry ends at `end`.
    pub(super) fn with(before: Option<Timestamps>, seconds: i64, end: u64) -> Timestamps {
        let first = before.map_or(seconds, |before| before.first);
        let earliest = before.map_or(seconds, |before| before.earliest.min(seconds));
        Timestamps { first, last: seconds, earliest, end }
    }
}

/// What entries of a block are about a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableShare {
    /// The table.
    pub table: TableId,
    /// How many entries speak of it; one that makes it does not, for it names no id.
    pub entries: u64,
    /// How many records they insert.
    pub rows: u64,
    /// The bytes of these entries.
    pub bytes: u64,
}
