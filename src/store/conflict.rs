//! Why a store cannot take an entry.

use super::{Field, Table};
use crate::entry::{FieldId, Kind, RecordId, TableId};
use crate::schema::Nonsense;
use crate::text::{Position, quoted};
use std::fmt;

/// What stands against an entry, without the words for it: those are found once it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NotInUse(RecordId),
    InUse(RecordId),
    /// More without bytes behind them than the limit allows: all that were asked for so far.
    TooMany {
        asked: u64,
    },
    NoMemory,
    /// Something that the schema would not let pass.
    Nonsense,
}

/// A table, by id and by the name that it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The id.
    pub id: TableId,
    /// The name.
    pub name: Box<[u8]>,
}

/// A field, by id and by the name that it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName {
    /// The id.
    pub id: FieldId,
    /// The name.
    pub name: Box<[u8]>,
}

/// A value of a table: its record and its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The table.
    pub table: TableName,
    /// The field.
    pub field: FieldName,
    /// The record.
    pub record: RecordId,
}

impl Cell {
    pub(crate) fn new(table: &Table<'_>, field: &Field<'_>, record: RecordId) -> Cell {
        let table = TableName { id: table.id(), name: table.name().into() };
        let field = FieldName { id: field.id(), name: field.name().into() };
        Cell { table, field, record }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} of {}, {}", self.record.0, self.table, self.field)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}", quoted(&self.name))
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {}", quoted(&self.name))
    }
}

/// An entry that makes sense and still cannot be played into tables: no healthy writer leaves one behind these entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// A record that does not exist is to be deleted.
    #[error("no record {} in {table} found, one expected that can be deleted", record.0)]
    NothingToDelete {
        /// The table.
        table: TableName,
        /// The record; of a vector, the first that does not exist.
        record: RecordId,
    },
    /// A value of a record that does not exist is to be set.
    #[error("no record {} in {table} found, one expected whose {field} can be set", record.0)]
    NothingToUpdate {
        /// The table.
        table: TableName,
        /// The field.
        field: FieldName,
        /// The record; of a vector, the first that does not exist.
        record: RecordId,
    },
    /// A record is to be inserted that exists.
    #[error("record {} in {table} found, none expected before it is inserted", record.0)]
    InsertedTwice {
        /// The table.
        table: TableName,
        /// The record; of a vector, the first that exists.
        record: RecordId,
    },
    /// More rows, or values that were never set, than the log's bytes account for.
    #[error(
        "{found} rows or unset values without bytes behind them found with {table}, at most {limit} expected"
    )]
    TooManyRows {
        /// The table.
        table: TableName,
        /// How many the log asked for up to this entry.
        found: u64,
        /// [`Limits::rows`](super::Limits::rows).
        limit: u64,
    },
    /// The system has no memory for rows or unset values that a limit allows.
    #[error(
        "not as much memory found as {table} needs for its rows or unset values; a lower limit of them is expected"
    )]
    NoMemory {
        /// The table.
        table: TableName,
    },
    /// It makes no sense after all. Whoever asks [`Sense`](crate::sense::Sense) first never sees this.
    #[error(transparent)]
    Nonsense(#[from] Nonsense),
}

impl Conflict {
    /// Whether the log is at fault for certain. One that asks for more rows than it has bytes may be as it should be.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        !matches!(self, Conflict::TooManyRows { .. } | Conflict::NoMemory { .. })
    }
}

/// An entry that cannot be played into tables, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("position {}: {kind} entry cannot be loaded: {conflict}", Position(*position))]
pub struct Unloadable {
    /// Where the entry begins.
    pub position: u64,
    /// The kind of entry.
    pub kind: Kind,
    /// Why.
    pub conflict: Conflict,
}
