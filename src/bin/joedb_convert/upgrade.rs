//! `--upgrade`: a log of version 4 becomes one of version 5.

use crate::args::Args;
use crate::made::{self, Made};
use crate::outcome::{Failure, failure};
use crate::progress::Progress;
use crate::signals::Signals;
use crate::source::Source;
use crate::{Planned, Watch, end_if_interrupted, make_plan, open};
use anyhow::anyhow;
use joedb::new_journal::{Draft, NewJournal, NewJournalError};
use joedb::recovery::Outputs;
use joedb::replay::{Range, ReplayError, Tolerance, replay};
use joedb::sink::Sink;
use joedb::storage::FileDirectory;
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
    let source = open(args, signals)?;
    let mut planned = make_plan(args, &source, signals)?;
    refuse_version_5(&source, &planned)?;
    let made = if args.dry_run {
        let mut draft = Draft::new(POINTERS);
        play(args, &source, &mut planned, &mut draft, &mut || end_if_interrupted(signals))?;
        Made { plan: planned.plan, written: draft.written(), receipt: None }
    } else {
        let mut watch = Watch { quiet: args.quiet, signals: signals.clone(), progress: None };
        let (output, existing) = (&outputs.output, outputs.existing);
        let mut journal = NewJournal::create(&FileDirectory, output, existing, POINTERS, &mut watch)?;
        play(args, &source, &mut planned, &mut journal, &mut || {})?;
        let receipt = journal.finish(Some(&source.file))?;
        Made { plan: planned.plan, written: receipt.written, receipt: Some(receipt) }
    };
    made::show("upgrade", args, &source, &outputs.output, &made, out)
}

fn refuse_version_5(source: &Source, planned: &Planned) -> Result<(), Failure> {
    if planned.plan.version == Version::V4 {
        return Ok(());
    }
    let message = "version 5 found, 4 expected: there is nothing to upgrade; without --upgrade it is copied";
    Err(failure(Outcome::Damaged, anyhow!("{}: {message}", source.place)))
}

fn play<S: Sink<Error = NewJournalError>>(
    args: &Args,
    source: &Source,
    planned: &mut Planned,
    sink: &mut S,
    look: &mut dyn FnMut(),
) -> Result<(), Failure> {
    let cut = planned.plan.cut;
    let mut progress = Progress::new("upgrade", cut, args.quiet);
    let mut watch = |position| {
        progress.at(position);
        look();
    };
    let replayed = replay(&mut planned.journal, Range::up_to(cut), Tolerance::Strict, sink, &mut watch);
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
