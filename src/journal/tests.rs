use super::*;
use crate::entry::{Entry, Located};
use crate::storage::memory::MemoryFile;

/// A log of comments of the given lengths, in version 5, all of it hard-checkpointed.
fn log(lengths: &[usize]) -> Vec<u8> {
    let mut body = Vec::new();
    for &length in lengths {
        body.push(0x0a);
        let (word, bytes) = crate::codec::compact_word(length as u64);
        body.extend(&word.to_le_bytes()[..bytes]);
        body.extend(std::iter::repeat_n(b'c', length));
    }
    let mut bytes = Head::hard(Version::V5, HEAD_SIZE + body.len() as u64).to_bytes().to_vec();
    bytes.extend(body);
    bytes
}

#[derive(Default)]
struct Seen {
    entries: Vec<(u64, u64)>,
    bytes: Vec<u8>,
}

impl Visitor for Seen {
    type Error = SourceError;

    fn entry(&mut self, located: &Located<'_>) -> Result<Flow, SourceError> {
        self.entries.push((located.position, located.length));
        Ok(Flow::Continue)
    }

    fn bytes(&mut self, bytes: &[u8], end: u64) -> Result<Flow, SourceError> {
        self.bytes.extend(bytes);
        assert_eq!(end, HEAD_SIZE + self.bytes.len() as u64);
        Ok(Flow::Continue)
    }
}

fn walk(mut journal: Journal) -> (Seen, Walk) {
    let mut seen = Seen::default();
    let end = journal.size();
    let walk = journal.entries(end).walk(&mut seen).unwrap();
    (seen, walk)
}

#[test]
fn window_map_and_memory_show_the_same_entries_and_the_same_bytes() {
    let bytes = log(&[0, 5, 40_000, 3_000_000, 1, 2_000_000, 900_000, 0]);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    std::fs::write(&path, &bytes).unwrap();
    let (memory, memory_end) = walk(Journal::from_bytes(bytes.clone()).unwrap());
    assert_eq!(memory_end, Walk::End);
    assert_eq!(memory.bytes, bytes[41..]);
    let mut held_in_a_file = Journal::of_storage(Box::new(MemoryFile::new(bytes.clone()))).unwrap();
    let window = Window::holding(Box::new(MemoryFile::new(bytes.clone())), 1_000_000);
    held_in_a_file.source = Source::Window(Box::new(window));
    let held_in_a_file = walk(held_in_a_file);
    let windowed = walk(Journal::of_storage(Box::new(MemoryFile::new(bytes))).unwrap());
    let map = walk(Journal::open(&path, Access::Map).unwrap());
    let window = walk(Journal::open(&path, Access::Window).unwrap());
    for (seen, end) in [windowed, held_in_a_file, map, window] {
        assert_eq!((end, &seen.entries, &seen.bytes), (Walk::End, &memory.entries, &memory.bytes));
    }
}

#[test]
fn an_entry_cut_by_the_end_is_the_same_error_however_it_is_read() {
    let mut bytes = log(&[7, 3_000_000]);
    bytes.truncate(bytes.len() - 1);
    let from_memory = walk(Journal::from_bytes(bytes.clone()).unwrap()).1;
    let through_window = walk(Journal::of_storage(Box::new(MemoryFile::new(bytes))).unwrap()).1;
    assert!(matches!(from_memory, Walk::Undecodable(_)));
    assert_eq!(from_memory, through_window);
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_an_error() {
    let file = MemoryFile::new(log(&[2_000_000]));
    let mut journal = Journal::of_storage(Box::new(file.clone())).unwrap();
    let end = journal.size();
    let mut entries = journal.entries(end);
    crate::storage::Storage::set_size(&mut file.clone(), 1000).unwrap();
    let error = entries.next().unwrap_err();
    assert!(matches!(error, ReadError::Source(SourceError::Shrunk { position: 1000, .. })), "{error}");
}

#[test]
fn a_long_entry_that_shrinks_while_it_is_copied_is_an_error() {
    let file = MemoryFile::new(vec![1; 3_000_000]);
    let mut window = Window::holding(Box::new(file.clone()), 1_000_000);
    assert_eq!(window.piece(41, 2_900_000, 2_999_000).unwrap(), &[1; 2_900_000]);
    crate::storage::Storage::set_size(&mut file.clone(), 1_500_000).unwrap();
    let error = window.piece(42, 2_900_000, 2_999_000).unwrap_err();
    assert!(matches!(error, SourceError::Shrunk { position: 1_500_000, expected: 2_900_042 }), "{error}");
}

#[test]
fn zeros_in_a_long_entry_stay_zeros() {
    let mut bytes = vec![0; 5_000_000];
    for position in [0, 1_048_575, 1_048_576, 4_999_999] {
        bytes[position] = 7;
    }
    let mut window = Window::holding(Box::new(MemoryFile::new(bytes.clone())), 10);
    assert!(window.piece(0, 5_000_000, 5_000_000).unwrap() == bytes);
    assert!(window.piece(2_000_000, 2_000_000, 5_000_000).unwrap() == &bytes[2_000_000..]);
    assert!(window.piece(1, 1, 11).unwrap() == &bytes[1..11]);
}

/// A file that counts how often it is read.
struct Counted(MemoryFile, std::rc::Rc<std::cell::Cell<u32>>);

impl ReadAt for Counted {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.1.set(self.1.get() + 1);
        self.0.read_at(buffer, position)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
}

#[test]
fn entries_taken_one_by_one_are_read_together() {
    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    let file = Counted(MemoryFile::new(log(&[10; 200_000])), std::rc::Rc::clone(&count));
    let mut journal = Journal::of_storage(Box::new(file)).unwrap();
    let (before, end) = (count.get(), journal.size());
    let mut entries = journal.entries(end);
    while entries.next().unwrap().is_some() {}
    assert!(count.get() - before < 8, "{} reads", count.get() - before);
}

#[test]
fn next_and_walk_agree() {
    let bytes = log(&[0, 1, 31, 32, 1_500_000, 8191, 8192]);
    let (seen, _) = walk(Journal::from_bytes(bytes.clone()).unwrap());
    let mut journal = Journal::of_storage(Box::new(MemoryFile::new(bytes))).unwrap();
    let end = journal.size();
    let mut entries = journal.entries(end);
    let mut found = Vec::new();
    while let Some(located) = entries.next().unwrap() {
        assert!(matches!(located.entry, Entry::Comment { .. }));
        found.push((located.position, located.length));
    }
    assert_eq!(found, seen.entries);
}

#[test]
fn a_length_bomb_in_a_window_allocates_nothing() {
    let mut bytes = Head::hard(Version::V5, 41).to_bytes().to_vec();
    bytes.extend([0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]);
    let (_, end) = walk(Journal::of_storage(Box::new(MemoryFile::new(bytes))).unwrap());
    assert!(matches!(end, Walk::Undecodable(_)));
}
