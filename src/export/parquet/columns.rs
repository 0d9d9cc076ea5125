//! Rows of a table as batches of arrow's arrays.

use crate::entry::RecordId;
use crate::export::blob_data::{Data, check_length, find, unreadable};
use crate::export::pace::Pace;
use crate::export::state::text;
use crate::export::{ExportError, Remarks, Selection};
use crate::sink::BlobReader;
use crate::store::{Column, Field, Table};
use crate::value::{BlobPosition, FieldType, Type, Value};
use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{ArrayRef, BooleanArray, Int64Array, NullArray, PrimitiveArray, RecordBatch};
use arrow_schema::{DataType, Schema, SchemaRef};
use std::collections::HashMap;
use std::sync::Arc;

/// The most rows of a batch.
const ROWS: usize = 8192;

/// Bytes of strings and blobs at which a batch ends early.
const BYTES: u64 = 16 * 1024 * 1024;

/// The columns of a table, and up to which row they were taken.
pub(super) struct Columns<'s> {
    table: Table<'s>,
    blobs: &'s BlobReader,
    fields: Vec<Field<'s>>,
    schema: SchemaRef,
    /// The names of columns in which there is a NaN.
    unordered: Vec<String>,
    records: Box<dyn Iterator<Item = RecordId> + 's>,
    left: u64,
    remarks: Remarks,
}

impl<'s> Columns<'s> {
    pub(super) fn new(selection: &Selection<'s>, table: &Table<'s>) -> Columns<'s> {
        let fields: Vec<Field<'s>> = table.fields().collect();
        let id = arrow_schema::Field::new("__id", DataType::Int64, false);
        let declared = fields.iter().map(|field| declared(selection, table, field));
        let schema: Vec<arrow_schema::Field> = std::iter::once(id).chain(declared).collect();
        let schema = Arc::new(Schema::new(schema));
        let unordered = fields.iter().filter(|field| has_nan(table, field));
        let unordered = unordered.map(|field| text(field.name())).collect();
        let (blobs, records, left) = (selection.blobs(), Box::new(table.records()), table.len());
        let remarks = Remarks::default();
        Columns { table: *table, blobs, fields, schema, unordered, records, left, remarks }
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The columns of which nobody can tell the least and the greatest value.
    pub(super) fn unordered(&self) -> &[String] {
        &self.unordered
    }

    /// How many rows were not taken.
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.left == 0
    }

    pub(super) const fn remarks(&self) -> Remarks {
        self.remarks
    }

    /// The next rows, at most so many; `None` at the end.
    pub(super) fn batch(
        &mut self,
        most: u64,
        pace: &mut Pace<'_>,
    ) -> Result<Option<RecordBatch>, ExportError> {
        let records = self.next_records(most, pace)?;
        if records.is_empty() {
            return Ok(None);
        }
        self.left = self.left.saturating_sub(records.len() as u64);
        let ids = records.iter().map(|record| record.0);
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(Int64Array::from_iter_values(ids))];
        for (field, declared) in self.fields.iter().zip(self.schema.fields().iter().skip(1)) {
            let taken = Taken { table: &self.table, field, records: &records, blobs: self.blobs };
            arrays.push(taken.array(declared.data_type(), &mut self.remarks)?);
        }
        let batch = RecordBatch::try_new(self.schema.clone(), arrays);
        Ok(Some(batch.map_err(parquet::errors::ParquetError::from)?))
    }

    fn next_records(&mut self, most: u64, pace: &mut Pace<'_>) -> Result<Vec<RecordId>, ExportError> {
        let most = usize::try_from(most).unwrap_or(ROWS).min(ROWS);
        let (mut records, mut bytes) = (Vec::new(), 0_u64);
        while records.len() < most && bytes < BYTES {
            let Some(record) = self.records.next() else { break };
            let sizes = self.fields.iter().map(|field| size(self.blobs, field, record));
            bytes = sizes.fold(bytes, u64::saturating_add);
            records.push(record);
            pace.row()?;
        }
        Ok(records)
    }
}

/// The bytes of a value that may have many.
fn size(blobs: &BlobReader, field: &Field<'_>, record: RecordId) -> u64 {
    match field.field_type() {
        FieldType::Plain(Type::String | Type::Blob) => match field.value(record) {
            Some(Value::String(string)) => string.len() as u64,
            Some(Value::Blob(blob)) => match find(blobs, blob) {
                Data::Here(_, size) => size,
                Data::None | Data::Elsewhere => 0,
            },
            _ => 0,
        },
        _ => 0,
    }
}

/// A field as Parquet declares it. Only what can be null may be null.
fn declared(selection: &Selection<'_>, table: &Table<'_>, field: &Field<'_>) -> arrow_schema::Field {
    let (data_type, is_nullable) = match field.field_type().value_type() {
        Some(Type::Int8) => (DataType::Int8, false),
        Some(Type::Int16) => (DataType::Int16, false),
        Some(Type::Int32) => (DataType::Int32, false),
        Some(Type::Int64) => (DataType::Int64, false),
        Some(Type::Boolean) => (DataType::Boolean, false),
        Some(Type::Float32) => (DataType::Float32, false),
        Some(Type::Float64) => (DataType::Float64, false),
        Some(Type::String) if is_utf8(table, field) => (DataType::Utf8, false),
        Some(Type::String) => (DataType::Binary, false),
        Some(Type::Reference) => (DataType::Int64, true),
        Some(Type::Blob) => (DataType::Binary, true),
        None => (DataType::Null, true),
    };
    let declared = match field.field_type() {
        FieldType::References(target) => {
            let target = selection.store().table(target).map(|target| text(target.name()));
            format!("references {}", target.as_deref().unwrap_or("a dropped table"))
        }
        other => other.value_type().map_or("null", Type::name).to_owned(),
    };
    let metadata = HashMap::from([("joedb".to_owned(), declared)]);
    arrow_schema::Field::new(text(field.name()), data_type, is_nullable).with_metadata(metadata)
}

fn is_utf8(table: &Table<'_>, field: &Field<'_>) -> bool {
    let Some(Column::String(strings)) = field.column() else { return true };
    table.records().all(|record| std::str::from_utf8(strings.get(index(record))).is_ok())
}

fn has_nan(table: &Table<'_>, field: &Field<'_>) -> bool {
    let mut indices = table.records().map(index);
    match field.column() {
        Some(Column::Float32(values)) => {
            indices.any(|index| values.get(index).is_some_and(|value| value.is_nan()))
        }
        Some(Column::Float64(values)) => {
            indices.any(|index| values.get(index).is_some_and(|value| value.is_nan()))
        }
        _ => false,
    }
}

/// The index of a record that is in use.
fn index(record: RecordId) -> usize {
    usize::try_from(record.0).unwrap_or(usize::MAX)
}

/// The values of a field for some records.
struct Taken<'a, 's> {
    table: &'a Table<'s>,
    field: &'a Field<'s>,
    records: &'a [RecordId],
    blobs: &'a BlobReader,
}

impl<'s> Taken<'_, 's> {
    fn array(&self, data_type: &DataType, remarks: &mut Remarks) -> Result<ArrayRef, ExportError> {
        Ok(match self.field.column() {
            None => Arc::new(NullArray::new(self.records.len())),
            Some(Column::Int8(values)) => self.numbers::<Int8Type>(values),
            Some(Column::Int16(values)) => self.numbers::<Int16Type>(values),
            Some(Column::Int32(values)) => self.numbers::<Int32Type>(values),
            Some(Column::Int64(values)) => self.numbers::<Int64Type>(values),
            Some(Column::Float32(values)) => self.numbers::<Float32Type>(values),
            Some(Column::Float64(values)) => self.numbers::<Float64Type>(values),
            Some(Column::Boolean(values)) => {
                let truths = self.indices().map(|index| Some(values.get(index)));
                Arc::new(truths.collect::<BooleanArray>())
            }
            Some(Column::Reference(values)) => {
                let referred = |index| values.get(index).copied().unwrap_or_default();
                let ids = self.indices().map(referred).map(|to: RecordId| (!to.is_null()).then_some(to.0));
                Arc::new(ids.collect::<Int64Array>())
            }
            Some(Column::String(_)) => self.strings(data_type, remarks)?,
            Some(Column::Blob(values)) => self.blobs(|index| values.get(index), remarks)?,
        })
    }

    fn indices(&self) -> impl Iterator<Item = usize> {
        self.records.iter().copied().map(index)
    }

    fn numbers<T: ArrowPrimitiveType>(&self, values: &[T::Native]) -> ArrayRef {
        let numbers = self.indices().map(|index| values.get(index).copied().unwrap_or_default());
        Arc::new(PrimitiveArray::<T>::from_iter_values(numbers))
    }

    fn texts(&self) -> impl Iterator<Item = &'s [u8]> {
        self.records.iter().map(|record| match self.field.value(*record) {
            Some(Value::String(string)) => string,
            _ => &[],
        })
    }

    fn strings(&self, data_type: &DataType, remarks: &mut Remarks) -> Result<ArrayRef, ExportError> {
        for (record, string) in self.records.iter().zip(self.texts()) {
            check_length(self.table, self.field, *record, string.len() as u64)?;
        }
        if *data_type == DataType::Utf8 {
            let mut builder = StringBuilder::new();
            self.texts().for_each(|string| builder.append_value(String::from_utf8_lossy(string)));
            return Ok(Arc::new(builder.finish()));
        }
        let mut builder = BinaryBuilder::new();
        for string in self.texts() {
            let broken = u64::from(std::str::from_utf8(string).is_err());
            remarks.strings_not_utf8 = remarks.strings_not_utf8.saturating_add(broken);
            builder.append_value(string);
        }
        Ok(Arc::new(builder.finish()))
    }

    fn blobs(
        &self,
        value: impl Fn(usize) -> BlobPosition,
        remarks: &mut Remarks,
    ) -> Result<ArrayRef, ExportError> {
        let (mut builder, mut data) = (BinaryBuilder::new(), Vec::new());
        for (record, index) in self.records.iter().zip(self.indices()) {
            match find(self.blobs, value(index)) {
                Data::None => builder.append_null(),
                Data::Elsewhere => {
                    remarks.blobs_elsewhere = remarks.blobs_elsewhere.saturating_add(1);
                    builder.append_null();
                }
                Data::Here(position, size) => {
                    check_length(self.table, self.field, *record, size)?;
                    data.clear();
                    let read = self.blobs.pieces(position, size, &mut |piece| data.extend_from_slice(piece));
                    read.map_err(|error| unreadable(self.table, self.field, *record, error))?;
                    builder.append_value(&data);
                }
            }
        }
        Ok(Arc::new(builder.finish()))
    }
}
