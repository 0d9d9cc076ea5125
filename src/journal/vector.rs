//! Long vectors, some values at a time: nobody has to hold all of them, and several threads share one.

use super::source::{Source, SourceError};
use crate::codec::Cursor;
use crate::decode::{Decoder, VectorHead, value};
use crate::entry::{Entry, FieldId, Located, RecordId, TableId};
use crate::head::Version;
use crate::value::Values;

/// Some of the values of an `update_vector`, at least one.
#[derive(Clone, Copy, Debug)]
pub struct VectorPart<'a> {
    whole: LongVector,
    values: Values<'a>,
}

impl<'a> VectorPart<'a> {
    /// The values of this part.
    #[must_use]
    pub const fn values(&self) -> &Values<'a> {
        &self.values
    }

    /// The entry, with the number of all its values and the bytes of none.
    #[must_use]
    pub const fn located(&self) -> Located<'static> {
        self.whole.located()
    }

    /// The table of the entry.
    #[must_use]
    pub const fn table(&self) -> TableId {
        self.whole.head.table
    }

    /// The first record of the entry.
    #[must_use]
    pub const fn first(&self) -> RecordId {
        self.whole.head.first
    }

    /// The field of the entry.
    #[must_use]
    pub const fn field(&self) -> FieldId {
        self.whole.head.field
    }

    /// How many values the entry has.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.whole.head.count
    }

    /// The record of the first value of this part.
    #[must_use]
    pub const fn record(&self) -> RecordId {
        RecordId(self.whole.head.first.0.wrapping_add(self.whole.visited.cast_signed()))
    }

    /// Whether no values came before.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.whole.visited == 0
    }

    /// Whether no values follow.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.whole.visited.saturating_add(self.values.count) == self.whole.head.count
    }
}

/// An `update_vector` entry, and how many of its values were visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct LongVector {
    version: Version,
    head: VectorHead,
    /// Where the entry begins.
    position: u64,
    /// How many bytes it has.
    length: u64,
    visited: u64,
}

impl LongVector {
    /// The vector at `position`, and where its values begin, if there is one, longer than `longest` bytes, that ends before
    /// `end`. Only lengths are looked at.
    pub(super) fn find(
        source: &mut Source,
        decoder: &Decoder,
        position: u64,
        (longest, end): (u64, u64),
    ) -> Result<Option<(LongVector, u64)>, SourceError> {
        /// No opcode and four compact numbers are longer.
        const HEAD: u64 = 33;
        let Some((head, length)) = decoder.vector_head(source.piece(position, HEAD, end)?) else {
            return Ok(None);
        };
        let (version, start) = (decoder.version(), position.saturating_add(length as u64));
        let vector = LongVector { version, head, position, length: 0, visited: 0 };
        let Some(behind) = vector.end_of_values(source, start, end)? else { return Ok(None) };
        let length = behind.saturating_sub(position);
        Ok((length > longest).then_some((LongVector { length, ..vector }, start)))
    }

    /// Where values that begin at `start` end; `None` if that is not before `end`.
    fn end_of_values(self, source: &mut Source, start: u64, end: u64) -> Result<Option<u64>, SourceError> {
        let VectorHead { value_type, count, .. } = self.head;
        let least = start.saturating_add(count.saturating_mul(value_type.least_size(self.version)));
        if value_type.is_fixed_size() || least > end {
            return Ok(Some(least).filter(|&behind| behind <= end));
        }
        let (mut vector, mut position) = (self, start);
        while vector.is_inside() {
            let Some(values) = vector.values(source, position, (u64::MAX, end))? else { return Ok(None) };
            position = position.saturating_add(values.bytes.len() as u64);
            vector.pass(values.count);
        }
        Ok(Some(position))
    }

    /// Whether values are left to be visited.
    pub(super) const fn is_inside(self) -> bool {
        self.visited < self.head.count
    }

    /// So many more values were visited.
    pub(super) const fn pass(&mut self, values: u64) {
        self.visited = self.visited.saturating_add(values);
    }

    /// Where the entry ends.
    pub(super) const fn end(self) -> u64 {
        self.position.saturating_add(self.length)
    }

    /// The entry, without its values.
    pub(super) const fn located(self) -> Located<'static> {
        let VectorHead { table, first, field, value_type, count } = self.head;
        let values = Values { value_type, count, bytes: &[], version: self.version, shortest: false };
        let entry = Entry::UpdateVector { table, first, field, values };
        Located { position: self.position, length: self.length, entry }
    }

    pub(super) const fn part(self, values: Values<'_>) -> VectorPart<'_> {
        VectorPart { whole: self, values }
    }

    /// Values that were not visited, from `position` on: at least one, more if they have at most `most` bytes together.
    /// `None` if not even one ends before `end`.
    pub(super) fn values(
        self,
        source: &mut Source,
        position: u64,
        (most, end): (u64, u64),
    ) -> Result<Option<Values<'_>>, SourceError> {
        let mut least = 0;
        let (count, length) = loop {
            let piece = source.piece(position, least, end)?;
            let found = self.whole_values(piece, most);
            if found.0 > 0 {
                break found;
            }
            if piece.len() as u64 >= end.saturating_sub(position) {
                return Ok(None);
            }
            least = (piece.len() as u64).saturating_mul(2);
        };
        // Asked for once more, which costs nothing: that keeps the borrow out of the loop.
        let bytes = source.piece(position, least, end)?.get(..length).unwrap_or_default();
        let (value_type, version) = (self.head.value_type, self.version);
        Ok(Some(Values { value_type, count, bytes, version, shortest: false }))
    }

    /// How many whole values `piece` begins with, the first and those that end within `most` bytes, and how many bytes they
    /// have.
    fn whole_values(self, piece: &[u8], most: u64) -> (u64, usize) {
        let (value_type, left) = (self.head.value_type, self.head.count.saturating_sub(self.visited));
        if value_type.is_fixed_size() {
            let size = value_type.least_size(self.version);
            let count = most.min(piece.len() as u64).checked_div(size).unwrap_or(0).min(left);
            return (count, usize::try_from(count.saturating_mul(size)).unwrap_or(usize::MAX));
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (mut cursor, mut count, mut length) = (Cursor::new(piece), 0_u64, 0);
        while count < left && value(&mut cursor, value_type, self.version).is_ok() {
            if count > 0 && cursor.offset() > most {
                break;
            }
            (count, length) = (count.saturating_add(1), cursor.offset());
        }
        (count, length)
    }
}
