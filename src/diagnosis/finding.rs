//! What was found in a file, and what a person should do about it.

use super::cuts::CutName;
use crate::outcome::Outcome;
use crate::storage::Place;
use serde::Serialize;

/// What a finding is about. The order is that of the headlines: the first one found is the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingId {
    /// There is no signature.
    NotAJoedbFile,
    /// A version that these tools do not know.
    UnknownVersion,
    /// 0 bytes.
    EmptyFile,
    /// 1 to 40 bytes.
    HeadCut,
    /// The file ends before its hard checkpoint.
    FileCutShort,
    /// An entry below the hard checkpoint does not decode or makes no sense.
    DamagedBody,
    /// A checkpoint lies inside an entry.
    CheckpointInsideEntry,
    /// Bytes between the hard and the soft checkpoint do not decode.
    Holes,
    /// A soft checkpoint lies past the end.
    SoftPastEnd,
    /// An entry below the current checkpoint decodes and cannot be played into tables.
    Unloadable,
    /// Bytes in front of the current checkpoint are not those that were indexed.
    ChangedBytes,
    /// The log asks for more rows than were to be loaded.
    TooManyRows,
    /// One copy of a hard checkpoint above the current one was written.
    PendingHardCheckpoint,
    /// The file ends in zeros.
    ZeroFilledTail,
    /// Bytes behind the checkpoint do not decode.
    DamagedTail,
    /// The last entry behind the checkpoint is cut.
    TornTail,
    /// Whole entries behind the checkpoint.
    DirtyTail,
    /// A writer owns the tail.
    BeingWritten,
    /// Whole, up to a soft checkpoint.
    CleanSoft,
    /// Whole, up to a hard checkpoint.
    Clean,
    /// What is new is whole, up to a soft checkpoint.
    CleanSoftAsRead,
    /// What is new is whole, up to a hard checkpoint.
    CleanAsRead,
    /// A remark: a pending hard checkpoint that the soft one already covers.
    PendingCovered,
    /// A remark: an entry behind the current checkpoint cannot be played into tables.
    TailUnloadable,
    /// A remark: the head's lock was not to be had.
    HeadNotLocked,
    /// A remark: whether there is a writer cannot be known.
    LocksUnknown,
    /// A remark: nobody said where the log ends, so what follows the checkpoint may be anything.
    EndUnknown,
}

impl FindingId {
    /// All of them, the strongest headline first.
    pub const ALL: [FindingId; 27] = [
        FindingId::NotAJoedbFile,
        FindingId::UnknownVersion,
        FindingId::EmptyFile,
        FindingId::HeadCut,
        FindingId::FileCutShort,
        FindingId::DamagedBody,
        FindingId::CheckpointInsideEntry,
        FindingId::Holes,
        FindingId::SoftPastEnd,
        FindingId::Unloadable,
        FindingId::ChangedBytes,
        FindingId::TooManyRows,
        FindingId::PendingHardCheckpoint,
        FindingId::ZeroFilledTail,
        FindingId::DamagedTail,
        FindingId::TornTail,
        FindingId::DirtyTail,
        FindingId::BeingWritten,
        FindingId::CleanSoft,
        FindingId::Clean,
        FindingId::CleanSoftAsRead,
        FindingId::CleanAsRead,
        FindingId::PendingCovered,
        FindingId::TailUnloadable,
        FindingId::HeadNotLocked,
        FindingId::LocksUnknown,
        FindingId::EndUnknown,
    ];

    /// The id as it stands in reports; it never changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            FindingId::NotAJoedbFile => "not-a-joedb-file",
            FindingId::UnknownVersion => "unknown-version",
            FindingId::EmptyFile => "empty-file",
            FindingId::HeadCut => "head-cut",
            FindingId::FileCutShort => "file-cut-short",
            FindingId::DamagedBody => "damaged-body",
            FindingId::CheckpointInsideEntry => "checkpoint-inside-entry",
            FindingId::Holes => "holes",
            FindingId::SoftPastEnd => "soft-past-end",
            FindingId::Unloadable => "unloadable",
            FindingId::ChangedBytes => "changed-bytes",
            FindingId::TooManyRows => "too-many-rows",
            FindingId::PendingHardCheckpoint => "pending-hard-checkpoint",
            FindingId::ZeroFilledTail => "zero-filled-tail",
            FindingId::DamagedTail => "damaged-tail",
            FindingId::TornTail => "torn-tail",
            FindingId::DirtyTail => "dirty-tail",
            FindingId::BeingWritten => "being-written",
            FindingId::CleanSoft => "clean-soft",
            FindingId::Clean => "clean",
            FindingId::CleanSoftAsRead => "clean-soft-as-read",
            FindingId::CleanAsRead => "clean-as-read",
            FindingId::PendingCovered => "pending-covered",
            FindingId::TailUnloadable => "tail-unloadable",
            FindingId::HeadNotLocked => "head-not-locked",
            FindingId::LocksUnknown => "locks-unknown",
            FindingId::EndUnknown => "end-unknown",
        }
    }

    /// The headline in a few words.
    #[must_use]
    pub const fn headline(self) -> &'static str {
        match self {
            FindingId::NotAJoedbFile => "not a joedb file",
            FindingId::UnknownVersion => "unknown format version",
            FindingId::EmptyFile => "empty file",
            FindingId::HeadCut => "head cut",
            FindingId::FileCutShort => "file cut short",
            FindingId::DamagedBody => "damaged body",
            FindingId::CheckpointInsideEntry => "checkpoint inside an entry",
            FindingId::Holes => "holes between the hard and the soft checkpoint",
            FindingId::SoftPastEnd => "soft checkpoint past the end",
            FindingId::Unloadable => "log cannot be loaded",
            FindingId::ChangedBytes => "bytes changed since they were indexed",
            FindingId::TooManyRows => "more rows than may be loaded",
            FindingId::PendingHardCheckpoint => "pending hard checkpoint",
            FindingId::ZeroFilledTail => "zero-filled tail",
            FindingId::DamagedTail => "damaged tail",
            FindingId::TornTail => "torn tail",
            FindingId::DirtyTail => "dirty tail",
            FindingId::BeingWritten => "being written",
            FindingId::CleanSoft => "clean, soft",
            FindingId::Clean => "clean",
            FindingId::CleanSoftAsRead => "clean, soft, as far as it was read",
            FindingId::CleanAsRead => "clean as far as it was read",
            FindingId::PendingCovered => "pending hard checkpoint, covered by the soft one",
            FindingId::TailUnloadable => "tail cannot be loaded",
            FindingId::HeadNotLocked => "head read without its lock",
            FindingId::LocksUnknown => "no locks to ask",
            FindingId::EndUnknown => "other bytes behind the checkpoint",
        }
    }

    /// What `--check` makes of a file with this verdict.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            FindingId::NotAJoedbFile
            | FindingId::UnknownVersion
            | FindingId::EmptyFile
            | FindingId::HeadCut => Outcome::NotJoedb,
            FindingId::FileCutShort
            | FindingId::DamagedBody
            | FindingId::CheckpointInsideEntry
            | FindingId::Holes
            | FindingId::SoftPastEnd
            | FindingId::Unloadable
            | FindingId::ChangedBytes => Outcome::Damaged,
            FindingId::TooManyRows => Outcome::Failed,
            FindingId::PendingHardCheckpoint
            | FindingId::ZeroFilledTail
            | FindingId::DamagedTail
            | FindingId::TornTail
            | FindingId::DirtyTail => Outcome::Recoverable,
            FindingId::BeingWritten
            | FindingId::CleanSoft
            | FindingId::Clean
            | FindingId::CleanSoftAsRead
            | FindingId::CleanAsRead
            | FindingId::PendingCovered
            | FindingId::TailUnloadable
            | FindingId::HeadNotLocked
            | FindingId::LocksUnknown
            | FindingId::EndUnknown => Outcome::Done,
        }
    }
}

/// What a person should do, as data; [`Advice::command`] spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// Look at the first bytes.
    LookAtBytes,
    /// Dump the log.
    Dump,
    /// Look at what follows the checkpoint.
    LookAtTail,
    /// Check again once the writer is gone.
    CheckAgain,
    /// Load again, with so many rows allowed.
    LoadWithin {
        /// As `--max-rows` takes them.
        rows: u64,
    },
    /// Look at the entries between two boundaries.
    LookAtEntries {
        /// Where the first of them begins.
        from: u64,
        /// Where the last of them ends.
        until: u64,
    },
    /// Recover to what joedb itself would read.
    RecoverToCheckpoint,
    /// Recover to a named cut.
    RecoverTo(CutName),
    /// Recover to a position.
    RecoverToPosition(u64),
}

impl Advice {
    /// The command, with the log's place as a shell needs it.
    #[must_use]
    pub fn command(self, place: &Place) -> String {
        match self {
            Advice::LookAtBytes => place.first_bytes(),
            Advice::Dump => place.logdump(""),
            Advice::LookAtTail => place.logdump("--tail"),
            Advice::CheckAgain => place.logdump("--check"),
            Advice::LoadWithin { rows } => place.logdump(&format!("--check --load --max-rows {rows}")),
            Advice::LookAtEntries { from, until } => place.logdump(&format!("--from {from} --until {until}")),
            Advice::RecoverToCheckpoint => place.convert(""),
            Advice::RecoverTo(name) => place.convert(&format!("--to {}", name.name())),
            Advice::RecoverToPosition(position) => place.convert(&format!("--to {position}")),
        }
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub id: FindingId,
    /// Where, in bytes from the beginning of the file.
    pub position: Option<u64>,
    /// In plain words.
    pub sentence: String,
    /// What to do.
    pub advice: Advice,
}
