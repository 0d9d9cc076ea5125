//! What can be typed.

use crate::locks::Locks;
use crate::outcome::{Failure, failure};
use crate::positions::position;
use anyhow::anyhow;
use clap::{Parser, ValueEnum};
use joedb::recovery::Target;
use joedb::store::Limits;
use joedb::{BlobPointers, Outcome};
use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// Recover joedb files: cut the log at a checkpoint, at the last whole entry, or anywhere between two entries; make
/// a new one: of version 5 from one of version 4, of what is left of one or of several, or from joedb commands or JSON
/// Lines; or export its tables or entries: JSON, SQLite, CSV, SQL, Parquet
///
/// The input is never changed, unless --in-place says so. What is kept is copied byte for byte, read back and compared,
/// and opens cleanly in joedb: all four checkpoint places of the output hold the cut.
#[derive(Debug, Parser)]
#[command(name = "joedb_convert", version, max_term_width = 80, arg_required_else_help = true)]
pub(crate) struct Args {
    /// The joedb file to recover, or - for standard input; or a text: joedb commands (NAME.joedbi) or JSON
    /// Lines (NAME.jsonl).
    pub(crate) input: PathBuf,

    /// The file to make, or for several tables as CSV or Parquet the directory; - exports to the standard output.
    #[arg(required_unless_present_any = ["in_place", "undo"])]
    pub(crate) output: Option<PathBuf>,

    /// What INPUT holds, instead of what its name says.
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["in_place", "undo"])]
    pub(crate) input_format: Option<InputFormat>,

    /// What OUTPUT will hold, instead of what its name says. A name with the extension of a joedb INPUT says that it
    /// will hold a log, too.
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["in_place", "undo"])]
    pub(crate) output_format: Option<OutputFormat>,

    /// Export only this table; may be given several times.
    #[arg(long = "table", value_name = "NAME", conflicts_with_all = ["in_place", "undo"])]
    pub(crate) tables: Vec<String>,

    /// With Parquet: export the entries of the log, a row each, and not its tables.
    #[arg(long, conflicts_with_all = ["in_place", "undo", "tables"])]
    pub(crate) entries: bool,

    /// With Parquet: begin a new file after so many rows.
    #[arg(long, value_name = "N", conflicts_with_all = ["in_place", "undo"])]
    pub(crate) partition_rows: Option<NonZeroU64>,

    /// With JSON, SQL and commands: write what the reference tools would, byte for byte.
    #[arg(long, conflicts_with_all = ["in_place", "undo"])]
    pub(crate) compat: bool,

    /// With --compat and JSON: write strings in base64.
    #[arg(long, requires = "compat")]
    pub(crate) base64: bool,

    /// With an export of tables, --pack and --merge: how many rows and unset values are taken that no bytes stand behind. By default
    /// 16,777,216, and 8 for each byte of the file; each takes at most 16 bytes of memory.
    #[arg(long, value_name = "N", conflicts_with_all = ["in_place", "undo"])]
    pub(crate) max_rows: Option<u64>,

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

    /// Do not use INPUT.index: with --no-verify it tells where a cut is that only the entries know.
    #[arg(long)]
    pub(crate) no_index: bool,

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

    /// Do not ask for locks: for file systems on which they fail or never answer. Stop all
    /// programs that use the file first, above all with --in-place.
    #[arg(long)]
    pub(crate) no_lock: bool,

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
    /// Make something else of a log.
    Export(OutputFormat),
}

impl Job {
    /// Whether the tables are loaded, and written anew.
    const fn is_packing(self) -> bool {
        matches!(self, Job::Pack | Job::Merge)
    }
}

impl Args {
    /// What is to be done with INPUT to make OUTPUT.
    pub(crate) fn job(&self) -> Result<Job, Failure> {
        let job = self.asked();
        match (self.input_format().language(), self.output_format()) {
            (Some(language), OutputFormat::Joedb) if job == Job::Recover => {
                self.no_export(Job::Load(language))
            }
            (Some(_), OutputFormat::Joedb) => {
                Err(usage("--upgrade, --pack and --merge are for joedb files; make one of the text first"))
            }
            (Some(_), _) => Err(usage(
                "a text becomes a joedb file, and OUTPUT says another format: make the joedb file first, and export \
                     that; --output-format joedb makes one of any name",
            )),
            (None, OutputFormat::Joedb) => self.possible(job).and_then(|job| self.no_export(job)),
            (None, _) if job != Job::Recover => Err(usage(
                "--upgrade, --pack and --merge make a joedb file; other formats are made from files of any version",
            )),
            (None, format) => Ok(Job::Export(format)),
        }
    }

    /// What was asked for, if a joedb file becomes a joedb file.
    const fn asked(&self) -> Job {
        match (self.upgrade, self.pack, self.merge.is_empty()) {
            (true, ..) => Job::Upgrade,
            (_, true, _) => Job::Pack,
            (.., false) => Job::Merge,
            _ => Job::Recover,
        }
    }

    /// What a job cannot do with joedb files.
    fn possible(&self, job: Job) -> Result<Job, Failure> {
        let is_at_a_position = matches!(self.target(), Target::Position(_) | Target::Until(_));
        if self.keep_blob_positions && !job.is_packing() {
            return Err(usage(
                "--keep-blob-positions is for commands, JSON Lines, --pack and --merge; a cut keeps every byte",
            ));
        }
        if job == Job::Merge && is_at_a_position {
            return Err(usage("a position is one of a single file; --merge takes cuts that all files have"));
        }
        Ok(job)
    }

    /// What becomes of blob values.
    pub(crate) const fn pointers(&self) -> BlobPointers {
        if self.keep_blob_positions { BlobPointers::Keep } else { BlobPointers::Follow }
    }

    /// What a log of so many bytes may ask for without bytes behind it.
    pub(crate) fn limits(&self, bytes: u64) -> Limits {
        self.max_rows.map_or(Limits::for_log(bytes), |rows| Limits { rows })
    }

    /// What is for exports alone is an error with another job.
    fn no_export(&self, job: Job) -> Result<Job, Failure> {
        let given = [
            (!self.tables.is_empty(), "--table is for exports; OUTPUT becomes a joedb file, with all tables"),
            (self.entries, "--entries is for exports to Parquet; OUTPUT becomes a joedb file"),
            (
                self.partition_rows.is_some(),
                "--partition-rows is for exports to Parquet; OUTPUT becomes a joedb file",
            ),
            (self.compat, "--compat is for exports; OUTPUT becomes a joedb file"),
            (
                self.max_rows.is_some() && !job.is_packing(),
                "--max-rows is for exports, --pack and --merge; here nothing is loaded",
            ),
        ];
        match given.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, message)) => Err(usage(message)),
            None => Ok(job),
        }
    }

    /// What the input holds: as it was said, or as its name says.
    fn input_format(&self) -> InputFormat {
        self.input_format.unwrap_or_else(|| InputFormat::named(&self.input))
    }

    /// What the output will hold: as it was said, or as its name says. A file with the extension of the input is what
    /// the input is, for a joedb file may be named anyhow. A text becomes a joedb file only, so that of the names of
    /// other formats app.db, which joedb files have too, is none there.
    fn output_format(&self) -> OutputFormat {
        let output = self.output.as_deref().unwrap_or(Path::new(""));
        let says_nothing = match self.input_format() {
            InputFormat::Joedb => output.extension() == self.input.extension(),
            InputFormat::Commands | InputFormat::JsonLines => output.extension() == Some(OsStr::new("db")),
        };
        let named = || if says_nothing { OutputFormat::Joedb } else { OutputFormat::named(output) };
        self.output_format.unwrap_or_else(named)
    }

    /// How locks are asked for.
    pub(crate) const fn locks(&self) -> Locks {
        Locks { ignored: self.no_lock, quiet: self.quiet }
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
    /// joedb commands, as joedb_logdump prints them (.joedbi).
    Commands,
    /// JSON Lines, as joedb_logdump --json prints them (.jsonl, .ndjson).
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
    /// What a name says.
    fn named(input: &Path) -> InputFormat {
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
    /// The tables as one JSON object (.json).
    Json,
    /// The entries as JSON objects, one a line (.jsonl, .ndjson).
    JsonLines,
    /// The entries as SQL (.sql).
    Sql,
    /// The entries as joedb commands (.joedbi).
    Commands,
    /// The tables as a SQLite database (.sqlite, .sqlite3, .db).
    Sqlite,
    /// The tables as a directory of CSV files, or one table as a file (.csv).
    Csv,
    /// The tables as a directory of Parquet files, or one table or the entries as a file (.parquet).
    Parquet,
}

impl OutputFormat {
    /// What a name says.
    fn named(output: &Path) -> OutputFormat {
        match output.extension().and_then(|extension| extension.to_str()) {
            Some("json") => OutputFormat::Json,
            Some("jsonl" | "ndjson") => OutputFormat::JsonLines,
            Some("sql") => OutputFormat::Sql,
            Some("joedbi") => OutputFormat::Commands,
            Some("sqlite" | "sqlite3" | "db") => OutputFormat::Sqlite,
            Some("csv") => OutputFormat::Csv,
            Some("parquet") => OutputFormat::Parquet,
            _ => OutputFormat::Joedb,
        }
    }

    /// The name for programs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            OutputFormat::Joedb => "joedb",
            OutputFormat::Json => "json",
            OutputFormat::JsonLines => "json-lines",
            OutputFormat::Sql => "sql",
            OutputFormat::Commands => "commands",
            OutputFormat::Sqlite => "sqlite",
            OutputFormat::Csv => "csv",
            OutputFormat::Parquet => "parquet",
        }
    }

    /// The name for people.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            OutputFormat::Joedb => "joedb",
            OutputFormat::Json => "JSON",
            OutputFormat::JsonLines => "JSON Lines",
            OutputFormat::Sql => "SQL",
            OutputFormat::Commands => "joedb commands",
            OutputFormat::Sqlite => "SQLite",
            OutputFormat::Csv => "CSV",
            OutputFormat::Parquet => "Parquet",
        }
    }
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
