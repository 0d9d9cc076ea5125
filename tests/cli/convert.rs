//! `joedb_convert`: every cut that can be had.

use crate::log::{Log, Sample, signed};
use crate::scene::{Scene, convert, corpus_files, dumped, logdump};
use joedb::{Head, Version};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::fs;
use std::path::{Path, PathBuf};

/// Recovers `bytes` with these options and returns the result.
fn recovered(scene: &Scene, options: &[&str], bytes: &[u8]) -> Vec<u8> {
    let (input, output) = (scene.file("a.joedb", bytes), scene.path("out.joedb"));
    convert().args(options).args([&input, &output]).assert().success().stderr(is_empty());
    assert_eq!(fs::read(&input).unwrap(), bytes, "the input is never changed");
    assert_eq!(scene.names(), ["a.joedb", "out.joedb"], "nothing else is left behind");
    fs::read(output).unwrap()
}

/// The result has the cut four times in its head, the kept bytes, and nothing behind them.
fn assert_cut(result: &[u8], source: &[u8], cut: u64) {
    let head = Head::parse(result).unwrap();
    assert_eq!(head.slots(), [signed(cut); 4]);
    assert_eq!(head.version(), Head::parse(source).unwrap().version());
    assert_eq!(result.len() as u64, cut);
    assert_eq!(result[41..], source[41..result.len()]);
}

#[test]
fn every_named_cut_is_where_the_check_says() {
    let sample = Sample::new();
    let (first, end) = (sample.first, sample.end());
    let torn = sample.dirty().split_last_chunk::<3>().unwrap().0.to_vec();
    let last_entry = sample.log.boundaries()[8];
    let cases: [(&[&str], Vec<u8>, u64); 13] = [
        (&[], sample.dirty(), first),
        (&["--to", "checkpoint"], sample.hard_then_soft(), end),
        (&["--to", "hard"], sample.hard_then_soft(), first),
        (&["--to", "soft"], sample.soft(), end),
        (&["--to", "pending"], sample.pending(), end),
        (&["--to", "valid-data"], sample.clean(), first),
        (&["--to", "timestamp"], sample.clean(), first - 1),
        (&["--to", "eof"], sample.dirty(), end),
        (&["--ignore-header"], sample.dirty(), end),
        (&["--ignore_header"], sample.dirty(), end),
        (&["--ignore-errors"], sample.dirty(), end),
        (&["--to", "last-entry"], torn.clone(), last_entry),
        (&["--no-verify"], torn, first),
    ];
    for (options, bytes, cut) in cases {
        assert_cut(&recovered(&Scene::new(), options, &bytes), &bytes, cut);
    }
}

#[test]
fn every_boundary_may_be_the_cut_in_decimal_and_hexadecimal() {
    let sample = Sample::new();
    for &cut in &sample.log.boundaries()[1..] {
        for position in [cut.to_string(), format!("0x{cut:x}")] {
            let result = recovered(&Scene::new(), &["--to", &position], &sample.dirty());
            assert_cut(&result, &sample.dirty(), cut);
        }
    }
}

#[test]
fn a_file_cut_short_recovers_to_its_last_whole_entry() {
    let sample = Sample::new();
    let bytes = &sample.clean()[..59];
    let result = recovered(&Scene::new(), &["--to", "last-entry"], bytes);
    assert_cut(&result, bytes, sample.log.boundaries()[2]);
}

#[test]
fn until_rounds_up_to_the_next_boundary_and_says_so() {
    let sample = Sample::new();
    let (before, after) = (sample.log.boundaries()[3], sample.log.boundaries()[4]);
    let scene = Scene::new();
    let input = scene.file("a.joedb", &sample.clean());
    for asked in before + 1..after {
        let rounded =
            format!("{asked} (0x{asked:x}) was rounded up to the next boundary, {after} (0x{after:x})\n");
        let output = scene.path(&asked.to_string());
        let mut command = convert();
        command
            .arg(format!("--until={asked}"))
            .args([&input, &output])
            .assert()
            .success()
            .stdout(contains(rounded));
        assert_cut(&fs::read(output).unwrap(), &sample.clean(), after);
    }
    let output = scene.path("exact");
    let silent = contains("rounded").not();
    convert().arg(format!("--until={after}")).args([&input, &output]).assert().success().stdout(silent);
    assert_cut(&fs::read(output).unwrap(), &sample.clean(), after);
}

#[test]
fn an_empty_result_needs_a_word() {
    let sample = Sample::new();
    let options: [&[&str]; 3] =
        [&["--to", "hard", "--allow-empty"], &["--to=41", "--allow-empty"], &["--until=7", "--allow-empty"]];
    for options in options {
        assert_cut(&recovered(&Scene::new(), options, &sample.soft()), &sample.soft(), 41);
    }
    let empty = Log::new().clean();
    assert_cut(&recovered(&Scene::new(), &[], &empty), &empty, 41);
}

#[test]
fn version_4_stays_version_4() {
    let sample = Sample::of(Version::V4);
    assert_cut(&recovered(&Scene::new(), &[], &sample.dirty()), &sample.dirty(), sample.first);
    for path in corpus_files("v4") {
        let bytes = fs::read(&path).unwrap();
        let cut = bytes.len() as u64;
        assert_cut(&recovered(&Scene::new(), &[], &bytes), &bytes, cut);
    }
}

/// A number of a `.facts` file.
fn fact(path: &Path, name: &str) -> i64 {
    let facts = fs::read_to_string(path.with_extension("facts")).unwrap();
    let line = facts.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().parse().unwrap()
}

#[test]
fn every_crashed_file_of_the_corpus_recovers_to_what_the_reference_says() {
    for path in corpus_files("crash") {
        let bytes = fs::read(&path).unwrap();
        let to = |options: &[&str]| recovered(&Scene::new(), options, &bytes);
        let position = |name| fact(&path, name).cast_unsigned();
        assert_cut(&to(&["--to", "hard", "--allow-empty"]), &bytes, position("hard"));
        // Bytes behind the damage may happen to decode.
        let last_entry = to(&["--to", "last-entry"]).len() as u64;
        assert!(last_entry >= position("last_whole_entry_before_damage"), "{}", path.display());
        // Where the reference fails, this does not.
        if fact(&path, "reference_checkpoint") >= 0 {
            assert_cut(&to(&["--allow-empty"]), &bytes, position("reference_checkpoint"));
        } else {
            let result = to(&[]);
            assert!(result.len() as u64 >= position("hard"), "{}", path.display());
        }
    }
}

#[test]
fn a_file_left_behind_by_a_killed_program_recovers_to_the_dump_of_the_reference() {
    let scene = Scene::new();
    for path in corpus_files("real") {
        let output: PathBuf = scene.path(path.file_name().unwrap().to_str().unwrap());
        convert().args([&path, &output]).assert().success();
        assert_eq!(dumped(&["--compat"], &output).as_bytes(), fs::read(path.with_extension("dump")).unwrap());
        logdump().args(["--check", "--require", "hard"]).arg(output).assert().success();
    }
}

#[test]
fn the_saved_tail_is_exactly_what_was_removed() {
    let sample = Sample::new();
    let scene = Scene::new();
    let input = scene.file("a.joedb", &sample.dirty());
    let (output, tail) = (scene.path("out"), scene.path("tail"));
    let said = contains(format!("saved: {} bytes in {}\n", sample.end() - sample.first, tail.display()));
    convert().arg("--save-tail").args([&tail, &input, &output]).assert().success().stdout(said);
    assert_eq!([&fs::read(output).unwrap()[41..], &fs::read(tail).unwrap()].concat(), sample.dirty()[41..]);
    assert_eq!(scene.names(), ["a.joedb", "out", "tail"]);
}

#[test]
fn where_nothing_is_removed_no_tail_is_saved() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().clean());
    let (output, tail) = (scene.path("out"), scene.path("tail"));
    convert().arg("--save-tail").args([&tail, &input, &output]).assert().success();
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn an_output_that_exists_is_replaced_by_force_only() {
    let sample = Sample::new();
    let scene = Scene::new();
    let input = scene.file("a.joedb", &sample.dirty());
    let output = scene.file("out", b"precious");
    let message = contains("out: it exists already; --force replaces it, or choose another name");
    convert().args([&input, &output]).assert().code(1).stdout(is_empty()).stderr(message);
    assert_eq!(fs::read(&output).unwrap(), b"precious");
    convert().arg("--force").args([&input, &output]).assert().success();
    assert_cut(&fs::read(&output).unwrap(), &sample.dirty(), sample.first);
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn an_output_that_is_a_dangling_link_exists_too() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().clean());
    let output = scene.path("out");
    std::os::unix::fs::symlink(scene.path("elsewhere"), &output).unwrap();
    convert().args([&input, &output]).assert().code(1).stderr(contains("it exists already"));
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn names_without_a_directory_work() {
    let sample = Sample::new();
    let scene = Scene::new();
    scene.file("a.joedb", &sample.dirty());
    let mut command = convert();
    command.current_dir(scene.directory()).args(["--save-tail", "tail", "a.joedb", "out"]).assert().success();
    assert_eq!(scene.names(), ["a.joedb", "out", "tail"]);
}

#[test]
fn a_time_cuts_behind_the_last_timestamp_up_to_it() {
    let scene = Scene::new();
    let mut log = Log::new();
    let mut ends = Vec::new();
    for seconds in [1_745_000_000, 1_745_000_060] {
        log.comment(b"work").push(&joedb::Entry::Timestamp { seconds });
        ends.push(log.end());
    }
    let input = scene.file("a.joedb", &log.comment(b"later").clean());
    let cases = [
        ("2025-04-18T18:13:20Z", ends[0]),
        ("2025-04-18T18:14:19", ends[0]),
        ("2025-04-18T20:14:20+02:00", ends[1]),
        ("2030-01-01", ends[1]),
    ];
    for (date, end) in cases {
        let output = scene.path("out");
        let to = format!("time:{date}");
        convert()
            .args(["--force", "--to", &to])
            .args([&input, &output])
            .assert()
            .success()
            .stdout(contains("GMT"));
        assert_eq!(fs::metadata(&output).unwrap().len(), end, "{date}");
    }
    let early =
        convert().args(["--to", "time:1999-01-01", "--force"]).args([&input, &scene.path("out")]).assert();
    early.code(4).stderr(contains("no timestamp so early"));
    let junk = convert().args(["--to", "time:soon", "--force"]).args([&input, &scene.path("out")]).assert();
    junk.code(2).stderr(contains("without a zone it is UTC"));
}
