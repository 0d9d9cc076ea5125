//! Files over 4 GiB, made of holes: positions are 64 bits wide everywhere, and none of it takes room on the disk.

use crate::scene::{Scene, convert, logdump};
use joedb::{Encoder, Entry, Head, Version};
use predicates::prelude::*;
use predicates::str::contains;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::PathBuf;

const GIB: u64 = 1 << 30;

/// Reading gibibytes of zeros takes some seconds each time, so not every run does.
const WISH: &str = "JOEDB_TEST_LARGE_FILES";

/// Bytes after the last checkpoint: an entry that was never committed.
const TAIL: &[u8] = b"\x0a\x04tail";

struct Large {
    path: PathBuf,
    /// Behind the blob, the comment and the checkpoint.
    checkpoint: u64,
}

/// The entry of a blob of `size` zeros, without the zeros.
fn blob_entry(size: u64) -> [u8; 6] {
    let [_, _, _, first, rest @ ..] = size.to_be_bytes();
    let [second, third, fourth, fifth] = rest;
    assert!(first < 32);
    [0x13, 0x80 | first, second, third, fourth, fifth]
}

/// 5 GiB: a blob of zeros that are no bytes on the disk, a comment behind it, a hard checkpoint, and a tail.
fn large(scene: &Scene) -> Large {
    let path = scene.path("large.joedb");
    let file = OpenOptions::new().write(true).create_new(true).open(&path).unwrap();
    let blob_end = 41 + 6 + 5 * GIB;
    let mut behind = Encoder::resume(Version::V5, blob_end, joedb::Context::START);
    behind.push(&Entry::Comment { text: b"behind five gibibytes" });
    let checkpoint = behind.position();
    write(&file, 0, &Head::hard(Version::V5, checkpoint).to_bytes());
    write(&file, 41, &blob_entry(5 * GIB));
    write(&file, blob_end, behind.body());
    write(&file, checkpoint, TAIL);
    Large { path, checkpoint }
}

fn write(file: &File, position: u64, bytes: &[u8]) {
    file.write_all_at(bytes, position).unwrap();
}

fn text(output: &[u8]) -> &str {
    std::str::from_utf8(output).unwrap()
}

#[test]
fn the_head_and_an_unverified_cut_of_a_file_over_4_gib_are_right() {
    let scene = Scene::new();
    let Large { path, checkpoint } = large(&scene);
    let size = checkpoint + TAIL.len() as u64;
    let header = logdump().arg("--header").arg(&path).output().unwrap();
    assert!(text(&header.stdout).contains(&format!("{checkpoint}")), "{header:?}");
    let done = convert().args(["--in-place", "--no-verify"]).arg(&path).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(path.metadata().unwrap().size(), checkpoint);
    convert().arg("--undo").arg(&path).assert().success();
    let found = path.metadata().unwrap();
    assert_eq!(found.size(), size);
    let mut tail = [0; TAIL.len()];
    File::open(&path).unwrap().read_exact_at(&mut tail, checkpoint).unwrap();
    assert_eq!(tail, TAIL);
    assert!(found.blocks() * 512 < 1 << 20, "it takes {} blocks", found.blocks());
}

/// The room for an entry that is too long for memory is asked for where temporary files go.
#[test]
fn an_entry_over_1_gib_without_room_for_it_is_an_error_that_says_what_to_do() {
    let scene = Scene::new();
    let Large { path, .. } = large(&scene);
    let said = || {
        contains("position 41 (0x29): an entry of at least 5368709126 bytes found")
            .and(contains("(TMPDIR names another directory)"))
    };
    let nowhere = scene.path("nowhere");
    logdump().env("TMPDIR", &nowhere).arg(&path).assert().code(1).stderr(said());
    let mut command = convert();
    command.env("TMPDIR", &nowhere).arg(&path).arg(scene.path("out")).assert().code(1).stderr(said());
    assert_eq!(scene.names(), ["large.joedb"]);
    logdump().env("TMPDIR", &nowhere).args(["--mmap", "--tail", "-q"]).arg(&path).assert().success();
}

#[test]
fn a_file_over_4_gib_is_checked_dumped_and_recovered_as_any_other() {
    if std::env::var_os(WISH).is_none() {
        return eprintln!("set {WISH} to read large files");
    }
    let scene = Scene::new();
    let Large { path, checkpoint } = large(&scene);
    let report = logdump().args(["--check", "--format=json"]).arg(&path).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["verdict"], "dirty-tail");
    assert_eq!(report["log"]["last_entry"], checkpoint + TAIL.len() as u64);
    let expected = format!("# Blob: 47,{}\ncomment \"behind five gibibytes\"\n\n", 5 * GIB);
    let dump = logdump().args(["-q"]).arg(&path).output().unwrap();
    assert_eq!(text(&dump.stdout), expected);
    let tail = logdump().args(["-q", "--tail"]).arg(&path).output().unwrap();
    assert_eq!(text(&tail.stdout), "comment \"tail\"\n\n");
    let from = (checkpoint - 23).to_string();
    let part = logdump().args(["-q", "--from", &from]).arg(&path).output().unwrap();
    assert_eq!(text(&part.stdout), "comment \"behind five gibibytes\"\n\n");
    convert().arg("--in-place").arg(&path).assert().success();
    logdump().args(["--check", "--require", "hard"]).arg(&path).assert().success();
}
