//! What can be wrong with joedb commands: each mistake is refused with its place, and nothing is written.

use crate::scene::{Scene, convert};
use predicates::prelude::*;
use predicates::str::{contains, ends_with, is_empty, starts_with};

/// A table with a field of each type and a record, in 13 lines.
const BEGIN: &str = "create_table t
add_field t s string
add_field t tiny int8
add_field t small int16
add_field t int int32
add_field t big int64
add_field t r references t
add_field t truth boolean
add_field t narrow float32
add_field t wide float64
add_field t b blob
insert_into t 0
# line 13
";

/// Asserts that `line` is refused at a column, and what is said.
fn refused(line: &[u8], column: u64, message: &str) {
    let scene = Scene::new();
    let input = scene.file("a.joedbi", &[BEGIN.as_bytes(), line, b"\nvalid_data\n"].concat());
    let place = format!("{}:14:{column}: {message}", input.display());
    let says = starts_with(format!("joedb_convert: {place}")).and(ends_with("\n"));
    convert().args([&input, &scene.path("out")]).assert().code(4).stdout(is_empty()).stderr(says);
    assert_eq!(scene.names(), ["a.joedbi"]);
}

#[test]
fn commands_that_are_none() {
    for line in
        ["insert", "Update t 0 s x", "__unknown_table__", "checkpoint", "table t", "blob \"x\"", "quit"]
    {
        let word = line.split(' ').next().unwrap();
        refused(
            line.as_bytes(),
            1,
            &format!("\"{word}\" found, a command such as insert_into or update expected"),
        );
    }
    refused(b"  \"update\" t", 3, r#""\"update\"" found, a command"#);
    refused(b"update\tt 0 s x", 1, r#""update\011t" found, a command"#);
}

#[test]
fn names_that_do_not_exist() {
    refused(b"insert_into u 0", 13, r#""u" found, the name of a table expected"#);
    refused(
        b"update __unknown_table__ 0 s x",
        8,
        r#""__unknown_table__" found, the name of a table expected"#,
    );
    refused(b"update t 0 S x", 12, r#""S" found, the name of a field of this table expected"#);
    refused(b"add_field t q references u", 26, r#""u" found, the name of a table expected"#);
    refused(b"drop_field t q", 14, r#""q" found, the name of a field of this table expected"#);
    refused(b"drop_table", 11, "the end of the line found, the name of a table expected");
}

#[test]
fn names_that_cannot_be_given() {
    refused(b"create_table t", 14, r#"name "t" found, one that is not in use expected"#);
    refused(b"rename_table t t", 16, r#"name "t" found, one that is not in use expected"#);
    refused(b"rename_field t s b", 18, r#"name "b" found, one that is not in use expected"#);
    refused(b"create_table 1a", 14, r#"name "1a" found, letters, digits and single underscores"#);
    refused(b"add_field t \"q\" int8", 13, r#"name "\"q\"" found, letters, digits and single underscores"#);
    refused(b"create_table ", 13, "the end of the line found, a new name expected");
}

#[test]
fn types_that_are_none() {
    for found in ["int", "reference", "null", "Int8"] {
        let line = format!("add_field t q {found}");
        refused(line.as_bytes(), 15, &format!("{found:?} found, a type (string, blob, "));
    }
    refused(b"add_field t q int32 default 5", 21, r#""default 5" found, the end of the line expected"#);
}

#[test]
fn words_behind_the_end_of_a_command() {
    refused(b"valid_data now", 12, r#""now" found, the end of the line expected"#);
    refused(b"comment hello world", 15, r#""world" found, the end of the line expected"#);
    refused(b"update_vector t 0 tiny 2 1 2 3", 30, r#""3" found, the end of the line expected"#);
    refused(b"insert_into t 1 # new", 17, r##""# new" found, the end of the line expected"##);
}

#[test]
fn numbers_that_are_none_or_too_large() {
    refused(b"update t 0 int 12x", 16, r#""12x" found, an int32 (-2147483648 to 2147483647) expected"#);
    refused(b"update t 0 tiny 128", 17, r#""128" found, an int8 (-128 to 127) expected"#);
    refused(b"update t 0 small -32769", 18, r#""-32769" found, an int16 (-32768 to 32767) expected"#);
    refused(b"update t 0 big 9223372036854775808", 16, r#""9223372036854775808" found, an int64"#);
    refused(b"update t 0 wide 1e400", 17, r#""1e400" found, a float64 (decimal, inf, -inf, nan"#);
    refused(b"update t 0 narrow nan(1)", 19, r#""nan(1)" found, a float32 (decimal, inf, -inf, nan"#);
    refused(b"update t 0 truth yes", 18, r#""yes" found, true or false expected"#);
    refused(b"update t 0 r -2", 14, r#""-2" found, a record, or -1 for none, expected"#);
    refused(b"update t 0 b 5", 14, r#""5" found, a blob value: position,size expected"#);
    refused(b"update t 0 int", 15, "the end of the line found, an int32");
    refused(b"update t 0 int \"5\"", 16, r#""\"5\"" found, an int32"#);
}

#[test]
fn records_and_counts_that_are_none_or_too_many() {
    refused(b"insert_into t -1", 15, r#""-1" found, a record, 0 or above expected"#);
    refused(b"insert_into t", 14, "the end of the line found, a record, 0 or above expected");
    refused(b"delete_from t 2305843009213693951", 15, r#""2305843009213693951" found, a record"#);
    refused(b"insert_vector t 1 x", 19, r#""x" found, a count expected"#);
    refused(
        b"insert_vector t 1 2305843009213693951",
        19,
        "2305843009213693951 records from 1 found, ids below 2^61 expected",
    );
    refused(b"update_vector t 0 s 3 a b", 26, "the end of the line found, value 3 of 3 expected");
}

#[test]
fn strings_that_nobody_can_be_sure_about() {
    refused(br#"comment "caf\xe"#, 13, r#""\\xe" found, \", \\, \?, \ooo"#);
    refused(br#"comment "a\nb""#, 11, r#""\\nb\"" found, \", \\, \?, \ooo"#);
    refused("comment \"é\\q\"".as_bytes(), 11, r#""\\q\"" found, \", \\, \?, \ooo"#);
    refused(b"comment \"never ends", 9, r#""\"never ends" found, a double quote at the end of this string"#);
    refused(b"comment \"a\"b", 12, r#""b" found, a space or the end of the line behind the string"#);
    refused(b"comment a\"b", 10, r#""\"" found, double quotes around a string with this character"#);
    refused(b"comment a\\041", 10, r#""\\" found, double quotes around a string with this character"#);
    refused(b"comment", 8, "the end of the line found, a string expected");
}

#[test]
fn times_that_contradict_themselves() {
    refused(b"timestamp", 10, "the end of the line found, seconds since 1970 expected");
    refused(b"timestamp now", 11, r#""now" found, seconds since 1970 expected"#);
    let date = r#""2025-04-18 18:13:21 GMT" found, 2025-04-18 18:13:20 GMT, or nothing, expected"#;
    refused(b"timestamp 1745000000 2025-04-18 18:13:21 GMT", 22, date);
}

#[test]
fn blobs_that_do_not_fit_what_is_said_of_them() {
    refused(b"# Blob: 100", 9, r#""100" found, position,size of the blob, and nothing else, expected"#);
    refused(b"# Blob: 100,3 here", 9, r#""100,3 here" found, position,size of the blob"#);
    refused(
        b"update t 0 b 100,3",
        14,
        "blob value 100,3 found, position and size within a blob before it expected",
    );
    refused(b"update_vector t 0 b 2 0,0 7,7", 27, "blob value 7,7 found, position and size within a blob");
    let scene = Scene::new();
    let refused_at = |text: &str, message: &str| {
        let input = scene.file("a.joedbi", text.as_bytes());
        convert().args([&input, &scene.path("out")]).assert().code(4).stderr(contains(message));
    };
    refused_at(
        "# Blob: 100,3\n\nwrite_blob \"ab\"\n",
        "a.joedbi:3:12: 2 bytes found, 3 bytes as the line # Blob: before it says, expected",
    );
    refused_at(
        "# Blob: 100,3\nwrite_blob \"abc\"\n# Blob: 102,1\nwrite_blob \"d\"\n",
        "a.joedbi:4:12: a blob at 102,1 found, one that does not overlap the blob at 100,3 expected",
    );
}

#[test]
fn what_is_found_is_shown_so_that_a_terminal_does_not_obey_it() {
    refused(b"\x1b[2J\x1b]0;x\x07", 1, r#""\033[2J\033]0;x\007" found, a command"#);
    refused(&[b'x'; 1000], 1, &format!("\"{}\"... found, a command", "x".repeat(64)));
    refused(b"\xff\xfe\x00", 1, r#""\377\376\000" found, a command"#);
}
