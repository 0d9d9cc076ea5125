//! `--index`: makes the index of a log, or brings it up to date; and the one that other modes use.

use crate::PROGRAM;
use crate::args::Args;
use crate::input::{self, Input};
use crate::outcome::{Failure, failure, say};
use crate::progress::Progress;
use crate::sidecar::{path_of, usable};
use anyhow::anyhow;
use joedb::Outcome;
use joedb::index::{Built, Index, save_beside};
use joedb::journal::{Journal, Medium};
use joedb::printing::is_worthwhile;
use joedb::replay::Range;
use joedb::storage::{FileDirectory, Place, index_name};
use joedb::text::{Bytes, Position, file_name};
use std::io::Write;
use std::path::Path;

pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let mut worst = Outcome::Done;
    for path in &args.files {
        let place = input::place(path, args.part());
        let outcome = one(args, path, &place, out).unwrap_or_else(|failure| {
            say(&format!("{PROGRAM}: {place}: {:#}", failure.error));
            failure.outcome
        });
        worst = worst.worse(outcome);
    }
    Ok(worst)
}

fn one(args: &Args, path: &Path, place: &Place, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let input = input::open(args, path, args.part())?;
    let mut journal = input.journal(args).map_err(input::not_opened)?;
    let (Some(path), Medium::File(file)) = (path_of(place, &journal), input.medium()) else {
        let message = "a file of its own expected: an index stands beside it, under its name";
        return Err(failure(Outcome::Usage, anyhow!(message)));
    };
    input::current(&journal, "")?;
    let old = of(args, place, &mut journal);
    let before = old.as_ref().map_or(joedb::HEAD_SIZE, Index::end);
    let Built { index, damage } = up_to_date(args, old, &mut journal)?;
    save_beside(&index, &FileDirectory, path, file)?;
    if !args.quiet {
        writeln!(out, "{}", line(path, &index, before))?;
    }
    match damage {
        None => Ok(Outcome::Done),
        Some(damage) => {
            let next = place.logdump("--check");
            Err(failure(Outcome::Damaged, anyhow!("{damage}\n  what comes before is indexed; next: {next}")))
        }
    }
}

fn line(path: &Path, index: &Index, before: u64) -> String {
    let (end, blocks) = (Position(index.end()), index.blocks().len());
    let noun = if blocks == 1 { "block" } else { "blocks" };
    let new = Bytes(index.end().saturating_sub(before));
    let name = file_name(&index_name(path));
    format!("{name} covers the log up to {end} in {blocks} {noun}; new in it: {new}")
}

/// The index of a log, verified, where there is one and it may be used.
pub(crate) fn of(args: &Args, place: &Place, journal: &mut Journal) -> Option<Index> {
    if args.no_index || args.ignore_header {
        return None;
    }
    usable(place, journal, args.quiet, Index::verify)
}

/// An index that covers all up to the checkpoint; it is not saved.
pub(crate) fn up_to_date(args: &Args, old: Option<Index>, journal: &mut Journal) -> Result<Built, Failure> {
    let old = old.unwrap_or_else(|| Index::empty(journal.version()));
    let mut progress = Progress::new("index", journal.checkpoints().claimed(), args.quiet);
    Ok(old.extend(journal, &mut |position| progress.at(position))?)
}

/// The index for a part of a log, if it would save anything.
pub(crate) fn for_dump(args: &Args, input: &Input, journal: &mut Journal, range: Range) -> Option<Index> {
    let saves = range.from > joedb::HEAD_SIZE || args.schema_only || is_worthwhile(range);
    if saves { of(args, input.place(), journal) } else { None }
}
