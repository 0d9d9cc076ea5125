//! Numbers and strings of the log, read from the front of a slice. Pure: bytes in, values out.
//!
//! Integers are little-endian. A *compact* number says in the three high bits of its first byte how many bytes
//! follow; the five low bits are its most significant ones (FORMAT.md, section 3).

/// What could not be read, and where in the slice it should have stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short {
    /// Offset of the operand in the slice.
    pub(crate) offset: usize,
    /// How many bytes it needs.
    pub(crate) needed: u64,
}

/// A slice that is read from its front, and the offset reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, offset: 0 }
    }

    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.offset)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    /// The next `length` bytes.
    #[inline]
    pub(crate) fn take(&mut self, length: u64) -> Result<&'a [u8], Short> {
        let short = Short { offset: self.offset, needed: length };
        let Ok(length) = usize::try_from(length) else { return Err(short) };
        let end = self.offset.checked_add(length).ok_or(short)?;
        let taken = self.bytes.get(self.offset..end).ok_or(short)?;
        self.offset = end;
        Ok(taken)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let found = self.bytes.get(self.offset..).and_then(|rest| rest.first_chunk::<N>());
        let found = *found.ok_or(Short { offset: self.offset, needed: N as u64 })?;
        self.offset = self.offset.saturating_add(N);
        Ok(found)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Short> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// A compact number; encodings longer than necessary are accepted.
    #[inline(always)]
    pub(crate) fn compact(&mut self) -> Result<u64, Short> {
        match self.bytes.get(self.offset..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(word) => {
                let (number, length) = compact_of_word(*word);
                self.offset = self.offset.saturating_add(length);
                Ok(number)
            }
            None => self.compact_near_end(),
        }
    }

    fn compact_near_end(&mut self) -> Result<u64, Short> {
        let start = self.offset;
        let length = usize::from(self.byte()? >> 5).saturating_add(1);
        self.offset = start;
        let bytes = self.take(length as u64)?;
        let mut word = [0; 8];
        word.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        Ok(compact_of_word(word).0)
    }

    /// A compact length and that many bytes.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<&'a [u8], Short> {
        let length = self.compact()?;
        self.take(length)
    }
}

/// The largest number that a compact encoding holds.
pub const COMPACT_MAX: u64 = (1 << 61) - 1;

/// The shortest encoding of `number`, which is at most [`COMPACT_MAX`]; higher bits are cut off. It is the first bytes
/// of the word, lowest first, and so many of them.
#[inline]
pub(crate) const fn compact_word(number: u64) -> (u64, usize) {
    // As in `compact_of_word`.
    if number < 0x20 {
        return (number, 1);
    }
    let number = number & COMPACT_MAX;
    let bits = u64::BITS.saturating_sub(number.leading_zeros());
    // A first byte holds five bits; each further byte adds eight.
    let following = bits.saturating_sub(5).div_ceil(8);
    let shift = 7_u32.saturating_sub(following).wrapping_mul(8);
    let first = (following as u64) << 61;
    (((number.wrapping_shl(shift)) | first).swap_bytes(), (following as usize).saturating_add(1))
}

/// The compact number that eight bytes begin with, and how many of them it takes.
#[inline(always)]
pub(crate) const fn compact_of_word(word: [u8; 8]) -> (u64, usize) {
    let [first, ..] = word;
    // A processor foresees this one, and needs not wait for the number to know where it ends.
    if first < 0x20 {
        return (first as u64, 1);
    }
    let following = first >> 5;
    let shift = 7_u32.saturating_sub(following as u32).wrapping_mul(8);
    ((u64::from_be_bytes(word) & COMPACT_MAX).wrapping_shr(shift), (following as usize).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(number: u64) -> Vec<u8> {
        let (word, length) = compact_word(number);
        word.to_le_bytes()[..length].to_vec()
    }

    #[test]
    fn the_examples_of_the_format_page_hold() {
        assert_eq!(encoded(0), [0]);
        assert_eq!(encoded(31), [0x1f]);
        assert_eq!(encoded(32), [0x20, 0x20]);
        assert_eq!(encoded(8191), [0x3f, 0xff]);
        assert_eq!(encoded(8192), [0x40, 0x20, 0x00]);
        assert_eq!(encoded(COMPACT_MAX), [0xff; 8]);
    }

    #[test]
    fn a_longer_encoding_than_necessary_is_accepted() {
        assert_eq!(Cursor::new(&[0xe0, 0, 0, 0, 0, 0, 0, 7]).compact(), Ok(7));
    }

    #[test]
    fn a_cut_number_says_how_many_bytes_it_needs() {
        assert_eq!(Cursor::new(&[0x40, 1]).compact(), Err(Short { offset: 0, needed: 3 }));
        assert_eq!(Cursor::new(&[]).compact(), Err(Short { offset: 0, needed: 1 }));
    }

    #[test]
    fn a_length_bomb_allocates_nothing_and_is_short() {
        let bomb = [0xff; 8];
        assert_eq!(Cursor::new(&bomb).string(), Err(Short { offset: 8, needed: COMPACT_MAX }));
    }

    proptest::proptest! {
        #[test]
        fn any_number_survives_the_way_through_bytes(number in 0..=COMPACT_MAX) {
            let bytes = encoded(number);
            let mut cursor = Cursor::new(&bytes);
            proptest::prop_assert_eq!(cursor.compact(), Ok(number));
            proptest::prop_assert_eq!(cursor.left(), 0);
        }

        #[test]
        fn a_number_is_the_same_from_a_word_and_from_a_slice(word in proptest::prelude::any::<[u8; 8]>()) {
            let mut cursor = Cursor::new(&word);
            let number = cursor.compact().unwrap();
            proptest::prop_assert_eq!(compact_of_word(word), (number, cursor.offset()));
        }
    }
}
