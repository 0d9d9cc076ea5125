//! `--stats`: what a log holds.

use crate::args::{Args, ReportForm};
use crate::check::key_values_of;
use crate::index::{of, up_to_date};
use crate::input;
use crate::outcome::{Failure, failure};
use crate::table::counted;
use anyhow::anyhow;
use comfy_table::{Cell, CellAlignment, Table, presets};
use joedb::Outcome;
use joedb::index::{Built, Growth, Span, Statistics, TableStatistics};
use joedb::storage::Place;
use joedb::text::time::Utc;
use joedb::text::{Position, visible_json};
use serde::Serialize;
use std::io::Write;
use std::path::Path;

#[derive(Serialize)]
struct Document<'a> {
    file: String,
    #[serde(flatten)]
    statistics: &'a Statistics,
}

pub(crate) fn run(args: &Args, path: &Path, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let place = input::place(path, args.part());
    print(args, path, &place, out).map_err(|failure| failure.context(&place))
}

fn print(args: &Args, path: &Path, place: &Place, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let input = input::open(args, path, args.part())?;
    let mut journal = input.journal(args).map_err(input::not_opened)?;
    input::current(&journal, "")?;
    let index = of(args, place, &mut journal);
    let Built { index, damage } = up_to_date(args, index, &mut journal)?;
    let statistics = index.statistics();
    let document = Document { file: place.operand(), statistics: &statistics };
    let text = match args.format {
        ReportForm::Table => table(place, &statistics),
        ReportForm::Line => format!("{place}: {}", summary(&statistics)),
        ReportForm::Text => key_values_of(&document),
        ReportForm::Json => visible_json(&serde_json::to_string(&document)?),
    };
    writeln!(out, "{text}")?;
    match damage {
        None => Ok(Outcome::Done),
        Some(damage) => {
            let next = place.logdump("--check");
            Err(failure(Outcome::Damaged, anyhow!("{damage}\n  what comes before was counted; next: {next}")))
        }
    }
}

fn summary(statistics: &Statistics) -> String {
    let Statistics { bytes, entries, rows, dead_bytes_estimated, .. } = *statistics;
    let rows = counted(rows, "row");
    format!(
        "{}, {}, {rows} inserted, about {} dead",
        counted(bytes, "byte"),
        counted(entries, "entry"),
        counted(dead_bytes_estimated, "byte")
    )
}

fn table(place: &Place, statistics: &Statistics) -> String {
    let mut parts = vec![format!("{place}: {}", summary(statistics))];
    parts.extend(statistics.time.map(|time| format!("timestamps from {}", span(time))));
    parts.push(kinds(statistics));
    if !statistics.tables.is_empty() {
        parts.push(tables(&statistics.tables));
    }
    if !statistics.largest.is_empty() {
        parts.push(largest(statistics));
        parts.push(growth(&statistics.growth));
    }
    parts.push(
        "Dead bytes are estimated: of overwritten, deleted and dropped values, for each\nfield, as if all of its \
         values had one length, and no row were without one."
            .to_owned(),
    );
    parts.join("\n\n")
}

fn kinds(statistics: &Statistics) -> String {
    let mut table = titled(&["kind", "entries", "bytes"]);
    for kind in &statistics.kinds {
        table.add_row([kind.kind.clone(), kind.entries.to_string(), kind.bytes.to_string()]);
    }
    lines(table)
}

fn tables(tables: &[TableStatistics]) -> String {
    let mut table = titled(&["table", "entries", "bytes", "inserted", "deleted", "dead bytes"]);
    for found in tables {
        let name = name(&found.name, found.dropped);
        let numbers =
            [found.entries, found.bytes, found.rows_inserted, found.rows_deleted, found.dead_bytes_estimated];
        table.add_row(cells(name, numbers.map(Some)));
        for field in &found.fields {
            let name = format!("  {}", self::name(&field.name, field.dropped));
            let numbers =
                [Some(field.values), Some(field.bytes), None, None, Some(field.dead_bytes_estimated)];
            table.add_row(cells(name, numbers));
        }
    }
    lines(table)
}

fn name(name: &str, dropped: bool) -> String {
    if dropped { format!("{name} (dropped)") } else { name.to_owned() }
}

fn cells<const N: usize>(name: String, numbers: [Option<u64>; N]) -> Vec<Cell> {
    let numbers =
        numbers.into_iter().map(|number| number.map_or_else(String::new, |number| number.to_string()));
    [name].into_iter().chain(numbers).map(Cell::new).collect()
}

fn largest(statistics: &Statistics) -> String {
    let mut table = titled(&["largest entries", "bytes", "position"]);
    for entry in &statistics.largest {
        let of = entry.table.as_ref().map_or_else(String::new, |table| format!(" of {table}"));
        let kind = format!("{}{of}", entry.kind);
        table.add_row([kind, entry.length.to_string(), Position(entry.position).to_string()]);
    }
    lines(table)
}

fn growth(growth: &[Growth]) -> String {
    let mut table = titled(&["growth up to", "bytes", "entries", "rows", "last timestamp"]);
    for step in growth {
        let time = step.time.map_or_else(String::new, |time| Utc::from_seconds(time.last).to_string());
        let numbers = [step.end, step.bytes, step.entries, step.rows].map(|number| number.to_string());
        table.add_row(numbers.into_iter().chain([time]).map(Cell::new));
    }
    lines(table)
}

fn span(Span { first, last }: Span) -> String {
    let [first, last] = [first, last].map(|seconds| Utc::from_seconds(seconds).to_string());
    if first == last { first } else { format!("{first} to {last}") }
}

fn titled(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(titles.iter().map(Cell::new));
    table
}

/// Numbers stand at the right.
fn lines(mut table: Table) -> String {
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if (1..5).contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
