//! An entry that is too long for memory.

use super::map::FileMap;
use super::source::SourceError;
use crate::storage::{File, ReadAt, Storage as _};
use crate::text::{Bytes, file_name};
use std::io;

/// A copy of a long entry in a temporary file, and a map of that.
///
/// The file has no name, so that no other program can cut it under the map: what a cut of the log would do to a map
/// of the log cannot happen here. It goes with the program, however that ends.
pub(super) struct LongEntry {
    position: u64,
    map: FileMap,
}

impl LongEntry {
    /// Copies `length` bytes from `position`.
    pub(super) fn copy(log: &dyn ReadAt, position: u64, length: u64) -> Result<LongEntry, SourceError> {
        let mut file = File::temporary().map_err(|error| no_room(position, length, error))?;
        copy_sparsely(log, position, length, &mut file)?;
        let map = file.set_size(length).and_then(|()| FileMap::new(&file));
        Ok(LongEntry { position, map: map.map_err(|error| no_room(position, length, error))? })
    }

    /// Where it begins in the log.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.map.bytes()
    }
}

/// Zeros are not written: the holes of a sparse log become holes.
fn copy_sparsely(log: &dyn ReadAt, position: u64, length: u64, file: &mut File) -> Result<(), SourceError> {
    const PIECE: usize = 1024 * 1024;
    let zeros = vec![0; PIECE];
    let mut buffer = vec![0; PIECE];
    let mut copied = 0;
    while copied < length {
        let at = position.saturating_add(copied);
        let wanted = usize::try_from(length.saturating_sub(copied)).unwrap_or(PIECE).min(PIECE);
        let piece = buffer.get_mut(..wanted).unwrap_or_default();
        let read = log.read_full_at(piece, at).map_err(|error| SourceError::Io { position: at, error })?;
        if read < wanted {
            let expected = position.saturating_add(length);
            return Err(SourceError::Shrunk { position: at.saturating_add(read as u64), expected });
        }
        if zeros.get(..wanted) != Some(&*piece) {
            file.write_at(piece, copied).map_err(|error| no_room(position, length, error))?;
        }
        copied = copied.saturating_add(wanted as u64);
    }
    Ok(())
}

fn no_room(position: u64, length: u64, error: io::Error) -> SourceError {
    let directory = file_name(&std::env::temp_dir());
    let text = format!(
        "an entry of at least {} found, which needs a temporary file of that size in {directory}: {error} (TMPDIR names \
         another directory)",
        Bytes(length)
    );
    SourceError::Io { position, error: io::Error::new(error.kind(), text) }
}
