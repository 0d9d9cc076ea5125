//! Merging: several logs whose schemas have the same history, as one.
//!
//! The tables of the result are those of the logs, one behind the other, holes among them. A table of the first log takes
//! as many ids as it ever had records, those of further logs up to their last record: as `joedb_merge` has it, of which the
//! result has the very bytes, the head apart. References and blob values follow. Nothing is compared but the schemas: rows
//! that are in two logs are there twice.
//!
//! Where `joedb_merge` is not to be followed: a reference to a record behind these ids, that exists no more or never did,
//! would mean a record of the next log, so it becomes null and is counted. One to a table that was dropped keeps its
//! number. Deleted records stay deleted; `joedb_merge` brings some at the end of a table back. Blobs are merged too.
//!
//! ```
//! use joedb::merge::Merger;
//! use joedb::new_journal::Draft;
//! use joedb::pack::pack;
//! use joedb::snapshot::Snapshot;
//! use joedb::store::Limits;
//! use joedb::{BlobPointers, Encoder, Entry, Journal, RecordId, TableId, Version};
//!
//! let mut log = Encoder::new(Version::V5);
//! log.push(&Entry::CreateTable { name: b"city" });
//! log.push(&Entry::InsertVector { table: TableId(1), first: RecordId(0), count: 10 });
//!
//! let mut merger = Merger::new(BlobPointers::Follow);
//! let mut journals = [Journal::from_bytes(log.file())?, Journal::from_bytes(log.file())?];
//! for journal in &mut journals {
//!     let size = journal.size();
//!     merger.add(Snapshot::of(journal, size, Limits::for_log(size), &mut |_| {})?)?;
//! }
//! let (merged, _) = merger.finish();
//! assert_eq!(merged.store().table_named(b"city").map(|city| city.len()), Some(20));
//!
//! let mut draft = Draft::new(BlobPointers::Follow);
//! pack(&merged, BlobPointers::Follow, &mut journals[..], &mut draft)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::blob_map::{BlobError, BlobPointers};
use crate::encode::Vector;
use crate::entry::{Entry, RecordId, TableId};
use crate::snapshot::{Archive, Difference, History, Snapshot};
use crate::store::{Cell, Column, Conflict, Field, Limits, Store, Table};
use crate::value::{BlobPosition, FieldType, Value};
use serde::Serialize;
use std::collections::BTreeMap;

/// What was merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// How many logs.
    pub logs: u64,
    /// How many references to records behind the ids of their table became null.
    pub references_cleared: u64,
}

/// Why a log cannot be merged. Nothing may be added any more then.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The history of its schema is another one.
    #[error("the schemas differ in their {}", differ(.differences, *.further))]
    Schema {
        /// The entries that differ, at most [`SHOWN`].
        differences: Vec<Difference>,
        /// How many more there are.
        further: u64,
    },
    /// A value points to no blob of its log.
    #[error("{cell}: {error}")]
    Blob {
        /// Where the value is.
        cell: Cell,
        /// What is wrong with it.
        error: BlobError,
    },
    /// The tables cannot hold the rows of all logs.
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

/// How many entries in which schemas differ are named.
pub const SHOWN: usize = 8;

/// The entries by their numbers, in one line.
fn differ(differences: &[Difference], further: u64) -> String {
    let mut named: Vec<String> = differences.iter().map(named).collect();
    if let Some(first) = named.first_mut() {
        first.push_str(" as in the first file");
    }
    if further > 0 {
        named.push(format!("{further} more"));
    }
    named.join("; ")
}

fn named(Difference { number, entries }: &Difference) -> String {
    let [expected, found] = entries.each_ref().map(|entry| entry.as_deref().unwrap_or("no further entry"));
    format!("entry {number}: {found} found, {expected} expected")
}

/// How many ids tables take.
type Ids = BTreeMap<TableId, u64>;

/// How many ids a table takes: all that it ever had of the first log, those up to the last record of others.
fn ids(table: Table<'_>, is_first: bool) -> u64 {
    let end = if is_first { Some(table.end()) } else { table.last().map(RecordId::next) };
    end.map_or(0, |end| end.0.cast_unsigned())
}

/// How many values go from one store to another at a time.
const PIECE: usize = 64 * 1024;

/// Takes logs in, one behind the other.
#[derive(Debug)]
pub struct Merger {
    pointers: BlobPointers,
    /// That of the first log, which all others have to have.
    history: Option<History>,
    store: Store,
    archive: Archive,
    /// How many ids each table of the logs so far takes.
    ends: Ids,
    merged: Merged,
}

impl Merger {
    /// No log yet. Blob values stay as they are with [`BlobPointers::Keep`].
    #[must_use]
    pub fn new(pointers: BlobPointers) -> Merger {
        Merger {
            pointers,
            history: None,
            // What a log may ask for was looked at when it was loaded.
            store: Store::new(Limits::NONE),
            archive: Archive::default(),
            ends: Ids::new(),
            merged: Merged::default(),
        }
    }

    /// Takes in a log behind those before it.
    ///
    /// Memory: the rows of all logs, and for a moment those of this one twice.
    ///
    /// # Errors
    /// [`MergeError`].
    pub fn add(&mut self, log: Snapshot) -> Result<(), MergeError> {
        self.agree(&log.history)?;
        let (base, is_first) = (self.archive.end(), self.merged.logs == 0);
        let own = log.store.tables().map(|table| (table.id(), ids(table, is_first))).collect();
        for table in log.store.tables() {
            let (before, own, pointers) = (&self.ends, &own, self.pointers);
            let moving = Moving { log: &log, table, before, own, base, pointers };
            let cleared = moving.append_to(&mut self.store)?;
            self.merged.references_cleared = self.merged.references_cleared.saturating_add(cleared);
        }
        for (table, count) in own {
            let end = self.ends.entry(table).or_default();
            *end = end.saturating_add(count);
        }
        self.archive.append(log.archive);
        self.merged.logs = self.merged.logs.saturating_add(1);
        Ok(())
    }

    /// All logs as one, and what was done.
    #[must_use]
    pub fn finish(self) -> (Snapshot, Merged) {
        let Merger { history, store, archive, merged, .. } = self;
        (Snapshot { history: history.unwrap_or_default(), store, archive }, merged)
    }

    /// The first log makes the tables, the others must have the same.
    fn agree(&mut self, history: &History) -> Result<(), MergeError> {
        if let Some(expected) = &self.history {
            let mut all = expected.differences(history);
            let differences: Vec<Difference> = all.by_ref().take(SHOWN).collect();
            let further = all.fold(0, |further: u64, _| further.saturating_add(1));
            let is_same = differences.is_empty();
            return if is_same { Ok(()) } else { Err(MergeError::Schema { differences, further }) };
        }
        history.iter().try_for_each(|located| self.store.apply(&located.entry))?;
        self.history = Some(history.clone());
        Ok(())
    }
}

/// A table of a log on its way behind those of other logs.
struct Moving<'a> {
    log: &'a Snapshot,
    table: Table<'a>,
    /// How many ids each table of the logs before it takes, and of its own log.
    before: &'a Ids,
    own: &'a Ids,
    /// What is added to the positions of blobs.
    base: u64,
    pointers: BlobPointers,
}

impl Moving<'_> {
    /// Returns how many references became null.
    fn append_to(&self, store: &mut Store) -> Result<u64, MergeError> {
        let (table, mut cleared) = (self.table.id(), 0_u64);
        for (first, count) in self.table.runs() {
            let moved = self.moved(table, first);
            store.apply(&Entry::InsertVector { table, first: moved, count })?;
            for field in self.table.fields() {
                let Some(column) = field.column() else { continue };
                cleared = cleared.saturating_add(self.append_values(store, field, column, first, count)?);
            }
        }
        Ok(cleared)
    }

    /// The id of a record of `table` among those of all logs.
    fn moved(&self, table: TableId, record: RecordId) -> RecordId {
        let before = self.before.get(&table).copied().unwrap_or(0);
        RecordId(record.0.saturating_add_unsigned(before))
    }

    /// The values of a run that were ever set, a piece at a time.
    fn append_values(
        &self,
        store: &mut Store,
        field: Field<'_>,
        column: &Column,
        first: RecordId,
        count: u64,
    ) -> Result<u64, MergeError> {
        let (mut vector, mut cleared) = (Vector::new(column.value_type()), 0_u64);
        let start = index(first);
        let end = start.saturating_add(usize::try_from(count).unwrap_or(usize::MAX)).min(column.len());
        let mut piece = start;
        while piece < end {
            let piece_end = end.min(piece.saturating_add(PIECE));
            vector.clear();
            for value in (piece..piece_end).map(|index| (index, column.get(index))) {
                let (value, is_cleared) = self.translated(field, value)?;
                cleared = cleared.saturating_add(is_cleared.into());
                // A column has values of one type.
                vector.push(&value).unwrap_or_default();
            }
            let table = self.table.id();
            let (first, field) = (self.moved(table, record(piece)), field.id());
            store.apply(&Entry::UpdateVector { table, first, field, values: vector.values() })?;
            piece = piece_end;
        }
        Ok(cleared)
    }

    /// The value of a record among all logs, and whether it became null.
    #[inline]
    fn translated<'v>(
        &self,
        field: Field<'_>,
        (index, value): (usize, Value<'v>),
    ) -> Result<(Value<'v>, bool), MergeError> {
        match value {
            Value::Reference(to) => {
                let to = self.reference(field, to);
                Ok((Value::Reference(to.unwrap_or(RecordId::NULL)), to.is_none()))
            }
            Value::Blob(blob) if self.pointers == BlobPointers::Follow => {
                let blob = self.log.archive.resolve(blob).map_err(|error| MergeError::Blob {
                    cell: Cell::new(&self.table, &field, record(index)),
                    error,
                })?;
                Ok((Value::Blob(self.behind(blob)), false))
            }
            value => Ok((value, false)),
        }
    }

    /// `None` for a record behind the ids of its table.
    fn reference(&self, field: Field<'_>, to: RecordId) -> Option<RecordId> {
        let FieldType::References(target) = field.field_type() else { return Some(to) };
        match self.own.get(&target) {
            _ if to.is_null() => Some(to),
            Some(&ids) if to.0.cast_unsigned() >= ids => None,
            Some(_) => Some(self.moved(target, to)),
            // It was dropped, and its ids mean nothing.
            None => Some(to),
        }
    }

    /// The value of a record that was never updated stays.
    const fn behind(&self, blob: BlobPosition) -> BlobPosition {
        if blob.position == 0 {
            return blob;
        }
        BlobPosition { position: blob.position.saturating_add(self.base), size: blob.size }
    }
}

/// The index of a record that is in use.
fn index(record: RecordId) -> usize {
    usize::try_from(record.0).unwrap_or(usize::MAX)
}

fn record(index: usize) -> RecordId {
    RecordId(i64::try_from(index).unwrap_or(i64::MAX))
}
