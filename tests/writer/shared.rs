//! Several writers of one file.

use crate::{Scene, comment};
use joedb::Entry;
use joedb::writer::{Locks, OpenError, Options, SharedWriter, Writer};
use std::fs;
use std::thread;

fn shared(scene: &Scene) -> SharedWriter {
    SharedWriter::open(&scene.path(), &Options { locks: Locks::Wait, ..Options::default() }).unwrap()
}

fn write(writer: &mut SharedWriter, text: &str) {
    let mut transaction = writer.transaction().unwrap();
    comment(&mut transaction, text);
    transaction.soft_checkpoint().unwrap();
    assert_eq!(transaction.end().unwrap(), 0);
}

#[test]
fn writers_take_turns_and_read_what_the_others_wrote() {
    let scene = Scene::new();
    drop(scene.create());
    let (mut one, mut other) = (shared(&scene), shared(&scene));
    let mut transaction = one.transaction().unwrap();
    transaction.write(&Entry::CreateTable { name: b"t" }).unwrap();
    transaction.hard_checkpoint().unwrap();
    drop(transaction);
    let mut transaction = other.transaction().unwrap();
    assert!(transaction.schema().table_named(b"t").is_some());
    comment(&mut transaction, "b");
    transaction.hard_checkpoint_async().unwrap();
    drop(transaction);
    write(&mut one, "c");
    assert_eq!(scene.comments()[1..], ["b", "c"]);
    assert_eq!(other.transaction().unwrap().position(), 50);
}

#[test]
fn a_turn_that_ends_without_a_checkpoint_takes_its_entries_back() {
    let scene = Scene::new();
    drop(scene.create());
    let (mut one, mut other) = (shared(&scene), shared(&scene));
    write(&mut one, "a");
    let mut transaction = one.transaction().unwrap();
    comment(&mut transaction, "aborted");
    transaction.flush().unwrap();
    assert_eq!(transaction.end().unwrap(), 9);
    assert_eq!(scene.bytes().len(), 44);
    write(&mut other, "b");
    write(&mut one, "c");
    assert_eq!(scene.comments(), ["a", "b", "c"]);
}

#[test]
fn what_a_crashed_program_left_is_refused_when_the_turn_begins() {
    let scene = Scene::new();
    drop(scene.create());
    let mut writer = shared(&scene);
    let mut bytes = scene.bytes();
    bytes.push(0x0a);
    fs::write(scene.path(), bytes).unwrap();
    assert!(matches!(writer.transaction(), Err(OpenError::DirtyTail { size: 42, checkpoint: 41 })));
    // The lock was given back.
    assert!(matches!(Writer::open(&scene.path(), &Options::default()), Err(OpenError::DirtyTail { .. })));
}

#[test]
fn a_file_that_went_back_is_not_written_on() {
    let scene = Scene::new();
    drop(scene.create());
    let mut writer = shared(&scene);
    let empty = scene.bytes();
    write(&mut writer, "a");
    fs::write(scene.path(), empty).unwrap();
    assert!(matches!(writer.transaction(), Err(OpenError::WentBack { known: 44, found: 41 })));
}

#[test]
fn threads_that_take_turns_lose_nothing() {
    let scene = Scene::new();
    drop(scene.create());
    thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let mut writer = shared(&scene);
            scope.spawn(move || (0..40).for_each(|_| write(&mut writer, name)));
        }
    });
    let found = scene.comments();
    for name in ["a", "b", "c"] {
        assert_eq!(found.iter().filter(|text| *text == name).count(), 40);
    }
}
