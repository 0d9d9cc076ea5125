//! JSON as the reference's `joedb_to_json` prints it, byte for byte (FORMAT.md, section 7).
//!
//! By column. Rows are counted without holes and references translated, -1 for null and for a record that does not
//! exist; a reference to a dropped table keeps its number. Floats have six digits, and those that JSON does not know are 0.
//! Blobs are their position and size, without the data. So much is lost: [`json`](super::json) loses nothing.

use super::error::ExportError;
use super::pace::Pace;
use super::state::Selection;
use super::summary::{Exported, ExportedTable};
use crate::entry::RecordId;
use crate::recovery::Supervisor;
use crate::sink::BlobReader;
use crate::store::{Field, Numbering, Store, Table};
use crate::text::escape::reference_json;
use crate::text::{Output, float};
use crate::value::{BlobPosition, FieldType, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::Write;

/// How strings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strings {
    /// As text. Of one that is no UTF-8 the valid beginning is left, and a sentence that says so.
    #[default]
    Text,
    /// In base64.
    Base64,
}

/// Writes tables to `writer`, streaming, a value at a time.
///
/// # Errors
/// [`ExportError::Write`], or [`ExportError::Output`] where the supervisor gave up.
pub fn write(
    selection: &Selection<'_>,
    strings: Strings,
    writer: &mut dyn Write,
    supervisor: &mut dyn Supervisor,
) -> Result<Exported, ExportError> {
    let fields = selection.tables().iter();
    let values = fields.map(|table| table.len().saturating_mul(table.fields().count() as u64));
    let pace = Pace::new(supervisor, values.fold(0, u64::saturating_add));
    let (store, blobs, out) = (selection.store(), selection.blobs(), Output::new(writer));
    let mut json = ReferenceJson { store, blobs, strings, out, pace, exported: Exported::default() };
    json.tables(selection)?;
    json.out.flush()?;
    Ok(json.exported)
}

struct ReferenceJson<'a, 's> {
    store: &'s Store,
    blobs: &'s BlobReader,
    strings: Strings,
    out: Output<'a>,
    pace: Pace<'a>,
    exported: Exported,
}

impl<'s> ReferenceJson<'_, 's> {
    fn tables(&mut self, selection: &Selection<'s>) -> Result<(), ExportError> {
        let mut before: &[u8] = b"{\n";
        for table in selection.tables() {
            self.out.bytes(before);
            self.table(table)?;
            before = b",\n";
        }
        if selection.tables().is_empty() {
            self.out.bytes(before);
        }
        self.out.bytes(b"\n}\n");
        Ok(())
    }

    fn table(&mut self, table: &Table<'s>) -> Result<(), ExportError> {
        self.out.bytes(b" \"");
        self.out.bytes(table.name());
        self.out.bytes(b"\":\n {\n  \"__size\": ");
        self.out.integer(table.len());
        for field in table.fields() {
            self.out.bytes(b",\n  \"");
            self.out.bytes(field.name());
            self.out.bytes(b"\": [");
            self.column(table, &field)?;
            self.out.byte(b']');
        }
        self.out.bytes(b"\n }");
        let (name, rows) = (super::state::text(table.name()), table.len());
        self.exported.tables.push(ExportedTable { name, rows, ..ExportedTable::default() });
        Ok(())
    }

    fn column(&mut self, table: &Table<'s>, field: &Field<'s>) -> Result<(), ExportError> {
        let target = match field.field_type() {
            FieldType::References(target) => self.store.table(target).map(|target| target.numbering()),
            _ => None,
        };
        let mut before: &[u8] = b"";
        for record in table.records() {
            self.out.bytes(before);
            if let Some(value) = field.value(record) {
                self.value(&value, target.as_ref());
            }
            self.out.breathe();
            self.pace.row()?;
            before = b", ";
        }
        if self.out.has_failed() { Ok(self.out.result()?) } else { Ok(()) }
    }

    fn value(&mut self, value: &Value<'_>, target: Option<&Numbering<'_>>) {
        let out = &mut self.out;
        match *value {
            Value::String(text) => self.string(text),
            Value::Int8(number) => out.integer(number),
            Value::Int16(number) => out.integer(number),
            Value::Int32(number) => out.integer(number),
            Value::Int64(number) => out.integer(number),
            Value::Float32(number) => finite(out, number.into()),
            Value::Float64(number) => finite(out, number),
            Value::Boolean(truth) => out.bytes(if truth { b"true" } else { b"false" }),
            Value::Reference(record) => reference(out, record, target),
            Value::Blob(blob) => self.blob(blob),
        }
    }

    fn string(&mut self, text: &[u8]) {
        self.out.byte(b'"');
        match self.strings {
            Strings::Text => reference_json(&mut self.out, text),
            Strings::Base64 => {
                // A multiple of three, so that the pieces join without padding between them.
                const PIECE: usize = 48 * 1024;
                for piece in text.chunks(PIECE) {
                    self.out.bytes(STANDARD.encode(piece).as_bytes());
                    self.out.breathe();
                }
            }
        }
        self.out.byte(b'"');
    }

    /// The reference of version 4 has no such program; what it would point to in version 5 is written.
    fn blob(&mut self, blob: BlobPosition) {
        let located = || self.blobs.locate(blob).unwrap_or((blob.position, 0));
        let (position, size) = blob.size.map_or_else(located, |size| (blob.position, size));
        self.out.byte(b'[');
        self.out.integer(position);
        self.out.byte(b',');
        self.out.integer(size);
        self.out.byte(b']');
    }
}

fn finite(out: &mut Output<'_>, number: f64) {
    if number.is_finite() { float::six_digits(out, number) } else { out.byte(b'0') }
}

fn reference(out: &mut Output<'_>, record: RecordId, target: Option<&Numbering<'_>>) {
    match target.map(|target| target.number(record)) {
        None => out.integer(record.0),
        Some(Some(number)) => out.integer(number),
        Some(None) => out.bytes(b"-1"),
    }
}
