//! The tables as they stand at the cut.

use super::target::Target;
use super::{Content, Export, Receipt, failed, parquet, sqlite};
use crate::args::OutputFormat;
use crate::outcome::{Failure, failure};
use crate::progress::Progress;
use crate::{end_if_interrupted, made};
use anyhow::anyhow;
use joedb::export::reference_json::Strings;
use joedb::export::{
    Exported, ExportedTable, NewDirectory, Selection, State, StateError, csv, json, reference_json,
};
use joedb::journal::Journal;
use joedb::recovery::{Plan, Supervisor};
use joedb::store::{Limits, Table, Unloadable};
use joedb::text::{Position, file_name};
use joedb::{Outcome, export};

/// Loads the tables and writes those that were asked for, unless only the plan was.
pub(super) fn export(
    export: &Export<'_>,
    journal: &mut Journal,
    plan: &Plan,
) -> Result<(Content, Option<Receipt>), Failure> {
    let state = load(export, journal, plan)?;
    export.check_source(plan)?;
    let selection = state
        .select(&export.args.tables)
        .map_err(|error| failure(Outcome::Damaged, anyhow!("{}: {error}", export.source.place)))?;
    if export.args.dry_run {
        return Ok((Content::Tables(drafted(&selection)), None));
    }
    let (exported, receipt) = write(export, &selection, plan)?;
    Ok((Content::Tables(exported), receipt))
}

fn load(export: &Export<'_>, journal: &mut Journal, plan: &Plan) -> Result<State, Failure> {
    let (source, size) = (&export.source, journal.size());
    let limits = export.args.max_rows.map_or(Limits::for_log(size), |rows| Limits { rows });
    let mut progress = Progress::new("load", plan.cut, export.args.quiet);
    let data = Box::new(source.file.try_clone()?);
    let state = State::load(journal, plan.cut, limits, data, &mut |position| {
        progress.at(position);
        end_if_interrupted(export.signals);
    });
    state.map_err(|error| match error {
        StateError::Source(error) => Failure::from(error).context(&source.place),
        // It decoded when the plan was made.
        StateError::Interrupted(interruption) => made::changed(source, &interruption),
        StateError::Unloadable(unloadable) => not_loaded(export, &unloadable),
    })
}

fn not_loaded(export: &Export<'_>, unloadable: &Unloadable) -> Failure {
    let place = &export.source.place;
    if unloadable.conflict.is_damage() {
        let cut = Position(unloadable.position);
        let next = format!("--to {} exports what was before it", unloadable.position);
        return failure(Outcome::Damaged, anyhow!("{place}: {unloadable}; up to {cut} it can: {next}"));
    }
    anyhow!("{place}: {unloadable}; --max-rows changes the limit").into()
}

/// What would be exported.
fn drafted(selection: &Selection<'_>) -> Exported {
    let draft = |table: &Table<'_>| ExportedTable {
        name: String::from_utf8_lossy(table.name()).into_owned(),
        rows: table.len(),
        ..ExportedTable::default()
    };
    Exported { tables: selection.tables().iter().map(draft).collect() }
}

fn write(
    export: &Export<'_>,
    selection: &Selection<'_>,
    plan: &Plan,
) -> Result<(Exported, Option<Receipt>), Failure> {
    let args = export.args;
    match (export.format, &export.target) {
        (OutputFormat::Sqlite, Target::File(outputs)) => {
            sqlite::write(export, selection, outputs).map(|(exported, receipt)| (exported, Some(receipt)))
        }
        (OutputFormat::Csv, Target::Directory { .. }) => {
            in_directory(export, plan, "csv", |directory, watch| {
                csv::write_directory(selection, directory, Some(&export.source.file), watch).map_err(failed)
            })
        }
        (OutputFormat::Csv, _) => export.stream(plan, |mut out, watch| {
            one_table(selection, |table| csv::write_table(selection, table, &mut out, watch))
        }),
        (OutputFormat::Parquet, _) => parquet::write(export, selection, plan),
        (_, _) if args.compat => export.stream(plan, |mut out, watch| {
            let strings = if args.base64 { Strings::Base64 } else { Strings::Text };
            reference_json::write(selection, strings, &mut out, watch).map_err(failed)
        }),
        (_, _) => {
            export.stream(plan, |mut out, watch| json::write(selection, &mut out, watch).map_err(failed))
        }
    }
}

/// Writes the only table.
pub(super) fn one_table(
    selection: &Selection<'_>,
    write: impl FnOnce(&Table<'_>) -> Result<ExportedTable, export::ExportError>,
) -> Result<Exported, Failure> {
    let tables = selection.tables().first().map(write).transpose().map_err(failed)?;
    Ok(Exported { tables: tables.into_iter().collect() })
}

/// Makes a directory of files.
pub(super) fn in_directory<T>(
    export: &Export<'_>,
    plan: &Plan,
    extension: &'static str,
    write: impl FnOnce(&mut NewDirectory, &mut dyn Supervisor) -> Result<T, Failure>,
) -> Result<(T, Option<Receipt>), Failure> {
    let Target::Directory { path, existing } = &export.target else {
        return Err(anyhow!("{}: it is no directory", file_name(export.target.path())).into());
    };
    let mut directory = NewDirectory::create(path, *existing, extension)?;
    let written = write(&mut directory, &mut export.watch()).map_err(|failure| export.stopped(failure))?;
    export.check_source(plan)?;
    let receipt = directory.finish(Some(&export.source.file))?;
    Ok((written, Some(receipt.into())))
}
