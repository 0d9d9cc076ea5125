//! JSON without loss: one object, which RFC 8259 allows as it is.
//!
//! ```json
//! {"tables":{
//! "city":{"id":1,"fields":{"name":{"id":1,"type":"string"}},"rows":[
//! {"__id":0,"name":"Lille"},
//! {"__id":1,"name":"東京"}
//! ]},
//! "person":{"id":2,"fields":{"home":{"id":1,"type":"references","references_id":1,"references":"city"}},"rows":[
//! {"__id":0,"home":1},
//! {"__id":1,"home":null}
//! ]}
//! }}
//! ```
//!
//! A row is an object on a line of its own; `__id`, the id of its record, is a name that no field can have. Tables, fields
//! and rows stand in the order of their ids. Values are those of
//! [`JsonLines`](crate::sink::JsonLines):
//!
//! * integers and floats are numbers whose text reads back to the same bits, `-0.0` included; programs that read all numbers as
//!   doubles round integers beyond 2^53;
//! * a float that JSON does not know is `{"float":"inf"}`, `{"float":"-inf"}`, `{"float":"nan"}`, or with the bits of an
//!   unusual NaN `{"float":"nan(0x7fc00001)"}`;
//! * a string that is no UTF-8 is `{"base64":"…"}`;
//! * a reference is the id of a record, which need not exist, or `null`;
//! * a blob is `{"position":…,"size":…,"data":"…"}`, with the data in base64, or `"data":null` where it is not in this log;
//!   `null` where it was never set. In version 4 the log has no size, and it is missing where there is no data.
//!
//! What a terminal would obey is escaped.

use super::blob_data::{Data, find, unreadable};
use super::error::ExportError;
use super::pace::Pace;
use super::state::{Selection, text};
use super::summary::{Exported, ExportedTable};
use crate::entry::RecordId;
use crate::recovery::Supervisor;
use crate::sink::BlobReader;
use crate::sink::json_lines::{quoted, value};
use crate::store::{Field, Store, Table};
use crate::text::Output;
use crate::value::{BlobPosition, FieldType, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, Write};

/// Writes tables to `writer`, streaming, row by row.
///
/// # Errors
/// [`ExportError::Write`], [`ExportError::Blob`], or [`ExportError::Output`] where the supervisor gave up.
pub fn write(
    selection: &Selection<'_>,
    writer: &mut dyn Write,
    supervisor: &mut dyn Supervisor,
) -> Result<Exported, ExportError> {
    let pace = Pace::new(supervisor, selection.rows());
    let (store, blobs, out) = (selection.store(), selection.blobs(), Output::new(writer));
    let mut json = Json { store, blobs, out, pace };
    let exported = json.tables(selection)?;
    json.out.flush()?;
    Ok(exported)
}

struct Json<'a, 's> {
    store: &'s Store,
    blobs: &'s BlobReader,
    out: Output<'a>,
    pace: Pace<'a>,
}

/// A field, and what stands before its values: the comma, the name, the colon.
struct Member<'s> {
    name: Vec<u8>,
    field: Field<'s>,
}

impl<'s> Json<'_, 's> {
    fn tables(&mut self, selection: &Selection<'s>) -> Result<Exported, ExportError> {
        let mut exported = Exported::default();
        let mut before: &[u8] = b"{\"tables\":{\n";
        for table in selection.tables() {
            self.out.bytes(before);
            exported.tables.push(self.table(table)?);
            before = b",\n";
        }
        if selection.tables().is_empty() {
            self.out.bytes(before);
        }
        self.out.bytes(b"\n}}\n");
        Ok(exported)
    }

    fn table(&mut self, table: &Table<'s>) -> Result<ExportedTable, ExportError> {
        let name = text(table.name());
        quoted(&mut self.out, &name);
        self.out.text(format_args!(":{{\"id\":{},\"fields\":{{", table.id().0));
        let mut before: &[u8] = b"";
        for field in table.fields() {
            self.out.bytes(before);
            self.declare(&field);
            before = b",";
        }
        self.out.bytes(b"},\"rows\":[");
        let mut exported = ExportedTable { name, rows: table.len(), ..ExportedTable::default() };
        exported.remarks.blobs_elsewhere = self.rows(table)?;
        self.out.bytes(b"\n]}");
        Ok(exported)
    }

    fn declare(&mut self, field: &Field<'_>) {
        quoted(&mut self.out, &text(field.name()));
        self.out.text(format_args!(":{{\"id\":{},\"type\":", field.id().0));
        match field.field_type() {
            FieldType::Plain(plain) => self.out.text(format_args!("\"{}\"", plain.name())),
            FieldType::References(target) => {
                self.out.text(format_args!("\"references\",\"references_id\":{}", target.0));
                if let Some(target) = self.store.table(target) {
                    self.out.bytes(b",\"references\":");
                    quoted(&mut self.out, &text(target.name()));
                }
            }
            FieldType::Null => self.out.bytes(b"\"null\""),
            FieldType::Unknown(id) => self.out.integer(id),
        }
        self.out.byte(b'}');
    }

    /// The rows, and how many blobs are not in the log.
    fn rows(&mut self, table: &Table<'s>) -> Result<u64, ExportError> {
        let members: Vec<Member<'s>> = table.fields().map(member).collect();
        let (mut before, mut elsewhere): (&[u8], u64) = (b"\n{\"__id\":", 0);
        for record in table.records() {
            self.out.bytes(before);
            self.out.integer(record.0);
            for Member { name, field } in &members {
                self.out.bytes(name);
                match field.value(record) {
                    Some(Value::Blob(blob)) => {
                        elsewhere = elsewhere.saturating_add(self.blob(table, field, record, blob)?);
                    }
                    Some(found) => value(&mut self.out, &found),
                    None => self.out.bytes(b"null"),
                }
            }
            self.out.byte(b'}');
            self.out.breathe();
            if self.out.has_failed() {
                self.out.result()?;
            }
            self.pace.row()?;
            before = b",\n{\"__id\":";
        }
        Ok(elsewhere)
    }

    /// A blob, and how many of this one are not in the log.
    fn blob(
        &mut self,
        table: &Table<'_>,
        field: &Field<'_>,
        record: RecordId,
        blob: BlobPosition,
    ) -> Result<u64, ExportError> {
        let data = find(self.blobs, blob);
        let size = match data {
            Data::None => {
                self.out.bytes(b"null");
                return Ok(0);
            }
            Data::Here(_, size) => Some(size),
            Data::Elsewhere => blob.size,
        };
        self.out.text(format_args!("{{\"position\":{}", blob.position));
        if let Some(size) = size {
            self.out.text(format_args!(",\"size\":{size}"));
        }
        self.out.bytes(b",\"data\":");
        let Data::Here(position, size) = data else {
            self.out.bytes(b"null}");
            return Ok(1);
        };
        self.base64(position, size).map_err(|error| unreadable(table, field, record, error))?;
        self.out.byte(b'}');
        Ok(0)
    }

    fn base64(&mut self, position: u64, size: u64) -> io::Result<()> {
        let out = &mut self.out;
        out.byte(b'"');
        self.blobs.pieces(position, size, &mut |piece| {
            out.bytes(STANDARD.encode(piece).as_bytes());
            out.breathe();
        })?;
        out.byte(b'"');
        Ok(())
    }
}

fn member<'s>(field: Field<'s>) -> Member<'s> {
    let mut name = Output::memory();
    name.byte(b',');
    quoted(&mut name, &text(field.name()));
    name.byte(b':');
    Member { name: name.as_bytes().to_vec(), field }
}
