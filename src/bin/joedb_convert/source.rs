//! What is recovered: a file, or standard input.

use crate::locks::Locks;
use crate::outcome::Failure;
use crate::standard_input::{self, StandardInput, is_standard_input, open_file};
use joedb::journal::Medium;
use joedb::storage::{File, Place, ReadAt as _};
use std::io;
use std::path::Path;

/// An input that can be read at any position, as often as it takes.
pub(crate) struct Source {
    pub(crate) place: Place,
    pub(crate) file: File,
    /// How many bytes came through a pipe; `file` is their copy then.
    pub(crate) spooled: Option<u64>,
}

impl Source {
    /// Opens the input. What comes through a pipe is read to its end.
    pub(crate) fn open(path: &Path, locks: Locks) -> Result<Source, Failure> {
        let place = place(path);
        if !is_standard_input(path) {
            let file = locks.of(open_file(path)?, &place);
            return Ok(Source { place, file, spooled: None });
        }
        match standard_input::open()? {
            StandardInput::File(file) => {
                let file = locks.of(file, &place);
                Ok(Source { place, file, spooled: None })
            }
            StandardInput::Stream(stream) => {
                let file = standard_input::spool(stream, None, locks.quiet)?;
                let spooled = Some(file.size()?);
                Ok(Source { place, file, spooled })
            }
        }
    }

    /// Another handle, for reading the log.
    pub(crate) fn medium(&self) -> io::Result<Medium> {
        let file = self.file.try_clone()?;
        Ok(if self.spooled.is_some() { Medium::Copy(file) } else { Medium::File(file) })
    }
}

/// The place that a name stands for.
pub(crate) fn place(path: &Path) -> Place {
    if is_standard_input(path) { Place::standard_input() } else { Place::file(path) }
}

/// A path that leads to the input, to tell whether an output would be the same file.
pub(crate) fn path_of(input: &Path) -> &Path {
    if is_standard_input(input) { Path::new("/dev/stdin") } else { input }
}
