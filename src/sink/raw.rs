//! The entries as they stand in the log: ids instead of names, the type in the command.

use super::line::{LineForm, Pieces};
use super::lines::{self, Lines};
use super::value::ValueWriter;
use super::{BlobReader, Ended, Format, Run, Style, vector};
use crate::decode::Context;
use crate::entry::{Entry, FieldId, Located, RecordId, TableId};
use crate::head::Version;
use crate::journal::VectorPart;
use crate::schema::Schema;
use crate::skip::Step;
use crate::text::Output;
use crate::text::append::Append;
use crate::text::escape::PLAIN;
use crate::text::plain::Plain;
use crate::value::{Type, Value};

/// Raw entries, as `joedb_logdump --raw` prints them.
pub struct Raw {
    values: ValueWriter,
    lines: Lines,
}

impl Raw {
    /// Raw entries in a style. `blobs` finds the sizes that version 4 does not store with its blob values.
    #[must_use]
    pub fn new(style: Style, blobs: Option<BlobReader>) -> Raw {
        Raw { values: ValueWriter { style, blobs }, lines: Lines::default() }
    }

    fn command(&self, out: &mut Output<'_>, command: &[u8], table: TableId) {
        out.bytes(command);
        out.byte(b' ');
        out.integer(table.0);
    }

    fn records(
        &self,
        out: &mut Output<'_>,
        command: &[u8],
        table: TableId,
        first: RecordId,
        count: Option<u64>,
    ) {
        self.command(out, command, table);
        out.byte(b' ');
        self.values.record(out, first);
        if let Some(count) = count {
            out.byte(b' ');
            out.integer(count);
        }
    }

    fn target(
        &self,
        out: &mut Output<'_>,
        command: &[u8],
        type_name: &str,
        target: (TableId, RecordId, FieldId),
    ) {
        let (table, record, field) = target;
        out.bytes(command);
        out.bytes(type_name.as_bytes());
        out.byte(b' ');
        out.integer(table.0);
        out.byte(b' ');
        self.values.record(out, record);
        out.byte(b' ');
        out.integer(field.0);
        out.byte(b' ');
    }

    fn begin_vector(
        &self,
        out: &mut Output<'_>,
        target: (TableId, RecordId, FieldId),
        value_type: Type,
        count: u64,
    ) {
        self.target(out, b"update_vector_", value_type.name(), target);
        out.integer(count);
    }

    fn named(&self, out: &mut Output<'_>, command: &[u8], name: &[u8]) {
        out.bytes(command);
        out.byte(b' ');
        self.values.quoted(out, name);
    }

    fn field(&self, out: &mut Output<'_>, command: &[u8], table: TableId, field: FieldId) {
        self.command(out, command, table);
        out.byte(b' ');
        out.integer(field.0);
    }

    fn schema_entry(&self, out: &mut Output<'_>, entry: &Entry<'_>) {
        match *entry {
            Entry::CreateTable { name } => self.named(out, b"create_table", name),
            Entry::DropTable { table } => self.command(out, b"drop_table", table),
            Entry::RenameTable { table, name } => {
                self.command(out, b"rename_table", table);
                self.named(out, b"", name);
            }
            Entry::AddField { table, name, field_type } => {
                self.command(out, b"add_field", table);
                self.named(out, b"", name);
                out.byte(b' ');
                self.values.field_type(out, field_type, |out, table| out.integer(table.0));
            }
            Entry::DropField { table, field } => self.field(out, b"drop_field", table, field),
            Entry::RenameField { table, field, name } => {
                self.field(out, b"rename_field", table, field);
                self.named(out, b"", name);
            }
            Entry::Custom { name } => self.named(out, b"custom", name),
            _ => {}
        }
    }
}

/// `insert_into 1 0`, `update_string 1 0 1 "Rémi"`.
impl LineForm for Raw {
    const PLAIN: Plain = PLAIN;

    #[inline(always)]
    fn style(&self) -> &Style {
        &self.values.style
    }

    fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    fn pieces(&self, step: &Step, _: &Schema) -> Option<Pieces> {
        let Context { table, field, .. } = step.context;
        let (before, between) = match step.kind.value_type() {
            None => (format!("insert_into {} ", table.0), String::new()),
            Some(value_type) => {
                (format!("update_{} {} ", value_type.name(), table.0), format!(" {} ", field.0))
            }
        };
        Some(Pieces { before: before.into(), between: between.into(), behind: b"\n".to_vec() })
    }

    #[inline(always)]
    fn number_of(&self, record: RecordId) -> u64 {
        self.values.record_number(record).unsigned_abs()
    }

    fn quote(&self) -> Option<u8> {
        Some(b'"')
    }

    fn string(&self, out: &mut Output<'_>, text: &[u8]) {
        self.values.quoted(out, text);
    }

    #[inline(always)]
    fn number(&self, out: &mut impl Append, value: &Value<'_>) {
        self.values.number(out, value);
    }
}

impl Format for Raw {
    fn begin(&mut self, _: &mut Output<'_>, _: u64, _: bool) {}

    #[inline]
    fn entry(&mut self, out: &mut Output<'_>, located: &Located<'_>, _: &Schema) {
        match located.entry {
            Entry::Update { table, record, field, ref value, .. } => {
                self.target(out, b"update_", value.value_type().name(), (table, record, field));
                self.values.value(out, value);
            }
            Entry::UpdateVector { table, first, field, ref values } => {
                if values.is_empty() && !self.values.style.is_reference_9() {
                    return;
                }
                self.begin_vector(out, (table, first, field), values.value_type(), values.count());
                vector::append(self, out, values, [b' '; 2]);
            }
            Entry::Insert { table, record, .. } => self.records(out, b"insert_into", table, record, None),
            Entry::Delete { table, record } => self.records(out, b"delete_from", table, record, None),
            Entry::InsertVector { table, first, count } => {
                self.records(out, b"insert_vector", table, first, Some(count));
            }
            Entry::DeleteVector { table, first, count } => {
                self.records(out, b"delete_vector", table, first, Some(count));
            }
            Entry::Blob { data, .. } => {
                out.bytes(self.values.blob_command());
                self.values.quoted(out, data);
            }
            Entry::Comment { text } => self.named(out, b"comment", text),
            Entry::Timestamp { seconds } => {
                out.bytes(b"timestamp ");
                out.integer(seconds);
            }
            Entry::ValidData => out.bytes(b"valid_data"),
            Entry::EndOfFile => return,
            _ => {
                self.schema_entry(out, &located.entry);
                self.lines.forget(&located.entry);
            }
        }
        out.byte(b'\n');
    }

    fn vector(&mut self, out: &mut Output<'_>, part: &VectorPart<'_>, _: &Schema) {
        if part.is_first() {
            let (target, value_type) =
                ((part.table(), part.first(), part.field()), part.values().value_type());
            self.begin_vector(out, target, value_type, part.count());
        }
        vector::append(self, out, part.values(), [b' '; 2]);
        out.block(b"\n", usize::from(part.is_last()));
    }

    #[inline]
    fn run(
        &mut self,
        out: &mut Output<'_>,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
        schema: &Schema,
    ) -> Run {
        lines::run(self, out, (bytes, position), context, schema)
    }

    /// Blobs are needed for version 4 only.
    fn fork(&self) -> Option<Raw> {
        Some(Raw::new(self.values.style, None)).filter(|form| form.values.style.version == Version::V5)
    }

    fn position(&mut self, out: &mut Output<'_>, position: u64) {
        out.text(format_args!("comment \"{position}\"\n"));
    }

    fn end(&mut self, _: &mut Output<'_>, _: u64, _: Ended) {}
}
