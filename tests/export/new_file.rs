//! A new file is whole or not there.

use joedb::export::NewFile;
use joedb::recovery::{ApplyError, Supervisor, Unattended};
use joedb::storage::Existing;
use joedb::storage::memory::MemoryDirectory;
use std::io::Write as _;
use std::path::Path;

#[test]
fn a_file_that_is_dropped_leaves_nothing() {
    let directory = MemoryDirectory::default();
    let mut file = NewFile::create(&directory, Path::new("a"), Existing::Refuse).unwrap();
    file.write_all(b"text").unwrap();
    assert_eq!(directory.names().len(), 1);
    drop(file);
    assert!(directory.names().is_empty());
}

#[test]
fn a_name_that_was_taken_meanwhile_is_not_taken_away() {
    let directory = MemoryDirectory::default();
    let first = NewFile::create(&directory, Path::new("a"), Existing::Refuse).unwrap();
    let mut second = NewFile::create(&directory, Path::new("a"), Existing::Refuse).unwrap();
    second.write_all(b"text").unwrap();
    let written = second.finish(None, &mut Unattended).unwrap();
    assert_eq!((written.bytes, written.crc), (4, 0x3b8b_a7c7));
    assert!(matches!(first.finish(None, &mut Unattended), Err(ApplyError::Exists(_))));
    assert_eq!(directory.file(Path::new("a")).unwrap().bytes(), b"text");
}

#[test]
fn a_supervisor_that_gives_up_leaves_nothing() {
    struct Impatient;
    impl Supervisor for Impatient {
        fn is_cancelled(&self) -> bool {
            true
        }
    }
    let directory = MemoryDirectory::default();
    let mut file = NewFile::create(&directory, Path::new("a"), Existing::Refuse).unwrap();
    file.write_all(b"text").unwrap();
    assert!(matches!(file.finish(None, &mut Impatient), Err(ApplyError::Cancelled)));
    assert!(directory.names().is_empty());
}
