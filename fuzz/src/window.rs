//! A log read from memory, through a window, and through a window on a storage that gives a few bytes at a time.

use super::input::{Choices, LARGEST, file};
use joedb::journal::{Flow, Journal, ReadError, SourceError, Visitor, Walk};
use joedb::storage::ReadAt;
use joedb::storage::memory::MemoryFile;
use joedb::{Context, Head, Located};
use std::io;

/// A window shows so much at a time.
const PIECE: usize = 1024 * 1024;

/// The bytes are a file. Where the last byte says so, its log is moved to the end of the first piece of a window.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    let bytes = file(data);
    let before_edge = usize::from(Choices::at_end_of(data, 1).byte());
    assert_reads_the_same(&bytes);
    if before_edge < 4 {
        assert_reads_the_same(&moved(&bytes, PIECE - before_edge));
    }
}

/// The same entries behind a comment, so that they begin `lead` bytes behind the head.
fn moved(bytes: &[u8], lead: usize) -> Vec<u8> {
    let length = u32::try_from(lead - 5).expect("a piece").to_be_bytes();
    let comment = [&[0x0a, 0x80, length[1], length[2], length[3]][..], &vec![b'c'; lead - 5]].concat();
    let version = Head::parse(bytes).expect("a head").version();
    let end = (bytes.len() + comment.len()) as u64;
    let mut moved = [&Head::hard(version, end).to_bytes()[..], &comment, &bytes[41..]].concat();
    // Five bytes of which the first says that four follow.
    moved[42] = 0x80;
    moved
}

/// Gives at most three bytes at a time.
struct Drops(MemoryFile);

impl ReadAt for Drops {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let length = buffer.len().min(3);
        self.0.read_at(&mut buffer[..length], position)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
}

/// What a walk shows.
#[derive(Default, PartialEq)]
struct Seen {
    entries: Vec<(String, u64)>,
    bytes: Vec<u8>,
}

impl Visitor for Seen {
    type Error = SourceError;

    fn entry(&mut self, located: &Located<'_>) -> Result<Flow, SourceError> {
        self.entries.push(shown(located));
        Ok(Flow::Continue)
    }

    fn bytes(&mut self, bytes: &[u8], end: u64) -> Result<Flow, SourceError> {
        self.bytes.extend(bytes);
        assert_eq!(end, 41 + self.bytes.len() as u64, "bytes were left out or shown twice");
        Ok(Flow::Continue)
    }
}

/// The entry and where it stands; of a long one, where it stands.
fn shown(located: &Located<'_>) -> (String, u64) {
    let text = if located.length < 4096 { format!("{:?}", located.entry) } else { String::new() };
    (text, located.position)
}

fn walked(mut journal: Journal) -> (Seen, Walk, u64, Context) {
    let mut seen = Seen::default();
    let end = journal.size();
    let mut entries = journal.entries(end);
    let walk = entries.walk(&mut seen).expect("memory does not fail");
    let (position, context) = (entries.position(), entries.context());
    (seen, walk, position, context)
}

/// Entry by entry; how it ended as a walk says it.
fn stepped(mut journal: Journal) -> (Vec<(String, u64)>, Walk) {
    let mut found = Vec::new();
    let end = journal.size();
    let mut entries = journal.entries(end);
    loop {
        match entries.next() {
            Ok(Some(located)) => found.push(shown(&located)),
            Ok(None) => return (found, Walk::End),
            Err(ReadError::Decode(error)) => return (found, Walk::Undecodable(error)),
            Err(ReadError::Source(error)) => panic!("memory does not fail: {error}"),
        }
    }
}

fn assert_reads_the_same(bytes: &[u8]) {
    let in_memory = || Journal::from_bytes(bytes.to_vec()).expect("a head");
    let storage = MemoryFile::new(bytes.to_vec());
    let windowed = || Journal::of_storage(Box::new(storage.clone())).expect("a head");
    let expected = walked(in_memory());
    let shown = &bytes[41..][..expected.0.bytes.len()];
    assert!(expected.0.bytes == shown, "the bytes shown are not those of the file");
    assert!(walked(windowed()) == expected, "a window shows something else");
    if bytes.len() < PIECE {
        let in_drops = Journal::of_storage(Box::new(Drops(storage.clone()))).expect("a head");
        assert!(walked(in_drops) == expected, "short reads show something else");
    }
    for journal in [in_memory(), windowed()] {
        let (entries, end) = stepped(journal);
        assert_eq!(
            (entries, end),
            (expected.0.entries.clone(), expected.1),
            "entry by entry it is another log"
        );
    }
}
