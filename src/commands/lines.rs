//! A text, read line by line through a buffer.

use std::io::{self, ErrorKind, Read};

/// How much is read at a time.
const PIECE: usize = 256 * 1024;

/// The longest line that is read, in bytes: a text without line ends must not fill the memory.
pub const LONGEST_LINE: usize = 1024 * 1024 * 1024;

/// A line without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    /// The position of its first byte in the text.
    pub(super) position: u64,
    /// Its length with its end.
    pub(super) length: u64,
    /// Counted from 1.
    pub(super) number: u64,
}

pub(super) struct Lines<R> {
    text: R,
    buffer: Vec<u8>,
    /// What was read and not yet given out: `buffer[start..end]`.
    start: usize,
    end: usize,
    /// The position of `start` in the text.
    position: u64,
    /// The number of the last line given out.
    number: u64,
    /// Whether the last line had an end.
    is_ended: bool,
    /// The longest line that is read.
    longest: usize,
}

/// Why there is no next line.
#[derive(Debug)]
pub(super) enum LineError {
    Io(io::Error),
    TooLong,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(text: R) -> Lines<R> {
        let buffer = vec![0; PIECE];
        let longest = LONGEST_LINE;
        Lines { text, buffer, start: 0, end: 0, position: 0, number: 0, is_ended: true, longest }
    }

    /// The position behind the last line.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// How many lines were given out.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Whether the last line had an end: one that has none may have been cut.
    pub(super) const fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// The next line; `watch` is told the position reached whenever more is read.
    #[inline]
    pub(super) fn next(&mut self, watch: &mut dyn FnMut(u64)) -> Result<Option<Line<'_>>, LineError> {
        let mut searched = 0;
        let length = loop {
            let waiting = self.buffer.get(self.start..self.end).unwrap_or_default();
            let unsearched = waiting.get(searched..).unwrap_or_default();
            if let Some(length) = memchr::memchr(b'\n', unsearched) {
                break searched.saturating_add(length);
            }
            searched = waiting.len();
            watch(self.position);
            if self.fill()? == 0 {
                return Ok(self.last());
            }
        };
        Ok(Some(self.give(length, length.saturating_add(1))))
    }

    /// What follows the last line end.
    fn last(&mut self) -> Option<Line<'_>> {
        let length = self.end.saturating_sub(self.start);
        if length == 0 {
            return None;
        }
        self.is_ended = false;
        Some(self.give(length, length))
    }

    #[inline]
    fn give(&mut self, length: usize, with_end: usize) -> Line<'_> {
        let (start, position) = (self.start, self.position);
        self.start = start.saturating_add(with_end);
        self.position = position.saturating_add(with_end as u64);
        self.number = self.number.saturating_add(1);
        let bytes = self.buffer.get(start..start.saturating_add(length)).unwrap_or_default();
        Line { bytes, position, length: with_end as u64, number: self.number }
    }

    /// Reads more behind what is waiting, and returns how much.
    #[cold]
    fn fill(&mut self) -> Result<usize, LineError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        if self.end > self.longest {
            return Err(LineError::TooLong);
        }
        if self.end == self.buffer.len() {
            let more = self.buffer.try_reserve_exact(self.end);
            more.map_err(|_| LineError::Io(ErrorKind::OutOfMemory.into()))?;
            self.buffer.resize(self.end.saturating_mul(2), 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let read = loop {
            match self.text.read(room) {
                Ok(read) => break read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(LineError::Io(error)),
            }
        };
        self.end = self.end.saturating_add(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives out one byte at a time.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.0.len().min(buffer.len()).min(1);
            self.0.read(&mut buffer[..read])
        }
    }

    /// Number, position and bytes of a line.
    type Found = (u64, u64, Vec<u8>);

    fn lines(text: impl Read) -> (Vec<Found>, bool) {
        let (mut lines, mut found) = (Lines::new(text), Vec::new());
        while let Some(line) = lines.next(&mut |_| {}).unwrap() {
            found.push((line.number, line.position, line.bytes.to_vec()));
        }
        (found, lines.is_ended())
    }

    #[test]
    fn lines_are_the_same_however_the_text_arrives() {
        let text = b"one\n\n three \nfour";
        let expected = [(1, 0, &b"one"[..]), (2, 4, b""), (3, 5, b" three "), (4, 13, b"four")]
            .map(|(number, at, bytes)| (number, at, bytes.to_vec()));
        assert_eq!(lines(&text[..]), (expected.to_vec(), false));
        assert_eq!(lines(Trickle(text)), (expected.to_vec(), false));
        assert_eq!(lines(&b""[..]), (Vec::new(), true));
        assert_eq!(lines(&b"\n"[..]), (vec![(1, 0, Vec::new())], true));
    }

    #[test]
    fn a_line_longer_than_the_buffer_is_whole() {
        let text = [vec![b'x'; 3 * PIECE + 7], b"\ny\n".to_vec()].concat();
        let (found, ended) = lines(&text[..]);
        let lengths: Vec<usize> = found.iter().map(|(_, _, bytes)| bytes.len()).collect();
        assert_eq!((lengths, ended), (vec![3 * PIECE + 7, 1], true));
    }

    #[test]
    fn a_text_without_line_ends_does_not_fill_the_memory() {
        let mut lines = Lines { longest: 4 * PIECE, ..Lines::new(io::repeat(b'x')) };
        assert!(matches!(lines.next(&mut |_| {}), Err(LineError::TooLong)));
        assert!(lines.buffer.len() <= 8 * PIECE);
    }

    #[test]
    fn an_interrupted_read_is_tried_again_and_an_error_is_reported() {
        struct Troubled(u32);
        impl Read for Troubled {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                match self.0 {
                    1 => Err(ErrorKind::Interrupted.into()),
                    2 => (&b"a\n"[..]).read(buffer),
                    _ => Err(ErrorKind::ConnectionReset.into()),
                }
            }
        }
        let mut lines = Lines::new(Troubled(0));
        assert_eq!(lines.next(&mut |_| {}).unwrap().unwrap().bytes, b"a");
        assert!(
            matches!(lines.next(&mut |_| {}), Err(LineError::Io(error)) if error.kind() == ErrorKind::ConnectionReset)
        );
    }
}
