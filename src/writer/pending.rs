//! A hard checkpoint that was asked for.

use super::checkpointer::Checkpointer;
use super::error::WriteError;
use crate::storage::{File, Storage};
use std::sync::Arc;

/// A hard checkpoint that is on its way. Letting go of it changes nothing.
#[derive(Debug)]
pub struct PendingCheckpoint<S = File> {
    checkpointer: Arc<Checkpointer<S>>,
    position: u64,
    by_hand: bool,
}

impl<S: Storage> PendingCheckpoint<S> {
    pub(super) const fn new(
        checkpointer: Arc<Checkpointer<S>>,
        position: u64,
        by_hand: bool,
    ) -> PendingCheckpoint<S> {
        PendingCheckpoint { checkpointer, position, by_hand }
    }

    /// The position that will be covered, in bytes from the beginning of the file.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Whether everything up to [`PendingCheckpoint::position`] survives a power failure now.
    ///
    /// # Errors
    /// [`WriteError::Poisoned`] if a write or a sync failed, so that it never will.
    pub fn is_done(&self) -> Result<bool, WriteError> {
        self.checkpointer.is_covered(self.position)
    }

    /// Waits until it does. It hurries the thread, which otherwise gives soft checkpoints their time.
    ///
    /// # Errors
    /// [`WriteError::Poisoned`] if a write or a sync failed, and [`WriteError::ByHand`] if there is no thread and it
    /// is not done yet.
    pub fn wait(&self) -> Result<(), WriteError> {
        if !self.by_hand {
            return self.checkpointer.wait_for(self.position);
        }
        if self.is_done()? { Ok(()) } else { Err(WriteError::ByHand) }
    }
}
