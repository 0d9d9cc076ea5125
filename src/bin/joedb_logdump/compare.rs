//! Two files side by side.

use crate::args::{Args, ReportForm};
use crate::input;
use crate::outcome::{Failure, failure};
use anyhow::anyhow;
use joedb::Outcome;
use joedb::compare::{CompareError, Comparison, Relation, compare};
use joedb::journal::Journal;
use joedb::storage::{Part, Place};
use joedb::text::{Bytes, Position, visible_json};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// The version of the JSON form; it rises when a member changes its meaning.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    files: [String; 2],
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// The part is that of the file, and not of the other one.
pub(crate) fn run(args: &Args, file: &Path, other: &Path, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let places = [input::place(file, args.part()), input::place(other, None)];
    let [of_file, of_other] = &places;
    let (mut first, first_end) = open(args, file, args.part()).map_err(|failure| failure.context(of_file))?;
    let (mut second, second_end) = open(args, other, None).map_err(|failure| failure.context(of_other))?;
    let comparison =
        compare(&mut first, &mut second, [first_end, second_end]).map_err(|error| match error {
            CompareError::Versions(..) => {
                let next = "joedb_convert --upgrade makes version 5 of version 4";
                failure(Outcome::Damaged, anyhow!("{of_file} and {of_other}: {error}; {next}"))
            }
            CompareError::Source(error) => error.into(),
        })?;
    show(args, &places, &comparison, out)?;
    Ok(match comparison.relation {
        Relation::Equal => Outcome::Done,
        Relation::FirstContinues | Relation::SecondContinues => Outcome::Recoverable,
        Relation::Diverge => Outcome::Damaged,
    })
}

fn open(args: &Args, path: &Path, part: Option<Part>) -> Result<(Journal, u64), Failure> {
    let journal = input::open(args, path, part)?.journal(args).map_err(input::not_opened)?;
    let end = input::current(&journal, "")?;
    Ok((journal, end))
}

fn show(args: &Args, places: &[Place; 2], comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    if args.format == ReportForm::Json {
        let files = places.each_ref().map(Place::operand);
        let document = Document { schema_version: SCHEMA_VERSION, files, comparison };
        return writeln!(out, "{}", visible_json(&serde_json::to_string(&document)?));
    }
    let [first, second] = places.each_ref().map(Place::to_string);
    let Comparison { common, ends: [first_end, second_end], .. } = *comparison;
    let (more, fewer, end) = match comparison.relation {
        Relation::Equal => return writeln!(out, "equal: {first} and {second}, up to {}", Position(common)),
        Relation::Diverge => {
            writeln!(
                out,
                "diverge: {first} and {second} are the same up to {}, then differ",
                Position(common)
            )?;
            entry(out, &first, comparison.entries[0].as_deref())?;
            return entry(out, &second, comparison.entries[1].as_deref());
        }
        Relation::FirstContinues => (first, second, first_end),
        Relation::SecondContinues => (second, first, second_end),
    };
    let bytes = Bytes(end.saturating_sub(comparison.differs_at));
    writeln!(
        out,
        "continues: {more} begins with all of {fewer}, up to {}, and has {bytes} more",
        Position(common)
    )?;
    let next = comparison.entries.iter().flatten().next();
    entry(out, &more, next.map(String::as_str))
}

fn entry(out: &mut dyn Write, file: &str, text: Option<&str>) -> io::Result<()> {
    writeln!(out, "  {file}: {}", text.unwrap_or("no further entry"))
}
