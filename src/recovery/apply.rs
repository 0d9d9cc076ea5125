//! Applying a plan: the only code that writes.
//!
//! ```text
//! temporary file: create, copy the kept bytes, write the head, sync, read back, compare
//! tail, if asked for: the same, renamed first
//! rename the temporary file to the output, sync the directory
//! ```
//!
//! A crash at any point leaves the source as it was, and either no output, or all of it.

use super::plan::{Plan, Share};
use super::temporary::{Temporary, io_error, sync_directory};
use crate::head::{HEAD_LENGTH, HEAD_SIZE};
use crate::journal::Writer;
use crate::storage::{Directory, Existing, ReadAt, Storage};
use crate::text::{Position, file_name};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// Where the results go.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// The recovered file.
    pub output: PathBuf,
    /// What becomes of a file that already has that name.
    pub existing: Existing,
    /// Where the removed bytes are kept, if they are. A file of that name is never replaced.
    pub tail: Option<PathBuf>,
}

/// What a program wants to know and to say while a plan is applied.
pub trait Supervisor {
    /// A stage of the work began; it will pass `bytes` bytes.
    fn stage(&mut self, stage: Stage, bytes: u64) {
        let _ = (stage, bytes);
    }

    /// So many bytes of the stage are done.
    fn progress(&mut self, bytes: u64) {
        let _ = bytes;
    }

    /// Whether to give up and clean up.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Lets everything pass in silence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unattended;

impl Supervisor for Unattended {}

/// The stages of applying a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The source is summed up, where decoding did not do that.
    Sum,
    /// The kept bytes are copied.
    Copy,
    /// The output is read back.
    ReadBack,
    /// The removed bytes are saved.
    SaveTail,
    /// Rows, or values of them, are exported; their number takes the place of bytes.
    Export,
}

/// Why a plan could not be applied, or another new file not be made. The source is as it was, and there is no output,
/// unless the error came while its directory was synced: then the output is whole, and a power failure may still take
/// its name.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The operating system refused.
    #[error("{}: {action}: {error}", file_name(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What it said.
        error: io::Error,
    },
    /// A file that is changed in place could not be synced. A system may show what it could not write, and say at the
    /// next sync that all is well; only after it was started again is what reads back what the disk holds.
    #[error(
        "{}: syncing: {error}; what reads back now need not be on the disk: start the machine again, then repeat this",
        file_name(path)
    )]
    NotSynced {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// There is a file with the name of the output.
    #[error("{}: it exists already; --force replaces it, or choose another name", file_name(_0))]
    Exists(PathBuf),
    /// The source is not what the plan was made from.
    #[error("the input changed while it was worked on: {0}; try again when no program writes to it")]
    Changed(String),
    /// What was read back is not what was written.
    #[error(
        "{}: what was read back differs from what was written (CRC-32 {found:08x} found, {expected:08x} expected): the disk or its cable is failing",
        file_name(path)
    )]
    ReadBack {
        /// The output.
        path: PathBuf,
        /// The checksum read.
        found: u32,
        /// The checksum written.
        expected: u32,
    },
    /// No order of writes would be safe against a crash.
    #[error(
        "{}: its head cannot be changed in a way that is safe against a crash; recover to another file",
        file_name(path)
    )]
    NoSafeWay {
        /// The file.
        path: PathBuf,
    },
    /// The supervisor gave up.
    #[error("interrupted; nothing was left behind")]
    Cancelled,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The size of the output, and the position that its head holds four times.
    pub cut: u64,
    /// The CRC-32 of the kept bytes from 41: computed from the source, and found again in the output.
    pub crc: u32,
    /// What was kept.
    pub kept: Share,
    /// What was lost.
    pub lost: Share,
    /// How many removed bytes were saved; `None` where it was not asked for, or none were removed.
    pub saved_tail: Option<u64>,
    /// Attributes of the source that the output does not have.
    pub warnings: Vec<String>,
}

/// Carries out a plan.
///
/// # Errors
/// [`ApplyError`]; the temporary files are gone then, unless removing them failed too.
pub fn apply<D: Directory>(
    plan: &Plan,
    source: &D::File,
    directory: &D,
    outputs: &Outputs,
    supervisor: &mut dyn Supervisor,
) -> Result<Receipt, ApplyError> {
    Work { plan, source, directory, supervisor }.run(outputs)
}

struct Work<'a, D: Directory> {
    plan: &'a Plan,
    source: &'a D::File,
    directory: &'a D,
    supervisor: &'a mut dyn Supervisor,
}

impl<D: Directory> Work<'_, D> {
    fn run(mut self, outputs: &Outputs) -> Result<Receipt, ApplyError> {
        self.check_source()?;
        let crc = self.source_crc()?;
        let mut output = Temporary::beside(self.directory, &outputs.output)?;
        let length = self.plan.cut.saturating_sub(HEAD_SIZE);
        self.supervisor.stage(Stage::Copy, length);
        copy(
            self.source,
            HEAD_SIZE,
            (&mut output.file, &outputs.output),
            HEAD_SIZE,
            length,
            self.supervisor,
        )?;
        let head = self.plan.head().to_bytes();
        output.file.write_at(&head, 0).map_err(io_error(&outputs.output, "writing the head"))?;
        let warnings = output.file.copy_attributes(self.source);
        output.file.sync().map_err(io_error(&outputs.output, "syncing"))?;
        self.read_back(&output.file, &outputs.output, crc)?;
        self.check_source()?;
        let saved_tail = self.save_tail(outputs)?;
        let renamed = output.rename(&outputs.output, outputs.existing);
        if let (Err(_), Some(_), Some(tail)) = (&renamed, saved_tail, &outputs.tail) {
            // The error says what went wrong; a tail without its output would be left by nobody's wish.
            let _ = self.directory.remove(tail);
        }
        renamed?;
        // From here on the output is there, and the tail with it, even if the directory cannot be synced.
        sync_directory(self.directory, &outputs.output)?;
        let Plan { cut, kept, lost, .. } = *self.plan;
        Ok(Receipt { cut, crc, kept, lost, saved_tail, warnings })
    }

    fn check_source(&self) -> Result<(), ApplyError> {
        check_source(self.plan, self.source)
    }

    fn source_crc(&mut self) -> Result<u32, ApplyError> {
        match self.plan.crc {
            Some(crc) => Ok(crc),
            None => self.sum(self.source, Path::new("the input"), Stage::Sum),
        }
    }

    /// The CRC-32 of the bytes from 41 to the cut.
    fn sum(&mut self, file: &D::File, path: &Path, stage: Stage) -> Result<u32, ApplyError> {
        let length = self.plan.cut.saturating_sub(HEAD_SIZE);
        self.supervisor.stage(stage, length);
        sum(file, path, HEAD_SIZE, length, self.supervisor)
    }

    /// Reads the output from the disk, where the system lets it, and compares head, size and checksum.
    fn read_back(&mut self, file: &D::File, path: &Path, expected: u32) -> Result<(), ApplyError> {
        file.drop_cache();
        let found = self.sum(file, path, Stage::ReadBack)?;
        let mut head = [0; HEAD_LENGTH];
        file.read_full_at(&mut head, 0).map_err(io_error(path, "reading back the head"))?;
        let size = file.size().map_err(io_error(path, "asking for the size"))?;
        if found != expected && self.sum(self.source, Path::new("the input"), Stage::Sum)? == found {
            return Err(ApplyError::Changed("its bytes below the cut were written to".to_owned()));
        }
        if found != expected || head != self.plan.head().to_bytes() || size != self.plan.cut {
            return Err(ApplyError::ReadBack { path: path.to_path_buf(), found, expected });
        }
        Ok(())
    }

    fn save_tail(&mut self, outputs: &Outputs) -> Result<Option<u64>, ApplyError> {
        let removed = self.plan.removed();
        let Some(path) = outputs.tail.as_deref().filter(|_| removed > 0) else { return Ok(None) };
        let mut tail = Temporary::beside(self.directory, path)?;
        self.supervisor.stage(Stage::SaveTail, removed);
        copy(self.source, self.plan.cut, (&mut tail.file, path), 0, removed, self.supervisor)?;
        tail.file.copy_attributes(self.source);
        tail.file.sync().map_err(io_error(path, "syncing"))?;
        tail.finish(path, Existing::Refuse)?;
        Ok(Some(removed))
    }
}

/// The source must be what the plan was made from. A file with a writer may grow and get new checkpoints: what is
/// below the cut stays, and its checksum is compared.
///
/// # Errors
/// [`ApplyError::Changed`].
pub fn check_source<S: ReadAt>(plan: &Plan, source: &S) -> Result<(), ApplyError> {
    let changed = |error: io::Error| ApplyError::Changed(error.to_string());
    let size = source.size().map_err(changed)?;
    let in_use = plan.source_writer == Writer::Present;
    if size < plan.cut || (!in_use && size != plan.source_size) {
        let (size, planned) = (Position(size), Position(plan.source_size));
        return Err(ApplyError::Changed(format!("it has {size} bytes now, {planned} before")));
    }
    let mut head = [0; HEAD_LENGTH];
    source.read_full_at(&mut head, 0).map_err(changed)?;
    if !in_use && head != plan.source_head {
        return Err(ApplyError::Changed("its head was written to".to_owned()));
    }
    Ok(())
}

/// Copies `length` bytes from `from` in `source` to `to` in a target, which has a name for messages.
pub(super) fn copy<S: Storage>(
    source: &S,
    from: u64,
    (target, path): (&mut S, &Path),
    to: u64,
    length: u64,
    supervisor: &mut dyn Supervisor,
) -> Result<(), ApplyError> {
    let mut done = 0;
    while done < length {
        heed(supervisor)?;
        let (here, there) = (from.saturating_add(done), to.saturating_add(done));
        let copied = target.copy_from(source, here, there, length.saturating_sub(done));
        match copied.map_err(io_error(path, "copying"))? {
            0 => return Err(ApplyError::Changed(format!("it ends at {} now", Position(here)))),
            more => done = done.saturating_add(more),
        }
        supervisor.progress(done);
    }
    Ok(())
}

/// The CRC-32 of `length` bytes from `from`.
pub(crate) fn sum<S: ReadAt>(
    file: &S,
    path: &Path,
    from: u64,
    length: u64,
    supervisor: &mut dyn Supervisor,
) -> Result<u32, ApplyError> {
    const PIECE: u64 = 1024 * 1024;
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = Vec::new();
    let mut done = 0;
    while done < length {
        heed(supervisor)?;
        buffer.resize(usize::try_from(PIECE.min(length.saturating_sub(done))).unwrap_or(0), 0);
        let position = from.saturating_add(done);
        let read = file.read_full_at(&mut buffer, position).map_err(io_error(path, "reading"))?;
        if read == 0 {
            return Err(ApplyError::Changed(format!("it ends at {} now", Position(position))));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
        done = done.saturating_add(read as u64);
        supervisor.progress(done);
    }
    Ok(hasher.finalize())
}

pub(crate) fn heed(supervisor: &dyn Supervisor) -> Result<(), ApplyError> {
    if supervisor.is_cancelled() { Err(ApplyError::Cancelled) } else { Ok(()) }
}
