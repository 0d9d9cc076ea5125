//! JSON Lines as input: dump, change, load.

use crate::scene::{Scene, convert, corpus, corpus_files, dumped};
use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The file that a text makes.
fn loaded(scene: &Scene, text: &str) -> Vec<u8> {
    let (input, output) = (scene.file("a.jsonl", text.as_bytes()), scene.path("loaded.joedb"));
    convert().args(["-q", "--force"]).args([&input, &output]).assert().success().stderr(is_empty());
    fs::read(output).unwrap()
}

fn json(path: &Path) -> String {
    dumped(&["-q", "--json", "--blob"], path)
}

/// What a log says, without positions, and whatever the entries are spelled with; version 4's mark goes.
fn said(dump: &str) -> Vec<Value> {
    let entry = |line: &str| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let members = entry.as_object_mut().unwrap();
        ["position", "length", "data_position"].iter().for_each(|name| drop(members.remove(*name)));
        match members["kind"].as_str().unwrap() {
            "update_last" | "update_next" => members["kind"] = "update".into(),
            "append" => members["kind"] = "insert_into".into(),
            _ => {}
        }
        if members.get("type") == Some(&"blob".into()) {
            // Values of version 4 get the size of their blob.
            ["value", "values"].iter().for_each(|name| drop(members.remove(*name)));
        }
        entry
    };
    dump.lines().map(entry).filter(|entry| entry["kind"] != "end_of_file").collect()
}

// ---- There and back ----------------------------------------------------------------------------------------

#[test]
fn dump_load_dump_is_the_identity_on_the_whole_corpus_up_to_the_positions_of_blobs() {
    for path in corpus_files("valid").into_iter().chain(corpus_files("v4")) {
        let scene = Scene::new();
        let first = json(&path);
        loaded(&scene, &first);
        let second = json(&scene.path("loaded.joedb"));
        assert!(said(&first) == said(&second), "{}", path.display());
    }
}

/// Commands and JSON Lines are read by different code; both make the same file, blob values included.
#[test]
fn the_file_is_the_one_that_commands_make() {
    for path in corpus_files("valid").into_iter().chain(corpus_files("v4")) {
        let scene = Scene::new();
        let from_json = loaded(&scene, &json(&path));
        let commands = scene.file("a.joedbi", dumped(&["-q", "--blob"], &path).as_bytes());
        let output = scene.path("from_commands.joedb");
        convert().arg("-q").args([&commands, &output]).assert().success();
        assert!(from_json == fs::read(output).unwrap(), "{}", path.display());
    }
}

#[test]
fn canonical_bodies_come_back_byte_for_byte() {
    for name in fs::read_to_string(corpus("valid/CANONICAL")).unwrap().lines() {
        let path = corpus("valid").join(name);
        assert!(loaded(&Scene::new(), &json(&path))[41..] == fs::read(&path).unwrap()[41..], "{name}");
    }
}

/// As another program may write it: members in any order, white space, escapes, and nothing that follows from the rest.
const LEAN: &str = r#"
{ "table" : "t", "kind" : "create_table" }
{"kind":"add_field","type":"string","field":"s","table_id":1}
{"kind":"add_field","table":"t","field":"r","type":"references","references":"t"}
{"kind":"add_field","table":"t","field":"f","type":"float32"}
{"kind":"add_field","table":"t","field":"b","type":"blob"}
{"kind":"insert_vector","table":"t","record":0,"count":2}
{"kind":"update","table":"t","record":0,"field":"s","value":"\u0041\ud83d\ude42\n\/"}
{"kind":"update_vector","table":"t","record":0,"field":"r","values":[ null , 1 ]}
{"kind":"update_vector","table":"t","record":0,"field":"f","values":[1.5e0,{"float":"nan(0x7fc00001)"}]}
{"kind":"blob","data_position":77,"data":"text"}
{"kind":"update","table":"t","record":1,"field_id":4,"value":{"size":2,"position":78}}
{"kind":"update","table":"t","record":1,"field":"s","value":{"base64":"/wA="}}
{"kind":"timestamp","seconds":-1}
{"kind":"delete_from","table":"t","record":0}
"#;

#[test]
fn what_follows_from_the_rest_may_be_left_out_and_the_order_does_not_matter() {
    let scene = Scene::new();
    loaded(&scene, LEAN);
    let expected = r#"create_table t
add_field t s string
add_field t r references t
add_field t f float32
add_field t b blob
insert_vector t 0 2
update t 0 s "A🙂\012/"
update_vector t 0 r 2 -1 1
update_vector t 0 f 2 1.5 nan(0x7fc00001)
# Blob: 101,4
write_blob "text"
update t 1 b 102,2
update t 1 s "\377\000"
timestamp -1 1969-12-31 23:59:59 GMT
delete_from t 0

"#;
    assert_eq!(dumped(&["-q", "--blob"], &scene.path("loaded.joedb")), expected);
}

// ---- Mistakes ----------------------------------------------------------------------------------------------

/// A table with a field of each of some types and a record, in 7 lines.
const BEGIN: &str = r#"{"kind":"create_table","table":"t"}
{"kind":"add_field","table":"t","field":"s","type":"string"}
{"kind":"add_field","table":"t","field":"i","type":"int8"}
{"kind":"add_field","table":"t","field":"f","type":"float64"}
{"kind":"add_field","table":"t","field":"b","type":"boolean"}
{"kind":"add_field","table":"t","field":"x","type":"blob"}
{"kind":"insert_into","table":"t","record":0}
"#;

/// Asserts that a line is refused at a column, and what is said.
fn refused(line: &str, column: u64, message: &str) {
    let scene = Scene::new();
    let input = scene.file("a.jsonl", format!("{BEGIN}{line}\n{{\"kind\":\"valid_data\"}}\n").as_bytes());
    let says = starts_with(format!("joedb_convert: {}:8:{column}: {message}", input.display()));
    convert().args([&input, &scene.path("out")]).assert().code(4).stdout(is_empty()).stderr(says);
    assert_eq!(scene.names(), ["a.jsonl"]);
}

#[test]
fn what_is_no_json() {
    refused("7", 1, "\"7\" found, an object expected");
    refused("{\"kind\" \"x\"}", 9, "\"\\\"\" found, a colon expected");
    refused("{\"kind\":\"valid_data\"", 21, "the end of the line found, a comma or } expected");
    refused("{\"kind\":\"valid_data\"} x", 23, "\"x\" found, the end of the line expected");
    refused("{\"kind\":valid_data}", 9, "\"valid_data\" found, a value of JSON expected");
    refused("{\"kind\":\"valid_data\",}", 22, "\"}\" found, the name of a member in double quotes expected");
    refused("{\"kind\":\"valid", 9, "\"\\\"valid\" found, a double quote at the end of this string expected");
    refused("{\"position\":01,\"kind\":\"valid_data\"}", 13, "\"01\" found, a value of JSON expected");
    refused("{\"é\":tru}", 6, "\"tru\" found, a value of JSON expected");
}

#[test]
fn members_that_are_missing_unknown_or_there_twice() {
    refused("{}", 2, "\"}\" found, the member \"kind\" expected");
    refused(r#"{"kind":"delete_from","table":"t"}"#, 34, "\"}\" found, the member \"record\" expected");
    refused(
        r#"{"kind":"valid_data","x":1}"#,
        22,
        "\"\\\"x\\\"\" found, a member that entries of this kind have expected",
    );
    refused(
        r#"{"kind":"valid_data","kind":"x"}"#,
        22,
        "\"\\\"kind\\\"\" found, a member that is not there already",
    );
    refused(r#"{"kind":"insert"}"#, 9, "\"\\\"insert\\\"\" found, a kind of entry such as");
}

#[test]
fn names_and_ids_that_do_not_exist_or_do_not_agree() {
    refused(r#"{"kind":"drop_table","table":"u"}"#, 30, "\"\\\"u\\\"\" found, the name of a table expected");
    refused(r#"{"kind":"drop_table","table_id":2}"#, 33, "\"2\" found, the name of a table expected");
    refused(r#"{"kind":"drop_table","table":"t","table_id":2}"#, 45, "\"2\" found, 1, or nothing, expected");
    refused(
        r#"{"kind":"drop_field","table":"t","field":"q"}"#,
        42,
        "\"\\\"q\\\"\" found, the name of a field of this table",
    );
    refused(
        r#"{"kind":"create_table","table":"u","table_id":7}"#,
        47,
        "\"7\" found, 2, or nothing, expected",
    );
    refused(
        r#"{"kind":"create_table","table":"t"}"#,
        32,
        "name \"t\" found, one that is not in use expected",
    );
    refused(
        r#"{"kind":"create_table","table":"1"}"#,
        32,
        "name \"1\" found, letters, digits and single underscores",
    );
}

#[test]
fn values_of_another_type_or_out_of_range() {
    let update = |field: &str, value: &str| {
        format!(r#"{{"kind":"update","table":"t","record":0,"field":"{field}","value":{value}}}"#)
    };
    refused(&update("i", "128"), 61, "\"128\" found, an int8 (-128 to 127) expected");
    refused(&update("i", "\"1\""), 61, "\"\\\"1\\\"\" found, an int8");
    refused(&update("i", "1.5"), 61, "\"1.5\" found, an int8");
    refused(&update("b", "1"), 61, "\"1\" found, true or false expected");
    refused(&update("f", "1e999"), 61, "\"1e999\" found, a float64");
    refused(&update("f", "{\"float\":\"NaN\"}"), 70, "\"\\\"NaN\\\"\" found, a float64");
    refused(&update("s", "7"), 61, "\"7\" found, a string, or {\"base64\":\"...\"} expected");
    refused(
        &update("s", "{\"base64\":\"/w\"}"),
        71,
        "\"\\\"/w\\\"\" found, base64 with its padding expected",
    );
    refused(&update("s", "\"a\\qb\""), 63, "\"\\\\\" found, \\\", \\\\, \\/");
    refused(&update("s", "\"a\\ud800b\""), 63, "\"\\\\\" found, \\\", \\\\, \\/");
    refused(&update("x", "[1]"), 61, "\"[1]\" found, a blob value: {\"position\":...,\"size\":...} expected");
    refused(
        &update("x", "{\"position\":77,\"size\":1}"),
        61,
        "blob value 77,1 found, position and size within a blob",
    );
    let typed = r#"{"kind":"update","type":"int16","table":"t","record":0,"field":"i","value":1}"#;
    refused(typed, 25, "\"\\\"int16\\\"\" found, \"int8\", the type of this field, expected");
}

#[test]
fn counts_sizes_and_dates_that_do_not_agree() {
    let vector = r#"{"kind":"update_vector","table":"t","record":0,"field":"i","count":3,"values":[1,2]}"#;
    refused(vector, 68, "\"3\" found, 2, or nothing, expected");
    refused(
        r#"{"kind":"blob","size":3,"data":"ab"}"#,
        32,
        "2 bytes found, 3 bytes as the member \"size\" says, expected",
    );
    let date = r#"{"kind":"timestamp","seconds":0,"utc":"1970-01-01T00:00:01Z"}"#;
    refused(date, 39, "\"\\\"1970-01-01T00:00:01Z\\\"\" found, 1970-01-01T00:00:00Z, or nothing, expected");
    refused(
        r#"{"kind":"insert_vector","table":"t","record":0,"count":-1}"#,
        56,
        "\"-1\" found, a number of digits alone",
    );
    let many = r#"{"kind":"insert_vector","table":"t","record":0,"count":18446744073709551615}"#;
    refused(many, 56, "18446744073709551615 records from 0 found");
}

// ---- Input -------------------------------------------------------------------------------------------------

#[test]
fn the_format_goes_by_the_name_or_is_said() {
    let scene = Scene::new();
    let text = "{\"kind\":\"valid_data\"}\n";
    for name in ["a.jsonl", "a.ndjson"] {
        let input = scene.file(name, text.as_bytes());
        convert().arg("--force").args([&input, &scene.path("out")]).assert().success();
        assert_eq!(dumped(&[], &scene.path("out")), "valid_data\n\n");
    }
    let said = ["--input-format", "json-lines", "-"];
    let line = contains("standard input, 1 line: wrote 1 byte (1 entry) in ");
    convert().args(said).arg(scene.path("piped")).write_stdin(text).assert().success().stdout(line);
    convert()
        .arg("-")
        .arg(scene.path("no"))
        .write_stdin(text)
        .assert()
        .code(5)
        .stderr(contains("json-lines JSON Lines"));
    let empty = scene.file("empty.jsonl", b"\n\n");
    let says = contains("empty.jsonl: no entry found; --allow-empty makes");
    convert().args([&empty, &scene.path("no")]).assert().code(4).stderr(says);
}

#[test]
fn a_dump_without_the_data_of_blobs_is_a_warning_or_refused_where_a_value_points_to_one() {
    let scene = Scene::new();
    let left_out = "{\"kind\":\"blob\",\"data_position\":60,\"size\":5}\n";
    let input = scene.file("a.jsonl", left_out.as_bytes());
    let warning =
        contains("warning: 1 blob of 5 bytes are not in this dump; joedb_logdump --blob dumps them\n");
    convert().arg("--allow-empty").args([&input, &scene.path("out")]).assert().success().stderr(warning);
    let pointing = format!(
        "{BEGIN}{left_out}{{\"kind\":\"update\",\"table\":\"t\",\"record\":0,\"field\":\"x\",\"value\":{{\"position\":60,\"size\":5}}}}\n"
    );
    let input = scene.file("b.jsonl", pointing.as_bytes());
    let says = contains("b.jsonl:9:61: blob value 60,5 found")
        .and(contains("joedb_logdump --blob dumps the blobs too"));
    convert().args([&input, &scene.path("no")]).assert().code(4).stderr(says);
    let keep = scene.path("kept");
    convert().arg("--keep-blob-positions").args([&input, &keep]).assert().success();
    assert!(dumped(&["-q"], &keep).ends_with("update t 0 x 60,5\n\n"));
}
