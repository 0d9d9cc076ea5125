//! Bytes that are copied whatever stands beside them, told from all others a word at a time.

/// Printable ASCII but for some characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    /// Eight times each of the characters.
    others: [u64; 3],
}

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = 16;

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

impl Plain {
    /// Printable ASCII without these.
    pub(crate) const fn without(others: [u8; 3]) -> Plain {
        let [first, second, third] = others;
        Plain { others: [eight_times(first), eight_times(second), eight_times(third)] }
    }

    /// The highest bit of each byte that is not plain. A byte above the lowest such one may be marked without reason: the
    /// subtractions borrow from it.
    #[inline(always)]
    const fn marks(self, word: u64) -> u64 {
        const SPACES: u64 = eight_times(b' ');
        let [first, second, third] = self.others;
        let control = word.wrapping_sub(SPACES);
        // 7f is marked by the addition, what is no ASCII by itself.
        let not_ascii = word | word.wrapping_add(ONES);
        let others = (word ^ first).wrapping_sub(ONES)
            | (word ^ second).wrapping_sub(ONES)
            | (word ^ third).wrapping_sub(ONES);
        (control | not_ascii | others) & HIGH
    }

    /// Whether the first `length` bytes of a block, or all of it, are plain.
    #[inline(always)]
    pub(crate) fn is_block(self, block: &[u8; BLOCK], length: usize) -> bool {
        let [low, high] = halves(block);
        if length >= BLOCK {
            return (self.marks(low) | self.marks(high)) == 0;
        }
        (self.marks(low) & first_bytes(length) | self.marks(high) & first_bytes(length.saturating_sub(8))) == 0
    }

    /// How many bytes at the beginning are plain.
    #[inline]
    pub(crate) fn run(self, bytes: &[u8]) -> usize {
        let (words, rest) = bytes.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            let marks = self.marks(u64::from_le_bytes(*word));
            if marks != 0 {
                return index.wrapping_mul(8).wrapping_add((marks.trailing_zeros() / 8) as usize);
            }
        }
        let plain = rest.iter().position(|&byte| self.marks(u64::from(byte)) & 0x80 != 0);
        bytes.len().wrapping_sub(rest.len()).wrapping_add(plain.unwrap_or(rest.len()))
    }
}

const fn eight_times(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[inline(always)]
fn halves(block: &[u8; BLOCK]) -> [u64; 2] {
    let both = u128::from_le_bytes(*block);
    [both & u128::from(u64::MAX), both >> 64].map(|half| u64::try_from(half).unwrap_or(0))
}

/// All bits of so many bytes, at most eight.
#[inline(always)]
const fn first_bytes(length: usize) -> u64 {
    match length {
        0 => 0,
        1..8 => !u64::MAX.wrapping_shl((length as u32).wrapping_mul(8)),
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Plain = Plain::without(*b"\"?\\");

    fn is_plain(byte: u8) -> bool {
        (0x20..0x7f).contains(&byte) && !b"\"?\\".contains(&byte)
    }

    #[test]
    fn a_byte_of_any_value_is_found_wherever_it_stands_and_whatever_follows() {
        for bad in 0..=u8::MAX {
            for place in 0..BLOCK {
                for filler in [0x20, b'a', b'~', b'!', b'@', bad] {
                    let mut block = [b'a'; BLOCK];
                    block[place..].fill(filler);
                    block[place] = bad;
                    let expected = block.iter().position(|&byte| !is_plain(byte)).unwrap_or(BLOCK);
                    assert_eq!(PLAIN.run(&block), expected, "{block:?}");
                    for length in 1..=BLOCK {
                        assert_eq!(PLAIN.run(&block[..length]), expected.min(length), "{block:?}");
                        assert_eq!(PLAIN.is_block(&block, length), expected >= length, "{block:?} {length}");
                    }
                }
            }
        }
    }
}
