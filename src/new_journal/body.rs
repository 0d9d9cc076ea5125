//! The body of a new journal, which grows entry by entry.

use super::NewJournalError;
use crate::blob_map::{BlobError, BlobMap, BlobPointers};
use crate::buffer::Buffer;
use crate::encode::{Encoder, write_value};
use crate::entry::{Entry, Located};
use crate::head::{HEAD_SIZE, Version};
use crate::recovery::Share;
use crate::value::{BlobPosition, Type, Value, Values};

/// Entries that are encoded anew, for a file of version 5.
#[derive(Debug)]
pub(super) struct Body {
    encoder: Encoder,
    pointers: BlobPointers,
    blobs: BlobMap,
    /// The values of a vector of blobs, once they follow.
    vector: Buffer,
    entries: u64,
    rows: u64,
}

impl Body {
    pub(super) fn new(pointers: BlobPointers) -> Body {
        let (encoder, blobs) = (Encoder::new(Version::V5), BlobMap::default());
        Body { encoder, pointers, blobs, vector: Buffer::new(), entries: 0, rows: 0 }
    }

    /// The bytes since they were last forgotten.
    pub(super) fn bytes(&self) -> &[u8] {
        self.encoder.body()
    }

    pub(super) fn forget_bytes(&mut self) {
        self.encoder.clear();
    }

    /// The position behind the last entry.
    pub(super) const fn position(&self) -> u64 {
        self.encoder.position()
    }

    /// What was pushed, and how many bytes it takes.
    pub(super) const fn written(&self) -> Share {
        Share {
            bytes: self.position().saturating_sub(HEAD_SIZE),
            entries: Some(self.entries),
            rows: Some(self.rows),
            undecodable: None,
        }
    }

    /// Appends an entry.
    #[inline]
    pub(super) fn push(&mut self, located: &Located<'_>) -> Result<(), NewJournalError> {
        self.take(located).map_err(|error| NewJournalError::Blob {
            position: located.position,
            kind: located.entry.kind(),
            error,
        })
    }

    #[inline]
    fn take(&mut self, located: &Located<'_>) -> Result<(), BlobError> {
        match located.entry {
            // Version 5 has no such mark.
            Entry::EndOfFile => return Ok(()),
            Entry::Blob { position, data } => self.push_blob(located, position, data.len() as u64)?,
            Entry::Update { table, record, field, value: Value::Blob(blob), form } => {
                let value = Value::Blob(self.follow(blob)?);
                self.encoder.push(&Entry::Update { table, record, field, value, form });
            }
            Entry::UpdateVector { ref values, .. } if values.value_type() == Type::Blob => {
                self.push_blob_values(&located.entry, values)?;
            }
            _ => self.encoder.push(&located.entry),
        }
        self.entries = self.entries.saturating_add(1);
        self.rows = self.rows.saturating_add(match located.entry {
            Entry::Insert { .. } => 1,
            Entry::InsertVector { count, .. } => count,
            _ => 0,
        });
        Ok(())
    }

    /// A blob whose data stood at `position`; at 0 it stood nowhere, and no value means it.
    fn push_blob(&mut self, located: &Located<'_>, position: u64, size: u64) -> Result<(), BlobError> {
        self.encoder.push(&located.entry);
        if self.pointers == BlobPointers::Keep || position == 0 {
            return Ok(());
        }
        let length_at = located.position.saturating_add(1);
        self.blobs.insert(position, size, length_at, self.position().saturating_sub(size))
    }

    fn push_blob_values(&mut self, entry: &Entry<'_>, values: &Values<'_>) -> Result<(), BlobError> {
        let Entry::UpdateVector { table, first, field, .. } = *entry else { return Ok(()) };
        let (count, version) = (values.count(), Version::V5);
        let mut bytes = std::mem::replace(&mut self.vector, Buffer::new());
        bytes.clear();
        for value in values.iter() {
            if let Value::Blob(blob) = value {
                write_value(&mut bytes, &Value::Blob(self.follow(blob)?), version);
            }
        }
        let values = Values { value_type: Type::Blob, count, bytes: bytes.bytes(), version };
        self.encoder.push(&Entry::UpdateVector { table, first, field, values });
        self.vector = bytes;
        Ok(())
    }

    /// The value for the new file. One of version 4, which has no size, gets it from its blob in any case.
    fn follow(&self, blob: BlobPosition) -> Result<BlobPosition, BlobError> {
        match self.pointers {
            BlobPointers::Keep if blob.size.is_some() => Ok(blob),
            BlobPointers::Keep | BlobPointers::Follow => self.blobs.find(blob),
        }
    }
}
