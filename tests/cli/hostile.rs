//! Files that were made to do harm: nothing of them reaches a terminal as it is.

use crate::log::{Log, Sample};
use crate::scene::{Scene, convert, logdump, random_bits};
use joedb::{Entry, Type, Value};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Clears a screen, ends a line, ends a C1 sequence, turns text around, and is no UTF-8.
const HOSTILE: &[u8] =
    b"\x1b[2J\n\r\x07\x08\x7f\x00\xc2\x9b31m\xc2\x85\xe2\x80\xae\xe2\x81\xa7\xe2\x80\x8f\xd8\x9c\xe2\x80\xa8\xff\x9b\xc0\x9b'\"\\";

/// The same as a file name.
const HOSTILE_NAME: &[u8] = b"a\x1b[2J\n\r\x07\x7f\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa7\xff\x9b'\"\\";

const MODES: [&[&str]; 19] = [
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
    &["--from=50"],
    &["--header"],
    &["--check"],
    &["--check", "--wide"],
    &["--check", "--format=text"],
    &["--check", "--format=json"],
    &["--load"],
    &["--check", "--load"],
];

fn is_obeyed(character: char) -> bool {
    let marks = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}'];
    (character.is_control() && !matches!(character, '\n' | '\t'))
        || marks.contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character)
}

fn assert_harmless(output: &Output, what: &dyn std::fmt::Debug) {
    for stream in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(stream).unwrap_or_else(|_| panic!("{what:?}: no UTF-8: {stream:?}"));
        assert!(!text.contains(is_obeyed), "{what:?}: {text:?}");
    }
}

/// Runs every mode of both programs on a file.
fn assert_harmless_in_every_mode(path: &Path) {
    for mode in MODES {
        assert_harmless(&logdump().args(mode).arg(path).output().unwrap(), &mode);
    }
    let mut output = path.as_os_str().to_owned();
    output.push(".recovered");
    for mode in
        [&["--dry-run"][..], &["--to=3"], &["--to=50"], &["--to=last-entry"], &["--force", "--format=json"]]
    {
        assert_harmless(&convert().args(mode).arg(path).arg(&output).output().unwrap(), &mode);
    }
}

/// A log with hostile bytes wherever a healthy writer lets them in.
fn hostile_log() -> Log {
    let mut log = Log::new();
    log.comment(HOSTILE).push(&Entry::Custom { name: HOSTILE });
    log.table("t").field(1, "s", Type::String).insert(1, 0).update(1, 0, 1, Value::String(HOSTILE));
    // Text that is UTF-8 is not written as bytes.
    let text: String = String::from_utf8_lossy(HOSTILE).replace('\0', "");
    log.update(1, 0, 1, Value::String(text.as_bytes())).comment(text.as_bytes()).blob(HOSTILE);
    log
}

#[test]
fn hostile_values_comments_and_blobs_are_escaped() {
    let scene = Scene::new();
    assert_harmless_in_every_mode(&scene.file("a.joedb", &hostile_log().clean()));
    assert_harmless_in_every_mode(&scene.file("b.joedb", &hostile_log().hard_at(41)));
}

#[test]
fn hostile_table_and_field_names_are_damage_and_escaped() {
    let scene = Scene::new();
    let name = String::from_utf8_lossy(HOSTILE);
    for bytes in [
        Log::new().table(&name).clean(),
        Log::new().table("t").field(1, &name, Type::Int8).clean(),
        Log::new().table("t").rename_table(1, &name).hard_at(41),
    ] {
        let file = scene.file("a.joedb", &bytes);
        assert_harmless_in_every_mode(&file);
        let output = logdump().args(["--ignore-header", "--schema-only"]).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(4));
        assert!(String::from_utf8_lossy(&output.stderr).contains(r"\033[2J\012\015"));
    }
}

#[test]
fn hostile_file_names_are_escaped() {
    let scene = Scene::new();
    let path = scene.directory().join(OsStr::from_bytes(HOSTILE_NAME));
    let sample = Sample::new();
    for bytes in [sample.clean(), sample.dirty(), sample.pending(), sample.clean()[..60].to_vec(), Vec::new()]
    {
        std::fs::write(&path, bytes).unwrap();
        assert_harmless_in_every_mode(&path);
    }
    std::fs::remove_file(&path).unwrap();
    assert_harmless_in_every_mode(&path);
}

#[test]
fn hostile_names_are_escaped_where_they_are_no_arguments() {
    let name = OsStr::from_bytes(HOSTILE_NAME);
    let mut option = std::ffi::OsString::from("--");
    option.push(name);
    for argument in [name, &option] {
        let output = convert().args(["a", "b"]).arg(argument).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_harmless(&output, &argument);
        let output = logdump().args(["a", "--from"]).arg(argument).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_harmless(&output, &argument);
    }
}

#[test]
fn garbage_is_harmless() {
    let scene = Scene::new();
    let garbage: Vec<u8> = random_bits(64).into_iter().flat_map(u64::to_le_bytes).collect();
    assert_harmless_in_every_mode(&scene.file("a.joedb", &garbage));
    let headed = [&Log::new().clean()[..], &garbage].concat();
    assert_harmless_in_every_mode(&scene.file("b.joedb", &headed));
}

/// The first command of a report, in every form of it.
fn commands(path: &Path) -> Vec<String> {
    let text = |options: &[&str]| {
        let output = logdump().arg("--check").args(options).arg(path).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let after = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.to_owned()
    };
    let json: serde_json::Value = serde_json::from_str(&text(&["--format=json"])).unwrap();
    vec![
        after(&text(&[]), "  next: "),
        after(&text(&["--format=text"]), "commands.0: "),
        json["commands"][0].as_str().unwrap().to_owned(),
    ]
}

#[test]
fn the_commands_advised_for_a_hostile_name_work_in_every_form() {
    for name in [&b"a.joedb"[..], b"two words", b"it's \"x\" \\", HOSTILE_NAME] {
        let scene = Scene::new();
        let path: PathBuf = scene.directory().join(OsStr::from_bytes(name));
        std::fs::write(&path, Sample::new().dirty()).unwrap();
        for command in commands(&path) {
            run_as_typed(&command);
            let mut recovered = path.as_os_str().to_owned();
            recovered.push(".recovered");
            std::fs::remove_file(&recovered).unwrap_or_else(|_| panic!("{command}"));
        }
    }
}

/// Runs a command line in bash, with the program built here.
fn run_as_typed(command: &str) {
    let (program, arguments) = command.split_once(' ').unwrap();
    assert_eq!(program, "joedb_convert");
    let script = format!("'{}' {arguments}", assert_cmd::cargo::cargo_bin!("joedb_convert").display());
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
}
