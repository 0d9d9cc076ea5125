//! Blob values that follow their data into another file.
//!
//! A blob value is the position of data in the file (FORMAT.md, section 3), so it changes wherever a log is written
//! anew.

use crate::value::BlobPosition;
use std::collections::BTreeMap;

/// What becomes of blob values in a new file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlobPointers {
    /// They follow the data that they point to, which has to stand before them.
    #[default]
    Follow,
    /// They stay as they are: they point into another file.
    Keep,
}

/// Why a blob value cannot follow its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// It points to no data that came before it.
    #[error("blob value {} found, position and size within a blob before it expected", text(*_0))]
    Unknown(BlobPosition),
    /// Two blobs share bytes, so that nobody knows which of them a value means.
    #[error("a blob at {} found, one that does not overlap the blob at {} expected", text(*found), text(*other))]
    Overlap {
        /// The blob.
        found: BlobPosition,
        /// The one before it.
        other: BlobPosition,
    },
}

/// As joedb commands write it.
fn text(blob: BlobPosition) -> String {
    let size = blob.size.map_or(String::new(), |size| format!(",{size}"));
    format!("{}{size}", blob.position)
}

/// The blobs of a log, and where their data stands in the file that is made of it; about 40 bytes of memory a blob.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlobMap {
    /// By the position of the data in the old file.
    blobs: BTreeMap<u64, Moved>,
}

#[derive(Clone, Copy, Debug)]
struct Moved {
    size: u64,
    /// The position of the length before the data, to which values of version 4 point.
    length_at: u64,
    /// The position of the data in the new file.
    to: u64,
}

impl Moved {
    /// How many positions are this blob's. That of an empty one is taken too: the next blob stands behind its own
    /// opcode and length.
    fn extent(&self) -> u64 {
        self.size.max(1)
    }
}

impl BlobMap {
    /// A blob whose `size` bytes stood at `from`, behind a length at `length_at`, and stand at `to` now.
    pub(crate) fn insert(&mut self, from: u64, size: u64, length_at: u64, to: u64) -> Result<(), BlobError> {
        let moved = Moved { size, length_at, to };
        let end = from.saturating_add(moved.extent());
        let last = self.blobs.range(..end).next_back();
        if let Some((&position, other)) = last
            && position.saturating_add(other.extent()) > from
        {
            let found = BlobPosition { position: from, size: Some(size) };
            let other = BlobPosition { position, size: Some(other.size) };
            return Err(BlobError::Overlap { found, other });
        }
        self.blobs.insert(from, moved);
        Ok(())
    }

    /// Where `blob` points to in the new file. The value of a record that was never updated, 0, stays.
    pub(crate) fn find(&self, blob: BlobPosition) -> Result<BlobPosition, BlobError> {
        let found = match blob.size {
            None | Some(0) if blob.position == 0 => Some(BlobPosition { position: 0, size: Some(0) }),
            Some(size) => self.within(blob.position, size),
            None => self.behind_length(blob.position),
        };
        found.ok_or(BlobError::Unknown(blob))
    }

    /// The blob of which `blob`, a position of the old file, is a piece: its position and size in the old file.
    pub(crate) fn around(&self, blob: BlobPosition) -> Option<(u64, u64)> {
        let (&from, moved) = self.blobs.range(..=blob.position).next_back()?;
        let end = blob.position.checked_add(blob.size?)?;
        (end <= from.checked_add(moved.size)?).then_some((from, moved.size))
    }

    /// How many blobs there are, and the bytes of their data.
    pub(crate) fn total(&self) -> (u64, u64) {
        let bytes = self.blobs.values().fold(0_u64, |sum, moved| sum.saturating_add(moved.size));
        (self.blobs.len() as u64, bytes)
    }

    fn within(&self, position: u64, size: u64) -> Option<BlobPosition> {
        let (from, moved) = self.blobs.range(..=position).next_back()?;
        let offset = position.checked_sub(*from)?;
        let is_within = offset.checked_add(size)? <= moved.size;
        is_within.then_some(BlobPosition { position: moved.to.saturating_add(offset), size: Some(size) })
    }

    fn behind_length(&self, position: u64) -> Option<BlobPosition> {
        let (_, moved) = self.blobs.range(position..).next()?;
        let points_here = moved.length_at == position;
        points_here.then_some(BlobPosition { position: moved.to, size: Some(moved.size) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn blob(position: u64, size: u64) -> BlobPosition {
        BlobPosition { position, size: Some(size) }
    }

    /// Ten bytes that moved from 100 to 500, and none that moved from 120 to 520.
    fn map() -> BlobMap {
        let mut map = BlobMap::default();
        map.insert(100, 10, 98, 500).unwrap();
        map.insert(120, 0, 119, 520).unwrap();
        map
    }

    #[test]
    fn a_value_follows_the_whole_blob_and_any_piece_of_it() {
        let moved =
            [((100, 10), (500, 10)), ((103, 2), (503, 2)), ((110, 0), (510, 0)), ((120, 0), (520, 0))];
        for ((position, size), (to, same)) in moved {
            assert_eq!(map().find(blob(position, size)), Ok(blob(to, same)));
        }
    }

    #[test]
    fn the_blob_around_a_piece_is_known_by_its_old_place() {
        assert_eq!(map().around(blob(103, 2)), Some((100, 10)));
        assert_eq!(map().around(blob(120, 0)), Some((120, 0)));
        assert_eq!((map().around(blob(109, 2)), map().around(blob(0, 0))), (None, None));
        assert_eq!(map().total(), (2, 10));
    }

    #[test]
    fn what_reaches_beyond_a_blob_is_unknown() {
        for (position, size) in [(99, 1), (100, 11), (109, 2), (110, 1), (111, 0), (120, 1), (0, 1)] {
            assert_eq!(
                map().find(blob(position, size)),
                Err(BlobError::Unknown(blob(position, size))),
                "{position},{size}"
            );
        }
    }

    #[test]
    fn the_value_of_a_record_that_was_never_updated_stays() {
        assert_eq!(BlobMap::default().find(blob(0, 0)), Ok(blob(0, 0)));
        let of_version_4 = BlobPosition { position: 0, size: None };
        assert_eq!(map().find(of_version_4), Ok(blob(0, 0)));
    }

    #[test]
    fn a_value_of_version_4_points_to_the_length_and_gets_a_size() {
        let pointer = |position| BlobPosition { position, size: None };
        assert_eq!(map().find(pointer(98)), Ok(blob(500, 10)));
        assert_eq!(map().find(pointer(119)), Ok(blob(520, 0)));
        for position in [97, 99, 100, 121] {
            assert!(map().find(pointer(position)).is_err(), "{position}");
        }
    }

    #[test]
    fn blobs_that_share_bytes_are_refused() {
        for (from, size) in [(100, 10), (95, 6), (109, 1), (100, 0), (90, 100), (120, 0), (104, 0)] {
            let refused = map().insert(from, size, 0, 900);
            assert!(matches!(refused, Err(BlobError::Overlap { .. })), "{from},{size}");
        }
        map().insert(110, 10, 0, 900).unwrap();
        assert_eq!(
            map().insert(109, 1, 0, 900).unwrap_err().to_string(),
            "a blob at 109,1 found, one that does not overlap the blob at 100,10 expected"
        );
    }
}
