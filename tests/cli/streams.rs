//! Pipes that close, disks that are full, and terminals.

use crate::log::{Log, Sample};
use crate::scene::{Scene, convert, corpus, logdump};
use joedb::{Type, Value};
use predicates::prelude::*;
use predicates::str::contains;
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};

fn program(name: &str) -> Command {
    match name {
        "joedb_logdump" => Command::new(assert_cmd::cargo::cargo_bin!("joedb_logdump")),
        _ => Command::new(assert_cmd::cargo::cargo_bin!("joedb_convert")),
    }
}

/// Runs with a stdout whose reader is gone.
fn into_closed_pipe(command: &mut Command) -> (ExitStatus, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let Output { status, stderr, .. } = command.stdout(writer).output().unwrap();
    (status, String::from_utf8(stderr).unwrap())
}

#[test]
fn a_closed_pipe_ends_a_dump_in_silence() {
    let file = corpus("valid/00005.joedb");
    for mode in [&[][..], &["--raw"], &["--sql"], &["--json"], &["--header"], &["--compat"]] {
        let (status, stderr) = into_closed_pipe(program("joedb_logdump").args(mode).arg("-q").arg(&file));
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{mode:?}");
    }
}

#[test]
fn a_pipe_that_closes_after_a_line_ends_a_dump_in_silence() {
    let scene = Scene::new();
    let mut log = Log::new();
    for _ in 0..2000 {
        log.comment(&[b'x'; 1000]);
    }
    let file = scene.file("long.joedb", &log.clean());
    let script = r#""$0" "$1" | head -n 1; echo "${PIPESTATUS[0]}""#;
    let mut shell = Command::new("bash");
    let output = shell
        .args(["-c", script])
        .arg(assert_cmd::cargo::cargo_bin!("joedb_logdump"))
        .arg(file)
        .output()
        .unwrap();
    assert!(output.stdout.ends_with(b"xxx\"\n0\n"));
    assert_eq!(output.stderr, b"");
}

#[test]
fn a_closed_pipe_ends_an_export_in_silence() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("note").field(1, "text", Type::String).insert_vector(1, 0, 2000);
    for record in 0..2000 {
        log.update(1, record, 1, Value::String(&[b'x'; 1000]));
    }
    let file = scene.file("app.joedb", &log.clean());
    for format in [&["csv", "--table", "note"][..], &["json"], &["json-lines"], &["sql"], &["commands"]] {
        let mut command = program("joedb_convert");
        let run = command.args(["-q", "--output-format"]).args(format).arg(&file).arg("-");
        let (status, stderr) = into_closed_pipe(run);
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{format:?}");
    }
}

#[test]
fn a_closed_pipe_takes_nothing_from_the_verdict() {
    let scene = Scene::new();
    let sample = Sample::new();
    let clean = scene.file("clean", &sample.clean());
    let dirty = scene.file("dirty", &sample.dirty());
    let short = scene.file("short", &sample.clean()[..60]);
    for (files, code) in
        [(vec![&clean], 0), (vec![&dirty], 3), (vec![&dirty, &short], 4), (vec![&clean, &dirty], 3)]
    {
        for form in ["table", "text", "json"] {
            let mut command = program("joedb_logdump");
            let (status, stderr) = into_closed_pipe(command.args(["--check", "--format", form]).args(&files));
            assert_eq!((status.code(), stderr.as_str()), (Some(code), ""));
        }
    }
}

#[test]
fn a_closed_pipe_takes_nothing_from_a_recovery() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().dirty());
    let (status, stderr) = into_closed_pipe(program("joedb_convert").args([&input, &scene.path("out")]));
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

/// Runs with a stdout that takes nothing.
fn into_full_disk(command: &mut Command) -> (Option<i32>, String) {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let Output { status, stderr, .. } = command.stdout(full).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_full_disk_is_an_error_in_every_mode() {
    let file = corpus("valid/00005.joedb");
    let modes: [&[&str]; 8] = [
        &[],
        &["--raw"],
        &["--sql"],
        &["--json"],
        &["--header"],
        &["--check"],
        &["--check", "--format=json"],
        &["--compat"],
    ];
    for mode in modes {
        let (code, stderr) = into_full_disk(program("joedb_logdump").args(mode).arg(&file));
        assert_eq!(code, Some(1), "{mode:?}");
        assert!(
            stderr.starts_with("joedb_logdump: ") && stderr.contains("No space left on device"),
            "{stderr}"
        );
    }
}

#[test]
fn a_receipt_that_cannot_be_written_is_an_error_that_says_what_was_done() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().dirty());
    let output = scene.path("out");
    let (code, stderr) = into_full_disk(program("joedb_convert").args([&input, &output]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains(output.to_str().unwrap()), "{stderr}");
    assert!(stderr.starts_with("joedb_convert: ") && stderr.contains("No space left on device"), "{stderr}");
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn closed_standard_streams_are_no_fault() {
    let file = corpus("real/killed_soft.joedb");
    for redirection in [">&-", "2>&-", ">&- 2>&-", "<&-"] {
        let script = format!(r#""$0" --check "$1" {redirection}"#);
        let mut shell = Command::new("sh");
        let output = shell
            .args(["-c", &script])
            .arg(assert_cmd::cargo::cargo_bin!("joedb_logdump"))
            .arg(&file)
            .output();
        let expected = logdump().arg("--check").arg(&file).output().unwrap().status.code();
        assert_eq!(output.unwrap().status.code(), expected, "{redirection}");
    }
}

/// What a terminal would get; `None` where there is no `script` to pretend to be one.
fn on_terminal(options: &str, file: &Path, no_colour: &str) -> Option<Vec<u8>> {
    let program = assert_cmd::cargo::cargo_bin!("joedb_logdump");
    let mut script = Command::new("script");
    script.args(["-qec", &format!("'{}' {options} '{}'", program.display(), file.display()), "/dev/null"]);
    script.env("TERM", "xterm").env("NO_COLOR", no_colour).stdin(Stdio::null());
    script.output().ok().map(|output| output.stdout)
}

#[test]
fn colour_is_for_terminals_without_no_color() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().dirty());
    logdump().env("TERM", "xterm").arg("--check").arg(&file).assert().code(3).stdout(contains("\x1b").not());
    let Some(coloured) = on_terminal("--check", &file, "") else { return };
    assert!(String::from_utf8_lossy(&coloured).contains("\x1b[30;43mdirty tail\x1b[0m"));
    let plain = on_terminal("--check", &file, "1").unwrap();
    assert!(String::from_utf8_lossy(&plain).contains(": dirty tail"));
    assert!(!plain.contains(&0x1b));
}

#[test]
fn even_the_text_of_the_reference_is_harmless_on_a_terminal() {
    let scene = Scene::new();
    let mut log = Log::new();
    let file = scene.file("a.joedb", &log.comment(b"\x1b[2Jx\n\xc2\x9bm").clean());
    let raw = logdump().args(["--compat", "--sql"]).arg(&file).output().unwrap().stdout;
    assert!(raw.contains(&0x1b), "elsewhere it is byte for byte that of the reference");
    let Some(shown) = on_terminal("--compat --sql", &file, "") else { return };
    let shown = String::from_utf8(shown).unwrap();
    assert!(!shown.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n')), "{shown:?}");
    assert!(shown.contains(r"\033[2Jx"), "{shown:?}");
}

#[test]
fn progress_is_for_terminals_only() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().dirty());
    convert().args([&input, &scene.path("out")]).assert().success().stderr("");
}
