//! The tables of the reference: what `joedb_to_json` prints for the files of the corpus.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use joedb::journal::{Access, Journal};
use joedb::replay::{Range, Tolerance, replay};
use joedb::store::{Field, Limits, Store, Table};
use joedb::{FieldType, RecordId, Value};
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};

fn corpus(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [root.join("fixtures/corpus"), root.join("../shared/corpus")];
    let folders = places.into_iter().map(|place| place.join(folder)).filter(|folder| folder.is_dir());
    let mut found: Vec<PathBuf> = folders
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "joedb"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no files in {folder}");
    found
}

/// The tables of a file at its checkpoint.
fn loaded(path: &Path) -> Store {
    let mut journal = Journal::open(path, Access::Window).unwrap();
    let end = journal.checkpoints().current().unwrap();
    let mut store = Store::new(Limits::for_log(journal.size()));
    let replayed = replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut store, &mut |_| {});
    assert_eq!(replayed.unwrap().interruption, None, "{}", path.display());
    store
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The number that the reference gives the row that a value refers to: rows are counted without holes.
fn row(store: &Store, field: &Field<'_>, record: RecordId) -> i64 {
    let FieldType::References(target) = field.field_type() else { panic!() };
    match store.table(target) {
        None => record.0,
        Some(target) if target.contains(record) => {
            i64::try_from(target.records().position(|other| other == record).unwrap()).unwrap()
        }
        Some(_) => -1,
    }
}

/// Whether a value is what the reference printed: floats with six digits, those that JSON does not know as 0.
fn is_printed(store: &Store, field: &Field<'_>, value: &Value<'_>, printed: &Json) -> bool {
    let float = |number: f64| {
        let printed = printed.as_f64().unwrap();
        let expected = if number.is_finite() { number } else { 0.0 };
        (printed - expected).abs() <= expected.abs() * 1e-5
    };
    match *value {
        Value::String(text) => STANDARD.decode(printed.as_str().unwrap()).unwrap() == text,
        Value::Int8(number) => printed.as_i64() == Some(number.into()),
        Value::Int16(number) => printed.as_i64() == Some(number.into()),
        Value::Int32(number) => printed.as_i64() == Some(number.into()),
        Value::Int64(number) => printed.as_i64() == Some(number),
        Value::Float32(number) => float(number.into()),
        Value::Float64(number) => float(number),
        Value::Boolean(truth) => printed.as_bool() == Some(truth),
        Value::Reference(record) => printed.as_i64() == Some(row(store, field, record)),
        Value::Blob(blob) => *printed == serde_json::json!([blob.position, blob.size]),
    }
}

fn assert_table_is_printed(store: &Store, table: &Table<'_>, printed: &Json, path: &Path) {
    assert_eq!(printed["__size"].as_u64(), Some(table.len()), "{}", path.display());
    assert_eq!(printed.as_object().unwrap().len(), table.fields().count() + 1);
    for field in table.fields() {
        let column = printed[&name(field.name())].as_array().unwrap();
        assert_eq!(column.len() as u64, table.len());
        for (record, printed) in table.records().zip(column) {
            let value = table.value(record, field.id()).unwrap();
            assert!(
                is_printed(store, &field, &value, printed),
                "{}: record {} of {}, {}: {value:?} found, {printed} expected",
                path.display(),
                record.0,
                name(table.name()),
                name(field.name()),
            );
        }
    }
}

#[test]
fn every_file_of_the_corpus_has_the_tables_of_the_reference() {
    let mut rows = 0;
    for path in corpus("valid") {
        let store = loaded(&path);
        let text = fs::read_to_string(path.with_extension("base64.json")).unwrap();
        let printed: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(printed.as_object().unwrap().len(), store.tables().count(), "{}", path.display());
        for table in store.tables() {
            assert_table_is_printed(&store, &table, &printed[&name(table.name())], &path);
            rows += table.len();
        }
    }
    assert!(rows > 1000, "{rows} rows");
}

#[test]
fn every_log_that_a_joedb_program_left_can_be_loaded() {
    for path in ["v4", "real"].into_iter().flat_map(corpus) {
        loaded(&path);
    }
}
