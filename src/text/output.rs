//! The buffer between the formatters and a writer.

use super::append::Append;
use super::decimal::Decimal;
use std::fmt;
use std::io::{self, Write};

/// Bytes waiting are handed to the writer once there are this many.
const SPILL: usize = 256 * 1024;

/// A piece of so many bytes is handed over as it is: copying it to others would cost more than one call.
const LONG: usize = 64 * 1024;

/// A buffer that formatters append to without errors, and that spills into a writer when it is full.
///
/// An error of the writer is kept and reported by the next [`Output::result`]; what is appended after it is
/// dropped, so a formatter in the middle of a long vector need not look at it.
pub struct Output<'w> {
    /// Longer than what is used by at least [`SLACK`], so that a few bytes are one store.
    buffer: Vec<u8>,
    used: usize,
    /// It is full when so much is collected.
    limit: usize,
    writer: Option<&'w mut dyn Write>,
    failure: Option<io::Error>,
}

/// What a block may write beyond what it keeps.
pub(super) const SLACK: usize = 32;

impl<'w> Output<'w> {
    /// An output that spills into `writer`.
    pub fn new(writer: &'w mut dyn Write) -> Output<'w> {
        let buffer = vec![0; SPILL.saturating_add(SPILL / 2)];
        Output { buffer, used: 0, limit: SPILL, writer: Some(writer), failure: None }
    }

    /// An output that only collects.
    #[must_use]
    pub fn memory() -> Output<'static> {
        Output { buffer: Vec::new(), used: 0, limit: usize::MAX, writer: None, failure: None }
    }

    /// An output that collects in a buffer that was used before, and fails where that would be more than `limit` bytes.
    pub(crate) fn page(buffer: Vec<u8>, limit: usize) -> Output<'static> {
        Output { buffer, used: 0, limit, writer: None, failure: None }
    }

    /// What was collected, and room behind it: the buffer, and how much of it is used.
    pub(crate) fn into_buffer(self) -> (Vec<u8>, usize) {
        (self.buffer, self.used)
    }

    /// What was collected and not yet spilled.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.get(..self.used).unwrap_or_default()
    }

    /// Forgets what was collected.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// How many bytes were collected and not yet spilled.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.used
    }

    /// Whether nothing waits to be spilled.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Appends bytes; a long piece goes to the writer without a stop in the buffer.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        if bytes.len() >= LONG && self.writer.is_some() {
            return self.long(bytes);
        }
        let end = self.used.saturating_add(bytes.len());
        self.make_room(end);
        if let Some(place) = self.buffer.get_mut(self.used..end) {
            place.copy_from_slice(bytes);
        }
        self.used = end;
    }

    /// Free bytes behind what was collected.
    #[inline(always)]
    pub(super) fn place<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        if self.buffer.len().wrapping_sub(self.used) < N {
            self.grow(self.used.saturating_add(N));
        }
        self.buffer.get_mut(self.used..)?.first_chunk_mut()
    }

    /// Takes so many bytes of [`Output::place`], which are there, for collected.
    #[inline(always)]
    pub(super) const fn advance(&mut self, length: usize) {
        self.used = self.used.wrapping_add(length);
    }

    /// Makes sure that there is slack behind `end`.
    #[inline(always)]
    fn make_room(&mut self, end: usize) {
        if end.saturating_add(SLACK) > self.buffer.len() {
            self.grow(end);
        }
    }

    #[cold]
    fn grow(&mut self, end: usize) {
        const FIRST: usize = 256;
        let length = end.saturating_add(SLACK).max(self.buffer.len().saturating_mul(2)).max(FIRST);
        self.buffer.resize(length, 0);
    }

    #[cold]
    fn long(&mut self, bytes: &[u8]) {
        self.spill();
        if let Some(writer) = self.writer.as_mut().filter(|_| self.failure.is_none()) {
            self.failure = writer.write_all(bytes).err();
        }
    }

    /// Appends one byte.
    #[inline]
    pub fn byte(&mut self, byte: u8) {
        Append::byte(self, byte);
    }

    /// Appends an integer in decimal.
    #[inline]
    pub fn integer(&mut self, value: impl Decimal) {
        Append::integer(self, value);
    }

    /// Appends formatted text; for rare lines, not for the values of a dump.
    pub fn text(&mut self, arguments: fmt::Arguments<'_>) {
        Append::text(self, arguments);
    }

    /// Whether it is time to spill.
    #[inline]
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.used >= self.limit
    }

    /// A point where a long entry may be spilled: call it between values and between pieces of a string.
    #[inline]
    pub fn breathe(&mut self) {
        if self.is_full() {
            self.spill();
        }
    }

    #[cold]
    fn spill(&mut self) {
        let Some(writer) = &mut self.writer else {
            if self.is_full() {
                self.failure.get_or_insert_with(|| io::ErrorKind::OutOfMemory.into());
            }
            return;
        };
        if self.failure.is_none() {
            self.failure = writer.write_all(self.buffer.get(..self.used).unwrap_or_default()).err();
        }
        self.used = 0;
    }

    /// Whether the writer has failed.
    #[inline]
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Reports the writer's error, once.
    ///
    /// # Errors
    /// The first error of the writer since the last call.
    pub fn result(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Spills everything and flushes the writer.
    ///
    /// # Errors
    /// The first error of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.spill();
        self.result()?;
        self.writer.as_mut().map_or(Ok(()), |writer| writer.flush())
    }
}

impl Append for Output<'_> {
    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        Output::bytes(self, bytes);
    }

    #[inline(always)]
    fn block<const N: usize>(&mut self, block: &[u8; N], length: usize) {
        const { assert!(N <= SLACK) };
        self.make_room(self.used);
        if let Some(place) = self.buffer.get_mut(self.used..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            *place = *block;
        }
        self.used = self.used.saturating_add(length);
    }
}

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn long_pieces_keep_their_place_and_take_no_memory() {
        let mut text = Vec::new();
        let mut output = Output::new(&mut text);
        output.bytes(b"before ");
        output.bytes(&vec![b'x'; 4 * SPILL]);
        output.bytes(b" after");
        assert!(output.buffer.len() <= 2 * SPILL);
        output.flush().unwrap();
        assert_eq!(text.len(), 4 * SPILL + 13);
        assert!(text.starts_with(b"before x") && text.ends_with(b"x after"));
    }

    #[test]
    fn an_error_of_the_writer_is_kept_until_asked_for_and_memory_stays_flat() {
        let mut full = Full;
        let mut output = Output::new(&mut full);
        for _ in 0..100 {
            output.bytes(&[b'x'; 65536]);
            output.breathe();
            assert!(output.as_bytes().len() <= SPILL + 65536);
        }
        assert!(output.has_failed());
        assert_eq!(output.result().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
