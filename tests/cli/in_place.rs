//! Cutting a file where it is, and the way back.

use crate::log::Sample;
use crate::scene::{Scene, convert, corpus_files, logdump};
use joedb::storage::lock::try_lock;
use joedb::storage::{Mode, Region};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use std::fs;
use std::path::Path;

fn cut(path: &Path, options: &[&str]) -> assert_cmd::assert::Assert {
    convert().arg("--in-place").args(options).arg(path).assert()
}

fn undo(path: &Path) -> assert_cmd::assert::Assert {
    convert().arg("--undo").arg(path).assert()
}

fn assert_clean(path: &Path) {
    logdump().args(["--check", "--require", "hard", "-q"]).arg(path).assert().success();
}

#[test]
fn every_crashed_file_is_cut_to_its_checkpoint_and_brought_back_to_the_byte() {
    for file in corpus_files("crash").into_iter().chain(corpus_files("real")) {
        let scene = Scene::new();
        let before = fs::read(&file).unwrap();
        let path = scene.file("a.joedb", &before);
        let new = scene.path("new.joedb");
        convert().args(["--allow-empty", "-q"]).args([&path, &new]).assert().success();
        let clean = logdump().args(["--check", "--require", "clean", "-q"]).arg(&path).output().unwrap();
        cut(&path, &["--allow-empty"]).success();
        if clean.status.success() {
            assert_eq!(fs::read(&path).unwrap(), before);
            continue;
        }
        assert_eq!(fs::read(&path).unwrap(), fs::read(&new).unwrap(), "{}", file.display());
        undo(&path).success().stdout(contains("put back from"));
        assert_eq!(fs::read(&path).unwrap(), before, "{}", file.display());
        undo(&path).success().stdout(contains("nothing to do"));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn every_boundary_can_be_cut_at_and_brought_back() {
    let sample = Sample::new();
    // At its end the file is clean already.
    for &position in
        sample.log.boundaries().iter().filter(|&&position| position > 41 && position < sample.end())
    {
        let scene = Scene::new();
        let path = scene.file("a.joedb", &sample.hard_then_soft());
        let before = fs::read(&path).unwrap();
        cut(&path, &["--to", &position.to_string()]).success();
        assert_eq!(fs::metadata(&path).unwrap().len(), position);
        assert_clean(&path);
        undo(&path).success();
        assert_eq!(fs::read(&path).unwrap(), before, "{position}");
    }
}

#[test]
fn a_clean_file_is_not_touched_soft_checkpoints_included() {
    for bytes in [Sample::new().clean(), Sample::new().soft()] {
        let scene = Scene::new();
        let path = scene.file("a.joedb", &bytes);
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        cut(&path, &[]).success().stdout(contains("nothing to do, nothing was touched"));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), modified);
        assert_eq!(scene.names(), ["a.joedb"]);
    }
}

#[test]
fn an_undo_file_is_never_overwritten() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().hard_then_soft());
    let before = fs::read(&path).unwrap();
    scene.file("a.joedb.undo", b"mine");
    cut(&path, &["--to", "hard"]).success().stdout(contains("a.joedb.undo.2"));
    assert_eq!(fs::read(scene.path("a.joedb.undo")).unwrap(), b"mine");
    undo(&path).success();
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn the_undo_file_may_lie_elsewhere_but_not_over_another_file() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    let before = fs::read(&path).unwrap();
    let taken = scene.file("taken", b"mine");
    cut(&path, &["--undo-file", taken.to_str().unwrap()]).code(1).stderr(contains("exists already"));
    assert_eq!(fs::read(&path).unwrap(), before);
    let elsewhere = scene.path("elsewhere");
    cut(&path, &["--undo-file", elsewhere.to_str().unwrap()]).success();
    assert_eq!(scene.names(), ["a.joedb", "elsewhere", "taken"]);
    convert().args(["--undo", "--undo-file"]).args([&elsewhere, &path]).assert().success();
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn without_an_undo_file_there_is_no_way_back() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    cut(&path, &["--no-undo"]).success();
    assert_clean(&path);
    assert_eq!(scene.names(), ["a.joedb"]);
    undo(&path).code(4).stderr(contains("there is no undo file beside it"));
}

#[test]
fn a_file_that_a_writer_holds_is_refused_and_its_holder_named() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    let before = fs::read(&path).unwrap();
    for region in [Region::Tail, Region::Head] {
        let writer = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert!(try_lock(&writer, region, Mode::Exclusive).unwrap());
        let own = format!("({})", std::process::id());
        cut(&path, &[]).code(1).stderr(contains("locked by a program").and(contains(own.as_str())));
        undo(&path).code(4);
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn a_file_that_was_changed_since_the_cut_is_not_undone() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    cut(&path, &[]).success();
    let cut_file = fs::read(&path).unwrap();
    let head = {
        let mut bytes = cut_file.clone();
        bytes[8] ^= 1;
        bytes
    };
    let body = {
        let mut bytes = cut_file.clone();
        bytes[42] ^= 1;
        bytes
    };
    let longer = [&cut_file[..], b"\x0e"].concat();
    let changes = [
        (head, "its head was written to"),
        (body, "its log has CRC-32"),
        (longer, "bytes behind the cut"),
        (cut_file[..cut_file.len() - 1].to_vec(), "bytes,"),
    ];
    for (bytes, message) in changes {
        fs::write(&path, &bytes).unwrap();
        undo(&path).code(1).stderr(contains("changed since the cut").and(contains(message)));
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn a_damaged_undo_file_is_refused() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    cut(&path, &[]).success();
    let after = fs::read(&path).unwrap();
    let undo_path = scene.path("a.joedb.undo");
    let whole = fs::read(&undo_path).unwrap();
    for index in (0..127).chain(128..whole.len()) {
        let mut damaged = whole.clone();
        damaged[index] ^= 0x20;
        fs::write(&undo_path, &damaged).unwrap();
        if index % 16 == 0 || index > 127 {
            undo(&path).code(4);
            assert_eq!(fs::read(&path).unwrap(), after, "byte {index}");
        }
    }
    fs::write(&undo_path, &whole[..whole.len() - 1]).unwrap();
    undo(&path).code(4).stderr(contains("the undo file is damaged"));
}

#[test]
fn a_dry_run_shows_the_plan_and_touches_nothing() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    let before = fs::read(&path).unwrap();
    cut(&path, &["--dry-run"]).success().stdout(contains("would keep").and(contains("a.joedb.undo")));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn the_json_forms_have_plan_receipt_and_undo_file() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    let output = cut(&path, &["--format", "json"]).success();
    let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!((&json["job"], &json["receipt"]["changed"]), (&"recover".into(), &true.into()));
    assert_eq!(json["undo_file"], scene.path("a.joedb.undo").to_str().unwrap());
    let output = convert().args(["--undo", "--format", "json"]).arg(&path).assert().success();
    let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(json["job"], "undo");
    assert_eq!(json["receipt"]["put_back"], json["receipt"]["size"].as_u64().unwrap() - Sample::new().first);
}

#[test]
fn in_place_and_an_output_are_wrong_usage_together() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    convert().arg("--in-place").args([&path, &scene.path("out")]).assert().code(2);
    convert().args(["--in-place", "--undo"]).arg(&path).assert().code(2);
    convert().arg("--no-undo").args([&path, &scene.path("out")]).assert().code(2);
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn a_refused_cut_leaves_the_file_alone() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().log.hard_at(41));
    let before = fs::read(&path).unwrap();
    cut(&path, &[]).code(4).stderr(contains("would leave an empty database"));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(scene.names(), ["a.joedb"]);
}
