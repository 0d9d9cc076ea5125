//! What the arguments name, opened: a file, standard input, or a part of either.

use crate::args::Args;
use crate::outcome::{Failure, failure};
use crate::standard_input::{self, StandardInput, is_standard_input, open_file};
use anyhow::anyhow;
use joedb::Outcome;
use joedb::diagnosis::Evidence;
use joedb::journal::{Access, Journal, Medium, OpenError};
use joedb::storage::{File, Part, PartError, Place, ReadAt, Slice};
use std::io;
use std::path::Path;

/// A log's bytes, and how messages and commands name them.
pub(crate) struct Input {
    place: Place,
    medium: Medium,
}

impl Input {
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn medium(&self) -> &Medium {
        &self.medium
    }

    pub(crate) fn into_medium(self) -> Medium {
        self.medium
    }

    /// Opens the log. The medium stays, for blobs and for what else is asked of it.
    pub(crate) fn journal(&self, args: &Args) -> Result<Journal, OpenError> {
        let access = if args.mmap { Access::Map } else { Access::Window };
        let medium = self.medium.try_clone()?;
        if args.ignore_header {
            Journal::of_medium_ignoring_head(medium, access)
        } else {
            Journal::of_medium(medium, access)
        }
    }

    /// Another handle of the bytes.
    pub(crate) fn reader(&self) -> io::Result<Box<dyn ReadAt + Send + Sync>> {
        Ok(Box::new(self.medium.try_clone()?))
    }

    pub(crate) fn evidence(&self) -> Evidence {
        Evidence::of_medium(&self.medium)
    }
}

/// The place that a name stands for.
pub(crate) fn place(path: &Path, part: Option<Part>) -> Place {
    let whole = if is_standard_input(path) { Place::standard_input() } else { Place::file(path) };
    whole.part(part)
}

/// Opens what a name stands for, or a part of it. The error does not say the name yet.
pub(crate) fn open(args: &Args, path: &Path, part: Option<Part>) -> Result<Input, Failure> {
    let place = place(path, part);
    let medium = if is_standard_input(path) {
        of_standard_input(args, &place, part)?
    } else {
        of_file(args, &place, open_file(path)?, part).map_err(no_such_part)?
    };
    Ok(Input { place, medium })
}

fn of_file(args: &Args, place: &Place, file: File, part: Option<Part>) -> Result<Medium, PartError> {
    match part {
        None => Ok(Medium::File(args.locks().of(file, place))),
        Some(part) => Slice::new(file, part).map(Medium::Part),
    }
}

fn of_standard_input(args: &Args, place: &Place, part: Option<Part>) -> Result<Medium, Failure> {
    let opened = match standard_input::open()? {
        StandardInput::File(file) => of_file(args, place, file, part),
        StandardInput::Stream(stream) => standard_input::spool(stream, part, args.quiet).map(Medium::Copy),
    };
    opened.map_err(no_such_part)
}

fn no_such_part(error: PartError) -> Failure {
    match error {
        PartError::Io(error) => error.into(),
        PartError::Overflow { .. } => failure(Outcome::Usage, error),
        PartError::Outside { .. } => failure(Outcome::Damaged, error),
    }
}

/// Standard input can be read once.
pub(crate) fn refuse_twice(args: &Args) -> Result<(), Failure> {
    let names = args.files.iter().chain(&args.compare);
    if names.filter(|path| is_standard_input(path)).count() > 1 {
        return Err(failure(Outcome::Usage, anyhow!("- found twice: standard input can be read once")));
    }
    Ok(())
}

/// Where the log ends by its head; where that cannot be, the error ends with what more can be done.
pub(crate) fn current(journal: &Journal, more: &str) -> Result<u64, Failure> {
    let advised = |error| failure(Outcome::Damaged, anyhow!("{error}; --check says what is left{more}"));
    journal.checkpoints().current().map_err(advised)
}

/// What is said of bytes that could not be opened as a log.
pub(crate) fn not_opened(error: OpenError) -> Failure {
    match error {
        OpenError::Io(error) => error.into(),
        OpenError::Head(error) => {
            failure(Outcome::NotJoedb, anyhow!("{error}; --check says what can be done"))
        }
        OpenError::CutShort(error) => failure(Outcome::Damaged, error),
    }
}
