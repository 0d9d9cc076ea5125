//! The results for people: on a terminal, and in a document.

use crate::machine::Machine;
use crate::numbers::{grouped, megabytes, ratio, seconds, thousands, time};
use crate::report::{CaseReport, Score};
use crate::statistics::Spread;
use comfy_table::{Cell, CellAlignment, Table, presets};
use std::io::{self, Write};

const WIDTH: usize = 80;

/// The rows of all cases, in words.
const ROWS: &str = "rows of (string \"TOTO\", int64 i)";

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

/// A case as a table, and below it who is who.
pub(crate) fn case(report: &CaseReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}\n\n{}\n", wrapped(&title(report)), table(report))?;
    for (name, remark) in remarks(report) {
        writeln!(out, "{}", wrapped(&format!("{name}: {remark}")))?;
    }
    Ok(())
}

fn title(report: &CaseReport) -> String {
    let CaseReport { title, rows, runs, .. } = report;
    let name = report.case.name();
    if report.case.is_reading() {
        return format!("{name}: {title}, {} rows; each log {}", grouped(*rows), times(*runs));
    }
    format!("{name}: {} {ROWS}, {title}; each contender {}", grouped(*rows), times(*runs))
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn wrapped(text: &str) -> String {
    textwrap::fill(text, textwrap::Options::new(WIDTH).subsequent_indent("  "))
}

fn table(report: &CaseReport) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let rate = if report.case.is_reading() { "log\nMB/s" } else { "\nrows/s" };
    let head = ["", "real s\nmin", "\nmedian", "\nmax", "\nuser", "\nsys", "\nMB", rate, "times as\nfast"];
    table.set_header(head.map(Cell::new));
    for score in &report.contenders {
        table.add_row(cells(score));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// A row: of user and system time the medians.
fn cells(score: &Score) -> Vec<String> {
    let unknown = || "?".to_owned();
    let median = |spread: Option<Spread>| spread.map_or_else(unknown, |spread| seconds(spread.median));
    vec![
        score.name.clone(),
        seconds(score.real.min),
        seconds(score.real.median),
        seconds(score.real.max),
        median(score.user),
        median(score.system),
        score.peak_memory_bytes.map_or_else(unknown, megabytes),
        rate(score),
        ratio(score.speed),
    ]
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

/// The machine as a list.
pub(crate) fn markdown_machine(machine: &Machine, out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in machine.lines() {
        writeln!(out, "* {name}: {}", in_markdown(&value))?;
    }
    Ok(())
}

/// A case as a table of GitHub's kind, and below it who is who.
pub(crate) fn markdown_case(report: &CaseReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n### {}\n", in_markdown(&title(report)))?;
    let rate = if report.case.is_reading() { "log MB/s" } else { "rows/s" };
    writeln!(out, "| | min s | median s | max s | user s | sys s | peak MB | {rate} | times as fast |")?;
    writeln!(out, "|:--|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for score in &report.contenders {
        let cells: Vec<String> = cells(score).iter().map(|cell| in_markdown(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)?;
    for (name, remark) in remarks(report) {
        writeln!(out, "* {}: {}", in_markdown(name), in_markdown(&remark))?;
    }
    Ok(())
}

/// Text without meaning for Markdown.
fn in_markdown(text: &str) -> String {
    let escaped = |c: char| match c {
        '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '&' => vec!['\\', c],
        _ => vec![c],
    };
    text.chars().flat_map(escaped).collect()
}
