//! The bytes of entries: those that the corpus says a writer must produce.

use crate::Scene;
use joedb::writer::{Options, Writer};
use joedb::{Access, HEAD_SIZE, Journal};
use std::fs;
use std::path::{Path, PathBuf};

fn canonical_files() -> Vec<PathBuf> {
    let valid = crate::corpus().join("valid");
    let list = fs::read_to_string(valid.join("CANONICAL")).unwrap();
    let files: Vec<PathBuf> = list.lines().map(|line| valid.join(line.trim())).collect();
    assert!(files.len() >= 3, "{list}");
    files
}

fn copy(path: &Path, after_each: &mut dyn FnMut(Writer) -> Writer, mut writer: Writer) -> Writer {
    let mut journal = Journal::open(path, Access::Window).unwrap();
    let end = journal.size();
    let mut entries = journal.entries(end);
    while let Some(located) = entries.next().unwrap() {
        assert_eq!(writer.write(&located.entry).unwrap(), located.position);
        writer = after_each(writer);
    }
    writer
}

#[test]
fn the_entries_of_canonical_files_come_out_byte_for_byte() {
    for path in canonical_files() {
        let scene = Scene::new();
        let mut writer = copy(&path, &mut |writer| writer, scene.create());
        let end = writer.hard_checkpoint().unwrap();
        assert_eq!(writer.close().unwrap(), 0);
        let expected = fs::read(&path).unwrap();
        assert_eq!(scene.bytes()[41..], expected[41..], "{}", path.display());
        assert_eq!(end, expected.len() as u64);
    }
}

#[test]
fn what_follows_a_reopening_is_written_as_if_there_had_been_none() {
    let path = &canonical_files()[0];
    let scene = Scene::new();
    let mut count = 0;
    let mut reopen = |mut writer: Writer| {
        count += 1;
        match count % 7 {
            0 => drop(writer.hard_checkpoint().unwrap()),
            3 => drop(writer.soft_checkpoint().unwrap()),
            _ => return writer,
        }
        drop(writer);
        scene.open()
    };
    let mut writer = copy(path, &mut reopen, scene.create());
    writer.soft_checkpoint().unwrap();
    drop(writer);
    assert_eq!(scene.bytes()[41..], fs::read(path).unwrap()[41..]);
    assert!(count > 100);
}

#[test]
fn a_blob_can_be_pointed_to_wherever_the_buffer_was_written() {
    let scene = Scene::new();
    let mut writer = scene.create();
    for size in [0_usize, 10, 300_000, 31, 8192] {
        let data: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        let found = writer.write_blob(&data).unwrap();
        writer.soft_checkpoint().unwrap();
        let start = usize::try_from(found.position).unwrap();
        assert_eq!(found.size, Some(size as u64));
        assert_eq!(scene.bytes()[start..start + size], data);
    }
}

#[test]
fn an_entry_that_makes_no_sense_is_refused_and_the_writer_goes_on() {
    let scene = Scene::new();
    let mut writer = scene.create();
    let unknown = joedb::Entry::DropTable { table: joedb::TableId(1) };
    let error = writer.write(&unknown).unwrap_err().to_string();
    assert_eq!(error, "table 1 found, none yet expected");
    let error = writer.write(&joedb::Entry::EndOfFile).unwrap_err().to_string();
    assert!(error.starts_with("an end-of-file mark found"), "{error}");
    assert_eq!(writer.position(), HEAD_SIZE);
    crate::comment(&mut writer, "on");
    writer.soft_checkpoint().unwrap();
    assert_eq!(scene.comments(), ["on"]);
}

#[test]
fn a_new_file_does_not_take_the_place_of_another() {
    let scene = Scene::new();
    fs::write(scene.path(), b"precious").unwrap();
    let error = Writer::create(&scene.path(), &Options::default()).unwrap_err().to_string();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(scene.bytes(), b"precious");
    assert_eq!(fs::read_dir(scene.directory.path()).unwrap().count(), 1, "a temporary file was left behind");
}
