//! The bytes of a log, piece by piece: through a window of positioned reads, from a memory map, or from memory.

use super::map::FileMap;
use super::window::Window;
use crate::text::Position;
use std::io;

/// How much is shown at a time; an entry that is longer gets a longer piece.
pub(super) const PIECE: u64 = 512 * 1024;

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
}

/// The bytes of a file.
pub(super) enum Source {
    Window(Box<Window>),
    Map(FileMap),
    Memory(Vec<u8>),
}

impl Source {
    /// Reads so much at a time from now on, where anything is read.
    pub(super) fn read_by(&mut self, piece: u64) {
        if let Source::Window(window) = self {
            window.read_by(piece);
        }
    }

    /// The bytes from `position`: up to `end`, or a piece of at least `least` bytes if that is nearer.
    pub(super) fn piece(&mut self, position: u64, least: u64, end: u64) -> Result<&[u8], SourceError> {
        let bytes = match self {
            Source::Window(window) => return window.piece(position, least, end),
            Source::Map(map) => {
                map.release_before(usize::try_from(position).unwrap_or(usize::MAX));
                map.bytes()
            }
            Source::Memory(bytes) => bytes,
        };
        let length = end.saturating_sub(position).min(least.max(PIECE));
        let range = usize::try_from(position).ok().zip(usize::try_from(length).ok());
        let found = range.and_then(|(start, length)| bytes.get(start..start.checked_add(length)?));
        found.ok_or(SourceError::Shrunk { position: bytes.len() as u64, expected: end })
    }
}
