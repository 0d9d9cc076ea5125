//! CSV: RFC 4180 through the csv crate, a file a table, in UTF-8 where the strings are.
//!
//! The first line holds `__id` and the names of the fields; then a line a record, in the order of their ids, ended by a line
//! feed. A value that holds a comma, a double quote or a line break stands in double quotes, in which a double quote is
//! doubled.
//!
//! | joedb | CSV |
//! |---|---|
//! | integers, the id of a record | decimal |
//! | boolean | `true`, `false` |
//! | float32, float64 | the shortest decimal that reads back to the same bits; `inf`, `-inf`, `nan`, `-nan`, and with its bits an unusual `nan(0x7fc00001)` |
//! | string | its bytes as they are, whether they are UTF-8 or not. A string is never null, so that an empty value is the empty string |
//! | references | the id of the record, which need not exist; empty for null |
//! | blob | the data in hexadecimal after `\x`, as PostgreSQL reads it; empty where it was never set, or is not in this log |
//!
//! At most 1,000,000,000 bytes a blob: each is held in memory three times.

use super::blob_data::{Data, check_length, find, unreadable};
use super::error::ExportError;
use super::file_names::file_names;
use super::new_directory::NewDirectory;
use super::pace::Pace;
use super::state::Selection;
use super::summary::{Exported, ExportedTable, Remarks};
use crate::entry::RecordId;
use crate::recovery::Supervisor;
use crate::sink::BlobReader;
use crate::storage::File;
use crate::store::{Field, Table};
use crate::text::{Output, float};
use crate::value::{BlobPosition, Value};
use std::io::Write;

/// Writes tables into a directory, `TABLE.csv` each, streaming, row by row. The files get the attributes of `attributes_of`.
///
/// # Errors
/// [`ExportError`].
pub fn write_directory(
    selection: &Selection<'_>,
    directory: &mut NewDirectory,
    attributes_of: Option<&File>,
    supervisor: &mut dyn Supervisor,
) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    for (table, name) in selection.tables().iter().zip(file_names(selection.tables())) {
        let name = format!("{name}.csv");
        let mut file = directory.file(&name)?;
        let mut one = write_table(selection, table, &mut file, supervisor)?;
        directory.finish_file(file, attributes_of, supervisor)?;
        one.files.push(name);
        exported.tables.push(one);
    }
    Ok(exported)
}

/// Writes one table to `writer`, streaming, row by row.
///
/// # Errors
/// [`ExportError`].
pub fn write_table(
    selection: &Selection<'_>,
    table: &Table<'_>,
    writer: &mut dyn Write,
    supervisor: &mut dyn Supervisor,
) -> Result<ExportedTable, ExportError> {
    const BUFFER: usize = 256 * 1024;
    let mut pace = Pace::new(supervisor, table.len());
    let fields: Vec<Field<'_>> = table.fields().collect();
    let writer = csv::WriterBuilder::new().buffer_capacity(BUFFER).from_writer(writer);
    let (blobs, text) = (selection.blobs(), Output::memory());
    let mut lines = Lines { table: *table, blobs, writer, text, remarks: Remarks::default() };
    lines.head(&fields)?;
    for record in table.records() {
        lines.record(record, &fields)?;
        pace.row()?;
    }
    lines.writer.flush()?;
    let name = super::state::text(table.name());
    Ok(ExportedTable { name, rows: table.len(), remarks: lines.remarks, ..ExportedTable::default() })
}

struct Lines<'w, 's> {
    table: Table<'s>,
    blobs: &'s BlobReader,
    writer: csv::Writer<&'w mut dyn Write>,
    /// The text of a value.
    text: Output<'static>,
    remarks: Remarks,
}

/// What the csv crate says: only what takes the text can fail, and what that said is told as it is, for a pipe that was
/// closed is no failure.
fn io(error: csv::Error) -> ExportError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => std::io::Error::other(format!("{other:?}")).into(),
    }
}

impl Lines<'_, '_> {
    fn head(&mut self, fields: &[Field<'_>]) -> Result<(), ExportError> {
        let names = fields.iter().map(Field::name);
        self.writer.write_record(std::iter::once(&b"__id"[..]).chain(names)).map_err(io)
    }

    fn record(&mut self, record: RecordId, fields: &[Field<'_>]) -> Result<(), ExportError> {
        self.text.clear();
        self.text.integer(record.0);
        self.put()?;
        for field in fields {
            self.value(record, field)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io)
    }

    /// Writes the text of a value.
    fn put(&mut self) -> Result<(), ExportError> {
        self.writer.write_field(self.text.as_bytes()).map_err(io)
    }

    fn value(&mut self, record: RecordId, field: &Field<'_>) -> Result<(), ExportError> {
        self.text.clear();
        let text = &mut self.text;
        match field.value(record) {
            None => {}
            Some(Value::String(string)) => return self.string(string),
            Some(Value::Int8(number)) => text.integer(number),
            Some(Value::Int16(number)) => text.integer(number),
            Some(Value::Int32(number)) => text.integer(number),
            Some(Value::Int64(number)) => text.integer(number),
            Some(Value::Boolean(truth)) => text.bytes(if truth { b"true" } else { b"false" }),
            Some(Value::Reference(record)) if record.is_null() => {}
            Some(Value::Reference(record)) => text.integer(record.0),
            Some(Value::Float32(number)) => float::lossless(text, number),
            Some(Value::Float64(number)) => float::lossless(text, number),
            Some(Value::Blob(blob)) => self.blob(record, field, blob)?,
        }
        self.put()
    }

    fn string(&mut self, string: &[u8]) -> Result<(), ExportError> {
        if std::str::from_utf8(string).is_err() {
            self.remarks.strings_not_utf8 = self.remarks.strings_not_utf8.saturating_add(1);
        }
        self.writer.write_field(string).map_err(io)
    }

    fn blob(&mut self, record: RecordId, field: &Field<'_>, blob: BlobPosition) -> Result<(), ExportError> {
        match find(self.blobs, blob) {
            Data::None => {}
            Data::Elsewhere => {
                self.remarks.blobs_elsewhere = self.remarks.blobs_elsewhere.saturating_add(1);
            }
            Data::Here(position, size) => {
                check_length(&self.table, field, record, size)?;
                self.text.bytes(b"\\x");
                let written = self.blobs.write_hex(&mut self.text, position, size);
                written.map_err(|error| unreadable(&self.table, field, record, error))?;
            }
        }
        Ok(())
    }
}
