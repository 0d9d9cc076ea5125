//! Which records of a table are in use.

use super::bits::{Bits, WORD};
use super::conflict::Refusal;
use super::limits::Allowance;
use crate::entry::RecordId;
use std::ops::Range;

/// The records of a table: a bit for each id up to the highest that was ever in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    in_use: Bits,
    count: u64,
}

/// The index of a record, if it may have one.
#[inline]
pub(super) fn index(record: RecordId) -> Option<usize> {
    usize::try_from(record.0).ok()
}

/// The record with an index.
pub(super) fn record(index: usize) -> RecordId {
    RecordId(i64::try_from(index).unwrap_or(i64::MAX))
}

/// The indices of `count` records from `first`.
fn range(first: RecordId, count: u64) -> Option<Range<usize>> {
    let start = index(first)?;
    Some(start..start.checked_add(usize::try_from(count).ok()?)?)
}

impl Records {
    /// How many are in use.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// One more than the highest index that was ever in use.
    pub(super) const fn end(&self) -> usize {
        self.in_use.len()
    }

    #[inline]
    pub(super) fn contains(&self, index: usize) -> bool {
        self.in_use.get(index)
    }

    /// The indices in use as ranges that are as long as they can be.
    pub(super) fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let (mut behind, end) = (0, self.end());
        std::iter::from_fn(move || {
            let start = self.in_use.find(behind..end, true)?;
            behind = self.in_use.find(start..end, false).unwrap_or(end);
            Some(start..behind)
        })
    }

    /// The last index in use.
    pub(super) fn last(&self) -> Option<usize> {
        let (word, bits) = self.words().iter().enumerate().rfind(|(_, bits)| **bits != 0)?;
        let bit = WORD.saturating_sub(1).saturating_sub(usize::try_from(bits.leading_zeros()).ok()?);
        Some(word.saturating_mul(WORD).saturating_add(bit))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.in_use.ones()
    }

    /// A bit for each record, as [`Bits::words`] has them.
    pub(super) fn words(&self) -> &[u64] {
        self.in_use.words()
    }

    pub(super) fn memory(&self) -> usize {
        self.in_use.memory()
    }

    /// The index of a record that is in use.
    #[inline]
    pub(super) fn existing(&self, record: RecordId) -> Result<usize, Refusal> {
        index(record).filter(|&index| self.contains(index)).ok_or(Refusal::NotInUse(record))
    }

    /// The indices of records that are all in use. As in the reference, even an empty range lies within the table.
    pub(super) fn all_existing(&self, first: RecordId, count: u64) -> Result<Range<usize>, Refusal> {
        let range = range(first, count).filter(|range| range.start <= self.end());
        let range = range.ok_or(Refusal::NotInUse(first))?;
        match self.in_use.find(range.clone(), false) {
            Some(missing) => Err(Refusal::NotInUse(record(missing))),
            None => Ok(range),
        }
    }

    /// A byte of the log stands behind the record, but not behind those whose ids it skips.
    #[inline]
    pub(super) fn insert(&mut self, record: RecordId, allowance: &mut Allowance) -> Result<(), Refusal> {
        let index = index(record).ok_or(Refusal::TooMany { asked: u64::MAX })?;
        if index == self.end() {
            self.in_use.push(true);
        } else {
            self.insert_elsewhere(index, allowance)?;
        }
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    fn insert_elsewhere(&mut self, index: usize, allowance: &mut Allowance) -> Result<(), Refusal> {
        if self.contains(index) {
            return Err(Refusal::InUse(record(index)));
        }
        allowance.take(index.saturating_sub(self.end()) as u64)?;
        self.in_use.extend_to(index.saturating_add(1))?;
        self.in_use.set(index, true);
        Ok(())
    }

    pub(super) fn insert_vector(
        &mut self,
        first: RecordId,
        count: u64,
        allowance: &mut Allowance,
    ) -> Result<(), Refusal> {
        let range = range(first, count).ok_or(Refusal::TooMany { asked: u64::MAX })?;
        if range.is_empty() {
            return Ok(());
        }
        if let Some(used) = self.in_use.find(range.start..range.end.min(self.end()), true) {
            return Err(Refusal::InUse(record(used)));
        }
        let skipped = range.start.saturating_sub(self.end()) as u64;
        allowance.take(count.saturating_add(skipped))?;
        self.in_use.extend_to(range.end)?;
        self.in_use.fill(range, true);
        self.count = self.count.saturating_add(count);
        Ok(())
    }

    pub(super) fn delete(&mut self, record: RecordId) -> Result<(), Refusal> {
        let index = self.existing(record)?;
        self.in_use.set(index, false);
        self.count = self.count.saturating_sub(1);
        Ok(())
    }

    pub(super) fn delete_vector(&mut self, first: RecordId, count: u64) -> Result<(), Refusal> {
        let range = self.all_existing(first, count)?;
        self.in_use.fill(range, false);
        self.count = self.count.saturating_sub(count);
        Ok(())
    }
}
