//! What can be typed.

use crate::locks::Locks;
use crate::positions::position;
use clap::{Parser, ValueEnum};
use joedb::storage::Part;
use joedb::store::Limits;
use std::path::PathBuf;

/// The forms that are no verdict.
const NOT_CHECK: [&str; 7] = ["header", "raw", "sql", "json", "compare", "index", "stats"];
/// The forms that have no form of a report.
const NOT_REPORT: [&str; 5] = ["header", "raw", "sql", "json", "index"];
/// The forms that are no dump.
const NOT_DUMP: [&str; 5] = ["header", "check", "compare", "index", "stats"];

/// Inspect and diagnose joedb files
///
/// Without an option it prints the log up to the current checkpoint as joedb commands. It never changes a log; --index writes a file beside it.
#[derive(Debug, Parser)]
#[command(name = "joedb_logdump", version, max_term_width = 80, arg_required_else_help = true)]
pub(crate) struct Args {
    /// The joedb file, or - for standard input; several with --header, --check and --index.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Show the head and a state from the head alone; reads 41 bytes, whatever the size of the file.
    #[arg(long, group = "form")]
    pub(crate) header: bool,

    /// Read everything and give the verdict: what happened, what is safe, what every cut would lose.
    #[arg(long, groups = ["form", "report"])]
    pub(crate) check: bool,

    /// Compare FILE with another, up to their checkpoints: exit with 0 if they are equal, 3 if one continues the other,
    /// 4 if they diverge.
    #[arg(long, groups = ["form", "report"], value_name = "OTHER")]
    pub(crate) compare: Option<PathBuf>,

    /// Make FILE.index, or bring it up to date: what it takes to begin anywhere in FILE, and checksums that find changed
    /// bytes. All other modes use it where it is; with --no-index it is made anew.
    #[arg(long, group = "form")]
    pub(crate) index: bool,

    /// Count entries, bytes and rows, by kind, table and field, and what is dead of them; at once with an index.
    #[arg(long, groups = ["form", "report"])]
    pub(crate) stats: bool,

    /// Print raw entries: ids instead of names.
    #[arg(long, group = "form")]
    pub(crate) raw: bool,

    /// Print SQL.
    #[arg(long, group = "form")]
    pub(crate) sql: bool,

    /// Print JSON Lines: an object for each entry.
    #[arg(long, group = "form")]
    pub(crate) json: bool,

    /// Print only entries of the schema.
    #[arg(long, alias = "schema_only", conflicts_with_all = NOT_DUMP)]
    pub(crate) schema_only: bool,

    /// Print the data of blobs.
    #[arg(long, conflicts_with_all = NOT_DUMP)]
    pub(crate) blob: bool,

    /// Print the position after each entry (JSON Lines always hold it).
    #[arg(long, alias = "print_checkpoint", conflicts_with_all = NOT_DUMP)]
    pub(crate) print_checkpoint: bool,

    /// Read to the end of the file, whatever the head says.
    #[arg(long, aliases = ["ignore_header", "ignore-errors", "ignore_errors"], conflicts_with_all = NOT_DUMP)]
    pub(crate) ignore_header: bool,

    /// Play the log into tables too, and stop where that fails; with --check that is a finding.
    #[arg(long, conflicts_with_all = ["header", "compare", "follow", "index", "stats"])]
    pub(crate) load: bool,

    /// With --load: how many rows and unset values are taken that no bytes stand behind. By default 16,777,216, and 8 for
    /// each byte of the file; each takes at most 16 bytes of memory.
    #[arg(long, value_name = "N", requires = "load")]
    pub(crate) max_rows: Option<u64>,

    /// Print only entries from this position, decimal or 0x.
    #[arg(long, value_name = "POS", value_parser = position, conflicts_with_all = NOT_DUMP)]
    pub(crate) from: Option<u64>,

    /// Print only entries before this position, decimal or 0x.
    #[arg(long, value_name = "POS", value_parser = position, conflicts_with_all = NOT_DUMP)]
    pub(crate) until: Option<u64>,

    /// Print only what lies behind the current (or the hard) checkpoint: what recovery would throw away.
    #[arg(
        long,
        value_name = "CHECKPOINT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "current",
        conflicts_with_all = ["from", "until", "ignore_header", "header", "check", "compare", "index", "stats"]
    )]
    pub(crate) tail: Option<Tail>,

    /// Go on when the log has been printed, and print what is added to it, until interrupted.
    #[arg(
        long,
        conflicts_with_all = ["until", "tail", "ignore_header", "compat", "header", "check", "compare", "index", "stats"]
    )]
    pub(crate) follow: bool,

    /// The log begins at this position of FILE, decimal or 0x, in a larger file or device. All other positions are
    /// counted from there.
    #[arg(long, value_name = "POS", value_parser = position)]
    pub(crate) offset: Option<u64>,

    /// The log has so many bytes, decimal or 0x; without, it ends with FILE.
    #[arg(long, value_name = "BYTES", value_parser = position)]
    pub(crate) size: Option<u64>,

    /// With --check: read only what FILE.index does not cover. It never says that all of the file is clean.
    #[arg(long, requires = "check", conflicts_with_all = NOT_CHECK, conflicts_with = "load")]
    pub(crate) quick: bool,

    /// Do not use FILE.index.
    #[arg(long)]
    pub(crate) no_index: bool,

    /// With --check: exit with 3 unless the file is clean, or clean and hard-checkpointed to its end.
    #[arg(long, value_name = "STATE", requires = "check", conflicts_with_all = NOT_CHECK)]
    pub(crate) require: Option<Require>,

    /// The form of --check, --compare and --stats.
    #[arg(long, value_name = "FORM", default_value = "table", requires = "report", conflicts_with_all = NOT_REPORT)]
    pub(crate) format: ReportForm,

    /// With --check: all columns, however wide.
    #[arg(long, requires = "check", conflicts_with_all = NOT_CHECK)]
    pub(crate) wide: bool,

    /// Print byte for byte what the reference tools print, their faults included.
    #[arg(long, conflicts_with_all = ["json", "check", "compare", "index", "stats"])]
    pub(crate) compat: bool,

    /// Print long logs on so many threads, instead of one for each of up to eight processors. Memory grows with them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..), conflicts_with_all = NOT_DUMP)]
    pub(crate) threads: Option<u8>,

    /// Map the file into memory instead of reading it in pieces: saves reading the data of long blobs. If another program
    /// cuts the file meanwhile, the system ends this one.
    #[arg(long)]
    pub(crate) mmap: bool,

    /// Do not ask for locks: for file systems on which they fail or never answer. A writer cannot be seen then.
    #[arg(long)]
    pub(crate) no_lock: bool,

    /// No notices, no progress, and no table with --check: the exit code speaks. Errors are still shown.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

impl Args {
    /// The part of FILE that holds the log, if it is not all of it.
    pub(crate) fn part(&self) -> Option<Part> {
        let asked = self.offset.is_some() || self.size.is_some();
        asked.then_some(Part { offset: self.offset.unwrap_or(0), size: self.size })
    }

    /// How locks are asked for.
    pub(crate) const fn locks(&self) -> Locks {
        Locks { ignored: self.no_lock, quiet: self.quiet }
    }

    /// What a log of so many bytes may ask for without bytes behind it.
    pub(crate) fn limits(&self, bytes: u64) -> Limits {
        self.max_rows.map_or(Limits::for_log(bytes), |rows| Limits { rows })
    }
}

/// Which checkpoint a tail begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tail {
    /// The current one: what joedb would throw away.
    Current,
    /// The hard one: what a power failure may have taken.
    Hard,
}

/// What a file has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Require {
    /// Clean, up to a soft or a hard checkpoint, without a writer.
    Clean,
    /// Clean and hard-checkpointed to its end.
    Hard,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// For people, 80 columns wide.
    Table,
    /// The file and the headline, on one line.
    Line,
    /// `key: value` lines.
    Text,
    /// One object for each file, on one line.
    Json,
}
