//! A new file, made of entries: from another log, or from text.
//!
//! ```text
//! temporary file: create, write the body as entries come, write the head, sync, read back, compare
//! rename the temporary file to the output, sync the directory
//! ```
//!
//! A crash at any point leaves either no output, or all of it. The output is of version 5, and its head holds the end
//! four times: clean, hard-checkpointed. The entries are encoded anew with the shortest spelling, so that a log that a
//! writer has written comes out byte for byte the same, blob values apart that point to moved data.
//!
//! ```
//! use joedb::new_journal::NewJournal;
//! use joedb::recovery::Unattended;
//! use joedb::replay::{Range, Tolerance, replay};
//! use joedb::storage::{Existing, memory::MemoryDirectory};
//! use joedb::{BlobPointers, Encoder, Entry, Journal, Version};
//!
//! let mut old = Encoder::new(Version::V4);
//! old.push(&Entry::CreateTable { name: b"city" });
//! let mut old = Journal::from_bytes(old.file())?;
//!
//! let (directory, mut supervisor) = (MemoryDirectory::default(), Unattended);
//! let mut new =
//!     NewJournal::create(&directory, "new".as_ref(), Existing::Refuse, BlobPointers::Follow, &mut supervisor)?;
//! let range = Range::up_to(old.size());
//! let replayed = replay(&mut old, range, Tolerance::Strict, &mut new, &mut |_| {})?;
//! assert_eq!(replayed.interruption, None);
//! let receipt = new.finish(None)?;
//! assert_eq!((receipt.written.entries, receipt.size), (Some(1), 47));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;

use crate::blob_map::{BlobError, BlobPointers};
use crate::entry::{Kind, Located};
use crate::head::{HEAD_LENGTH, HEAD_SIZE, Head, Version};
use crate::recovery::apply::{heed, sum};
use crate::recovery::temporary::{Temporary, io_error, sync_directory};
use crate::recovery::{ApplyError, Share, Stage, Supervisor};
use crate::schema::Schema;
use crate::sink::Sink;
use crate::storage::{Directory, Existing, ReadAt as _, Storage as _};
use crate::text::Position;
use body::Body;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Bytes waiting are written once there are this many.
const SPILL: usize = 1024 * 1024;

/// Why there is no new journal.
#[derive(Debug, thiserror::Error)]
pub enum NewJournalError {
    /// The file could not be made.
    #[error(transparent)]
    Output(#[from] ApplyError),
    /// A blob value cannot be written.
    #[error("position {}: {kind} entry: {error}", Position(*position))]
    Blob {
        /// Where its entry stands, in the log or text that is played.
        position: u64,
        /// The kind of entry.
        kind: Kind,
        /// Why.
        error: BlobError,
    },
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The size of the output, and the position that its head holds four times.
    pub size: u64,
    /// The CRC-32 of its bytes from 41: computed while they were written, and found again in the output.
    pub crc: u32,
    /// What it holds.
    pub written: Share,
    /// Attributes that the output should have, and does not.
    pub warnings: Vec<String>,
}

/// A file that appears under its name when it is finished; dropped before, it leaves nothing behind.
pub struct NewJournal<'a, D: Directory> {
    body: Body,
    temporary: Temporary<'a, D>,
    output: PathBuf,
    existing: Existing,
    /// Up to where the body is in the file.
    written: u64,
    hasher: crc32fast::Hasher,
    supervisor: &'a mut dyn Supervisor,
}

impl<'a, D: Directory> NewJournal<'a, D> {
    /// Begins a file that will be `output`. `supervisor` may end the work about every megabyte.
    ///
    /// # Errors
    /// [`ApplyError`] as [`NewJournalError::Output`], where there is no temporary file to be had beside the output.
    pub fn create(
        directory: &'a D,
        output: &Path,
        existing: Existing,
        pointers: BlobPointers,
        supervisor: &'a mut dyn Supervisor,
    ) -> Result<NewJournal<'a, D>, NewJournalError> {
        Ok(NewJournal {
            body: Body::new(pointers),
            temporary: Temporary::beside(directory, output)?,
            output: output.to_path_buf(),
            existing,
            written: HEAD_SIZE,
            hasher: crc32fast::Hasher::new(),
            supervisor,
        })
    }

    /// Completes the file and gives it its name, with the owner, the mode and the extended attributes of
    /// `attributes_of`; without that, its owner alone may read it.
    ///
    /// # Errors
    /// [`ApplyError`] as [`NewJournalError::Output`].
    pub fn finish(mut self, attributes_of: Option<&D::File>) -> Result<Receipt, NewJournalError> {
        self.spill()?;
        let head = Head::hard(Version::V5, self.written).to_bytes();
        let file = &mut self.temporary.file;
        file.write_at(&head, 0).map_err(io_error(&self.output, "writing the head"))?;
        let warnings = attributes_of.map_or_else(Vec::new, |source| file.copy_attributes(source));
        file.sync().map_err(io_error(&self.output, "syncing"))?;
        let crc = std::mem::take(&mut self.hasher).finalize();
        self.read_back(&head, crc)?;
        let NewJournal { body, temporary, output, existing, written: size, .. } = self;
        let directory = temporary.directory();
        temporary.rename(&output, existing)?;
        // From here on the output is there, even if the directory cannot be synced.
        sync_directory(directory, &output)?;
        Ok(Receipt { size, crc, written: body.written(), warnings })
    }

    /// Writes what waits.
    fn spill(&mut self) -> Result<(), ApplyError> {
        heed(self.supervisor)?;
        let bytes = self.body.bytes();
        let written = self.temporary.file.write_at(bytes, self.written);
        written.map_err(io_error(&self.output, "writing"))?;
        self.hasher.update(bytes);
        self.body.forget_bytes();
        self.written = self.body.position();
        Ok(())
    }

    /// Reads the file from the disk, where the system lets it, and compares head, size and checksum.
    fn read_back(&mut self, head: &[u8; HEAD_LENGTH], expected: u32) -> Result<(), ApplyError> {
        let (file, path, length) =
            (&self.temporary.file, &self.output, self.written.saturating_sub(HEAD_SIZE));
        file.drop_cache();
        self.supervisor.stage(Stage::ReadBack, length);
        let found = sum(file, path, HEAD_SIZE, length, self.supervisor)?;
        let mut found_head = [0; HEAD_LENGTH];
        file.read_full_at(&mut found_head, 0).map_err(io_error(path, "reading back the head"))?;
        let size = file.size().map_err(io_error(path, "asking for the size"))?;
        if found != expected || found_head != *head || size != self.written {
            return Err(ApplyError::ReadBack { path: path.clone(), found, expected });
        }
        Ok(())
    }
}

impl<D: Directory> Sink for NewJournal<'_, D> {
    type Error = NewJournalError;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), NewJournalError> {
        Ok(())
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>, _: &Schema) -> Result<(), NewJournalError> {
        self.body.push(located)?;
        if self.body.bytes().len() >= SPILL {
            self.spill()?;
        }
        Ok(())
    }

    /// Nothing is final before [`NewJournal::finish`], which is for the caller to call, or not to.
    fn end(&mut self, _: u64, _: bool) -> Result<(), NewJournalError> {
        Ok(())
    }
}

/// What a new journal would be: takes entries as one does, counts what they would be, and writes nothing.
#[derive(Debug)]
pub struct Draft(Body);

impl Draft {
    /// A draft of an empty journal.
    #[must_use]
    pub fn new(pointers: BlobPointers) -> Draft {
        Draft(Body::new(pointers))
    }

    /// What the journal would hold.
    #[must_use]
    pub const fn written(&self) -> Share {
        self.0.written()
    }
}

impl Sink for Draft {
    type Error = NewJournalError;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), NewJournalError> {
        Ok(())
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>, _: &Schema) -> Result<(), NewJournalError> {
        self.0.push(located)?;
        if self.0.bytes().len() >= SPILL {
            self.0.forget_bytes();
        }
        Ok(())
    }

    fn end(&mut self, _: u64, _: bool) -> Result<(), NewJournalError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
