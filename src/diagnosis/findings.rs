//! What is wrong with a file, in words that a person at three in the morning understands.

use super::cuts::{Cut, CutName};
use super::finding::{Advice, Finding, FindingId};
use super::outage::Outage;
use super::survey::{Mark, Survey};
use crate::head::{Checkpoints, CutShort, HeadError, Version};
use crate::journal::{Origin, Writer};
use crate::sense::Damage;
use crate::text::{Bytes, Position};

pub(super) fn finding(
    id: FindingId,
    position: impl Into<Option<u64>>,
    advice: Advice,
    sentence: String,
) -> Finding {
    Finding { id, position: position.into(), sentence, advice }
}

/// What is to be said of bytes that are no head.
pub(super) fn of_head(error: &HeadError) -> Finding {
    let (id, position) = match error {
        HeadError::Empty => (FindingId::EmptyFile, 0),
        HeadError::Cut { length } => (FindingId::HeadCut, *length),
        HeadError::NotJoedb { .. } => (FindingId::NotAJoedbFile, 36),
        HeadError::UnknownVersion { at, .. } => (FindingId::UnknownVersion, *at),
    };
    let more = match error {
        HeadError::Empty => {
            "A joedb writer would begin a new database in it; if it had data, restore a backup."
        }
        HeadError::Cut { .. } => "No entry can be left: restore a backup.",
        HeadError::NotJoedb { .. } => "If a log follows all the same, joedb_logdump cannot know its version.",
        HeadError::UnknownVersion { .. } => "These tools read versions 4 and 5.",
    };
    finding(id, position, Advice::LookAtBytes, format!("{}. {more}", sentence_case(&error.to_string())))
}

fn sentence_case(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

/// What the findings are worked out from.
pub(super) struct Finder<'a> {
    pub(super) checkpoints: &'a Checkpoints,
    pub(super) survey: &'a Survey,
    pub(super) cuts: &'a [Cut],
    pub(super) writer: Writer,
    pub(super) head_locked: bool,
    pub(super) outage: Outage,
    pub(super) version: Version,
    pub(super) origin: Origin,
}

impl Finder<'_> {
    /// Everything found, strongest first; the first is the headline.
    pub(super) fn all(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> =
            [self.cut_short(), self.damaged_body(), self.inside_entry(), self.holes(), self.soft_past_end()]
                .into_iter()
                .flatten()
                .collect();
        found.extend(self.unloadable());
        if self.writer == Writer::Present {
            found.push(self.being_written());
        } else {
            found.extend(self.pending());
            found.extend(self.tail());
        }
        if found.is_empty() {
            found.push(self.clean());
        }
        found.extend(self.remarks());
        found.sort_by_key(|finding| finding.id);
        found
    }

    fn hard(&self) -> u64 {
        self.checkpoints.hard.position
    }

    pub(super) fn current(&self) -> u64 {
        self.checkpoints.claimed()
    }

    fn size(&self) -> u64 {
        self.checkpoints.size
    }

    fn cut_short(&self) -> Option<Finding> {
        let CutShort { size, hard } = self.checkpoints.current().err()?;
        let missing = hard.saturating_sub(size);
        Some(finding(
            FindingId::FileCutShort,
            size,
            self.recover_what_decodes(),
            format!(
                "The file ends at {}, but its hard checkpoint says {}: {} are missing. It is a partial \
                 copy, or something cut it. Look for the whole file before recovering what is left, which may end in \
                 the middle of a transaction.",
                Position(size),
                Position(hard),
                Bytes(missing)
            ),
        ))
    }

    /// Damage that begins before `end` and not before `begin`.
    fn damage_between(&self, begin: u64, end: u64) -> Option<&Damage> {
        self.survey.damage.as_ref().filter(|damage| (begin..end).contains(&damage.position()))
    }

    fn damaged_body(&self) -> Option<Finding> {
        let damage = self.damage_between(0, self.hard())?;
        if self.is_cut_by_end(damage) {
            return None;
        }
        Some(finding(
            FindingId::DamagedBody,
            damage.position(),
            self.recover_what_decodes(),
            format!(
                "Below the hard checkpoint at {}, where nothing ever changes, the log does not decode: {damage}. \
                 The disk or another program changed it. A backup holds more than can be recovered here, which may end in \
                 the middle of a transaction.",
                Position(self.hard())
            ),
        ))
    }

    /// Whether the last entry of a file that was cut short is itself cut: that is no damage of its own.
    fn is_cut_by_end(&self, damage: &Damage) -> bool {
        let cut = matches!(damage, Damage::Undecodable(error) if error.bytes_needed().is_some());
        cut && self.hard() > self.size()
    }

    fn inside_entry(&self) -> Option<Finding> {
        let soft = self.checkpoints.soft.map(|soft| (soft.position, "soft"));
        let candidates = [Some((self.hard(), "hard")), soft];
        candidates.into_iter().flatten().find_map(|(checkpoint, name)| match self.survey.mark(checkpoint) {
            Mark::Inside { before, after, kind } => Some(finding(
                FindingId::CheckpointInsideEntry,
                before,
                self.recover_to_position(before),
                format!(
                    "The {name} checkpoint at {} lies inside the {kind} entry from {} to {}. No joedb writer leaves \
                     that: the head or the log was changed.",
                    Position(checkpoint),
                    Position(before),
                    Position(after)
                ),
            )),
            _ => None,
        })
    }

    fn holes(&self) -> Option<Finding> {
        let soft = self.checkpoints.soft?.position;
        let damage = self.damage_between(self.hard(), soft)?;
        let advice = match self.usable(CutName::Hard) {
            Some(_) => Advice::RecoverTo(CutName::Hard),
            None => self.recover_what_decodes(),
        };
        Some(finding(
            FindingId::Holes,
            damage.position(),
            advice,
            format!(
                "Between the hard checkpoint at {} and the soft one at {} the log does not decode: {damage}. The \
                 machine went down before the data reached the disk. Up to the hard checkpoint all is safe; entries \
                 behind it decode up to {}, but the last of them may hold zeros or old bytes.",
                Position(self.hard()),
                Position(soft),
                Position(self.survey.last_entry.position)
            ),
        ))
    }

    fn soft_past_end(&self) -> Option<Finding> {
        let past = self.checkpoints.soft_past_end?;
        let missing = past.position.saturating_sub(self.size());
        Some(finding(
            FindingId::SoftPastEnd,
            past.position,
            self.recover_with_tail(),
            format!(
                "A soft checkpoint at {} lies {} past the end of the file: the head reached the disk and \
                 the data did not, so softly acknowledged data is gone. Up to the hard checkpoint at {} all is safe; \
                 entries decode up to {}.",
                Position(past.position),
                Bytes(missing),
                Position(self.hard()),
                Position(self.survey.last_entry.position)
            ),
        ))
    }

    fn pending(&self) -> Option<Finding> {
        let pending = self.checkpoints.pending_above_current()?.position;
        let decodes = self.usable(CutName::Pending).is_some();
        let advice = self.recover_past_checkpoint();
        let end = Position(pending);
        let better = match (decodes, self.outage) {
            (false, _) => format!("The log does not decode up to {end}."),
            (true, Outage::ProgramOnly) => {
                format!("Only the program crashed, so everything up to {end} is complete.")
            }
            (true, Outage::MachineRestarted) => {
                format!("The machine went down since, so what lies up to {end} may be incomplete.")
            }
            (true, Outage::Unknown) => format!(
                "If only the program crashed and not the machine, everything up to {end} is complete, and --to pending \
                 keeps it."
            ),
        };
        Some(finding(
            FindingId::PendingHardCheckpoint,
            pending,
            advice,
            format!(
                "The program stopped between the two syncs of a hard checkpoint at {end}, which was never acknowledged. \
                 Acknowledged data ends at {}. {better}",
                Position(self.current())
            ),
        ))
    }

    /// What follows the checkpoint, unless a stronger finding already says what that is, or it may be anything.
    fn tail(&self) -> Option<Finding> {
        let (current, size) = (self.current(), self.size());
        if !self.origin.ends_the_log() {
            return None;
        }
        let explained = self.checkpoints.soft_past_end.is_some()
            || self.damage_between(0, current).is_some()
            || self.inside_entry().is_some();
        if size <= current || explained {
            return None;
        }
        let bytes = size.saturating_sub(current);
        let (id, found) = self.tail_kind(bytes);
        let sentence = format!(
            "{} follow the checkpoint at {}: {found} They were never checkpointed, so nothing acknowledged is lost \
             without them.",
            Bytes(bytes),
            Position(current)
        );
        let position = self.survey.damage.as_ref().map_or(current, Damage::position);
        Some(finding(id, position, self.recover_past_checkpoint(), sentence))
    }

    /// The entries behind the checkpoint, in words.
    fn whole_entries(&self) -> String {
        match self.survey.last_entry.position {
            last if last > self.current() => format!("whole entries up to {}", Position(last)),
            _ => "no whole entry".to_owned(),
        }
    }

    fn tail_kind(&self, bytes: u64) -> (FindingId, String) {
        let whole = self.whole_entries();
        match &self.survey.damage {
            None => (FindingId::DirtyTail, format!("{whole}.")),
            Some(damage) if self.survey.zeros_to_end => {
                let zeros = self.size().saturating_sub(damage.position());
                let which = if zeros == bytes {
                    "all of them zero".to_owned()
                } else {
                    format!("{whole}, then {zeros} zero bytes")
                };
                (
                    FindingId::ZeroFilledTail,
                    format!("{which}. The length reached the disk and the data did not."),
                )
            }
            Some(Damage::Undecodable(error)) if error.bytes_needed().is_some() => (
                FindingId::TornTail,
                format!("{whole}, then one that is cut by the end of the file ({error})."),
            ),
            Some(damage) => {
                (FindingId::DamagedTail, format!("{whole}, then bytes that are no entry ({damage})."))
            }
        }
    }

    fn being_written(&self) -> Finding {
        let current = Position(self.current());
        let tail = match self.size().saturating_sub(self.current()) {
            0 => format!("The log ends at its checkpoint, {current}."),
            bytes => format!(
                "{} behind the checkpoint at {current} are its unfinished transaction, and no fault.",
                Bytes(bytes)
            ),
        };
        finding(
            FindingId::BeingWritten,
            self.current(),
            Advice::CheckAgain,
            format!("A program has the file open for writing. {tail} Stop it before recovering anything."),
        )
    }

    fn clean(&self) -> Finding {
        let opens = self.opens();
        match self.checkpoints.soft {
            Some(soft) => finding(
                FindingId::CleanSoft,
                None,
                Advice::Dump,
                format!(
                    "The log ends at its soft checkpoint, {}.{opens} Had the power failed, only what is below the \
                     hard checkpoint at {} would be sure.",
                    Position(soft.position),
                    Position(self.hard())
                ),
            ),
            None => finding(
                FindingId::Clean,
                None,
                Advice::Dump,
                format!("The log ends at its hard checkpoint, {}.{opens}", Position(self.hard())),
            ),
        }
    }

    /// Which joedb opens it. That all records exist is promised only where the log was played into tables.
    fn opens(&self) -> String {
        let unseen = match self.survey.load {
            Some(_) => "",
            None => ", if every record that its entries name exists",
        };
        match (self.origin, self.version) {
            (Origin::Part { .. }, _) => String::new(),
            (_, Version::V4) => format!(
                " joedb 9 opens it{unseen}; joedb 10 does not read version 4: joedb_convert --upgrade makes version 5 \
                 of it."
            ),
            (_, Version::V5) => format!(" joedb opens it{unseen}."),
        }
    }

    fn remarks(&self) -> Vec<Finding> {
        let covered = self.checkpoints.pending.filter(|pending| pending.position <= self.current());
        let covered = covered.map(|pending| {
            finding(
                FindingId::PendingCovered,
                pending.position,
                Advice::CheckAgain,
                format!(
                    "One copy of a hard checkpoint at {} was written, the other was not; the soft checkpoint at {} \
                     covers it.",
                    Position(pending.position),
                    Position(self.current())
                ),
            )
        });
        let unlocked = (!self.head_locked && self.writer != Writer::Unknown).then(|| {
            let sentence = "A writer held the lock of the head for longer than a second; the head was read without \
                            it, until two readings agreed.";
            finding(FindingId::HeadNotLocked, 0, Advice::CheckAgain, sentence.to_owned())
        });
        [covered, self.unloadable_tail(), unlocked, self.locks_unknown(), self.end_unknown()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn locks_unknown(&self) -> Option<Finding> {
        let why = match self.origin {
            _ if self.writer != Writer::Unknown => return None,
            Origin::Part { .. } => {
                "Locks were not asked for: those of a larger file are not those of a log in it"
            }
            Origin::Copy => "The log came through a pipe, which has no locks",
            Origin::File | Origin::Device | Origin::Memory => "Locks are not available here",
        };
        let sentence = format!("{why}, so a writer that has the file open cannot be seen.");
        Some(finding(FindingId::LocksUnknown, None, Advice::CheckAgain, sentence))
    }

    fn end_unknown(&self) -> Option<Finding> {
        let (current, size) = (self.current(), self.size());
        if self.origin.ends_the_log() || size <= current {
            return None;
        }
        let sentence = format!(
            "The log lies on a device or in a larger file, and nobody said where it ends (--size): the {} behind its \
             checkpoint at {} are taken for old or other bytes, and not for a tail. They begin with {}.",
            Bytes(size.saturating_sub(current)),
            Position(current),
            self.whole_entries()
        );
        Some(finding(FindingId::EndUnknown, current, Advice::LookAtTail, sentence))
    }
}
