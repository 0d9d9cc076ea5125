//! Why an export failed.

use crate::recovery::ApplyError;
use crate::text::{Bytes, quoted};
use std::io;

/// Why there is no export. Nothing is left behind of what a [`NewFile`](super::NewFile) or a
/// [`NewDirectory`](super::NewDirectory) was to hold.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The output could not be made, or the supervisor gave up.
    #[error(transparent)]
    Output(#[from] ApplyError),
    /// What takes the text or the bytes failed.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// The data of a blob could not be read.
    #[error("table {}, field {}, record {record}: the data of the blob cannot be read: {error}", quoted(table.as_bytes()), quoted(field.as_bytes()))]
    Blob {
        /// The table.
        table: String,
        /// The field.
        field: String,
        /// The id of the record.
        record: i64,
        /// What the operating system said.
        error: io::Error,
    },
    /// A value is too long for the format.
    #[error("table {}, field {}, record {record}: {} found, at most {} expected in this format; JSON and commands take any length", quoted(table.as_bytes()), quoted(field.as_bytes()), Bytes(*found), Bytes(*limit))]
    TooLong {
        /// The table.
        table: String,
        /// The field.
        field: String,
        /// The id of the record.
        record: i64,
        /// How long the value is.
        found: u64,
        /// How long one may be.
        limit: u64,
    },
    /// A table has more fields than the format allows.
    #[error("table {}: {found} fields found, at most {limit} expected in this format; JSON and CSV take any number", quoted(table.as_bytes()))]
    TooManyFields {
        /// The table.
        table: String,
        /// How many fields it has.
        found: usize,
        /// How many it may have.
        limit: usize,
    },
    /// SQLite refused.
    #[cfg(feature = "sqlite")]
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The Parquet writer refused.
    #[cfg(feature = "parquet")]
    #[error("Parquet: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}
