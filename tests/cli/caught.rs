//! A program that is stopped while it writes: what happens then does not depend on who is faster.

use super::processes::{send, stop, wait_until};
use nix::sys::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A program whose output is on its way. It does nothing before [`Caught::go_on`].
pub(crate) struct Caught(Child);

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// None if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) printed: String,
    pub(crate) said: String,
}

impl Caught {
    /// Starts a program that has a lot to write, and stops it once there are bytes in its temporary file, or in a file of
    /// its temporary directory. Both are in `directory`.
    pub(crate) fn writing(command: &mut Command, directory: &Path) -> Caught {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("there are bytes in a temporary file", || {
            assert_eq!(child.try_wait().unwrap(), None, "it ended by itself: {command:?}");
            written(directory) > 0
        });
        stop(&child);
        assert!(written(directory) > 0, "it was at its end already: {command:?}");
        Caught(child)
    }

    /// Lets it go on, with a signal that it finds first.
    pub(crate) fn go_on_with(self, signal: Signal) -> Ended {
        send(signal, &self.0);
        self.go_on()
    }

    /// Lets it go on.
    pub(crate) fn go_on(self) -> Ended {
        send(Signal::SIGCONT, &self.0);
        let output = self.0.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), printed: text(output.stdout), said: text(output.stderr) }
    }
}

/// How many bytes there are in temporary files.
fn written(directory: &Path) -> u64 {
    let is_temporary = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tmp");
    paths(directory).filter(is_temporary).map(|path| size(&path)).sum()
}

/// Of a directory, that of all its files. What was renamed meanwhile has none.
fn size(path: &Path) -> u64 {
    match path.metadata() {
        Ok(found) if found.is_dir() => paths(path).map(|path| size(&path)).sum(),
        found => found.map_or(0, |found| found.len()),
    }
}

fn paths(directory: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}
