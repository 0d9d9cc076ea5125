//! The bytes of a log, piece by piece: from a memory map, through a window of positioned reads, or from memory.

use super::map::FileMap;
use crate::storage::ReadAt;
use crate::text::Position;
use std::io;

/// How much is shown at a time; an entry that is longer gets a longer piece.
const PIECE: u64 = 1024 * 1024;

/// The longest entry that is read through a window, where it has to be held in memory.
pub const LONGEST_ENTRY_IN_WINDOW: u64 = 1024 * 1024 * 1024;

/// Why bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system refused.
    #[error("position {}: {error}", Position(*position))]
    Io {
        /// Where.
        position: u64,
        /// What it said.
        error: io::Error,
    },
    /// The file ended before its end: somebody cut it while it was read.
    #[error("position {}: the file ends here now, {} expected: another program cut it while it was read", Position(*position), Position(*expected))]
    Shrunk {
        /// Where it ends now.
        position: u64,
        /// Where it ended when it was opened.
        expected: u64,
    },
    /// An entry is longer than what may be held in memory.
    #[error("position {}: an entry of at least {needed} bytes found, at most {} can be read without a memory map", Position(*position), LONGEST_ENTRY_IN_WINDOW)]
    TooLong {
        /// Where the entry begins.
        position: u64,
        /// How long it says it is.
        needed: u64,
    },
}

/// The bytes of a file.
pub(super) enum Source {
    Map(FileMap),
    Window(Box<Window>),
    Memory(Vec<u8>),
}

impl Source {
    /// The bytes from `position`: up to `end`, or a piece of at least `least` bytes if that is nearer.
    pub(super) fn piece(&mut self, position: u64, least: u64, end: u64) -> Result<&[u8], SourceError> {
        let length = end.saturating_sub(position).min(least.max(PIECE));
        let bytes = match self {
            Source::Window(window) => return window.piece(position, length),
            Source::Map(map) => {
                map.release_before(usize::try_from(position).unwrap_or(usize::MAX));
                map.bytes()
            }
            Source::Memory(bytes) => bytes,
        };
        let range = usize::try_from(position).ok().zip(usize::try_from(length).ok());
        let found = range.and_then(|(start, length)| bytes.get(start..start.checked_add(length)?));
        found.ok_or(SourceError::Shrunk { position: bytes.len() as u64, expected: end })
    }
}

/// A part of a file, read into memory.
pub(super) struct Window {
    file: Box<dyn ReadAt>,
    start: u64,
    buffer: Vec<u8>,
}

impl Window {
    pub(super) fn new(file: Box<dyn ReadAt>) -> Window {
        Window { file, start: 0, buffer: Vec::new() }
    }

    fn piece(&mut self, position: u64, length: u64) -> Result<&[u8], SourceError> {
        if self.held(position, length).is_none() {
            self.fill(position, length)?;
        }
        Ok(self.held(position, length).unwrap_or_default())
    }

    fn held(&self, position: u64, length: u64) -> Option<&[u8]> {
        let start = usize::try_from(position.checked_sub(self.start)?).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        self.buffer.get(start..end)
    }

    fn fill(&mut self, position: u64, length: u64) -> Result<(), SourceError> {
        let too_long = SourceError::TooLong { position, needed: length };
        if length > LONGEST_ENTRY_IN_WINDOW {
            return Err(too_long);
        }
        let Ok(wanted) = usize::try_from(length) else { return Err(too_long) };
        // A long entry must not leave its memory behind.
        let (largest, piece) = (self.buffer.capacity(), usize::try_from(PIECE).unwrap_or(0));
        if largest > wanted.max(piece).saturating_mul(4) {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        if self.buffer.try_reserve_exact(wanted).is_err() {
            return Err(SourceError::Io { position, error: io::ErrorKind::OutOfMemory.into() });
        }
        self.buffer.resize(wanted, 0);
        self.start = position;
        let read = self.file.read_full_at(&mut self.buffer, position);
        let read = read.map_err(|error| SourceError::Io { position, error })?;
        self.buffer.truncate(read);
        if read < wanted {
            let (end, expected) = (position.saturating_add(read as u64), position.saturating_add(length));
            return Err(SourceError::Shrunk { position: end, expected });
        }
        Ok(())
    }
}
