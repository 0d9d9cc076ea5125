//! A plan of recovery: data that can be shown, compared and written down before anything is touched.

use crate::diagnosis::{Boundary, Mark, Question, Survey, survey};
use crate::head::{Checkpoints, CutShort, HEAD_LENGTH, HEAD_SIZE, Head, Version};
use crate::journal::{Journal, SourceError, Writer};
use crate::sense::{Damage, NotABoundary};
use crate::text::Position;
use serde::Serialize;

/// Where a log is to be cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// What joedb itself would read: the higher of the hard and the soft checkpoint.
    #[default]
    Checkpoint,
    /// The hard checkpoint.
    Hard,
    /// The soft checkpoint.
    Soft,
    /// The pending hard checkpoint.
    Pending,
    /// The end of the file.
    Eof,
    /// The end of the last entry that decodes and makes sense.
    LastEntry,
    /// Behind the last `valid_data`.
    ValidData,
    /// Behind the last `timestamp`.
    Timestamp,
    /// Behind the last `timestamp` that is not after a time, in seconds since 1970, UTC.
    Time(i64),
    /// A position, which has to be a boundary between entries.
    Position(u64),
    /// The first boundary that is not before a position.
    Until(u64),
}

impl Target {
    /// What a survey has to find for a plan.
    #[must_use]
    pub fn question(self) -> Question {
        match self {
            Target::Position(position) | Target::Until(position) => {
                Question { positions: vec![position], ..Question::default() }
            }
            Target::Time(seconds) => Question { time: Some(seconds), ..Question::default() },
            _ => Question::default(),
        }
    }

    /// Whether only the entries tell where it is.
    #[must_use]
    pub const fn is_found_by_decoding(self) -> bool {
        matches!(
            self,
            Target::LastEntry | Target::ValidData | Target::Timestamp | Target::Time(_) | Target::Until(_)
        )
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Checkpoint => f.write_str("the checkpoint"),
            Target::Hard => f.write_str("the hard checkpoint"),
            Target::Soft => f.write_str("the soft checkpoint"),
            Target::Pending => f.write_str("the pending hard checkpoint"),
            Target::Eof => f.write_str("the end of the file"),
            Target::LastEntry => f.write_str("the last whole entry"),
            Target::ValidData => f.write_str("the last valid_data"),
            Target::Timestamp => f.write_str("the last timestamp"),
            Target::Time(seconds) => {
                write!(f, "the last timestamp up to {}", crate::text::time::Utc::from_seconds(*seconds))
            }
            Target::Position(_) => f.write_str("the position"),
            Target::Until(_) => f.write_str("the first boundary from the position"),
        }
    }
}

/// What a plan may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanOptions {
    /// Whether everything up to the cut is decoded before. Cuts that are found by decoding, as the last entry is, are
    /// so whatever this says.
    pub verify: bool,
    /// Whether a cut that leaves an empty database is allowed.
    pub allow_empty: bool,
}

impl Default for PlanOptions {
    fn default() -> PlanOptions {
        PlanOptions { verify: true, allow_empty: false }
    }
}

/// Entries on one side of a cut. Counts are `None` where nothing was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Bytes of the log.
    pub bytes: u64,
    /// Entries that decode.
    pub entries: Option<u64>,
    /// Records that they insert.
    pub rows: Option<u64>,
    /// Bytes that do not decode, so that nobody knows what they held.
    pub undecodable: Option<u64>,
}

/// How a log will be cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// What was asked for.
    pub target: Target,
    /// The position of the cut, which all four checkpoint places of the result will hold.
    pub cut: u64,
    /// The format version, which stays as it is.
    pub version: Version,
    /// The size of the source in bytes.
    pub source_size: u64,
    /// The 41 bytes of its head.
    #[serde(serialize_with = "as_hex")]
    pub source_head: [u8; HEAD_LENGTH],
    /// Whether a program had the source open for writing.
    pub source_writer: Writer,
    /// The CRC-32 of the kept bytes from 41, where they were decoded.
    pub crc: Option<u32>,
    /// What is kept.
    pub kept: Share,
    /// What is lost.
    pub lost: Share,
    /// The end of the last whole entry, if that is not the cut.
    pub last_entry: Option<u64>,
    /// Up to where data was softly acknowledged, if that is past the end of the source.
    pub soft_past_end: Option<u64>,
}

fn as_hex<S: serde::Serializer>(bytes: &[u8; HEAD_LENGTH], serializer: S) -> Result<S::Ok, S::Error> {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    serializer.serialize_str(&text)
}

impl Plan {
    /// The head of the result.
    #[must_use]
    pub fn head(&self) -> Head {
        Head::hard(self.version, self.cut)
    }

    /// How many bytes of the log are removed.
    #[must_use]
    pub const fn removed(&self) -> u64 {
        self.source_size.saturating_sub(self.cut)
    }
}

/// Another cut that could be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alternative(pub Option<(&'static str, u64)>);

impl std::fmt::Display for Alternative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((name, position)) => {
                write!(f, "--to {name} would keep the log up to {}", Position(position))
            }
            None => f.write_str("no other cut keeps any entry"),
        }
    }
}

/// Why what was asked for cannot be had from a file.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The checkpoint asked for lies past the end.
    #[error("{0}; {1}")]
    CutShort(CutShort, Alternative),
    /// There is no such checkpoint in the head.
    #[error("{target} does not exist: {reason}; {other}")]
    Absent {
        /// What was asked for.
        target: Target,
        /// Why there is none.
        reason: &'static str,
        /// What could be had.
        other: Alternative,
    },
    /// The log is damaged before the cut.
    #[error("the log does not decode up to {target}, {}: {damage}; {other}", Position(*cut))]
    Damaged {
        /// What was asked for.
        target: Target,
        /// Where that is.
        cut: u64,
        /// The damage.
        damage: Damage,
        /// What could be had.
        other: Alternative,
    },
    /// The cut is inside an entry.
    #[error("{target} cannot be a cut: {inside}; use --to {} or --to {}", inside.before, inside.after)]
    Inside {
        /// What was asked for.
        target: Target,
        /// Where that is, and the boundaries next to it.
        inside: NotABoundary,
    },
    /// The position is not in the file.
    #[error("{target}, {}, is not in the log, which runs from 41 (0x29) to {}; {other}", Position(*asked), Position(*size))]
    Outside {
        /// What was asked for.
        target: Target,
        /// The position.
        asked: u64,
        /// The size of the file.
        size: u64,
        /// What could be had.
        other: Alternative,
    },
    /// The result would be empty.
    #[error(
        "a cut at {target}, 41 (0x29), would leave an empty database and lose {lost} bytes; {other}; --allow-empty does it all the same"
    )]
    Empty {
        /// What was asked for.
        target: Target,
        /// The bytes that would be lost.
        lost: u64,
        /// What could be had.
        other: Alternative,
    },
}

/// Makes a plan. It reads, and with [`PlanOptions::verify`] decodes the whole file; it writes nothing. `watch` is
/// told the position reached at least every half megabyte.
///
/// # Errors
/// [`PlanError`]; each names a cut that would work.
pub fn plan(
    journal: &mut Journal,
    target: Target,
    options: PlanOptions,
    watch: &mut dyn FnMut(u64),
) -> Result<Plan, PlanError> {
    if !options.verify && !target.is_found_by_decoding() {
        return Planner { journal, target, survey: None }.unverified(options);
    }
    let survey = survey(journal, &target.question(), watch)?;
    plan_surveyed(journal, target, options, &survey)
}

/// As [`plan`], from a survey that was made already, with [`Target::question`].
///
/// # Errors
/// [`PlanError`].
pub fn plan_surveyed(
    journal: &Journal,
    target: Target,
    options: PlanOptions,
    survey: &Survey,
) -> Result<Plan, PlanError> {
    Planner { journal, target, survey: Some(survey) }.verified(options)
}

struct Planner<'a> {
    journal: &'a Journal,
    target: Target,
    survey: Option<&'a Survey>,
}

impl Planner<'_> {
    fn checkpoints(&self) -> &Checkpoints {
        self.journal.checkpoints()
    }

    fn unverified(&self, options: PlanOptions) -> Result<Plan, PlanError> {
        let cut = self.position()?;
        self.refuse_empty(cut, options)?;
        let share = |bytes| Share { bytes, entries: None, rows: None, undecodable: None };
        let size = self.checkpoints().size;
        Ok(self.plan(cut, None, share(cut.saturating_sub(HEAD_SIZE)), share(size.saturating_sub(cut)), None))
    }

    fn verified(&self, options: PlanOptions) -> Result<Plan, PlanError> {
        let Some(survey) = self.survey else { return self.unverified(options) };
        let boundary = self.boundary(survey)?;
        self.refuse_empty(boundary.position, options)?;
        let lost = survey.last_entry.tally.since(&boundary.tally);
        let share = |bytes, entries, rows, undecodable| Share {
            bytes,
            entries: Some(entries),
            rows: Some(rows),
            undecodable: Some(undecodable),
        };
        let kept_bytes = boundary.position.saturating_sub(HEAD_SIZE);
        let lost_bytes = self.checkpoints().size.saturating_sub(boundary.position);
        let undecodable = self.checkpoints().size.saturating_sub(survey.last_entry.position);
        Ok(self.plan(
            boundary.position,
            Some(boundary.crc),
            share(kept_bytes, boundary.tally.entries, boundary.tally.rows, 0),
            share(lost_bytes, lost.entries, lost.rows, undecodable),
            Some(survey.last_entry.position).filter(|&last| last != boundary.position),
        ))
    }

    fn plan(&self, cut: u64, crc: Option<u32>, kept: Share, lost: Share, last_entry: Option<u64>) -> Plan {
        Plan {
            target: self.target,
            cut,
            version: self.journal.version(),
            source_size: self.checkpoints().size,
            source_head: self.journal.head().to_bytes(),
            source_writer: self.journal.writer(),
            crc,
            kept,
            lost,
            last_entry,
            soft_past_end: self.checkpoints().soft_past_end.map(|past| past.position),
        }
    }

    /// The position that the target stands for, as far as head and size tell.
    fn position(&self) -> Result<u64, PlanError> {
        let checkpoints = self.checkpoints();
        let size = checkpoints.size;
        let position = match self.target {
            Target::Checkpoint | Target::Hard if checkpoints.hard.position > size => {
                let short = CutShort { size, hard: checkpoints.hard.position };
                return Err(PlanError::CutShort(short, self.alternative()));
            }
            Target::Checkpoint => checkpoints.claimed(),
            Target::Hard => checkpoints.hard.position,
            Target::Soft => match (checkpoints.soft, checkpoints.soft_past_end) {
                (Some(soft), _) => soft.position,
                (None, Some(_)) => {
                    return Err(self.absent("the only soft checkpoint lies past the end of the file"));
                }
                (None, None) => return Err(self.absent("the head holds none above the hard checkpoint")),
            },
            Target::Pending => match checkpoints.pending {
                Some(pending) => pending.position,
                None => {
                    return Err(
                        self.absent("both pairs of the head are complete, or below the hard checkpoint")
                    );
                }
            },
            Target::Eof => size,
            Target::LastEntry | Target::ValidData | Target::Timestamp | Target::Time(_) => {
                self.survey.map_or(size, |survey| survey.last_entry.position)
            }
            Target::Position(position) | Target::Until(position) => position,
        };
        // Rounding up makes a boundary of a position inside the head.
        let first = if matches!(self.target, Target::Until(_)) { 0 } else { HEAD_SIZE };
        if !(first..=size).contains(&position) {
            return Err(self.outside(position));
        }
        Ok(position)
    }

    fn boundary(&self, survey: &Survey) -> Result<Boundary, PlanError> {
        match self.target {
            Target::LastEntry => return Ok(survey.last_entry),
            Target::ValidData => {
                return survey.last_valid_data.ok_or_else(|| self.absent("the log has no such entry"));
            }
            Target::Timestamp => {
                let found = survey.last_timestamp.map(|(boundary, _)| boundary);
                return found.ok_or_else(|| self.absent("the log has no such entry"));
            }
            Target::Time(_) => {
                return survey.last_before.ok_or_else(|| self.absent("the log has no timestamp so early"));
            }
            _ => {}
        }
        let asked = self.position()?;
        match (survey.mark(asked), self.target) {
            (Mark::Boundary(boundary), _) => Ok(boundary),
            (Mark::Inside { after, .. }, Target::Until(_)) => self.rounded(survey, after),
            (Mark::Inside { before, after, .. }, _) => {
                let inside = NotABoundary { asked, before, after };
                Err(PlanError::Inside { target: self.target, inside })
            }
            (Mark::Unreached, _) => Err(self.damaged(survey, asked)),
        }
    }

    /// The boundary that a position was rounded up to: the survey knows it, for it knows the entry around it.
    fn rounded(&self, survey: &Survey, after: u64) -> Result<Boundary, PlanError> {
        match survey.mark(after) {
            Mark::Boundary(boundary) => Ok(boundary),
            _ => Err(self.damaged(survey, after)),
        }
    }

    fn damaged(&self, survey: &Survey, cut: u64) -> PlanError {
        match &survey.damage {
            Some(damage) => {
                let damage = damage.clone();
                PlanError::Damaged { target: self.target, cut, damage, other: self.alternative() }
            }
            None => self.outside(cut),
        }
    }

    fn outside(&self, asked: u64) -> PlanError {
        let size = self.checkpoints().size;
        PlanError::Outside { target: self.target, asked, size, other: self.alternative() }
    }

    fn absent(&self, reason: &'static str) -> PlanError {
        PlanError::Absent { target: self.target, reason, other: self.alternative() }
    }

    fn refuse_empty(&self, cut: u64, options: PlanOptions) -> Result<(), PlanError> {
        let lost = self.checkpoints().size.saturating_sub(cut);
        if cut > HEAD_SIZE || lost == 0 || options.allow_empty {
            return Ok(());
        }
        Err(PlanError::Empty { target: self.target, lost, other: self.alternative() })
    }

    /// The best cut that keeps something: what joedb would read, or the last whole entry. Whoever asks for the end
    /// wants the most, and gets the last whole entry first.
    fn alternative(&self) -> Alternative {
        let checkpoints = self.checkpoints();
        let hard = ("hard", checkpoints.hard.position);
        let soft = checkpoints.soft.map(|soft| ("soft", soft.position));
        let last = self.survey.map(|survey| ("last-entry", survey.last_entry.position));
        let order =
            if self.target == Target::Eof { [last, soft, Some(hard)] } else { [soft, Some(hard), last] };
        let mut candidates = order.into_iter().flatten();
        let decodes = |position: u64| match self.survey {
            Some(survey) => {
                matches!(survey.mark(position), Mark::Boundary(_)) || position == survey.last_entry.position
            }
            None => true,
        };
        let usable = |&(_, position): &(_, u64)| {
            position > HEAD_SIZE
                && position <= checkpoints.size
                && decodes(position)
                && !self.is_asked(position)
        };
        Alternative(candidates.find(usable))
    }

    /// Whether a position is the one that is being refused.
    fn is_asked(&self, position: u64) -> bool {
        let checkpoints = self.checkpoints();
        match self.target {
            Target::Checkpoint => position == checkpoints.claimed(),
            Target::Hard => position == checkpoints.hard.position,
            Target::Soft => checkpoints.soft.is_some_and(|soft| soft.position == position),
            Target::Eof => position == checkpoints.size,
            Target::Position(asked) => position == asked,
            _ => false,
        }
    }
}
