//! The verdict on a file: what happened to it, what is safe, what would be lost.
//!
//! [`diagnose`] reads the head and every byte of the log once and returns a [`Report`] as data. It prints nothing
//! and changes nothing. [`diagnose_with`] can play the log into tables too. What cannot be seen is in [`BLIND_SPOTS`].

mod advice;
mod cuts;
mod finding;
mod findings;
mod load;
mod outage;
mod survey;

pub use cuts::{Amount, Cut, CutName, Safety};
pub use finding::{Advice, Finding, FindingId};
pub use load::Load;
pub use outage::{Evidence, Outage, OutageReport};
pub use survey::{Boundary, Mark, Question, Survey, Tally, survey};
pub(crate) use survey::{Stretch, of_interest, survey_stretches};

use crate::head::{Checkpoints, HeadError, Version};
use crate::journal::{Journal, SourceError, Writer};
use advice::advised_position;
use cuts::Cutter;
use findings::Finder;
use serde::Serialize;

/// What a check cannot see that does not play the log into tables; a joedb file has no checksums.
pub const BLIND_SPOTS: &str = "Not checked: which records exist. joedb has no checksums, so a changed value inside a \
                               string or a number cannot be seen.";

/// The same where the log was played into tables.
pub const BLIND_SPOTS_WHEN_LOADED: &str = "Not checked: the values. joedb has no checksums, so a changed value inside \
                                           a string or a number cannot be seen.";

/// The same where an index was compared.
pub const BLIND_SPOTS_WHEN_COMPARED: &str = "Not checked: which records exist, and values behind what the index covers \
                                             or changed before it was made. What it covers was compared with its \
                                             checksums.";

/// The same where an index was compared, and the log was played into tables.
pub const BLIND_SPOTS_WHEN_COMPARED_AND_LOADED: &str = "Not checked: values behind what the index covers or changed \
                                                        before it was made. What it covers was compared with its \
                                                        checksums.";

/// The same where only what is new was read.
pub const BLIND_SPOTS_WHEN_QUICK: &str = "Not checked: what an index covers was not read again, and which records exist. \
                                          --check without --quick reads everything. joedb has no checksums, so a changed \
                                          value inside a string or a number cannot be seen.";

/// The version of the report's form, as `--format json` gives it; it rises when a member changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// What was counted in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogSummary {
    /// Counts up to the last whole entry.
    #[serde(flatten)]
    pub tally: Tally,
    /// Tables at the end.
    pub tables: u64,
    /// The end of the last entry that decodes and makes sense.
    pub last_entry: u64,
    /// Where and why no further entry does; `None` where the file ends there.
    pub damage: Option<DamageReport>,
    /// The seconds of the last timestamp.
    pub last_timestamp: Option<i64>,
    /// What came of playing it into tables, if that was asked for.
    pub load: Option<LoadSummary>,
}

/// What came of playing a log into tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadSummary {
    /// How many records are in use at the end, or in front of what stopped it.
    pub rows: u64,
    /// The memory that they take, in bytes.
    pub memory: u64,
    /// Where and why no further entry could be loaded; `None` where all were.
    pub stopped: Option<DamageReport>,
}

/// What stands against reading or loading a log to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DamageReport {
    /// Where the entry begins.
    pub position: u64,
    /// What is wrong, with positions, what was found and what was expected.
    pub message: String,
}

/// The verdict on a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The id of the strongest finding.
    pub verdict: FindingId,
    /// The same in a few words.
    pub headline: &'static str,
    /// The exit code of `--check`.
    pub exit_code: u8,
    /// The size of the file in bytes.
    pub size: u64,
    /// The format version, if the head could be read.
    pub version: Option<Version>,
    /// The four checkpoint places as they stand in the head.
    pub slots: Option<[i64; 4]>,
    /// What may be believed of them.
    pub checkpoints: Option<Checkpoints>,
    /// Up to where joedb reads the log.
    pub current: Option<u64>,
    /// Bytes behind that.
    pub behind: Option<u64>,
    /// Whether a program has the file open for writing.
    pub writer: Writer,
    /// What the log holds.
    pub log: Option<LogSummary>,
    /// Everything found, strongest first; the first one is the verdict.
    pub findings: Vec<Finding>,
    /// Every position at which the log could be cut.
    pub cuts: Vec<Cut>,
    /// Whether the power failed or only the program.
    pub outage: Option<OutageReport>,
    /// What was not checked.
    pub not_checked: &'static str,
}

impl Report {
    /// The verdict on bytes that are no head.
    #[must_use]
    pub fn of_head_error(error: &HeadError, size: u64, writer: Writer) -> Report {
        let found = findings::of_head(error);
        Report {
            schema_version: SCHEMA_VERSION,
            verdict: found.id,
            headline: found.id.headline(),
            exit_code: found.id.outcome().code(),
            size,
            version: None,
            slots: None,
            checkpoints: None,
            current: None,
            behind: None,
            writer,
            log: None,
            findings: vec![found],
            cuts: Vec::new(),
            outage: None,
            not_checked: BLIND_SPOTS,
        }
    }

    /// Whether the file is clean, with a soft or a hard checkpoint and without a writer; in a quick report, as far as it
    /// was read.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        let is_soft = matches!(self.verdict, FindingId::CleanSoft | FindingId::CleanSoftAsRead);
        is_soft || self.is_hard()
    }

    /// Whether the file is clean and hard-checkpointed to its end; in a quick report, as far as it was read.
    #[must_use]
    pub const fn is_hard(&self) -> bool {
        matches!(self.verdict, FindingId::Clean | FindingId::CleanAsRead)
    }

    /// The same report with more findings, none of which is that all is well.
    fn with(mut self, findings: Vec<Finding>) -> Report {
        if findings.is_empty() {
            return self;
        }
        self.findings.retain(|finding| !matches!(finding.id, FindingId::Clean | FindingId::CleanSoft));
        self.findings.extend(findings);
        self.settled()
    }

    /// The same report of a log whose bytes were compared with the checksums of an index, and what that found. No cut
    /// behind bytes that changed is safe.
    #[must_use]
    pub fn compared(mut self, findings: Vec<Finding>) -> Report {
        let is_loaded = self.log.as_ref().is_some_and(|log| log.load.is_some());
        self.not_checked =
            if is_loaded { BLIND_SPOTS_WHEN_COMPARED_AND_LOADED } else { BLIND_SPOTS_WHEN_COMPARED };
        let changed = findings.iter().filter(|finding| finding.id == FindingId::ChangedBytes);
        if let Some(first) = changed.filter_map(|finding| finding.position).min() {
            self.cuts.iter_mut().filter(|cut| cut.position > first).for_each(Cut::distrust);
        }
        self.with(findings)
    }

    /// The same report of a log of which only what is new was read: it never says that all of it is clean.
    #[must_use]
    pub fn quick(mut self) -> Report {
        for finding in &mut self.findings {
            finding.id = match finding.id {
                FindingId::Clean => FindingId::CleanAsRead,
                FindingId::CleanSoft => FindingId::CleanSoftAsRead,
                other => other,
            };
        }
        self.not_checked = BLIND_SPOTS_WHEN_QUICK;
        self.settled()
    }

    /// The strongest finding is the verdict.
    fn settled(mut self) -> Report {
        self.findings.sort_by_key(|finding| finding.id);
        self.verdict = self.findings.first().map_or(self.verdict, |finding| finding.id);
        self.headline = self.verdict.headline();
        self.exit_code = self.verdict.outcome().code();
        self
    }

    /// The cut that the verdict recommends.
    #[must_use]
    pub fn recommended(&self) -> Option<&Cut> {
        self.cuts.iter().find(|cut| cut.recommended)
    }
}

/// Reads the whole log once and returns the verdict. `watch` is told the position reached at least every half megabyte.
///
/// ```
/// use joedb::diagnosis::{Evidence, FindingId, diagnose};
/// use joedb::{Encoder, Entry, Head, Journal, Version};
///
/// let mut log = Encoder::new(Version::V5);
/// log.push(&Entry::ValidData);
/// let checkpoint = log.position();
/// log.push(&Entry::Comment { text: b"not acknowledged" });
/// let file = log.file_with(Head::hard(Version::V5, checkpoint));
///
/// let report = diagnose(&mut Journal::from_bytes(file)?, &Evidence::default(), &mut |_| {})?;
/// assert_eq!(report.verdict, FindingId::DirtyTail);
/// assert_eq!(report.recommended().map(|cut| cut.position), Some(checkpoint));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SourceError`] where the file could not be read; whatever is wrong with its content is in the report.
pub fn diagnose(
    journal: &mut Journal,
    evidence: &Evidence,
    watch: &mut dyn FnMut(u64),
) -> Result<Report, SourceError> {
    diagnose_with(journal, &Question::default(), evidence, watch)
}

/// As [`diagnose`], with more to find out in the same walk: where [`Question::load`] asks for it, whether the log can be
/// played into tables.
///
/// # Errors
/// [`SourceError`].
pub fn diagnose_with(
    journal: &mut Journal,
    question: &Question,
    evidence: &Evidence,
    watch: &mut dyn FnMut(u64),
) -> Result<Report, SourceError> {
    let survey = survey(journal, question, watch)?;
    Ok(report(journal, &survey, evidence))
}

/// The verdict, from a survey that was made already.
#[must_use]
pub fn report(journal: &Journal, survey: &Survey, evidence: &Evidence) -> Report {
    let checkpoints = journal.checkpoints();
    let outage = outage(checkpoints, survey, evidence);
    let mut cuts = Cutter { checkpoints, survey, outage: outage.conclusion }.all();
    let writer = journal.writer();
    let head_locked = journal.reading().locked;
    let finder = Finder {
        checkpoints,
        survey,
        cuts: &cuts,
        writer,
        head_locked,
        outage: outage.conclusion,
        version: journal.version(),
        origin: journal.origin(),
    };
    let findings = finder.all();
    let verdict = findings.first().map_or(FindingId::Clean, |finding| finding.id);
    recommend(&findings, checkpoints, &mut cuts);
    let current = checkpoints.current().ok();
    Report {
        schema_version: SCHEMA_VERSION,
        verdict,
        headline: verdict.headline(),
        exit_code: verdict.outcome().code(),
        size: checkpoints.size,
        version: Some(journal.version()),
        slots: Some(journal.head().slots()),
        checkpoints: Some(*checkpoints),
        current,
        behind: current.map(|current| checkpoints.size.saturating_sub(current)),
        writer,
        log: Some(summary(survey)),
        findings,
        cuts,
        outage: Some(outage),
        not_checked: if survey.load.is_some() { BLIND_SPOTS_WHEN_LOADED } else { BLIND_SPOTS },
    }
}

/// What the evidence says of the outage, unless the file says otherwise: softly acknowledged data that is missing was
/// lost with a machine, or left behind by a copy; and zeros to the end are what a power failure leaves.
fn outage(checkpoints: &Checkpoints, survey: &Survey, evidence: &Evidence) -> OutageReport {
    let judged = evidence.judge();
    let soft = checkpoints.soft.map_or(0, |soft| soft.position);
    let is_missing = checkpoints.soft_past_end.is_some() || survey.last_entry.position < soft;
    let evidence = match judged.conclusion {
        Outage::ProgramOnly if is_missing => {
            "the machine has been up since the last write, and yet acknowledged data is missing: the file is a copy, or \
             was damaged"
        }
        Outage::ProgramOnly if survey.zeros_to_end => {
            "the machine has been up since the last write, and yet the file ends in zeros, as a power failure leaves \
             it: it may be a copy, or touched since"
        }
        _ => return judged,
    };
    OutageReport { conclusion: Outage::Unknown, evidence: evidence.to_owned() }
}

/// Marks the cut that the strongest finding advises; one that cannot be had, or would be empty, never is.
fn recommend(findings: &[Finding], checkpoints: &Checkpoints, cuts: &mut [Cut]) {
    let advice = findings.first().map(|finding| finding.advice);
    let position = advice.and_then(|advice| advised_position(advice, checkpoints, cuts));
    let fits = |cut: &&mut Cut| Some(cut.position) == position && cut.decodes && !cut.empty;
    let is_named = |cut: &Cut| advice == Some(Advice::RecoverTo(cut.name));
    if let Some(cut) = cuts.iter_mut().filter(fits).min_by_key(|cut| !is_named(cut)) {
        cut.recommended = true;
    }
}

fn summary(survey: &Survey) -> LogSummary {
    LogSummary {
        tally: survey.last_entry.tally,
        tables: survey.tables,
        last_entry: survey.last_entry.position,
        damage: survey.damage.as_ref().map(|damage| damage_report(damage.position(), damage)),
        last_timestamp: survey.last_timestamp.map(|(_, seconds)| seconds),
        load: survey.load.as_ref().map(load_summary),
    }
}

fn load_summary(Load { rows, memory, stopped }: &Load) -> LoadSummary {
    let stopped = stopped.as_ref().map(|(_, unloadable)| damage_report(unloadable.position, unloadable));
    LoadSummary { rows: *rows, memory: *memory, stopped }
}

fn damage_report(position: u64, message: &impl ToString) -> DamageReport {
    DamageReport { position, message: message.to_string() }
}
