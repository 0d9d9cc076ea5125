//! `--from`, `--until` and `--tail`: parts of a log.

use crate::log::{Sample, signed};
use crate::scene::{Scene, corpus_files, dumped, logdump};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::path::{Path, PathBuf};

fn sample_file(scene: &Scene) -> (Sample, PathBuf) {
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.clean());
    (sample, file)
}

/// The lines of a dump, without the empty one at its end.
fn lines(text: &str) -> Vec<&str> {
    text.trim_end_matches('\n').lines().collect()
}

#[test]
fn every_boundary_cuts_the_dump_between_two_lines() {
    let scene = Scene::new();
    let (sample, file) = sample_file(&scene);
    let whole = dumped(&[], &file);
    let whole = lines(&whole);
    for (count, boundary) in sample.log.boundaries().iter().enumerate() {
        let boundary = boundary.to_string();
        assert_eq!(lines(&dumped(&["--until", &boundary], &file)), whole[..count]);
        assert_eq!(lines(&dumped(&["--from", &boundary], &file)), whole[count..]);
    }
}

#[test]
fn the_parts_of_every_valid_log_join_to_the_whole() {
    for path in corpus_files("valid") {
        let list = std::fs::read_to_string(path.with_extension("entries")).unwrap();
        let boundaries: Vec<&str> = list.lines().collect();
        let middle = boundaries[boundaries.len() / 2];
        let parts =
            [dumped(&["--raw", "--until", middle], &path), dumped(&["--raw", "--from", middle], &path)];
        assert_eq!(parts.concat(), dumped(&["--raw"], &path), "{} at {middle}", path.display());
    }
}

#[test]
fn positions_may_be_hexadecimal_and_a_range_has_two_ends() {
    let scene = Scene::new();
    let (sample, file) = sample_file(&scene);
    let [from, until] = [2, 4].map(|index: usize| sample.log.boundaries()[index]);
    let range = [format!("--from=0x{from:x}"), format!("--until=0x{until:X}")];
    let expected = "insert_into person 0\nupdate person 0 name \"Ann\"\n\n";
    logdump().args(range).arg(&file).assert().success().stdout(expected);
}

#[test]
fn a_position_inside_an_entry_names_the_nearest_two_boundaries() {
    let scene = Scene::new();
    let (sample, file) = sample_file(&scene);
    let (before, after) = (sample.log.boundaries()[1], sample.log.boundaries()[2]);
    for inside in before + 1..after {
        let message = contains(format!(
            "position {inside} (0x{inside:x}) is inside an entry; \
             the nearest boundaries are {before} (0x{before:x}) and {after} (0x{after:x})"
        ));
        let inside = inside.to_string();
        logdump()
            .args(["--from", &inside])
            .arg(&file)
            .assert()
            .code(4)
            .stdout(is_empty())
            .stderr(message.clone());
        logdump().args(["--until", &inside]).arg(&file).assert().code(4).stderr(message);
    }
}

#[test]
fn a_position_outside_of_the_log_says_where_the_log_is() {
    let scene = Scene::new();
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.dirty());
    let (end, first) = (sample.end().to_string(), sample.first);
    for (option, position) in
        [("--from", "40"), ("--until", "0"), ("--until", &end), ("--from", "0xffffffffff")]
    {
        let message = contains("is not in the log, which runs from 41 (0x29) to")
            .and(contains(format!("{first} (0x{first:x}); --ignore-header reads to the end of the file")));
        logdump().args([option, position]).arg(&file).assert().code(4).stdout(is_empty()).stderr(message);
    }
    logdump().args(["--ignore-header", "--until", &end]).arg(&file).assert().success();
}

#[test]
fn a_range_that_ends_before_it_begins_is_wrong_usage() {
    let scene = Scene::new();
    let (_, file) = sample_file(&scene);
    let message = contains("--from 60 lies behind --until 50");
    logdump().args(["--from", "60", "--until", "50"]).arg(&file).assert().code(2).stderr(message);
}

#[test]
fn an_empty_range_prints_nothing() {
    let scene = Scene::new();
    let (sample, file) = sample_file(&scene);
    let first = sample.first.to_string();
    logdump().args(["--from", &first, "--until", &first]).arg(&file).assert().success().stdout(is_empty());
}

/// What `--tail` prints, and what it says.
fn tail(option: &str, file: &Path) -> (String, String) {
    let output = logdump().arg(option).arg(file).assert().success().get_output().clone();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_tail_is_what_recovery_throws_away_and_why_it_stops() {
    let scene = Scene::new();
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.dirty());
    let (printed, said) = tail("--tail", &file);
    assert_eq!(printed, "insert_into person 1\nupdate person 1 name \"Bob\"\ncomment \"the second one\"\n\n");
    let end = sample.end();
    let expected =
        format!("3 whole entries behind the checkpoint, up to {end} (0x{end:x}); then: the end of the file");
    assert!(said.contains(&expected), "{said}");
    logdump().args(["--tail", "-q"]).arg(&file).assert().success().stderr(is_empty());
}

#[test]
fn a_torn_tail_is_printed_up_to_the_torn_entry() {
    let scene = Scene::new();
    let sample = Sample::new();
    let bytes = sample.dirty();
    let file = scene.file("a.joedb", &bytes[..bytes.len() - 3]);
    let (printed, said) = tail("--tail", &file);
    assert_eq!(printed, "insert_into person 1\nupdate person 1 name \"Bob\"\n");
    assert!(said.contains("2 whole entries behind the checkpoint"), "{said}");
    assert!(said.contains("comment entry at"), "{said}");
    assert!(said.contains("14 bytes expected, 11 bytes left"), "{said}");
}

#[test]
fn a_file_without_a_tail_says_so() {
    let scene = Scene::new();
    let (_, file) = sample_file(&scene);
    let (printed, said) = tail("--tail", &file);
    assert_eq!(printed, "");
    assert!(said.contains("nothing follows the checkpoint"), "{said}");
}

#[test]
fn the_tail_behind_the_hard_checkpoint_holds_the_soft_transactions() {
    let scene = Scene::new();
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.hard_then_soft());
    assert_eq!(tail("--tail", &file).0, "");
    assert_eq!(tail("--tail=current", &file).0, "");
    let hard = tail("--tail=hard", &file).0;
    assert_eq!(hard, dumped(&["--from", &sample.first.to_string()], &file));
    assert_eq!(lines(&hard).len(), 3);
}

#[test]
fn the_tail_of_a_log_that_is_damaged_before_it_cannot_be_had() {
    let scene = Scene::new();
    let sample = Sample::new();
    let mut bytes = sample.dirty();
    bytes[41] = 0xff;
    let file = scene.file("a.joedb", &bytes);
    logdump()
        .arg("--tail")
        .arg(&file)
        .assert()
        .code(4)
        .stdout(is_empty())
        .stderr(contains("byte 0xff found"));
    let valid_data = signed(sample.first) - 1;
    let file = scene.file("b.joedb", &sample.log.with_slots([valid_data; 4]));
    logdump()
        .arg("--tail")
        .arg(&file)
        .assert()
        .success()
        .stderr(contains("4 whole entries behind the checkpoint"));
    let file = scene.file("c.joedb", &sample.log.with_slots([valid_data - 1; 4]));
    let message = contains("is inside an entry; the nearest boundaries are");
    logdump().arg("--tail").arg(&file).assert().code(4).stdout(is_empty()).stderr(message);
    let file = scene.file("d.joedb", &sample.clean()[..60]);
    logdump().arg("--tail").arg(&file).assert().code(4).stderr(contains("the file was cut short"));
}

#[test]
fn a_tail_may_be_shown_in_every_form() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().dirty());
    for (form, expected) in
        [("--raw", "insert_into 1 1"), ("--sql", "INSERT INTO \"person\""), ("--json", "Bob")]
    {
        logdump().args(["--tail", form]).arg(&file).assert().success().stdout(contains(expected));
    }
}
