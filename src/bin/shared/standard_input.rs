//! Standard input as a file that can be read at any position.

use crate::progress::Progress;
use anyhow::anyhow;
use joedb::storage::{File, Part, PartError, Storage as _};
use joedb::text::file_name;
use std::fs;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

/// What a user types for standard input.
pub(crate) const STANDARD_INPUT: &str = "-";

/// Whether a name on the command line means standard input; a file of that name is `./-`.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_INPUT)
}

/// What stands behind standard input.
pub(crate) enum StandardInput {
    /// A file or device, opened anew, so that its position and its locks are nobody else's.
    File(File),
    /// A pipe, or anything else that is read once.
    Stream(fs::File),
}

/// Looks what standard input is.
pub(crate) fn open() -> anyhow::Result<StandardInput> {
    if io::stdin().is_terminal() {
        return Err(anyhow!("a terminal found, a file or a pipe expected: use < FILE or COMMAND |"));
    }
    let stream = stream()?;
    let found = stream.metadata()?;
    if found.is_dir() {
        return Err(anyhow!("it is a directory"));
    }
    Ok(match reopened(&stream) {
        Some(file) => StandardInput::File(file),
        None => StandardInput::Stream(stream),
    })
}

/// A copy of part of a stream in a temporary file that has no name, and goes with the program however that ends.
pub(crate) fn spool(stream: fs::File, part: Option<Part>, quiet: bool) -> Result<File, PartError> {
    let part = part.unwrap_or(Part { offset: 0, size: None });
    part.end()?;
    let skipped = io::copy(&mut (&stream).take(part.offset), &mut io::sink())?;
    let mut progress = Progress::new("copy", part.size, quiet);
    let copied = temporary_copy(stream.take(part.size.unwrap_or(u64::MAX)), &mut progress);
    let (file, size) = copied.map_err(|error| {
        let directory = file_name(&std::env::temp_dir());
        let doing = "copying it to a temporary file in";
        io::Error::new(error.kind(), format!("{doing} {directory}: {error} (TMPDIR names another directory)"))
    })?;
    part.check(skipped.saturating_add(size))?;
    Ok(file)
}

fn temporary_copy(mut stream: impl Read, progress: &mut Progress) -> io::Result<(File, u64)> {
    /// As much as goes through a pipe at once, on systems that let it.
    const PIECE: usize = 1024 * 1024;
    let mut file = File::temporary()?;
    let (mut buffer, mut size) = (vec![0; PIECE], 0_u64);
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(0) => return Ok((file, size)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_at(buffer.get(..read).unwrap_or_default(), size)?;
        size = size.saturating_add(read as u64);
        progress.at(size);
    }
}

/// Opens a file by its name; what is read once has to come in another way.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => io::Error::new(
            error.kind(),
            format!("{error}; to read it all the same, give - and < before its name"),
        ),
        _ => error,
    })
}

/// Standard input without the buffer of the standard library.
#[cfg(unix)]
fn stream() -> io::Result<fs::File> {
    use std::os::fd::AsFd as _;
    io::stdin().as_fd().try_clone_to_owned().map(fs::File::from)
}

#[cfg(windows)]
fn stream() -> io::Result<fs::File> {
    use std::os::windows::io::AsHandle as _;
    io::stdin().as_handle().try_clone_to_owned().map(fs::File::from)
}

/// A file or device of which nothing was read yet, opened again. A handle that is shared with whoever started this
/// program would share its locks, and giving one back would take it from them.
#[cfg(target_os = "linux")]
fn reopened(stream: &fs::File) -> Option<File> {
    use std::io::Seek as _;
    let at_start = (&mut &*stream).stream_position().is_ok_and(|position| position == 0);
    File::open(Path::new("/proc/self/fd/0")).ok().filter(|_| at_start)
}

#[cfg(not(target_os = "linux"))]
fn reopened(_: &fs::File) -> Option<File> {
    None
}
