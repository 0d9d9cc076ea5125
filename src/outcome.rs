//! The exit codes of all programs.

/// How a program ended, or what is to be said of a file, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// All is well: the file is clean, or is being written.
    Done = 0,
    /// It could not be done: I/O errors, refusals.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Recoverable: nothing acknowledged is lost at the current checkpoint.
    Recoverable = 3,
    /// Damaged, or what was asked for cannot be had from this file.
    Damaged = 4,
    /// Not a joedb file.
    NotJoedb = 5,
}

impl Outcome {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The worse of two outcomes, in the order 2, 1, 5, 4, 3, 0: what could not be looked at may be anything.
    ///
    /// ```
    /// use joedb::Outcome;
    ///
    /// assert_eq!(Outcome::Damaged.worse(Outcome::Recoverable), Outcome::Damaged);
    /// assert_eq!(Outcome::Damaged.worse(Outcome::Failed), Outcome::Failed);
    /// ```
    #[must_use]
    pub const fn worse(self, other: Outcome) -> Outcome {
        if self.severity() >= other.severity() { self } else { other }
    }

    const fn severity(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Recoverable => 1,
            Outcome::Damaged => 2,
            Outcome::NotJoedb => 3,
            Outcome::Failed => 4,
            Outcome::Usage => 5,
        }
    }
}

impl From<Outcome> for std::process::ExitCode {
    fn from(outcome: Outcome) -> std::process::ExitCode {
        std::process::ExitCode::from(outcome.code())
    }
}
