//! What was found in a file, and what a person should do about it.

use super::cuts::CutName;
use crate::outcome::Outcome;
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
    /// A remark: a pending hard checkpoint that the soft one already covers.
    PendingCovered,
    /// A remark: the head's lock was not to be had.
    HeadNotLocked,
    /// A remark: whether there is a writer cannot be known.
    LocksUnknown,
}

impl FindingId {
    /// All of them, the strongest headline first.
    pub const ALL: [FindingId; 20] = [
        FindingId::NotAJoedbFile,
        FindingId::UnknownVersion,
        FindingId::EmptyFile,
        FindingId::HeadCut,
        FindingId::FileCutShort,
        FindingId::DamagedBody,
        FindingId::CheckpointInsideEntry,
        FindingId::Holes,
        FindingId::SoftPastEnd,
        FindingId::PendingHardCheckpoint,
        FindingId::ZeroFilledTail,
        FindingId::DamagedTail,
        FindingId::TornTail,
        FindingId::DirtyTail,
        FindingId::BeingWritten,
        FindingId::CleanSoft,
        FindingId::Clean,
        FindingId::PendingCovered,
        FindingId::HeadNotLocked,
        FindingId::LocksUnknown,
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
            FindingId::PendingHardCheckpoint => "pending-hard-checkpoint",
            FindingId::ZeroFilledTail => "zero-filled-tail",
            FindingId::DamagedTail => "damaged-tail",
            FindingId::TornTail => "torn-tail",
            FindingId::DirtyTail => "dirty-tail",
            FindingId::BeingWritten => "being-written",
            FindingId::CleanSoft => "clean-soft",
            FindingId::Clean => "clean",
            FindingId::PendingCovered => "pending-covered",
            FindingId::HeadNotLocked => "head-not-locked",
            FindingId::LocksUnknown => "locks-unknown",
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
            FindingId::PendingHardCheckpoint => "pending hard checkpoint",
            FindingId::ZeroFilledTail => "zero-filled tail",
            FindingId::DamagedTail => "damaged tail",
            FindingId::TornTail => "torn tail",
            FindingId::DirtyTail => "dirty tail",
            FindingId::BeingWritten => "being written",
            FindingId::CleanSoft => "clean, soft",
            FindingId::Clean => "clean",
            FindingId::PendingCovered => "pending hard checkpoint, covered by the soft one",
            FindingId::HeadNotLocked => "head read without its lock",
            FindingId::LocksUnknown => "no locks to ask",
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
            | FindingId::SoftPastEnd => Outcome::Damaged,
            FindingId::PendingHardCheckpoint
            | FindingId::ZeroFilledTail
            | FindingId::DamagedTail
            | FindingId::TornTail
            | FindingId::DirtyTail => Outcome::Recoverable,
            FindingId::BeingWritten
            | FindingId::CleanSoft
            | FindingId::Clean
            | FindingId::PendingCovered
            | FindingId::HeadNotLocked
            | FindingId::LocksUnknown => Outcome::Done,
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
    /// Check again once the writer is gone.
    CheckAgain,
    /// Recover to what joedb itself would read.
    RecoverToCheckpoint,
    /// Recover to a named cut.
    RecoverTo(CutName),
    /// Recover to a position.
    RecoverToPosition(u64),
}

impl Advice {
    /// The command, with the file's name quoted for a shell.
    #[must_use]
    pub fn command(self, file: &std::path::Path) -> String {
        let mut recovered = file.as_os_str().to_owned();
        recovered.push(".recovered");
        let quoted = crate::text::shell::quote(file);
        let files = format!("{quoted} {}", crate::text::shell::quote(recovered.as_ref()));
        match self {
            Advice::LookAtBytes => format!("od -A d -t x1z -N 64 {quoted}"),
            Advice::Dump => format!("joedb_logdump {quoted}"),
            Advice::CheckAgain => format!("joedb_logdump --check {quoted}"),
            Advice::RecoverToCheckpoint => format!("joedb_convert {files}"),
            Advice::RecoverTo(name) => format!("joedb_convert --to {} {files}", name.name()),
            Advice::RecoverToPosition(position) => format!("joedb_convert --to {position} {files}"),
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
