//! Bytes that gather, mostly a few at a time.

/// What [`Buffer::word`] may write beyond what it keeps.
const SLACK: usize = 8;

/// Bytes that were appended. There is always room for a word behind them, so that a few bytes are one store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer {
    /// Longer than what is used by at least [`SLACK`], but for an empty buffer.
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
        let end = self.used.saturating_add(SLACK);
        if end > self.bytes.len() {
            self.grow(end);
        }
        if let Some(place) = self.bytes.get_mut(self.used..end) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        self.used = self.used.saturating_add(length);
    }

    /// Appends bytes.
    #[inline(always)]
    pub(crate) fn slice(&mut self, bytes: &[u8]) {
        let end = self.used.saturating_add(bytes.len());
        if end.saturating_add(SLACK) > self.bytes.len() {
            self.grow(end.saturating_add(SLACK));
        }
        if let Some(place) = self.bytes.get_mut(self.used..end) {
            place.copy_from_slice(bytes);
        }
        self.used = end;
    }

    #[cold]
    fn grow(&mut self, least: usize) {
        const FIRST: usize = 1024;
        let length = least.max(self.bytes.len().saturating_mul(2)).max(FIRST);
        self.bytes.resize(length, 0);
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
