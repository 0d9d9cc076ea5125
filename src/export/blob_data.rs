//! The data of blobs, for formats that hold it.

use super::error::ExportError;
use super::state::text;
use crate::entry::RecordId;
use crate::sink::BlobReader;
use crate::store::{Blobs, Field, Table};
use crate::value::BlobPosition;
use std::io;

/// Where the data of a blob value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// The value was never set, or points to no blob.
    None,
    /// In the log: the position and the size.
    Here(u64, u64),
    /// Not in this log.
    Elsewhere,
}

/// Looks for the data of a value.
pub(super) fn find(blobs: &BlobReader, blob: BlobPosition) -> Data {
    // Where the head is, there is no blob.
    if blob == Blobs::NULL || (blob.position == 0 && blob.size.is_none()) {
        return Data::None;
    }
    blobs.locate(blob).map_or(Data::Elsewhere, |(position, size)| Data::Here(position, size))
}

/// What is said when the data cannot be read.
pub(super) fn unreadable(
    table: &Table<'_>,
    field: &Field<'_>,
    record: RecordId,
    error: io::Error,
) -> ExportError {
    ExportError::Blob { table: text(table.name()), field: text(field.name()), record: record.0, error }
}

/// The most bytes of a value that a format takes which holds it whole: SQLite's own limit.
#[cfg(any(feature = "csv", feature = "sqlite", feature = "parquet"))]
pub(super) const LONGEST: u64 = 1_000_000_000;

/// Refuses a value that is longer than a format allows.
#[cfg(any(feature = "csv", feature = "sqlite", feature = "parquet"))]
pub(super) fn check_length(
    table: &Table<'_>,
    field: &Field<'_>,
    record: RecordId,
    found: u64,
) -> Result<(), ExportError> {
    if found <= LONGEST {
        return Ok(());
    }
    let (table, field, record) = (text(table.name()), text(field.name()), record.0);
    Err(ExportError::TooLong { table, field, record, found, limit: LONGEST })
}
