//! SQLite's own reading of a database that was made.

use crate::sample::{Tables, assert_same, logs, null_blobs, state};
use crate::tables::{Held, Rows};
use joedb::export::Remarks;
use joedb::export::sqlite::{Database, write};
use joedb::recovery::Unattended;
use joedb::storage::Existing;
use joedb::{
    Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value, Version,
};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use std::path::Path;

fn made(bytes: &[u8], tables: &[&str], path: &Path) -> Database {
    write(&state(bytes).select(tables).unwrap(), path, Existing::Refuse, None, &mut Unattended).unwrap()
}

/// The rows of a database, with the types that the log declares: SQLite's own say less.
fn read(connection: &Connection, declared: &Tables) -> Tables {
    let table = |(name, rows): (&String, &Rows)| {
        let query = format!("SELECT * FROM \"{name}\" ORDER BY __id");
        let mut statement = connection.prepare(&query).unwrap();
        let fields = rows.fields.clone();
        let row = |row: &rusqlite::Row<'_>| {
            let values = fields.iter().enumerate();
            let values = values.map(|(index, (_, declared))| held(declared, row.get(index + 1).unwrap()));
            Ok((row.get(0)?, values.collect()))
        };
        let values = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
        drop(statement);
        (name.clone(), Rows { fields, values })
    };
    declared.iter().map(table).collect()
}

fn held(declared: &str, value: Sql) -> Held {
    match (declared, value) {
        ("string", Sql::Text(text)) => Held::Text(text.into_bytes()),
        ("string", Sql::Blob(bytes)) => {
            assert!(std::str::from_utf8(&bytes).is_err() || bytes.contains(&0));
            Held::Text(bytes)
        }
        ("float32", Sql::Real(number)) => Held::Bits((number as f32).to_bits().into()),
        ("float64", Sql::Real(number)) => Held::Bits(number.to_bits()),
        ("float32", Sql::Text(text)) => Held::Bits(nan(&text, 0x7fc0_0000, 31)),
        ("float64", Sql::Text(text)) => Held::Bits(nan(&text, 0x7ff8 << 48, 63)),
        ("blob", Sql::Null) => Held::Blob(None),
        ("blob", Sql::Blob(data)) => Held::Blob(Some(data)),
        (reference, Sql::Null) if reference.starts_with("references") => Held::Reference(-1),
        (reference, Sql::Integer(record)) if reference.starts_with("references") => Held::Reference(record),
        (_, Sql::Integer(number)) => Held::Number(number),
        other => panic!("{other:?}"),
    }
}

fn nan(text: &str, usual: u64, sign: u32) -> u64 {
    match text {
        "nan" => usual,
        "-nan" => usual | 1 << sign,
        bits => u64::from_str_radix(&bits["nan(0x".len()..bits.len() - 1], 16).unwrap(),
    }
}

/// What SQLite cannot hold: the sign of a zero, and that a blob was never set.
fn alike(held: &Held) -> Held {
    match held {
        Held::Bits(bits) if *bits == 1 << 63 || *bits == 1 << 31 => Held::Bits(0),
        other => null_blobs(other),
    }
}

fn one(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn assert_sound(connection: &Connection) {
    assert_eq!(one(connection, "PRAGMA integrity_check"), ["ok"]);
    assert!(!connection.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
}

#[test]
fn every_log_comes_back_value_by_value_and_sound() {
    let directory = tempfile::tempdir().unwrap();
    for (number, (name, bytes)) in logs().into_iter().enumerate() {
        let path = directory.path().join(number.to_string());
        let database = made(&bytes, &[], &path);
        assert_eq!(database.bytes, path.metadata().unwrap().len());
        let connection = Connection::open(&path).unwrap();
        assert_sound(&connection);
        let declared = crate::tables::tables(&bytes);
        assert_same(&name, &bytes, &read(&connection, &declared), alike);
    }
}

/// A table of cities, and one of persons who refer to them: to 0, to nothing, and to `last`.
fn persons(last: i64) -> Encoder {
    let mut log = Encoder::new(Version::V5);
    let (city, person, home) = (TableId(1), TableId(2), FieldId(1));
    log.push(&Entry::CreateTable { name: b"city" });
    log.push(&Entry::CreateTable { name: b"person" });
    let field_type = FieldType::References(city);
    log.push(&Entry::AddField { table: person, name: b"home", field_type });
    log.push(&Entry::Insert { table: city, record: RecordId(0), form: InsertForm::InsertInto });
    log.push(&Entry::InsertVector { table: person, first: RecordId(0), count: 3 });
    for (record, to) in [(0, 0), (2, last)] {
        let (record, value) = (RecordId(record), Value::Reference(RecordId(to)));
        log.push(&Entry::Update { table: person, record, field: home, value, form: UpdateForm::Update });
    }
    log
}

fn foreign_keys(connection: &Connection) -> Vec<String> {
    one(connection, "SELECT \"table\" FROM pragma_foreign_key_list('person')")
}

#[test]
fn references_are_foreign_keys_unless_one_of_them_dangles() {
    let directory = tempfile::tempdir().unwrap();
    for (last, keys, dangling) in [(0, vec!["city"], 0), (7, vec![], 1)] {
        let path = directory.path().join(last.to_string());
        let database = made(&persons(last).file(), &[], &path);
        let connection = Connection::open(&path).unwrap();
        assert_sound(&connection);
        assert_eq!(foreign_keys(&connection), keys);
        assert_eq!(database.exported.tables[1].remarks.dangling_references, dangling);
        let homes = "SELECT coalesce(home, 'none') || '' FROM person ORDER BY __id";
        assert_eq!(one(&connection, homes), ["0", "none", &last.to_string()]);
    }
}

#[test]
fn a_reference_to_a_table_that_is_left_out_is_no_foreign_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    let database = made(&persons(0).file(), &["person"], &path);
    let connection = Connection::open(&path).unwrap();
    assert_sound(&connection);
    assert!(foreign_keys(&connection).is_empty());
    assert_eq!(one(&connection, "SELECT name FROM sqlite_schema"), ["person"]);
    assert_eq!(database.exported.remarks(), Remarks::default());
}

#[test]
fn a_blob_of_many_pieces_arrives_whole() {
    let data: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let mut log = Encoder::new(Version::V5);
    let (table, field) = (TableId(1), FieldId(1));
    log.push(&Entry::CreateTable { name: b"photo" });
    log.push(&Entry::AddField { table, name: b"data", field_type: FieldType::Plain(Type::Blob) });
    log.push(&Entry::Blob { position: 0, data: &data });
    let position = log.position() - data.len() as u64;
    let value = Value::Blob(joedb::BlobPosition { position, size: Some(data.len() as u64) });
    let record = RecordId(4);
    log.push(&Entry::Insert { table, record, form: InsertForm::InsertInto });
    log.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    made(&log.file(), &[], &path);
    let connection = Connection::open(&path).unwrap();
    assert_sound(&connection);
    let found: Vec<u8> =
        connection.query_row("SELECT data FROM photo WHERE __id = 4", [], |row| row.get(0)).unwrap();
    assert!(found == data);
}

#[test]
fn names_that_sqlite_cannot_tell_apart_get_their_id() {
    let mut log = Encoder::new(Version::V5);
    for name in [&b"price"[..], b"PRICE", b"sqlite_x"] {
        log.push(&Entry::CreateTable { name });
    }
    for name in [&b"x"[..], b"X", b"rowid"] {
        let field_type = FieldType::Plain(Type::Int8);
        log.push(&Entry::AddField { table: TableId(1), name, field_type });
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    let database = made(&log.file(), &[], &path);
    let connection = Connection::open(&path).unwrap();
    let tables = one(&connection, "SELECT name FROM sqlite_schema ORDER BY rootpage");
    assert_eq!(tables, ["price", "_2__PRICE", "_3__sqlite_x"]);
    assert_eq!(
        one(&connection, "SELECT name FROM pragma_table_info('price')"),
        ["__id", "x", "_2__X", "_3__rowid"]
    );
    let renamed: Vec<Option<&str>> =
        database.exported.tables.iter().map(|table| table.renamed.as_deref()).collect();
    assert_eq!(renamed, [None, Some("_2__PRICE"), Some("_3__sqlite_x")]);
}

#[test]
fn more_fields_than_sqlite_has_columns_are_refused_and_leave_nothing() {
    let mut log = Encoder::new(Version::V5);
    log.push(&Entry::CreateTable { name: b"wide" });
    for number in 0..2000 {
        let (name, field_type) = (format!("f{number}"), FieldType::Plain(Type::Int8));
        log.push(&Entry::AddField { table: TableId(1), name: name.as_bytes(), field_type });
    }
    let directory = tempfile::tempdir().unwrap();
    let state = state(&log.file());
    let refused = write(&state.all(), &directory.path().join("a"), Existing::Refuse, None, &mut Unattended);
    let expected = "table \"wide\": 2000 fields found, at most 1999 expected in this format; JSON and CSV take any number";
    assert_eq!(refused.unwrap_err().to_string(), expected);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
