//! The positions at which a log could be cut, side by side.

use super::load::Load;
use super::outage::Outage;
use super::survey::{Boundary, Mark, Survey, Tally};
use crate::head::{Checkpoints, HEAD_SIZE};
use serde::Serialize;

/// What a cut is named after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutName {
    /// The hard checkpoint.
    Hard,
    /// The soft checkpoint, above the hard one and within the file.
    Soft,
    /// The hard checkpoint of which one copy was written.
    Pending,
    /// The last `valid_data`.
    ValidData,
    /// The last `timestamp`.
    Timestamp,
    /// The end of the last entry that decodes and makes sense.
    LastEntry,
    /// In front of the first entry that cannot be loaded.
    Loadable,
    /// The end of the file.
    Eof,
}

impl CutName {
    /// The word for `--to`, where there is one, and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CutName::Hard => "hard",
            CutName::Soft => "soft",
            CutName::Pending => "pending",
            CutName::ValidData => "valid-data",
            CutName::Timestamp => "timestamp",
            CutName::LastEntry => "last-entry",
            CutName::Loadable => "loadable",
            CutName::Eof => "eof",
        }
    }
}

/// How safe a cut is, in joedb's own ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// Not possible: the log does not decode up to it, or it is no boundary, or not in the file.
    Impossible,
    /// An entry before it decodes and cannot be played into tables.
    Unloadable,
    /// What lies behind the checkpoints may be half a transaction, or garbage that happens to decode; or bytes before it
    /// changed since they were indexed.
    Risk,
    /// Softly acknowledged: complete unless the machine went down.
    VeryLikelySafe,
    /// Hard-checkpointed: survives a power failure.
    Safe,
}

impl Safety {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Safety::Impossible => "not possible",
            Safety::Unloadable => "cannot be loaded",
            Safety::Risk => "a risk",
            Safety::VeryLikelySafe => "very likely safe",
            Safety::Safe => "safe",
        }
    }
}

/// Entries kept or lost by a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// Bytes of the log, without the head.
    pub bytes: u64,
    /// Entries that decode; `None` where the cut is not possible.
    pub entries: Option<u64>,
    /// Records inserted by them.
    pub rows: Option<u64>,
    /// Transactions that the program marked with `timestamp` or `valid_data`.
    pub transactions: Option<u64>,
}

impl Amount {
    fn new(bytes: u64, tally: Option<Tally>) -> Amount {
        Amount {
            bytes,
            entries: tally.map(|tally| tally.entries),
            rows: tally.map(|tally| tally.rows),
            transactions: tally.map(|tally| tally.transactions()),
        }
    }
}

/// A position at which the log could be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// What it is named after.
    pub name: CutName,
    /// The position.
    pub position: u64,
    /// What would be kept.
    pub kept: Amount,
    /// What would be lost, as far as it decodes.
    pub lost: Amount,
    /// How many of the lost bytes do not decode, so that nobody knows what they held.
    pub undecodable: u64,
    /// Whether everything up to it decodes and makes sense, and it is a boundary.
    pub decodes: bool,
    /// Whether everything up to it can be played into tables; `None` where that is not known, or was not asked.
    pub loads: Option<bool>,
    /// How safe it is.
    pub safety: Safety,
    /// Whether it leaves an empty database although the file has more than a head.
    pub empty: bool,
    /// Whether it is the one that the findings recommend.
    pub recommended: bool,
}

impl Cut {
    /// It keeps bytes that are not what they were.
    pub(super) fn distrust(&mut self) {
        self.safety = self.safety.min(Safety::Risk);
    }
}

/// Cuts at the same position are the same cut, and as safe as the safest of their names says.
fn agree(cuts: &mut [Cut]) {
    let known: Vec<(u64, Safety)> = cuts.iter().map(|cut| (cut.position, cut.safety)).collect();
    for cut in cuts.iter_mut().filter(|cut| cut.decodes) {
        let named = known.iter().filter(|(position, _)| *position == cut.position);
        cut.safety = named.map(|(_, safety)| *safety).max().unwrap_or(cut.safety);
    }
}

/// What the cuts are worked out from.
pub(super) struct Cutter<'a> {
    pub(super) checkpoints: &'a Checkpoints,
    pub(super) survey: &'a Survey,
    pub(super) outage: Outage,
}

impl Cutter<'_> {
    /// Every cut that exists, in the order of [`CutName`].
    pub(super) fn all(&self) -> Vec<Cut> {
        let Checkpoints { size, hard, soft, pending, .. } = *self.checkpoints;
        let survey = self.survey;
        let mut cuts = vec![self.at(CutName::Hard, hard.position)];
        cuts.extend(soft.map(|soft| self.at(CutName::Soft, soft.position)));
        cuts.extend(pending.map(|pending| self.at(CutName::Pending, pending.position)));
        let valid_data = survey.last_valid_data.map(|boundary| (CutName::ValidData, boundary));
        let timestamp = survey.last_timestamp.map(|(boundary, _)| (CutName::Timestamp, boundary));
        let loadable = survey.load.as_ref().and_then(Load::loadable);
        let loadable = loadable.map(|boundary| (CutName::Loadable, boundary));
        let found = [valid_data, timestamp, Some((CutName::LastEntry, survey.last_entry)), loadable];
        cuts.extend(
            found
                .into_iter()
                .flatten()
                .map(|(name, boundary)| self.cut(name, boundary.position, Some(boundary))),
        );
        cuts.push(self.at(CutName::Eof, size));
        agree(&mut cuts);
        cuts
    }

    fn at(&self, name: CutName, position: u64) -> Cut {
        let boundary = match self.survey.mark(position) {
            Mark::Boundary(boundary) => Some(boundary),
            Mark::Inside { .. } | Mark::Unreached => None,
        };
        self.cut(name, position, boundary)
    }

    fn cut(&self, name: CutName, position: u64, boundary: Option<Boundary>) -> Cut {
        let whole = &self.survey.last_entry.tally;
        let kept = boundary.map(|boundary| boundary.tally);
        let loads = boundary.and_then(|boundary| self.survey.load.as_ref()?.reaches(boundary.position));
        let kept_bytes = position.min(self.checkpoints.size).saturating_sub(HEAD_SIZE);
        let lost_bytes = self.checkpoints.size.saturating_sub(position);
        Cut {
            name,
            position,
            kept: Amount::new(kept_bytes, kept),
            lost: Amount::new(lost_bytes, kept.map(|kept| whole.since(&kept))),
            undecodable: self.checkpoints.size.saturating_sub(self.survey.last_entry.position.max(position)),
            decodes: boundary.is_some(),
            loads,
            safety: match boundary {
                None => Safety::Impossible,
                Some(_) if loads == Some(false) => Safety::Unloadable,
                Some(boundary) => self.safety(name, boundary.position),
            },
            empty: position == HEAD_SIZE && self.checkpoints.size > HEAD_SIZE,
            recommended: false,
        }
    }

    /// The end of an entry that is no checkpoint and no mark of the program may be half a transaction, wherever it
    /// lies. Where the log does not decode up to the soft checkpoint, the machine went down, and nothing above the
    /// hard one can be trusted; where it does not decode up to the hard one, the disk cannot be.
    fn safety(&self, name: CutName, position: u64) -> Safety {
        let hard = self.checkpoints.hard.position;
        let soft = self.checkpoints.soft.map_or(0, |soft| soft.position);
        let is_mark = !matches!(name, CutName::LastEntry | CutName::Loadable | CutName::Eof)
            || position == hard
            || position == soft;
        let has_holes = self.survey.last_entry.position < soft;
        let is_damaged = self.survey.last_entry.position < hard.min(self.checkpoints.size);
        let complete = position <= soft || (name == CutName::Pending && self.outage == Outage::ProgramOnly);
        match (is_mark && !is_damaged, position <= hard) {
            (false, _) => Safety::Risk,
            (true, true) => Safety::Safe,
            (true, false) if complete && !has_holes => Safety::VeryLikelySafe,
            (true, false) => Safety::Risk,
        }
    }
}
