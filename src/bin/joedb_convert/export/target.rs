//! Where an export goes.

use crate::args::{Args, OutputFormat};
use crate::outcome::{Failure, failure};
use crate::{outputs, refuse_directory, refuse_same, source};
use anyhow::anyhow;
use joedb::Outcome;
use joedb::recovery::Outputs;
use joedb::storage::Existing;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

/// The place of an output.
pub(super) enum Target {
    StandardOutput,
    File(Outputs),
    Directory { path: PathBuf, existing: Existing },
}

impl Target {
    /// Where the output goes, if nothing stands against it from the beginning.
    pub(super) fn of(args: &Args, format: OutputFormat, output: &Path) -> Result<Target, Failure> {
        let is_directory = is_directory(args, format);
        if output == Path::new("-") {
            refuse_standard_output(args, format, is_directory)?;
            return Ok(Target::StandardOutput);
        }
        let input = source::path_of(&args.input);
        if !is_directory {
            return Ok(Target::File(outputs(args, input, output)?));
        }
        refuse_same(input, output)?;
        refuse_directory(output)?;
        let existing = if args.force { Existing::Replace } else { Existing::Refuse };
        Ok(Target::Directory { path: output.to_path_buf(), existing })
    }

    /// The path, to name it.
    pub(super) fn path(&self) -> &Path {
        match self {
            Target::StandardOutput => Path::new("-"),
            Target::File(outputs) => &outputs.output,
            Target::Directory { path, .. } => path,
        }
    }
}

/// Whether the output is a directory: it depends on what was typed alone, and not on what is in the log.
fn is_directory(args: &Args, format: OutputFormat) -> bool {
    let is_one = args.entries || args.tables.len() == 1;
    match format {
        OutputFormat::Csv => !is_one,
        OutputFormat::Parquet => !is_one || args.partition_rows.is_some(),
        _ => false,
    }
}

fn refuse_standard_output(args: &Args, format: OutputFormat, is_directory: bool) -> Result<(), Failure> {
    use OutputFormat::{Csv, Parquet, Sqlite};
    let message = if is_directory {
        "- found, a DIRECTORY expected: several tables are several files; --table NAME chooses one"
    } else if format == Sqlite {
        "- found, a FILE expected: a database is not written from its beginning to its end"
    } else if io::stdout().is_terminal() && (matches!(format, Csv | Parquet) || args.compat) {
        "a terminal found, a file or a pipe expected: the data could hold anything"
    } else {
        return Ok(());
    };
    Err(failure(Outcome::Usage, anyhow!(message)))
}
