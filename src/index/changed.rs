//! Bytes that changed in the body of a log, where nothing ever changes: rot, or another program.

use super::block::Block;
use super::{Index, build::Built};
use crate::entry::TableId;
use crate::head::HEAD_SIZE;
use crate::journal::{Journal, SourceError};
use crc32fast::Hasher;

/// A single bit that was turned over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The position of its byte.
    pub position: u64,
    /// The byte that stands there.
    pub found: u8,
    /// The one that was indexed.
    pub expected: u8,
}

/// Whether the bytes of a block are entries still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decodes {
    /// They are, and as many as before, of the same tables: values may be others.
    Alike,
    /// They are entries that make sense, but not the same ones.
    Otherwise,
    /// They are not, from some position on.
    Not {
        /// The end of the last one that is.
        until: u64,
    },
}

/// A block whose bytes are not those that were indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Where it begins.
    pub position: u64,
    /// Where it ends.
    pub end: u64,
    /// The CRC-32 of its bytes now.
    pub found: u32,
    /// The one that was indexed.
    pub expected: u32,
    /// How many entries it had.
    pub entries: u64,
    /// The tables that they spoke of.
    pub tables: Vec<TableId>,
    /// Whether it decodes still.
    pub decodes: Decodes,
    /// The bit that was turned over, if one alone explains the checksum.
    pub flip: Option<Flip>,
}

/// What became of the bytes that an index covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rot {
    /// All are as they were.
    None,
    /// It is the log that was indexed, and some blocks of it changed.
    Blocks(Vec<Changed>),
    /// It is another log, or this one was cut and went on in another way.
    OtherLog,
}

impl Index {
    /// Reads every byte that is covered, and compares the checksums of all blocks. `watch` is told the position reached
    /// about every megabyte.
    ///
    /// A log that changed is told from one that took its place by what changed: the last block is as it was; or few are
    /// not, and each of those has a checksum that a single bit explains, or entries that are alike but for their values.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn changed(&self, journal: &mut Journal, watch: &mut dyn FnMut(u64)) -> Result<Rot, SourceError> {
        if self.fits(journal).is_err() {
            return Ok(Rot::OtherLog);
        }
        let mut changed = Vec::new();
        for (number, block) in self.blocks().iter().enumerate() {
            let found = crc_of(journal, block)?;
            if found != block.crc {
                changed.push((number, found));
            }
            watch(block.end());
        }
        if changed.is_empty() {
            return Ok(Rot::None);
        }
        let has_its_end =
            changed.last().is_some_and(|(last, _)| last.saturating_add(1) < self.blocks().len());
        let mut blocks = Vec::new();
        for (number, found) in changed {
            blocks.extend(self.examine(journal, number, found)?);
        }
        let is_alike = |block: &Changed| block.flip.is_some() || block.decodes == Decodes::Alike;
        let are_few = blocks.len() == 1 || blocks.len() <= self.blocks().len() / 2;
        let is_this_log = has_its_end || (are_few && blocks.iter().all(is_alike));
        Ok(if is_this_log { Rot::Blocks(blocks) } else { Rot::OtherLog })
    }

    fn examine(
        &self,
        journal: &mut Journal,
        number: usize,
        found: u32,
    ) -> Result<Option<Changed>, SourceError> {
        let Some(block) = self.blocks().get(number) else { return Ok(None) };
        let decodes = self.decodes(journal, number, block)?;
        let flip = flip(journal, block, found ^ block.crc)?;
        Ok(Some(Changed {
            position: block.position,
            end: block.end(),
            found,
            expected: block.crc,
            entries: block.tally.entries,
            tables: block.tables.iter().map(|share| share.table).collect(),
            decodes,
            flip,
        }))
    }

    /// Indexes a block again.
    fn decodes(&self, journal: &mut Journal, number: usize, block: &Block) -> Result<Decodes, SourceError> {
        let schema_entries = self.schema_entries.iter();
        let before = Index {
            blocks: self.blocks().get(..number).unwrap_or_default().to_vec(),
            context: block.context,
            schema_entries: schema_entries
                .take_while(|entry| entry.position < block.position)
                .cloned()
                .collect(),
            ..Index::with_block_size(self.version, self.block_size)
        };
        let Built { index, damage } = before.extend_to(journal, block.end(), &mut |_| {})?;
        let now = index.blocks().get(number);
        let alike =
            |now: &Block| (now.length, now.tally, &now.tables) == (block.length, block.tally, &block.tables);
        Ok(match (damage, now) {
            (Some(_), _) => Decodes::Not { until: index.end() },
            (None, Some(now)) if alike(now) => Decodes::Alike,
            (None, _) => Decodes::Otherwise,
        })
    }
}

/// The CRC-32 of a block's bytes as they are now.
pub(super) fn crc_of(journal: &mut Journal, block: &Block) -> Result<u32, SourceError> {
    let mut hasher = Hasher::new();
    let mut position = block.position;
    while position < block.end() {
        let piece = journal.bytes(position, block.end().saturating_sub(position))?;
        if piece.is_empty() {
            break;
        }
        hasher.update(piece);
        position = position.saturating_add(piece.len() as u64);
    }
    Ok(hasher.finalize())
}

/// The bit that explains by how much a checksum differs. A CRC is linear: turning over a bit changes it by what depends
/// on nothing but the distance of the bit from the end, so that walking back from there, a step a bit, finds it.
fn flip(journal: &mut Journal, block: &Block, difference: u32) -> Result<Option<Flip>, SourceError> {
    /// CRC-32 in its reflected form, as every file format has it.
    const POLYNOMIAL: u32 = 0xedb8_8320;
    /// Where a block is one long entry, it is not worth a search.
    const FARTHEST: u64 = 16 * 1024 * 1024;
    let mut syndrome = POLYNOMIAL;
    for distance in 1..=block.length.min(FARTHEST) {
        // The highest bit of a byte is the nearest to the end.
        for bit in (0..u8::BITS).rev() {
            if syndrome == difference {
                let position = block.end().saturating_sub(distance).max(HEAD_SIZE);
                let found = journal.bytes(position, 1)?.first().copied();
                let mask = 1_u8.wrapping_shl(bit);
                return Ok(found.map(|found| Flip { position, found, expected: found ^ mask }));
            }
            let carry = if syndrome & 1 == 1 { POLYNOMIAL } else { 0 };
            syndrome = (syndrome >> 1) ^ carry;
        }
    }
    Ok(None)
}
