//! `--upgrade`: a log of version 4 becomes one of version 5.

use crate::args::Args;
use crate::destination::Destination;
use crate::made::{self, Changes, Input, Making};
use crate::outcome::{Failure, failure};
use crate::progress::Progress;
use crate::signals::Signals;
use crate::source::Source;
use crate::{Planned, end_if_interrupted, open_and_plan};
use anyhow::anyhow;
use joedb::new_journal::NewJournalError;
use joedb::recovery::Outputs;
use joedb::replay::{Range, ReplayError, Tolerance, replay};
use joedb::{BlobPointers, Outcome, Version};
use std::io::Write;

/// What is done with values, and what is said of it.
const POINTERS: BlobPointers = BlobPointers::Follow;
const NEXT: &str = "joedb_logdump --blob dumps the log as commands, in which the value can be edited before \
                    joedb_convert loads them";

/// Encodes the entries up to the cut anew.
pub(crate) fn run(
    args: &Args,
    outputs: &Outputs,
    signals: &Signals,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let (source, mut planned) = open_and_plan(args, signals)?;
    refuse_version_5(&source, &planned)?;
    let making = Making { args, outputs, signals, job: "upgrade", pointers: POINTERS };
    let made = making.make(&source.file, |destination| {
        play(args, &source, &mut planned, destination, signals)?;
        Ok(Changes::default())
    })?;
    making.show(&[Input { source: &source, plan: &planned.plan }], &made, out)
}

fn refuse_version_5(source: &Source, planned: &Planned) -> Result<(), Failure> {
    if planned.plan.version == Version::V4 {
        return Ok(());
    }
    let message = "version 5 found, 4 expected: there is nothing to upgrade; without --upgrade it is copied";
    Err(failure(Outcome::Damaged, anyhow!("{}: {message}", source.place)))
}

fn play(
    args: &Args,
    source: &Source,
    planned: &mut Planned,
    destination: &mut Destination<'_>,
    signals: &Signals,
) -> Result<(), Failure> {
    let cut = planned.plan.cut;
    let mut progress = Progress::new("upgrade", cut, args.quiet);
    let mut watch = |position| {
        progress.at(position);
        // A file has something to clean up, and asks for itself.
        if args.dry_run {
            end_if_interrupted(signals);
        }
    };
    let (range, strict) = (Range::up_to(cut), Tolerance::Strict);
    let replayed = replay(&mut planned.journal, range, strict, destination, &mut watch);
    let replayed = replayed.map_err(|error| failed(source, error))?;
    match replayed.interruption {
        // It decoded when the plan was made.
        Some(interruption) => Err(made::changed(source, &interruption)),
        None => Ok(()),
    }
}

fn failed(source: &Source, error: ReplayError<NewJournalError>) -> Failure {
    let place = &source.place;
    match error {
        ReplayError::Source(error) => Failure::from(error).context(place),
        ReplayError::Sink(NewJournalError::Output(error)) => error.into(),
        ReplayError::Sink(error @ NewJournalError::Blob { .. }) => {
            failure(Outcome::Damaged, anyhow!("{place}: {error}; {NEXT}"))
        }
    }
}
