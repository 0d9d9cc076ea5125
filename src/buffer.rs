//! Bytes that gather, mostly a few at a time.

/// Bytes that were appended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer(Vec<u8>);

impl Buffer {
    pub(crate) const fn new() -> Buffer {
        Buffer(Vec::new())
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Appends the lowest `length` bytes of a word, at most 8, lowest first: one store, of which the rest is taken back.
    #[inline(always)]
    pub(crate) fn word(&mut self, word: u64, length: usize) {
        let end = self.0.len().wrapping_add(length);
        self.0.extend_from_slice(&word.to_le_bytes());
        self.0.truncate(end);
    }

    /// Appends bytes.
    #[inline(always)]
    pub(crate) fn slice(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_slices_follow_each_other_through_every_growth() {
        let (mut buffer, mut expected) = (Buffer::new(), Vec::new());
        for number in 0..5000_u64 {
            let length = (number % 9) as usize;
            buffer.word(number.wrapping_mul(0x0101_0101_0101_0101), length);
            expected.extend(&number.wrapping_mul(0x0101_0101_0101_0101).to_le_bytes()[..length]);
            let slice = vec![number as u8; (number % 40) as usize];
            buffer.slice(&slice);
            expected.extend(slice);
        }
        assert_eq!((buffer.bytes(), buffer.len()), (&expected[..], expected.len()));
        buffer.clear();
        buffer.slice(b"a");
        assert_eq!(buffer.bytes(), b"a");
    }
}
