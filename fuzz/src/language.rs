//! A text of entries and the file that it makes: each comes back the same from the other.

use super::input::{LARGEST, file};
use super::support::journal;
use super::terminal::assert_harmless;
use joedb::commands::PlayError;
use joedb::new_journal::{NewJournal, NewJournalError};
use joedb::recovery::Unattended;
use joedb::storage::Existing;
use joedb::storage::memory::MemoryDirectory;
use joedb::{BlobPointers, Head, Journal, Version};
use std::path::Path;

/// The file that a text is read into.
pub(super) type New<'s> = NewJournal<'s, MemoryDirectory>;

/// What stands against it.
pub(super) type Mistake = PlayError<NewJournalError>;

/// A kind of text that shows a log and is read back.
pub(super) struct Language {
    /// The entries of a file up to a position, as long as the log makes sense, with the data of blobs.
    pub(super) show: fn(&[u8], u64) -> Vec<u8>,
    /// Reads a text into a new file.
    pub(super) play: fn(&[u8], BlobPointers, &mut New<'_>) -> Result<(), Mistake>,
}

impl Language {
    /// The bytes are a text, or a file that is shown as one.
    pub(super) fn run(&self, data: &[u8]) {
        if data.len() > LARGEST {
            return;
        }
        if Head::parse(data).is_ok() {
            let bytes = file(data);
            let text = (self.show)(&bytes, bytes.len() as u64);
            // A blob value of version 4 that points to no blob has no size, and so none in version 5.
            if journal(&bytes).version() == Version::V5 {
                self.loaded(&text, BlobPointers::Keep)
                    .expect("what is shown loads, if blobs may point anywhere");
            }
            self.assert_comes_back(&text);
        } else {
            self.assert_comes_back(data);
        }
    }

    /// The file that a text makes, or what is wrong with it.
    fn loaded(&self, text: &[u8], pointers: BlobPointers) -> Result<Vec<u8>, String> {
        let (directory, name, mut supervisor) = (MemoryDirectory::default(), Path::new("new"), Unattended);
        let new = NewJournal::create(&directory, name, Existing::Refuse, pointers, &mut supervisor);
        let mut new = new.expect("memory does not fail");
        (self.play)(text, pointers, &mut new).map_err(|error| {
            assert!(!matches!(error, PlayError::Io { .. }), "memory does not fail");
            error.to_string()
        })?;
        new.finish(None).expect("memory does not fail");
        Ok(directory.file(name).expect("it has its name").bytes())
    }

    fn assert_comes_back(&self, text: &[u8]) {
        for pointers in [BlobPointers::Follow, BlobPointers::Keep] {
            match self.loaded(text, pointers) {
                Err(mistake) => {
                    assert_harmless(mistake.as_bytes());
                }
                Ok(first) => self.assert_loads_to_itself(&first, pointers),
            }
        }
    }

    /// A file that was made from text, shown and loaded, is the same file.
    fn assert_loads_to_itself(&self, first: &[u8], pointers: BlobPointers) {
        let end = first.len() as u64;
        let found = Journal::from_bytes(first.to_vec()).expect("it has a head");
        assert_eq!((found.checkpoints().hard.position, found.size()), (end, end));
        let text = (self.show)(first, end);
        let again = self.loaded(&text, pointers).unwrap_or_else(|mistake| {
            panic!("what it shows does not load: {mistake}\n{}", String::from_utf8_lossy(&text))
        });
        assert!(again == first, "another file: {}", String::from_utf8_lossy(&text));
    }
}
