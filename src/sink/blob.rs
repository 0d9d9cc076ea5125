//! The data that a blob value points to.

use crate::codec::Cursor;
use crate::storage::ReadAt;
use crate::text::Output;
use crate::text::append::Append as _;
use crate::value::BlobPosition;
use std::io;

/// Reads the data of blobs from the file of the log.
pub struct BlobReader {
    file: Box<dyn ReadAt + Send>,
    /// The end of the file; `None` where it may grow.
    end: Option<u64>,
}

/// A compact number has at most 8 bytes.
const LONGEST_LENGTH: usize = 8;

impl BlobReader {
    /// A reader of blobs that lie before `end` in `file`.
    #[must_use]
    pub fn new(file: Box<dyn ReadAt + Send>, end: u64) -> BlobReader {
        BlobReader { file, end: Some(end) }
    }

    /// A reader of blobs in a file that may grow.
    #[must_use]
    pub fn of_growing(file: Box<dyn ReadAt + Send>) -> BlobReader {
        BlobReader { file, end: None }
    }

    /// Where the data stands and how many bytes it has; `None` if that is not within the log. The blob value of
    /// a record that was never updated, 0, is an empty blob.
    pub(crate) fn locate(&self, blob: BlobPosition) -> Option<(u64, u64)> {
        let (position, size) = match blob.size {
            Some(size) => (blob.position, size),
            None if blob.position == 0 => (0, 0),
            None => self.behind_length(blob.position)?,
        };
        let file_end = self.end.or_else(|| self.file.size().ok())?;
        (position.checked_add(size)? <= file_end).then_some((position, size))
    }

    /// Version 4 points to the length before the data.
    fn behind_length(&self, position: u64) -> Option<(u64, u64)> {
        let mut bytes = [0; LONGEST_LENGTH];
        let read = self.file.read_full_at(&mut bytes, position).ok()?;
        let mut cursor = Cursor::new(bytes.get(..read)?);
        let size = cursor.compact().ok()?;
        Some((position.checked_add(cursor.offset() as u64)?, size))
    }

    /// Appends the data in hexadecimal, piece by piece.
    pub(crate) fn write_hex(&self, out: &mut Output<'_>, position: u64, size: u64) -> io::Result<()> {
        self.pieces(position, size, &mut |piece| {
            hex(out, piece);
            out.breathe();
        })
    }

    /// Passes the data on, piece by piece.
    pub(crate) fn pieces(&self, position: u64, size: u64, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        // A multiple of three, so that pieces in base64 join without padding between them.
        const PIECE: u64 = 63 * 1024;
        let mut piece = Vec::new();
        let mut done = 0;
        while done < size {
            piece.resize(usize::try_from(PIECE.min(size.saturating_sub(done))).unwrap_or(0), 0);
            let read = self.file.read_full_at(&mut piece, position.saturating_add(done))?;
            if read < piece.len() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            take(&piece);
            done = done.saturating_add(read as u64);
        }
        Ok(())
    }
}

/// Appends bytes as pairs of lower-case hexadecimal digits.
pub(super) fn hex(out: &mut Output<'_>, bytes: &[u8]) {
    for &byte in bytes {
        out.block(&[digit(byte >> 4), digit(byte & 0xf)], 2);
    }
}

/// Which digit it is cannot be foreseen, so there is no branch on it.
fn digit(nibble: u8) -> u8 {
    const LETTERS: u8 = b'a' - b'9' - 1;
    b'0'.wrapping_add(nibble).wrapping_add(LETTERS.wrapping_mul(u8::from(nibble > 9)))
}
