//! Entries as batches of arrow's arrays.

use crate::entry::{Entry, FieldId, Located, TableId};
use crate::export::ExportError;
use crate::schema::Schema;
use crate::sink::json_lines::value as json;
use crate::text::time::Utc;
use crate::text::{Output, float};
use crate::value::{FieldType, Value, Values};
use arrow_array::builder::{BinaryBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, SchemaRef};
use std::sync::Arc;

/// The most rows of a batch.
const ROWS: usize = 8192;

/// Bytes of text at which a batch ends early.
const BYTES: usize = 16 * 1024 * 1024;

/// The longest text of a vector.
const LONGEST_VECTOR: usize = 16 * 1024 * 1024;

/// The rows of a batch on their way. Every row is appended to every column: see [`EntryColumns::push`].
pub(super) struct EntryColumns {
    schema: SchemaRef,
    position: Int64Builder,
    length: Int64Builder,
    kind: StringBuilder,
    table_id: Int32Builder,
    table: StringBuilder,
    record: Int64Builder,
    count: Int64Builder,
    field_id: Int32Builder,
    field: StringBuilder,
    type_name: StringBuilder,
    value: StringBuilder,
    value_int64: Int64Builder,
    value_float64: Float64Builder,
    value_bytes: BinaryBuilder,
    size: Int64Builder,
    text: Output<'static>,
    rows: usize,
    bytes: usize,
    left_out: u64,
}

/// The operands of an entry.
#[derive(Default)]
struct Operands<'e> {
    table: Option<TableId>,
    record: Option<i64>,
    count: Option<u64>,
    field: Option<FieldId>,
    type_name: Option<&'static str>,
    value: Operand<'e>,
}

/// What an entry holds beside what it is about.
#[derive(Default)]
enum Operand<'e> {
    #[default]
    None,
    Value(Value<'e>),
    Vector(Values<'e>),
    Text(&'e [u8]),
    Seconds(i64),
    /// The position of the data, and its size.
    Blob(u64, u64),
}

impl EntryColumns {
    pub(super) fn new() -> EntryColumns {
        EntryColumns {
            schema: schema(),
            position: Int64Builder::new(),
            length: Int64Builder::new(),
            kind: StringBuilder::new(),
            table_id: Int32Builder::new(),
            table: StringBuilder::new(),
            record: Int64Builder::new(),
            count: Int64Builder::new(),
            field_id: Int32Builder::new(),
            field: StringBuilder::new(),
            type_name: StringBuilder::new(),
            value: StringBuilder::new(),
            value_int64: Int64Builder::new(),
            value_float64: Float64Builder::new(),
            value_bytes: BinaryBuilder::new(),
            size: Int64Builder::new(),
            text: Output::memory(),
            rows: 0,
            bytes: 0,
            left_out: 0,
        }
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    pub(super) const fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }

    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Appends a row.
    pub(super) fn push(&mut self, located: &Located<'_>, schema: &Schema) {
        let operands = operands(&located.entry, schema);
        self.position.append_value(signed(located.position));
        self.length.append_value(signed(located.length));
        self.kind.append_value(located.entry.kind().name());
        let table = operands.table.and_then(|id| schema.table(id));
        self.table_id.append_option(operands.table.map(|id| i32::from(id.0)));
        self.table.append_option(table.map(|table| String::from_utf8_lossy(table.name())));
        self.record.append_option(operands.record);
        self.count.append_option(operands.count.map(signed));
        let field = operands.field.and_then(|id| table?.field(id));
        self.field_id.append_option(operands.field.map(|id| i32::from(id.0)));
        self.field.append_option(field.map(|field| String::from_utf8_lossy(field.name())));
        self.type_name.append_option(operands.type_name);
        self.operand(&operands.value);
        self.rows = self.rows.saturating_add(1);
    }

    /// Appends to the columns of values.
    fn operand(&mut self, operand: &Operand<'_>) {
        self.text.clear();
        let (mut int64, mut float64, mut size, mut broken) = (None, None, None, None);
        let mut has_text = true;
        match *operand {
            Operand::None => has_text = false,
            Operand::Text(bytes) | Operand::Value(Value::String(bytes)) => {
                has_text = std::str::from_utf8(bytes).is_ok();
                broken = (!has_text).then_some(bytes);
                self.text.bytes(if has_text { bytes } else { b"" });
                self.bytes = self.bytes.saturating_add(bytes.len());
            }
            Operand::Seconds(seconds) => {
                int64 = Some(seconds);
                self.text.text(format_args!("{}", Utc::from_seconds(seconds).rfc3339()));
            }
            Operand::Blob(position, bytes) => {
                (int64, size, has_text) = (Some(signed(position)), Some(signed(bytes)), false);
            }
            Operand::Value(value) => {
                (int64, float64, size) = numbers(&value);
                has_text = !matches!(value, Value::Reference(record) if record.is_null());
                text(&mut self.text, &value);
            }
            Operand::Vector(ref values) => {
                has_text = vector(&mut self.text, values);
                self.left_out = self.left_out.saturating_add(u64::from(!has_text));
            }
        }
        self.bytes = self.bytes.saturating_add(self.text.len());
        // Only UTF-8 was appended.
        let text = String::from_utf8_lossy(self.text.as_bytes());
        self.value.append_option(has_text.then_some(text));
        self.value_int64.append_option(int64);
        self.value_float64.append_option(float64);
        self.value_bytes.append_option(broken);
        self.size.append_option(size);
    }

    /// The rows since the last batch; `None` if there are none.
    pub(super) fn batch(&mut self) -> Result<Option<RecordBatch>, ExportError> {
        if self.rows == 0 {
            return Ok(None);
        }
        (self.rows, self.bytes) = (0, 0);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.position.finish()),
            Arc::new(self.length.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.table_id.finish()),
            Arc::new(self.table.finish()),
            Arc::new(self.record.finish()),
            Arc::new(self.count.finish()),
            Arc::new(self.field_id.finish()),
            Arc::new(self.field.finish()),
            Arc::new(self.type_name.finish()),
            Arc::new(self.value.finish()),
            Arc::new(self.value_int64.finish()),
            Arc::new(self.value_float64.finish()),
            Arc::new(self.value_bytes.finish()),
            Arc::new(self.size.finish()),
        ];
        let batch = RecordBatch::try_new(self.schema.clone(), columns);
        Ok(Some(batch.map_err(parquet::errors::ParquetError::from)?))
    }
}

fn schema() -> SchemaRef {
    let columns = [
        ("position", DataType::Int64, false),
        ("length", DataType::Int64, false),
        ("kind", DataType::Utf8, false),
        ("table_id", DataType::Int32, true),
        ("table", DataType::Utf8, true),
        ("record", DataType::Int64, true),
        ("count", DataType::Int64, true),
        ("field_id", DataType::Int32, true),
        ("field", DataType::Utf8, true),
        ("type", DataType::Utf8, true),
        ("value", DataType::Utf8, true),
        ("value_int64", DataType::Int64, true),
        ("value_float64", DataType::Float64, true),
        ("value_bytes", DataType::Binary, true),
        ("size", DataType::Int64, true),
    ];
    let fields = columns.map(|(name, data_type, is_nullable)| Field::new(name, data_type, is_nullable));
    Arc::new(arrow_schema::Schema::new(fields.to_vec()))
}

/// Positions and counts stay below 2^63.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn operands<'e>(entry: &Entry<'e>, schema: &Schema) -> Operands<'e> {
    let value_type = entry.kind().value_type().map(|value_type| value_type.name());
    let about = |table| Operands { table: Some(table), type_name: value_type, ..Operands::default() };
    match *entry {
        Entry::Update { table, record, field, value, .. } => {
            let value = Operand::Value(value);
            Operands { record: Some(record.0), field: Some(field), value, ..about(table) }
        }
        Entry::UpdateVector { table, first, field, values } => {
            let (count, value) = (Some(values.count()), Operand::Vector(values));
            Operands { record: Some(first.0), count, field: Some(field), value, ..about(table) }
        }
        Entry::Insert { table, record, .. } | Entry::Delete { table, record } => {
            Operands { record: Some(record.0), ..about(table) }
        }
        Entry::InsertVector { table, first, count } | Entry::DeleteVector { table, first, count } => {
            Operands { record: Some(first.0), count: Some(count), ..about(table) }
        }
        Entry::Blob { position, data } => {
            let value = Operand::Blob(position, data.len() as u64);
            Operands { value, ..Operands::default() }
        }
        Entry::Comment { text } | Entry::Custom { name: text } => {
            Operands { value: Operand::Text(text), ..Operands::default() }
        }
        Entry::Timestamp { seconds } => Operands { value: Operand::Seconds(seconds), ..Operands::default() },
        Entry::CreateTable { name } => {
            let (table, value) = (schema.next_table(), Operand::Text(name));
            Operands { table, value, ..Operands::default() }
        }
        Entry::DropTable { table } => about(table),
        Entry::RenameTable { table, name } => Operands { value: Operand::Text(name), ..about(table) },
        Entry::AddField { table, name, field_type } => {
            let (field, value) = (schema.next_field(table), Operand::Text(name));
            Operands { field, type_name: Some(declared(field_type)), value, ..about(table) }
        }
        Entry::DropField { table, field } => Operands { field: Some(field), ..about(table) },
        Entry::RenameField { table, field, name } => {
            Operands { field: Some(field), value: Operand::Text(name), ..about(table) }
        }
        Entry::ValidData | Entry::EndOfFile => Operands::default(),
    }
}

fn declared(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::References(_) => "references",
        other => other.value_type().map_or("null", |plain| plain.name()),
    }
}

/// A value as an integer, as a float, and its size.
fn numbers(value: &Value<'_>) -> (Option<i64>, Option<f64>, Option<i64>) {
    match *value {
        Value::String(_) => (None, None, None),
        Value::Int8(number) => (Some(number.into()), None, None),
        Value::Int16(number) => (Some(number.into()), None, None),
        Value::Int32(number) => (Some(number.into()), None, None),
        Value::Int64(number) => (Some(number), None, None),
        Value::Boolean(truth) => (Some(truth.into()), None, None),
        Value::Reference(record) => ((!record.is_null()).then_some(record.0), None, None),
        Value::Float32(number) => (None, Some(number.into()), None),
        Value::Float64(number) => (None, Some(number), None),
        Value::Blob(blob) => (Some(signed(blob.position)), None, blob.size.map(signed)),
    }
}

fn text(out: &mut Output<'_>, value: &Value<'_>) {
    match *value {
        Value::Float32(number) => float::lossless(out, number),
        Value::Float64(number) => float::lossless(out, number),
        _ => json(out, value),
    }
}

/// The values as a JSON array; `false` and part of it where that would be too long.
fn vector(out: &mut Output<'_>, values: &Values<'_>) -> bool {
    let mut before = b'[';
    for value in values.iter() {
        out.byte(before);
        json(out, &value);
        before = b',';
        if out.len() > LONGEST_VECTOR {
            return false;
        }
    }
    out.bytes(if values.is_empty() { b"[]" } else { b"]" });
    true
}
