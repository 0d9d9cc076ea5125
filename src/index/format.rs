//! The bytes of an index: see [`Index`] for what stands where.

use super::block::{Block, TableShare, Timestamps};
use super::totals::{Amount, LargeEntry, TableTotals, Totals};
use super::{Index, SchemaEntry};
use crate::codec::{Cursor, Short};
use crate::decode::Context;
use crate::diagnosis::Tally;
use crate::entry::{Entry, FieldId, Kind, RecordId, TableId};
use crate::head::{HEAD_SIZE, Version};
use crate::storage::INDEX_MAGIC;
use std::collections::BTreeMap;

/// The version of the format.
pub const INDEX_VERSION: u32 = 1;

/// The bytes in front of what the checksum covers.
const SUMMED_FROM: usize = 16;

/// The bytes up to behind the length.
pub(super) const INDEX_HEAD: usize = 24;

/// Why bytes are no index that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Too short for a head, or without its signature.
    #[error("no index: \"joedbIDX\" and a head expected")]
    NoIndex,
    /// Written by other tools than these.
    #[error("version {0} found, {INDEX_VERSION} expected")]
    Version(u32),
    /// It has another length than it says.
    #[error("{found} bytes found, {expected} expected")]
    Length {
        /// How many there are.
        found: u64,
        /// How many it says.
        expected: u64,
    },
    /// Its bytes are not those that were written.
    #[error("CRC-32 {found:08x} found, {expected:08x} expected")]
    Damaged {
        /// The checksum of what is there.
        found: u32,
        /// The checksum that stands in it.
        expected: u32,
    },
    /// Its parts do not fit together, although the checksum is right.
    #[error("its parts do not fit together")]
    Nonsense,
}

impl From<Short> for FormatError {
    fn from(_: Short) -> FormatError {
        FormatError::Nonsense
    }
}

impl Index {
    /// The index as it stands in a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        out.0.extend([0; 8]);
        out.0.extend(self.version.number().to_le_bytes());
        out.numbers([self.block_size, self.blocks.len() as u64]);
        self.blocks.iter().for_each(|block| out.block(block));
        out.context(self.context);
        out.schema_entries(&self.schema_entries);
        out.totals(&self.totals);
        let length = out.0.len().saturating_add(SUMMED_FROM) as u64;
        out.0.splice(..8, length.to_le_bytes());
        let crc = crc32fast::hash(&out.0);
        [&INDEX_MAGIC[..], &INDEX_VERSION.to_le_bytes(), &crc.to_le_bytes(), &out.0].concat()
    }

    /// Whether there is a field for all that were counted: what is counted is kept by place.
    fn knows_counted_fields(&self) -> bool {
        let mut fields: BTreeMap<TableId, u64> = BTreeMap::new();
        for located in self.schema_entries.iter().filter_map(SchemaEntry::located) {
            if let Entry::AddField { table, .. } = located.entry {
                let count = fields.entry(table).or_default();
                *count = count.saturating_add(1);
            }
        }
        let last = |table| fields.get(table).copied().unwrap_or(0);
        self.totals.fields.keys().all(|(table, field)| u64::from(field.0) <= last(table))
    }

    /// Reads an index. Whether it is that of a log is for [`Index::verify`] to say.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn parse(bytes: &[u8]) -> Result<Index, FormatError> {
        let (expected, mut cursor) = check_head(bytes, bytes.len() as u64)?;
        let summed = cursor.rest();
        cursor.array::<8>()?;
        let found = crc32fast::hash(summed);
        if found != expected {
            return Err(FormatError::Damaged { found, expected });
        }
        Reader { cursor }.index()
    }
}

/// Signature, version and length, checked: the checksum of what follows it, and that.
pub(super) fn check_head(bytes: &[u8], found: u64) -> Result<(u32, Cursor<'_>), FormatError> {
    let no_index = |_| FormatError::NoIndex;
    let mut cursor = Cursor::new(bytes);
    if cursor.array().map_err(no_index)? != *INDEX_MAGIC {
        return Err(FormatError::NoIndex);
    }
    let version = u32::from_le_bytes(cursor.array().map_err(no_index)?);
    if version != INDEX_VERSION {
        return Err(FormatError::Version(version));
    }
    let crc = u32::from_le_bytes(cursor.array().map_err(no_index)?);
    let summed = cursor;
    let expected = u64::from_le_bytes(cursor.array().map_err(no_index)?);
    if found == expected { Ok((crc, summed)) } else { Err(FormatError::Length { found, expected }) }
}

struct Writer(Vec<u8>);

impl Writer {
    /// Seven bits a byte, the lowest first; the high bit says that more follow.
    fn number(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 0x80 {
            self.0.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        self.0.push(rest.to_le_bytes()[0]);
    }

    fn numbers<const N: usize>(&mut self, numbers: [u64; N]) {
        numbers.into_iter().for_each(|number| self.number(number));
    }

    fn context(&mut self, Context { table, record, field }: Context) {
        self.numbers([table.0.into(), record.stored(), field.0.into()]);
    }

    fn block(&mut self, block: &Block) {
        self.number(block.length);
        self.0.extend(block.crc.to_le_bytes());
        self.0.extend(block.crc_so_far.to_le_bytes());
        self.context(block.context);
        let Tally { entries, rows, timestamps, valid_data } = block.tally;
        self.numbers([entries, rows, timestamps, valid_data]);
        if let Some(Timestamps { first, last, earliest, end }) = block.timestamps {
            [first, last, earliest].iter().for_each(|seconds| self.0.extend(seconds.to_le_bytes()));
            self.number(end.saturating_sub(block.position));
        }
        if let Some(end) = block.last_valid_data {
            self.number(end.saturating_sub(block.position));
        }
        self.number(block.tables.len() as u64);
        for &TableShare { table, entries, rows, bytes } in &block.tables {
            self.numbers([table.0.into(), entries, rows, bytes]);
        }
    }

    fn schema_entries(&mut self, entries: &[SchemaEntry]) {
        self.number(entries.len() as u64);
        let mut before = HEAD_SIZE;
        for entry in entries {
            self.numbers([entry.position.saturating_sub(before), entry.bytes.len() as u64]);
            self.0.extend(&entry.bytes);
            before = entry.position;
        }
    }

    fn totals(&mut self, totals: &Totals) {
        self.number(totals.kinds.len() as u64);
        for (&opcode, &Amount { count, bytes }) in &totals.kinds {
            self.numbers([opcode.into(), count, bytes]);
        }
        self.number(totals.tables.len() as u64);
        for (table, &TableTotals { entries, inserted, deleted }) in &totals.tables {
            self.numbers([table.0.into(), entries.count, entries.bytes, inserted, deleted]);
        }
        self.number(totals.fields.len() as u64);
        for ((table, field), &Amount { count, bytes }) in &totals.fields {
            self.numbers([table.0.into(), field.0.into(), count, bytes]);
        }
        self.number(totals.largest.len() as u64);
        for &LargeEntry { length, position, kind, table } in &totals.largest {
            let table = table.map_or(0, |table| u64::from(table.0));
            self.numbers([length, position, kind.opcode().into(), table]);
        }
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
}

impl Reader<'_> {
    fn index(mut self) -> Result<Index, FormatError> {
        let version = match u32::from_le_bytes(self.cursor.array()?) {
            4 => Version::V4,
            5 => Version::V5,
            _ => return Err(FormatError::Nonsense),
        };
        let mut index = Index::with_block_size(version, self.number()?);
        for _ in 0..self.number()? {
            let block = self.block(index.end())?;
            let follows_a_full_one = index.blocks.last().is_none_or(|last| index.is_full(last));
            fits(follows_a_full_one && block.length > 0 && block.end() > index.end())?;
            index.blocks.push(block);
        }
        index.context = self.context()?;
        index.schema_entries = self.schema_entries(version, index.end())?;
        index.totals = self.totals(version)?;
        fits(self.cursor.left() == 0 && index.knows_counted_fields())?;
        Ok(index)
    }

    fn number(&mut self) -> Result<u64, FormatError> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.cursor.byte()?;
            let part = u64::from(byte & 0x7f);
            let shifted = part.wrapping_shl(shift);
            fits(shifted.wrapping_shr(shift) == part)?;
            number |= shifted;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(FormatError::Nonsense)
    }

    fn id(&mut self) -> Result<u16, FormatError> {
        u16::try_from(self.number()?).map_err(|_| FormatError::Nonsense)
    }

    fn seconds(&mut self) -> Result<i64, FormatError> {
        Ok(i64::from_le_bytes(self.cursor.array()?))
    }

    fn context(&mut self) -> Result<Context, FormatError> {
        let (table, record) = (TableId(self.id()?), RecordId::from_stored(self.number()?));
        Ok(Context { table, record, field: FieldId(self.id()?) })
    }

    fn amount(&mut self) -> Result<Amount, FormatError> {
        Ok(Amount { count: self.number()?, bytes: self.number()? })
    }

    fn block(&mut self, position: u64) -> Result<Block, FormatError> {
        let length = self.number()?;
        let crc = u32::from_le_bytes(self.cursor.array()?);
        let crc_so_far = u32::from_le_bytes(self.cursor.array()?);
        let context = self.context()?;
        let [entries, rows] = [self.number()?, self.number()?];
        let [timestamps, valid_data] = [self.number()?, self.number()?];
        let tally = Tally { entries, rows, timestamps, valid_data };
        let mut block = Block { length, crc, crc_so_far, tally, ..Block::empty(position, context) };
        fits(position.checked_add(length).is_some())?;
        if timestamps > 0 {
            let [first, last, earliest] = [self.seconds()?, self.seconds()?, self.seconds()?];
            block.timestamps = Some(Timestamps { first, last, earliest, end: self.place_in(&block)? });
        }
        if valid_data > 0 {
            block.last_valid_data = Some(self.place_in(&block)?);
        }
        for _ in 0..self.number()? {
            let table = TableId(self.id()?);
            let [entries, rows, bytes] = [self.number()?, self.number()?, self.number()?];
            let is_next = block.tables.last().is_none_or(|last| last.table < table);
            // Each entry that speaks of a table has bytes of the block, so that shares cannot fill the memory.
            fits(is_next && (block.tables.len() as u64) < length)?;
            block.tables.push(TableShare { table, entries, rows, bytes });
        }
        Ok(block)
    }

    /// The end of an entry of a block.
    fn place_in(&mut self, block: &Block) -> Result<u64, FormatError> {
        let offset = self.number()?;
        fits((1..=block.length).contains(&offset))?;
        Ok(block.position.saturating_add(offset))
    }

    fn schema_entries(&mut self, version: Version, end: u64) -> Result<Vec<SchemaEntry>, FormatError> {
        let (mut entries, mut boundary, mut before) = (Vec::new(), HEAD_SIZE, HEAD_SIZE);
        for _ in 0..self.number()? {
            let position = before.saturating_add(self.number()?);
            let length = self.number()?;
            let entry = SchemaEntry { position, version, bytes: self.cursor.take(length)?.into() };
            fits(position >= boundary && entry.end() <= end && entry.is_whole())?;
            (before, boundary) = (position, entry.end());
            entries.push(entry);
        }
        Ok(entries)
    }

    fn totals(&mut self, version: Version) -> Result<Totals, FormatError> {
        let mut totals = Totals::default();
        for _ in 0..self.number()? {
            let opcode = u8::try_from(self.number()?).map_err(|_| FormatError::Nonsense)?;
            fits(Kind::from_opcode(opcode, version).is_some())?;
            totals.kinds.insert(opcode, self.amount()?);
        }
        for _ in 0..self.number()? {
            let table = TableId(self.id()?);
            let (entries, [inserted, deleted]) = (self.amount()?, [self.number()?, self.number()?]);
            totals.tables.insert(table, TableTotals { entries, inserted, deleted });
        }
        for _ in 0..self.number()? {
            let field = (TableId(self.id()?), FieldId(self.id()?));
            totals.fields.insert(field, self.amount()?);
        }
        for _ in 0..self.number()? {
            totals.largest.push(self.large_entry(version)?);
        }
        Ok(totals)
    }

    fn large_entry(&mut self, version: Version) -> Result<LargeEntry, FormatError> {
        let [length, position] = [self.number()?, self.number()?];
        let opcode = u8::try_from(self.number()?).map_err(|_| FormatError::Nonsense)?;
        let kind = Kind::from_opcode(opcode, version).ok_or(FormatError::Nonsense)?;
        let table = Some(TableId(self.id()?)).filter(|table| table.0 > 0);
        Ok(LargeEntry { length, position, kind, table })
    }
}

fn fits(it_does: bool) -> Result<(), FormatError> {
    if it_does { Ok(()) } else { Err(FormatError::Nonsense) }
}
