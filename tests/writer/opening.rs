//! What is opened, what is refused, and what recovering does.

use crate::{Scene, comment};
use joedb::storage::{File, FileDirectory};
use joedb::writer::{OpenError, Options, Recovery, SharedWriter, Undo, Writer};
use joedb::{Head, Version};
use std::fs;

fn recovering(recovery: Recovery) -> Options {
    Options { recovery, ..Options::default() }
}

/// Hard up to `a`, soft up to `b`, and an aborted transaction `c`.
fn crashed() -> Scene {
    let scene = Scene::new();
    let mut writer = scene.create();
    comment(&mut writer, "a");
    writer.hard_checkpoint().unwrap();
    comment(&mut writer, "b");
    writer.soft_checkpoint().unwrap();
    comment(&mut writer, "c");
    drop(writer);
    scene
}

fn reopened(scene: &Scene, options: &Options) -> Vec<String> {
    let mut writer = Writer::open(&scene.path(), options).unwrap();
    comment(&mut writer, "new");
    writer.soft_checkpoint().unwrap();
    assert_eq!(writer.close().unwrap(), 0);
    assert_eq!(scene.bytes().len(), 41 + scene.comments().iter().map(|text| text.len() + 2).sum::<usize>());
    scene.comments()
}

#[test]
fn a_dirty_tail_is_refused_with_the_sizes_and_the_commands_and_the_file_stays_as_it_is() {
    let scene = crashed();
    let before = scene.bytes();
    let error = Writer::open(&scene.path(), &Options::default()).unwrap_err().to_string();
    for part in ["50 (0x32) bytes found", "47 (0x2f) expected", "3 bytes", "joedb_convert --in-place"] {
        assert!(error.contains(part), "{part:?} not in {error}");
    }
    assert_eq!(scene.bytes(), before);
}

#[test]
fn a_refused_file_is_locked_by_nobody_even_if_other_handles_of_it_live_on() {
    let scene = crashed();
    let file = File::open_writable(&scene.path()).unwrap();
    let _other = file.try_clone().unwrap();
    let open = |file| Writer::open_in(&FileDirectory, &scene.path(), file, &Options::default());
    assert!(matches!(open(file), Err(OpenError::DirtyTail { .. })));
    assert!(matches!(open(File::open_writable(&scene.path()).unwrap()), Err(OpenError::DirtyTail { .. })));
}

#[test]
fn overwriting_goes_on_from_the_most_recent_checkpoint_and_keeps_the_removed_bytes() {
    let scene = crashed();
    let before = scene.bytes();
    assert_eq!(reopened(&scene, &recovering(Recovery::Overwrite)), ["a", "b", "new"]);
    let undo = fs::read(scene.directory.path().join("log.joedb.undo")).unwrap();
    assert!(undo.ends_with(&before[47..]));
}

#[test]
fn recovering_to_the_hard_checkpoint_drops_soft_commits_too() {
    let scene = crashed();
    assert_eq!(reopened(&scene, &recovering(Recovery::Hard)), ["a", "new"]);
    assert!(scene.directory.path().join("log.joedb.undo").exists());
}

#[test]
fn an_undo_file_is_never_overwritten_and_can_be_elsewhere_or_not_at_all() {
    let scene = crashed();
    fs::write(scene.directory.path().join("log.joedb.undo"), b"mine").unwrap();
    drop(Writer::open(&scene.path(), &recovering(Recovery::Overwrite)).unwrap());
    assert!(scene.directory.path().join("log.joedb.undo.2").exists());

    let scene = crashed();
    let elsewhere = scene.directory.path().join("elsewhere");
    let undo = Undo::At(elsewhere.clone());
    drop(Writer::open(&scene.path(), &Options { undo, ..recovering(Recovery::Overwrite) }).unwrap());
    assert!(elsewhere.exists());

    let scene = crashed();
    let undo = Undo::None;
    drop(Writer::open(&scene.path(), &Options { undo, ..recovering(Recovery::Overwrite) }).unwrap());
    assert_eq!(fs::read_dir(scene.directory.path()).unwrap().count(), 1);
}

#[test]
fn recovering_leaves_a_clean_file_alone() {
    let scene = Scene::new();
    let mut writer = scene.create();
    comment(&mut writer, "a");
    writer.soft_checkpoint().unwrap();
    drop(writer);
    let before = scene.bytes();
    drop(Writer::open(&scene.path(), &recovering(Recovery::Overwrite)).unwrap());
    assert_eq!(scene.bytes(), before);
}

#[test]
fn opening_without_writing_changes_nothing() {
    let scene = Scene::new();
    drop(scene.create());
    let body = b"\x0a\x01a\x0a\x01b";
    // A soft checkpoint past the end, and a hard one that was never completed.
    let head = Head::with_slots(Version::V5, [47, 47, -60, 80]);
    let bytes = [&head.to_bytes()[..], body].concat();
    fs::write(scene.path(), &bytes).unwrap();
    drop(scene.open());
    assert_eq!(scene.bytes(), bytes);
}

#[test]
fn checkpoints_that_a_longer_log_would_make_true_are_cleared_before_it_grows() {
    let scene = Scene::new();
    let head = Head::with_slots(Version::V5, [47, 47, -50, 53]);
    fs::write(scene.path(), [&head.to_bytes()[..], b"\x0a\x01a\x0a\x01b"].concat()).unwrap();
    let mut writer = scene.open();
    comment(&mut writer, "c");
    comment(&mut writer, "d");
    writer.flush().unwrap();
    assert_eq!(scene.bytes().len(), 53);
    assert_eq!(scene.comments(), ["a", "b"], "an old value became a checkpoint");
    assert_eq!(scene.slots(), [47, 47, 41, 41]);
}

#[test]
fn an_empty_file_is_given_a_head_and_less_than_a_head_is_refused() {
    let scene = Scene::new();
    fs::write(scene.path(), b"").unwrap();
    assert_eq!(reopened(&scene, &Options::default()), ["new"]);
    fs::write(scene.path(), [0; 40]).unwrap();
    let error = Writer::open(&scene.path(), &Options::default()).unwrap_err().to_string();
    assert!(error.contains("40 bytes found, 41 expected"), "{error}");
}

#[test]
fn version_4_and_cut_files_and_damaged_logs_are_refused() {
    let scene = Scene::new();
    let write = |head: Head, body: &[u8]| {
        fs::write(scene.path(), [&head.to_bytes()[..], body].concat()).unwrap();
        Writer::open(&scene.path(), &Options::default()).unwrap_err()
    };
    assert!(matches!(write(Head::hard(Version::V4, 41), b""), OpenError::Version4));
    assert!(matches!(write(Head::hard(Version::V5, 50), b""), OpenError::CutShort(_)));
    let error = write(Head::hard(Version::V5, 44), b"\x0a\x01a\xff").to_string();
    assert!(error.contains("a dirty tail: 45 (0x2d) bytes found"), "{error}");
    let error = write(Head::hard(Version::V5, 45), b"\x0a\x01a\xff").to_string();
    assert!(error.contains("position 44 (0x2c)") && error.contains("joedb_logdump --check"), "{error}");
    let error = write(Head::hard(Version::V5, 43), b"\x02\x01").to_string();
    assert!(error.contains("table 1 found"), "{error}");
}

#[test]
fn a_file_that_is_written_is_refused_at_once_and_free_again_when_the_writer_is_dropped() {
    let scene = Scene::new();
    let mut writer = scene.create();
    comment(&mut writer, "a");
    let pending = writer.hard_checkpoint_async().unwrap();
    let open = || Writer::open(&scene.path(), &Options::default());
    assert!(matches!(open(), Err(OpenError::Locked)));
    assert!(matches!(SharedWriter::open(&scene.path(), &Options::default()), Err(OpenError::Locked)));
    drop(writer);
    // A handle outlives the writer and keeps the file open, not locked.
    open().unwrap();
    assert!(pending.is_done().unwrap());
}
