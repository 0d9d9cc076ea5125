//! Files in memory that fail where they are told to.

use joedb::storage::memory::{MemoryDirectory, MemoryFile};
use joedb::storage::{Directory, Existing, Mode, ReadAt, Region, Storage};
use std::cell::Cell;
use std::io;
use std::path::Path;
use std::rc::Rc;

/// Counts operations that change something, down to the one that fails; all of them after it fail too, as after the
/// death of the program.
#[derive(Clone, Debug)]
pub struct Fuse(Rc<Cell<Option<u32>>>);

impl Fuse {
    /// Nothing fails.
    pub fn none() -> Fuse {
        Fuse(Rc::new(Cell::new(None)))
    }

    /// Lights it, so that the operation of this number fails, counted from 1; or puts it out.
    pub fn set(&self, number: Option<u32>) {
        self.0.set(number);
    }

    /// Whether it has burnt down.
    pub fn has_failed(&self) -> bool {
        self.0.get() == Some(0)
    }

    fn burn(&self) -> io::Result<()> {
        let Some(left) = self.0.get() else { return Ok(()) };
        self.0.set(Some(left.saturating_sub(1)));
        if left <= 1 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

/// A file in memory with a fuse. A write that fails has written half.
#[derive(Clone, Debug)]
pub struct FaultyFile {
    pub file: MemoryFile,
    pub fuse: Fuse,
}

impl ReadAt for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.file.read_at(buffer, position)
    }

    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
}

impl Storage for FaultyFile {
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        let was_dead = self.fuse.has_failed();
        let burnt = self.fuse.burn();
        // A place of the head is a word, which the death of a program does not cut.
        let written = match &burnt {
            Ok(()) => bytes.len(),
            Err(_) if was_dead || bytes.len() <= 8 => 0,
            Err(_) => bytes.len() / 2 / 8 * 8,
        };
        self.file.write_at(&bytes[..written], position)?;
        burnt
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.fuse.burn()?;
        self.file.set_size(size)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.fuse.burn()
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.fuse.burn()
    }

    fn try_lock(&self, _: Region, _: Mode) -> io::Result<bool> {
        Ok(true)
    }

    fn unlock(&self, _: Region) -> io::Result<()> {
        Ok(())
    }

    fn try_clone(&self) -> io::Result<FaultyFile> {
        Ok(self.clone())
    }
}

/// A directory in memory with a fuse.
#[derive(Clone, Debug)]
pub struct FaultyDirectory {
    pub directory: MemoryDirectory,
    pub fuse: Fuse,
}

impl FaultyDirectory {
    pub fn new(fuse: Fuse) -> FaultyDirectory {
        FaultyDirectory { directory: MemoryDirectory::default(), fuse }
    }

    pub fn file(&self, name: &Path) -> Option<FaultyFile> {
        let file = self.directory.file(name)?;
        Some(FaultyFile { file, fuse: self.fuse.clone() })
    }
}

impl Directory for FaultyDirectory {
    type File = FaultyFile;

    fn create_new(&self, name: &Path) -> io::Result<FaultyFile> {
        self.fuse.burn()?;
        let file = self.directory.create_new(name)?;
        Ok(FaultyFile { file, fuse: self.fuse.clone() })
    }

    fn open(&self, name: &Path) -> io::Result<FaultyFile> {
        self.file(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
        self.fuse.burn()?;
        self.directory.rename(from, to, existing)
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        self.fuse.burn()?;
        self.directory.remove(name)
    }

    fn sync(&self, _: &Path) -> io::Result<()> {
        self.fuse.burn()
    }
}
