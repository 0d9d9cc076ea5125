//! What happens while a recovery runs: signals, and other programs at work on its files.

use crate::log::Log;
use crate::processes::{send, wait_until};
use crate::scene::Scene;
use nix::sys::signal::Signal;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// So much that copying, syncing and reading it back takes far longer than sending a signal.
const BLOB: u64 = 192 * 1024 * 1024;

/// A clean log of one comment and one blob of zeros, which takes no room on the disk.
fn large_file(scene: &Scene) -> PathBuf {
    let mut log = Log::new();
    log.comment(b"a large one follows");
    // A compact number of four bytes: three follow the first.
    let length = (0x6000_0000 | u32::try_from(BLOB).unwrap()).to_be_bytes();
    let end = log.end() + 1 + length.len() as u64 + BLOB;
    let bytes = [&log.hard_at(end)[..], &[0x13], &length].concat();
    let path = scene.file("a.joedb", &bytes);
    File::options().write(true).open(&path).unwrap().set_len(end).unwrap();
    path
}

fn start(input: &Path, output: &Path, options: &[&str]) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("joedb_convert"));
    command.args(options).args([input, output]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits until the child writes its temporary file.
fn wait_for_temporary(scene: &Scene) {
    wait_until("a temporary file is made", || scene.names().iter().any(|name| name.ends_with(".tmp")));
}

/// A recovery that has begun to write.
fn begun(scene: &Scene, options: &[&str]) -> Child {
    let input = large_file(scene);
    let child = start(&input, &scene.path("out"), options);
    wait_for_temporary(scene);
    child
}

fn text(pipe: Option<impl std::io::Read>) -> String {
    let mut text = String::new();
    pipe.unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The exit code and what was said.
fn end(mut child: Child) -> (Option<i32>, String) {
    let code = child.wait().unwrap().code();
    assert_eq!(text(child.stdout.take()), "");
    (code, text(child.stderr.take()))
}

#[test]
fn a_signal_while_writing_leaves_nothing_behind_and_names_itself_in_the_exit_code() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let scene = Scene::new();
        let child = begun(&scene, &[]);
        send(signal, &child);
        let message = "joedb_convert: interrupted; nothing was left behind\n";
        assert_eq!(end(child), (Some(code), message.to_owned()));
        assert_eq!(scene.names(), ["a.joedb"]);
    }
}

#[test]
fn an_output_that_was_to_be_replaced_is_still_there_after_a_signal() {
    let scene = Scene::new();
    let output = scene.file("out", b"precious");
    let child = begun(&scene, &["--force"]);
    send(Signal::SIGHUP, &child);
    assert_eq!(end(child).0, Some(129));
    assert_eq!(fs::read(&output).unwrap(), b"precious");
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn an_output_that_appears_meanwhile_is_not_replaced() {
    let scene = Scene::new();
    let child = begun(&scene, &[]);
    let output = scene.file("out", b"precious");
    let (code, message) = end(child);
    assert_eq!(code, Some(1));
    assert!(message.contains("out: it exists already"), "{message}");
    assert_eq!(fs::read(&output).unwrap(), b"precious");
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn an_input_that_changes_meanwhile_is_refused() {
    let scene = Scene::new();
    let child = begun(&scene, &[]);
    let input = File::options().append(true).open(scene.path("a.joedb")).unwrap();
    std::io::Write::write_all(&mut &input, b"\x0e").unwrap();
    let (code, message) = end(child);
    assert_eq!(code, Some(1));
    assert!(message.contains("the input changed while it was worked on"), "{message}");
    assert_eq!(scene.names(), ["a.joedb"]);
}
