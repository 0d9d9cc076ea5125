//! The results for people: on a terminal, and in a document.

use crate::case::Case;
use crate::logs::{Log as _, Narrow};
use crate::machine::Machine;
use crate::numbers::{bytes, megabytes, ratio, rows, seconds, thousands, time};
use crate::report::{CaseReport, Score, by_contender};
use crate::sheet::{Sheet, WIDTH, in_markdown};
use crate::statistics::Spread;
use std::io::{self, Write};

/// The rows of all cases, in words.
const ROW: &str = "of (string \"TOTO\", int64 i)";

/// What was not checked is said.
const NOT_COUNTED: &str = "not counted: no joedb or SQLite file was left to count the rows of";
const NOT_CHECKED: &str = "not checked: what it prints is thrown away";

/// The machine, a line for each fact.
pub(crate) fn machine(machine: &Machine, out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in machine.lines() {
        let options = textwrap::Options::new(WIDTH).subsequent_indent("           ");
        writeln!(out, "{}", textwrap::fill(&format!("{name:<9}  {value}"), options))?;
    }
    Ok(())
}

/// The machine as a list.
pub(crate) fn markdown_machine(machine: &Machine, out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in machine.lines() {
        writeln!(out, "* {name}: {}", in_markdown(&value))?;
    }
    Ok(())
}

/// A case as a table, and below it who is who.
pub(crate) fn case(report: &CaseReport) -> Sheet<'_> {
    let is_race = report.is_race();
    let rows = report.contenders.iter().map(|score| cells(score, is_race)).collect();
    Sheet { title: title(report), head: head(report.case, is_race), rows, remarks: remarks(report) }
}

/// The logs of all sizes in one table; `None` where there are none.
pub(crate) fn growth<'r>(cases: &[&'r CaseReport]) -> Option<Sheet<'r>> {
    let largest = cases.last()?;
    let (is_race, CaseReport { case, title, runs, .. }) = (largest.is_race(), largest);
    let title = format!("{}: {title}; {}, each log {}", case.name(), Narrow::SETUP, times(*runs));
    let mut head = head(*case, is_race);
    head.insert(1, "\nlog");
    let row = |score: &Score| {
        let mut cells = cells(score, is_race);
        cells.insert(1, score.log_bytes.map_or_else(unknown, bytes));
        cells
    };
    let rows = by_contender(cases).into_iter().flatten().map(row).collect();
    Some(Sheet { title, head, rows, remarks: remarks(largest) })
}

fn title(report: &CaseReport) -> String {
    let CaseReport { case, title, runs, .. } = report;
    let (name, rows, runs) = (case.name(), rows(report.rows), times(*runs));
    if case.is_reading() {
        format!("{name}: {title}, {rows}; each log {runs}")
    } else {
        format!("{name}: {rows} {ROW}, {title}; each contender {runs}")
    }
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// What the columns mean.
fn head(case: Case, is_race: bool) -> Vec<&'static str> {
    let rate = if case.is_reading() { "log\nMB/s" } else { "\nrows/s" };
    let head = ["", "real s\nmin", "\nmedian", "\nmax", "\nuser", "\nsys", "peak\nMB", rate];
    head.into_iter().chain(is_race.then_some("times as\nfast")).collect()
}

/// A row: of user and system time the medians.
fn cells(score: &Score, is_race: bool) -> Vec<String> {
    let median = |spread: Option<Spread>| spread.map_or_else(unknown, |spread| seconds(spread.median));
    let cells = [
        score.name.clone(),
        seconds(score.real.min),
        seconds(score.real.median),
        seconds(score.real.max),
        median(score.user),
        median(score.system),
        score.peak_memory_bytes.map_or_else(unknown, megabytes),
        rate(score),
    ];
    cells.into_iter().chain(is_race.then(|| ratio(score.speed))).collect()
}

fn unknown() -> String {
    "?".to_owned()
}

/// Rows a second, or where a log was read, its megabytes.
fn rate(score: &Score) -> String {
    score.log_bytes_per_second.map_or_else(|| thousands(score.rows_per_second), |rate| ratio(rate / 1e6))
}

/// What the numbers do not say.
fn remarks(report: &CaseReport) -> Vec<(&str, String)> {
    let remarks = report.contenders.iter().flat_map(|score| {
        let setup = Some(score.setup.clone());
        let delay = score.soft_to_hard.map(|delay| {
            let (min, median, max) = (time(delay.min), time(delay.median), time(delay.max));
            format!("from asking to the hard checkpoint {median} ({min} to {max})")
        });
        let not = if report.case.is_reading() { NOT_CHECKED } else { NOT_COUNTED };
        let counted = (!score.counted).then(|| not.to_owned());
        [setup, delay, counted].into_iter().flatten().map(|remark| (score.name.as_str(), remark))
    });
    remarks.collect()
}
