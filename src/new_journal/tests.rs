use super::*;
use crate::entry::Entry;
use crate::recovery::Unattended;
use crate::storage::memory::{MemoryDirectory, MemoryFile};
use crate::storage::{Mode, Region};
use std::io;

const NAME: &str = "new";

/// Shows entries of 3 megabytes.
fn each_of_large(push: &mut dyn FnMut(&Located<'_>)) {
    let text = vec![b'x'; 100_000];
    (0..30).for_each(|_| push(&Located { position: 0, length: 0, entry: Entry::Comment { text: &text } }));
}

/// The file that they make.
fn large() -> Vec<u8> {
    let mut encoder = crate::Encoder::new(Version::V5);
    each_of_large(&mut |located| encoder.push(&located.entry));
    encoder.file()
}

#[test]
fn a_body_that_is_written_in_pieces_is_whole() {
    let (expected, each) = (large(), each_of_large);
    let (directory, mut supervisor) = (MemoryDirectory::default(), Unattended);
    let (name, pointers) = (Path::new(NAME), BlobPointers::Follow);
    let mut journal =
        NewJournal::create(&directory, name, Existing::Refuse, pointers, &mut supervisor).unwrap();
    let mut draft = Draft::new(pointers);
    each(&mut |located| {
        journal.entry(located, &Schema::new()).unwrap();
        draft.entry(located, &Schema::new()).unwrap();
        assert!(journal.body.bytes().len() < SPILL && draft.0.bytes().len() < SPILL);
    });
    let receipt = journal.finish(None).unwrap();
    assert_eq!(draft.written(), receipt.written);
    assert_eq!(receipt.written.bytes, expected.len() as u64 - HEAD_SIZE);
    assert!(directory.file(name).unwrap().bytes() == expected);
}

/// Ends the work after so many questions.
struct Impatient(std::cell::Cell<u32>);

impl Supervisor for Impatient {
    fn is_cancelled(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

#[test]
fn the_supervisor_ends_the_work_at_any_point_and_nothing_is_left() {
    let each = each_of_large;
    // Two pieces, the last one, and the three pieces that are read back.
    for patience in 0..6 {
        let (directory, mut supervisor) = (MemoryDirectory::default(), Impatient(patience.into()));
        let (name, pointers) = (Path::new(NAME), BlobPointers::Follow);
        let mut journal =
            NewJournal::create(&directory, name, Existing::Refuse, pointers, &mut supervisor).unwrap();
        let mut result = Ok(());
        each(&mut |located| {
            if result.is_ok() {
                result = journal.entry(located, &Schema::new());
            }
        });
        let result = match result {
            Ok(()) => journal.finish(None).map(drop),
            Err(error) => {
                drop(journal);
                Err(error)
            }
        };
        let cancelled = matches!(result, Err(NewJournalError::Output(ApplyError::Cancelled)));
        assert!(cancelled, "patience {patience}: {result:?}");
        assert!(directory.names().is_empty());
    }
}

#[test]
fn a_name_that_is_taken_stays_as_it_is() {
    let (directory, mut supervisor) = (MemoryDirectory::default(), Unattended);
    directory.create_new(Path::new(NAME)).unwrap();
    let (name, pointers) = (Path::new(NAME), BlobPointers::Follow);
    let journal = NewJournal::create(&directory, name, Existing::Refuse, pointers, &mut supervisor).unwrap();
    let refused = journal.finish(None);
    assert!(matches!(refused, Err(NewJournalError::Output(ApplyError::Exists(_)))), "{refused:?}");
    assert_eq!(directory.names(), [name]);
    assert_eq!(directory.file(name).unwrap().bytes(), b"");
}

/// A disk that keeps other bytes than it was given.
struct Liar(MemoryDirectory);
struct Lie(MemoryFile);

impl Directory for Liar {
    type File = Lie;

    fn create_new(&self, name: &Path) -> io::Result<Lie> {
        self.0.create_new(name).map(Lie)
    }

    fn open(&self, name: &Path) -> io::Result<Lie> {
        self.0.open(name).map(Lie)
    }

    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
        self.0.rename(from, to, existing)
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync(&self, name: &Path) -> io::Result<()> {
        self.0.sync(name)
    }
}

impl crate::storage::ReadAt for Lie {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.0.read_at(buffer, position)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
}

impl crate::storage::Storage for Lie {
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        let changed: Vec<u8> = bytes.iter().map(|&byte| if byte == b'x' { b'y' } else { byte }).collect();
        self.0.write_at(&changed, position)
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.0.set_size(size)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self, _: Region, _: Mode) -> io::Result<bool> {
        Ok(true)
    }

    fn unlock(&self, _: Region) -> io::Result<()> {
        Ok(())
    }

    fn try_clone(&self) -> io::Result<Lie> {
        self.0.try_clone().map(Lie)
    }
}

#[test]
fn a_disk_that_keeps_other_bytes_is_found_out() {
    let (directory, mut supervisor) = (Liar(MemoryDirectory::default()), Unattended);
    let (name, pointers) = (Path::new(NAME), BlobPointers::Follow);
    let mut journal =
        NewJournal::create(&directory, name, Existing::Refuse, pointers, &mut supervisor).unwrap();
    let located = Located { position: 0, length: 0, entry: Entry::Comment { text: b"x" } };
    journal.entry(&located, &Schema::new()).unwrap();
    let found = journal.finish(None);
    assert!(matches!(found, Err(NewJournalError::Output(ApplyError::ReadBack { .. }))), "{found:?}");
    assert!(directory.0.names().is_empty());
}
