//! What can be typed.

use crate::outcome::{Failure, failure};
use crate::positions::position;
use anyhow::anyhow;
use clap::{Parser, ValueEnum};
use joedb::recovery::Target;
use joedb::store::Limits;
use joedb::{BlobPointers, Outcome};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Recover joedb files: cut the log at a checkpoint, at the last whole entry, or anywhere between two entries; or make
/// a new one: of version 5 from one of version 4, of what is left of one or of several, or from joedb commands or JSON
/// Lines
///
/// The input is never changed, unless --in-place says so. What is kept is copied byte for byte, read back and compared, and opens cleanly in
/// joedb: all four checkpoint places of the output hold the cut.
#[derive(Debug, Parser)]
#[command(name = "joedb_convert", version, max_term_width = 80, arg_required_else_help = true)]
pub(crate) struct Args {
    /// The joedb file to recover, or - for standard input; or a text: joedb commands (NAME.joedbi) or
    /// JSON Lines (NAME.jsonl).
    pub(crate) input: PathBuf,

    /// The file to make.
    #[arg(required_unless_present_any = ["in_place", "undo"])]
    pub(crate) output: Option<PathBuf>,

    /// What INPUT holds, instead of what its name says.
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["in_place", "undo"])]
    pub(crate) input_format: Option<InputFormat>,

    /// What OUTPUT will hold, instead of what its name says.
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["in_place", "undo"])]
    pub(crate) output_format: Option<OutputFormat>,

    /// Make a file of version 5 from one of version 4, which joedb 10 does not read.
    #[arg(long, conflicts_with_all = ["in_place", "undo", "no_verify", "save_tail", "keep_blob_positions"])]
    pub(crate) upgrade: bool,

    /// Write only what is left: the newest data behind the history of the schema, and the blobs that records point to.
    #[arg(long, conflicts_with_all = ["in_place", "undo", "upgrade", "no_verify", "save_tail"])]
    pub(crate) pack: bool,

    /// Pack INPUT and this file, whose schema has the same history, into one; may be given several times. References
    /// follow.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["in_place", "undo", "upgrade", "pack", "no_verify", "save_tail"])]
    pub(crate) merge: Vec<PathBuf>,

    /// With --pack and --merge: how many rows and unset values are taken that no bytes stand behind. By default
    /// 16,777,216, and 8 for each byte of INPUT; each takes at most 16 bytes of memory.
    #[arg(long, value_name = "N")]
    pub(crate) max_rows: Option<u64>,

    /// With commands, JSON Lines, --pack and --merge: write blob values as they are; they point into another file.
    #[arg(long, conflicts_with_all = ["in_place", "undo"])]
    pub(crate) keep_blob_positions: bool,

    /// Cut INPUT itself; what is removed goes to INPUT.undo first.
    #[arg(long, conflicts_with_all = ["output", "force", "save_tail", "undo"])]
    pub(crate) in_place: bool,

    /// Put back what --in-place removed, from the newest INPUT.undo.
    #[arg(long, conflicts_with_all = ["output", "to", "until", "ignore_header", "no_verify", "allow_empty", "force", "save_tail", "dry_run"])]
    pub(crate) undo: bool,

    /// The undo file to write or to read, instead of INPUT.undo.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "no_undo"])]
    pub(crate) undo_file: Option<PathBuf>,

    /// With --in-place: write no undo file; there is no way back then.
    #[arg(long, requires = "in_place", conflicts_with_all = ["output", "undo"])]
    pub(crate) no_undo: bool,

    /// Where to cut: checkpoint, hard, soft, pending, valid-data, timestamp, time:DATE, last-entry, eof, or a
    /// position (decimal or 0x).
    #[arg(long, value_name = "CUT", default_value = "checkpoint", value_parser = target)]
    pub(crate) to: Target,

    /// Cut at the first boundary that is not before this position, as the reference tool does.
    #[arg(long, value_name = "POS", value_parser = position, conflicts_with_all = ["to", "ignore_header"])]
    pub(crate) until: Option<u64>,

    /// The same as --to eof.
    #[arg(long, aliases = ["ignore_header", "ignore-errors", "ignore_errors"], conflicts_with = "to")]
    pub(crate) ignore_header: bool,

    /// Print the plan, and exit as the run would.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Do not decode what is kept before copying it.
    #[arg(long)]
    pub(crate) no_verify: bool,

    /// Allow a cut that leaves an empty database.
    #[arg(long)]
    pub(crate) allow_empty: bool,

    /// Replace an output that exists.
    #[arg(long)]
    pub(crate) force: bool,

    /// Keep the removed bytes in this new file.
    #[arg(long, value_name = "FILE")]
    pub(crate) save_tail: Option<PathBuf>,

    /// The form of plan and receipt.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: ReceiptForm,

    /// No progress and no advice; errors and warnings are still shown.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Cut a log into a new file.
    Recover,
    /// Make a log of a text.
    Load(Language),
    /// Make a log of version 5 from one of version 4.
    Upgrade,
    /// Write what is left of a log.
    Pack,
    /// Write what is left of several logs.
    Merge,
}

impl Args {
    /// What is to be done with INPUT to make OUTPUT.
    pub(crate) fn job(&self) -> Result<Job, Failure> {
        let job = self.asked();
        let is_packing = matches!(job, Job::Pack | Job::Merge);
        match (self.input_format().language(), self.output_format()) {
            _ if self.max_rows.is_some() && !is_packing => Err(usage("--max-rows is for --pack and --merge")),
            (Some(language), OutputFormat::Joedb) if job == Job::Recover => Ok(Job::Load(language)),
            (Some(_), _) => {
                Err(usage("--upgrade, --pack and --merge are for joedb files; make one of the text first"))
            }
            (None, _) if self.keep_blob_positions && !is_packing => Err(usage(
                "--keep-blob-positions is for commands, JSON Lines, --pack and --merge; a cut keeps every byte",
            )),
            (None, _) if job == Job::Merge && self.is_at_a_position() => {
                Err(usage("a position is one of a single file; --merge takes cuts that all files have"))
            }
            (None, OutputFormat::Joedb) => Ok(job),
        }
    }

    /// What was asked for, if INPUT is a joedb file.
    const fn asked(&self) -> Job {
        match (self.upgrade, self.pack, self.merge.is_empty()) {
            (true, ..) => Job::Upgrade,
            (_, true, _) => Job::Pack,
            (.., false) => Job::Merge,
            _ => Job::Recover,
        }
    }

    fn is_at_a_position(&self) -> bool {
        matches!(self.target(), Target::Position(_) | Target::Until(_))
    }

    /// What becomes of blob values.
    pub(crate) const fn pointers(&self) -> BlobPointers {
        if self.keep_blob_positions { BlobPointers::Keep } else { BlobPointers::Follow }
    }

    /// What a log of so many bytes may ask for without bytes behind it.
    pub(crate) fn limits(&self, bytes: u64) -> Limits {
        self.max_rows.map_or(Limits::for_log(bytes), |rows| Limits { rows })
    }

    /// What the input holds: as it was said, or as its name says.
    fn input_format(&self) -> InputFormat {
        self.input_format.unwrap_or_else(|| InputFormat::of_name(&self.input))
    }

    /// What the output will hold: as it was said, or as its name says.
    fn output_format(&self) -> OutputFormat {
        self.output_format.unwrap_or(OutputFormat::Joedb)
    }

    /// The cut asked for, in whichever way.
    pub(crate) fn target(&self) -> Target {
        match (self.until, self.ignore_header) {
            (Some(position), _) => Target::Until(position),
            (None, true) => Target::Eof,
            (None, false) => self.to,
        }
    }
}

/// What an input holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// A log with its head.
    Joedb,
    /// joedb commands, as joedb_logdump prints them.
    Commands,
    /// JSON Lines, as joedb_logdump --json prints them.
    JsonLines,
}

/// A text, by what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// joedb commands.
    Commands,
    /// JSON Lines.
    JsonLines,
}

impl InputFormat {
    fn of_name(input: &Path) -> InputFormat {
        match input.extension().and_then(OsStr::to_str) {
            Some("joedbi") => InputFormat::Commands,
            Some("jsonl" | "ndjson") => InputFormat::JsonLines,
            _ => InputFormat::Joedb,
        }
    }

    /// Of a text.
    const fn language(self) -> Option<Language> {
        match self {
            InputFormat::Joedb => None,
            InputFormat::Commands => Some(Language::Commands),
            InputFormat::JsonLines => Some(Language::JsonLines),
        }
    }
}

/// What an output holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A log with its head.
    Joedb,
}

/// The form of plan and receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReceiptForm {
    /// For people.
    Text,
    /// One object, on one line.
    Json,
}

fn usage(message: &'static str) -> Failure {
    failure(Outcome::Usage, anyhow!(message))
}

fn target(text: &str) -> Result<Target, String> {
    Ok(match text {
        "checkpoint" => Target::Checkpoint,
        "hard" => Target::Hard,
        "soft" => Target::Soft,
        "pending" => Target::Pending,
        "last-entry" => Target::LastEntry,
        "valid-data" => Target::ValidData,
        "timestamp" => Target::Timestamp,
        "eof" => Target::Eof,
        _ => match text.strip_prefix("time:") {
            Some(date) => Target::Time(time(date)?),
            None => Target::Position(position(text).map_err(|_| {
                "checkpoint, hard, soft, pending, valid-data, timestamp, time:DATE, last-entry, eof, or a position \
                 expected"
                    .to_owned()
            })?),
        },
    })
}

/// Seconds since 1970 of a date and time; without a zone they are UTC.
fn time(text: &str) -> Result<i64, String> {
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let found = zoned.or_else(|| civil().map(|zoned| zoned.timestamp()));
    let expected = "a time such as 2026-01-31T12:00:00Z expected; without a zone it is UTC";
    found.map(jiff::Timestamp::as_second).ok_or_else(|| expected.to_owned())
}
