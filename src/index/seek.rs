//! Random access: entries from any position, or by their number.

use super::Index;
use crate::journal::{Entries, Journal, ReadError};

impl Index {
    /// The entries up to the end of what is covered, from the one that begins at `position` or is around it. It is found in
    /// O(log n) blocks, and then by decoding no more than one of them.
    ///
    /// # Errors
    /// [`ReadError`] where the log is not as it was indexed.
    pub fn entries_at<'j>(&self, journal: &'j mut Journal, position: u64) -> Result<Entries<'j>, ReadError> {
        let end = self.end();
        let mut entries = journal.entries_from(&self.bookmark_before(position), end);
        let mut bookmark = entries.bookmark();
        while let Some(located) = entries.next()? {
            if located.end() > position {
                break;
            }
            bookmark = entries.bookmark();
        }
        Ok(journal.entries_from(&bookmark, end))
    }

    /// The entries up to the end of what is covered, from the one with this number on, the first one having number 0.
    ///
    /// # Errors
    /// [`ReadError`] where the log is not as it was indexed.
    pub fn entries_from_number<'j>(
        &self,
        journal: &'j mut Journal,
        number: u64,
    ) -> Result<Entries<'j>, ReadError> {
        let (position, mut left) = self.block_of_number(number);
        let mut entries = journal.entries_from(&self.bookmark_before(position), self.end());
        while left > 0 && entries.next()?.is_some() {
            left = left.saturating_sub(1);
        }
        Ok(entries)
    }

    /// How many entries are covered.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.blocks().iter().fold(0, |sum, block| sum.saturating_add(block.tally.entries))
    }

    /// Where the block begins that holds the entry with this number, and how many of the block's entries precede it.
    fn block_of_number(&self, number: u64) -> (u64, u64) {
        let mut left = number;
        for block in self.blocks() {
            match left.checked_sub(block.tally.entries) {
                Some(less) => left = less,
                None => return (block.position, left),
            }
        }
        (self.end(), 0)
    }
}
