//! What `joedb_convert` says: plan, receipt, and the same as JSON.

use crate::log::{Sample, signed};
use crate::scene::{Scene, convert};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use serde_json::{Value, json};
use std::path::PathBuf;

/// A file with a dirty tail, and where its recovery goes.
fn dirty(scene: &Scene) -> (Sample, PathBuf, PathBuf) {
    let sample = Sample::new();
    let input = scene.file("a.joedb", &sample.dirty());
    (sample, input, scene.path("out"))
}

#[test]
fn one_line_says_what_was_kept_and_lost_and_where() {
    let scene = Scene::new();
    let (sample, input, output) = dirty(&scene);
    let (first, end) = (sample.first, sample.end());
    let checksum = crc32fast::hash(&sample.dirty()[41..usize::try_from(first).unwrap()]);
    let line = format!(
        "{} cut at {first} (0x{first:x}): kept {} bytes (6 entries, 1 row), lost {} bytes (3 entries, 1 row), \
         in {} (CRC-32 {checksum:08x}, read back)\n",
        input.display(),
        first - 41,
        end - first,
        output.display()
    );
    convert().arg("-q").args([&input, &output]).assert().success().stdout(line).stderr(is_empty());
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let scene = Scene::new();
    let (_, input, output) = dirty(&scene);
    let tail = scene.path("tail");
    let plan = predicates::str::starts_with("plan: ").and(contains("nothing was written (--dry-run)\n"));
    let mut command = convert();
    command.args(["--dry-run", "--save-tail"]).args([&tail, &input, &output]).assert().success().stdout(plan);
    let rounded = contains("60 (0x3c)").and(contains("59 (0x3b) was rounded up to the next boundary"));
    convert().args(["--dry-run", "--until=59"]).args([&input, &output]).assert().success().stdout(rounded);
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn bytes_that_do_not_decode_are_counted_among_the_lost() {
    let scene = Scene::new();
    let sample = Sample::new();
    let known = [
        (5, "lost 5 bytes (0 entries, 5 bytes that do not decode)"),
        (1, "lost 1 byte (0 entries, 1 byte that does not decode)"),
    ];
    for (count, words) in known {
        let input = scene.file("a.joedb", &[sample.clean(), vec![0xff; count]].concat());
        let output = scene.path(&format!("out{count}"));
        convert().args([&input, &output]).assert().success().stdout(contains(words));
    }
}

#[test]
fn acknowledged_data_that_is_not_kept_is_a_warning() {
    let scene = Scene::new();
    let sample = Sample::new();
    let (first, end) = (signed(sample.first), sample.end());
    let input = scene.file("a.joedb", &sample.log.with_slots([first, first, -9999, 41]));
    let warning = contains(format!("--to last-entry keeps it up to {end} (0x{end:x})\n"));
    convert().args([&input, &scene.path("out")]).assert().success().stdout(warning);
}

#[test]
fn a_dry_run_exits_as_the_run_would() {
    let scene = Scene::new();
    let (_, input, _) = dirty(&scene);
    let existing = scene.file("out", b"");
    let absent = scene.path("absent");
    let output = scene.path("new");
    let cases = [(1, vec![&input, &existing]), (1, vec![&absent, &output]), (2, vec![&input, &input])];
    for (code, files) in cases {
        convert().args(&files).assert().code(code);
        convert().arg("--dry-run").args(&files).assert().code(code);
    }
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn a_dry_run_fails_where_the_run_could_not_write() {
    let scene = Scene::new();
    let (_, input, output) = dirty(&scene);
    let nowhere = scene.path("nowhere/out");
    let tail = format!("--save-tail={}", nowhere.display());
    let cases =
        [("--force", &nowhere), ("--force", &scene.directory().to_path_buf()), (tail.as_str(), &output)];
    for (option, output) in cases {
        convert().arg(option).args([&input, output]).assert().code(1);
        convert().args(["--dry-run", option]).args([&input, output]).assert().code(1);
    }
}

fn json_of(scene: &Scene, options: &[&str]) -> Value {
    let files = [scene.path("a.joedb"), scene.path("out")];
    let assert = convert().args(options).args(["--format", "json"]).args(files).assert().success();
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

#[test]
fn the_json_form_has_plan_and_receipt() {
    let scene = Scene::new();
    let (sample, input, output) = dirty(&scene);
    let tail = scene.path("tail");
    let found = json_of(&scene, &["--save-tail", tail.to_str().unwrap()]);
    let (first, end) = (sample.first, sample.end());
    assert_eq!((&found["schema_version"], &found["dry_run"]), (&json!(1), &json!(false)));
    assert_eq!(found["job"], "recover");
    assert_eq!((&found["input"], &found["output"]), (&json!(input), &json!(output)));
    let plan = &found["plan"];
    assert_eq!((&plan["target"], &plan["version"]), (&json!("checkpoint"), &json!(5)));
    assert_eq!((&plan["cut"], &plan["source_size"]), (&json!(first), &json!(end)));
    let receipt = &found["receipt"];
    assert_eq!(receipt["kept"], json!({"bytes": first - 41, "entries": 6, "rows": 1, "undecodable": 0}));
    assert_eq!(receipt["lost"], json!({"bytes": end - first, "entries": 3, "rows": 1, "undecodable": 0}));
    assert_eq!((&receipt["crc"], &receipt["cut"]), (&plan["crc"], &plan["cut"]));
    assert_eq!((&receipt["saved_tail"], &receipt["warnings"]), (&json!(end - first), &json!([])));
}

#[test]
fn the_json_form_of_a_dry_run_has_no_receipt() {
    let scene = Scene::new();
    dirty(&scene);
    let found = json_of(&scene, &["--dry-run", "--to", "eof"]);
    assert_eq!((&found["dry_run"], &found["receipt"]), (&json!(true), &Value::Null));
    assert_eq!(found["plan"]["target"], "eof");
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn what_was_not_decoded_is_not_counted() {
    let scene = Scene::new();
    dirty(&scene);
    let found = json_of(&scene, &["--no-verify"]);
    assert_eq!(found["plan"]["kept"]["entries"], Value::Null);
    assert!(found["receipt"]["crc"].is_u64());
}

#[test]
fn the_json_form_names_files_as_they_are() {
    let scene = Scene::new();
    let input = scene.file("it's \"a\" \\ b", &Sample::new().dirty());
    let files = [&input, &scene.path("out")];
    let assert = convert().args(["--dry-run", "--format", "json"]).args(files).assert().success();
    let found: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(found["input"], json!(input));
}
