//! `--pack`: what is left of a log, as a log that holds nothing else.

use crate::args::Args;
use crate::made::{self, Changes, Input, Making};
use crate::outcome::{Failure, failure};
use crate::progress::Progress;
use crate::signals::Signals;
use crate::source::Source;
use crate::{Planned, end_if_interrupted, open_and_plan};
use anyhow::anyhow;
use joedb::Outcome;
use joedb::new_journal::NewJournalError;
use joedb::pack::{PackError, pack};
use joedb::recovery::Outputs;
use joedb::snapshot::{Snapshot, SnapshotError};
use std::io::Write;

/// Loads the log up to the cut, and writes what is left.
pub(crate) fn run(
    args: &Args,
    outputs: &Outputs,
    signals: &Signals,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let (source, mut planned) = open_and_plan(args, signals)?;
    let snapshot = load(args, &source, &mut planned, signals)?;
    let making = Making { args, outputs, signals, job: "pack", pointers: args.pointers() };
    let made = making.make(&source.file, |destination| {
        let packed = pack(&snapshot, args.pointers(), &mut planned.journal, destination);
        let packed = packed.map_err(|error| refused(&source.place.to_string(), error))?;
        Ok(Changes { packed: Some(packed), merged: None })
    })?;
    making.show(&[Input { source: &source, plan: &planned.plan }], &made, out)
}

/// The state of a log at its cut. Nothing has to be cleaned up yet.
pub(crate) fn load(
    args: &Args,
    source: &Source,
    planned: &mut Planned,
    signals: &Signals,
) -> Result<Snapshot, Failure> {
    let cut = planned.plan.cut;
    let mut progress = Progress::new("load", cut, args.quiet);
    let mut watch = |position| {
        progress.at(position);
        end_if_interrupted(signals);
    };
    let snapshot = Snapshot::of(&mut planned.journal, cut, args.limits(cut), &mut watch);
    snapshot.map_err(|error| not_loaded(source, error))
}

fn not_loaded(source: &Source, error: SnapshotError) -> Failure {
    let place = &source.place;
    match error {
        // It decoded when the plan was made.
        SnapshotError::Interruption(interruption) => made::changed(source, &interruption),
        SnapshotError::Source(error) => Failure::from(error).context(place),
        SnapshotError::Unloadable(error) if !error.conflict.is_damage() => {
            anyhow!("{place}: {error}; --max-rows changes the limit").into()
        }
        SnapshotError::Unloadable(error) => {
            let next = place.logdump("--check --load");
            failure(Outcome::Damaged, anyhow!("{place}: {error}; next: {next}"))
        }
        SnapshotError::Blob { .. } => failure(Outcome::Damaged, anyhow!("{place}: {error}")),
    }
}

/// Why what is left of a log cannot be written.
pub(crate) fn refused(place: &str, error: PackError<NewJournalError>) -> Failure {
    const NEXT: &str = "--keep-blob-positions is for values that point into another file";
    match error {
        PackError::Sink(NewJournalError::Output(error)) => error.into(),
        PackError::Data(error) => Failure::from(error).context(place),
        PackError::Blob { .. } => failure(Outcome::Damaged, anyhow!("{place}: {error} ({NEXT})")),
        PackError::Sink(NewJournalError::Blob { .. }) | PackError::BlobsToKeep { .. } => {
            failure(Outcome::Damaged, anyhow!("{place}: {error}"))
        }
    }
}
