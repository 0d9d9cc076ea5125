//! Several logs with the same schema become one.

use crate::log::Log;
use crate::scene::{Scene, convert, corpus, dumped, logdump};
use crate::tables::{Held, tables};
use assert_cmd::Command;
use joedb::{BlobPosition, Entry, RecordId, Type, Value, Version};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::fs;
use std::path::{Path, PathBuf};

/// Merges the first of these files with the others, in their order.
fn merging(files: &[PathBuf], output: &Path) -> Command {
    let mut command = convert();
    for file in &files[1..] {
        command.arg("--merge").arg(file);
    }
    command.arg(&files[0]).arg(output);
    command
}

/// The log that these become.
fn merged(scene: &Scene, logs: &[Vec<u8>]) -> Vec<u8> {
    let named = (0..).zip(logs).map(|(number, bytes)| scene.file(&format!("{number}.joedb"), bytes));
    let (files, output) = (named.collect::<Vec<_>>(), scene.path("merged.joedb"));
    merging(&files, &output).arg("--force").assert().success().stderr(is_empty());
    logdump().args(["--check", "--load", "--require", "hard"]).arg(&output).assert().success();
    fs::read(output).unwrap()
}

const fn blob(position: u64, size: u64) -> Value<'static> {
    Value::Blob(BlobPosition { position, size: Some(size) })
}

// ---- What is in it -----------------------------------------------------------------------------------------

#[test]
fn the_body_is_the_one_that_the_reference_writes() {
    let mut compared = 0;
    for folder in fs::read_dir(corpus("merge")).unwrap().map(|entry| entry.unwrap().path()) {
        let logs = [0, 1, 2].map(|number| fs::read(folder.join(format!("{number}.joedb"))).unwrap());
        let expected = fs::read(folder.join("merged")).unwrap();
        assert!(merged(&Scene::new(), &logs)[41..] == expected[41..], "{}", folder.display());
        compared += 1;
    }
    assert_eq!(compared, 3);
}

/// Cities, and persons who live in one and have a friend.
fn persons() -> Log {
    let mut log = Log::new();
    log.table("city").field(1, "name", Type::String);
    log.table("person").reference(2, "home", 1).reference(2, "friend", 2);
    log
}

fn reference(record: i64) -> Value<'static> {
    Value::Reference(RecordId(record))
}

#[test]
fn rows_come_one_behind_the_other_and_references_follow() {
    let mut first = persons();
    first.insert(1, 0).insert(1, 2).update(1, 2, 1, Value::String(b"Lille")).insert(2, 0).update(
        2,
        0,
        1,
        reference(2),
    );
    let mut second = persons();
    second.insert(1, 1).update(1, 1, 1, Value::String(b"Tokyo")).insert_vector(2, 0, 2);
    second.update(2, 0, 1, reference(1)).update(2, 1, 2, reference(0));
    let found = tables(&merged(&Scene::new(), &[first.clean(), second.clean()]));
    let name = |text: &str| vec![Held::Text(text.into())];
    let cities = [(0, name("")), (2, name("Lille")), (4, name("Tokyo"))];
    assert_eq!(found["city"].values, cities.into_iter().collect());
    let person = |home, friend| vec![Held::Reference(home), Held::Reference(friend)];
    let persons = [(0, person(2, -1)), (1, person(4, -1)), (2, person(-1, 1))];
    assert_eq!(found["person"].values, persons.into_iter().collect());
}

/// Taken as it is, it would mean a record of the next file.
#[test]
fn a_reference_to_a_record_that_is_nowhere_becomes_null_and_is_counted() {
    let mut first = persons();
    first.insert_vector(1, 0, 3).delete(1, 2).insert_vector(2, 0, 2);
    first.update(2, 0, 1, reference(3)).update(2, 1, 1, reference(2));
    let mut second = persons();
    second.insert_vector(1, 0, 2).delete(1, 1).insert(2, 0).update(2, 0, 1, reference(1));
    let scene = Scene::new();
    let files = [scene.file("a", &first.clean()), scene.file("b", &second.clean())];
    let says = contains("2 references to records that are in none of the files became null\n");
    merging(&files, &scene.path("out")).assert().success().stdout(says);
    let homes: Vec<Held> = tables(&fs::read(scene.path("out")).unwrap())["person"]
        .values
        .values()
        .map(|row| row[0].clone())
        .collect();
    // Record 2 of the first file is deleted, and its place stays empty.
    assert_eq!(homes, [-1, 2, -1].map(Held::Reference));
}

/// joedb_merge brings this one back.
#[test]
fn a_deleted_record_at_the_end_of_a_table_stays_deleted() {
    let mut first = Log::new();
    first.table("t").insert(1, 0);
    let mut second = Log::new();
    second.table("t").insert_vector(1, 0, 5).delete(1, 4);
    let found = tables(&merged(&Scene::new(), &[first.clean(), second.clean(), first.clean()]));
    assert_eq!(found["t"].values.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn references_to_a_dropped_table_keep_their_number() {
    let mut log = Log::new();
    log.table("gone").table("t").reference(2, "r", 1).insert_vector(1, 0, 3).insert(2, 0);
    log.update(2, 0, 1, reference(2)).drop_table(1);
    let found = tables(&merged(&Scene::new(), &[log.clean(), log.clean()]));
    let rows: Vec<_> = found["t"].values.values().cloned().collect();
    assert_eq!(rows, vec![vec![Held::Reference(2)]; 2]);
}

#[test]
fn blobs_of_all_files_are_merged_too_in_either_version() {
    let mut first = Log::new();
    first.table("t").field(1, "b", Type::Blob).insert_vector(1, 0, 2).blob(b"one");
    first.update(1, 1, 1, blob(first.end() - 3, 3));
    let mut second = Log::of(Version::V4);
    second.table("t").field(1, "b", Type::Blob).insert_vector(1, 0, 2);
    let at = second.end() + 1;
    second.blob(b"two").update(1, 0, 1, Value::Blob(BlobPosition { position: at, size: None }));
    second.push(&Entry::EndOfFile);
    let scene = Scene::new();
    let found = tables(&merged(&scene, &[first.clean(), second.clean(), first.clean()]));
    let expected =
        [&b""[..], b"one", b"two", b"", b"", b"one"].map(|data| vec![Held::Blob(Some(data.to_vec()))]);
    assert_eq!(found["t"].values.values().cloned().collect::<Vec<_>>(), expected);
}

#[test]
fn blob_values_into_another_file_are_kept_if_that_is_said() {
    let mut log = Log::new();
    log.table("t").field(1, "b", Type::Blob).insert(1, 0).update(1, 0, 1, blob(5000, 3));
    let scene = Scene::new();
    let files = [scene.file("a", &log.clean()), scene.file("b", &log.clean())];
    let says = contains("a: record 0 of table \"t\", field \"b\": blob value 5000,3 found");
    merging(&files, &scene.path("out")).assert().code(4).stderr(says);
    assert_eq!(scene.names(), ["a", "b"]);
    merging(&files, &scene.path("out")).arg("--keep-blob-positions").assert().success();
    assert!(dumped(&["-q"], &scene.path("out")).ends_with("update_vector t 0 b 2 5000,3 5000,3\n\n"));
}

#[test]
fn one_file_alone_with_itself_is_there_twice_and_empty_tables_stay() {
    let mut log = persons();
    log.insert(1, 0);
    let found = tables(&merged(&Scene::new(), &[log.clean(), log.clean(), persons().clean()]));
    assert_eq!((found["city"].values.len(), found["person"].values.len()), (2, 0));
}

// ---- Schemas -----------------------------------------------------------------------------------------------

#[test]
fn schemas_that_differ_are_shown_entry_by_entry() {
    let scene = Scene::new();
    let first = scene.file("a", &persons().clean());
    let mut other = persons();
    other.rename_table(1, "town").insert(1, 0);
    let mut shorter = Log::new();
    shorter.table("city").field(1, "name", Type::Int8);
    let mut longer = persons();
    for number in 0..20 {
        longer.table(&format!("t{number}"));
    }
    let cases = [
        (
            longer,
            "the schemas differ in their entry 6: create_table t0 found, no further entry expected as in the first file; \
                  entry 7: create_table t1 found, no further entry expected; entry 8: ",
        ),
        (
            other,
            "the schemas differ in their entry 6: rename_table city town found, no further entry expected as in the first file",
        ),
        (
            shorter,
            "the schemas differ in their entry 2: add_field city name int8 found, add_field city name string expected as in \
             the first file; entry 3: no further entry found, create_table person expected; entry 4: no further entry \
             found, add_field person home references city expected; entry 5: ",
        ),
    ];
    for (log, message) in cases {
        let second = scene.file("b", &log.clean());
        let says = contains(format!("b: {message}"));
        merging(&[first.clone(), second], &scene.path("out"))
            .assert()
            .code(4)
            .stdout(is_empty())
            .stderr(says);
        assert_eq!(scene.names(), ["a", "b"]);
    }
}

#[test]
fn data_between_the_entries_of_the_schema_does_not_matter() {
    let mut other = Log::new();
    other.table("city").insert(1, 0).field(1, "name", Type::String).comment(b"x");
    other.table("person").reference(2, "home", 1).reference(2, "friend", 2);
    let found = tables(&merged(&Scene::new(), &[persons().clean(), other.clean()]));
    assert_eq!(found["city"].values.len(), 1);
}

// ---- How, and what is said ---------------------------------------------------------------------------------

#[test]
fn the_receipt_names_every_file() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("t").insert(1, 0);
    let files = ["a", "b"].map(|name| scene.file(name, &log.clean()));
    let output = scene.path("out");
    let read =
        |file: &Path| format!("{}, version 5 up to 47 (0x2f), 6 bytes (2 entries, 1 row)", file.display());
    let [first, second] = files.each_ref().map(|file| read(file));
    let plan = format!(
        "plan: {first}\nplan: {second}: would write 7 bytes (2 entries, 2 rows) in {}\nnothing was written (--dry-run)\n",
        output.display()
    );
    merging(&files, &output).arg("--dry-run").assert().success().stdout(plan);
    assert_eq!(scene.names(), ["a", "b"]);
    let run = merging(&files, &output).args(["--format", "json"]).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let names = files.each_ref().map(|file| file.to_str().unwrap());
    assert_eq!([0, 1].map(|number| found["inputs"][number]["input"].as_str().unwrap()), names);
    assert_eq!(found["merged"], serde_json::json!({"logs": 2, "references_cleared": 0}));
    assert_eq!((&found["job"], &found["written"]["rows"]), (&"merge".into(), &2.into()));
    assert_eq!(found["receipt"]["size"], fs::metadata(&output).unwrap().len());
}

#[test]
fn every_file_is_cut_as_it_is_said() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("t").insert(1, 0);
    let first = log.end();
    log.insert(1, 1);
    let files = ["a", "b"].map(|name| scene.file(name, &log.hard_at(first)));
    merging(&files, &scene.path("out")).assert().success();
    merging(&files, &scene.path("all")).args(["--to", "last-entry"]).assert().success();
    let rows = |name: &str| tables(&fs::read(scene.path(name)).unwrap())["t"].values.len();
    assert_eq!((rows("out"), rows("all")), (2, 4));
}

#[test]
fn what_means_nothing_for_merging_is_wrong_usage() {
    let scene = Scene::new();
    let files = ["a", "b"].map(|name| scene.file(name, &Log::new().table("t").clean()));
    let options: [&[&str]; 8] = [
        &["--in-place"],
        &["--undo"],
        &["--no-verify"],
        &["--save-tail", "tail"],
        &["--upgrade"],
        &["--pack"],
        &["--to", "45"],
        &["--until", "45"],
    ];
    for options in options {
        merging(&files, &scene.path("out")).args(options).assert().code(2);
    }
    let same = merging(&files, &files[1]).arg("--force").assert().code(2);
    same.stderr(contains("are the same file"));
    let stdin = [files[0].clone(), PathBuf::from("-")];
    merging(&stdin, &scene.path("out")).assert().code(2).stderr(contains("- found, a FILE expected"));
    assert_eq!(scene.names(), ["a", "b"]);
}

#[test]
fn a_file_that_is_missing_or_none_is_named() {
    let scene = Scene::new();
    let first = scene.file("a", &Log::new().table("t").clean());
    let absent = [first.clone(), scene.path("absent")];
    merging(&absent, &scene.path("out")).assert().code(1).stderr(contains("absent: No such file"));
    let other = [first, scene.file("b", &[7; 100])];
    merging(&other, &scene.path("out")).assert().code(5).stderr(contains("b: ").and(contains("a: ").not()));
    assert_eq!(scene.names(), ["a", "b"]);
}
