//! What `main` makes of errors.

use joedb::Outcome;
use joedb::text::Output;
use joedb::text::escape::{self, Lines};
use std::io::{self, Write as _};
use std::process::ExitCode;

/// An error that brings its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    pub(crate) error: anyhow::Error,
}

impl Failure {
    /// The same, with the name of what it is about before it.
    pub(crate) fn context(self, name: impl ToString) -> Failure {
        Failure { error: self.error.context(name.to_string()), ..self }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure { outcome: Outcome::Failed, error: error.into() }
    }
}

pub(crate) fn failure(outcome: Outcome, error: impl Into<anyhow::Error>) -> Failure {
    Failure { outcome, error: error.into() }
}

/// Prints help, or what was wrong with the arguments. Those may hold anything: a pattern can name hostile files.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    let mut safe = Output::memory();
    escape::for_terminal(&mut safe, error.render().to_string().as_bytes(), Lines::Kept);
    // If stderr is closed, there is nobody left to tell.
    let _ = io::stderr().write_all(safe.as_bytes());
    Outcome::Usage.into()
}

/// Prints a failure and returns its code. Whoever closed the pipe knows, and is told nothing.
pub(crate) fn report(program: &str, failure: &Failure) -> ExitCode {
    if is_broken_pipe(&failure.error) {
        return ExitCode::SUCCESS;
    }
    say(&format!("{program}: {:#}", failure.error));
    failure.outcome.into()
}

pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// A line on stderr. If that is closed too, there is nobody left to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
