//! Entries in short.

use joedb::store::{Conflict, Limits, Store};
use joedb::{Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value};

pub(crate) fn create_table(name: &str) -> Entry<'_> {
    Entry::CreateTable { name: name.as_bytes() }
}

pub(crate) fn add_field(table: u16, name: &str, field_type: FieldType) -> Entry<'_> {
    Entry::AddField { table: TableId(table), name: name.as_bytes(), field_type }
}

pub(crate) fn insert(table: u16, record: i64) -> Entry<'static> {
    Entry::Insert { table: TableId(table), record: RecordId(record), form: InsertForm::InsertInto }
}

pub(crate) fn insert_vector(table: u16, first: i64, count: u64) -> Entry<'static> {
    Entry::InsertVector { table: TableId(table), first: RecordId(first), count }
}

pub(crate) fn delete(table: u16, record: i64) -> Entry<'static> {
    Entry::Delete { table: TableId(table), record: RecordId(record) }
}

pub(crate) fn delete_vector(table: u16, first: i64, count: u64) -> Entry<'static> {
    Entry::DeleteVector { table: TableId(table), first: RecordId(first), count }
}

pub(crate) fn update(table: u16, record: i64, field: u16, value: Value<'_>) -> Entry<'_> {
    let (table, record, field) = (TableId(table), RecordId(record), FieldId(field));
    Entry::Update { table, record, field, value, form: UpdateForm::Update }
}

/// A store with a table "person" of a string, "name", and an int64, "age".
pub(crate) fn persons(limits: Limits) -> Store {
    let mut store = Store::new(limits);
    let schema = [
        create_table("person"),
        add_field(1, "name", FieldType::Plain(Type::String)),
        add_field(1, "age", FieldType::Plain(Type::Int64)),
    ];
    apply(&mut store, &schema).unwrap();
    store
}

pub(crate) fn apply(store: &mut Store, entries: &[Entry<'_>]) -> Result<(), Conflict> {
    entries.iter().try_for_each(|entry| store.apply(entry))
}

/// The records in use of a table.
pub(crate) fn records(store: &Store, table: u16) -> Vec<i64> {
    store.table(TableId(table)).unwrap().records().map(|record| record.0).collect()
}

/// The value of a record in use.
pub(crate) fn value(store: &Store, table: u16, record: i64, field: u16) -> Option<Value<'_>> {
    store.table(TableId(table))?.value(RecordId(record), FieldId(field))
}
