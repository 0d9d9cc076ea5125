//! A part of a file, read into memory.

use super::long_entry::LongEntry;
use super::source::{PIECE, SourceError};
use crate::storage::ReadAt;
use std::io;

/// What a window holds in memory at most. A longer entry is held in a temporary file.
pub(super) const LONGEST_IN_MEMORY: u64 = 1024 * 1024 * 1024;

/// The memory of a piece up to this length serves the pieces that follow.
const LONGEST_KEPT: usize = 16 * 1024 * 1024;

/// Reads a file by positions. A file that another program cuts meanwhile gives an error; no byte of it is believed
/// to be there because it was there before.
pub(super) struct Window {
    file: Box<dyn ReadAt>,
    start: u64,
    /// As long as the longest piece so far, so that none is filled with zeros before it is read.
    buffer: Vec<u8>,
    /// How much of it is held.
    length: usize,
    long_entry: Option<LongEntry>,
    longest: u64,
    /// How much is read at a time.
    piece: u64,
}

impl Window {
    pub(super) fn new(file: Box<dyn ReadAt>) -> Window {
        Window::holding(file, LONGEST_IN_MEMORY)
    }

    /// A window that holds up to `longest` bytes in memory.
    pub(super) fn holding(file: Box<dyn ReadAt>, longest: u64) -> Window {
        Window { file, start: 0, buffer: Vec::new(), length: 0, long_entry: None, longest, piece: PIECE }
    }

    /// Reads so much at a time from now on.
    pub(super) const fn read_by(&mut self, piece: u64) {
        self.piece = piece;
    }

    /// The bytes from `position`: up to `end`, or a piece of at least `least` bytes if that is nearer. What is held
    /// already is not read again, however little of it is left.
    pub(super) fn piece(&mut self, position: u64, least: u64, end: u64) -> Result<&[u8], SourceError> {
        let left = end.saturating_sub(position);
        let least = left.min(least.max(1));
        let held = self.held(position).len() as u64;
        if held < least {
            self.fill(position, left.min(least.max(self.piece)))?;
        }
        let held = self.held(position);
        Ok(held.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(held))
    }

    /// What is held from `position` on; nothing if that lies elsewhere.
    fn held(&self, position: u64) -> &[u8] {
        let (start, bytes) = match &self.long_entry {
            Some(entry) => (entry.position(), entry.bytes()),
            None => (self.start, self.buffer.get(..self.length).unwrap_or_default()),
        };
        let offset = position.checked_sub(start).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| bytes.get(offset..)).unwrap_or_default()
    }

    fn fill(&mut self, position: u64, length: u64) -> Result<(), SourceError> {
        // One is given back before the next is made: it may take most of the room there is.
        self.long_entry = None;
        if length > self.longest {
            (self.buffer, self.length) = (Vec::new(), 0);
            self.long_entry = Some(LongEntry::copy(self.file.as_ref(), position, length)?);
            return Ok(());
        }
        let wanted = usize::try_from(length).unwrap_or(usize::MAX);
        self.make_room(wanted).map_err(|error| SourceError::Io { position, error })?;
        self.start = position;
        let place = self.buffer.get_mut(..wanted).unwrap_or_default();
        let read = self.file.read_full_at(place, position);
        // After an error nothing is held, and no zero is taken for a byte of the file.
        self.length = *read.as_ref().unwrap_or(&0);
        let read = read.map_err(|error| SourceError::Io { position, error })?;
        if read < wanted {
            let (end, expected) = (position.saturating_add(read as u64), position.saturating_add(length));
            return Err(SourceError::Shrunk { position: end, expected });
        }
        Ok(())
    }

    fn make_room(&mut self, wanted: usize) -> io::Result<()> {
        // Nothing is held from here on, whatever becomes of it.
        self.length = 0;
        // A long entry must not leave its memory behind, but where many are long they share it.
        if self.buffer.len() > wanted.max(LONGEST_KEPT) {
            self.buffer = Vec::new();
        }
        if self.buffer.len() < wanted {
            let more = wanted.saturating_sub(self.buffer.len());
            self.buffer.try_reserve_exact(more).map_err(|_| io::ErrorKind::OutOfMemory)?;
            self.buffer.resize(wanted, 0);
        }
        Ok(())
    }
}
