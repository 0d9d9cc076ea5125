//! The index in its file beside the log.

use crate::{indexed, journal};
use joedb::index::{Index, NotSaved, Unused, read_beside, save_beside};
use joedb::storage::memory::{MemoryDirectory, MemoryFile};
use joedb::storage::{Directory as _, Storage as _, discard_index, index_name};
use joedb::{Encoder, Entry, Version};
use std::path::Path;

const LOG: &str = "app.joedb";

fn log() -> Vec<u8> {
    let mut log = Encoder::new(Version::V5);
    log.push(&Entry::CreateTable { name: b"price" });
    log.push(&Entry::Comment { text: b"long enough for two blocks" });
    log.file()
}

fn put(directory: &MemoryDirectory, name: &Path, bytes: &[u8]) {
    directory.create_new(name).unwrap().write_at(bytes, 0).unwrap();
}

fn read(directory: &MemoryDirectory) -> Result<Index, Unused> {
    read_beside(directory, Path::new(LOG), &journal(&log()))
}

#[test]
fn an_index_is_saved_read_back_and_replaced_and_leaves_nothing_else() {
    let (directory, file) = (MemoryDirectory::default(), MemoryFile::new(log()));
    assert!(matches!(read(&directory), Err(Unused::Missing)));
    for index in [Index::empty(Version::V5), indexed(&log())] {
        save_beside(&index, &directory, Path::new(LOG), &file).unwrap();
        assert_eq!(read(&directory).unwrap(), index);
    }
    assert_eq!(directory.names(), [index_name(Path::new(LOG))]);
    discard_index(&directory, Path::new(LOG));
    assert!(directory.names().is_empty());
}

#[test]
fn a_file_of_that_name_that_is_no_index_is_neither_replaced_nor_removed() {
    let (directory, file) = (MemoryDirectory::default(), MemoryFile::new(log()));
    put(&directory, &index_name(Path::new(LOG)), b"a cookery book");
    let refused = save_beside(&Index::empty(Version::V5), &directory, Path::new(LOG), &file);
    assert!(matches!(refused, Err(NotSaved::Occupied(_))));
    discard_index(&directory, Path::new(LOG));
    let left = directory.file(&index_name(Path::new(LOG))).unwrap();
    assert_eq!(left.bytes(), b"a cookery book");
    assert!(matches!(read(&directory), Err(Unused::Format(_))));
}

#[test]
fn what_is_too_long_to_be_an_index_of_the_log_is_not_read() {
    let directory = MemoryDirectory::default();
    put(&directory, &index_name(Path::new(LOG)), &vec![0; 100_000]);
    assert!(matches!(read(&directory), Err(Unused::TooLong { found: 100_000, most: 65536 })));
}
