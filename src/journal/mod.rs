//! Reading a log: the head, then entry by entry up to an end that is fixed when the file is opened.

mod head_reader;
mod long_entry;
mod map;
mod medium;
mod source;
mod vector;
mod walk;
mod window;

pub use head_reader::{HeadReading, read_head};
pub use medium::{Medium, Origin};
pub use source::SourceError;
pub use vector::VectorPart;
pub use walk::{Bookmark, Entries, Flow, ReadError, Visitor, Walk};

use crate::head::{Checkpoints, CutShort, HEAD_SIZE, Head, HeadError, Version};
use crate::storage::{File, ReadAt, Region};
use source::{PIECE, Source};
use std::io;
use std::path::Path;
use window::Window;

/// How the bytes of a file are read. The results are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// A window of positioned reads, of about half a megabyte. When another program cuts the file, that is an error
    /// ([`SourceError::Shrunk`]). An entry longer than 1 GiB is copied to a temporary file without a name.
    #[default]
    Window,
    /// A memory map. It is no faster over small entries; over long blobs whose data nobody wants it is, for it reads
    /// only what is looked at. **When another program cuts the file, the system ends this one with SIGBUS.** Only for
    /// files that are out of everybody else's reach.
    Map,
}

/// Why a file could not be opened as a log.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no joedb file.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// It is shorter than its hard checkpoint.
    #[error(transparent)]
    CutShort(#[from] CutShort),
}

/// Whether a program has the file open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// Somebody holds the lock of the tail.
    Present,
    /// Nobody does.
    Absent,
    /// The file system, or this operating system, does not tell.
    Unknown,
}

/// A log that was opened for reading: its head and its bytes.
///
/// Nothing is believed beyond what [`Journal::checkpoints`] says; which end to read to is the caller's choice.
///
/// ```
/// use joedb::{Entry, Head, Journal, Version};
///
/// let mut bytes = Head::hard(Version::V5, 48).to_bytes().to_vec();
/// bytes.extend(b"\x01\x05price");
/// let mut journal = Journal::from_bytes(bytes)?;
/// let end = journal.checkpoints().current()?;
/// let mut entries = journal.entries(end);
/// let first = entries.next()?.expect("one entry");
/// assert_eq!(first.entry, Entry::CreateTable { name: b"price" });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Journal {
    source: Source,
    head: Head,
    checkpoints: Checkpoints,
    reading: HeadReading,
    writer: Writer,
    origin: Origin,
}

impl Journal {
    /// Opens a file. The head is read under its lock, which is waited for at most a second; the tail lock is
    /// asked for and never taken.
    ///
    /// # Errors
    /// [`OpenError::Io`] or [`OpenError::Head`].
    pub fn open(path: &Path, access: Access) -> Result<Journal, OpenError> {
        Journal::of_file(File::open(path)?, access)
    }

    /// As [`Journal::open`], of a file that is open already.
    ///
    /// # Errors
    /// [`OpenError::Io`] or [`OpenError::Head`].
    pub fn of_file(file: File, access: Access) -> Result<Journal, OpenError> {
        Journal::of_medium(Medium::File(file), access)
    }

    /// As [`Journal::open`], of whatever a log can be read from. A part of a file is never mapped.
    ///
    /// # Errors
    /// [`OpenError::Io`] or [`OpenError::Head`].
    pub fn of_medium(medium: Medium, access: Access) -> Result<Journal, OpenError> {
        let (writer, reading) = (medium.writer(), medium.read_head()?);
        let head = Head::parse(&reading.bytes)?;
        Journal::assemble(medium, access, writer, reading, head)
    }

    fn assemble(
        medium: Medium,
        access: Access,
        writer: Writer,
        reading: HeadReading,
        head: Head,
    ) -> Result<Journal, OpenError> {
        let origin = medium.origin();
        let source = match (medium, access) {
            (Medium::File(file) | Medium::Copy(file), Access::Map) => Source::Map(map::FileMap::new(&file)?),
            (medium, _) => Source::Window(Box::new(Window::new(Box::new(medium)))),
        };
        let checkpoints = head.checkpoints(reading.size);
        Ok(Journal { source, head, checkpoints, reading, writer, origin })
    }

    /// As [`Journal::open`], whatever the head says: without a signature the log is taken for one of version 5
    /// that was never checkpointed. For looking into files whose head is lost.
    ///
    /// # Errors
    /// [`OpenError::Io`], and [`OpenError::Head`] for fewer than 41 bytes.
    pub fn open_ignoring_head(path: &Path, access: Access) -> Result<Journal, OpenError> {
        Journal::of_medium_ignoring_head(Medium::File(File::open(path)?), access)
    }

    /// As [`Journal::open_ignoring_head`], of whatever a log can be read from.
    ///
    /// # Errors
    /// [`OpenError::Io`], and [`OpenError::Head`] for fewer than 41 bytes.
    pub fn of_medium_ignoring_head(medium: Medium, access: Access) -> Result<Journal, OpenError> {
        let (writer, reading) = (medium.writer(), medium.read_head()?);
        let head = match Head::parse(&reading.bytes) {
            Ok(head) => head,
            Err(error @ (HeadError::Empty | HeadError::Cut { .. })) => return Err(error.into()),
            Err(_) => Head::hard(Version::V5, HEAD_SIZE),
        };
        Journal::assemble(medium, access, writer, reading, head)
    }

    /// A log in any storage, read through a window. That nobody writes to it meanwhile is the caller's promise.
    ///
    /// # Errors
    /// [`OpenError::Io`] or [`OpenError::Head`].
    pub fn of_storage(storage: Box<dyn ReadAt>) -> Result<Journal, OpenError> {
        let reading = HeadReading::undisturbed(storage.as_ref())?;
        Journal::of_reading(storage, reading)
    }

    /// A log whose head was read by the caller; the rest is read through a window.
    pub(crate) fn of_reading(storage: Box<dyn ReadAt>, reading: HeadReading) -> Result<Journal, OpenError> {
        let head = Head::parse(&reading.bytes)?;
        let checkpoints = head.checkpoints(reading.size);
        let source = Source::Window(Box::new(Window::new(storage)));
        let (writer, origin) = (Writer::Absent, Origin::Memory);
        Ok(Journal { source, head, checkpoints, reading, writer, origin })
    }

    /// A log that is in memory, head included.
    ///
    /// # Errors
    /// [`OpenError::Head`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Journal, OpenError> {
        let head = Head::parse(&bytes)?;
        let reading = HeadReading::of_bytes(&bytes);
        let checkpoints = head.checkpoints(reading.size);
        let (source, writer, origin) = (Source::Memory(bytes), Writer::Absent, Origin::Memory);
        Ok(Journal { source, head, checkpoints, reading, writer, origin })
    }

    /// The head, as it stood when the file was opened.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The format version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.head.version()
    }

    /// What the head says of a file of this size.
    #[must_use]
    pub const fn checkpoints(&self) -> &Checkpoints {
        &self.checkpoints
    }

    /// The size of the file when it was opened, in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.checkpoints.size
    }

    /// How the head was read.
    #[must_use]
    pub const fn reading(&self) -> &HeadReading {
        &self.reading
    }

    /// Whether a writer had the file when it was opened.
    #[must_use]
    pub const fn writer(&self) -> Writer {
        self.writer
    }

    /// Where the bytes come from.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The entries from the first one up to `end`, which is cut down to the size of the file.
    pub fn entries(&mut self, end: u64) -> Entries<'_> {
        self.entries_from(&Bookmark::start(self.head.version()), end)
    }

    /// The entries from a bookmark, taken earlier in this log, up to `end`, which is cut down to the size of the file.
    pub fn entries_from(&mut self, bookmark: &Bookmark, end: u64) -> Entries<'_> {
        let end = end.min(self.size());
        Entries::new(&mut self.source, bookmark, end)
    }

    /// Takes a newer reading of the head of a log that is read through a window: below its old checkpoint nothing
    /// changed, and bytes beyond that were never held.
    pub(crate) fn renew(&mut self, head: Head, reading: HeadReading) {
        (self.head, self.checkpoints) = (head, head.checkpoints(reading.size));
        self.reading = reading;
    }

    /// Reads no more from now on than is visited together, because others read what follows; or as much as is usual again.
    pub(crate) fn share(&mut self, is_shared: bool) {
        self.source.read_by(if is_shared { walk::TOGETHER } else { PIECE });
    }

    /// All `length` bytes from `position`, which a window holds in memory.
    ///
    /// # Errors
    /// [`SourceError`]: [`SourceError::Shrunk`] where the file does not have as many.
    pub fn all_bytes(&mut self, position: u64, length: u64) -> Result<&[u8], SourceError> {
        self.source.piece(position, length, position.saturating_add(length))
    }

    /// Up to `length` bytes from `position`; fewer at the end of the file, or where `length` is large.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn bytes(&mut self, position: u64, length: u64) -> Result<&[u8], SourceError> {
        let end = position.saturating_add(length).min(self.size());
        if position >= end { Ok(&[]) } else { self.source.piece(position, length.min(PIECE), end) }
    }
}

/// Whether a writer has `file`, asked without taking a lock.
#[must_use]
pub fn writer_of(file: &File) -> Writer {
    match file.is_locked(Region::Tail) {
        Ok(true) => Writer::Present,
        Ok(false) => Writer::Absent,
        Err(_) => Writer::Unknown,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vector_tests;
