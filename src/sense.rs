//! Whether entries that decode make sense: the schema, and version 4's end-of-file mark.

use crate::decode::DecodeError;
use crate::entry::{Entry, Kind, Located};
use crate::head::Checkpoints;
use crate::schema::{Nonsense, Schema};
use crate::text::Position;
use std::sync::Arc;

/// Why a log cannot be read beyond some position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The bytes are no entry.
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    /// They are one that no healthy writer can have written.
    #[error("position {}: {kind} entry makes no sense: {nonsense}", Position(*position))]
    Nonsense {
        /// Where the entry begins.
        position: u64,
        /// The kind of entry.
        kind: Kind,
        /// What is wrong with it.
        nonsense: Nonsense,
    },
    /// The entry is not over where the log has to end.
    #[error("position {}: {kind} entry ends at {}, but a checkpoint lies inside it, at {}", Position(*position), Position(*end), Position(*checkpoint))]
    Crossing {
        /// Where the entry begins.
        position: u64,
        /// Where it ends.
        end: u64,
        /// The checkpoint between the two.
        checkpoint: u64,
        /// The kind of entry.
        kind: Kind,
    },
}

impl Damage {
    /// Where the damaged entry begins: the last position up to which the log is whole.
    #[must_use]
    pub const fn position(&self) -> u64 {
        match self {
            Damage::Undecodable(error) => error.position,
            Damage::Nonsense { position, .. } | Damage::Crossing { position, .. } => *position,
        }
    }
}

/// The schema of a log, and the places where version 4 may end it.
#[derive(Clone, Debug)]
pub struct Sense {
    /// Shared with copies of this until one of them changes it: a copy costs nothing.
    schema: Arc<Schema>,
    end_marks: Vec<u64>,
    /// Whether version 4's mark was passed: no entry follows it, for a log that is cut behind such an entry would have
    /// the mark in its middle.
    ended: bool,
}

impl Sense {
    /// For a log whose head says `checkpoints`.
    #[must_use]
    pub fn new(checkpoints: &Checkpoints) -> Sense {
        Sense { schema: Arc::default(), end_marks: end_marks(checkpoints).collect(), ended: false }
    }

    /// The schema before the next entry.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Whether version 4's mark was passed.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether an entry makes sense here.
    ///
    /// # Errors
    /// [`Nonsense`].
    // Once an entry: a call costs as much as the check itself, and halves the speed of a whole `--check`.
    #[inline(always)]
    pub fn check(&self, located: &Located<'_>) -> Result<(), Nonsense> {
        if self.ended || matches!(located.entry, Entry::EndOfFile) {
            return self.check_end(located);
        }
        self.schema.check(&located.entry)
    }

    #[cold]
    fn check_end(&self, located: &Located<'_>) -> Result<(), Nonsense> {
        if self.ended {
            return Err(Nonsense::BehindEnd);
        }
        if self.end_marks.contains(&located.end()) { Ok(()) } else { Err(Nonsense::MisplacedEnd) }
    }

    /// As [`Sense::check`], as damage of the log.
    #[inline]
    pub(crate) fn judge(&self, located: &Located<'_>) -> Result<(), Box<Damage>> {
        self.check(located).map_err(|nonsense| damage(located, nonsense))
    }

    /// Takes an entry in.
    #[inline]
    pub fn apply(&mut self, located: &Located<'_>) {
        if located.entry.is_schema() {
            Arc::make_mut(&mut self.schema).apply(&located.entry);
        }
        self.ended |= matches!(located.entry, Entry::EndOfFile);
    }

    /// Allows version 4's mark where a newer head may have it, and at `limit`: the end of a file whose head is ignored.
    pub(crate) fn expect_end_at(&mut self, checkpoints: &Checkpoints, limit: u64) {
        self.end_marks.clear();
        self.end_marks.extend(end_marks(checkpoints).chain([limit]));
    }
}

/// The places where a head may have version 4's mark.
fn end_marks(checkpoints: &Checkpoints) -> impl Iterator<Item = u64> {
    let pending = checkpoints.pending.map(|pending| pending.position);
    [checkpoints.hard.position].into_iter().chain(pending)
}

#[cold]
fn damage(located: &Located<'_>, nonsense: Nonsense) -> Box<Damage> {
    Box::new(Damage::Nonsense { position: located.position, kind: located.entry.kind(), nonsense })
}

/// A position that is not a boundary between entries, and the two next to it that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("position {} is inside an entry; the nearest boundaries are {} and {}", Position(*asked), Position(*before), Position(*after))]
pub struct NotABoundary {
    /// The position.
    pub asked: u64,
    /// The nearest boundary before it.
    pub before: u64,
    /// The nearest boundary after it.
    pub after: u64,
}
