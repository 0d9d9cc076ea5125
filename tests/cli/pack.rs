//! What is left of a log, as a log that holds nothing else.

use crate::log::{Log, Sample};
use crate::scene::{Scene, convert, corpus_files, dumped, logdump};
use crate::tables::{Held, tables, tables_at};
use joedb::{BlobPosition, Entry, RecordId, Type, Value, Version};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::fs;
use std::path::PathBuf;

/// What is left of these bytes.
fn packed(scene: &Scene, bytes: &[u8]) -> Vec<u8> {
    let (input, output) = (scene.file("old.joedb", bytes), scene.path("new.joedb"));
    convert().args(["--force", "--pack"]).args([&input, &output]).assert().success().stderr(is_empty());
    fs::read(output).unwrap()
}

fn loadable_files() -> Vec<PathBuf> {
    ["valid", "v4", "real"].into_iter().flat_map(corpus_files).collect()
}

const fn blob(position: u64, size: u64) -> Value<'static> {
    Value::Blob(BlobPosition { position, size: Some(size) })
}

// ---- What is in it -----------------------------------------------------------------------------------------

#[test]
fn without_blobs_the_body_is_the_one_that_the_reference_writes() {
    let mut compared = 0;
    for path in ["valid", "real"].into_iter().flat_map(corpus_files) {
        let Ok(expected) = fs::read(path.with_extension("packed")) else { continue };
        let found = packed(&Scene::new(), &fs::read(&path).unwrap());
        assert!(found[41..] == expected[41..], "{}", path.display());
        compared += 1;
    }
    assert_eq!(compared, 13);
}

#[test]
fn the_tables_are_the_same_with_blobs_too_and_in_either_version() {
    for path in loadable_files() {
        let (scene, old) = (Scene::new(), fs::read(&path).unwrap());
        let new = packed(&scene, &old);
        assert!(tables(&new) == tables(&old), "{}", path.display());
        logdump()
            .args(["--check", "--load", "--require", "hard"])
            .arg(scene.path("new.joedb"))
            .assert()
            .success();
        assert!(packed(&Scene::new(), &new) == new, "{}: packed again it is another file", path.display());
    }
}

#[test]
fn the_history_of_the_schema_stays_as_it_is() {
    for path in loadable_files() {
        let scene = Scene::new();
        packed(&scene, &fs::read(&path).unwrap());
        let schema = ["-q", "--schema-only"];
        assert_eq!(dumped(&schema, &scene.path("new.joedb")), dumped(&schema, &path), "{}", path.display());
    }
}

#[test]
fn deleted_rows_old_values_and_remarks_are_gone() {
    let mut log = Log::new();
    log.table("t").field(1, "s", Type::String).insert_vector(1, 0, 6);
    log.comment(b"a remark").push(&Entry::ValidData).push(&Entry::Timestamp { seconds: 5 });
    for record in 0..6 {
        log.update(1, record, 1, Value::String(b"old")).update(1, record, 1, Value::String(b"new"));
    }
    log.delete(1, 1).delete_vector(1, 4, 2).rename_table(1, "u");
    let scene = Scene::new();
    packed(&scene, &log.clean());
    let expected = "create_table t\nadd_field t s string\nrename_table t u\ninsert_into u 0\nupdate u 0 s \"new\"\n\
                    insert_vector u 2 2\nupdate_vector u 2 s 2 \"new\" \"new\"\n\n";
    assert_eq!(dumped(&["-q"], &scene.path("new.joedb")), expected);
}

#[test]
fn records_keep_their_ids_so_that_references_keep_their_meaning() {
    let mut log = Log::new();
    log.table("t").reference(1, "r", 1).insert_vector(1, 0, 10);
    log.update(1, 9, 1, Value::Reference(RecordId(7))).update(1, 7, 1, Value::Reference(RecordId(3)));
    log.delete_vector(1, 0, 7);
    let found = tables(&packed(&Scene::new(), &log.clean()));
    let values = [(7, 3), (8, -1), (9, 7)].map(|(record, to)| (record, vec![Held::Reference(to)]));
    assert_eq!(found["t"].values, values.into_iter().collect());
}

// ---- Blobs -------------------------------------------------------------------------------------------------

/// Five blobs: of two records, of none, of one, in pieces of two, and empty.
fn with_blobs() -> Log {
    let mut log = Log::new();
    log.table("t").field(1, "b", Type::Blob).insert_vector(1, 0, 7);
    let written = |log: &mut Log, data: &[u8]| {
        log.blob(data);
        log.end() - data.len() as u64
    };
    let [shared, _, last] = [&b"shared"[..], b"unused", b"last"].map(|data| written(&mut log, data));
    log.update(1, 5, 1, blob(shared, 6)).update(1, 0, 1, blob(last, 4)).update(1, 1, 1, blob(shared, 6));
    let pieces = written(&mut log, b"one two");
    log.update(1, 2, 1, blob(pieces, 3)).update(1, 3, 1, blob(pieces + 4, 3));
    let empty = written(&mut log, b"");
    log.update(1, 4, 1, blob(empty, 0));
    log.delete(1, 6);
    log
}

#[test]
fn blobs_that_records_point_to_are_kept_once_and_their_values_follow() {
    let scene = Scene::new();
    let old = with_blobs().clean();
    let new = packed(&scene, &old);
    assert_eq!(tables(&new), tables(&old));
    let dump = dumped(&["-q", "--blob"], &scene.path("new.joedb"));
    let written = dump.lines().filter(|line| line.starts_with("write_blob")).collect::<Vec<_>>();
    assert_eq!(
        written,
        [r#"write_blob "last""#, r#"write_blob "shared""#, r#"write_blob "one two""#, r#"write_blob """#]
    );
}

#[test]
fn the_receipt_counts_the_blobs_that_nothing_points_to() {
    let scene = Scene::new();
    let input = scene.file("old.joedb", &with_blobs().clean());
    let says = contains("left out, for no record points to them: 1 blob of 6 bytes\n");
    convert()
        .args(["--pack", "--dry-run"])
        .args([&input, &scene.path("new")])
        .assert()
        .success()
        .stdout(says);
    let json = ["--pack", "--format", "json"];
    let run = convert().args(json).args([&input, &scene.path("new")]).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let counts = serde_json::json!({"rows": 6, "blobs": 4, "blobs_left_out": 1, "blob_bytes_left_out": 6});
    assert_eq!((&found["job"], &found["packed"]), (&"pack".into(), &counts));
}

#[test]
fn a_value_into_another_file_is_an_error_unless_such_values_are_to_be_kept() {
    let mut log = Log::new();
    log.table("t").field(1, "b", Type::Blob).insert(1, 3).update(1, 3, 1, blob(5000, 3));
    let scene = Scene::new();
    let (input, output) = (scene.file("a.joedb", &log.clean()), scene.path("new"));
    let says = contains(
        "a.joedb: record 3 of table \"t\", field \"b\": blob value 5000,3 found, position and size within",
    );
    convert().arg("--pack").args([&input, &output]).assert().code(4).stdout(is_empty()).stderr(says);
    assert_eq!(scene.names(), ["a.joedb"]);
    convert().args(["--pack", "--keep-blob-positions"]).args([&input, &output]).assert().success();
    assert!(dumped(&["-q"], &output).ends_with("update t 3 b 5000,3\n\n"));
}

#[test]
fn values_are_not_kept_where_the_log_has_blobs_of_its_own() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &with_blobs().clean());
    let says = contains("a.joedb: 5 blobs found, none expected where blob values are to be kept");
    let keep = ["--pack", "--keep-blob-positions"];
    convert().args(keep).args([&input, &scene.path("new")]).assert().code(4).stderr(says);
    assert_eq!(scene.names(), ["a.joedb"]);
}

// ---- How much of it ----------------------------------------------------------------------------------------

#[test]
fn the_state_at_any_cut_can_be_asked_for() {
    let (scene, sample) = (Scene::new(), Sample::new());
    let bytes = sample.soft();
    let input = scene.file("a.joedb", &bytes);
    for cut in sample.log.boundaries().iter().skip(1) {
        let output = scene.path("new");
        let cut_at = ["--to".to_owned(), cut.to_string()];
        convert().args(["--force", "--pack"]).args(cut_at).args([&input, &output]).assert().success();
        assert_eq!(tables(&fs::read(&output).unwrap()), tables_at(&bytes, *cut), "{cut}");
    }
    let until = ["--pack", "--to", "time:2025-12-01"];
    convert().args(until).args([&input, &scene.path("then")]).assert().success();
    assert_eq!(tables(&fs::read(scene.path("then")).unwrap()), tables_at(&bytes, sample.first - 1));
}

#[test]
fn a_log_that_cannot_be_loaded_is_refused_with_the_position() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("t").insert(1, 0);
    let at = log.end();
    log.delete(1, 5);
    let input = scene.file("a.joedb", &log.clean());
    let says = format!(
        "a.joedb: position {at} ({at:#x}): delete_from entry cannot be loaded: no record 5 in table \"t\" found"
    );
    convert().arg("--pack").args([&input, &scene.path("new")]).assert().code(4).stderr(contains(says));
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn a_few_bytes_cannot_ask_for_any_number_of_rows_unless_that_is_allowed() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("t").insert_vector(1, 0, 20_000_000).delete_vector(1, 1, 19_999_998);
    let (input, output) = (scene.file("a.joedb", &log.clean()), scene.path("new"));
    let says =
        contains("20000000 rows or unset values without bytes behind them found").and(contains("--max-rows"));
    convert().arg("--pack").args([&input, &output]).assert().code(1).stderr(says);
    convert().args(["--pack", "--max-rows", "20000000"]).args([&input, &output]).assert().success();
    assert_eq!(dumped(&["-q"], &output), "create_table t\ninsert_into t 0\ninsert_into t 19999999\n\n");
}

#[test]
fn what_means_nothing_for_packing_is_wrong_usage() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().clean());
    let text = scene.file("a.joedbi", b"valid_data\n");
    let options: [&[&str]; 5] =
        [&["--in-place"], &["--undo"], &["--no-verify"], &["--save-tail", "tail"], &["--upgrade"]];
    for options in options {
        convert().arg("--pack").args(options).args([&input, &scene.path("new")]).assert().code(2);
    }
    convert().arg("--pack").args([&text, &scene.path("new")]).assert().code(2);
    convert().args(["--max-rows", "5"]).args([&input, &scene.path("new")]).assert().code(2);
    assert_eq!(scene.names(), ["a.joedb", "a.joedbi"]);
}

#[test]
fn a_version_4_file_with_blobs_is_packed_into_version_5() {
    let mut log = Log::of(Version::V4);
    log.table("t").field(1, "b", Type::Blob).insert(1, 0);
    let at = log.end() + 1;
    log.blob(b"data").update(1, 0, 1, Value::Blob(BlobPosition { position: at, size: None }));
    log.push(&Entry::EndOfFile);
    let new = packed(&Scene::new(), &log.clean());
    assert_eq!(new[32..36], [5, 0, 0, 0]);
    assert_eq!(tables(&new)["t"].values[&0], [Held::Blob(Some(b"data".to_vec()))]);
}
