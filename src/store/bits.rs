//! Truth values, 64 to a word.

use super::conflict::Refusal;
use super::limits::Allowance;
use std::ops::Range;

/// A growing row of bits.
#[derive(Clone, Debug, Default)]
pub struct Bits {
    words: Vec<u64>,
    length: usize,
}

/// The bits of a word.
pub(super) const WORD: usize = 64;

/// The word of a bit, and the bit in it.
#[inline]
const fn place(index: usize) -> (usize, u64) {
    (index / WORD, 1 << (index % WORD))
}

/// How many bits it is to the next word, if there are bits of this one before `index`.
const fn to_word(index: usize) -> usize {
    WORD.saturating_sub(index % WORD) % WORD
}

/// The words that `range` touches, each with a mask of the bits in question.
fn masks(range: Range<usize>) -> impl Iterator<Item = (usize, u64)> {
    let (first, last) = (range.start / WORD, range.end.saturating_sub(1) / WORD);
    let words = if range.is_empty() { 0..0 } else { first..last.saturating_add(1) };
    words.map(move |word| {
        let from_start = if word == first { u64::MAX << (range.start % WORD) } else { u64::MAX };
        let to_end = if word == last { u64::MAX >> to_word(range.end) } else { u64::MAX };
        (word, from_start & to_end)
    })
}

impl Bits {
    /// How many bits there are.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The bit at `index`; those behind the end are false.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> bool {
        let (word, bit) = place(index);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// All bits in order.
    pub fn iter(&self) -> impl Iterator<Item = bool> {
        (0..self.length).map(|index| self.get(index))
    }

    /// The indices of the bits that are true, in order.
    pub fn ones(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(word, &bits)| {
            let mut left = bits;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.checked_sub(1)?;
                Some(word.saturating_mul(WORD).saturating_add(bit as usize))
            })
        })
    }

    #[inline]
    pub(super) fn push(&mut self, value: bool) {
        if self.length.is_multiple_of(WORD) {
            self.words.push(0);
        }
        // Bits behind the end are false.
        if let Some(last) = self.words.last_mut().filter(|_| value) {
            *last |= place(self.length).1;
        }
        self.length = self.length.saturating_add(1);
    }

    /// Sets a bit that is at most behind the last one.
    #[inline]
    pub(super) fn put(&mut self, index: usize, value: bool) {
        if index < self.length {
            self.set(index, value);
        } else {
            self.push(value);
        }
    }

    /// Sets a bit that exists.
    #[inline]
    pub(super) fn set(&mut self, index: usize, value: bool) {
        let (word, bit) = place(index);
        if let Some(word) = self.words.get_mut(word) {
            *word = if value { *word | bit } else { *word & !bit };
        }
    }

    /// Sets bits from `start` on to whether each byte is not zero; those that do not exist are made.
    pub(super) fn copy(&mut self, start: usize, bytes: &[u8]) -> Result<(), Refusal> {
        self.extend_to(start.saturating_add(bytes.len()))?;
        let (before, bytes) = bytes.split_at_checked(to_word(start)).unwrap_or((bytes, &[]));
        let whole = start.saturating_add(before.len());
        (start..).zip(before).for_each(|(index, &byte)| self.set(index, byte != 0));
        let (chunks, behind) = bytes.as_chunks::<WORD>();
        let words = self.words.get_mut(whole / WORD..).unwrap_or_default();
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = chunk.iter().rev().fold(0, |bits, &byte| (bits << 1) | u64::from(byte != 0));
        }
        let end = whole.saturating_add(chunks.as_flattened().len());
        (end..).zip(behind).for_each(|(index, &byte)| self.set(index, byte != 0));
        Ok(())
    }

    /// Sets bits that exist.
    pub(super) fn fill(&mut self, range: Range<usize>, value: bool) {
        for (word, mask) in masks(range) {
            if let Some(word) = self.words.get_mut(word) {
                *word = if value { *word | mask } else { *word & !mask };
            }
        }
    }

    /// Makes bits up to `length`, which are false.
    pub(super) fn extend_to(&mut self, length: usize) -> Result<(), Refusal> {
        if length > self.length {
            let words = length.div_ceil(WORD);
            let missing = words.saturating_sub(self.words.len());
            self.words.try_reserve(missing).map_err(|_| Refusal::NoMemory)?;
            self.words.resize(words, 0);
            self.length = length;
        }
        Ok(())
    }

    /// Makes bits up to `length`, which are false and have no bytes behind them.
    #[inline]
    pub(super) fn reach(&mut self, length: usize, allowance: &mut Allowance) -> Result<(), Refusal> {
        if length > self.length {
            allowance.take(length.saturating_sub(self.length) as u64)?;
            self.extend_to(length)?;
        }
        Ok(())
    }

    /// The first index in `range` whose bit is `wanted`; bits behind the end are false.
    pub(super) fn find(&self, range: Range<usize>, wanted: bool) -> Option<usize> {
        let flip = if wanted { 0 } else { u64::MAX };
        masks(range).find_map(|(word, mask)| {
            let bits = self.words.get(word).copied().unwrap_or(0);
            let found = (bits ^ flip) & mask;
            (found != 0).then(|| word.saturating_mul(WORD).saturating_add(found.trailing_zeros() as usize))
        })
    }

    /// The words that hold the bits, the first in the lowest place; those behind the end are false.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// The memory taken, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.words.capacity().saturating_mul(size_of::<u64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same bits in a vector, for every range of a row longer than two words.
    #[test]
    fn ranges_are_filled_and_searched_as_in_a_vector() {
        let length = 131;
        for start in [0, 1, 63, 64, 65, 127, 128, 130, 131] {
            for end in [0, 1, 63, 64, 65, 127, 128, 130, 131] {
                let mut bits = Bits::default();
                bits.extend_to(length).unwrap();
                bits.fill(start..end, true);
                let expected: Vec<bool> = (0..length).map(|index| (start..end).contains(&index)).collect();
                assert_eq!(bits.iter().collect::<Vec<bool>>(), expected, "{start}..{end}");
                let ones: Vec<usize> = (start..end).collect();
                assert_eq!(bits.ones().collect::<Vec<usize>>(), ones, "{start}..{end}");
                assert_eq!(bits.find(0..length, true), ones.first().copied());
                assert_eq!(bits.find(start..end, false), None);
                bits.fill(start..end, false);
                assert_eq!(bits.find(0..length, true), None);
            }
        }
    }

    #[test]
    fn bytes_are_copied_from_any_place_to_any_place() {
        let bytes: Vec<u8> = (0..200).map(|n: u8| n % 3).collect();
        for start in [0, 1, 63, 64, 65] {
            for count in [0, 1, 62, 63, 64, 65, 127, 128, 129, 200] {
                let mut bits = Bits::default();
                bits.extend_to(90).unwrap();
                bits.fill(0..90, true);
                bits.copy(start, &bytes[..count]).unwrap();
                let mut expected = vec![true; 90.max(start + count)];
                (start..).zip(&bytes[..count]).for_each(|(index, &byte)| expected[index] = byte != 0);
                assert_eq!(bits.iter().collect::<Vec<bool>>(), expected, "{count} from {start}");
            }
        }
    }

    #[test]
    fn bits_behind_the_end_are_false() {
        let mut bits = Bits::default();
        bits.push(true);
        assert_eq!((bits.get(0), bits.get(1), bits.get(1000)), (true, false, false));
        assert_eq!((bits.find(0..1000, false), bits.find(1..1000, true)), (Some(1), None));
    }
}
