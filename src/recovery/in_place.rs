//! Cutting a file where it is, with a way back.
//!
//! ```text
//! cut    1  undo file: removed bytes, old head, checksums; synced, renamed, directory synced
//!        2  what is kept behind the hard checkpoint: written over itself, for an earlier sync may have failed
//!        3  head: as it is, then place by place, each write synced, in an order in which every crash reads to the old or
//!           the new cut
//!        4  length: set to the cut, synced
//! undo   1  mark the undo file as begun, synced
//!        2  write the removed bytes behind the cut; the head still says the cut
//!        3  head: as it is, synced with the removed bytes, then place by place, back to the old bytes
//! ```
//!
//! Both can be interrupted anywhere and repeated.

use super::apply::{ApplyError, Stage, Supervisor, check_source, copy, heed, sum};
use super::plan::{Plan, Share};
use super::temporary::{Temporary, io_error};
use super::transition::{change_head, lies_between, require_way, sync};
use super::undo::{BEGUN_AT, UNDO_HEAD, UndoHead, UndoHeadError};
use crate::head::{HEAD_LENGTH, HEAD_SIZE, Head};
use crate::storage::{Directory, Existing, ReadAt, Storage, discard_index, rewrite};
use crate::text::{Position, file_name};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// What was done to a file in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InPlaceReceipt {
    /// The size of the file, and the position that its head holds four times.
    pub cut: u64,
    /// Whether anything was changed: a file that ends at the cut already is left alone.
    pub changed: bool,
    /// What was kept.
    pub kept: Share,
    /// What was lost.
    pub lost: Share,
    /// How many bytes the undo file holds, if one was written.
    pub undo_size: Option<u64>,
}

/// Whether a file already is what the plan would make of it: it ends at the cut, and reads to it.
#[must_use]
pub fn is_done(plan: &Plan) -> bool {
    let reads = Head::parse(&plan.source_head).map(|head| head.checkpoints(plan.source_size).current());
    plan.removed() == 0 && reads == Ok(Ok(plan.cut))
}

/// Carries out a plan on the file itself. `undo` is the name of the undo file, which must not exist; without it there
/// is no way back. The caller holds the locks of head and tail.
///
/// # Errors
/// [`ApplyError`]. What was not yet done then is done by another run; the file reads to the old or to the new cut.
pub fn apply_in_place<D: Directory>(
    plan: &Plan,
    path: &Path,
    file: &mut D::File,
    directory: &D,
    undo: Option<&Path>,
    supervisor: &mut dyn Supervisor,
) -> Result<InPlaceReceipt, ApplyError> {
    check_source(plan, file)?;
    // What an interrupted run wrote may still be on its way to the disk, and the order of writes counts from here.
    sync(file, path)?;
    let Plan { cut, kept, lost, .. } = *plan;
    if is_done(plan) {
        return Ok(InPlaceReceipt { cut, changed: false, kept, lost, undo_size: None });
    }
    let undo_size = match undo {
        Some(undo) => Some(write_undo(plan, path, file, directory, undo, supervisor)?),
        None => None,
    };
    let old = Head::parse(&plan.source_head).map_err(|error| ApplyError::Changed(error.to_string()))?;
    discard_index(directory, path);
    write_again(plan, old, path, file, supervisor)?;
    change_head(file, path, old, plan.head(), plan.source_size)?;
    file.set_size(cut).map_err(io_error(path, "setting the size"))?;
    sync(file, path)?;
    Ok(InPlaceReceipt { cut, changed: true, kept, lost, undo_size })
}

/// Writes what will be hard-checkpointed over itself: where a sync failed for the program that wrote it, it is seen, and
/// may never have reached the disk. It does with the sync of the head.
fn write_again<S: Storage>(
    plan: &Plan,
    old: Head,
    path: &Path,
    file: &mut S,
    supervisor: &mut dyn Supervisor,
) -> Result<(), ApplyError> {
    const PIECE: u64 = 8 * 1024 * 1024;
    let mut position = old.checkpoints(plan.source_size).hard.position.min(plan.cut);
    let start = position;
    supervisor.stage(Stage::Copy, plan.cut.saturating_sub(start));
    while position < plan.cut {
        heed(supervisor)?;
        let end = plan.cut.min(position.saturating_add(PIECE));
        rewrite(file, position..end).map_err(io_error(path, "writing once more what is kept"))?;
        position = end;
        supervisor.progress(position.saturating_sub(start));
    }
    file.set_size(plan.source_size).map_err(io_error(path, "setting the size"))
}

fn write_undo<D: Directory>(
    plan: &Plan,
    path: &Path,
    file: &D::File,
    directory: &D,
    undo: &Path,
    supervisor: &mut dyn Supervisor,
) -> Result<u64, ApplyError> {
    let removed = plan.removed();
    let mut temporary = Temporary::beside(directory, undo)?;
    supervisor.stage(Stage::SaveTail, removed);
    let removed_crc = sum(file, path, plan.cut, removed, supervisor)?;
    copy(file, plan.cut, (&mut temporary.file, undo), UNDO_HEAD, removed, supervisor)?;
    let head = UndoHead {
        old_size: plan.source_size,
        new_size: plan.cut,
        old_head: plan.source_head,
        new_head: plan.head().to_bytes(),
        removed_crc,
        kept_crc: plan.crc,
        begun: false,
    };
    temporary.file.write_at(&head.to_bytes(), 0).map_err(io_error(undo, "writing its head"))?;
    temporary.file.copy_attributes(file);
    temporary.file.sync().map_err(io_error(undo, "syncing"))?;
    temporary.file.drop_cache();
    let found = sum(&temporary.file, undo, UNDO_HEAD, removed, supervisor)?;
    if found != removed_crc {
        return Err(ApplyError::ReadBack { path: undo.to_path_buf(), found, expected: removed_crc });
    }
    temporary.finish(undo, Existing::Refuse)?;
    Ok(UNDO_HEAD.saturating_add(removed))
}

/// Why a cut could not be undone. The file is as it was, or reads to the old or the new cut.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The undo file cannot be trusted.
    #[error("{}: {error}", file_name(path))]
    Head {
        /// The undo file.
        path: PathBuf,
        /// What is wrong with it.
        error: UndoHeadError,
    },
    /// The removed bytes in the undo file are not those that were removed.
    #[error(
        "{}: the removed bytes are damaged: CRC-32 {found:08x} found, {expected:08x} expected",
        file_name(path)
    )]
    Removed {
        /// The undo file.
        path: PathBuf,
        /// The checksum of what is there.
        found: u32,
        /// The checksum of what was removed.
        expected: u32,
    },
    /// The file is not what the cut left.
    #[error("{}: it was changed since the cut: {what}; undoing would destroy that", file_name(path))]
    Changed {
        /// The file.
        path: PathBuf,
        /// What changed.
        what: String,
    },
    /// Reading, writing, or giving up.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// What undoing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UndoReceipt {
    /// The size of the file, as it was before the cut.
    pub size: u64,
    /// How many bytes were put back; 0 if the file was already as before.
    pub put_back: u64,
}

/// Puts back the very bytes that a cut removed. The caller holds the locks of head and tail.
///
/// # Errors
/// [`UndoError`].
pub fn undo<S: Storage>(
    path: &Path,
    file: &mut S,
    undo_path: &Path,
    undo_file: &mut S,
    supervisor: &mut dyn Supervisor,
) -> Result<UndoReceipt, UndoError> {
    let head = read_undo(undo_path, undo_file, supervisor)?;
    let changed = |what: String| UndoError::Changed { path: path.to_path_buf(), what };
    // What an interrupted run wrote may still be on its way to the disk, and the order of writes counts from here.
    sync(file, path)?;
    let state = state(path, file, &head).map_err(UndoError::Apply)?;
    // Where the head did not change, only the bytes tell whether an earlier undo was interrupted.
    if state == (head.old_head, head.old_size) && tail_is_whole(path, file, &head, supervisor)? {
        return Ok(UndoReceipt { size: head.old_size, put_back: 0 });
    }
    check_unchanged(path, file, undo_file, &head, state, supervisor)?;
    let parse = |bytes: &[u8]| Head::parse(bytes).map_err(|error| changed(error.to_string()));
    let (found, old) = (parse(&state.0)?, parse(&head.old_head)?);
    require_way(path, found, old, head.old_size)?;
    undo_file.write_at(&[1], BEGUN_AT).map_err(io_error(undo_path, "marking it as begun"))?;
    sync(undo_file, undo_path)?;
    supervisor.stage(Stage::Copy, head.removed());
    copy(undo_file, UNDO_HEAD, (file, path), head.new_size, head.removed(), supervisor)?;
    file.set_size(head.old_size).map_err(io_error(path, "setting the size"))?;
    change_head(file, path, found, old, head.old_size)?;
    Ok(UndoReceipt { size: head.old_size, put_back: head.removed() })
}

fn read_undo<S: Storage>(
    path: &Path,
    file: &S,
    supervisor: &mut dyn Supervisor,
) -> Result<UndoHead, UndoError> {
    let mut bytes = vec![0; usize::try_from(UNDO_HEAD).unwrap_or(0)];
    let read = file.read_full_at(&mut bytes, 0).map_err(io_error(path, "reading"))?;
    let head = UndoHead::parse(bytes.get(..read).unwrap_or_default());
    let head = head.map_err(|error| UndoError::Head { path: path.to_path_buf(), error })?;
    let removed = head.removed();
    let size = file.size().map_err(io_error(path, "asking for the size"))?;
    if size != UNDO_HEAD.saturating_add(removed) {
        let error = UndoHeadError::Sizes { old: head.old_size, new: size };
        return Err(UndoError::Head { path: path.to_path_buf(), error });
    }
    supervisor.stage(Stage::Sum, removed);
    let found = sum(file, path, UNDO_HEAD, removed, supervisor)?;
    if found != head.removed_crc {
        return Err(UndoError::Removed { path: path.to_path_buf(), found, expected: head.removed_crc });
    }
    Ok(head)
}

fn state<S: ReadAt>(path: &Path, file: &S, head: &UndoHead) -> Result<([u8; HEAD_LENGTH], u64), ApplyError> {
    let mut bytes = head.new_head;
    let read: io::Result<usize> = file.read_full_at(&mut bytes, 0);
    read.map_err(io_error(path, "reading"))?;
    Ok((bytes, file.size().map_err(io_error(path, "asking for the size"))?))
}

/// The file must be what the cut left, or what an interrupted cut or undo left.
fn check_unchanged<S: Storage>(
    path: &Path,
    file: &S,
    undo_file: &S,
    head: &UndoHead,
    (found, size): ([u8; HEAD_LENGTH], u64),
    supervisor: &mut dyn Supervisor,
) -> Result<(), UndoError> {
    let changed = |what: String| Err(UndoError::Changed { path: path.to_path_buf(), what });
    let heads = [&found, &head.old_head, &head.new_head].map(|bytes| Head::parse(bytes));
    let known = matches!(heads, [Ok(found), Ok(old), Ok(new)] if lies_between(found, old, new));
    if !known {
        return changed("its head was written to".to_owned());
    }
    if !(head.new_size..=head.old_size).contains(&size) {
        let (size, new, old) = (Position(size), Position(head.new_size), Position(head.old_size));
        return changed(format!("it has {size} bytes, {new} to {old} expected"));
    }
    if let Some(expected) = head.kept_crc {
        let length = head.new_size.saturating_sub(HEAD_SIZE);
        supervisor.stage(Stage::Sum, length);
        let kept = sum(file, path, HEAD_SIZE, length, supervisor)?;
        if kept != expected {
            return changed(format!("its log has CRC-32 {kept:08x}, {expected:08x} expected"));
        }
    }
    if head.begun
        || size == head.new_size
        || size == head.old_size && tail_is_left(path, file, undo_file, head, supervisor)?
    {
        return Ok(());
    }
    let behind = Position(head.new_size);
    changed(format!("bytes behind the cut at {behind} are not those that were removed"))
}

/// Whether the removed bytes are still in the file: the cut was interrupted before it set the length.
fn tail_is_whole<S: Storage>(
    path: &Path,
    file: &S,
    head: &UndoHead,
    supervisor: &mut dyn Supervisor,
) -> Result<bool, ApplyError> {
    Ok(sum(file, path, head.new_size, head.removed(), supervisor)? == head.removed_crc)
}

/// Whether the bytes behind the cut are the removed ones or zeros: the cut was interrupted while it set the length,
/// and a system may clear what is cut off before the length is on the disk.
fn tail_is_left<S: Storage>(
    path: &Path,
    file: &S,
    undo_file: &S,
    head: &UndoHead,
    supervisor: &mut dyn Supervisor,
) -> Result<bool, ApplyError> {
    const PIECE: u64 = 1024 * 1024;
    let (mut found, mut removed) = (Vec::new(), Vec::new());
    let mut done = 0;
    while done < head.removed() {
        heed(supervisor)?;
        let piece = usize::try_from(PIECE.min(head.removed().saturating_sub(done))).unwrap_or(0);
        found.resize(piece, 0);
        removed.resize(piece, 0);
        let read = file.read_full_at(&mut found, head.new_size.saturating_add(done));
        let kept = undo_file.read_full_at(&mut removed, UNDO_HEAD.saturating_add(done));
        let read = read.map_err(io_error(path, "reading"))?;
        let kept = kept.map_err(io_error(path, "reading the undo file"))?;
        let is_left = found.iter().zip(&removed).all(|(found, removed)| found == removed || *found == 0);
        if read < piece || kept < piece || !is_left {
            return Ok(false);
        }
        done = done.saturating_add(piece as u64);
        supervisor.progress(done);
    }
    Ok(true)
}
