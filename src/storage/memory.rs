//! Files and directories in memory, for tests and examples.

use super::{Directory, Existing, Mode, ReadAt, Region, Storage};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file in memory; clones are the same file.
#[derive(Clone, Debug, Default)]
pub struct MemoryFile(Arc<Mutex<Vec<u8>>>);

impl MemoryFile {
    /// A file with this content.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> MemoryFile {
        MemoryFile(Arc::new(Mutex::new(bytes)))
    }

    /// What the file holds.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.content().clone()
    }

    fn content(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn offset(position: u64) -> io::Result<usize> {
    usize::try_from(position).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl ReadAt for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let bytes = self.content();
        let rest = bytes.get(offset(position)?..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..read), rest.get(..read)) {
            to.copy_from_slice(from);
        }
        Ok(read)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.content().len() as u64)
    }
}

impl Storage for MemoryFile {
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        let start = offset(position)?;
        let end = start.checked_add(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        let mut file = self.content();
        if file.len() < end {
            file.resize(end, 0);
        }
        if let Some(place) = file.get_mut(start..end) {
            place.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.content().resize(offset(size)?, 0);
        Ok(())
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

    fn try_clone(&self) -> io::Result<MemoryFile> {
        Ok(self.clone())
    }
}

/// A directory in memory; clones are the same directory.
#[derive(Clone, Debug, Default)]
pub struct MemoryDirectory(Rc<RefCell<BTreeMap<PathBuf, MemoryFile>>>);

impl MemoryDirectory {
    /// The file with this name.
    #[must_use]
    pub fn file(&self, name: &Path) -> Option<MemoryFile> {
        self.0.borrow().get(name).cloned()
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<PathBuf> {
        self.0.borrow().keys().cloned().collect()
    }
}

impl Directory for MemoryDirectory {
    type File = MemoryFile;

    fn create_new(&self, name: &Path) -> io::Result<MemoryFile> {
        let mut files = self.0.borrow_mut();
        if files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = MemoryFile::default();
        files.insert(name.to_path_buf(), file.clone());
        Ok(file)
    }

    fn open(&self, name: &Path) -> io::Result<MemoryFile> {
        self.file(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
        let mut files = self.0.borrow_mut();
        if existing == Existing::Refuse && files.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_path_buf(), file);
        Ok(())
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        self.0.borrow_mut().remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}
