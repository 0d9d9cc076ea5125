//! The commands that put a recovered file in its place, run through a shell.

use crate::log::Sample;
use crate::scene::{Scene, convert};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

/// Recovers a file of this name, runs the commands printed, and looks for the result.
fn swap(shell: &str, name: &OsStr) {
    let (sample, scene) = (Sample::new(), Scene::new());
    let input = Path::new(name);
    fs::write(scene.directory().join(input), sample.dirty()).unwrap();
    let mut output = name.to_owned();
    output.push(".recovered");
    let mut command = convert();
    let printed =
        command.current_dir(scene.directory()).arg("--").args([name, &output]).output().unwrap().stdout;
    run(shell, &commands(&printed), scene.directory());
    let mut kept = name.to_owned();
    kept.push(".crashed");
    assert_eq!(fs::read(scene.directory().join(kept)).unwrap(), sample.dirty(), "{name:?}");
    let swapped = fs::read(scene.directory().join(input)).unwrap();
    assert_eq!(swapped.len() as u64, sample.first, "{name:?}");
    assert_eq!(scene.names().len(), 2, "{name:?}");
}

/// The indented lines behind the receipt.
fn commands(printed: &[u8]) -> Vec<u8> {
    let lines = printed.split_inclusive(|&byte| byte == b'\n').filter(|line| line.starts_with(b"  mv -n "));
    let commands: Vec<&[u8]> = lines.collect();
    assert_eq!(commands.len(), 2);
    commands.concat()
}

fn run(shell: &str, script: &[u8], directory: &Path) {
    let arguments = [OsStr::new("-ec"), OsStr::from_bytes(script)];
    let status = Command::new(shell).args(arguments).current_dir(directory).status().unwrap();
    assert!(status.success());
}

#[test]
fn names_that_are_text_work_in_a_plain_shell() {
    let names = [
        "a.joedb",
        "two words",
        "it's",
        "$HOME `id` \"x\" \\ !",
        "*?[a]{b,c}~#&;|<>()",
        "-n",
        "--force",
        "~",
        "é🙂",
    ];
    for name in names {
        swap("sh", OsStr::new(name));
    }
}

#[test]
fn names_with_control_and_foreign_bytes_work_in_bash() {
    for name in
        [&b"a\nb"[..], b"\x1b[31mred", b"'\t\\", b"\xff\xfe", b"-\n", "\u{202e}dcba".as_bytes(), b"\x019"]
    {
        swap("bash", OsStr::from_bytes(name));
    }
}

#[test]
fn a_crashed_file_that_was_kept_before_stays_and_the_next_gets_another_name() {
    let (sample, scene) = (Sample::new(), Scene::new());
    scene.file("a.joedb", &sample.dirty());
    scene.file("a.joedb.crashed", b"precious");
    let mut command = convert();
    let assert = command.current_dir(scene.directory()).args(["a.joedb", "out"]).assert().success();
    run("sh", &commands(&assert.get_output().stdout), scene.directory());
    assert_eq!(fs::read(scene.path("a.joedb.crashed")).unwrap(), b"precious");
    assert_eq!(fs::read(scene.path("a.joedb.crashed.2")).unwrap(), sample.dirty());
    assert_eq!(scene.names(), ["a.joedb", "a.joedb.crashed", "a.joedb.crashed.2"]);
}
