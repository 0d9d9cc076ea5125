//! The entries of a log as rows.

use super::entry_columns::EntryColumns;
use super::file::{ParquetFile, Partitions, partition_name};
use crate::entry::Located;
use crate::export::{ExportError, NewDirectory, NewFile};
use crate::recovery::Supervisor;
use crate::recovery::apply::heed;
use crate::schema::Schema;
use crate::sink::Sink;
use crate::storage::{File, FileDirectory};
use std::io::Write;

/// A sink that writes a row for each entry, for forensics at scale.
///
/// | column | type | what |
/// |---|---|---|
/// | `position` | int64 | where the entry begins |
/// | `length` | int64 | its bytes |
/// | `kind` | string | as `joedb_logdump --json` names it: `insert_into`, `update`, `blob` … |
/// | `table_id`, `table` | int32, string | the table, and its name before the entry |
/// | `record` | int64 | the record, of a vector the first |
/// | `count` | int64 | how many records a vector has |
/// | `field_id`, `field` | int32, string | the field, and its name before the entry |
/// | `type` | string | the type of a value or of a new field |
/// | `value` | string | the value as text: a string as it is, a number in decimal that reads back to the same bits, a vector and a blob as JSON; of other entries the text, the time, or the new name |
/// | `value_int64` | int64 | an integer, a boolean as 1 or 0, the record of a reference, the seconds of a timestamp, the position of a blob's data |
/// | `value_float64` | float64 | a float, a float32 widened |
/// | `value_bytes` | binary | a string that is no UTF-8; `value` is null then |
/// | `size` | int64 | the bytes of a blob |
///
/// What an entry does not have is null. The text of a vector of more than 16 MiB is left out, as [`Entries::left_out`] counts;
/// the data of blobs always is.
pub struct Entries<W: Write + Send> {
    file: ParquetFile<W>,
    columns: EntryColumns,
    entries: u64,
}

impl<W: Write + Send> Entries<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// [`ExportError::Parquet`].
    pub fn new(writer: W) -> Result<Entries<W>, ExportError> {
        let columns = EntryColumns::new();
        // Whether there is a NaN is known only at the end.
        let unordered = ["value_float64".to_owned()];
        let file = ParquetFile::new(writer, columns.schema(), &unordered)?;
        Ok(Entries { file, columns, entries: 0 })
    }

    /// How many entries were taken.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// How many vectors were so long that their values were left out.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.columns.left_out()
    }

    /// Completes the file, and gives the writer back.
    ///
    /// # Errors
    /// [`ExportError::Parquet`].
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.spill()?;
        self.file.close()
    }

    fn spill(&mut self) -> Result<(), ExportError> {
        match self.columns.batch()? {
            Some(batch) => self.file.write(&batch),
            None => Ok(()),
        }
    }
}

impl<W: Write + Send> Sink for Entries<W> {
    type Error = ExportError;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), ExportError> {
        Ok(())
    }

    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> Result<(), ExportError> {
        self.columns.push(located, schema);
        self.entries = self.entries.saturating_add(1);
        if self.columns.is_full() { self.spill() } else { Ok(()) }
    }

    /// Nothing is final before [`Entries::finish`], which is for the caller to call, or not to.
    fn end(&mut self, _: u64, _: bool) -> Result<(), ExportError> {
        Ok(())
    }
}

/// A sink that writes entries into the files of a directory: `entries.parquet`, or in partitions `entries-00000.parquet` and
/// so on.
pub struct PartitionedEntries<'a> {
    directory: &'a mut NewDirectory,
    partitions: Partitions,
    attributes_of: Option<&'a File>,
    supervisor: &'a mut dyn Supervisor,
    current: Option<Entries<NewFile<'static, FileDirectory>>>,
    written: EntryFiles,
}

/// What became of the entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFiles {
    /// How many entries there are in all files.
    pub entries: u64,
    /// See [`Entries::left_out`].
    pub left_out: u64,
    /// The names of the files.
    pub files: Vec<String>,
}

impl<'a> PartitionedEntries<'a> {
    /// A sink for a directory; its files get the attributes of `attributes_of`.
    pub fn new(
        directory: &'a mut NewDirectory,
        partitions: Partitions,
        attributes_of: Option<&'a File>,
        supervisor: &'a mut dyn Supervisor,
    ) -> PartitionedEntries<'a> {
        let written = EntryFiles::default();
        PartitionedEntries { directory, partitions, attributes_of, supervisor, current: None, written }
    }

    /// Completes the last file; a log without entries is one of no rows.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn finish(mut self) -> Result<EntryFiles, ExportError> {
        if self.written.files.is_empty() {
            self.current()?;
        }
        self.complete()?;
        Ok(self.written)
    }

    fn current(&mut self) -> Result<&mut Entries<NewFile<'static, FileDirectory>>, ExportError> {
        let current = match self.current.take() {
            Some(current) => current,
            None => {
                let name = partition_name("entries", self.written.files.len(), self.partitions);
                let entries = Entries::new(self.directory.file(&name)?)?;
                self.written.files.push(name);
                entries
            }
        };
        Ok(self.current.insert(current))
    }

    fn complete(&mut self) -> Result<(), ExportError> {
        let Some(entries) = self.current.take() else { return Ok(()) };
        self.written.entries = self.written.entries.saturating_add(entries.entries());
        self.written.left_out = self.written.left_out.saturating_add(entries.left_out());
        let file = entries.finish()?;
        Ok(self.directory.finish_file(file, self.attributes_of, self.supervisor)?)
    }
}

impl Sink for PartitionedEntries<'_> {
    type Error = ExportError;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), ExportError> {
        Ok(())
    }

    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> Result<(), ExportError> {
        const INTERVAL: u64 = 4096;
        let rows = self.partitions.rows();
        let current = self.current()?;
        current.entry(located, schema)?;
        let entries = current.entries();
        if entries.is_multiple_of(INTERVAL) {
            heed(self.supervisor)?;
        }
        if entries >= rows { self.complete() } else { Ok(()) }
    }

    fn end(&mut self, _: u64, _: bool) -> Result<(), ExportError> {
        Ok(())
    }
}
