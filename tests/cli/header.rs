//! `--header`: 41 bytes and the size.

use crate::log::{Log, Sample, signed};
use crate::scene::{Scene, corpus_files, dumped, logdump};
use joedb::Version;
use predicates::prelude::*;
use predicates::str::{contains, ends_with, is_empty, starts_with};
use std::fs;

#[test]
fn the_seven_lines_of_the_reference_come_first() {
    for path in corpus_files("crash").into_iter().chain(corpus_files("real")) {
        let expected = fs::read_to_string(path.with_extension("header")).unwrap();
        assert_eq!(expected.lines().count(), 7);
        logdump().arg("--header").arg(&path).assert().success().stdout(starts_with(expected.trim_end()));
    }
}

/// What stands behind the seven lines.
fn verdict(scene: &Scene, bytes: &[u8]) -> String {
    let file = scene.file("a.joedb", bytes);
    let text = dumped(&["--header"], &file).replace(file.to_str().unwrap(), "FILE");
    text.split_inclusive('\n').skip(7).collect()
}

#[test]
fn a_clean_head_is_told_in_words() {
    let expected = "\
valid pairs: 0, 1
hard checkpoint: 99 (pair 1)
soft checkpoint: none
pending checkpoint: none
current checkpoint: 99
bytes behind it: 0
state: clean (log unread: run --check)
next: joedb_logdump FILE
";
    assert_eq!(verdict(&Scene::new(), &Sample::new().clean()), expected);
}

#[test]
fn soft_and_pending_checkpoints_have_their_slot_and_the_tail_its_bytes() {
    let sample = Sample::new();
    let (first, end) = (signed(sample.first), signed(sample.end()));
    let bytes = sample.log.with_slots([end, -first, 41, 41]);
    let expected = format!(
        "\
valid pairs: 1
hard checkpoint: 41 (pair 1)
soft checkpoint: {first} (slot 1)
pending checkpoint: {end} (slot 0)
current checkpoint: {first}
bytes behind it: {}
state: pending hard checkpoint (tail unread: run --check)
next: joedb_logdump --check FILE
",
        end - first
    );
    assert_eq!(verdict(&Scene::new(), &bytes), expected);
}

#[test]
fn every_state_of_a_head_has_its_words() {
    let sample = Sample::new();
    let (first, end) = (signed(sample.first), signed(sample.end()));
    let states = [
        (sample.clean(), "clean (log unread: run --check)"),
        (sample.soft(), "clean, soft (log unread: run --check)"),
        (sample.dirty(), "dirty (tail unread: run --check)"),
        (sample.pending(), "pending hard checkpoint (tail unread: run --check)"),
        (
            sample.log.with_slots([first, first, -end - 9, 41]),
            "soft checkpoint past the end (tail unread: run --check)",
        ),
        (sample.clean()[..60].to_vec(), "file cut short (tail unread: run --check)"),
    ];
    for (bytes, state) in states {
        let found = verdict(&Scene::new(), &bytes);
        assert!(found.contains(&format!("\nstate: {state}\n")), "{state} expected:\n{found}");
    }
}

#[test]
fn neither_pair_valid_and_a_soft_value_past_the_end_are_said() {
    let sample = Sample::new();
    let found = verdict(&Scene::new(), &sample.log.with_slots([50, 51, -60, -9999]));
    assert!(found.contains("hard checkpoint: none (neither pair has equal copies), so 41\n"), "{found}");
    assert!(found.contains("soft checkpoint: 60 (slot 2); 9999 (slot 3) lies past the end\n"), "{found}");
}

#[test]
fn the_head_of_a_file_cut_short_has_no_current_checkpoint() {
    let found = verdict(&Scene::new(), &Sample::new().clean()[..60]);
    assert!(
        found.contains("current checkpoint: none (the file was cut short: 60 (0x3c) bytes found"),
        "{found}"
    );
}

#[test]
fn a_version_4_head_is_read_at_its_own_places() {
    let sample = Sample::of(Version::V4);
    let file = Scene::new();
    let path = file.file("a.joedb", &sample.clean());
    let text = dumped(&["--header"], &path);
    let end = sample.end();
    assert!(
        text.contains(&format!("checkpoint[3]: {end}\nformat version: 4\nsignature: \"joedb\"\n")),
        "{text}"
    );
}

#[test]
fn what_is_no_head_exits_with_5_and_says_what_was_found() {
    let scene = Scene::new();
    let mut unknown = Sample::new().clean();
    unknown[32] = 6;
    let mut garbage = Sample::new().clean();
    garbage[36..41].copy_from_slice(b"\x1b[2Jx");
    let cases = [
        (Vec::new(), "the file is empty: 0 bytes found, a head of 41 bytes expected"),
        (vec![7; 40], "the head is cut: 40 bytes found, 41 expected"),
        (
            unknown,
            "unknown format version: 6 found at position 32 (0x20), 5 (or a head of version 4) expected",
        ),
        (garbage, "no joedb signature: \"\\033[2Jx\" found at position 36 (0x24), \"joedb\" expected"),
    ];
    for (bytes, message) in cases {
        let file = scene.file("a.joedb", &bytes);
        for mode in [&["--header"][..], &["--header", "--compat"], &["--raw"], &["--tail"]] {
            logdump().args(mode).arg(&file).assert().code(5).stderr(contains(message));
        }
    }
}

#[test]
fn several_files_are_named_and_the_worst_code_counts() {
    let scene = Scene::new();
    let clean = scene.file("clean.joedb", &Log::new().clean());
    let garbage = scene.file("garbage.joedb", &[b'x'; 50]);
    let absent = scene.path("absent.joedb");
    let assert = logdump().arg("--header").args([&clean, &garbage]).assert().code(5);
    let heads = starts_with(format!("{}:\n    file size: 41\n", clean.display()))
        .and(contains(format!("\n\n{}:\n    file size: 50\n", garbage.display())));
    assert.stdout(heads).stderr(contains("garbage.joedb: no joedb signature"));
    logdump()
        .arg("--header")
        .args([&absent, &garbage, &clean])
        .assert()
        .code(1)
        .stdout(ends_with("clean.joedb\n"));
    logdump().arg("--header").args([&clean, &clean]).assert().success().stderr(is_empty());
}

#[test]
fn the_size_of_the_file_makes_no_difference() {
    const TEBIBYTE: u64 = 1 << 40;
    let scene = Scene::new();
    let path = scene.file("large.joedb", &Log::new().clean());
    let file = fs::File::options().write(true).open(&path).unwrap();
    if file.set_len(TEBIBYTE).is_err() {
        return; // This file system has no files of that size.
    }
    let expected = contains("bytes behind it: 1099511627735\n");
    logdump()
        .arg("--header")
        .arg(&path)
        .timeout(std::time::Duration::from_secs(5))
        .assert()
        .success()
        .stdout(expected);
}
