//! Files that are none, or that hold nothing: each has its error in each mode of each program, at once, and nothing is
//! made.

use crate::log::Sample;
use crate::scene::{Scene, is_root};
use nix::sys::stat::Mode;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const READERS: [&[&str]; 11] = [
    &[],
    &["--raw"],
    &["--sql"],
    &["--json"],
    &["--load"],
    &["--ignore-header"],
    &["--mmap"],
    &["--tail"],
    &["--header"],
    &["--check"],
    &["--follow"],
];
const CONVERSIONS: [&[&str]; 5] =
    [&[], &["--to=last-entry"], &["--no-verify"], &["--dry-run"], &["--in-place"]];

fn run(program: &Path, options: &[&str], arguments: &[&Path], user: Option<u32>) -> Output {
    let mut command = Command::new(program);
    command.args(options).args(arguments).stdin(Stdio::null());
    user.map(|user| command.uid(user).gid(user));
    command.output().unwrap()
}

fn assert_said(output: &Output, code: i32, says: &str, what: &dyn std::fmt::Debug) {
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(says), "{what:?}: {said}");
    assert_eq!(output.status.code(), Some(code), "{what:?}: {said}");
}

/// Every mode of both programs says this of the file, and makes nothing.
fn refused_by_all(scene: &Scene, path: &Path, code: i32, says: &str, user: Option<u32>) {
    let before = scene.names();
    let [logdump, convert] =
        [assert_cmd::cargo::cargo_bin!("joedb_logdump"), assert_cmd::cargo::cargo_bin!("joedb_convert")];
    for options in READERS {
        assert_said(&run(logdump, options, &[path], user), code, says, &(path, options));
    }
    let good = scene.file("good.joedb", &Sample::new().clean());
    fs::set_permissions(&good, Permissions::from_mode(0o644)).unwrap();
    for pair in [[path, &good], [&good, path]] {
        let compared = run(logdump, &["--compare"], &pair, user);
        assert_said(&compared, code, says, &pair);
    }
    fs::remove_file(good).unwrap();
    let output = scene.path("out");
    for options in CONVERSIONS {
        let arguments = [path, &output];
        let arguments = if options == ["--in-place"] { &arguments[..1] } else { &arguments };
        assert_said(&run(convert, options, arguments, user), code, says, &(path, options));
    }
    assert_eq!(scene.names(), before);
}

#[test]
fn directories_pipes_sockets_and_character_devices_are_refused_at_once() {
    let scene = Scene::new();
    let directory = scene.path("directory");
    fs::create_dir(&directory).unwrap();
    refused_by_all(&scene, &directory, 1, "it is a directory", None);
    let pipe = scene.path("pipe");
    nix::unistd::mkfifo(&pipe, Mode::from_bits_truncate(0o600)).unwrap();
    let socket = scene.path("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    for path in [&pipe, &socket, Path::new("/dev/null"), Path::new("/dev/zero")] {
        refused_by_all(&scene, path, 1, "it is neither a regular file nor a block device", None);
    }
    drop(listener);
}

#[test]
fn a_file_that_does_not_exist_is_refused_by_its_name() {
    let scene = Scene::new();
    refused_by_all(&scene, &scene.path("missing.joedb"), 1, "missing.joedb: No such file or directory", None);
}

#[test]
fn an_empty_file_is_called_empty() {
    let scene = Scene::new();
    refused_by_all(&scene, &scene.file("empty.joedb", b""), 5, "empty", None);
}

#[test]
fn a_file_that_one_may_not_read_is_refused_by_its_name() {
    const NOBODY: u32 = 65_534;
    let scene = Scene::new();
    fs::set_permissions(scene.directory(), Permissions::from_mode(0o755)).unwrap();
    let path = scene.file("secret.joedb", &Sample::new().clean());
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    let user = is_root().then_some(NOBODY);
    refused_by_all(&scene, &path, 1, "secret.joedb: Permission denied", user);
}
