//! Which cut to advise.

use super::cuts::{Cut, CutName};
use super::finding::Advice;
use super::findings::Finder;
use super::outage::Outage;
use crate::head::{Checkpoints, HEAD_SIZE};

impl Finder<'_> {
    /// A cut that leaves something, and that a joedb program can load as far as is known.
    pub(super) fn usable(&self, name: CutName) -> Option<&Cut> {
        let is_usable = |cut: &&Cut| cut.decodes && cut.loads != Some(false) && cut.position > HEAD_SIZE;
        self.cuts.iter().find(|cut| cut.name == name).filter(is_usable)
    }

    /// The end of the last whole entry, or what can be loaded of it; where no entry decodes, there is nothing to recover.
    pub(super) fn recover_what_decodes(&self) -> Advice {
        match (self.usable(CutName::LastEntry), self.usable(CutName::Loadable)) {
            (Some(_), _) => Advice::RecoverTo(CutName::LastEntry),
            (None, Some(cut)) => Advice::RecoverToPosition(cut.position),
            (None, None) => Advice::LookAtBytes,
        }
    }

    /// What joedb itself would read, or the last whole entry where that is empty or does not decode.
    pub(super) fn recover(&self) -> Advice {
        let current = if self.checkpoints.soft.is_some() { CutName::Soft } else { CutName::Hard };
        match self.usable(current) {
            Some(_) => Advice::RecoverToCheckpoint,
            None => self.recover_what_decodes(),
        }
    }

    /// The same, but for a tail that was softly acknowledged: then everything that decodes is worth keeping.
    pub(super) fn recover_with_tail(&self) -> Advice {
        let last = self.usable(CutName::LastEntry).or_else(|| self.usable(CutName::Loadable));
        match last {
            Some(cut) if cut.position > self.current() => self.recover_what_decodes(),
            _ => self.recover(),
        }
    }

    /// The same, but for a pending checkpoint that is known to be complete.
    pub(super) fn recover_past_checkpoint(&self) -> Advice {
        let pending = self.checkpoints.pending_above_current().and_then(|_| self.usable(CutName::Pending));
        match self.outage {
            Outage::ProgramOnly if pending.is_some() => Advice::RecoverTo(CutName::Pending),
            _ => self.recover(),
        }
    }

    /// A boundary, if the log can be loaded up to it.
    pub(super) fn recover_to_position(&self, position: u64) -> Advice {
        let loads = self.survey.load.as_ref().and_then(|load| load.reaches(position));
        match position > HEAD_SIZE && loads != Some(false) {
            true => Advice::RecoverToPosition(position),
            false => self.recover_what_decodes(),
        }
    }
}

/// The position that an advice would cut at.
pub(super) fn advised_position(advice: Advice, checkpoints: &Checkpoints, cuts: &[Cut]) -> Option<u64> {
    match advice {
        Advice::RecoverToCheckpoint => Some(checkpoints.claimed()),
        Advice::RecoverToPosition(position) => Some(position).filter(|&position| position > HEAD_SIZE),
        Advice::RecoverTo(name) => cuts.iter().find(|cut| cut.name == name).map(|cut| cut.position),
        Advice::LookAtBytes
        | Advice::Dump
        | Advice::LookAtTail
        | Advice::CheckAgain
        | Advice::LoadWithin { .. }
        | Advice::LookAtEntries { .. } => None,
    }
}
