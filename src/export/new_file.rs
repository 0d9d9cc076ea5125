//! A new file of any bytes, with the care that a recovered file gets.
//!
//! ```text
//! temporary file: create, write, sync, read back, compare
//! rename the temporary file to the output, sync the directory
//! ```
//!
//! A crash at any point leaves either no output, or all of it.

use crate::recovery::apply::sum;
use crate::recovery::temporary::{io_error, sync_directory};
use crate::recovery::{ApplyError, Stage, Supervisor, Temporary};
use crate::storage::{Directory, Existing, ReadAt as _, Storage as _};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// What a new file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its size in bytes.
    pub bytes: u64,
    /// The CRC-32 of all of it: computed while it was written, and found again in the file.
    pub crc: u32,
    /// Attributes that it should have, and does not.
    pub warnings: Vec<String>,
}

/// A file that is written as a stream, and appears under its name when it is finished; dropped before, it leaves nothing
/// behind. Nobody but its owner may read it until it is finished, and links are not followed.
///
/// ```
/// use joedb::export::NewFile;
/// use joedb::recovery::Unattended;
/// use joedb::storage::{Existing, memory::MemoryDirectory};
/// use std::io::Write as _;
///
/// let directory = MemoryDirectory::default();
/// let mut file = NewFile::create(&directory, "new".as_ref(), Existing::Refuse)?;
/// file.write_all(b"text")?;
/// let written = file.finish(None, &mut Unattended)?;
/// assert_eq!(written.bytes, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NewFile<'d, D: Directory> {
    temporary: Temporary<'d, D>,
    output: PathBuf,
    existing: Existing,
    position: u64,
    hasher: crc32fast::Hasher,
}

impl<'d, D: Directory> NewFile<'d, D> {
    /// Begins a file that will be `output`.
    ///
    /// # Errors
    /// [`ApplyError::Io`] where there is no temporary file to be had beside the output.
    pub fn create(directory: &'d D, output: &Path, existing: Existing) -> Result<Self, ApplyError> {
        let temporary = Temporary::beside(directory, output)?;
        let hasher = crc32fast::Hasher::new();
        Ok(NewFile { temporary, output: output.to_path_buf(), existing, position: 0, hasher })
    }

    /// Completes the file and gives it its name, with the owner, the mode and the extended attributes of
    /// `attributes_of`; without that, its owner alone may read it.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub fn finish(
        mut self,
        attributes_of: Option<&D::File>,
        supervisor: &mut dyn Supervisor,
    ) -> Result<Written, ApplyError> {
        let file = &mut self.temporary.file;
        let warnings = attributes_of.map_or_else(Vec::new, |source| file.copy_attributes(source));
        file.sync().map_err(io_error(&self.output, "syncing"))?;
        let crc = std::mem::take(&mut self.hasher).finalize();
        self.read_back(crc, supervisor)?;
        let NewFile { temporary, output, existing, position: bytes, .. } = self;
        let directory = temporary.directory();
        temporary.rename(&output, existing)?;
        // From here on the output is there, even if the directory cannot be synced.
        sync_directory(directory, &output)?;
        Ok(Written { bytes, crc, warnings })
    }

    /// Reads the file from the disk, where the system lets it, and compares size and checksum.
    fn read_back(&self, expected: u32, supervisor: &mut dyn Supervisor) -> Result<(), ApplyError> {
        let (file, path) = (&self.temporary.file, &self.output);
        file.drop_cache();
        supervisor.stage(Stage::ReadBack, self.position);
        let found = sum(file, path, 0, self.position, supervisor)?;
        let size = file.size().map_err(io_error(path, "asking for the size"))?;
        if found != expected || size != self.position {
            return Err(ApplyError::ReadBack { path: path.clone(), found, expected });
        }
        Ok(())
    }
}

impl<D: Directory> io::Write for NewFile<'_, D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.file.write_at(bytes, self.position)?;
        self.hasher.update(bytes);
        self.position = self.position.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
