//! A new directory of files, which appears under its name when all of them are whole.
//!
//! ```text
//! temporary directory: create, make its files, sync it
//! rename it to the output, sync the directory that it is in
//! ```

use super::new_file::{NewFile, Written};
use crate::recovery::temporary::{io_error, sync_directory};
use crate::recovery::{ApplyError, Supervisor};
use crate::storage::{Directory as _, Existing, File, FileDirectory, exchange};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A directory that is removed again, with all that is in it, unless it is finished. Nobody but its owner may look into it
/// until then.
///
/// Another directory is replaced only if it holds nothing but regular files with the extension of those that are to come:
/// what an export left, and nothing that anybody would miss. Both change their names in one step, which only Linux has.
pub struct NewDirectory {
    temporary: PathBuf,
    output: PathBuf,
    existing: Existing,
    extension: &'static str,
    bytes: u64,
    warnings: Vec<String>,
    finished: bool,
}

/// What a finished directory holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenDirectory {
    /// The bytes of all files.
    pub bytes: u64,
    /// Attributes that it or a file should have, and does not.
    pub warnings: Vec<String>,
}

impl NewDirectory {
    /// Begins a directory that will be `output` and hold files with this extension.
    ///
    /// # Errors
    /// [`ApplyError::Exists`], or [`ApplyError::Io`], also where what exists must not be replaced.
    pub fn create(
        output: &Path,
        existing: Existing,
        extension: &'static str,
    ) -> Result<NewDirectory, ApplyError> {
        check_replaceable(output, existing, extension)?;
        let (output, bytes, warnings) = (output.to_path_buf(), 0, Vec::new());
        let temporary = create_beside(&output)?;
        Ok(NewDirectory { temporary, output, existing, extension, bytes, warnings, finished: false })
    }

    /// Begins a file in it.
    ///
    /// # Errors
    /// [`ApplyError::Io`].
    pub fn file(&self, name: &str) -> Result<NewFile<'static, FileDirectory>, ApplyError> {
        NewFile::create(&FileDirectory, &self.temporary.join(name), Existing::Refuse)
    }

    /// Completes a file of it.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub fn finish_file(
        &mut self,
        file: NewFile<'_, FileDirectory>,
        attributes_of: Option<&File>,
        supervisor: &mut dyn Supervisor,
    ) -> Result<(), ApplyError> {
        let Written { bytes, warnings, .. } = file.finish(attributes_of, supervisor)?;
        self.bytes = self.bytes.saturating_add(bytes);
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Ok(())
    }

    /// Completes the directory and gives it its name; whoever may read `attributes_of` may look into it, if that has the same
    /// owner, and else its owner alone.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub fn finish(mut self, attributes_of: Option<&File>) -> Result<WrittenDirectory, ApplyError> {
        if let Some(source) = attributes_of {
            open_to_readers(source, &self.temporary).map_err(io_error(&self.output, "setting its mode"))?;
        }
        sync_directory(&FileDirectory, &self.temporary.join("x"))?;
        match (self.existing, self.output.symlink_metadata().is_ok()) {
            (Existing::Replace, true) => self.replace()?,
            _ => self.rename()?,
        }
        self.finished = true;
        sync_directory(&FileDirectory, &self.output)?;
        let (bytes, warnings) = (self.bytes, std::mem::take(&mut self.warnings));
        Ok(WrittenDirectory { bytes, warnings })
    }

    fn rename(&self) -> Result<(), ApplyError> {
        let renamed = FileDirectory.rename(&self.temporary, &self.output, Existing::Refuse);
        renamed.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ApplyError::Exists(self.output.clone()),
            _ => io_error(&self.output, "renaming the temporary directory")(error),
        })
    }

    /// Takes the place of what an export left, and removes that.
    fn replace(&self) -> Result<(), ApplyError> {
        check_replaceable(&self.output, self.existing, self.extension)?;
        let exchanged = exchange(&self.temporary, &self.output);
        exchanged.map_err(io_error(&self.output, "changing places with the temporary directory"))?;
        remove_files(&self.temporary, self.extension)
            .map_err(io_error(&self.temporary, "removing the old files"))
    }
}

impl Drop for NewDirectory {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing more can be done, and the error that led here is the one to report.
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

fn create_beside(output: &Path) -> Result<PathBuf, ApplyError> {
    const ATTEMPTS: u32 = 100;
    for attempt in 0..ATTEMPTS {
        let path = output.with_file_name(format!(".joedb-{}-{attempt}.tmp", std::process::id()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io_error(&path, "creating a temporary directory")(error)),
        }
    }
    Err(io_error(output, "finding a name for a temporary directory")(io::ErrorKind::AlreadyExists.into()))
}

/// What may stand where the output will be: nothing, or what an export left if it may be replaced.
fn check_replaceable(output: &Path, existing: Existing, extension: &str) -> Result<(), ApplyError> {
    let Ok(found) = output.symlink_metadata() else { return Ok(()) };
    if existing == Existing::Refuse {
        return Err(ApplyError::Exists(output.to_path_buf()));
    }
    let refused = |what: String| Err(io_error(output, "replacing it")(io::Error::other(what)));
    if !found.is_dir() {
        return refused("it is no directory; choose another name".to_owned());
    }
    let foreign = first_foreign(output, extension).map_err(io_error(output, "reading the directory"))?;
    foreign.map_or(Ok(()), |name| {
        let name = crate::text::file_name(Path::new(&name));
        refused(format!("it holds {name}, which is no .{extension} file; choose another name"))
    })
}

/// A name in a directory that an export would not have left.
fn first_foreign(directory: &Path, extension: &str) -> io::Result<Option<std::ffi::OsString>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_named_so = Path::new(&entry.file_name()).extension().is_some_and(|found| found == extension);
        if !is_named_so || !entry.file_type()?.is_file() {
            return Ok(Some(entry.file_name()));
        }
    }
    Ok(None)
}

/// Removes a directory that holds only such files; anything else stays, and the directory with it.
fn remove_files(directory: &Path, extension: &str) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            fs::remove_file(path)?;
        }
    }
    fs::remove_dir(directory)
}

#[cfg(unix)]
fn open_to_readers(source: &File, directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let from = source.inner().metadata()?;
    let to = directory.metadata()?;
    let is_same = (from.uid(), from.gid()) == (to.uid(), to.gid());
    if !is_same && chown(directory, Some(from.uid()), Some(from.gid())).is_err() {
        return Ok(());
    }
    // Who may read a file may list its directory and go into it, and nobody else may write than before.
    let readers = from.mode() & 0o444;
    let mode = 0o700 | readers | (readers >> 2);
    fs::set_permissions(directory, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn open_to_readers(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}
