//! What happens while a recovery runs: signals, and other programs at work on its files.

use crate::caught::{Caught, Ended};
use crate::log::Log;
use crate::scene::Scene;
use nix::sys::signal::Signal;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

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

/// A recovery in the middle of its work.
fn begun(scene: &Scene, options: &[&str]) -> Caught {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("joedb_convert"));
    command.args(options).args([large_file(scene), scene.path("out")]);
    Caught::writing(&mut command, scene.directory())
}

#[test]
fn a_signal_while_writing_leaves_nothing_behind_and_names_itself_in_the_exit_code() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let scene = Scene::new();
        let said = "joedb_convert: interrupted; nothing was left behind\n".to_owned();
        let ended = begun(&scene, &[]).go_on_with(signal);
        assert_eq!(ended, Ended { code: Some(code), printed: String::new(), said });
        assert_eq!(scene.names(), ["a.joedb"]);
    }
}

#[test]
fn an_output_that_was_to_be_replaced_is_still_there_after_a_signal() {
    let scene = Scene::new();
    let output = scene.file("out", b"precious");
    assert_eq!(begun(&scene, &["--force"]).go_on_with(Signal::SIGHUP).code, Some(129));
    assert_eq!(fs::read(&output).unwrap(), b"precious");
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn an_output_that_appears_meanwhile_is_not_replaced() {
    let scene = Scene::new();
    let caught = begun(&scene, &[]);
    let output = scene.file("out", b"precious");
    let ended = caught.go_on();
    assert_eq!(ended.code, Some(1));
    assert!(ended.said.contains("out: it exists already"), "{ended:?}");
    assert_eq!(fs::read(&output).unwrap(), b"precious");
    assert_eq!(scene.names(), ["a.joedb", "out"]);
}

#[test]
fn an_input_that_changes_meanwhile_is_refused() {
    let scene = Scene::new();
    let caught = begun(&scene, &[]);
    let input = File::options().append(true).open(scene.path("a.joedb")).unwrap();
    std::io::Write::write_all(&mut &input, b"\x0e").unwrap();
    let ended = caught.go_on();
    assert_eq!(ended.code, Some(1));
    assert!(ended.said.contains("the input changed while it was worked on"), "{ended:?}");
    assert_eq!(scene.names(), ["a.joedb"]);
}
