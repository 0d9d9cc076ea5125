//! The blobs of one log or of several, whose data stays where it is.
//!
//! Positions of several logs become one kind: the files count as if they stood one behind the other. Of a single log they
//! are its own.

use crate::blob_map::{BlobError, BlobMap};
use crate::journal::{Journal, SourceError};
use crate::value::BlobPosition;

/// Where the data of blobs can be had.
pub trait BlobData {
    /// The data of a blob of log number `log`, counted from 0, at a position of that log.
    ///
    /// # Errors
    /// [`SourceError`].
    fn data(&mut self, log: usize, position: u64, size: u64) -> Result<&[u8], SourceError>;
}

/// One log, whatever its number.
impl BlobData for Journal {
    fn data(&mut self, _: usize, position: u64, size: u64) -> Result<&[u8], SourceError> {
        self.all_bytes(position, size)
    }
}

/// Logs in the order of their numbers.
impl BlobData for [Journal] {
    fn data(&mut self, log: usize, position: u64, size: u64) -> Result<&[u8], SourceError> {
        match self.get_mut(log) {
            Some(journal) => journal.all_bytes(position, size),
            None => Err(SourceError::Shrunk { position: 0, expected: position.saturating_add(size) }),
        }
    }
}

/// A blob of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Which log it is in.
    pub(crate) log: usize,
    /// Where its data is in that log.
    pub(crate) position: u64,
    /// How many bytes that is.
    pub(crate) size: u64,
    /// Where its data is, counted through all logs.
    pub(crate) place: u64,
}

#[derive(Clone, Debug)]
struct Part {
    /// The size of all logs before.
    base: u64,
    blobs: BlobMap,
}

/// Where blobs are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archive {
    parts: Vec<Part>,
    /// The size of all logs.
    end: u64,
}

impl Archive {
    /// Of one log of this size.
    pub(super) fn of_log(end: u64) -> Archive {
        Archive { parts: vec![Part { base: 0, blobs: BlobMap::default() }], end }
    }

    /// A blob of the last log, by the position of its entry and of its data.
    pub(super) fn insert(&mut self, entry: u64, position: u64, size: u64) -> Result<(), BlobError> {
        let Some(Part { blobs, .. }) = self.parts.last_mut() else { return Ok(()) };
        blobs.insert(position, size, entry.saturating_add(1), position)
    }

    /// The size of all logs: where the places of the next one begin.
    pub(crate) const fn end(&self) -> u64 {
        self.end
    }

    /// Takes the logs of another archive behind its own.
    pub(crate) fn append(&mut self, other: Archive) {
        let base = self.end;
        for part in other.parts {
            let shifted = base.saturating_add(part.base);
            self.parts.push(Part { base: shifted, blobs: part.blobs });
        }
        self.end = base.saturating_add(other.end);
    }

    /// What a value means, with the size that a value of version 4 does not have.
    pub(crate) fn resolve(&self, blob: BlobPosition) -> Result<BlobPosition, BlobError> {
        let (_, part, own) = self.part(blob).ok_or(BlobError::Unknown(blob))?;
        match part.blobs.find(own) {
            Ok(null) if null.position == 0 => Ok(null),
            Ok(BlobPosition { position, size }) => {
                Ok(BlobPosition { position: position.saturating_add(part.base), size })
            }
            Err(_) => Err(BlobError::Unknown(blob)),
        }
    }

    /// The blob that a value with a size is a piece of; none for the value of a record that was never updated.
    pub(crate) fn stored(&self, blob: BlobPosition) -> Option<Stored> {
        let (log, part, own) = self.part(blob)?;
        let (position, size) = part.blobs.around(own)?;
        Some(Stored { log, position, size, place: part.base.saturating_add(position) })
    }

    /// The log that a place is in, with its number, and the position there.
    fn part(&self, blob: BlobPosition) -> Option<(usize, &Part, BlobPosition)> {
        let after = self.parts.partition_point(|part| part.base <= blob.position);
        let log = after.checked_sub(1)?;
        let part = self.parts.get(log)?;
        let position = blob.position.checked_sub(part.base)?;
        Some((log, part, BlobPosition { position, ..blob }))
    }

    /// How many blobs there are, and the bytes of their data.
    pub(crate) fn total(&self) -> (u64, u64) {
        self.parts.iter().map(|part| part.blobs.total()).fold((0, 0), |(blobs, bytes), (more, more_bytes)| {
            (blobs.saturating_add(more), bytes.saturating_add(more_bytes))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn blob(position: u64, size: u64) -> BlobPosition {
        BlobPosition { position, size: Some(size) }
    }

    #[test]
    fn the_blobs_of_a_second_log_count_from_the_end_of_the_first() {
        let (mut first, mut second) = (Archive::of_log(100), Archive::of_log(90));
        first.insert(50, 52, 10).unwrap();
        second.insert(50, 52, 10).unwrap();
        let version_4 = BlobPosition { position: 51, size: None };
        assert_eq!(second.resolve(version_4), Ok(blob(52, 10)));
        first.append(second);
        assert_eq!(first.end(), 190);
        assert_eq!(first.stored(blob(53, 2)), Some(Stored { log: 0, position: 52, size: 10, place: 52 }));
        assert_eq!(first.stored(blob(153, 2)), Some(Stored { log: 1, position: 52, size: 10, place: 152 }));
        assert_eq!(first.resolve(blob(153, 2)), Ok(blob(153, 2)));
        assert_eq!(first.resolve(blob(0, 0)), Ok(blob(0, 0)));
        assert_eq!(first.resolve(blob(170, 1)), Err(BlobError::Unknown(blob(170, 1))));
        assert_eq!((first.stored(blob(0, 0)), first.stored(blob(170, 1))), (None, None));
        assert_eq!(first.total(), (2, 20));
    }
}
