//! Bytes that gather, mostly a few at a time.

/// Bytes that were appended. A few of them are one store of a whole word, whose other bytes the next ones overwrite.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer {
    /// What is used, and room.
    bytes: Vec<u8>,
    used: usize,
}

impl Buffer {
    pub(crate) const fn new() -> Buffer {
        Buffer { bytes: Vec::new(), used: 0 }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.used
    }

    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    /// Appends the lowest `length` bytes of a word, at most 8, lowest first.
    #[inline(always)]
    pub(crate) fn word(&mut self, word: u64, length: usize) {
        match self.bytes.get_mut(self.used..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => *place = word.to_le_bytes(),
            None => self.grow_for(&word.to_le_bytes()),
        }
        self.advance(length);
    }

    /// Appends bytes.
    #[inline(always)]
    pub(crate) fn slice(&mut self, bytes: &[u8]) {
        match self.bytes.get_mut(self.used..).and_then(|room| room.get_mut(..bytes.len())) {
            Some(place) => place.copy_from_slice(bytes),
            None => self.grow_for(bytes),
        }
        self.advance(bytes.len());
    }

    /// Takes bytes in that stand there already; so what is used is never longer than the bytes, and wraps nowhere.
    #[inline(always)]
    const fn advance(&mut self, length: usize) {
        self.used = self.used.wrapping_add(length);
    }

    /// Makes room for bytes, and puts them there.
    #[cold]
    fn grow_for(&mut self, bytes: &[u8]) {
        const FIRST: usize = 1024;
        let least = self.used.saturating_add(bytes.len());
        let length = least.max(self.bytes.len().saturating_mul(2)).max(FIRST);
        self.bytes.resize(length, 0);
        if let Some(place) = self.bytes.get_mut(self.used..least) {
            place.copy_from_slice(bytes);
        }
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
