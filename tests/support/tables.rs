//! What the tables of a log hold, value by value, in a form that compares whatever file it came from: blobs are their
//! data, floats their bits.

use joedb::replay::{Range, Tolerance, replay};
use joedb::store::{Limits, Store, Table};
use joedb::{BlobPosition, FieldType, Journal, Value};
use std::collections::BTreeMap;

/// A value that compares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    Text(Vec<u8>),
    Number(i64),
    /// The bits of a float.
    Bits(u64),
    Reference(i64),
    /// The data of a blob; none where the value points outside of the log.
    Blob(Option<Vec<u8>>),
}

/// A table: names and types of its fields, and the values by record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) values: BTreeMap<i64, Vec<Held>>,
}

/// Every table of a log by name, as it stands at `end`.
pub(crate) fn tables_at(bytes: &[u8], end: u64) -> BTreeMap<String, Rows> {
    let mut journal = Journal::from_bytes(bytes.to_vec()).unwrap();
    let mut store = Store::new(Limits::for_log(journal.size()));
    let played = replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut store, &mut |_| {}).unwrap();
    assert_eq!(played.interruption, None);
    store.tables().map(|table| (text(table.name()), rows(bytes, &store, table))).collect()
}

/// The same at the current checkpoint.
pub(crate) fn tables(bytes: &[u8]) -> BTreeMap<String, Rows> {
    let journal = Journal::from_bytes(bytes.to_vec()).unwrap();
    tables_at(bytes, journal.checkpoints().current().unwrap())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn rows(bytes: &[u8], store: &Store, table: Table<'_>) -> Rows {
    let type_name = |declared| match declared {
        FieldType::References(target) => {
            format!("references {}", store.table(target).map_or("?".to_owned(), |target| text(target.name())))
        }
        FieldType::Plain(plain) => plain.name().to_owned(),
        other => format!("{other:?}"),
    };
    let fields = table.fields().map(|field| (text(field.name()), type_name(field.field_type()))).collect();
    let row = |record| {
        let values = table.fields().filter_map(|field| table.value(record, field.id()));
        (record.0, values.map(|value| held(bytes, &value)).collect())
    };
    Rows { fields, values: table.records().map(row).collect() }
}

fn held(bytes: &[u8], value: &Value<'_>) -> Held {
    match *value {
        Value::String(text) => Held::Text(text.to_vec()),
        Value::Int8(number) => Held::Number(number.into()),
        Value::Int16(number) => Held::Number(number.into()),
        Value::Int32(number) => Held::Number(number.into()),
        Value::Int64(number) => Held::Number(number),
        Value::Boolean(truth) => Held::Number(truth.into()),
        Value::Float32(number) => Held::Bits(number.to_bits().into()),
        Value::Float64(number) => Held::Bits(number.to_bits()),
        Value::Reference(record) => Held::Reference(record.0),
        Value::Blob(blob) => Held::Blob(data(bytes, blob)),
    }
}

fn data(bytes: &[u8], BlobPosition { position, size }: BlobPosition) -> Option<Vec<u8>> {
    let from = bytes.get(usize::try_from(position).ok()?..)?;
    match size {
        Some(size) => from.get(..usize::try_from(size).ok()?).map(<[u8]>::to_vec),
        None if position == 0 => Some(Vec::new()),
        None => behind_length(from),
    }
}

/// The data behind a compact length, to which version 4 points.
fn behind_length(bytes: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = bytes.split_first()?;
    let more = usize::from(first >> 5);
    let length = rest
        .get(..more)?
        .iter()
        .fold(usize::from(first & 31), |length, &byte| length << 8 | usize::from(byte));
    rest.get(more..)?.get(..length).map(<[u8]>::to_vec)
}
