//! Where the files of the runs stand.

use crate::PROGRAM;
use crate::outcome::{Failure, say};
use anyhow::Context as _;
use joedb::text::file_name;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A new directory in the one that the user named. It is removed at the end, unless its files are to be kept.
pub(crate) struct Workspace {
    directory: TempDir,
    keep: bool,
}

impl Workspace {
    pub(crate) fn create(parent: &Path, keep: bool) -> Result<Workspace, Failure> {
        let parent = parent.canonicalize().with_context(|| file_name(parent))?;
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("joedb_bench-").disable_cleanup(keep);
        let directory = builder.tempdir_in(&parent).with_context(|| file_name(&parent))?;
        Ok(Workspace { directory, keep })
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A new directory for a run, in the place of that of the run before.
    pub(crate) fn begin(&self, name: &str) -> io::Result<PathBuf> {
        let directory = self.directory().join(name);
        self.remove(&directory)?;
        fs::create_dir(&directory)?;
        self.settle()?;
        Ok(directory)
    }

    /// A run is over and its result was looked at.
    pub(crate) fn end(&self, directory: &Path) -> io::Result<()> {
        if self.keep { Ok(()) } else { self.remove(directory) }
    }

    fn remove(&self, directory: &Path) -> io::Result<()> {
        match fs::remove_dir_all(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Has the file system write down what was made and removed, so that the next run does not pay for it.
    fn settle(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(self.directory())?.sync_all() } else { Ok(()) }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if self.keep {
            say(&format!("{PROGRAM}: kept: {}", file_name(self.directory())));
        }
    }
}
