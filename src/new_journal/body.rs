//! The body of a new journal, which grows entry by entry.

use super::NewJournalError;
use crate::blob_map::{BlobError, BlobPointers};
use crate::encode::Encoder;
use crate::entry::{Entry, Located};
use crate::head::{HEAD_SIZE, Version};
use crate::recovery::Share;
use crate::relocation::Relocation;

/// Entries that are encoded anew, for a file of version 5.
#[derive(Debug)]
pub(super) struct Body {
    encoder: Encoder,
    relocation: Relocation,
    entries: u64,
    rows: u64,
}

impl Body {
    pub(super) fn new(pointers: BlobPointers) -> Body {
        let (encoder, relocation) = (Encoder::new(Version::V5), Relocation::new(pointers));
        Body { encoder, relocation, entries: 0, rows: 0 }
    }

    /// The bytes since they were last forgotten.
    pub(super) fn bytes(&self) -> &[u8] {
        self.encoder.body()
    }

    pub(super) fn forget_bytes(&mut self) {
        self.encoder.clear();
    }

    /// The position behind the last entry.
    pub(super) const fn position(&self) -> u64 {
        self.encoder.position()
    }

    /// What was pushed, and how many bytes it takes.
    pub(super) const fn written(&self) -> Share {
        Share {
            bytes: self.position().saturating_sub(HEAD_SIZE),
            entries: Some(self.entries),
            rows: Some(self.rows),
            undecodable: None,
        }
    }

    /// Appends an entry.
    #[inline]
    pub(super) fn push(&mut self, located: &Located<'_>) -> Result<(), NewJournalError> {
        self.take(located).map_err(|error| NewJournalError::Blob {
            position: located.position,
            kind: located.entry.kind(),
            error,
        })
    }

    #[inline]
    fn take(&mut self, located: &Located<'_>) -> Result<(), BlobError> {
        // Version 5 has no such mark.
        if matches!(located.entry, Entry::EndOfFile) {
            return Ok(());
        }
        self.encoder.push(&self.relocation.entry(&located.entry)?);
        self.relocation.note(located, self.position())?;
        self.entries = self.entries.saturating_add(1);
        self.rows = self.rows.saturating_add(match located.entry {
            Entry::Insert { .. } => 1,
            Entry::InsertVector { count, .. } => count,
            _ => 0,
        });
        Ok(())
    }
}
