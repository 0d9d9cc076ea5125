//! The blob positions of one field.

use super::column::{memory, or_default};
use crate::value::{BlobPosition, Value};

/// Where blobs stand, 16 bytes each.
#[derive(Clone, Debug, Default)]
pub struct Blobs(Vec<PackedBlob>);

/// The position and the size.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PackedBlob(u64, u64);

/// Stands for a size that version 4 does not store; it is larger than any that a log can hold.
const NO_SIZE: u64 = u64::MAX;

impl From<BlobPosition> for PackedBlob {
    fn from(BlobPosition { position, size }: BlobPosition) -> PackedBlob {
        PackedBlob(position, size.unwrap_or(NO_SIZE))
    }
}

impl From<PackedBlob> for BlobPosition {
    fn from(PackedBlob(position, size): PackedBlob) -> BlobPosition {
        BlobPosition { position, size: (size != NO_SIZE).then_some(size) }
    }
}

impl PackedBlob {
    pub(super) fn of(value: Value<'_>) -> Option<PackedBlob> {
        if let Value::Blob(blob) = value { Some(blob.into()) } else { None }
    }
}

impl Blobs {
    /// No blob: position and size are 0, where the head of a file is.
    pub const NULL: BlobPosition = BlobPosition { position: 0, size: Some(0) };

    /// How many there are; those of later records are [`Blobs::NULL`].
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the blob of the record with this index stands.
    #[must_use]
    pub fn get(&self, index: usize) -> BlobPosition {
        or_default(&self.0, index).into()
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = BlobPosition> {
        self.0.iter().map(|&blob| blob.into())
    }

    pub(super) const fn packed(&mut self) -> &mut Vec<PackedBlob> {
        &mut self.0
    }

    pub(super) fn memory(&self) -> usize {
        memory(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_version_4_does_not_store_is_no_size() {
        let mut blobs = Blobs::default();
        for size in [Some(0), None, Some(crate::COMPACT_MAX)] {
            blobs.packed().push(BlobPosition { position: 77, size }.into());
        }
        let sizes: Vec<Option<u64>> = blobs.iter().map(|blob| blob.size).collect();
        assert_eq!(sizes, [Some(0), None, Some(crate::COMPACT_MAX)]);
        assert_eq!((blobs.get(1).position, blobs.get(3)), (77, Blobs::NULL));
    }
}
