//! What was exported, and what a format could not hold as it was.

use serde::Serialize;

/// What was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// The tables, in the order of their ids.
    pub tables: Vec<ExportedTable>,
}

/// A table that was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExportedTable {
    /// Its name in the log.
    pub name: String,
    /// Its name in the output, where that had to be another: SQLite does not tell upper from lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed: Option<String>,
    /// How many rows it has.
    pub rows: u64,
    /// The files of a directory that hold it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// What is not as it was.
    pub remarks: Remarks,
}

/// Values that are not in an export as they are in the log, by reason. A format counts what it does not hold; its
/// module says what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Remarks {
    /// Blob values whose data is not in this log: they point into another file.
    pub blobs_elsewhere: u64,
    /// Strings that are no UTF-8.
    pub strings_not_utf8: u64,
    /// Numbers that are none.
    pub not_numbers: u64,
    /// Zeros that are negative.
    pub negative_zeros: u64,
    /// References to records that do not exist.
    pub dangling_references: u64,
}

impl Remarks {
    /// Whether every value is as it was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Remarks::default()
    }

    /// These and others.
    #[must_use]
    pub const fn and(self, other: Remarks) -> Remarks {
        Remarks {
            blobs_elsewhere: self.blobs_elsewhere.saturating_add(other.blobs_elsewhere),
            strings_not_utf8: self.strings_not_utf8.saturating_add(other.strings_not_utf8),
            not_numbers: self.not_numbers.saturating_add(other.not_numbers),
            negative_zeros: self.negative_zeros.saturating_add(other.negative_zeros),
            dangling_references: self.dangling_references.saturating_add(other.dangling_references),
        }
    }
}

impl Exported {
    /// How many rows all tables have.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).fold(0, u64::saturating_add)
    }

    /// The remarks of all tables together.
    #[must_use]
    pub fn remarks(&self) -> Remarks {
        self.tables.iter().map(|table| table.remarks).fold(Remarks::default(), Remarks::and)
    }
}
