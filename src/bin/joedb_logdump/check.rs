//! The verdict.

use crate::PROGRAM;
use crate::args::{Args, ReportForm, Require};
use crate::index;
use crate::input::{self, Input};
use crate::outcome::{Failure, is_broken_pipe, say};
use crate::progress::Progress;
use crate::sidecar::{self, usable};
use crate::table;
use joedb::Outcome;
use joedb::diagnosis::{Finding, Question, Report, diagnose_with, report};
use joedb::index::Rot;
use joedb::journal::{Journal, OpenError};
use joedb::storage::{Place, ReadAt as _};
use joedb::text::{visible, visible_json};
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let mut worst = Outcome::Done;
    let mut listening = true;
    for (index, path) in args.files.iter().enumerate() {
        let place = input::place(path, args.part());
        let outcome = match examine(args, path) {
            Ok(report) => {
                if listening && !is_silent(args) {
                    listening = show(args, &place, &report, index, out)?;
                }
                verdict(args, &place, &report)
            }
            Err(failure) => {
                say(&format!("{PROGRAM}: {place}: {:#}", failure.error));
                failure.outcome
            }
        };
        worst = worst.worse(outcome);
    }
    Ok(worst)
}

fn examine(args: &Args, path: &Path) -> Result<Report, Failure> {
    let input = input::open(args, path, args.part())?;
    let mut journal = match input.journal(args) {
        Ok(journal) => journal,
        Err(OpenError::Head(error)) => {
            return Ok(Report::of_head_error(&error, input.medium().size()?, input.medium().writer()));
        }
        Err(error) => return Err(error.into()),
    };
    let load = args.load.then(|| args.limits(journal.size()));
    let question = Question { load, ..Question::default() };
    if args.quick {
        return quick(args, &input, &mut journal, &question);
    }
    let changed = changed(args, &input, &mut journal)?;
    let report = whole(args, &input, &mut journal, &question)?;
    Ok(match changed {
        Some(findings) => report.compared(findings),
        None => report,
    })
}

fn whole(args: &Args, input: &Input, journal: &mut Journal, question: &Question) -> Result<Report, Failure> {
    let mut progress = Progress::new("check", journal.size(), args.quiet);
    Ok(diagnose_with(journal, question, &input.evidence(), &mut |position| progress.at(position))?)
}

/// Reads what an index does not cover; without one, all.
fn quick(args: &Args, input: &Input, journal: &mut Journal, question: &Question) -> Result<Report, Failure> {
    let index = index::of(args, input.place(), journal);
    let survey = match &index {
        Some(index) => index.survey(journal, question, &mut |_| {})?,
        None => None,
    };
    if let Some(survey) = survey {
        return Ok(report(journal, &survey, &input.evidence()).quick());
    }
    if !args.quiet && index.is_none() {
        say(&format!("{PROGRAM}: {}: without an index all of it is read", input.place()));
    }
    Ok(whole(args, input, journal, question)?.quick())
}

/// What became of the bytes that an index covers; nothing where there is none. An index of another log is no finding,
/// but is told of.
fn changed(args: &Args, input: &Input, journal: &mut Journal) -> Result<Option<Vec<Finding>>, Failure> {
    let place = input.place();
    let wanted = !args.no_index;
    let index = wanted.then(|| usable(place, journal, args.quiet, |index, journal| index.fits(journal)));
    let Some(index) = index.flatten() else { return Ok(None) };
    let mut progress = Progress::new("compare", index.end(), args.quiet);
    let rot = index.changed(journal, &mut |position| progress.at(position))?;
    match (rot, place.path()) {
        (Rot::None, _) => return Ok(Some(Vec::new())),
        (Rot::Blocks(blocks), _) => return Ok(Some(index.findings(&blocks))),
        (Rot::OtherLog, Some(path)) if !args.quiet => {
            sidecar::not_used(
                place,
                path,
                "the log has other bytes than what was indexed: it was replaced, or changed",
            );
        }
        (Rot::OtherLog, _) => {}
    }
    Ok(None)
}

fn verdict(args: &Args, place: &Place, report: &Report) -> Outcome {
    let met = match args.require {
        None => true,
        Some(Require::Clean) => report.is_clean(),
        Some(Require::Hard) => report.is_hard(),
    };
    let outcome = report.verdict.outcome();
    if met {
        return outcome;
    }
    if !args.quiet && outcome == Outcome::Done {
        say(&format!("{PROGRAM}: {place}: {}, which is not what --require asks for", report.headline));
    }
    outcome.worse(Outcome::Recoverable)
}

/// With -q the exit code speaks, unless a form for machines was asked for.
fn is_silent(args: &Args) -> bool {
    args.quiet && args.format == ReportForm::Table
}

/// Whether anybody still listens: a closed pipe takes nothing from the verdict.
fn show(
    args: &Args,
    place: &Place,
    report: &Report,
    index: usize,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    match write(args, place, report, index, out) {
        Ok(()) => Ok(true),
        Err(error) if is_broken_pipe(&anyhow::Error::from(io::Error::from(error.kind()))) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn write(args: &Args, place: &Place, report: &Report, index: usize, out: &mut dyn Write) -> io::Result<()> {
    let is_block = matches!(args.format, ReportForm::Table | ReportForm::Text);
    let gap = if index > 0 && is_block { "\n" } else { "" };
    out.write_all(gap.as_bytes())?;
    let mut text = match args.format {
        ReportForm::Table => {
            let colour = io::stdout().is_terminal() && table::colour_wanted();
            table::render(place, report, args.wide, colour)
        }
        ReportForm::Line => format!("{place}: {}", report.headline),
        ReportForm::Text => key_values(place, report),
        ReportForm::Json => json(place, report)?,
    };
    text.push('\n');
    out.write_all(text.as_bytes())
}

/// A report and what only the program knows.
#[derive(Serialize)]
struct Document<'a> {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(flatten)]
    report: &'a Report,
    commands: Vec<String>,
}

fn document<'a>(place: &Place, report: &'a Report) -> Document<'a> {
    let commands = report.findings.iter().map(|finding| finding.advice.command(place)).collect();
    Document { file: place.operand(), offset: place.offset(), report, commands }
}

fn json(place: &Place, report: &Report) -> io::Result<String> {
    Ok(visible_json(&serde_json::to_string(&document(place, report))?))
}

fn key_values(place: &Place, report: &Report) -> String {
    key_values_of(&document(place, report))
}

/// A document as `key: value` lines, keys of nested members joined by dots.
pub(crate) fn key_values_of(document: &impl Serialize) -> String {
    let mut lines = Vec::new();
    if let Ok(value) = serde_json::to_value(document) {
        flatten("", &value, &mut lines);
    }
    lines.join("\n")
}

fn flatten(key: &str, value: &serde_json::Value, lines: &mut Vec<String>) {
    let under = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(name, value)| flatten(&under(name), value, lines));
        }
        serde_json::Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| flatten(&under(&index.to_string()), value, lines));
        }
        serde_json::Value::String(text) => lines.push(format!("{key}: {}", visible(text.as_bytes()))),
        serde_json::Value::Null => lines.push(format!("{key}: none")),
        other => lines.push(format!("{key}: {other}")),
    }
}
