//! What is measured.

use crate::contender::Contender;
use crate::{journal, reading, sqlite};
use serde::Serialize;

/// A job that several contenders do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub(crate) enum Case {
    Bulk,
    Vector,
    CommitHard,
    CommitSoft,
    CommitAsync,
    Dump,
    Check,
    Load,
    Recover,
    Growth,
}

impl Case {
    /// Those of writing, in the order in which they are run.
    pub(crate) const WRITING: [Case; 5] =
        [Case::Bulk, Case::Vector, Case::CommitHard, Case::CommitSoft, Case::CommitAsync];

    /// Those of reading, which follow.
    pub(crate) const READING: [Case; 4] = [Case::Dump, Case::Check, Case::Load, Case::Recover];

    /// In the order in which they are run.
    pub(crate) fn all() -> impl Iterator<Item = Case> {
        Case::WRITING.into_iter().chain(Case::READING).chain([Case::Growth])
    }

    /// Whether a log is read that was made before.
    pub(crate) fn is_reading(self) -> bool {
        !Case::WRITING.contains(&self)
    }

    /// The name that is typed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Case::Bulk => "bulk",
            Case::Vector => "vector",
            Case::CommitHard => "commit-hard",
            Case::CommitSoft => "commit-soft",
            Case::CommitAsync => "commit-async",
            Case::Dump => "dump",
            Case::Check => "check",
            Case::Load => "load",
            Case::Recover => "recover",
            Case::Growth => "growth",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Case> {
        Case::all().find(|case| case.name() == name)
    }

    /// What is done, in words.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Case::Bulk => "all rows in one transaction, ended by a hard checkpoint",
            Case::Vector => "all rows in vectors of 65,536, ended by a hard checkpoint",
            Case::CommitHard => "each row committed hard",
            Case::CommitSoft => "each row committed softly",
            Case::CommitAsync => "each row committed softly, and hard asynchronously",
            Case::Dump => "the log printed as joedb commands",
            Case::Check => "the log checked from beginning to end",
            Case::Load => "the log loaded into tables and printed as joedb commands",
            Case::Recover => "a log with a torn tail cut at its checkpoint into another file",
            Case::Growth => "logs of growing size checked, dumped and recovered",
        }
    }

    /// So many that all cases with ten runs end within two minutes, unless a sync takes longer than some milliseconds.
    pub(crate) const fn rows(self) -> u64 {
        match self {
            Case::Bulk | Case::Vector => 2_000_000,
            Case::CommitHard => 200,
            Case::CommitSoft | Case::CommitAsync => 50_000,
            Case::Dump | Case::Check | Case::Load | Case::Recover => 500_000,
            Case::Growth => 10_000_000,
        }
    }

    /// So many as in joedb's own documentation.
    pub(crate) const fn paper_rows(self) -> u64 {
        match self {
            Case::Bulk | Case::Vector => 100_000_000,
            Case::CommitHard => 10_000,
            Case::CommitSoft | Case::CommitAsync => 1_000_000,
            // The documentation reads none; so many that a log has up to 1.4 GB.
            Case::Dump | Case::Check | Case::Load | Case::Recover => 10_000_000,
            // A log of 11 GB.
            Case::Growth => 1_000_000_000,
        }
    }

    /// So many rows in each of the logs that are read one after the other, given those of the last one.
    pub(crate) fn steps(self, rows: u64) -> Vec<u64> {
        let parts: &[u64] = if self == Case::Growth { &[1000, 100, 10, 1] } else { &[1] };
        let mut steps: Vec<u64> = parts.iter().map(|part| (rows / part).max(1)).collect();
        steps.dedup();
        steps
    }

    /// Who takes part: in writing, all are compared with the first; in reading they are the logs that are read, or what
    /// is done with a log that grows.
    pub(crate) const fn contenders(self) -> &'static [Contender] {
        match self {
            Case::Bulk => &[sqlite::BULK, sqlite::BULK_TUNED, journal::BULK_ALONE, journal::BULK],
            Case::Vector => &[sqlite::BULK, sqlite::BULK_TUNED, journal::VECTOR_ALONE, journal::VECTOR],
            Case::CommitHard => &[
                sqlite::COMMIT_HARD,
                sqlite::COMMIT_HARD_WAL,
                journal::COMMIT_HARD_ALONE,
                journal::COMMIT_HARD,
            ],
            Case::CommitSoft => &[sqlite::COMMIT_SOFT, journal::COMMIT_SOFT_ALONE, journal::COMMIT_SOFT],
            Case::CommitAsync => &[sqlite::COMMIT_ASYNC, journal::COMMIT_ASYNC_ALONE, journal::COMMIT_ASYNC],
            Case::Dump => reading::DUMP,
            Case::Check => reading::CHECK,
            Case::Load => reading::LOAD,
            Case::Recover => reading::RECOVER,
            Case::Growth => reading::GROWTH,
        }
    }

    pub(crate) fn contender(self, name: &str) -> Option<&'static Contender> {
        self.contenders().iter().find(|contender| contender.name == name)
    }

    /// Whether everything has to be hard at the end.
    pub(crate) const fn ends_hard(self) -> bool {
        !matches!(self, Case::CommitSoft)
    }
}

impl From<Case> for &'static str {
    fn from(case: Case) -> &'static str {
        case.name()
    }
}
