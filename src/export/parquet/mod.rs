//! Parquet, through the arrow and parquet crates: a file a table, or one row for each entry of the log.
//!
//! | joedb | Parquet |
//! |---|---|
//! | the id of a record | `__id`, int64 |
//! | int8, int16, int32, int64 | the same, signed |
//! | boolean, float32, float64 | the same, bit for bit, NaN and -0.0 included |
//! | string | string; in a field of which one string is no UTF-8, all are binary |
//! | references | int64, null where it is null; the record need not exist |
//! | blob | binary with the data; null where it was never set, or is not in this log |
//!
//! The name of the joedb type, with the table that is referred to, is the metadata `joedb` of each column. Names are the
//! log's. Pages are compressed with Snappy. At most 1,000,000,000 bytes a value. A column in which there is a NaN has no
//! statistics, for readers do not agree on what they mean then.
//!
//! Rows are held in memory up to the end of their row group: a million rows, or about 64 MiB.

mod columns;
mod entries;
mod entry_columns;
mod file;

pub use entries::{Entries, EntryFiles, PartitionedEntries};
pub use file::Partitions;

use super::error::ExportError;
use super::file_names::file_names;
use super::new_directory::NewDirectory;
use super::pace::Pace;
use super::state::{Selection, text};
use super::summary::{Exported, ExportedTable};
use crate::recovery::Supervisor;
use crate::storage::File;
use crate::store::Table;
use columns::Columns;
use file::{ParquetFile, partition_name};
use std::io::Write;

/// Writes tables into a directory: `TABLE.parquet` each, or in partitions `TABLE-00000.parquet` and so on. The files get the
/// attributes of `attributes_of`.
///
/// # Errors
/// [`ExportError`].
pub fn write_directory(
    selection: &Selection<'_>,
    directory: &mut NewDirectory,
    partitions: Partitions,
    attributes_of: Option<&File>,
    supervisor: &mut dyn Supervisor,
) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    for (table, name) in selection.tables().iter().zip(file_names(selection.tables())) {
        let mut columns = Columns::new(selection, table);
        let mut files = Vec::new();
        while files.is_empty() || !columns.is_at_end() {
            let name = partition_name(&name, files.len(), partitions);
            let file = write_rows(&mut columns, partitions.rows(), directory.file(&name)?, supervisor)?;
            directory.finish_file(file, attributes_of, supervisor)?;
            files.push(name);
        }
        exported.tables.push(ExportedTable { files, ..summary(table, &columns) });
    }
    Ok(exported)
}

/// Writes one table to `writer`, row group by row group.
///
/// # Errors
/// [`ExportError`].
pub fn write_table<W: Write + Send>(
    selection: &Selection<'_>,
    table: &Table<'_>,
    writer: W,
    supervisor: &mut dyn Supervisor,
) -> Result<ExportedTable, ExportError> {
    let mut columns = Columns::new(selection, table);
    write_rows(&mut columns, u64::MAX, writer, supervisor)?;
    Ok(summary(table, &columns))
}

fn summary(table: &Table<'_>, columns: &Columns<'_>) -> ExportedTable {
    let (name, rows, remarks) = (text(table.name()), table.len(), columns.remarks());
    ExportedTable { name, rows, remarks, ..ExportedTable::default() }
}

/// Writes up to `rows` rows, and gives the writer back.
fn write_rows<W: Write + Send>(
    columns: &mut Columns<'_>,
    rows: u64,
    writer: W,
    supervisor: &mut dyn Supervisor,
) -> Result<W, ExportError> {
    let mut pace = Pace::new(supervisor, rows.min(columns.left()));
    let mut file = ParquetFile::new(writer, columns.schema(), columns.unordered())?;
    let mut left = rows;
    while left > 0
        && let Some(batch) = columns.batch(left, &mut pace)?
    {
        left = left.saturating_sub(batch.num_rows() as u64);
        file.write(&batch)?;
    }
    file.close()
}
