//! A joedb writer, as far as a reader can see it: its locks, its appends, its checkpoints.

use crate::log::{Log, signed};
use joedb::storage::lock::{try_lock, unlock};
use joedb::storage::{Mode, Region};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// A program that has a file open for writing, here through a descriptor of this process.
pub(crate) struct Writer {
    file: File,
    pub(crate) log: Log,
    /// Up to where entries were written.
    written: u64,
    /// Where the file's log begins.
    offset: u64,
    commits: u64,
}

impl Writer {
    /// Opens a file that holds all of `log`, and keeps the lock of its tail.
    pub(crate) fn open(path: &Path, log: Log) -> Writer {
        let writer = Writer::open_at(path, log, 0);
        assert!(try_lock(&writer.file, Region::Tail, Mode::Exclusive).unwrap());
        writer
    }

    /// Opens a log inside a larger file, without any lock.
    pub(crate) fn open_at(path: &Path, log: Log, offset: u64) -> Writer {
        let file = File::options().read(true).write(true).open(path).unwrap();
        Writer { file, written: log.end(), log, offset, commits: 0 }
    }

    /// Writes the entries of the log that are not in the file yet, without a checkpoint.
    pub(crate) fn append(&mut self) {
        let bytes = self.log.clean();
        let new = &bytes[usize::try_from(self.written).unwrap()..];
        self.file.write_all_at(new, self.offset + self.written).unwrap();
        self.written = self.log.end();
    }

    /// Writes bytes into the head, under its lock.
    pub(crate) fn write_head(&self, bytes: &[u8], position: u64) {
        while !try_lock(&self.file, Region::Head, Mode::Exclusive).unwrap() {
            std::thread::yield_now();
        }
        self.file.write_all_at(bytes, self.offset + position).unwrap();
        unlock(&self.file, Region::Head).unwrap();
    }

    /// Appends what is new, and a soft checkpoint behind it (FORMAT.md, section 2: the slots of pair 1 take turns).
    pub(crate) fn commit(&mut self) {
        self.append();
        let slot = 2 + self.commits % 2;
        self.commits += 1;
        self.write_head(&(-signed(self.written)).to_le_bytes(), 8 * slot);
    }

    /// Appends what is new, and a hard checkpoint behind it, in pair 0.
    pub(crate) fn commit_hard(&mut self) {
        self.append();
        let position = signed(self.written).to_le_bytes();
        self.write_head(&position, 0);
        self.write_head(&position, 8);
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        give_back(&self.file);
    }
}

/// Gives all locks back. Closing the file alone leaves them to a process that another test is just starting, until that
/// has closed what it inherited.
pub(crate) fn give_back(file: &File) {
    for region in [Region::Head, Region::Tail] {
        unlock(file, region).unwrap();
    }
}
