//! Reading a store.

use super::column::Column;
use super::numbering::Numbering;
use super::records;
use super::rows::Rows;
use crate::entry::{FieldId, RecordId, TableId};
use crate::schema;
use crate::value::{FieldType, Value};

/// A table of a store.
#[derive(Clone, Copy, Debug)]
pub struct Table<'s> {
    pub(super) id: TableId,
    pub(super) schema: &'s schema::Table,
    pub(super) rows: &'s Rows,
}

impl<'s> Table<'s> {
    /// The id.
    #[must_use]
    pub const fn id(&self) -> TableId {
        self.id
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'s [u8] {
        self.schema.name()
    }

    /// How many records are in use.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.rows.records.count()
    }

    /// Whether no record is in use.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record after the highest that was ever in use.
    #[must_use]
    pub fn end(&self) -> RecordId {
        records::record(self.rows.records.end())
    }

    /// Whether a record is in use.
    #[must_use]
    pub fn contains(&self, record: RecordId) -> bool {
        self.rows.records.existing(record).is_ok()
    }

    /// The records in use, in the order of their ids.
    pub fn records(&self) -> impl Iterator<Item = RecordId> + use<'s> {
        self.rows.records.iter().map(records::record)
    }

    /// The records in use, counted without holes.
    #[must_use]
    pub fn numbering(&self) -> Numbering<'s> {
        Numbering::new(*self)
    }

    /// The records in use as runs of consecutive ids, as long as they can be: the first of each, and how many.
    pub fn runs(&self) -> impl Iterator<Item = (RecordId, u64)> + use<'s> {
        let records = &self.rows.records;
        records.runs().map(|run| (records::record(run.start), run.len() as u64))
    }

    /// The last record in use.
    #[must_use]
    pub fn last(&self) -> Option<RecordId> {
        self.rows.records.last().map(records::record)
    }

    /// The fields, in the order of their ids, which is that in which they were added.
    pub fn fields(&self) -> impl Iterator<Item = Field<'s>> + use<'s> {
        let Table { schema, rows, .. } = *self;
        schema.fields().map(move |(id, schema)| Field { id, schema, column: rows.column(id) })
    }

    /// The field with this id, if it exists.
    #[must_use]
    pub fn field(&self, id: FieldId) -> Option<Field<'s>> {
        let schema = self.schema.field(id)?;
        Some(Field { id, schema, column: self.rows.column(id) })
    }

    /// The value of a field of a record in use.
    #[must_use]
    pub fn value(&self, record: RecordId, field: FieldId) -> Option<Value<'s>> {
        let index = self.rows.records.existing(record).ok()?;
        Some(self.rows.column(field)?.get(index))
    }

    /// The memory that the table's rows take, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.rows.memory()
    }
}

/// A field of a table of a store.
#[derive(Clone, Copy, Debug)]
pub struct Field<'s> {
    id: FieldId,
    schema: &'s schema::Field,
    column: Option<&'s Column>,
}

impl<'s> Field<'s> {
    /// The id.
    #[must_use]
    pub const fn id(&self) -> FieldId {
        self.id
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'s [u8] {
        self.schema.name()
    }

    /// The type.
    #[must_use]
    pub const fn field_type(&self) -> FieldType {
        self.schema.field_type()
    }

    /// Its value for a record, whether that is in use or not; `None` where its type has no values.
    #[inline]
    #[must_use]
    pub fn value(&self, record: RecordId) -> Option<Value<'s>> {
        let index = usize::try_from(record.0).ok()?;
        Some(self.column?.get(index))
    }

    /// Its values, those of records that are not in use included; `None` where its type has none.
    #[must_use]
    pub const fn column(&self) -> Option<&'s Column> {
        self.column
    }
}
