//! JSON Lines: any text is read or refused with its place, and what was read comes back the same.

use super::input::{LARGEST, file};
use super::support::journal;
use super::terminal::assert_harmless;
use joedb::commands::PlayError;
use joedb::json_lines::play;
use joedb::new_journal::NewJournal;
use joedb::recovery::Unattended;
use joedb::replay::{Range, Tolerance, replay};
use joedb::sink::{JsonLines, Style, TextSink};
use joedb::storage::Existing;
use joedb::storage::memory::MemoryDirectory;
use joedb::{BlobPointers, Head, Journal, Version};
use std::path::Path;

/// The bytes are JSON Lines, or a file that is shown so.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    if Head::parse(data).is_ok() {
        let bytes = file(data);
        let text = text_of(&bytes, bytes.len() as u64);
        // A blob value of version 4 that points to no blob has no size, and so none in version 5.
        if journal(&bytes).version() == Version::V5 {
            loaded(&text, BlobPointers::Keep).expect("what is shown loads, if blobs may point anywhere");
        }
        assert_comes_back(&text);
    } else {
        assert_comes_back(data);
    }
}

/// The entries, as long as the log makes sense, with the data of blobs.
fn text_of(bytes: &[u8], end: u64) -> Vec<u8> {
    let mut journal = journal(bytes);
    let style = Style { blob_data: true, ..Style::new(journal.version()) };
    let mut text = Vec::new();
    let mut sink = TextSink::new(JsonLines::new(style), style, &mut text);
    replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut sink, &mut |_| {}).expect("it fits");
    text
}

/// The file that a text makes, or what is wrong with it.
fn loaded(text: &[u8], pointers: BlobPointers) -> Result<Vec<u8>, String> {
    let (directory, name, mut supervisor) = (MemoryDirectory::default(), Path::new("new"), Unattended);
    let new = NewJournal::create(&directory, name, Existing::Refuse, pointers, &mut supervisor);
    let mut new = new.expect("memory does not fail");
    play(text, pointers, &mut new, &mut |_| {}).map_err(|error| {
        assert!(!matches!(error, PlayError::Io { .. }), "memory does not fail");
        error.to_string()
    })?;
    new.finish(None).expect("memory does not fail");
    Ok(directory.file(name).expect("it has its name").bytes())
}

fn assert_comes_back(text: &[u8]) {
    for pointers in [BlobPointers::Follow, BlobPointers::Keep] {
        match loaded(text, pointers) {
            Err(mistake) => {
                assert_harmless(mistake.as_bytes());
            }
            Ok(first) => assert_loads_to_itself(&first, pointers),
        }
    }
}

/// A file that was made from text, shown and loaded, is the same file.
fn assert_loads_to_itself(first: &[u8], pointers: BlobPointers) {
    let end = first.len() as u64;
    let found = Journal::from_bytes(first.to_vec()).expect("it has a head");
    assert_eq!((found.checkpoints().hard.position, found.size()), (end, end));
    let text = text_of(first, end);
    let again = loaded(&text, pointers).unwrap_or_else(|mistake| {
        panic!("what it shows does not load: {mistake}\n{}", String::from_utf8_lossy(&text))
    });
    assert!(again == first, "another file: {}", String::from_utf8_lossy(&text));
}
