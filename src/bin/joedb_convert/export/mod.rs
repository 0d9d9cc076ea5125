//! What a log leaves behind, in other formats: its tables, or its entries.

mod entries;
mod parquet;
mod receipt;
mod sqlite;
mod tables;
mod target;

use crate::args::{Args, OutputFormat};
use crate::outcome::{Failure, failure};
use crate::signals::Signals;
use crate::source::Source;
use crate::{Planned, Watch, make_plan, open};
use anyhow::anyhow;
use joedb::Outcome;
use joedb::export::{ExportError, Exported, NewFile, Written, WrittenDirectory};
use joedb::recovery::{ApplyError, Plan, Supervisor, check_source};
use joedb::storage::FileDirectory;
use joedb::text::file_name;
use std::io::{self, Write};
use std::path::Path;
use target::Target;

/// What goes out.
enum Content {
    Tables(Exported),
    Entries {
        entries: u64,
        /// Vectors whose values are not in the output.
        left_out: u64,
        files: Vec<String>,
    },
}

/// What became of the output.
struct Receipt {
    bytes: u64,
    /// Of a file that was read back.
    crc: Option<u32>,
    warnings: Vec<String>,
}

impl From<Written> for Receipt {
    fn from(Written { bytes, crc, warnings }: Written) -> Receipt {
        Receipt { bytes, crc: Some(crc), warnings }
    }
}

impl From<WrittenDirectory> for Receipt {
    fn from(WrittenDirectory { bytes, warnings }: WrittenDirectory) -> Receipt {
        Receipt { bytes, crc: None, warnings }
    }
}

/// An export, as far as the arguments tell.
struct Export<'a> {
    args: &'a Args,
    format: OutputFormat,
    source: Source,
    target: Target,
    signals: &'a Signals,
}

/// Exports INPUT up to the cut.
pub(crate) fn run(
    args: &Args,
    format: OutputFormat,
    output: &Path,
    signals: &Signals,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    refuse_options(args, format)?;
    let target = Target::of(args, format, output)?;
    let source = open(args, signals)?;
    let Planned { mut journal, plan } = make_plan(args, &source, signals)?;
    let export = Export { args, format, source, target, signals };
    let (content, receipt) = if is_of_entries(args, format) {
        entries::export(&export, &mut journal, &plan)?
    } else {
        tables::export(&export, &mut journal, &plan)?
    };
    receipt::show(&export, &plan, &content, receipt.as_ref(), out)
}

/// Whether the entries go out, one by one, and not the tables that they leave behind.
const fn is_of_entries(args: &Args, format: OutputFormat) -> bool {
    match format {
        OutputFormat::JsonLines | OutputFormat::Sql | OutputFormat::Commands => true,
        OutputFormat::Parquet => args.entries,
        _ => false,
    }
}

/// What means nothing with this format is an error and not ignored.
fn refuse_options(args: &Args, format: OutputFormat) -> Result<(), Failure> {
    use OutputFormat::{Commands, Json, Parquet, Sql};
    let of_entries = is_of_entries(args, format);
    let given = [
        (args.no_verify, "--no-verify is for recovery; what is exported is decoded in any case"),
        (args.save_tail.is_some(), "--save-tail is for recovery; an export removes nothing"),
        (args.keep_blob_positions, "--keep-blob-positions is for commands as INPUT"),
        (
            args.compat && !matches!(format, Json | Sql | Commands),
            "--compat is for JSON, SQL and commands: the reference has no such format",
        ),
        (args.base64 && !(args.compat && format == Json), "--base64 goes with --compat and JSON"),
        (args.entries && format != Parquet, "--entries is for Parquet; JSON Lines are entries in any case"),
        (args.partition_rows.is_some() && format != Parquet, "--partition-rows is for Parquet"),
        (
            of_entries && !args.tables.is_empty(),
            "--table is for tables; this format holds the entries of the log, which depend on each other",
        ),
        (of_entries && args.max_rows.is_some(), "--max-rows is for tables; entries are not loaded"),
    ];
    match given.into_iter().find(|(is_given, _)| *is_given) {
        Some((_, message)) => Err(failure(Outcome::Usage, anyhow!(message))),
        None => Ok(()),
    }
}

impl Export<'_> {
    fn watch(&self) -> Watch {
        Watch { quiet: self.args.quiet, signals: self.signals.clone(), progress: None }
    }

    /// What the program was asked for cannot come from a file that changes meanwhile.
    fn check_source(&self, plan: &Plan) -> Result<(), Failure> {
        Ok(check_source(plan, &self.source.file)?)
    }

    /// Why an output was not finished: a signal, or what failed.
    fn stopped(&self, failure: Failure) -> Failure {
        match self.signals.received() {
            Some(_) => ApplyError::Cancelled.into(),
            None => failure.context(format!("{}: writing", file_name(self.target.path()))),
        }
    }

    /// Writes a stream to where it goes: the standard output, or a new file.
    fn stream<T>(
        &self,
        plan: &Plan,
        write: impl FnOnce(&mut (dyn Write + Send), &mut dyn Supervisor) -> Result<T, Failure>,
    ) -> Result<(T, Option<Receipt>), Failure> {
        let mut watch = self.watch();
        let Target::File(outputs) = &self.target else {
            let mut out = Interruptible { out: io::stdout(), signals: self.signals };
            let written = write(&mut out, &mut watch)?;
            out.flush()?;
            self.check_source(plan)?;
            return Ok((written, None));
        };
        let file = NewFile::create(&FileDirectory, &outputs.output, outputs.existing)?;
        let mut file = Interruptible { out: file, signals: self.signals };
        let written = write(&mut file, &mut watch).map_err(|failure| self.stopped(failure))?;
        self.check_source(plan)?;
        let receipt = file.out.finish(Some(&self.source.file), &mut watch)?;
        Ok((written, Some(receipt.into())))
    }
}

/// A writer that fails once there was a signal.
struct Interruptible<'a, W> {
    out: W,
    signals: &'a Signals,
}

impl<W: Write> Write for Interruptible<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.signals.received() {
            Some(_) => Err(io::Error::other("interrupted")),
            None => self.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A failure of an export; whoever closed a pipe is told from others by the error itself.
fn failed(error: ExportError) -> Failure {
    match error {
        ExportError::Write(error) => error.into(),
        ExportError::Output(error) => error.into(),
        error @ (ExportError::TooLong { .. } | ExportError::TooManyFields { .. }) => {
            failure(Outcome::Damaged, error)
        }
        error => error.into(),
    }
}

/// What is said where a feature is missing.
#[cfg(not(all(feature = "sqlite", feature = "parquet")))]
fn not_built(format: &str, feature: &str) -> Failure {
    anyhow!("this joedb_convert was built without {format}; build it with --features {feature}").into()
}
