//! Building an index, and bringing one up to date: one walk over the bytes that it does not cover.

use super::block::{Block, TableShare, Timestamps};
use super::totals::{Counting, table_of};
use super::{Index, SchemaEntry};
use crate::decode::Context;
use crate::entry::{Entry, Located, TableId};
use crate::head::HEAD_SIZE;
use crate::journal::{Bookmark, Flow, Journal, SourceError, Visitor, Walk};
use crate::sense::{Damage, Sense};
use crc32fast::Hasher;

/// An index, and what kept it from covering all of the log.
#[derive(Clone, Debug)]
pub struct Built {
    /// It covers the log up to its current checkpoint, or to what is wrong before that.
    pub index: Index,
    /// What is wrong there.
    pub damage: Option<Damage>,
}

impl Index {
    /// Reads a log up to its current checkpoint, and makes an index of it. `watch` is told the position reached about
    /// every megabyte.
    ///
    /// # Errors
    /// [`SourceError`]; damage of the log is part of what is returned.
    pub fn build(journal: &mut Journal, watch: &mut dyn FnMut(u64)) -> Result<Built, SourceError> {
        Index::empty(journal.version()).extend(journal, watch)
    }

    /// Brings an index of this very log up to its current checkpoint. It reads nothing of what is covered, and gives the
    /// same index as if it had been built at once.
    ///
    /// # Errors
    /// [`SourceError`]; damage of the log is part of what is returned.
    pub fn extend(self, journal: &mut Journal, watch: &mut dyn FnMut(u64)) -> Result<Built, SourceError> {
        let end = journal.checkpoints().claimed();
        self.extend_to(journal, end, watch)
    }

    /// As [`Index::extend`], up to `end`.
    pub(super) fn extend_to(
        mut self,
        journal: &mut Journal,
        end: u64,
        watch: &mut dyn FnMut(u64),
    ) -> Result<Built, SourceError> {
        let sense = self.sense_at(journal, self.end());
        let bookmark = Bookmark::at(journal.version(), self.end(), self.context);
        let mut builder = Builder::new(&mut self, sense, watch);
        let mut entries = journal.entries_from(&bookmark, end);
        let walk = entries.walk(&mut builder)?;
        let damage = match walk {
            Walk::Undecodable(error) => Some(Damage::Undecodable(error)),
            Walk::End | Walk::Stopped => builder.damage.take(),
        };
        builder.finish();
        Ok(Built { index: self, damage })
    }
}

/// Counts entries into blocks.
struct Builder<'a> {
    index: &'a mut Index,
    sense: Sense,
    counting: Counting,
    /// The block that grows, and what it holds of each table.
    block: Block,
    shares: Shares,
    /// The context behind the last entry.
    context: Context,
    sums: Sums,
    /// How many entries of the schema have their bytes.
    filled: usize,
    damage: Option<Damage>,
    watch: &'a mut dyn FnMut(u64),
}

impl<'a> Builder<'a> {
    /// Goes on with the last block if that is not full.
    fn new(index: &'a mut Index, sense: Sense, watch: &'a mut dyn FnMut(u64)) -> Builder<'a> {
        let (end, context) = (index.end(), index.context);
        let so_far = index.blocks.last().map_or(0, |block| block.crc_so_far);
        let size = index.block_size;
        let open = index.blocks.pop_if(|block| block.length < size);
        let mut block = open.unwrap_or_else(|| Block::empty(end, context));
        let sums = Sums {
            block: Hasher::new_with_initial_len(block.crc, block.length),
            so_far: Hasher::new_with_initial_len(so_far, end.saturating_sub(HEAD_SIZE)),
            position: end,
            next: index.blocks.len(),
        };
        let (counting, shares) = (Counting::of(&index.totals), Shares::of(std::mem::take(&mut block.tables)));
        let filled = index.schema_entries.len();
        Builder { index, sense, counting, block, shares, context, sums, filled, damage: None, watch }
    }

    /// Ends the block that grows. Its checksums are filled in when its bytes come.
    fn end_block(&mut self) {
        let position = self.block.end();
        let full = std::mem::replace(&mut self.block, Block::empty(position, self.context));
        self.index.blocks.push(Block { tables: self.shares.take(), ..full });
    }

    /// Puts the block that grew last to the others.
    fn finish(mut self) {
        if self.block.length > 0 {
            let (crc, crc_so_far) = self.sums.values();
            self.block.crc = crc;
            self.block.crc_so_far = crc_so_far;
            self.end_block();
        }
        self.index.context = self.context;
        self.index.totals = self.counting.totals();
    }

    /// Gives the entries of the schema their bytes.
    fn fill_schema_entries(&mut self, bytes: &[u8]) {
        let start = self.sums.position;
        for entry in self.index.schema_entries.get_mut(self.filled..).into_iter().flatten() {
            let offset = usize::try_from(entry.position.saturating_sub(start)).unwrap_or(usize::MAX);
            let rest = bytes.get(offset..).unwrap_or_default();
            entry.bytes.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        }
        self.filled = self.index.schema_entries.len();
    }

    fn mark(&mut self, located: &Located<'_>) {
        match located.entry {
            Entry::ValidData => self.block.last_valid_data = Some(located.end()),
            Entry::Timestamp { seconds } => {
                self.block.timestamps = Some(Timestamps::with(self.block.timestamps, seconds, located.end()));
            }
            _ if located.entry.is_schema() => {
                self.index.schema_entries.push(SchemaEntry::awaited(located, self.index.version));
                self.sense.apply(located);
            }
            _ => {}
        }
    }
}

impl Visitor for Builder<'_> {
    type Error = SourceError;

    #[inline]
    fn entry(&mut self, located: &Located<'_>) -> Result<Flow, SourceError> {
        // Version 4's mark is written over when the log goes on.
        if matches!(located.entry, Entry::EndOfFile) {
            return Ok(Flow::Stop);
        }
        if let Err(damage) = self.sense.judge(located) {
            self.damage = Some(*damage);
            return Ok(Flow::Stop);
        }
        self.mark(located);
        self.counting.count(located);
        let rows = self.block.tally.rows;
        self.block.tally.count(&located.entry);
        self.block.length = self.block.length.saturating_add(located.length);
        if let Some(table) = table_of(&located.entry) {
            self.shares.count(table, self.block.tally.rows.saturating_sub(rows), located.length);
        }
        self.context.follow(&located.entry);
        if self.index.is_full(&self.block) {
            self.end_block();
        }
        Ok(Flow::Continue)
    }

    /// What the walk stopped in front of is not hashed.
    fn bytes(&mut self, bytes: &[u8], _: u64) -> Result<Flow, SourceError> {
        self.fill_schema_entries(bytes);
        self.sums.advance(bytes, &mut self.index.blocks, self.block.end());
        (self.watch)(self.block.end());
        Ok(Flow::Continue)
    }
}

/// The checksums of the bytes that were visited.
struct Sums {
    /// That of the block that is hashed, and that of all before and in it.
    block: Hasher,
    so_far: Hasher,
    /// Up to where bytes were hashed.
    position: u64,
    /// The block that waits for its checksums.
    next: usize,
}

impl Sums {
    fn values(&self) -> (u32, u32) {
        (self.block.clone().finalize(), self.so_far.clone().finalize())
    }

    /// Hashes bytes, which begin where the last ones ended, up to `end`, and fills in the checksums of blocks that are
    /// complete.
    fn advance(&mut self, bytes: &[u8], blocks: &mut [Block], end: u64) {
        let mut rest = bytes;
        for block in blocks.get_mut(self.next..).into_iter().flatten() {
            rest = self.hash(rest, block.end());
            (block.crc, block.crc_so_far) = self.values();
            self.block = Hasher::new();
            self.next = self.next.saturating_add(1);
        }
        self.hash(rest, end);
    }

    fn hash<'b>(&mut self, bytes: &'b [u8], until: u64) -> &'b [u8] {
        let length = usize::try_from(until.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let (now, later) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
        self.block.update(now);
        self.so_far.update(now);
        self.position = until;
        later
    }
}

/// What a block holds of each table, found by the table's id, and the ids that occur.
struct Shares {
    all: Vec<TableShare>,
    found: Vec<TableId>,
}

impl Shares {
    const NONE: TableShare = TableShare { table: TableId(0), entries: 0, rows: 0, bytes: 0 };

    fn of(known: Vec<TableShare>) -> Shares {
        let mut shares = Shares { all: Vec::new(), found: Vec::new() };
        for share in known {
            shares.at(share.table).into_iter().for_each(|place| *place = share);
        }
        shares
    }

    fn at(&mut self, table: TableId) -> Option<&mut TableShare> {
        let place = usize::from(table.0);
        if place >= self.all.len() {
            self.all.resize(place.saturating_add(1), Shares::NONE);
        }
        let share = self.all.get_mut(place)?;
        if share.entries == 0 {
            self.found.push(table);
            share.table = table;
        }
        Some(share)
    }

    fn count(&mut self, table: TableId, rows: u64, bytes: u64) {
        if let Some(share) = self.at(table) {
            share.entries = share.entries.saturating_add(1);
            share.rows = share.rows.saturating_add(rows);
            share.bytes = share.bytes.saturating_add(bytes);
        }
    }

    /// Those that occur, in the order of their ids; none are left.
    fn take(&mut self) -> Vec<TableShare> {
        self.found.sort_unstable();
        let found = std::mem::take(&mut self.found);
        let places = found.into_iter().filter_map(|table| {
            self.all.get_mut(usize::from(table.0)).map(|share| std::mem::replace(share, Shares::NONE))
        });
        places.collect()
    }
}
