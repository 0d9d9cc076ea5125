//! Bytes as the things that targets need.

use joedb::Head;
use joedb::Version;

/// The largest input that is looked at: longer ones are slower, and say nothing new.
pub const LARGEST: usize = 64 * 1024;

/// A file with a head: the bytes as they are, or as the log of a hard-checkpointed file where they have none.
pub fn file(data: &[u8]) -> Vec<u8> {
    if Head::parse(data).is_ok() {
        return data.to_vec();
    }
    let end = 41 + data.len() as u64;
    [&Head::hard(Version::V5, end).to_bytes()[..], data].concat()
}

/// Choices that are made byte by byte; zeros once the bytes are used up.
pub struct Choices<'a>(pub &'a [u8]);

impl<'a> Choices<'a> {
    /// Those that are made by the last bytes of an input, which stay part of it too.
    pub fn at_end_of(data: &'a [u8], length: usize) -> Choices<'a> {
        Choices(&data[data.len().saturating_sub(length)..])
    }

    pub fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()])) % bound.max(1)
    }

    /// Up to `length` bytes.
    pub fn bytes(&mut self, length: usize) -> &'a [u8] {
        self.0.split_off(..length.min(self.0.len())).unwrap_or_default()
    }

    pub fn word(&mut self) -> u64 {
        let mut word = [0; 8];
        let found = self.bytes(8);
        word[..found.len()].copy_from_slice(found);
        u64::from_le_bytes(word)
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
