//! What a log leaves in a database, worked out from its entries without any of the sinks.

use joedb::journal::{Access, Journal};
use joedb::{Entry, FieldId, Schema, TableId, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// A value as SQL knows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Single(f32),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The values of a record that were ever set, by the ids of their fields.
type Row = BTreeMap<FieldId, Cell>;

/// The tables of a log at its checkpoint.
pub(crate) struct Model {
    schema: Schema,
    rows: BTreeMap<TableId, BTreeMap<i64, Row>>,
    file: Vec<u8>,
    blob_data: bool,
}

impl Model {
    /// Plays a file up to its checkpoint. Blob values are the data they point to, or stay NULL.
    pub(crate) fn of(path: &Path, blob_data: bool) -> Model {
        let file = std::fs::read(path).unwrap();
        let mut model = Model { schema: Schema::new(), rows: BTreeMap::new(), file, blob_data };
        let mut journal = Journal::open(path, Access::Window).unwrap();
        let end = journal.checkpoints().current().unwrap();
        let mut entries = journal.entries(end);
        while let Some(located) = entries.next().unwrap() {
            model.play(&located.entry);
        }
        model
    }

    fn play(&mut self, entry: &Entry<'_>) {
        match *entry {
            Entry::DropTable { table } => drop(self.rows.remove(&table)),
            Entry::DropField { table, field } => {
                self.rows(table).values_mut().for_each(|row| drop(row.remove(&field)))
            }
            Entry::Insert { table, record, .. } => self.insert(table, record.0, 1),
            Entry::InsertVector { table, first, count } => self.insert(table, first.0, count),
            Entry::Delete { table, record } => self.delete(table, record.0, 1),
            Entry::DeleteVector { table, first, count } => self.delete(table, first.0, count),
            Entry::Update { table, record, field, ref value, .. } => {
                self.update(table, record.0, field, value)
            }
            Entry::UpdateVector { table, first, field, ref values } => {
                (first.0..)
                    .zip(values.iter())
                    .for_each(|(record, value)| self.update(table, record, field, &value));
            }
            _ => {}
        }
        self.schema.apply(entry);
    }

    fn rows(&mut self, table: TableId) -> &mut BTreeMap<i64, Row> {
        self.rows.entry(table).or_default()
    }

    fn insert(&mut self, table: TableId, first: i64, count: u64) {
        self.rows(table)
            .extend((first..).take(usize::try_from(count).unwrap()).map(|record| (record, Row::new())));
    }

    fn delete(&mut self, table: TableId, first: i64, count: u64) {
        let end = first + count.cast_signed();
        self.rows(table).retain(|record, _| !(first..end).contains(record));
    }

    fn update(&mut self, table: TableId, record: i64, field: FieldId, value: &Value<'_>) {
        let cell = self.cell(value);
        if let Some(row) = self.rows(table).get_mut(&record) {
            row.insert(field, cell);
        }
    }

    fn cell(&self, value: &Value<'_>) -> Cell {
        match *value {
            Value::String(bytes) => match String::from_utf8(bytes.to_vec()) {
                Ok(text) if !text.contains('\0') => Cell::Text(text),
                _ => Cell::Bytes(bytes.to_vec()),
            },
            Value::Int8(number) => Cell::Integer(number.into()),
            Value::Int16(number) => Cell::Integer(number.into()),
            Value::Int32(number) => Cell::Integer(number.into()),
            Value::Int64(number) => Cell::Integer(number),
            Value::Boolean(truth) => Cell::Integer(truth.into()),
            Value::Reference(record) if record.0 == -1 => Cell::Null,
            Value::Reference(record) => Cell::Integer(record.0),
            Value::Float32(number) if number.is_nan() => nan(number.to_bits().into(), 0x7fc0_0000, 1 << 31),
            Value::Float64(number) if number.is_nan() => nan(number.to_bits(), 0x7ff8 << 48, 1 << 63),
            Value::Float32(number) => Cell::Single(number),
            Value::Float64(number) => Cell::Double(number),
            Value::Blob(_) if !self.blob_data => Cell::Null,
            Value::Blob(blob) => {
                let start = usize::try_from(blob.position).unwrap();
                let length = usize::try_from(blob.size.unwrap()).unwrap();
                Cell::Bytes(self.file[start..start + length].to_vec())
            }
        }
    }

    /// The tables, and of each its fields in the order of their ids and all its rows, the record first.
    pub(crate) fn tables(&self) -> Vec<(String, Vec<String>, Vec<Vec<Cell>>)> {
        let text = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
        let of_table = |(id, table): (TableId, &joedb::schema::Table)| {
            let (ids, names): (Vec<FieldId>, Vec<String>) =
                table.fields().map(|(id, field)| (id, text(field.name()))).unzip();
            (text(table.name()), names, self.cells(id, &ids))
        };
        self.schema.tables().map(of_table).collect()
    }

    fn cells(&self, table: TableId, fields: &[FieldId]) -> Vec<Vec<Cell>> {
        let rows = self.rows.get(&table).into_iter().flatten();
        let cell = |row: &Row, field| row.get(field).cloned().unwrap_or(Cell::Null);
        rows.map(|(&record, row)| {
            let values = fields.iter().map(|field| cell(row, field));
            std::iter::once(Cell::Integer(record)).chain(values).collect()
        })
        .collect()
    }
}

/// A NaN as commands write it, from its bits, those of the usual one, and the sign.
fn nan(bits: u64, usual: u64, sign: u64) -> Cell {
    Cell::Text(match bits {
        bits if bits == usual => "nan".to_owned(),
        bits if bits == usual | sign => "-nan".to_owned(),
        bits => format!("nan(0x{bits:x})"),
    })
}
