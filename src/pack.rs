//! Packing: a log that holds nothing but what is left of another one.
//!
//! The history of the schema stays as it is, entry by entry, for programs recognise their schema by it; comments,
//! timestamps and `valid_data` go. Then come the tables in the order of their ids: each run of consecutive records as an
//! `insert_vector` with a vector of every field, a single record as an `insert_into` with its values. Records keep their
//! ids, and so does every reference. Blobs that a record points to are written before the values that point to them, each
//! once and whole; those that nothing points to are left out. Without blobs the result is byte for byte what `joedb_pack`
//! writes, the head apart.
//!
//! ```
//! use joedb::new_journal::{Draft, NewJournalError};
//! use joedb::pack::{PackError, pack};
//! use joedb::snapshot::Snapshot;
//! use joedb::store::Limits;
//! use joedb::{BlobPointers, Encoder, Entry, InsertForm, Journal, RecordId, TableId, Version};
//!
//! let mut log = Encoder::new(Version::V5);
//! log.push(&Entry::CreateTable { name: b"city" });
//! let (table, record) = (TableId(1), RecordId(0));
//! for _ in 0..1000 {
//!     log.push(&Entry::Insert { table, record, form: InsertForm::InsertInto });
//!     log.push(&Entry::Delete { table, record });
//! }
//! let mut journal = Journal::from_bytes(log.file())?;
//! let size = journal.size();
//! let snapshot = Snapshot::of(&mut journal, size, Limits::for_log(size), &mut |_| {})?;
//!
//! // Or a `NewJournal`, which makes a file.
//! let mut draft = Draft::new(BlobPointers::Follow);
//! let packed = pack(&snapshot, BlobPointers::Follow, &mut journal, &mut draft)?;
//! assert_eq!((packed.rows, draft.written().bytes), (0, 6));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::blob_map::{BlobError, BlobPointers};
use crate::encode::Vector;
use crate::entry::{Entry, InsertForm, Located, RecordId, UpdateForm};
use crate::head::HEAD_SIZE;
use crate::journal::SourceError;
use crate::schema::Schema;
use crate::sink::Sink;
use crate::snapshot::{BlobData, Snapshot};
use crate::store::{Cell, Column, Field, Table};
use crate::value::{BlobPosition, Value};
use serde::Serialize;
use std::collections::HashSet;

/// What was packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Packed {
    /// How many records.
    pub rows: u64,
    /// How many blobs.
    pub blobs: u64,
    /// How many blobs were left out, for no record points to them.
    pub blobs_left_out: u64,
    /// The bytes of their data.
    pub blob_bytes_left_out: u64,
}

/// Why a snapshot cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError<E> {
    /// A value points to no blob of the log.
    #[error("{cell}: {error}")]
    Blob {
        /// Where the value is.
        cell: Cell,
        /// What is wrong with it.
        error: BlobError,
    },
    /// Values are to stay as they are, and the log has blobs that they may point to.
    #[error(
        "{blobs} blobs found, none expected where blob values are to be kept: they could not follow their data"
    )]
    BlobsToKeep {
        /// How many.
        blobs: u64,
    },
    /// The data of a blob could not be read.
    #[error(transparent)]
    Data(#[from] SourceError),
    /// The sink refused.
    #[error("{0}")]
    Sink(E),
}

/// A vector that takes so many bytes ends there, and another one follows: nobody should have to hold an entry of any
/// length in memory.
const LONGEST_VECTOR: usize = 256 * 1024 * 1024;

/// Plays what is left of a log into `sink`, which has to treat blob values as `pointers` says. The data of blobs comes
/// from `data`. The entries stand at no position: 0.
///
/// Memory, beside the snapshot: a vector of the longest field, at most 256 MiB and a string, and 16 bytes a blob.
///
/// # Errors
/// [`PackError`]; the sink has seen no end then.
pub fn pack<S: Sink, B: BlobData + ?Sized>(
    snapshot: &Snapshot,
    pointers: BlobPointers,
    data: &mut B,
    sink: &mut S,
) -> Result<Packed, PackError<S::Error>> {
    let (blobs, bytes) = snapshot.archive.total();
    if pointers == BlobPointers::Keep && blobs > 0 {
        return Err(PackError::BlobsToKeep { blobs });
    }
    let left = Packed { rows: 0, blobs: 0, blobs_left_out: blobs, blob_bytes_left_out: bytes };
    let mut packer = Packer {
        snapshot,
        pointers,
        data,
        sink,
        schema: Schema::new(),
        written: HashSet::new(),
        packed: left,
        longest_vector: LONGEST_VECTOR,
    };
    packer.everything()?;
    Ok(packer.packed)
}

/// The values of a field.
#[derive(Clone, Copy)]
struct Cells<'s> {
    table: Table<'s>,
    field: Field<'s>,
    column: &'s Column,
}

struct Packer<'a, S, B: ?Sized> {
    snapshot: &'a Snapshot,
    pointers: BlobPointers,
    data: &'a mut B,
    sink: &'a mut S,
    schema: Schema,
    /// The blobs that were written, by their place.
    written: HashSet<u64>,
    packed: Packed,
    longest_vector: usize,
}

impl<S: Sink, B: BlobData + ?Sized> Packer<'_, S, B> {
    fn everything(&mut self) -> Result<(), PackError<S::Error>> {
        let snapshot = self.snapshot;
        let is_empty = snapshot.history.is_empty();
        self.sink.begin(HEAD_SIZE, is_empty).map_err(PackError::Sink)?;
        for located in snapshot.history.iter() {
            self.push(located.entry)?;
            self.schema.apply(&located.entry);
        }
        for table in snapshot.store.tables() {
            table.runs().try_for_each(|(first, count)| self.run(table, first, count))?;
            self.packed.rows = self.packed.rows.saturating_add(table.len());
        }
        self.sink.end(0, true).map_err(PackError::Sink)
    }

    fn push(&mut self, entry: Entry<'_>) -> Result<(), PackError<S::Error>> {
        let located = Located { position: 0, length: 0, entry };
        self.sink.entry(&located, &self.schema).map_err(PackError::Sink)
    }

    /// Consecutive records, and their values.
    fn run(&mut self, table: Table<'_>, first: RecordId, count: u64) -> Result<(), PackError<S::Error>> {
        let (id, form) = (table.id(), InsertForm::InsertInto);
        self.push(match count {
            1 => Entry::Insert { table: id, record: first, form },
            _ => Entry::InsertVector { table: id, first, count },
        })?;
        for field in table.fields() {
            let Some(column) = field.column() else { continue };
            let cells = Cells { table, field, column };
            match count {
                1 => self.value(cells, first)?,
                _ => self.values(cells, first, count)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, cells: Cells<'_>, record: RecordId) -> Result<(), PackError<S::Error>> {
        let value = self.followed(cells, record)?;
        let (table, field, form) = (cells.table.id(), cells.field.id(), UpdateForm::Update);
        self.push(Entry::Update { table, record, field, value, form })
    }

    fn values(&mut self, cells: Cells<'_>, first: RecordId, count: u64) -> Result<(), PackError<S::Error>> {
        let mut vector = Vector::new(cells.column.value_type());
        let (mut begin, mut record) = (first, first);
        for _ in 0..count {
            let value = self.followed(cells, record)?;
            record = record.next();
            // A column has values of one type.
            vector.push(&value).unwrap_or_default();
            if vector.size() >= self.longest_vector {
                self.vector(cells, begin, &vector)?;
                vector.clear();
                begin = record;
            }
        }
        if vector.values().is_empty() { Ok(()) } else { self.vector(cells, begin, &vector) }
    }

    fn vector(
        &mut self,
        cells: Cells<'_>,
        first: RecordId,
        vector: &Vector,
    ) -> Result<(), PackError<S::Error>> {
        let (table, field, values) = (cells.table.id(), cells.field.id(), vector.values());
        self.push(Entry::UpdateVector { table, first, field, values })
    }

    /// The value of a record as the sink takes it, behind the blob that it points to.
    #[inline]
    fn followed<'s>(&mut self, cells: Cells<'s>, record: RecordId) -> Result<Value<'s>, PackError<S::Error>> {
        match cells.column.get(index(record)) {
            Value::Blob(blob) if self.pointers == BlobPointers::Follow => {
                self.follow(cells, record, blob).map(Value::Blob)
            }
            value => Ok(value),
        }
    }

    fn follow(
        &mut self,
        cells: Cells<'_>,
        record: RecordId,
        blob: BlobPosition,
    ) -> Result<BlobPosition, PackError<S::Error>> {
        let resolved = self.snapshot.archive.resolve(blob).map_err(|error| PackError::Blob {
            cell: Cell::new(&cells.table, &cells.field, record),
            error,
        })?;
        if let Some(stored) = self.snapshot.archive.stored(resolved)
            && self.written.insert(stored.place)
        {
            let data = self.data.data(stored.log, stored.position, stored.size)?;
            let entry = Entry::Blob { position: stored.place, data };
            let located = Located { position: 0, length: 0, entry };
            self.sink.entry(&located, &self.schema).map_err(PackError::Sink)?;
            self.packed.count_blob(stored.size);
        }
        Ok(resolved)
    }
}

impl Packed {
    fn count_blob(&mut self, size: u64) {
        self.blobs = self.blobs.saturating_add(1);
        self.blobs_left_out = self.blobs_left_out.saturating_sub(1);
        self.blob_bytes_left_out = self.blob_bytes_left_out.saturating_sub(size);
    }
}

/// The index of a record that is in use.
fn index(record: RecordId) -> usize {
    usize::try_from(record.0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{FieldId, Kind, TableId};
    use crate::store::Limits;
    use crate::value::{FieldType, Type};
    use crate::{Encoder, Journal, Version};

    /// The kinds of the entries, and the first record and the count of each vector.
    #[derive(Default)]
    struct Seen(Vec<(Kind, i64, u64)>);

    impl Sink for Seen {
        type Error = std::convert::Infallible;

        fn begin(&mut self, _: u64, _: bool) -> Result<(), Self::Error> {
            Ok(())
        }

        fn entry(&mut self, located: &Located<'_>, _: &Schema) -> Result<(), Self::Error> {
            if let Entry::UpdateVector { first, ref values, .. } = located.entry {
                self.0.push((located.entry.kind(), first.0, values.count()));
            }
            Ok(())
        }

        fn end(&mut self, _: u64, _: bool) -> Result<(), Self::Error> {
            Ok(())
        }
    }

    fn journal() -> Journal {
        let mut log = Encoder::new(Version::V5);
        let (table, field_type) = (TableId(1), FieldType::Plain(Type::String));
        log.push(&Entry::CreateTable { name: b"t" });
        log.push(&Entry::AddField { table, name: b"s", field_type });
        log.push(&Entry::InsertVector { table, first: RecordId(3), count: 10 });
        let value = Value::String(b"four");
        log.push_vector(table, RecordId(3), FieldId(1), Type::String, &[value; 10]);
        Journal::from_bytes(log.file()).unwrap()
    }

    #[test]
    fn a_vector_that_grows_too_long_goes_on_in_another_one() {
        let mut journal = journal();
        let size = journal.size();
        let snapshot = Snapshot::of(&mut journal, size, Limits::default(), &mut |_| {}).unwrap();
        let vectors = |longest_vector| {
            let mut sink = Seen::default();
            let mut packer = Packer {
                snapshot: &snapshot,
                pointers: BlobPointers::Follow,
                data: &mut journal_of_nothing(),
                sink: &mut sink,
                schema: Schema::new(),
                written: HashSet::new(),
                packed: Packed::default(),
                longest_vector,
            };
            packer.everything().unwrap();
            sink.0
        };
        let vector = |first, count| (Kind::UpdateVector(Type::String), first, count);
        // Each value takes five bytes.
        assert_eq!(vectors(51), [vector(3, 10)]);
        assert_eq!(vectors(50), [vector(3, 10)]);
        assert_eq!(vectors(20), [vector(3, 4), vector(7, 4), vector(11, 2)]);
        assert_eq!(vectors(1).len(), 10);
    }

    fn journal_of_nothing() -> Journal {
        Journal::from_bytes(Encoder::new(Version::V5).file()).unwrap()
    }
}
