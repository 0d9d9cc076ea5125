//! JSON Lines: an object an entry, with everything that the entry holds.

use super::line::{LineForm, Pieces};
use super::lines::{self, Lines};
use super::{Ended, Format, Run, Style, vector};
use crate::decode::Context;
use crate::entry::{Entry, FieldId, Kind, Located, RecordId, TableId};
use crate::journal::VectorPart;
use crate::schema::Schema;
use crate::skip::Step;
use crate::text::append::Append;
use crate::text::decimal::Grouped;
use crate::text::escape::{character, copied, safe_character};
use crate::text::plain::Plain;
use crate::text::room::Room;
use crate::text::time::Utc;
use crate::text::{Output, float};
use crate::value::{FieldType, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One JSON object a line.
///
/// Every object has `position`, `length` and `kind`; the other members are the operands by joedb's names. A
/// string that is no UTF-8 is `{"base64":"…"}`, a number that JSON does not know is `{"float":"nan"}`,
/// `{"float":"inf"}`, `{"float":"-inf"}`, with the bits of an unusual NaN: `{"float":"nan(0x7fc00001)"}`.
/// The null reference is `null`.
pub struct JsonLines {
    style: Style,
    lines: Lines,
}

impl JsonLines {
    /// JSON Lines; of the style, only `blob_data` and `schema_only` count.
    #[must_use]
    pub fn new(style: Style) -> JsonLines {
        JsonLines { style, lines: Lines::default() }
    }
}

fn member(out: &mut impl Append, name: &str) {
    out.bytes(b",\"");
    out.bytes(name.as_bytes());
    out.bytes(b"\":");
}

fn number(out: &mut impl Append, name: &str, value: impl crate::text::decimal::Decimal) {
    member(out, name);
    out.integer(value);
}

fn string(out: &mut Output<'_>, name: &str, text: &[u8]) {
    member(out, name);
    bytes(out, text);
}

/// Bytes as a string where they are UTF-8, else in base64.
pub(crate) fn bytes(out: &mut Output<'_>, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => quoted(out, text),
        Err(_) => base64(out, bytes),
    }
}

fn base64(out: &mut Output<'_>, bytes: &[u8]) {
    // A multiple of three, so that the pieces join without padding between them.
    const PIECE: usize = 48 * 1024;
    out.bytes(b"{\"base64\":\"");
    for piece in bytes.chunks(PIECE) {
        out.bytes(STANDARD.encode(piece).as_bytes());
        out.breathe();
    }
    out.bytes(b"\"}");
}

pub(crate) fn quoted(out: &mut Output<'_>, text: &str) {
    out.byte(b'"');
    copied(out, text.as_bytes(), PLAIN, |room, at| special(room, text.get(at..).unwrap_or_default()));
    out.byte(b'"');
}

const PLAIN: Plain = Plain::without(*b"\"\\\"");

/// Writes the character that `rest` begins with, which is not plain, and returns how many bytes it has.
#[inline(always)]
fn special(room: &mut Room<'_>, rest: &str) -> usize {
    let length = safe_character(rest.as_bytes());
    if length > 0 {
        character(room, rest.as_bytes(), length);
        return length;
    }
    let Some(first) = rest.chars().next() else { return 0 };
    match first {
        '"' => room.bytes(b"\\\""),
        '\\' => room.bytes(b"\\\\"),
        '\n' => room.bytes(b"\\n"),
        '\t' => room.bytes(b"\\t"),
        // All that terminals obey lies in the basic plane.
        _ => room.bytes(format!("\\u{:04x}", u32::from(first)).as_bytes()),
    }
    first.len_utf8()
}

fn table(out: &mut Output<'_>, id: TableId, schema: &Schema) {
    number(out, "table_id", id.0);
    if let Some(table) = schema.table(id) {
        string(out, "table", table.name());
    }
}

fn field(out: &mut Output<'_>, table: TableId, id: FieldId, schema: &Schema) {
    number(out, "field_id", id.0);
    if let Some(field) = schema.field(table, id) {
        string(out, "field", field.name());
    }
}

fn records(out: &mut Output<'_>, first: RecordId, count: u64) {
    number(out, "record", first.0);
    number(out, "count", count);
}

fn field_type(out: &mut Output<'_>, field_type: FieldType, schema: &Schema) {
    member(out, "type");
    match field_type {
        FieldType::Plain(plain) => out.text(format_args!("\"{}\"", plain.name())),
        FieldType::Null => out.bytes(b"\"null\""),
        FieldType::Unknown(id) => out.integer(id),
        FieldType::References(target) => {
            out.bytes(b"\"references\"");
            number(out, "references_id", target.0);
            if let Some(table) = schema.table(target) {
                string(out, "references", table.name());
            }
        }
    }
}

pub(crate) fn value(out: &mut Output<'_>, value: &Value<'_>) {
    match *value {
        Value::String(text) => bytes(out, text),
        _ => plain_value(out, value),
    }
}

/// A value that is no string.
#[inline(always)]
fn plain_value(out: &mut impl Append, value: &Value<'_>) {
    match *value {
        Value::String(_) => {}
        Value::Int32(number) => out.integer(number),
        Value::Int64(number) => out.integer(number),
        Value::Int8(number) => out.integer(number),
        Value::Int16(number) => out.integer(number),
        Value::Reference(record) if record.is_null() => out.bytes(b"null"),
        Value::Reference(record) => out.integer(record.0),
        Value::Boolean(truth) => out.short(if truth { b"true" } else { b"false" }),
        Value::Float32(number) => float_value(out, number),
        Value::Float64(number) => float_value(out, number),
        Value::Blob(blob) => {
            out.bytes(b"{\"position\":");
            out.integer(blob.position);
            if let Some(size) = blob.size {
                number(out, "size", size);
            }
            out.byte(b'}');
        }
    }
}

fn float_value<F: float::Float>(out: &mut impl Append, number: F) {
    if !float::finite(out, number) {
        out.bytes(b"{\"float\":\"");
        float::lossless(out, number);
        out.bytes(b"\"}");
    }
}

fn timestamp(out: &mut Output<'_>, seconds: i64) {
    number(out, "seconds", seconds);
    out.text(format_args!(",\"utc\":\"{}\"", Utc::from_seconds(seconds).rfc3339()));
}

fn begin_vector(
    out: &mut Output<'_>,
    (id, first, field_id): (TableId, RecordId, FieldId),
    count: u64,
    schema: &Schema,
) {
    table(out, id, schema);
    records(out, first, count);
    field(out, id, field_id, schema);
    member(out, "values");
}

impl JsonLines {
    fn operands(&self, out: &mut Output<'_>, entry: &Entry<'_>, schema: &Schema) {
        match *entry {
            Entry::Update { table: id, record, field: field_id, value: ref new, .. } => {
                table(out, id, schema);
                number(out, "record", record.0);
                field(out, id, field_id, schema);
                member(out, "value");
                value(out, new);
            }
            Entry::UpdateVector { table: id, first, field: field_id, values: ref new } => {
                begin_vector(out, (id, first, field_id), new.count(), schema);
                vector::append(self, out, new, [b'[', b',']);
                out.bytes(if new.is_empty() { b"[]" } else { b"]" });
            }
            Entry::Insert { table: id, record, .. } | Entry::Delete { table: id, record } => {
                table(out, id, schema);
                number(out, "record", record.0);
            }
            Entry::InsertVector { table: id, first, count }
            | Entry::DeleteVector { table: id, first, count } => {
                table(out, id, schema);
                records(out, first, count);
            }
            Entry::Blob { position, data } => {
                number(out, "data_position", position);
                number(out, "size", data.len());
                if self.style.blob_data {
                    member(out, "data");
                    base64(out, data);
                }
            }
            Entry::Comment { text } => string(out, "text", text),
            Entry::Timestamp { seconds } => timestamp(out, seconds),
            Entry::Custom { name } => string(out, "name", name),
            Entry::ValidData | Entry::EndOfFile => {}
            _ => schema_operands(out, entry, schema),
        }
    }
}

fn schema_operands(out: &mut Output<'_>, entry: &Entry<'_>, schema: &Schema) {
    match *entry {
        Entry::CreateTable { name } => {
            if let Some(id) = schema.next_table() {
                number(out, "table_id", id.0);
            }
            string(out, "table", name);
        }
        Entry::DropTable { table: id } => table(out, id, schema),
        Entry::RenameTable { table: id, name } => {
            table(out, id, schema);
            string(out, "name", name);
        }
        Entry::AddField { table: id, name, field_type: declared } => {
            table(out, id, schema);
            if let Some(field) = schema.next_field(id) {
                number(out, "field_id", field.0);
            }
            string(out, "field", name);
            field_type(out, declared, schema);
        }
        Entry::DropField { table: id, field: field_id } => {
            table(out, id, schema);
            field(out, id, field_id, schema);
        }
        Entry::RenameField { table: id, field: field_id, name } => {
            table(out, id, schema);
            field(out, id, field_id, schema);
            string(out, "name", name);
        }
        _ => {}
    }
}

/// What stands before and behind the position of an entry, with which its object begins.
const BEFORE_POSITION: &[u8; 12] = b"{\"position\":";
const BEHIND_POSITION: &[u8; 10] = b",\"length\":";

fn begin(out: &mut Output<'_>, located: &Located<'_>) {
    out.bytes(BEFORE_POSITION);
    out.integer(located.position);
    out.bytes(BEHIND_POSITION);
    out.integer(located.length);
    kind_member(out, located.entry.kind());
}

fn kind_member(out: &mut Output<'_>, kind: Kind) {
    out.text(format_args!(",\"kind\":\"{}\"", kind.name()));
    if let Some(value_type) = kind.value_type() {
        out.text(format_args!(",\"type\":\"{}\"", value_type.name()));
    }
}

impl LineForm for JsonLines {
    const SPELLED: bool = true;
    const PLACED: bool = true;
    const PLAIN: Plain = PLAIN;

    #[inline(always)]
    fn style(&self) -> &Style {
        &self.style
    }

    fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    fn pieces(&self, step: &Step, schema: &Schema) -> Option<Pieces> {
        let Context { table: table_id, field: field_id, .. } = step.context;
        let (mut before, mut between) = (Output::memory(), Output::memory());
        kind_member(&mut before, step.kind);
        table(&mut before, table_id, schema);
        member(&mut before, "record");
        if step.kind.value_type().is_some() {
            field(&mut between, table_id, field_id, schema);
            member(&mut between, "value");
        }
        let [before, between] = [before, between].map(|text| text.as_bytes().to_vec());
        Some(Pieces { before, between, behind: b"}\n".to_vec() })
    }

    #[inline(always)]
    fn place(&self, out: &mut impl Append, position: &Grouped, length: usize) {
        out.block(BEFORE_POSITION, BEFORE_POSITION.len());
        out.grouped(position);
        out.block(BEHIND_POSITION, BEHIND_POSITION.len());
        out.small(length);
    }

    fn quote(&self) -> Option<u8> {
        Some(b'"')
    }

    fn string(&self, out: &mut Output<'_>, text: &[u8]) {
        bytes(out, text);
    }

    #[inline(always)]
    fn number(&self, out: &mut impl Append, value: &Value<'_>) {
        plain_value(out, value);
    }
}

impl Format for JsonLines {
    fn begin(&mut self, _: &mut Output<'_>, _: u64, _: bool) {}

    fn entry(&mut self, out: &mut Output<'_>, located: &Located<'_>, schema: &Schema) {
        begin(out, located);
        self.operands(out, &located.entry, schema);
        out.bytes(b"}\n");
        self.lines.forget(&located.entry);
    }

    fn vector(&mut self, out: &mut Output<'_>, part: &VectorPart<'_>, schema: &Schema) {
        let located = part.located();
        if part.is_first() {
            begin(out, &located);
            begin_vector(out, (part.table(), part.first(), part.field()), part.count(), schema);
        }
        let before = if part.is_first() { b'[' } else { b',' };
        vector::append(self, out, part.values(), [before, b',']);
        out.bytes(if part.is_last() { b"]}\n" } else { b"" });
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

    fn fork(&self) -> Option<JsonLines> {
        Some(JsonLines::new(self.style))
    }

    fn position(&mut self, _: &mut Output<'_>, _: u64) {}

    fn end(&mut self, _: &mut Output<'_>, _: u64, _: Ended) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::escape::is_obeyed_by_terminals;

    fn json(text: &[u8]) -> String {
        let mut out = Output::memory();
        bytes(&mut out, text);
        String::from_utf8_lossy(out.as_bytes()).into_owned()
    }

    #[test]
    fn a_string_reads_back_and_hides_what_a_terminal_obeys() {
        for text in ["", "a\"b\\c\n\t\r\0", "é🙂\u{9b}\u{202e}\u{7f}x"] {
            let written = json(text.as_bytes());
            assert!(!written.chars().any(is_obeyed_by_terminals), "{written}");
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_tagged() {
        assert_eq!(json(b"\xff\x00"), r#"{"base64":"/wA="}"#);
    }
}
