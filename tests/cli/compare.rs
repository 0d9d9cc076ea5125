//! Two files side by side.

use crate::log::{Log, Sample};
use crate::scene::{Scene, logdump};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use std::path::Path;

fn compare(file: &Path, other: &Path) -> assert_cmd::assert::Assert {
    logdump().arg("--compare").args([other, file]).assert()
}

#[test]
fn a_file_equals_its_copy_whatever_their_heads_say() {
    let scene = Scene::new();
    let hard = scene.file("hard.joedb", &Sample::new().clean());
    let soft = scene.file("soft.joedb", &Sample::new().soft());
    compare(&hard, &soft).code(0).stdout(contains("equal: "));
}

#[test]
fn a_file_continues_its_older_copy_in_either_order() {
    let scene = Scene::new();
    let sample = Sample::new();
    let older = scene.file("older.joedb", &sample.dirty());
    let newer = scene.file("newer.joedb", &sample.clean());
    let more = format!("newer.joedb begins with all of {}", older.display());
    for (one, other) in [(&older, &newer), (&newer, &older)] {
        let message = contains(more.as_str()).and(contains(format!("up to {} (", sample.first)));
        compare(one, other).code(3).stdout(message);
    }
}

#[test]
fn files_that_diverge_show_the_first_differing_entry_of_both() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("t").comment(b"the same");
    let common = log.end();
    let bytes = |text: &[u8]| {
        let mut log = Log::new();
        log.table("t").comment(b"the same").comment(text).comment(b"later");
        log.clean()
    };
    let one = scene.file("one.joedb", &bytes(b"one \x1b[2J"));
    let other = scene.file("other.joedb", &bytes(b"other"));
    compare(&one, &other).code(4).stdout(
        contains(format!("the same up to {common} ("))
            .and(contains("one.joedb: comment \"one \\033[2J\""))
            .and(contains("other.joedb: comment \"other\"")),
    );
}

#[test]
fn the_json_form_has_relation_and_positions() {
    let scene = Scene::new();
    let sample = Sample::new();
    let older = scene.file("older.joedb", &sample.dirty());
    let newer = scene.file("newer.joedb", &sample.clean());
    let output = logdump().args(["--format", "json", "--compare"]).args([&older, &newer]).assert().code(3);
    let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(json["relation"], "first-continues");
    assert_eq!(json["common"], sample.first);
    assert_eq!(json["entries"][1], serde_json::Value::Null);
}

#[test]
fn other_versions_and_no_joedb_files_cannot_be_compared() {
    let scene = Scene::new();
    let five = scene.file("five.joedb", &Sample::new().clean());
    let four = scene.file("four.joedb", &Sample::of(joedb::Version::V4).clean());
    let none = scene.file("none", &[0; 100]);
    compare(&five, &four).code(4).stderr(contains(
        "four.joedb: format versions 5 and 4 found; the same one in both expected; joedb_convert --upgrade makes",
    ));
    compare(&five, &none).code(5).stderr(contains("no joedb signature"));
    compare(&five, &scene.path("missing")).code(1);
}
