//! Files whose locks are not asked for, and those of which nobody can be asked.

use crate::PROGRAM;
use crate::outcome::say;
use joedb::storage::{File, Place, Region};

/// How a program asks for locks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locks {
    /// `--no-lock`: not at all.
    pub(crate) ignored: bool,
    /// Nothing is said where they cannot be asked.
    pub(crate) quiet: bool,
}

impl Locks {
    /// A file to read, as it was asked for. Where locks cannot be asked, that is said: nobody would see a writer.
    pub(crate) fn of(self, file: File, place: &Place) -> File {
        if self.ignored {
            return file.without_locks();
        }
        if let Err(error) = file.is_locked(Region::Tail)
            && !self.quiet
        {
            say(&format!(
                "{PROGRAM}: {place}: warning: it has no locks here ({error}), so a program that writes to it cannot be \
                 seen; --no-lock does not ask for them"
            ));
        }
        file
    }
}
