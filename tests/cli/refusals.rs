//! What `joedb_convert` refuses, with which code, and which way out it names.

use crate::log::{Log, Sample, signed};
use crate::scene::{Scene, convert};
use predicates::str::{contains, is_empty};
use std::fs;
use std::os::unix::fs::symlink;

/// The message of a refusal that leaves nothing behind.
fn refusal(code: i32, options: &[&str], bytes: &[u8]) -> String {
    let scene = Scene::new();
    let (input, output) = (scene.file("a.joedb", bytes), scene.path("out"));
    for more in [&[][..], &["--dry-run"], &["--format", "json"]] {
        let command = convert().args(options).args(more).args([&input, &output]).assert();
        command.code(code).stdout(is_empty());
    }
    assert_eq!(scene.names(), ["a.joedb"]);
    let stderr = convert().args(options).args([&input, &output]).output().unwrap().stderr;
    String::from_utf8(stderr).unwrap().replace(input.to_str().unwrap(), "a.joedb")
}

fn at(position: u64) -> String {
    format!("{position} (0x{position:x})")
}

#[test]
fn an_end_that_is_no_boundary_names_the_last_entry() {
    let sample = Sample::new();
    let bytes = sample.log.hard_at(41);
    let last = sample.log.boundaries()[8];
    for option in ["--to=eof", "--ignore-header"] {
        let message = refusal(4, &[option], &bytes[..bytes.len() - 3]);
        assert!(message.contains("the log does not decode up to the end of the file"), "{message}");
        assert!(message.contains("14 bytes expected, 11 bytes left"), "{message}");
        assert!(
            message.contains(&format!("--to last-entry would keep the log up to {}", at(last))),
            "{message}"
        );
    }
}

#[test]
fn a_cut_that_leaves_nothing_names_another_and_the_way_to_force_it() {
    let sample = Sample::new();
    for options in [&["--to", "hard"][..], &["--to", "41"], &["--until", "7"], &["--to=hard", "--no-verify"]]
    {
        let message = refusal(4, options, &sample.soft());
        assert!(message.contains("41 (0x29), would leave an empty database"), "{message}");
        assert!(
            message.contains(&format!("--to soft would keep the log up to {}", at(sample.end()))),
            "{message}"
        );
        assert!(message.contains("--allow-empty does it all the same"), "{message}");
    }
    let message = refusal(4, &[], &sample.log.hard_at(41));
    assert!(message.contains("--to last-entry would keep the log up to"), "{message}");
}

#[test]
fn a_log_that_does_not_decode_up_to_the_cut_is_refused_with_the_position() {
    let sample = Sample::new();
    let mut bytes = sample.clean();
    let damage = sample.log.boundaries()[3];
    bytes[usize::try_from(damage).unwrap()] = 0xff;
    for options in [&[][..], &["--to", "hard"], &["--to", "eof"]] {
        let message = refusal(4, options, &bytes);
        assert!(
            message.contains(&format!("entry at {}: byte 0xff found, an opcode expected", at(damage))),
            "{message}"
        );
        assert!(
            message.contains(&format!("--to last-entry would keep the log up to {}", at(damage))),
            "{message}"
        );
    }
}

#[test]
fn a_checkpoint_that_does_not_exist_is_refused_with_the_reason() {
    let sample = Sample::new();
    let message = refusal(4, &["--to", "soft"], &sample.clean());
    assert!(
        message.contains("the soft checkpoint does not exist: the head holds none above the hard checkpoint"),
        "{message}"
    );
    assert!(
        message.contains(&format!("--to hard would keep the log up to {}", at(sample.end()))),
        "{message}"
    );
    let message = refusal(4, &["--to", "pending"], &sample.dirty());
    assert!(message.contains("the pending hard checkpoint does not exist: both pairs"), "{message}");
    let first = signed(sample.first);
    let message = refusal(4, &["--to", "soft"], &sample.log.with_slots([first, first, -9999, 41]));
    assert!(message.contains("the only soft checkpoint lies past the end of the file"), "{message}");
}

#[test]
fn a_log_without_marks_has_no_cut_behind_the_last_one() {
    let mut log = Log::new();
    let bytes = log.comment(b"no marks").clean();
    for (mark, name) in [("valid-data", "valid_data"), ("timestamp", "timestamp")] {
        let message = refusal(4, &["--to", mark], &bytes);
        assert!(message.contains(&format!("the last {name} does not exist")), "{message}");
    }
}

#[test]
fn a_hard_checkpoint_past_the_end_is_refused_and_the_last_entry_named() {
    let sample = Sample::new();
    for options in [&[][..], &["--to", "hard"]] {
        let message = refusal(4, options, &sample.clean()[..59]);
        assert!(message.contains("the file was cut short: 59 (0x3b) bytes found"), "{message}");
        assert!(message.contains("--to last-entry would keep the log up to 57 (0x39)"), "{message}");
    }
}

#[test]
fn a_position_inside_an_entry_names_the_nearest_boundaries() {
    let sample = Sample::new();
    let (before, after) = (sample.log.boundaries()[1], sample.log.boundaries()[2]);
    let message = refusal(4, &["--to", &(before + 1).to_string()], &sample.clean());
    let nearest = format!("the nearest boundaries are {} and {}", at(before), at(after));
    assert!(message.contains(&nearest), "{message}");
}

#[test]
fn a_checkpoint_inside_an_entry_is_no_cut() {
    let sample = Sample::new();
    let message = refusal(4, &[], &sample.log.hard_at(sample.end() - 2));
    let (before, after) = (sample.log.boundaries()[8], sample.end());
    assert!(message.contains("the checkpoint cannot be a cut: position"), "{message}");
    assert!(message.contains(&format!("use --to {before} or --to {after}")), "{message}");
}

#[test]
fn a_position_outside_of_the_file_is_refused() {
    let sample = Sample::new();
    for position in ["0", "40", "9999", "0xffffffffffffffff"] {
        let message = refusal(4, &["--to", position], &sample.clean());
        let expected = format!("is not in the log, which runs from 41 (0x29) to {}", at(sample.end()));
        assert!(message.contains(&expected), "{message}");
    }
    let message = refusal(4, &["--until", "9999"], &sample.clean());
    assert!(message.contains("is not in the log"), "{message}");
}

#[test]
fn a_pending_checkpoint_past_the_end_is_refused() {
    let sample = Sample::new();
    let first = signed(sample.first);
    let message = refusal(4, &["--to", "pending"], &sample.log.with_slots([9999, 41, first, first]));
    assert!(message.contains("9999"), "{message}");
}

#[test]
fn what_is_no_joedb_file_exits_with_5() {
    for (bytes, reason) in [
        (&b""[..], "the file is empty"),
        (&[7; 40], "the head is cut: 40 bytes found, 41 expected"),
        (&[b'x'; 60], "no joedb signature"),
    ] {
        let message = refusal(5, &[], bytes);
        assert!(message.starts_with("joedb_convert: a.joedb: "), "{message}");
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn input_and_output_being_one_file_is_wrong_usage() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().clean());
    let (link, hard_link) = (scene.path("link"), scene.path("hard_link"));
    symlink(&input, &link).unwrap();
    fs::hard_link(&input, &hard_link).unwrap();
    let indirect = scene.directory().join(".").join("a.joedb");
    for output in [&input, &link, &hard_link, &indirect] {
        for more in [&[][..], &["--force"], &["--dry-run"]] {
            let message = contains("are the same file");
            convert().args(more).args([&input, output]).assert().code(2).stdout(is_empty()).stderr(message);
        }
        let message = contains("are the same file");
        let other = scene.path("out");
        convert().arg("--save-tail").args([output, &input, &other]).assert().code(2).stderr(message);
    }
    assert_eq!(fs::read(&input).unwrap(), Sample::new().clean());
    assert_eq!(scene.names(), ["a.joedb", "hard_link", "link"]);
}

#[test]
fn output_and_saved_tail_being_one_file_is_wrong_usage() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().dirty());
    let output = scene.path("out");
    symlink(scene.directory(), scene.path("link")).unwrap();
    for tail in [output.clone(), scene.path("./out"), scene.path("link/out")] {
        let message = contains("are the same file");
        convert().arg("--save-tail").args([&tail, &input, &output]).assert().code(2).stderr(message);
    }
    assert_eq!(scene.names(), ["a.joedb", "link"]);
}

#[test]
fn a_saved_tail_never_replaces_a_file() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().dirty());
    let (tail, output) = (scene.file("tail", b"precious"), scene.path("out"));
    let message = contains("tail: it exists already; choose another name for the removed bytes");
    for more in [&[][..], &["--force"]] {
        let mut command = convert();
        command
            .args(more)
            .arg("--save-tail")
            .args([&tail, &input, &output])
            .assert()
            .code(1)
            .stderr(message.clone());
    }
    assert_eq!(fs::read(&tail).unwrap(), b"precious");
    assert_eq!(scene.names(), ["a.joedb", "tail"]);
}

#[test]
fn an_output_in_a_directory_that_does_not_exist_is_an_error() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().dirty());
    let output = scene.path("nowhere/out");
    let message = contains("No such file or directory");
    convert().args([&input, &output]).assert().code(1).stdout(is_empty()).stderr(message);
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn a_directory_as_output_is_refused_and_not_replaced() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().dirty());
    let output = scene.path("out");
    fs::create_dir(&output).unwrap();
    for options in [&[][..], &["--force"]] {
        convert().args(options).args([&input, &output]).assert().code(1).stderr(contains("out: "));
    }
    assert_eq!(scene.names(), ["a.joedb", "out"]);
    assert!(output.is_dir());
}

#[test]
fn nothing_is_left_behind_where_the_tail_cannot_be_saved() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().dirty());
    let (tail, output) = (scene.path("nowhere/tail"), scene.path("out"));
    let message = contains("No such file or directory");
    convert().arg("--save-tail").args([&tail, &input, &output]).assert().code(1).stderr(message);
    assert_eq!(scene.names(), ["a.joedb"]);
}
