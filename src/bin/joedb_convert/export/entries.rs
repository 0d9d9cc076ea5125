//! The entries of the log, one by one.

use super::{Content, Export, Receipt, parquet};
use crate::args::OutputFormat;
use crate::made;
use crate::outcome::Failure;
use crate::progress::Progress;
use joedb::journal::{Access, Journal};
use joedb::printing::{Workers, print, usual_threads};
use joedb::recovery::{ApplyError, Plan};
use joedb::replay::{Range, ReplayError, Replayed, Tolerance};
use joedb::sink::{BlobReader, Commands, Fidelity, Format, JsonLines, Sql, Style, TextSink};
use std::io::{self, Write};

/// Writes the entries up to the cut, unless only the plan was asked for.
pub(super) fn export(
    export: &Export<'_>,
    journal: &mut Journal,
    plan: &Plan,
) -> Result<(Content, Option<Receipt>), Failure> {
    if export.args.dry_run {
        let entries = plan.kept.entries.unwrap_or(0);
        return Ok((Content::Entries { entries, left_out: 0, files: Vec::new() }, None));
    }
    if export.format == OutputFormat::Parquet {
        return parquet::write_entries(export, journal, plan);
    }
    export.stream(plan, |out, _| {
        let entries = text(export, journal, plan, out)?;
        Ok(Content::Entries { entries, left_out: 0, files: Vec::new() })
    })
}

/// Prints the entries, blobs with their data, and says how many they are.
fn text(
    export: &Export<'_>,
    journal: &mut Journal,
    plan: &Plan,
    mut out: &mut (dyn Write + Send),
) -> Result<u64, Failure> {
    let fidelity = if export.args.compat { Fidelity::Reference } else { Fidelity::Lossless };
    let style = Style { fidelity, blob_data: true, ..Style::new(plan.version) };
    let blobs = Some(BlobReader::new(Box::new(export.source.file.try_clone()?), plan.cut));
    let out: &mut dyn Write = &mut out;
    match export.format {
        OutputFormat::JsonLines => {
            printed(export, journal, plan, TextSink::new(JsonLines::new(style), style, out))
        }
        OutputFormat::Sql => {
            printed(export, journal, plan, TextSink::new(Sql::new(style, blobs), style, out))
        }
        _ => printed(export, journal, plan, TextSink::new(Commands::new(style, blobs), style, out)),
    }
}

fn printed<F: Format + Send>(
    export: &Export<'_>,
    journal: &mut Journal,
    plan: &Plan,
    mut sink: TextSink<'_, F>,
) -> Result<u64, Failure> {
    let threads = usual_threads();
    let reopen = || Journal::of_medium(export.source.medium()?, Access::Window);
    let mut progress = Progress::new("export", plan.cut, export.args.quiet);
    let mut watch = |position| progress.at(position);
    let range = Range::up_to(plan.cut);
    let replayed =
        print(journal, range, Tolerance::Strict, &mut sink, Workers { threads, reopen: &reopen }, &mut watch);
    whole(export, replayed, io::Error::into)
}

/// How many entries were played, which are all.
pub(super) fn whole<E>(
    export: &Export<'_>,
    replayed: Result<Replayed, ReplayError<E>>,
    failed: impl FnOnce(E) -> Failure,
) -> Result<u64, Failure> {
    let replayed = replayed.map_err(|error| match error {
        ReplayError::Source(error) => Failure::from(error).context(&export.source.place),
        ReplayError::Sink(error) => failed(error),
    })?;
    match replayed.interruption {
        // It decoded when the plan was made.
        Some(interruption) => Err(made::changed(&export.source, &interruption)),
        None if export.signals.received().is_some() => Err(ApplyError::Cancelled.into()),
        None => Ok(replayed.entries),
    }
}
