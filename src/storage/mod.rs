//! Where bytes are kept: what recovery needs of a file and of a directory, and nothing more.
//!
//! The same recovery code runs on [`File`] and [`FileDirectory`], and on [`memory`] in tests; a crash simulator
//! implements the same two traits.

mod file;
mod holders;
pub mod lock;
pub mod memory;
mod place;
mod presence;
mod sidecar;
mod slice;

pub(crate) use file::exchange;
pub use file::{File, FileDirectory, directory_of};
pub use holders::{free_space, holders};
pub use place::Place;
pub use presence::{Presence, presence};
pub use sidecar::{INDEX_MAGIC, discard_index, index_name, is_index};
pub use slice::{Part, PartError, Slice};

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Bytes that can be read at any position.
pub trait ReadAt {
    /// Reads up to `buffer.len()` bytes from `position`; 0 means the end.
    ///
    /// # Errors
    /// What the operating system says.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize>;

    /// The size in bytes, now.
    ///
    /// # Errors
    /// What the operating system says.
    fn size(&self) -> io::Result<u64>;

    /// Reads until `buffer` is full or the end is reached, and returns how many bytes that were.
    ///
    /// # Errors
    /// The first error of [`ReadAt::read_at`] that is not an interruption.
    fn read_full_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, position.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(read) => filled = filled.saturating_add(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// The parts of a joedb file that have a lock (FORMAT.md, section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Byte 0: the checkpoints.
    Head,
    /// Byte 2^63 - 1: the transaction that is being written.
    Tail,
}

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Beside other readers.
    Shared,
    /// Alone.
    Exclusive,
}

/// A file that can be written, synced and locked.
pub trait Storage: ReadAt {
    /// Writes all of `bytes` at `position`, growing the file where needed.
    ///
    /// # Errors
    /// What the operating system says; part of the bytes may have been written.
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()>;

    /// Cuts the file, or fills it up with zeros.
    ///
    /// # Errors
    /// What the operating system says.
    fn set_size(&mut self, size: u64) -> io::Result<()>;

    /// Makes data and metadata durable (`fsync`).
    ///
    /// # Errors
    /// What the operating system says. After an error nothing may be assumed durable, even if a later call succeeds.
    fn sync(&mut self) -> io::Result<()>;

    /// Makes data durable (`fdatasync`).
    ///
    /// # Errors
    /// As [`Storage::sync`].
    fn sync_data(&mut self) -> io::Result<()>;

    /// Takes a lock if nobody holds one against it; `false` if somebody does.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] where there are no locks, or what the operating system says.
    fn try_lock(&self, region: Region, mode: Mode) -> io::Result<bool>;

    /// Takes a lock, and waits for it as long as somebody holds one against it.
    ///
    /// # Errors
    /// As [`Storage::try_lock`].
    fn lock(&self, region: Region, mode: Mode) -> io::Result<()> {
        const PAUSE: std::time::Duration = std::time::Duration::from_millis(1);
        while !self.try_lock(region, mode)? {
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Gives a lock back.
    ///
    /// # Errors
    /// As [`Storage::try_lock`].
    fn unlock(&self, region: Region) -> io::Result<()>;

    /// Another handle of the same open file: what one has locked is locked for both.
    ///
    /// # Errors
    /// What the operating system says.
    fn try_clone(&self) -> io::Result<Self>
    where
        Self: Sized;

    /// Copies up to `length` bytes from `from` in `source` to `to` here, and returns how many; the kernel does it
    /// where it can. 0 means that `source` ends there.
    ///
    /// # Errors
    /// What the operating system says.
    fn copy_from(&mut self, source: &Self, from: u64, to: u64, length: u64) -> io::Result<u64>
    where
        Self: Sized,
    {
        copy_through_memory(self, source, from, to, length)
    }

    /// Gives this file the owner, the mode and the extended attributes of `source`, and returns in words which of
    /// them could not be given.
    fn copy_attributes(&mut self, source: &Self) -> Vec<String>
    where
        Self: Sized,
    {
        let _ = source;
        Vec::new()
    }

    /// Asks the kernel to begin bringing these bytes to the disk, so that less is left to do for a later sync. Only a hint:
    /// it waits for nothing, promises nothing, and where it is not possible, nothing happens.
    fn start_writing(&self, range: Range<u64>) {
        let _ = range;
    }

    /// Asks the kernel to forget what it keeps of the file in memory, so that the next read comes from the disk.
    /// Only a hint: where it is not possible, nothing happens.
    fn drop_cache(&self) {}
}

/// Names beside a file, in the order in which they are given: FILE.undo, FILE.undo.2, FILE.undo.3 and so on, for a
/// suffix `.undo`.
pub fn numbered_names(path: &Path, suffix: &str) -> impl Iterator<Item = PathBuf> {
    (1_u32..).map(move |number| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        if number > 1 {
            name.push(format!(".{number}"));
        }
        name.into()
    })
}

/// One round of a copy through a buffer: [`Storage::copy_from`] where the kernel does not help.
pub(crate) fn copy_through_memory<S: Storage>(
    target: &mut S,
    source: &S,
    from: u64,
    to: u64,
    length: u64,
) -> io::Result<u64> {
    const PIECE: u64 = 1024 * 1024;
    let piece = usize::try_from(length.min(PIECE)).unwrap_or(0);
    let mut buffer = vec![0; piece];
    let read = source.read_full_at(&mut buffer, from)?;
    target.write_at(buffer.get(..read).unwrap_or_default(), to)?;
    Ok(read as u64)
}

/// Writes bytes over themselves. What a sync that failed left in memory alone reaches the disk with the next one then, and
/// only then.
pub(crate) fn rewrite<S: Storage>(file: &mut S, range: Range<u64>) -> io::Result<()> {
    const PIECE: u64 = 1024 * 1024;
    let mut buffer = Vec::new();
    let mut position = range.start;
    while position < range.end {
        let piece = range.end.saturating_sub(position).min(PIECE);
        buffer.resize(usize::try_from(piece).unwrap_or(0), 0);
        let read = file.read_full_at(&mut buffer, position)?;
        file.write_at(buffer.get(..read).unwrap_or_default(), position)?;
        if (read as u64) < piece {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        position = position.saturating_add(piece);
    }
    Ok(())
}

/// What a new name may do to a file that already has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The rename fails with [`io::ErrorKind::AlreadyExists`].
    Refuse,
    /// The rename takes its place, in one step.
    Replace,
}

/// A directory in which files are made, renamed and removed. Names are paths as the program was given them.
pub trait Directory {
    /// Its files.
    type File: Storage;

    /// Makes a file that did not exist, readable by its owner alone; links are not followed.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`], or what the operating system says.
    fn create_new(&self, name: &Path) -> io::Result<Self::File>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`], or what the operating system says.
    fn open(&self, name: &Path) -> io::Result<Self::File>;

    /// Gives a file another name.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] with [`Existing::Refuse`], or what the operating system says.
    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove(&self, name: &Path) -> io::Result<()>;

    /// Makes creations, renames and removals in the directory of `name` durable.
    ///
    /// # Errors
    /// What the operating system says.
    fn sync(&self, name: &Path) -> io::Result<()>;
}
