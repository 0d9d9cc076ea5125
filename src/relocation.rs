//! Entries of a log on their way into another file: blob values follow their data.

use crate::blob_map::{BlobError, BlobMap, BlobPointers};
use crate::buffer::Buffer;
use crate::encode::write_value;
use crate::entry::{Entry, Located};
use crate::head::Version;
use crate::value::{BlobPosition, Type, Value, Values};

/// Where the blobs of a log went, and what becomes of the values that point to them in a file of version 5.
#[derive(Debug, Default)]
pub(crate) struct Relocation {
    pointers: BlobPointers,
    blobs: BlobMap,
    /// The values of a vector of blobs, once they follow.
    vector: Buffer,
}

impl Relocation {
    pub(crate) fn new(pointers: BlobPointers) -> Relocation {
        Relocation { pointers, ..Relocation::default() }
    }

    /// Forgets the blobs: another log follows.
    pub(crate) fn restart(&mut self) {
        self.blobs = BlobMap::default();
    }

    pub(crate) const fn set_pointers(&mut self, pointers: BlobPointers) {
        self.pointers = pointers;
    }

    /// Whether an entry is a blob, or has values that point to some. Others go as they are.
    #[inline]
    pub(crate) const fn concerns(entry: &Entry<'_>) -> bool {
        match entry {
            Entry::Blob { .. } | Entry::Update { value: Value::Blob(_), .. } => true,
            Entry::UpdateVector { values, .. } => matches!(values.value_type(), Type::Blob),
            _ => false,
        }
    }

    /// The entry to write in the place of another: the same, but that blob values follow.
    #[inline]
    pub(crate) fn entry<'e>(&'e mut self, entry: &Entry<'e>) -> Result<Entry<'e>, BlobError> {
        match *entry {
            Entry::Update { table, record, field, value: Value::Blob(blob), form } => {
                let value = Value::Blob(self.follow(blob)?);
                Ok(Entry::Update { table, record, field, value, form })
            }
            Entry::UpdateVector { table, first, field, ref values } if values.value_type() == Type::Blob => {
                let values = self.vector(values)?;
                Ok(Entry::UpdateVector { table, first, field, values })
            }
            _ => Ok(*entry),
        }
    }

    fn vector(&mut self, values: &Values<'_>) -> Result<Values<'_>, BlobError> {
        let (value_type, count, version) = (Type::Blob, values.count(), Version::V5);
        let mut bytes = std::mem::replace(&mut self.vector, Buffer::new());
        bytes.clear();
        for value in values.iter() {
            if let Value::Blob(blob) = value {
                write_value(&mut bytes, &Value::Blob(self.follow(blob)?), version);
            }
        }
        self.vector = bytes;
        Ok(Values { value_type, count, bytes: self.vector.bytes(), version, shortest: true })
    }

    /// The value for the new file. One of version 4, which has no size, gets it from its blob in any case.
    fn follow(&self, blob: BlobPosition) -> Result<BlobPosition, BlobError> {
        match self.pointers {
            BlobPointers::Keep if blob.size.is_some() => Ok(blob),
            BlobPointers::Keep | BlobPointers::Follow => self.blobs.find(blob),
        }
    }

    /// Notes where the data of a blob went: its entry was written and ends at `end` in the new file. Data that stood at
    /// 0 stood nowhere, and no value means it.
    #[inline]
    pub(crate) fn note(&mut self, located: &Located<'_>, end: u64) -> Result<(), BlobError> {
        match located.entry {
            Entry::Blob { position, data } if self.pointers == BlobPointers::Follow && position != 0 => {
                let (size, length_at) = (data.len() as u64, located.position.saturating_add(1));
                self.blobs.insert(position, size, length_at, end.saturating_sub(size))
            }
            _ => Ok(()),
        }
    }
}
