//! `-`: logs that come through standard input, from a pipe or from a file.

use crate::log::{Log, Sample};
use crate::processes::{send, wait_until};
use crate::scene::{Scene, convert, corpus, corpus_files, logdump, whole_corpus};
use joedb::storage::lock::try_lock;
use joedb::storage::{Mode, Region};
use nix::sys::signal::Signal;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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

/// Runs with bytes in a pipe.
fn piped(options: &[&str], bytes: &[u8]) -> Output {
    logdump().args(options).arg("-").write_stdin(bytes).output().unwrap()
}

fn program(name: &str) -> Command {
    Command::new(assert_cmd::cargo::cargo_bin(name))
}

/// Runs with a file as standard input.
fn redirected(options: &[&str], file: File) -> Output {
    program("joedb_logdump").args(options).arg("-").stdin(file).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_pipe_and_a_redirection_read_as_the_file_does_in_every_mode() {
    for path in whole_corpus().into_iter().step_by(3) {
        let bytes = fs::read(&path).unwrap();
        for mode in MODES {
            let expected = logdump().args(mode).arg(&path).output().unwrap();
            let named = |output: &Output, name: &str| {
                let said = text(&output.stderr).replace(name, "NAME");
                // Commands name a file where there is one.
                let lines: Vec<&str> =
                    said.lines().filter(|line| !line.contains("joedb_logdump --")).collect();
                let printed = text(&output.stdout);
                let printed: Vec<&str> = printed.lines().filter(|line| !line.starts_with("next: ")).collect();
                (output.status.code(), printed.join("\n"), lines.join("\n"))
            };
            let expected = named(&expected, path.to_str().unwrap());
            for output in [piped(mode, &bytes), redirected(mode, File::open(&path).unwrap())] {
                assert_eq!(named(&output, "standard input"), expected, "{} {mode:?}", path.display());
            }
        }
    }
}

fn report(options: &[&str], output: impl FnOnce(&[&str]) -> Output) -> serde_json::Value {
    let options = [&["--check", "--format", "json"], options].concat();
    serde_json::from_slice(&output(&options).stdout).unwrap()
}

#[test]
fn the_verdict_on_a_pipe_is_that_on_the_file_but_writers_and_times_are_unknown() {
    for folder in ["crash", "real"] {
        for path in corpus_files(folder) {
            let bytes = fs::read(&path).unwrap();
            let file = report(&[], |options| logdump().args(options).arg(&path).output().unwrap());
            let pipe = report(&[], |options| piped(options, &bytes));
            let redirection = report(&[], |options| redirected(options, File::open(&path).unwrap()));
            for member in ["headline", "exit_code", "size", "checkpoints", "log", "behind"] {
                assert_eq!(pipe[member], file[member], "{}", path.display());
                assert_eq!(redirection[member], file[member], "{}", path.display());
            }
            assert_eq!((&pipe["file"], &pipe["writer"]), (&"-".into(), &"unknown".into()));
            assert_eq!((&redirection["file"], &redirection["writer"]), (&"-".into(), &"absent".into()));
            if !pipe["outage"].is_null() {
                assert_eq!(pipe["outage"]["conclusion"], "unknown");
                assert!(pipe["outage"]["evidence"].as_str().unwrap().contains("came through a pipe"));
            }
        }
    }
}

#[test]
fn what_is_no_log_has_the_same_exit_code_as_in_a_file() {
    let garbage = [0; 100];
    let cases: [(&[u8], i32, &str); 4] = [
        (b"", 5, "the file is empty: 0 bytes found"),
        (&garbage[..40], 5, "the head is cut: 40 bytes found"),
        (&garbage, 5, "no joedb signature"),
        (&Sample::new().clean()[..60], 4, "the file was cut short"),
    ];
    for (bytes, code, message) in cases {
        let output = piped(&[], bytes);
        let said = text(&output.stderr);
        assert!(said.starts_with("joedb_logdump: standard input: ") && said.contains(message), "{said}");
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(piped(&["--check"], bytes).status.code(), Some(code));
    }
}

#[test]
fn what_cannot_be_read_at_all_is_an_error() {
    let scene = Scene::new();
    for mode in [&[][..], &["--check"], &["--header"]] {
        let output = redirected(mode, File::open(scene.directory()).unwrap());
        let said = text(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.contains("standard input: it is a directory"),
            "{said}"
        );
        let write_only = File::options().write(true).open("/dev/null").unwrap();
        assert_eq!(redirected(mode, write_only).status.code(), Some(1));
        let null = redirected(mode, File::open("/dev/null").unwrap());
        assert_eq!(null.status.code(), Some(5));
    }
    let closed = r#""$0" - <&-"#;
    let binary = assert_cmd::cargo::cargo_bin("joedb_logdump");
    let output = Command::new("sh").args(["-c", closed]).arg(binary).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
}

#[test]
fn a_terminal_is_refused_and_not_waited_for() {
    let mut script = Command::new("script");
    let binary = assert_cmd::cargo::cargo_bin("joedb_logdump");
    script.args(["-qec", &format!("'{}' -", binary.display()), "/dev/null"]).stdin(Stdio::piped());
    let Ok(child) = script.stdout(Stdio::piped()).spawn() else { return };
    let printed = text(&child.wait_with_output().unwrap().stdout);
    assert!(printed.contains("standard input: a terminal found, a file or a pipe expected"), "{printed}");
}

#[test]
fn a_pipe_that_has_a_name_is_refused_with_the_way_to_read_it() {
    let scene = Scene::new();
    let path = scene.path("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let said =
        contains("it is neither a regular file nor a block device; to read it all the same, give - and <");
    logdump().arg(&path).assert().code(1).stderr(said.clone());
    convert().arg(&path).arg(scene.path("out")).assert().code(1).stderr(said);
}

#[test]
fn standard_input_is_read_once() {
    let sample = Sample::new().clean();
    for arguments in [&["--check", "-", "-"][..], &["--header", "-", "-"], &["--compare", "-", "-"]] {
        let output = logdump().args(arguments).write_stdin(&sample[..]).output().unwrap();
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
        assert!(text(&output.stderr).contains("standard input can be read once"));
    }
}

#[test]
fn a_file_called_like_standard_input_is_read_by_its_path() {
    let scene = Scene::new();
    scene.file("-", &Log::new().comment(b"the file").clean());
    let mut command = logdump();
    let command = command
        .current_dir(scene.directory())
        .arg("./-")
        .write_stdin(Log::new().comment(b"the pipe").clean());
    command.assert().success().stdout(contains("the file"));
    let next = contains("next: joedb_logdump ./-\n");
    logdump().current_dir(scene.directory()).args(["--header", "./-"]).assert().success().stdout(next);
}

#[test]
fn standard_input_stands_among_files_and_on_either_side_of_a_comparison() {
    let scene = Scene::new();
    let sample = Sample::new();
    let clean = scene.file("clean.joedb", &sample.clean());
    let mut check = logdump();
    check.args(["--check", "--format", "line"]).arg(&clean).arg("-").write_stdin(sample.dirty());
    let lines = format!("{}: clean\nstandard input: dirty tail\n", clean.display());
    check.assert().code(3).stdout(lines);
    let more = format!("continues: {} begins with all of standard input", clean.display());
    for (other, file) in [("-", clean.to_str().unwrap()), (clean.to_str().unwrap(), "-")] {
        let mut compare = logdump();
        compare.args(["--compare", other, file]).write_stdin(sample.dirty());
        compare.assert().code(3).stdout(contains(more.as_str()));
    }
}

#[test]
fn commands_that_are_advised_read_standard_input_again() {
    let dirty = Sample::new().dirty();
    let said = text(&piped(&[], &dirty).stderr);
    assert!(said.contains("look at them: joedb_logdump --tail -\n"), "{said}");
    let table = text(&piped(&["--check"], &dirty).stdout);
    assert!(table.contains("  next: joedb_convert - recovered.joedb\n"), "{table}");
    assert!(table.contains("The log came through a pipe, which has no locks"), "{table}");
    let table = text(&piped(&["--check"], b"").stdout);
    assert!(table.contains("  next: od -A d -t x1z -N 64\n"), "{table}");
}

#[test]
fn a_redirected_file_is_asked_for_its_writer_and_the_writer_keeps_its_locks() {
    let scene = Scene::new();
    let path = scene.file("live.joedb", &Sample::new().dirty());
    let writer = File::options().read(true).write(true).open(&path).unwrap();
    assert!(try_lock(&writer, Region::Tail, Mode::Exclusive).unwrap());
    // The very handle of the writer: what the child gave back of it would be gone for the writer.
    let output = redirected(&["--check"], writer.try_clone().unwrap());
    assert!(text(&output.stdout).starts_with("standard input: being written\n"), "{}", text(&output.stdout));
    let other = File::options().read(true).write(true).open(&path).unwrap();
    assert!(!try_lock(&other, Region::Tail, Mode::Exclusive).unwrap());
}

#[test]
fn a_file_of_which_something_was_read_already_begins_there() {
    let scene = Scene::new();
    let sample = Sample::new().clean();
    let path = scene.file("image", &[&[7; 512][..], &sample].concat());
    let mut file = File::open(&path).unwrap();
    file.seek(std::io::SeekFrom::Start(512)).unwrap();
    let expected = logdump().arg(scene.file("a.joedb", &sample)).output().unwrap().stdout;
    assert_eq!(text(&redirected(&[], file).stdout), text(&expected));
}

/// A file that a process has open in a directory, through `/proc`, its permissions and its size.
fn temporary_file(pid: u32, directory: &Path) -> Option<(PathBuf, u32, u64)> {
    fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten().find_map(|descriptor| {
        let target = fs::read_link(descriptor.path()).ok()?;
        let found = descriptor.path().metadata().ok()?;
        target.starts_with(directory).then_some((target, found.mode() & 0o777, found.len()))
    })
}

#[test]
fn the_copy_of_a_pipe_has_no_name_and_is_its_owners_alone_and_goes_with_the_program() {
    let scene = Scene::new();
    for (name, output) in [("joedb_logdump", None), ("joedb_convert", Some(scene.path("out")))] {
        let mut command = program(name);
        command.arg("-").args(output);
        command.env("TMPDIR", scene.directory()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(&Sample::new().clean()).unwrap();
        let mut found = None;
        // Its permissions are set before the first byte is written.
        wait_until("a temporary file is written", || {
            found = temporary_file(child.id(), scene.directory()).filter(|(_, _, size)| *size > 0);
            found.is_some()
        });
        let (path, mode, _) = found.unwrap();
        assert_eq!((mode, path.exists(), scene.names()), (0o600, false, Vec::new()));
        // A signal while it waits for the pipe ends it.
        send(Signal::SIGTERM, &child);
        assert!(!child.wait().unwrap().success());
        assert!(scene.names().is_empty());
    }
}

#[test]
fn a_temporary_directory_without_room_is_named() {
    let script = r#"trap '' XFSZ; ulimit -f 8; exec "$0" --check -"#;
    let binary = assert_cmd::cargo::cargo_bin("joedb_logdump");
    let mut shell = Command::new("bash");
    let shell = shell.args(["-c", script]).arg(&binary).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.stdout(Stdio::null()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // The reader may be gone before all is written.
    drop(pipe.write_all(&vec![b'x'; 1_000_000]));
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    let expected = "standard input: copying it to a temporary file in /tmp: File too large (os error 27) (TMPDIR names another directory)";
    assert!(output.status.code() == Some(1) && said.contains(expected), "{said}");
    let mut command = logdump();
    command.arg("-").env("TMPDIR", "/nonexistent").write_stdin(Sample::new().clean());
    let expected = "copying it to a temporary file in /nonexistent: No such file or directory";
    command.assert().code(1).stdout(is_empty()).stderr(contains(expected));
}

#[test]
fn convert_recovers_a_pipe_and_says_so() {
    let scene = Scene::new();
    let sample = Sample::new();
    let output = scene.path("out");
    let mut command = convert();
    let said = contains("standard input cut at ")
        .and(contains("bytes came through a pipe and were read from a temporary copy, which is gone\n"))
        .and(contains("mv -n").not());
    command.arg("-").arg(&output).write_stdin(sample.dirty()).assert().success().stdout(said);
    let expected = scene.path("expected");
    convert().arg(scene.file("a.joedb", &sample.dirty())).arg(&expected).assert().success();
    assert_eq!(fs::read(&output).unwrap(), fs::read(&expected).unwrap());
    assert_eq!(fs::metadata(&output).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn convert_recovers_a_redirected_file_with_its_attributes() {
    let scene = Scene::new();
    let sample = Sample::new();
    let path = scene.file("a.joedb", &sample.dirty());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let output = scene.path("out");
    let mut command = program("joedb_convert");
    let run = command.arg("-").arg(&output).stdin(File::open(&path).unwrap()).output().unwrap();
    assert!(run.status.success());
    assert!(!text(&run.stdout).contains("pipe"), "{}", text(&run.stdout));
    assert_eq!(fs::metadata(&output).unwrap().len(), sample.first);
    assert_eq!(fs::metadata(&output).unwrap().mode() & 0o777, 0o640);
}

#[test]
fn the_receipt_in_json_says_what_came_through_a_pipe() {
    let scene = Scene::new();
    let sample = Sample::new();
    let mut command = convert();
    command.args(["--format", "json", "-"]).arg(scene.path("out")).write_stdin(sample.dirty());
    let output = command.assert().success().get_output().stdout.clone();
    let json: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!((&json["input"], &json["spooled"]), (&"-".into(), &sample.end().into()));
    assert_eq!(json["plan"]["source_writer"], "unknown");
    let file = scene.file("a.joedb", &sample.dirty());
    let output = convert().args(["--format", "json"]).arg(file).arg(scene.path("two")).assert().success();
    let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert!(json.get("spooled").is_none());
}

#[test]
fn convert_refuses_what_would_be_the_same_file_and_what_cannot_be_changed() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    let mut command = program("joedb_convert");
    let run = command.args(["--force", "-"]).arg(&path).stdin(File::open(&path).unwrap()).output().unwrap();
    assert!(run.status.code() == Some(2) && text(&run.stderr).contains("are the same file"), "{run:?}");
    for options in [&["--in-place"][..], &["--undo"]] {
        let mut command = convert();
        command.args(options).arg("-").write_stdin(Sample::new().dirty());
        command.assert().code(2).stdout(is_empty()).stderr(contains("- found, a FILE expected"));
    }
    // Before anything is read: the pipe stays open here.
    let output = scene.file("out", b"precious");
    let mut command = program("joedb_convert");
    let mut child =
        command.arg("-").arg(&output).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_pipe_is_read_the_same_with_and_without_a_map() {
    let path = corpus("valid/00005.joedb");
    let bytes = fs::read(&path).unwrap();
    let expected = logdump().args(["--sql", "--blob"]).arg(path).output().unwrap();
    for access in [&["--sql", "--blob"][..], &["--sql", "--blob", "--mmap"]] {
        assert_eq!(piped(access, &bytes).stdout, expected.stdout);
    }
}
