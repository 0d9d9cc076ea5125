//! `--sql`, into SQLite and out of it again.

use super::author::{Act, Book, FIELDS, Rows, TABLES, book};
use super::data::Datum;
use crate::scene::{Scene, dumped};
use crate::sqlite::rows;
use rusqlite::Connection;
use rusqlite::types::Value as SqlValue;
use std::ops::Range;

/// The statements of a text. SQLite copies all that follows each time that it is given one, which takes minutes here.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_remark, mut before) = (false, false, ' ');
    sql.split_inclusive(move |character| {
        match (character, before) {
            ('\'', _) if !is_remark => is_quoted = !is_quoted,
            ('-', '-') if !is_quoted => is_remark = true,
            ('\n', _) => is_remark = false,
            _ => {}
        }
        before = character;
        character == ';' && !is_quoted && !is_remark
    })
}

/// A database that has run the SQL of a dump.
fn loaded(options: &[&str], book: &Book) -> Connection {
    let scene = Scene::new();
    let sql = dumped(&[&["--sql", "-q"], options].concat(), &scene.file("a.joedb", &book.file));
    let connection = Connection::open_in_memory().unwrap();
    for statement in statements(&sql) {
        let run = connection.execute_batch(statement);
        run.unwrap_or_else(|error| panic!("{error}: {}", statement.chars().take(1000).collect::<String>()));
    }
    connection
}

/// The bytes that a blob value points to.
fn range(position: u64, size: u64) -> Range<usize> {
    let [start, size] = [position, size].map(|number| usize::try_from(number).unwrap());
    start..start + size
}

/// Whether a value is what SQLite gives back of it. Text is text, and bytes that are no text, or no text that SQLite can hold
/// whole, are bytes; a float has its bits; a NaN is the text of the commands; the null reference is NULL.
fn came_back(given: Option<&Datum>, found: &SqlValue, book: &Book) -> bool {
    match (given, found) {
        (None | Some(Datum::Reference(-1)), SqlValue::Null) => true,
        (Some(Datum::String(bytes)), SqlValue::Text(text)) => text.as_bytes() == bytes && !bytes.contains(&0),
        (Some(Datum::String(bytes)), SqlValue::Blob(found)) => {
            found == bytes && (bytes.contains(&0) || std::str::from_utf8(bytes).is_err())
        }
        (Some(Datum::Int8(given)), SqlValue::Integer(found)) => i64::from(*given) == *found,
        (Some(Datum::Int16(given)), SqlValue::Integer(found)) => i64::from(*given) == *found,
        (Some(Datum::Int32(given)), SqlValue::Integer(found)) => i64::from(*given) == *found,
        (Some(Datum::Int64(given) | Datum::Reference(given)), SqlValue::Integer(found)) => given == found,
        (Some(Datum::Boolean(given)), SqlValue::Integer(found)) => i64::from(*given) == *found,
        (Some(Datum::Single(bits)), SqlValue::Real(found)) => {
            *bits == (*found as f32).to_bits() || is_zero(f64::from(f32::from_bits(*bits)), *found)
        }
        (Some(Datum::Double(bits)), SqlValue::Real(found)) => {
            *bits == found.to_bits() || is_zero(f64::from_bits(*bits), *found)
        }
        (Some(Datum::Single(bits)), SqlValue::Text(text)) => nan(text, 0x7fc0_0000, 31) == u64::from(*bits),
        (Some(Datum::Double(bits)), SqlValue::Text(text)) => nan(text, 0x7ff8 << 48, 63) == *bits,
        (Some(&Datum::Blob { position, size }), SqlValue::Blob(found)) => {
            *found == book.file[range(position, size)]
        }
        _ => false,
    }
}

/// A REAL column of SQLite has no negative zero: it keeps whole numbers as integers.
fn is_zero(given: f64, found: f64) -> bool {
    given == 0.0 && found.to_bits() == 0
}

/// The bits of a NaN from its text: `nan`, or all of them.
fn nan(text: &str, usual: u64, sign: u32) -> u64 {
    match text {
        "nan" => usual,
        "-nan" => usual | 1 << sign,
        bits => {
            u64::from_str_radix(bits.strip_prefix("nan(0x").unwrap().strip_suffix(')').unwrap(), 16).unwrap()
        }
    }
}

fn assert_table_came_back(name: &str, expected: &Rows, found: &[Vec<SqlValue>], book: &Book) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for ((record, row), found) in expected.iter().zip(found) {
        let (id, cells) = found.split_first().unwrap();
        assert_eq!(*id, SqlValue::Integer(*record));
        for ((field, name), found) in (1..).zip(FIELDS).zip(cells) {
            let given = row.get(&field);
            assert!(came_back(given, found, book), "{name} of {record}: {found:?} of {given:?}");
        }
    }
}

#[test]
fn every_value_comes_back_from_sqlite() {
    let book = book();
    let connection = loaded(&["--blob"], &book);
    for (name, expected) in TABLES.into_iter().zip(&book.tables) {
        assert_table_came_back(name, expected, &rows(&connection, name, &FIELDS), &book);
    }
}

#[test]
fn without_their_data_blobs_stay_null_and_all_else_comes_back() {
    let mut book = book();
    let connection = loaded(&[], &book);
    for rows in book.tables.iter_mut().flat_map(|rows| rows.values_mut()) {
        rows.retain(|_, value| !matches!(value, Datum::Blob { .. }));
    }
    for (name, expected) in TABLES.into_iter().zip(&book.tables) {
        assert_table_came_back(name, expected, &rows(&connection, name, &FIELDS), &book);
    }
}

fn is_negative_zero(value: &Datum) -> bool {
    matches!(value, Datum::Single(0x8000_0000) | Datum::Double(0x8000_0000_0000_0000))
}

/// What a REAL column cannot hold, the SQL does.
#[test]
fn the_text_has_a_sign_before_every_negative_zero() {
    let (scene, book) = (Scene::new(), book());
    let text = dumped(&["-q", "--sql"], &scene.file("a.joedb", &book.file));
    let values = book.written.iter().flat_map(|written| match &written.act {
        Act::Update { value, .. } => std::slice::from_ref(value),
        Act::UpdateVector { values, .. } => values.as_slice(),
        _ => &[],
    });
    let expected = values.filter(|value| is_negative_zero(value)).count();
    assert!(expected >= 4);
    assert_eq!(text.matches(" = -0.0 WHERE").count(), expected);
}
