//! What can go wrong when a log is written.

use crate::blob_map::BlobError;
use crate::head::{CutShort, HeadError};
use crate::journal::SourceError;
use crate::recovery::{ApplyError, PlanError};
use crate::schema::Nonsense;
use crate::sense::Damage;
use crate::text::Position;
use std::io;

/// Why a file could not be opened for writing. It was not changed, unless recovering was asked for and had begun.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error("{action}: {error}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What it said.
        error: io::Error,
    },
    /// The bytes of the log could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It is no joedb file.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// Another program holds the lock of the tail.
    #[error("another program is writing it (its tail is locked); stop that, or wait for the lock")]
    Locked,
    /// The file system has no locks.
    #[error(
        "there are no locks on this file system, so nobody knows whether another program writes to it: {0}"
    )]
    NoLocks(io::Error),
    /// It is a file of version 4, which is only read.
    #[error("format version 4 found, 5 expected: version 4 can be read, not written")]
    Version4,
    /// It is shorter than its hard checkpoint.
    #[error("{0}; joedb_convert recovers what is left")]
    CutShort(#[from] CutShort),
    /// Bytes follow the current checkpoint: a transaction that was aborted, or never finished.
    #[error(
        "a dirty tail: {} bytes found, {} expected by its current checkpoint, so {} bytes belong to no checkpoint; \
         joedb_logdump --check tells what they are, joedb_convert --in-place cuts them off",
        Position(*size), Position(*checkpoint), size.saturating_sub(*checkpoint)
    )]
    DirtyTail {
        /// The size of the file.
        size: u64,
        /// The current checkpoint.
        checkpoint: u64,
    },
    /// The log below the checkpoint is damaged.
    #[error("{0}; joedb_logdump --check tells what is left")]
    Damaged(#[from] Damage),
    /// Recovering was asked for, and there is nothing that it could recover to.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Recovering was asked for, and failed.
    #[error(transparent)]
    Recover(#[from] ApplyError),
    /// Another program cut or replaced what this one had read.
    #[error("another program took back what was committed: the checkpoint went from {} to {}", Position(*known), Position(*found))]
    WentBack {
        /// The end of what had been read.
        known: u64,
        /// The checkpoint now.
        found: u64,
    },
}

impl OpenError {
    pub(super) fn io(action: &'static str) -> impl FnOnce(io::Error) -> OpenError {
        move |error| OpenError::Io { action, error }
    }
}

/// Why an entry or a checkpoint could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The operating system refused. The writer is poisoned from here on.
    #[error("{action}: {error}; nothing more is written: open the file again")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What it said.
        error: io::Error,
    },
    /// An earlier write or sync failed. What the disk holds is unknown: after a failed sync the kernel may have
    /// dropped the data, and a later one may succeed without it.
    #[error("an earlier failure poisoned the writer ({action}: {message}); open the file again")]
    Poisoned {
        /// What was being done when it failed.
        action: &'static str,
        /// What the operating system said.
        message: String,
    },
    /// The entry makes no sense in this schema. Nothing was written, and the writer goes on.
    #[error("{0}")]
    Nonsense(#[from] Nonsense),
    /// A blob value of a log that is replayed cannot follow its data, or a blob overlaps another. The writer goes on.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A hard checkpoint without a thread is waited for.
    #[error("no thread carries out this hard checkpoint: Writer::advance does")]
    ByHand,
}
