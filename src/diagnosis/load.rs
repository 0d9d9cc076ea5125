//! Whether a log can be played into tables.

use super::finding::{Advice, Finding, FindingId};
use super::findings::{Finder, finding};
use super::survey::Boundary;
use crate::entry::Located;
use crate::head::HEAD_SIZE;
use crate::journal::Writer;
use crate::store::{Conflict, Limits, Store, Unloadable};

/// What came of playing a log into tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// How many records are in use at the end, or in front of what stopped it.
    pub rows: u64,
    /// The memory that they take, in bytes.
    pub memory: u64,
    /// The first entry that could not be taken, and the boundary before it.
    pub stopped: Option<(Boundary, Unloadable)>,
}

impl Load {
    /// Whether the log can be loaded up to a boundary; `None` where that is not known.
    #[must_use]
    pub fn reaches(&self, position: u64) -> Option<bool> {
        match &self.stopped {
            Some((boundary, unloadable)) if boundary.position < position => {
                unloadable.conflict.is_damage().then_some(false)
            }
            _ => Some(true),
        }
    }

    /// The boundary before the first entry that cannot be loaded for certain.
    pub(super) fn loadable(&self) -> Option<Boundary> {
        let (boundary, unloadable) = self.stopped.as_ref()?;
        unloadable.conflict.is_damage().then_some(*boundary)
    }
}

/// Plays entries into tables until one cannot be taken.
pub(super) struct Loader {
    store: Store,
    stopped: Option<(Boundary, Unloadable)>,
}

impl Loader {
    pub(super) fn new(limits: Limits) -> Loader {
        Loader { store: Store::new(limits), stopped: None }
    }

    /// Takes an entry that makes sense; `before` is the boundary in front of it.
    // A call, so that a survey without it is as fast as if there were none.
    #[inline(never)]
    pub(super) fn take(&mut self, located: &Located<'_>, before: &Boundary) {
        if self.stopped.is_some() {
            return;
        }
        if let Err(conflict) = self.store.apply(&located.entry) {
            let (position, kind) = (located.position, located.entry.kind());
            self.stopped = Some((*before, Unloadable { position, kind, conflict }));
        }
    }

    /// The boundary whose checksum is to be filled in.
    pub(super) fn boundary_mut(&mut self) -> Option<&mut Boundary> {
        self.stopped.as_mut().map(|(boundary, _)| boundary)
    }

    pub(super) fn finish(self) -> Load {
        let rows = self.store.tables().map(|table| table.len()).fold(0, u64::saturating_add);
        Load { rows, memory: self.store.memory() as u64, stopped: self.stopped }
    }
}

/// How a log is to be checked again that may be as it should be: within limits that take the entry that was not taken.
const fn load_again(conflict: &Conflict) -> Advice {
    match *conflict {
        Conflict::TooManyRows { found, .. } => Advice::LoadWithin { rows: found },
        _ => Advice::CheckAgain,
    }
}

impl Finder<'_> {
    fn stopped(&self) -> Option<&(Boundary, Unloadable)> {
        self.survey.load.as_ref()?.stopped.as_ref()
    }

    /// An entry below the current checkpoint that could not be loaded.
    pub(super) fn unloadable(&self) -> Option<Finding> {
        let (boundary, unloadable) = self.stopped().filter(|(before, _)| before.position < self.current())?;
        if !unloadable.conflict.is_damage() {
            let sentence = format!(
                "Whether the log can be loaded from here on is not known: {unloadable}. That may be as it should be: \
                 --max-rows raises the limit, and each takes at most 16 bytes of memory."
            );
            let advice = load_again(&unloadable.conflict);
            return Some(finding(FindingId::TooManyRows, boundary.position, advice, sentence));
        }
        let sentence = format!(
            "The log decodes, but no tables can be made of it: {unloadable}. joedb fails there too. The bytes were changed \
             into others that decode, or the program wrote what it should not have. A backup may hold more than can be \
             recovered here, which may end in the middle of a transaction."
        );
        Some(finding(FindingId::Unloadable, boundary.position, self.recover_what_decodes(), sentence))
    }

    /// The same behind it, where nothing was acknowledged; what a writer leaves there is unfinished.
    pub(super) fn unloadable_tail(&self) -> Option<Finding> {
        let (boundary, unloadable) =
            self.stopped().filter(|(before, _)| before.position >= self.current())?;
        let position = boundary.position;
        let advice = match position > HEAD_SIZE {
            true if unloadable.conflict.is_damage() => Advice::RecoverToPosition(position),
            _ => load_again(&unloadable.conflict),
        };
        let sentence = format!("Behind the checkpoint, the log cannot be loaded to its end: {unloadable}.");
        let finding = finding(FindingId::TailUnloadable, position, advice, sentence);
        (self.writer != Writer::Present).then_some(finding)
    }
}
