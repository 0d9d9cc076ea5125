//! Names that SQLite does not take as joedb does, and schema changes that it is particular about.

use crate::log::Log;
use crate::scene::{Scene, dumped};
use crate::sqlite::{loaded, names, rows};
use joedb::{RecordId, Type, Value};
use rusqlite::Connection;
use rusqlite::types::Value as SqlValue;

fn load(log: &Log) -> Connection {
    let scene = Scene::new();
    loaded(&[], &scene.file("a.joedb", &log.clean()))
}

fn tables(connection: &Connection) -> Vec<String> {
    names(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    names(connection, &format!("SELECT name FROM pragma_table_info('{table}')"))
}

#[test]
fn tables_that_differ_in_case_only_get_their_id() {
    let mut log = Log::new();
    log.table("price").table("Price").table("PRICE").insert(1, 10).insert(2, 20).insert(3, 30);
    let connection = load(&log);
    assert_eq!(tables(&connection), ["_2__Price", "_3__PRICE", "price"]);
    assert_eq!(rows(&connection, "_3__PRICE", &[]), [[SqlValue::Integer(30)]]);
}

#[test]
fn fields_that_differ_in_case_only_get_their_id() {
    let mut log = Log::new();
    log.table("t").field(1, "x", Type::Int8).field(1, "X", Type::Int8).insert(1, 0);
    log.update(1, 0, 1, Value::Int8(1)).update(1, 0, 2, Value::Int8(2));
    let connection = load(&log);
    assert_eq!(rows(&connection, "t", &["x", "_2__X"]), [[0, 1, 2].map(SqlValue::Integer)]);
}

#[test]
fn a_name_is_free_again_once_its_table_is_gone_or_renamed() {
    let mut log = Log::new();
    log.table("price").drop_table(1).table("Price").rename_table(2, "cost").table("PRICE");
    assert_eq!(tables(&load(&log)), ["PRICE", "cost"]);
}

#[test]
fn names_that_sqlite_reserves_get_their_id() {
    let mut log = Log::new();
    log.table("sqlite_x").table("SQLite_sequence").table("a").rename_table(3, "sqlite_schema").insert(3, 7);
    let connection = load(&log);
    assert_eq!(tables(&connection), ["_1__sqlite_x", "_2__SQLite_sequence", "_3__sqlite_schema"]);
    assert_eq!(rows(&connection, "_3__sqlite_schema", &[]), [[SqlValue::Integer(7)]]);
}

#[test]
fn keywords_and_names_of_sqlite_itself_are_ordinary_names() {
    let words = ["select", "table", "main", "temp", "null", "pragma_table_info", "json_each", "dbstat"];
    let mut log = Log::new();
    for (number, word) in (1..).zip(words) {
        log.table(word).insert(number, 0);
        for (field, name) in (1..).zip(words) {
            log.field(number, name, Type::Int8).update(number, 0, field, Value::Int8(9));
        }
    }
    let connection = load(&log);
    for word in words {
        let expected: Vec<SqlValue> = std::iter::once(0).chain([9; 8]).map(SqlValue::Integer).collect();
        assert_eq!(rows(&connection, word, &words), [expected], "{word}");
    }
}

/// SQLite 3.54 refuses to add such a column, or to rename one to such a name.
#[test]
fn fields_named_like_the_row_itself_get_their_id() {
    let mut log = Log::new();
    log.table("rowid").field(1, "rowid", Type::Int8).field(1, "_ROWID_", Type::Int8).field(
        1,
        "x",
        Type::Int8,
    );
    log.rename_field(1, 3, "Oid").insert(1, 4);
    (1..).zip([5, 6, 7]).for_each(|(field, value)| {
        log.update(1, 4, field, Value::Int8(value));
    });
    let found = rows(&load(&log), "rowid", &["_1__rowid", "_2___ROWID_", "_3__Oid"]);
    assert_eq!(found, [[4, 5, 6, 7].map(SqlValue::Integer)]);
}

#[test]
fn a_table_may_be_renamed_to_its_own_name_in_another_case() {
    let mut log = Log::new();
    log.table("price").insert(1, 5).rename_table(1, "PRICE").insert(1, 6);
    let connection = load(&log);
    assert_eq!(tables(&connection), ["PRICE"]);
    assert_eq!(rows(&connection, "PRICE", &[]).len(), 2);
}

#[test]
fn a_field_may_be_renamed_to_its_own_name_in_another_case() {
    let mut log = Log::new();
    log.table("t")
        .field(1, "x", Type::Int8)
        .insert(1, 0)
        .update(1, 0, 1, Value::Int8(4))
        .rename_field(1, 1, "X");
    let connection = load(&log);
    assert_eq!(columns(&connection, "t"), ["__id", "X"]);
    assert_eq!(rows(&connection, "t", &["X"]), [[0, 4].map(SqlValue::Integer)]);
}

#[test]
fn a_table_that_had_to_change_its_name_may_be_renamed_in_case_only() {
    let mut log = Log::new();
    log.table("price").table("Price").rename_table(2, "pRICE").insert(2, 3);
    let connection = load(&log);
    assert_eq!(tables(&connection), ["_2__pRICE", "price"]);
}

#[test]
fn two_tables_may_exchange_their_names() {
    let mut log = Log::new();
    log.table("a").table("b").insert(1, 1).insert(2, 2);
    log.rename_table(1, "c").rename_table(2, "a").rename_table(1, "b");
    let connection = load(&log);
    assert_eq!(rows(&connection, "b", &[]), [[SqlValue::Integer(1)]]);
    assert_eq!(rows(&connection, "a", &[]), [[SqlValue::Integer(2)]]);
}

#[test]
fn a_field_that_refers_to_a_table_may_be_dropped() {
    let mut log = Log::new();
    log.table("town").table("person").reference(2, "home", 1).field(2, "age", Type::Int8).insert(2, 0);
    log.update(2, 0, 2, Value::Int8(40)).drop_field(2, 1);
    let connection = load(&log);
    assert_eq!(columns(&connection, "person"), ["__id", "age"]);
    assert_eq!(rows(&connection, "person", &["age"]), [[0, 40].map(SqlValue::Integer)]);
}

#[test]
fn a_table_that_is_referred_to_may_be_dropped_and_all_else_renamed() {
    let mut log = Log::new();
    log.table("town").table("person").reference(2, "home", 1).insert(1, 0).insert(2, 0);
    log.update(2, 0, 1, Value::Reference(RecordId(0))).drop_table(1);
    log.rename_table(2, "human").rename_field(2, 1, "origin").table("town").field(2, "age", Type::Int8);
    let connection = load(&log);
    assert_eq!(tables(&connection), ["human", "town"]);
    let expected = [[SqlValue::Integer(0), SqlValue::Integer(0), SqlValue::Null]];
    assert_eq!(rows(&connection, "human", &["origin", "age"]), expected);
}

#[test]
fn a_table_that_is_referred_to_and_its_references_may_be_renamed() {
    let mut log = Log::new();
    log.table("town").table("person").reference(2, "home", 1).reference(1, "mayor", 2);
    log.rename_table(1, "city").rename_field(2, 1, "residence").rename_table(2, "citizen");
    log.insert(1, 0).insert(2, 0).update(2, 0, 1, Value::Reference(RecordId(0)));
    let connection = load(&log);
    assert_eq!(rows(&connection, "citizen", &["residence"]), [[0, 0].map(SqlValue::Integer)]);
    let target = names(&connection, "SELECT \"table\" FROM pragma_foreign_key_list('citizen')");
    assert_eq!(target, ["city"]);
}

#[test]
fn the_last_field_of_a_table_may_be_dropped_and_its_name_used_again() {
    let mut log = Log::new();
    log.table("t").field(1, "x", Type::Int8).insert(1, 0).update(1, 0, 1, Value::Int8(1)).drop_field(1, 1);
    log.field(1, "x", Type::String).update(1, 0, 2, Value::String(b"new"));
    let connection = load(&log);
    assert_eq!(rows(&connection, "t", &["x"]), [[SqlValue::Integer(0), SqlValue::Text("new".into())]]);
}

#[test]
fn a_record_that_refers_to_nobody_is_taken() {
    let mut log = Log::new();
    log.table("t").reference(1, "next", 1).insert(1, 0).update(1, 0, 1, Value::Reference(RecordId(99)));
    assert_eq!(rows(&load(&log), "t", &["next"]), [[0, 99].map(SqlValue::Integer)]);
}

#[test]
fn a_part_of_a_log_uses_the_names_of_the_whole() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("price").table("Price").field(2, "x", Type::Int8).field(2, "X", Type::Int8);
    let middle = log.end().to_string();
    log.insert(2, 0).update(2, 0, 2, Value::Int8(3));
    let file = scene.file("a.joedb", &log.clean());
    let parts = ["--until", "--from"].map(|option| dumped(&["--sql", option, &middle], &file));
    let connection = Connection::open_in_memory().unwrap();
    parts.iter().for_each(|part| connection.execute_batch(part).unwrap());
    let expected = [[SqlValue::Integer(0), SqlValue::Null, SqlValue::Integer(3)]];
    assert_eq!(rows(&connection, "_2__Price", &["x", "_2__X"]), expected);
}
