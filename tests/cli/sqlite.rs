//! `--sql`: SQLite takes the whole output, and holds the expected rows afterwards.

use crate::log::{Log, Sample};
use crate::scene::{Scene, corpus_files, doubles, dumped, logdump, singles};
use crate::table_model::{Cell, Model};
use joedb::{BlobPosition, RecordId, Type, Value};
use predicates::str::contains;
use rusqlite::Connection;
use rusqlite::types::Value as SqlValue;
use std::path::Path;

/// A database that has run the SQL of a dump.
pub(crate) fn loaded(options: &[&str], path: &Path) -> Connection {
    let sql = dumped(&[&["--sql"], options].concat(), path);
    let connection = Connection::open_in_memory().unwrap();
    let run = connection.execute_batch(&sql);
    run.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    connection
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// All rows of a table, by the record.
pub(crate) fn rows(connection: &Connection, table: &str, fields: &[&str]) -> Vec<Vec<SqlValue>> {
    let columns: Vec<String> = std::iter::once(&"__id").chain(fields).map(|name| quoted(name)).collect();
    let query = format!("SELECT {} FROM {} ORDER BY \"__id\"", columns.join(","), quoted(table));
    let mut statement = connection.prepare(&query).unwrap();
    let found = statement.query_map([], |row| (0..columns.len()).map(|index| row.get(index)).collect());
    found.unwrap().map(Result::unwrap).collect()
}

/// The names in a column of a query.
pub(crate) fn names(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn is_same(cell: &Cell, found: &SqlValue) -> bool {
    match (cell, found) {
        (Cell::Null, SqlValue::Null) => true,
        (Cell::Integer(expected), SqlValue::Integer(found)) => expected == found,
        (Cell::Text(expected), SqlValue::Text(found)) => expected == found,
        (Cell::Bytes(expected), SqlValue::Blob(found)) => expected == found,
        (Cell::Single(expected), SqlValue::Real(found)) => {
            is_same_number(f64::from(*expected), f64::from(*found as f32))
        }
        (Cell::Double(expected), SqlValue::Real(found)) => is_same_number(*expected, *found),
        _ => false,
    }
}

/// Bit for bit, but for the zero: SQLite keeps whole numbers of REAL columns as integers, which have no -0.
fn is_same_number(expected: f64, found: f64) -> bool {
    expected.to_bits() == found.to_bits() || (expected == 0.0 && found == 0.0)
}

fn assert_rows_are_those_of_the_model(path: &Path, blob_data: bool) {
    let options: &[&str] = if blob_data { &["--blob"] } else { &[] };
    let connection = loaded(options, path);
    let model = Model::of(path, blob_data).tables();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage";
    let mut expected: Vec<&String> = model.iter().map(|(name, ..)| name).collect();
    let mut found = names(&connection, tables);
    expected.sort();
    found.sort();
    assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{}", path.display());
    for (table, fields, expected) in model {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let found = rows(&connection, &table, &fields);
        assert_eq!(found.len(), expected.len(), "{} {table}", path.display());
        for (cells, values) in expected.iter().zip(&found) {
            let same = cells.iter().zip(values).all(|(cell, value)| is_same(cell, value));
            assert!(same, "{} {table} {fields:?}\nexpected {cells:?}\n   found {values:?}", path.display());
        }
    }
}

#[test]
fn the_rows_of_every_valid_log_are_the_expected_ones() {
    for path in corpus_files("valid") {
        assert_rows_are_those_of_the_model(&path, false);
        assert_rows_are_those_of_the_model(&path, true);
    }
}

#[test]
fn the_rows_of_old_and_crashed_logs_are_the_expected_ones() {
    for path in ["v4", "crash", "real"].into_iter().flat_map(corpus_files) {
        assert_rows_are_those_of_the_model(&path, false);
    }
}

#[test]
fn what_was_before_an_entry_that_does_not_decode_is_kept() {
    let scene = Scene::new();
    let sample = Sample::new();
    let mut bytes = sample.clean();
    bytes[usize::try_from(sample.first).unwrap()] = 0xff;
    let connection = loaded(&[], &scene.file("a.joedb", &bytes));
    assert_eq!(
        rows(&connection, "person", &["name"]),
        [[SqlValue::Integer(0), SqlValue::Text("Ann".into())]]
    );
}

#[test]
fn an_empty_log_is_sql_too() {
    let scene = Scene::new();
    loaded(&[], &scene.file("a.joedb", &Log::new().clean()));
}

/// The values of the only field of the only table, after a way through SQLite.
fn through_sqlite(field_type: Type, values: &[Value<'_>]) -> Vec<SqlValue> {
    let mut log = Log::new();
    log.table("t").field(1, "f", field_type).insert_vector(1, 0, values.len() as u64);
    for (record, &value) in (0..).zip(values) {
        log.update(1, record, 1, value);
    }
    let scene = Scene::new();
    let connection = loaded(&["--blob"], &scene.file("a.joedb", &log.clean()));
    rows(&connection, "t", &["f"]).into_iter().map(|mut row| row.remove(1)).collect()
}

#[test]
fn doubles_arrive_bit_for_bit() {
    let numbers = doubles();
    let values: Vec<Value<'_>> = numbers.iter().copied().map(Value::Float64).collect();
    for (number, found) in numbers.into_iter().zip(through_sqlite(Type::Float64, &values)) {
        assert!(is_same(&Cell::Double(number), &found), "{number:e} {found:?}");
    }
}

#[test]
fn single_floats_arrive_bit_for_bit() {
    let numbers = singles();
    let values: Vec<Value<'_>> = numbers.iter().copied().map(Value::Float32).collect();
    for (number, found) in numbers.into_iter().zip(through_sqlite(Type::Float32, &values)) {
        assert!(is_same(&Cell::Single(number), &found), "{number:e} {found:?}");
    }
}

#[test]
fn infinities_are_numbers_and_a_nan_is_the_text_that_commands_have_for_it() {
    let numbers =
        [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN, f64::from_bits(0x7ff0_0000_0000_0001)];
    let found = through_sqlite(Type::Float64, &numbers.map(Value::Float64));
    let texts = ["nan", "-nan", "nan(0x7ff0000000000001)"].map(|text| SqlValue::Text(text.to_owned()));
    let infinities = [f64::INFINITY, f64::NEG_INFINITY].map(SqlValue::Real);
    assert_eq!(found, [&infinities[..], &texts[..]].concat());
}

#[test]
fn the_largest_and_smallest_integers_arrive() {
    let numbers = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX];
    let found = through_sqlite(Type::Int64, &numbers.map(Value::Int64));
    assert_eq!(found, numbers.map(SqlValue::Integer));
}

#[test]
fn text_stays_text_and_bytes_stay_bytes() {
    let texts = [
        "",
        "it's",
        "'); DROP TABLE t; --",
        "two\nlines\t",
        "\r\x1b[2J",
        "\u{202e}abc",
        "é🙂\u{feff}\u{ffff}",
        "12",
        "NULL",
    ];
    let bytes = [&b"a\0b"[..], b"\xff", b"\xed\xa0\x80", b"\xc0\x80"];
    let values: Vec<Value<'_>> =
        texts.iter().map(|text| text.as_bytes()).chain(bytes).map(Value::String).collect();
    let texts = texts.map(|text| SqlValue::Text(text.to_owned()));
    let bytes = bytes.map(|bytes| SqlValue::Blob(bytes.to_vec()));
    assert_eq!(through_sqlite(Type::String, &values), [&texts[..], &bytes[..]].concat());
}

#[test]
fn null_references_are_null_and_booleans_are_numbers() {
    let found = through_sqlite(Type::Boolean, &[true, false].map(Value::Boolean));
    assert_eq!(found, [1, 0].map(SqlValue::Integer));
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("t").reference(1, "next", 1).insert_vector(1, 0, 2);
    log.update(1, 0, 1, Value::Reference(RecordId(1))).update(1, 1, 1, Value::Reference(RecordId::NULL));
    let connection = loaded(&[], &scene.file("a.joedb", &log.clean()));
    let expected = [[0, 1].map(SqlValue::Integer), [SqlValue::Integer(1), SqlValue::Null]];
    assert_eq!(rows(&connection, "t", &["next"]), expected);
}

#[test]
fn a_blob_outside_of_the_log_is_null_and_says_why() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("t").field(1, "b", Type::Blob).insert(1, 0);
    log.update(1, 0, 1, Value::Blob(BlobPosition { position: 1000, size: Some(10) }));
    let file = scene.file("a.joedb", &log.clean());
    let expected = contains("= NULL /* a blob at 1000, outside of this log */ WHERE");
    logdump().args(["--sql", "--blob"]).arg(&file).assert().success().stdout(expected);
    let connection = loaded(&["--blob"], &file);
    assert_eq!(rows(&connection, "t", &["b"]), [[SqlValue::Integer(0), SqlValue::Null]]);
}

#[test]
fn long_vectors_are_counted_in_sql() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("t").insert_vector(1, 0, 10).insert_vector(1, 100, 5000).delete_vector(1, 1, 4998 + 100);
    let file = scene.file("a.joedb", &log.clean());
    assert!(dumped(&["--sql"], &file).lines().count() < 20);
    let found = rows(&loaded(&[], &file), "t", &[]);
    assert_eq!(found, [[0], [5099]].map(|row| row.map(SqlValue::Integer)));
}

#[test]
fn a_comment_cannot_end_its_line() {
    let scene = Scene::new();
    let mut log = Log::new();
    let attack = b"\nDROP TABLE t;\r\nCOMMIT; -- \x00\x0b\x0c\xe2\x80\xa8DROP TABLE t;";
    log.table("t").comment(attack).push(&joedb::Entry::Custom { name: attack });
    let file = scene.file("a.joedb", &log.clean());
    assert_eq!(dumped(&["--sql"], &file).lines().filter(|line| line.starts_with("-- ")).count(), 2);
    assert_eq!(rows(&loaded(&[], &file), "t", &[]).len(), 0);
}
