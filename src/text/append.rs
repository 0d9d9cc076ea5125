//! Appending: what an [`Output`] and a [`Room`](super::room::Room) have in common.

use super::decimal::{Decimal, Digits, FEW, FOURS, Grouped, all, few, fewer};
use std::fmt;

/// Text that grows at its end. Nothing fails: what stands behind it keeps the first error for later.
pub(crate) trait Append: fmt::Write {
    /// Appends bytes.
    fn bytes(&mut self, bytes: &[u8]);

    /// Appends the first `length` bytes of a block, at most `N`, as one store: the rest is overwritten by what follows.
    fn block<const N: usize>(&mut self, block: &[u8; N], length: usize);

    /// Appends one byte.
    #[inline(always)]
    fn byte(&mut self, byte: u8) {
        self.block(&[byte], 1);
    }

    /// Appends an integer in decimal.
    #[inline(always)]
    fn integer(&mut self, value: impl Decimal) {
        let (negative, magnitude) = value.parts();
        self.block(b"-", usize::from(negative));
        if magnitude < FEW {
            let (word, length) = few(magnitude);
            return self.block(&word, length);
        }
        let (high, low) = (magnitude / FEW, magnitude % FEW);
        if high < FOURS {
            let (word, length) = fewer(high);
            self.block(&word, length);
        } else if high < FEW {
            let (word, length) = few(high);
            self.block(&word, length);
        } else {
            let (word, length) = fewer(high / FEW);
            self.block(&word, length);
            self.block(&all(high % FEW), 8);
        }
        self.block(&all(low), 8);
    }

    /// Appends digits that were made before.
    #[inline(always)]
    fn digits(&mut self, digits: &Digits) {
        match digits.word() {
            Some(word) => self.block(&word, digits.length),
            None => self.block(&digits.block(), digits.length),
        }
    }

    /// Appends an integer that mostly has few digits.
    #[inline(always)]
    fn small(&mut self, value: usize) {
        let value = value as u64;
        if value < FOURS {
            let (word, length) = fewer(value);
            self.block(&word, length);
        } else {
            self.integer(value);
        }
    }

    /// Appends a number whose first digits were made before.
    #[inline(always)]
    fn grouped(&mut self, number: &Grouped) {
        match number.parts() {
            Some((first, last)) => {
                self.digits(first);
                self.block(&last, 4);
            }
            None => self.integer(number.low()),
        }
    }

    /// Appends at most 32 bytes, as two stores that overlap.
    #[inline(always)]
    fn short(&mut self, bytes: &[u8]) {
        let length = bytes.len();
        match (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
            (Some(first), Some(last)) if length <= 32 => {
                self.block(first, length.saturating_sub(16));
                self.block(last, 16);
            }
            _ => match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
                (Some(first), Some(last)) if length <= 16 => {
                    self.block(first, length.saturating_sub(8));
                    self.block(last, 8);
                }
                _ => self.bytes(bytes),
            },
        }
    }

    /// Appends formatted text; for what is rare.
    fn text(&mut self, arguments: fmt::Arguments<'_>) {
        // Appending does not fail, and no `Display` here does.
        let _ = self.write_fmt(arguments);
    }
}
