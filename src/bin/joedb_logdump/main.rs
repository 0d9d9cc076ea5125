//! `joedb_logdump`: shows what is in a joedb file, and what happened to it.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod args;
mod check;
mod compare;
mod dump;
#[path = "../shared/file_size.rs"]
mod file_size;
mod follow;
mod form;
mod header;
mod index;
mod input;
mod interrupt;
#[path = "../shared/locks.rs"]
mod locks;
#[path = "../shared/manual.rs"]
mod manual;
#[path = "../shared/naming.rs"]
mod naming;
#[path = "../shared/outcome.rs"]
mod outcome;
#[path = "../shared/positions.rs"]
mod positions;
#[path = "../shared/progress.rs"]
mod progress;
mod sections;
#[path = "../shared/sidecar.rs"]
mod sidecar;
#[path = "../shared/standard_input.rs"]
mod standard_input;
mod stats;
mod table;

use args::Args;
use joedb::Outcome;
use outcome::{Failure, failure};
use std::io::{self, Write};
use std::process::ExitCode;

const PROGRAM: &str = "joedb_logdump";

fn main() -> ExitCode {
    let args: Args = match manual::arguments(sections::SECTIONS) {
        Ok(args) => args,
        Err(code) => return code,
    };
    let out = file_size::survive_limit().and_then(|()| stdout());
    match out.map_err(Failure::from).and_then(|mut out| run(&args, &mut out)) {
        Ok(outcome) => outcome.into(),
        Err(failure) => outcome::report(PROGRAM, &failure),
    }
}

/// Standard output without the line buffer of the standard library: the formatters have one of their own.
#[cfg(unix)]
fn stdout() -> io::Result<impl Write> {
    use std::os::fd::AsFd as _;
    let out = io::stdout().as_fd().try_clone_to_owned()?;
    enlarge_pipe(&out);
    Ok(std::fs::File::from(out))
}

/// A pipe takes 64 KiB before its writer has to wait, unless it is asked for more. What is no pipe, and a user who has
/// enough of them, says no.
#[cfg(target_os = "linux")]
fn enlarge_pipe(out: &std::os::fd::OwnedFd) {
    const BYTES: i32 = 1024 * 1024;
    let _ = nix::fcntl::fcntl(out, nix::fcntl::FcntlArg::F_SETPIPE_SZ(BYTES));
}

#[cfg(all(unix, not(target_os = "linux")))]
const fn enlarge_pipe(_: &std::os::fd::OwnedFd) {}

#[cfg(not(unix))]
fn stdout() -> io::Result<impl Write> {
    Ok(io::stdout())
}

fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome, Failure> {
    input::refuse_twice(args)?;
    if args.header {
        return header::run(args, out);
    }
    if args.check {
        return check::run(args, out);
    }
    if args.index {
        return index::run(args, out);
    }
    if let (Some(other), [file]) = (&args.compare, args.files.as_slice()) {
        return compare::run(args, file, other, out);
    }
    match args.files.as_slice() {
        [file] if args.stats => stats::run(args, file, out),
        [file] if args.follow => follow::run(args, file, out),
        [file] => dump::run(args, file, out),
        files => {
            let message = "one FILE expected; only --header, --check and --index take several";
            Err(failure(Outcome::Usage, anyhow::anyhow!("{} files found, {message}", files.len())))
        }
    }
}
