//! The buffer between the formatters and a writer.

use std::io::{self, Write};

/// Bytes waiting are handed to the writer once there are this many.
const SPILL: usize = 256 * 1024;

/// A buffer that formatters append to without errors, and that spills into a writer when it is full.
///
/// An error of the writer is kept and reported by the next [`Output::result`]; what is appended after it is
/// dropped, so a formatter in the middle of a long vector need not look at it.
pub struct Output<'w> {
    buffer: Vec<u8>,
    writer: Option<&'w mut dyn Write>,
    failure: Option<io::Error>,
}

impl<'w> Output<'w> {
    /// An output that spills into `writer`.
    pub fn new(writer: &'w mut dyn Write) -> Output<'w> {
        Output { buffer: Vec::with_capacity(SPILL.saturating_mul(2)), writer: Some(writer), failure: None }
    }

    /// An output that only collects.
    #[must_use]
    pub fn memory() -> Output<'static> {
        Output { buffer: Vec::new(), writer: None, failure: None }
    }

    /// What was collected and not yet spilled.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Appends bytes; a long piece goes to the writer without a stop in the buffer.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        if bytes.len() >= SPILL && self.writer.is_some() {
            return self.long(bytes);
        }
        self.buffer.extend_from_slice(bytes);
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
        self.buffer.push(byte);
    }

    /// Appends an integer in decimal.
    #[inline]
    pub fn integer(&mut self, value: impl itoa::Integer) {
        self.buffer.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    /// Appends formatted text; for rare lines, not for the values of a dump.
    pub fn text(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a vector fails only where a `Display` does, and none here does.
        let _ = self.buffer.write_fmt(arguments);
    }

    /// A point where a long entry may be spilled: call it between values and between pieces of a string.
    #[inline]
    pub fn breathe(&mut self) {
        if self.buffer.len() >= SPILL {
            self.spill();
        }
    }

    #[cold]
    fn spill(&mut self) {
        let Some(writer) = &mut self.writer else { return };
        if self.failure.is_none() {
            self.failure = writer.write_all(&self.buffer).err();
        }
        self.buffer.clear();
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
        assert!(output.buffer.capacity() <= 2 * SPILL);
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
