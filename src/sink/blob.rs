//! The data that a blob value points to.

use crate::codec::Cursor;
use crate::entry::{Entry, Located};
use crate::storage::ReadAt;
use crate::text::Output;
use crate::text::append::Append as _;
use crate::value::BlobPosition;
use std::io;
use std::sync::Arc;

/// Reads the data of blobs from the file of the log.
pub struct BlobReader {
    file: Arc<dyn ReadAt + Send + Sync>,
    /// The end of the file; `None` where it may grow.
    end: Option<u64>,
    recent: Recent,
}

/// The blob that was met last: the value that points to it mostly follows at once, and nothing has to be read for it.
#[derive(Default)]
struct Recent {
    /// Where its length stands.
    length_position: u64,
    /// Where its data stand.
    position: u64,
    data: Vec<u8>,
}

/// Blobs are read so much at a time. A multiple of three, so that pieces in base64 join without padding between them.
const PIECE: usize = 63 * 1024;

/// A compact number has at most 8 bytes.
const LONGEST_LENGTH: usize = 8;

impl BlobReader {
    /// A reader of blobs that lie before `end` in `file`.
    #[must_use]
    pub fn new(file: Box<dyn ReadAt + Send + Sync>, end: u64) -> BlobReader {
        BlobReader { file: file.into(), end: Some(end), recent: Recent::default() }
    }

    /// A reader of blobs in a file that may grow.
    #[must_use]
    pub fn of_growing(file: Box<dyn ReadAt + Send + Sync>) -> BlobReader {
        BlobReader { file: file.into(), end: None, recent: Recent::default() }
    }

    /// A reader of the same blobs, for another thread.
    pub(crate) fn fork(&self) -> BlobReader {
        BlobReader { file: Arc::clone(&self.file), end: self.end, recent: Recent::default() }
    }

    /// Keeps the data of a blob, unless they are long.
    pub(crate) fn keep(&mut self, located: &Located<'_>) {
        let Entry::Blob { position, data } = located.entry else { return };
        let kept = if data.len() <= PIECE { data } else { &[] };
        let Recent { length_position, position: place, data } = &mut self.recent;
        // The length stands right behind the opcode.
        (*length_position, *place) = (located.position.saturating_add(1), position);
        data.clear();
        data.extend_from_slice(kept);
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
        if position == self.recent.length_position && !self.recent.data.is_empty() {
            return Some((self.recent.position, self.recent.data.len() as u64));
        }
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
        if position == self.recent.position && size == self.recent.data.len() as u64 {
            take(&self.recent.data);
            return Ok(());
        }
        let mut piece = Vec::new();
        let mut done = 0;
        while done < size {
            let left = usize::try_from(size.saturating_sub(done)).unwrap_or(PIECE);
            piece.resize(left.min(PIECE), 0);
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
    let (blocks, rest) = bytes.as_chunks();
    for block in blocks {
        out.block(&digits(*block), 2 * BLOCK);
    }
    let mut last = [0; BLOCK];
    last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    out.block(&digits(last), rest.len().saturating_mul(2));
}

/// So many bytes become digits together.
const BLOCK: usize = 16;

fn digits(bytes: [u8; BLOCK]) -> [u8; 2 * BLOCK] {
    let mut text = [0; 2 * BLOCK];
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 0xf)];
    }
    text
}

/// Which digit it is cannot be foreseen, so there is no branch on it.
fn digit(nibble: u8) -> u8 {
    const LETTERS: u8 = b'a' - b'9' - 1;
    b'0'.wrapping_add(nibble).wrapping_add(LETTERS.wrapping_mul(u8::from(nibble > 9)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::memory::MemoryFile;

    #[test]
    fn hexadecimal_digits_are_those_of_the_standard_library_for_every_length() {
        for length in 0..70_u8 {
            let bytes: Vec<u8> = (0..length).map(|number| number.wrapping_mul(151)).collect();
            let mut out = Output::memory();
            hex(&mut out, &bytes);
            let expected: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(out.as_bytes(), expected.as_bytes());
        }
    }

    /// What a reader gives of the blob at a position.
    fn read(blobs: &BlobReader, position: u64, size: Option<u64>) -> Option<Vec<u8>> {
        let (position, size) = blobs.locate(BlobPosition { position, size })?;
        let mut out = Output::memory();
        blobs.write_hex(&mut out, position, size).unwrap();
        Some(out.as_bytes().to_vec())
    }

    #[test]
    fn a_blob_that_was_kept_is_the_one_in_the_file_and_no_other_is_taken_for_it() {
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes[19] = 30;
        let reader = || BlobReader::new(Box::new(MemoryFile::new(bytes.clone())), bytes.len() as u64);
        let (fresh, mut keeping) = (reader(), reader());
        let entry = Entry::Blob { position: 20, data: &bytes[20..50] };
        keeping.keep(&Located { position: 18, length: 32, entry });
        for position in 0..=256 {
            for size in [None, Some(0), Some(29), Some(30), Some(31)] {
                let expected = read(&fresh, position, size);
                assert_eq!(read(&keeping, position, size), expected, "{position} {size:?}");
            }
        }
    }
}
