//! Files that appear under their name only when they are whole.

use super::apply::ApplyError;
use crate::storage::{Directory, Existing, discard_index};
use std::io;
use std::path::{Path, PathBuf};

/// A file that is removed again unless it is renamed.
pub(crate) struct Temporary<'d, D: Directory> {
    directory: &'d D,
    path: PathBuf,
    pub(crate) file: D::File,
    renamed: bool,
}

impl<D: Directory> Drop for Temporary<'_, D> {
    fn drop(&mut self) {
        if !self.renamed {
            // Nothing more can be done, and the error that led here is the one to report.
            let _ = self.directory.remove(&self.path);
        }
    }
}

pub(crate) fn io_error(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> ApplyError {
    let path = path.to_path_buf();
    move |error| ApplyError::Io { path, action, error }
}

impl<'d, D: Directory> Temporary<'d, D> {
    /// A new file beside `target`, under a name that nobody has.
    pub(crate) fn beside(directory: &'d D, target: &Path) -> Result<Temporary<'d, D>, ApplyError> {
        const ATTEMPTS: u32 = 100;
        for attempt in 0..ATTEMPTS {
            // Short whatever the name of the target, which may be as long as names can be.
            let path = target.with_file_name(format!(".joedb-{}-{attempt}.tmp", std::process::id()));
            match directory.create_new(&path) {
                Ok(file) => return Ok(Temporary { directory, path, file, renamed: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io_error(&path, "creating a temporary file")(error)),
            }
        }
        Err(io_error(target, "finding a name for a temporary file")(io::ErrorKind::AlreadyExists.into()))
    }

    /// Its name until it is renamed.
    #[cfg(feature = "sqlite")]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory that it is in.
    pub(crate) const fn directory(&self) -> &'d D {
        self.directory
    }

    /// Gives the file its name, durably.
    pub(crate) fn finish(self, target: &Path, existing: Existing) -> Result<(), ApplyError> {
        let directory = self.directory;
        self.rename(target, existing)?;
        sync_directory(directory, target)
    }

    /// Gives the file its name; [`sync_directory`] makes that durable.
    pub(crate) fn rename(mut self, target: &Path, existing: Existing) -> Result<(), ApplyError> {
        self.directory.rename(&self.path, target, existing).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ApplyError::Exists(target.to_path_buf()),
            _ => io_error(target, "renaming the temporary file")(error),
        })?;
        self.renamed = true;
        // What was indexed had this name before.
        discard_index(self.directory, target);
        Ok(())
    }
}

pub(crate) fn sync_directory<D: Directory>(directory: &D, target: &Path) -> Result<(), ApplyError> {
    directory.sync(target).map_err(io_error(target, "syncing its directory"))
}
