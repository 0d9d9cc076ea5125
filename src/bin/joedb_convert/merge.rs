//! `--merge`: several logs with the same schema, as one.

use crate::args::Args;
use crate::made::{Changes, Input, Making};
use crate::outcome::{Failure, failure};
use crate::signals::Signals;
use crate::source::Source;
use crate::{Planned, make_plan, open, pack};
use anyhow::anyhow;
use joedb::journal::{Journal, SourceError};
use joedb::merge::{MergeError, Merger};
use joedb::recovery::{Outputs, Plan};
use joedb::snapshot::BlobData;
use joedb::store::Conflict;
use joedb::{BlobPointers, Outcome};
use std::io::{self, Write};
use std::path::Path;

/// The logs, in their order. Only those with blobs stay open: there may be more than a program may open.
#[derive(Default)]
struct Logs(Vec<Option<Journal>>);

impl BlobData for Logs {
    fn data(&mut self, log: usize, position: u64, size: u64) -> Result<&[u8], SourceError> {
        match self.0.get_mut(log) {
            Some(Some(journal)) => journal.all_bytes(position, size),
            _ => Err(SourceError::Io { position, error: io::ErrorKind::NotFound.into() }),
        }
    }
}

/// INPUT, then the files of `--merge` in their order.
pub(crate) fn run(
    args: &Args,
    outputs: &Outputs,
    signals: &Signals,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let first = open(args, signals)?;
    let attributes_of = first.file.try_clone()?;
    let (mut merger, mut logs, mut read) = (Merger::new(args.pointers()), Logs::default(), Vec::new());
    let mut take = |source: Source| -> Result<(), Failure> {
        let plan = add(args, &source, signals, &mut merger, &mut logs)?;
        read.push((source, plan));
        Ok(())
    };
    take(first)?;
    for path in &args.merge {
        take(open_other(args, path)?)?;
    }
    let (snapshot, merged) = merger.finish();
    let making = Making { args, outputs, signals, job: "merge", pointers: args.pointers() };
    let made = making.make(&attributes_of, |destination| {
        let packed = joedb::pack::pack(&snapshot, args.pointers(), &mut logs, destination);
        let packed = packed.map_err(|error| pack::refused(&names(&read), error))?;
        Ok(Changes { packed: Some(packed), merged: Some(merged) })
    })?;
    let inputs: Vec<Input<'_>> = read.iter().map(|(source, plan)| Input { source, plan }).collect();
    making.show(&inputs, &made, out)
}

fn open_other(args: &Args, path: &Path) -> Result<Source, Failure> {
    Source::open(path, args.locks()).map_err(|failure| failure.context(crate::source::place(path)))
}

fn add(
    args: &Args,
    source: &Source,
    signals: &Signals,
    merger: &mut Merger,
    logs: &mut Logs,
) -> Result<Plan, Failure> {
    let mut planned = make_plan(args, source, signals)?;
    let snapshot = pack::load(args, source, &mut planned, signals)?;
    let Planned { journal, plan } = planned;
    let has_blobs = args.pointers() == BlobPointers::Follow && snapshot.blobs() > 0;
    logs.0.push(has_blobs.then_some(journal));
    merger.add(snapshot).map_err(|error| refused(source, error))?;
    Ok(plan)
}

fn refused(source: &Source, error: MergeError) -> Failure {
    let outcome = match &error {
        MergeError::Conflict(Conflict::NoMemory { .. }) => Outcome::Failed,
        _ => Outcome::Damaged,
    };
    failure(outcome, anyhow!("{}: {error}", source.place))
}

/// The files, for an error that none of them makes alone.
fn names(read: &[(Source, Plan)]) -> String {
    read.iter().map(|(source, _)| source.place.to_string()).collect::<Vec<_>>().join(", ")
}
