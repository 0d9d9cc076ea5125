//! The log as joedb commands, as `joedb_logdump` prints it without options.

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
use crate::value::Value;

/// Commands that joedbi reads back.
pub struct Commands {
    values: ValueWriter,
    lines: Lines,
}

/// What the reference prints for a table that does not exist.
pub(super) const UNKNOWN_TABLE: &[u8] = b"__unknown_table__";
/// What the reference prints for a field that does not exist.
pub(super) const UNKNOWN_FIELD: &[u8] = b"__unknown_field__";

impl Commands {
    /// Commands in a style. `blobs` finds the sizes that version 4 does not store with its blob values.
    #[must_use]
    pub fn new(style: Style, blobs: Option<BlobReader>) -> Commands {
        Commands { values: ValueWriter { style, blobs }, lines: Lines::default() }
    }

    /// A program may give its functions any names. One that is no plain word is quoted, so that it reads back.
    fn custom_name(&self, out: &mut Output<'_>, name: &[u8]) {
        let mut escaped = Output::memory();
        self.values.name(&mut escaped, name);
        let is_plain = escaped.as_bytes() == name && !name.is_empty() && !name.contains(&b' ');
        if is_plain || self.values.style.is_reference() {
            out.bytes(name);
        } else {
            self.values.quoted(out, name);
        }
    }

    fn command(&self, out: &mut Output<'_>, command: &[u8], table: TableId, schema: &Schema) {
        out.bytes(command);
        self.table(out, table, schema);
        out.byte(b' ');
    }

    #[inline]
    fn table(&self, out: &mut Output<'_>, table: TableId, schema: &Schema) {
        self.values.name(out, schema.table(table).map_or(UNKNOWN_TABLE, |table| table.name()));
    }

    #[inline]
    fn field(&self, out: &mut Output<'_>, table: TableId, field: FieldId, schema: &Schema) {
        self.values.name(out, schema.field(table, field).map_or(UNKNOWN_FIELD, |field| field.name()));
    }

    fn records(&self, out: &mut Output<'_>, first: RecordId, count: u64) {
        self.values.record(out, first);
        out.byte(b' ');
        out.integer(count);
    }

    fn target(
        &self,
        out: &mut Output<'_>,
        table: TableId,
        record: RecordId,
        field: FieldId,
        schema: &Schema,
    ) {
        self.table(out, table, schema);
        out.byte(b' ');
        self.values.record(out, record);
        out.byte(b' ');
        self.field(out, table, field, schema);
        out.byte(b' ');
    }

    fn begin_vector(
        &self,
        out: &mut Output<'_>,
        (table, first, field): (TableId, RecordId, FieldId),
        count: u64,
        schema: &Schema,
    ) {
        out.bytes(b"update_vector ");
        self.target(out, table, first, field, schema);
        out.integer(count);
    }

    fn blob(&self, out: &mut Output<'_>, located: &Located<'_>, position: u64, data: &[u8]) {
        let style = &self.values.style;
        out.bytes(b"# Blob: ");
        if style.is_reference_9() {
            // The length stands right behind the opcode.
            out.integer(located.position.saturating_add(1));
        } else {
            out.integer(position);
            out.byte(b',');
            out.integer(data.len());
        }
        if style.blob_data {
            out.byte(b'\n');
            out.bytes(self.values.blob_command());
            self.values.quoted(out, data);
        }
    }
}

impl Format for Commands {
    fn begin(&mut self, _: &mut Output<'_>, _: u64, _: bool) {}

    #[inline]
    fn entry(&mut self, out: &mut Output<'_>, located: &Located<'_>, schema: &Schema) {
        let values = &self.values;
        match located.entry {
            Entry::Update { table, record, field, ref value, .. } => {
                out.bytes(b"update ");
                self.target(out, table, record, field, schema);
                values.value(out, value);
            }
            Entry::UpdateVector { table, first, field, values: ref some } => {
                if some.is_empty() && !values.style.is_reference_9() {
                    return;
                }
                self.begin_vector(out, (table, first, field), some.count(), schema);
                vector::append(self, out, some, [b' '; 2]);
            }
            Entry::Insert { table, record, .. } => {
                self.command(out, b"insert_into ", table, schema);
                values.record(out, record);
            }
            Entry::Delete { table, record } => {
                self.command(out, b"delete_from ", table, schema);
                values.record(out, record);
            }
            Entry::InsertVector { table, first, count } => {
                self.command(out, b"insert_vector ", table, schema);
                self.records(out, first, count);
            }
            Entry::DeleteVector { table, first, count } => {
                self.command(out, b"delete_vector ", table, schema);
                self.records(out, first, count);
            }
            Entry::Blob { position, data } => self.blob(out, located, position, data),
            Entry::Comment { text } => {
                out.bytes(b"comment ");
                values.quoted(out, text);
            }
            Entry::Timestamp { seconds } => {
                out.bytes(b"timestamp ");
                out.integer(seconds);
                out.byte(b' ');
                values.date(out, seconds);
            }
            Entry::ValidData => out.bytes(b"valid_data"),
            Entry::EndOfFile => return,
            _ => {
                self.schema_entry(out, &located.entry, schema);
                self.lines.forget(&located.entry);
            }
        }
        out.byte(b'\n');
    }

    fn vector(&mut self, out: &mut Output<'_>, part: &VectorPart<'_>, schema: &Schema) {
        if part.is_first() {
            self.begin_vector(out, (part.table(), part.first(), part.field()), part.count(), schema);
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
    fn fork(&self) -> Option<Commands> {
        Some(Commands::new(self.values.style, None)).filter(|form| form.values.style.version == Version::V5)
    }

    fn position(&mut self, out: &mut Output<'_>, position: u64) {
        out.text(format_args!("comment \"{position}\"\n"));
    }

    fn end(&mut self, out: &mut Output<'_>, _: u64, ended: Ended) {
        let style = &self.values.style;
        if ended.whole && ended.any && !style.prints_positions() && !style.is_reference_9() {
            out.byte(b'\n');
        }
    }
}

/// `insert_into person 0`, `update person 0 name "Rémi"`.
impl LineForm for Commands {
    const PLAIN: Plain = PLAIN;

    #[inline(always)]
    fn style(&self) -> &Style {
        &self.values.style
    }

    fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    fn pieces(&self, step: &Step, schema: &Schema) -> Option<Pieces> {
        let Context { table, field, .. } = step.context;
        let name = |before: &[u8], name: &[u8]| {
            let mut text = Output::memory();
            text.bytes(before);
            self.values.name(&mut text, name);
            text.byte(b' ');
            text.as_bytes().to_vec()
        };
        let is_insertion = step.kind.value_type().is_none();
        let (command, field): (&[u8], _) = if is_insertion {
            (b"insert_into ", Vec::new())
        } else {
            (b"update ", name(b" ", schema.field(table, field)?.name()))
        };
        let before = name(command, schema.table(table)?.name());
        Some(Pieces { before, between: field, behind: b"\n".to_vec() })
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

impl Commands {
    fn schema_entry(&self, out: &mut Output<'_>, entry: &Entry<'_>, schema: &Schema) {
        match *entry {
            Entry::CreateTable { name } => {
                out.bytes(b"create_table ");
                self.values.name(out, name);
            }
            Entry::DropTable { table } => {
                out.bytes(b"drop_table ");
                self.table(out, table, schema);
            }
            Entry::RenameTable { table, name } => {
                self.command(out, b"rename_table ", table, schema);
                self.values.name(out, name);
            }
            Entry::AddField { table, name, field_type } => {
                self.command(out, b"add_field ", table, schema);
                self.values.name(out, name);
                out.byte(b' ');
                self.values.field_type(out, field_type, |out, table| self.table(out, table, schema));
            }
            Entry::DropField { table, field } => {
                self.command(out, b"drop_field ", table, schema);
                self.field(out, table, field, schema);
            }
            Entry::RenameField { table, field, name } => {
                self.command(out, b"rename_field ", table, schema);
                self.field(out, table, field, schema);
                out.byte(b' ');
                self.values.name(out, name);
            }
            Entry::Custom { name } => {
                out.bytes(b"custom ");
                self.custom_name(out, name);
            }
            _ => {}
        }
    }
}
