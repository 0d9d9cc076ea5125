//! Bytes that are copied whatever stands beside them, told from all others a word at a time.

/// Printable ASCII but for some characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    others: [u8; 3],
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
        Plain { others }
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
        let others = (word ^ eight_times(first)).wrapping_sub(ONES)
            | (word ^ eight_times(second)).wrapping_sub(ONES)
            | (word ^ eight_times(third)).wrapping_sub(ONES);
        (control | not_ascii | others) & HIGH
    }

    /// Whether the first `length` bytes of a block, or all of it, are plain.
    #[inline(always)]
    pub(crate) fn is_block(self, block: &[u8; BLOCK], length: usize) -> bool {
        let [first, second, third] = self.others;
        let window = WINDOW.get(BLOCK.wrapping_sub(length.min(BLOCK))..).and_then(|rest| rest.first_chunk());
        // Without a branch for each byte, and from 0, so that the compiler makes a few vector instructions of it.
        let mut others = 0;
        for (&byte, &counts) in block.iter().zip(window.unwrap_or(&[0; BLOCK])) {
            let is_control = !(0x20..0x7f).contains(&byte);
            let is_other = (byte == first) | (byte == second) | (byte == third);
            others |= u8::from(is_control | is_other) & counts;
        }
        others == 0
    }

    /// How many bytes at the beginning of a word are plain.
    #[inline(always)]
    pub(crate) const fn run(self, word: [u8; 8]) -> usize {
        (self.marks(u64::from_le_bytes(word)).trailing_zeros() / 8) as usize
    }
}

const fn eight_times(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// A block of these that begins `length` bytes before the middle counts so many bytes, and none behind them.
static WINDOW: [u8; 2 * BLOCK] = {
    let mut window = [0; 2 * BLOCK];
    let (counted, _) = window.split_at_mut(BLOCK);
    counted.copy_from_slice(&[0xff; BLOCK]);
    window
};

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
                    assert_eq!(PLAIN.run(*block.first_chunk().unwrap()), expected.min(8), "{block:?}");
                    for length in 1..=BLOCK {
                        assert_eq!(PLAIN.is_block(&block, length), expected >= length, "{block:?} {length}");
                    }
                }
            }
        }
    }
}
