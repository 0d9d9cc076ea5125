//! `--offset` and `--size`: a log inside a larger file or device.

use crate::log::{Log, Sample};
use crate::processes::takes_at_most;
use crate::scene::{Scene, convert, corpus_files, logdump, whole_corpus};
use joedb::storage::lock::try_lock;
use joedb::storage::{Mode, Region};
use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const OFFSET: usize = 1000;

const MODES: [&[&str]; 13] = [
    &[],
    &["--raw"],
    &["--sql"],
    &["--sql", "--blob"],
    &["--json"],
    &["--json", "--blob"],
    &["--blob"],
    &["--schema-only"],
    &["--print-checkpoint"],
    &["--ignore-header"],
    &["--tail"],
    &["--compat"],
    &["--header"],
];

/// A file that holds a log between other bytes.
fn image(scene: &Scene, name: &str, log: &[u8]) -> PathBuf {
    scene.file(name, &[&[0x13; OFFSET][..], log, &[0x0e; 700]].concat())
}

/// The options that name the log in it.
fn part(log: &[u8]) -> [String; 4] {
    ["--offset".to_owned(), OFFSET.to_string(), "--size".to_owned(), format!("0x{:x}", log.len())]
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What depends neither on the file's name nor on commands that name it.
fn nameless(output: &Output, name: &str) -> (Option<i32>, String, String) {
    let said = text(&output.stderr).replace(name, "NAME");
    let said: Vec<&str> = said.lines().filter(|line| !line.contains("joedb_logdump --")).collect();
    let printed = text(&output.stdout);
    let printed: Vec<&str> = printed.lines().filter(|line| !line.starts_with("next: ")).collect();
    (output.status.code(), printed.join("\n"), said.join("\n"))
}

#[test]
fn a_part_reads_as_a_file_of_its_own_in_every_mode() {
    let scene = Scene::new();
    for path in whole_corpus().into_iter().step_by(3) {
        let log = fs::read(&path).unwrap();
        let image = image(&scene, "image", &log);
        let name = format!("{}, {} bytes at offset 1000 (0x3e8)", image.display(), log.len());
        for mode in MODES {
            let expected = logdump().args(mode).arg(&path).output().unwrap();
            let expected = nameless(&expected, path.to_str().unwrap());
            let found = logdump().args(mode).args(part(&log)).arg(&image).output().unwrap();
            assert_eq!(nameless(&found, &name), expected, "{} {mode:?}", path.display());
        }
    }
}

fn report(command: &mut assert_cmd::Command) -> serde_json::Value {
    serde_json::from_slice(&command.args(["--check", "--format", "json"]).output().unwrap().stdout).unwrap()
}

#[test]
fn the_verdict_on_a_part_is_that_on_a_file_but_writers_and_times_are_unknown() {
    let scene = Scene::new();
    for path in corpus_files("crash") {
        let log = fs::read(&path).unwrap();
        let image = image(&scene, "image", &log);
        let file = report(logdump().arg(&path));
        let found = report(logdump().args(part(&log)).arg(&image));
        for member in ["headline", "exit_code", "size", "checkpoints", "log", "behind", "cuts"] {
            assert_eq!(found[member], file[member], "{}", path.display());
        }
        assert_eq!((&found["writer"], &found["offset"]), (&"unknown".into(), &OFFSET.into()));
        assert!(file.get("offset").is_none());
        let findings = found["findings"].as_array().unwrap();
        let locks = findings.iter().find(|finding| finding["id"] == "locks-unknown").unwrap();
        let sentence = locks["sentence"].as_str().unwrap();
        assert!(
            sentence.starts_with("Locks were not asked for: those of a larger file are not those of a log")
        );
    }
}

#[test]
fn a_part_in_a_pipe_is_read_like_one_in_a_file() {
    let scene = Scene::new();
    let log = Sample::new().dirty();
    let image = image(&scene, "image", &log);
    for mode in MODES {
        let file = logdump().args(mode).args(part(&log)).arg(&image).output().unwrap();
        let mut pipe = logdump();
        pipe.args(mode).args(part(&log)).arg("-").write_stdin(fs::read(&image).unwrap());
        let pipe = pipe.output().unwrap();
        let name = image.to_str().unwrap();
        assert_eq!(nameless(&pipe, "standard input"), nameless(&file, name), "{mode:?}");
    }
}

#[test]
fn of_an_endless_pipe_only_the_part_is_read() {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("joedb_logdump"));
    command.args(["--offset", "5000", "--size", "100", "-"]).stdin(File::open("/dev/zero").unwrap());
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let said = text(&output.stderr);
    let expected = "joedb_logdump: standard input, 100 bytes at offset 5000 (0x1388): no joedb signature";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn devices_that_are_no_disks_are_refused_with_or_without_a_part() {
    for device in ["/dev/zero", "/dev/null"] {
        for options in [&["--size", "100"][..], &["--offset", "1"], &["--check", "--size", "100"]] {
            let said = contains(device).and(contains("it is neither a regular file nor a block device"));
            logdump().args(options).arg(device).assert().code(1).stdout(is_empty()).stderr(said);
        }
    }
}

#[test]
fn what_follows_the_checkpoint_is_no_tail_where_nobody_said_where_the_log_ends() {
    let scene = Scene::new();
    let sample = Sample::new();
    for (log, verdict, state) in [
        (sample.clean(), "clean", "clean (log unread: run --check)"),
        (sample.soft(), "clean-soft", "clean, soft (log unread: run --check)"),
    ] {
        let image = image(&scene, "image", &log);
        let found = report(logdump().args(["--offset", "1000"]).arg(&image));
        assert_eq!((&found["verdict"], &found["exit_code"]), (&verdict.into(), &0.into()));
        assert_eq!(found["size"], log.len() + 700);
        let findings = found["findings"].as_array().unwrap();
        let end = findings.iter().position(|finding| finding["id"] == "end-unknown").unwrap();
        let sentence = findings[end]["sentence"].as_str().unwrap();
        assert!(
            sentence.contains("(--size): the 700 bytes behind its checkpoint at 99 (0x63)"),
            "{sentence}"
        );
        let tail = format!("joedb_logdump --tail --offset 1000 {}", image.display());
        assert_eq!(found["commands"][end], tail);
        let state = format!("\nstate: {state}\nnext: joedb_logdump --offset 1000 {}\n", image.display());
        let mut header = logdump();
        header.args(["--header", "--offset", "1000"]).arg(&image).assert().success().stdout(contains(state));
        // 700 times valid_data.
        let mut tail = logdump();
        let tail = tail.args(["--tail", "--offset", "1000"]).arg(&image).assert().success();
        assert_eq!(text(&tail.get_output().stdout).matches("valid_data").count(), 700);
        let mut dump = logdump();
        dump.args(["--offset", "1000"]).arg(&image).assert().success().stderr(is_empty());
    }
    let image = image(&scene, "image", &sample.clean());
    let size = (sample.end() + 700).to_string();
    let sized = report(logdump().args(["--offset", "1000", "--size", &size]).arg(&image));
    assert_eq!(sized["verdict"], "dirty-tail");
}

#[test]
fn a_part_that_the_file_does_not_hold_is_refused_with_the_numbers() {
    let scene = Scene::new();
    let log = Sample::new().clean();
    let file = scene.file("a.joedb", &log);
    let size = log.len();
    let max = u64::MAX.to_string();
    let cases: [(&[&str], i32, String); 8] = [
        (
            &["--offset", "100000"],
            4,
            format!("{size} bytes found, at least 100000 (0x186a0) expected by offset"),
        ),
        (&["--offset", &max], 4, format!("{size} bytes found")),
        (&["--offset", "1", "--size", &max], 2, "leave the range of positions".to_owned()),
        (&["--offset", &max, "--size", "1"], 2, "leave the range of positions".to_owned()),
        (&["--size", "100000"], 4, "and a size of 100000 bytes".to_owned()),
        (&["--size", "0"], 5, "the file is empty".to_owned()),
        (&["--size", "40"], 5, "the head is cut: 40 bytes found".to_owned()),
        (&["--offset", &size.to_string()], 5, "the file is empty".to_owned()),
    ];
    for (options, code, message) in &cases {
        for mode in [&[][..], &["--header"], &["--json"], &["--tail"]] {
            let says =
                starts_with(format!("joedb_logdump: {}", file.display())).and(contains(message.as_str()));
            logdump()
                .args(mode)
                .args(*options)
                .arg(&file)
                .assert()
                .code(*code)
                .stdout(is_empty())
                .stderr(says);
            let mut pipe = logdump();
            pipe.args(mode).args(*options).arg("-").write_stdin(&log[..]);
            pipe.assert().code(*code).stdout(is_empty()).stderr(contains(message.as_str()));
        }
        logdump().arg("--check").args(*options).arg(&file).assert().code(*code);
    }
    for wrong in ["-1", "x", "18446744073709551616", "0x", ""] {
        for option in ["--offset", "--size"] {
            let argument = format!("{option}={wrong}");
            let says = contains("a position or size in bytes, decimal or 0x, expected");
            logdump().arg(argument).arg(&file).assert().code(2).stderr(says);
        }
    }
}

#[test]
fn errors_name_the_offset_and_count_positions_from_it() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.comment(b"good");
    let at = log.end();
    log.comment(b"bad");
    let mut bytes = log.clean();
    bytes[usize::try_from(at).unwrap()] = 0xff;
    let image = image(&scene, "image", &bytes);
    let name = format!("joedb_logdump: {}, {} bytes at offset 1000 (0x3e8): ", image.display(), bytes.len());
    let next =
        format!("next: joedb_logdump --check --offset 1000 --size {} {}\n", bytes.len(), image.display());
    let said = starts_with(name).and(contains(format!("position {at} (0x"))).and(contains(next));
    logdump().args(part(&bytes)).arg(&image).assert().code(4).stderr(said);
    let from = at.to_string();
    logdump().args(["--from", &from]).args(part(&log.clean())).arg(&image).assert().code(4);
}

#[test]
fn the_locks_of_the_larger_file_are_not_asked() {
    let scene = Scene::new();
    let log = Sample::new().clean();
    let image = image(&scene, "image", &log);
    let other = File::options().read(true).write(true).open(&image).unwrap();
    for region in [Region::Head, Region::Tail] {
        assert!(try_lock(&other, region, Mode::Exclusive).unwrap());
    }
    let nobody_waited = takes_at_most(Duration::from_millis(900), || {
        for mode in [&[][..], &["--header"], &["--check"]] {
            logdump().args(mode).args(part(&log)).arg(&image).assert().success().stderr(is_empty());
        }
    });
    assert!(nobody_waited, "somebody waited for a lock");
}

#[test]
fn a_part_is_compared_with_a_whole_file() {
    let scene = Scene::new();
    let sample = Sample::new();
    let image = image(&scene, "image", &sample.clean());
    let backup = scene.file("backup.joedb", &sample.dirty());
    let name = format!("{}, {} bytes at offset 1000 (0x3e8)", image.display(), sample.end());
    let said = contains(format!("continues: {name} begins with all of {}", backup.display()));
    let mut compare = logdump();
    compare
        .arg("--compare")
        .arg(&backup)
        .args(part(&sample.clean()))
        .arg(&image)
        .assert()
        .code(3)
        .stdout(said);
    let mut compare = logdump();
    let said = starts_with(format!("joedb_logdump: {}: no joedb signature", image.display()));
    compare.arg("--compare").arg(&image).arg(&backup).assert().code(5).stderr(said);
}

/// Runs a command line in bash, with the programs built here.
fn run_as_typed(command: &str, directory: &Path) -> Output {
    let programs = assert_cmd::cargo::cargo_bin("joedb_logdump");
    let path = std::env::var_os("PATH").unwrap();
    let paths = [programs.parent().unwrap().to_path_buf()].into_iter().chain(std::env::split_paths(&path));
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &format!("set -o pipefail; {command}")])
        .env("PATH", std::env::join_paths(paths).unwrap());
    shell.current_dir(directory).output().unwrap()
}

#[test]
fn the_commands_that_are_advised_cut_the_part_out() {
    let sample = Sample::new();
    for name in [&b"disk.img"[..], b"two words", b"-n", b"it's", b"a\x1b[2J\n\xff"] {
        let scene = Scene::new();
        let path = Path::new(OsStr::from_bytes(name));
        fs::write(scene.directory().join(path), fs::read(image(&scene, "x", &sample.dirty())).unwrap())
            .unwrap();
        let mut check = logdump();
        check
            .current_dir(scene.directory())
            .args(["--check", "--format", "json"])
            .args(part(&sample.dirty()));
        let output = check.arg("--").arg(path).assert().code(3);
        let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        let commands: Vec<&str> =
            json["commands"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        assert!(
            commands[0].contains("| head -c ") && commands[0].contains("joedb_convert - "),
            "{commands:?}"
        );
        for command in &commands {
            let output = run_as_typed(command, scene.directory());
            assert!(matches!(output.status.code(), Some(0 | 3)), "{command}: {}", text(&output.stderr));
        }
        let mut recovered = name.to_vec();
        recovered.extend(b".recovered");
        let recovered = fs::read(scene.directory().join(OsStr::from_bytes(&recovered))).unwrap();
        assert_eq!(recovered.len() as u64, sample.first);
        assert_eq!(recovered[41..], sample.clean()[41..usize::try_from(sample.first).unwrap()]);
    }
}

/// A loop device for a file, where this may be done; it goes with the value.
struct Loop(String);

impl Loop {
    fn of(path: &Path) -> Option<Loop> {
        let output = Command::new("losetup").args(["--find", "--show"]).arg(path).output().ok()?;
        output.status.success().then(|| Loop(text(&output.stdout).trim().to_owned()))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        drop(Command::new("losetup").args(["--detach", &self.0]).status());
    }
}

#[test]
fn a_log_on_a_block_device_ends_at_its_checkpoint() {
    let scene = Scene::new();
    let sample = Sample::new();
    let mut disk = sample.clean();
    disk.resize(1 << 20, 0);
    let Some(device) = Loop::of(&scene.file("disk", &disk)) else { return };
    let found = report(logdump().arg(&device.0));
    assert_eq!((&found["verdict"], &found["size"]), (&"clean".into(), &(1 << 20).into()));
    let findings = found["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["id"] == "end-unknown"), "{findings:?}");
    let whole = logdump().arg(scene.file("a.joedb", &sample.clean())).output().unwrap();
    let dump = logdump().arg(&device.0).output().unwrap();
    assert_eq!((dump.stdout, text(&dump.stderr)), (whole.stdout, String::new()));
    let stdin = File::open(&device.0).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("joedb_logdump"));
    let check = command.args(["--check", "--format", "line", "-"]).stdin(stdin).output().unwrap();
    assert_eq!(text(&check.stdout), "standard input: clean\n");
    let size = sample.end().to_string();
    let sized = report(logdump().args(["--size", &size]).arg(&device.0));
    assert_eq!((&sized["verdict"], &sized["size"]), (&"clean".into(), &sample.end().into()));
    let beyond = contains("1048576 bytes found, at least 1048577 (0x100001) expected");
    logdump().args(["--offset", "1048577"]).arg(&device.0).assert().code(4).stderr(beyond);
}

#[test]
fn a_log_on_a_block_device_is_recovered_to_a_file_and_the_device_stays_as_it_is() {
    let scene = Scene::new();
    let sample = Sample::new();
    let mut disk = sample.dirty();
    disk.resize(1 << 20, 0);
    let path = scene.file("disk", &disk);
    let Some(device) = Loop::of(&path) else { return };
    let output = scene.path("out");
    let kept = contains(format!("kept {} bytes", sample.first - 41)).and(contains("mv -n").not());
    convert().arg(&device.0).arg(&output).assert().success().stdout(kept);
    assert_eq!(fs::metadata(&output).unwrap().len(), sample.first);
    let said = contains("it is a device, which cannot be made shorter; recover to a file");
    convert().arg("--in-place").arg(&device.0).assert().code(1).stdout(is_empty()).stderr(said);
    drop(device);
    assert!(fs::read(&path).unwrap() == disk, "the device was written to");
}
