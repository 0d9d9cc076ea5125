//! The verdict for people, 80 columns wide.

use comfy_table::{Cell, CellAlignment, Table, presets};
use joedb::diagnosis::{Advice, Cut, CutName, Outage, Report};
use joedb::journal::Writer;
use joedb::storage::Place;
use joedb::text::time::Utc;

const WIDTH: usize = 80;

/// Whether the user wants colour at all (<https://no-color.org>).
pub(crate) fn colour_wanted() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !unwanted && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// The report as text, without a line feed at its end.
pub(crate) fn render(place: &Place, report: &Report, wide: bool, colour: bool) -> String {
    let mut parts = vec![format!("{place}: {}", headline(report, colour)), facts(report)];
    parts.extend(report.findings.iter().map(|finding| {
        let next = finding.advice.command(place);
        format!("{}\n  next: {next}", wrapped(&finding.sentence))
    }));
    parts.extend(outage(place, report));
    if !report.cuts.is_empty() {
        parts.push(cuts(report, wide));
    }
    parts.push(not_checked(place, report));
    parts.join("\n\n")
}

fn headline(report: &Report, colour: bool) -> String {
    if !colour {
        return report.headline.to_owned();
    }
    // A background with its own foreground can be read on dark and on light terminals.
    let style = match report.exit_code {
        0 => "30;42",
        3 => "30;43",
        _ => "37;41",
    };
    format!("\x1b[{style}m{}\x1b[0m", report.headline)
}

fn wrapped(text: &str) -> String {
    // Commands and numbers stay whole even where they are longer than a line.
    let options =
        textwrap::Options::new(WIDTH).break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

pub(crate) fn counted(count: u64, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

fn facts(report: &Report) -> String {
    let mut facts = vec![counted(report.size, "byte")];
    facts.extend(report.version.map(|version| format!("format version {}", version.number())));
    if let Some(checkpoints) = &report.checkpoints {
        facts.push(format!("hard checkpoint {}", checkpoints.hard.position));
        facts.extend(checkpoints.soft.map(|soft| format!("soft checkpoint {}", soft.position)));
        facts.extend(checkpoints.pending.map(|pending| format!("pending {}", pending.position)));
    }
    if let Some(log) = &report.log {
        facts.push(counted(log.tally.entries, "whole entry"));
        facts.push(counted(log.tables, "table"));
        facts.push(format!("{} inserted", counted(log.tally.rows, "row")));
        facts.extend(log.load.as_ref().map(|load| format!("{} in use", counted(load.rows, "row"))));
        facts.extend(
            log.last_timestamp.map(|seconds| format!("last timestamp {}", Utc::from_seconds(seconds))),
        );
    }
    facts.push(match report.writer {
        Writer::Present => "a writer has it open".to_owned(),
        Writer::Absent => "no writer".to_owned(),
        Writer::Unknown => "writers unknown".to_owned(),
    });
    wrapped(&facts.join(", "))
}

/// Whether power or program failed matters only where the hard checkpoint is not the current one.
fn outage(place: &Place, report: &Report) -> Option<String> {
    let settled = report.is_hard() || report.writer == Writer::Present;
    let outage = report.outage.as_ref().filter(|_| !settled)?;
    let hard = report.cuts.iter().find(|cut| cut.name == CutName::Hard)?;
    let conclusion = match outage.conclusion {
        Outage::ProgramOnly => "Only the program crashed",
        Outage::Unknown => "Unknown",
        Outage::MachineRestarted => "Perhaps the power",
    };
    let evidence = format!("Power or program? {conclusion}: {}.", outage.evidence);
    let matters =
        outage.conclusion != Outage::ProgramOnly && hard.decodes && report.current > Some(hard.position);
    if !matters {
        return Some(wrapped(&evidence));
    }
    let sure =
        format!("{evidence} After a power failure only the hard checkpoint is sure, {}.", without(hard));
    let next = Advice::RecoverTo(CutName::Hard).command(place);
    let next = if hard.empty { String::new() } else { format!("\n  then: {next}") };
    Some(format!("{}{next}", wrapped(&sure)))
}

/// What was not checked, and the command that finds out more where joedb does not take what seems well.
fn not_checked(place: &Place, report: &Report) -> String {
    let text = wrapped(report.not_checked);
    let is_loaded = report.log.as_ref().is_none_or(|log| log.load.is_some());
    if is_loaded {
        text
    } else {
        format!("{text}\n  if joedb refuses it: {}", place.logdump("--check --load"))
    }
}

/// What a cut loses, in words.
fn without(cut: &Cut) -> String {
    if cut.empty {
        return "and it is empty".to_owned();
    }
    let entries = cut.lost.entries.map(|entries| counted(entries, "entry"));
    let transactions = cut.lost.transactions.filter(|&count| count > 0);
    let transactions = transactions.map(|count| counted(count, "marked transaction"));
    let lost: Vec<String> = entries.into_iter().chain(transactions).collect();
    format!("at {}, without {}", cut.position, lost.join(" and "))
}

fn cuts(report: &Report, wide: bool) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let narrow = ["cut", "position", "keeps\nentries", "loses\nbytes", "\nentries", "\nrows", "how safe"];
    let more = ["position\n(hex)", "keeps\nbytes", "keeps\nrows", "loses\ntransactions", "decodes"];
    let head = narrow.iter().chain(more.iter().filter(|_| wide));
    table.set_header(head.map(Cell::new));
    for cut in &report.cuts {
        table.add_row(row(cut, wide));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if !matches!(index, 0 | 6) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    if report.recommended().is_some() {
        text.push("* recommended".to_owned());
    }
    if report.cuts.iter().any(|cut| cut.undecodable > 0) {
        text.push("+ and whatever the bytes held that do not decode".to_owned());
    }
    text.join("\n")
}

/// The widths that numbers may have in the narrow table, so that it fits whatever they are: up to 80 columns with the
/// names, the words and two spaces between the columns.
const POSITION_DIGITS: usize = 12;
const BYTES_DIGITS: usize = 8;
const COUNT_DIGITS: usize = 6;

fn row(cut: &Cut, wide: bool) -> Vec<Cell> {
    let number = |number: Option<u64>, digits: usize| match number {
        None => "?".to_owned(),
        Some(number) if wide => number.to_string(),
        Some(number) => short(number, digits),
    };
    let more = if cut.undecodable > 0 { "+" } else { "" };
    let lost = |count: Option<u64>| match count {
        None => "?".to_owned(),
        some => format!("{}{more}", number(some, COUNT_DIGITS)),
    };
    let mark = if cut.recommended { "* " } else { "  " };
    let mut cells = vec![
        format!("{mark}{}", cut.name.name()),
        number(Some(cut.position), POSITION_DIGITS),
        number(cut.kept.entries, COUNT_DIGITS),
        number(Some(cut.lost.bytes).filter(|_| cut.decodes), BYTES_DIGITS),
        lost(cut.lost.entries),
        lost(cut.lost.rows),
        if cut.empty { "EMPTY".to_owned() } else { cut.safety.words().to_owned() },
    ];
    if wide {
        cells.extend([
            format!("0x{:x}", cut.position),
            cut.kept.bytes.to_string(),
            number(cut.kept.rows, COUNT_DIGITS),
            lost(cut.lost.transactions),
            cut.decodes.to_string(),
        ]);
    }
    cells.into_iter().map(Cell::new).collect()
}

/// A number in so many digits: exact where it fits, else rounded down to three digits and a unit of thousands.
fn short(number: u64, digits: usize) -> String {
    let exact = number.to_string();
    if exact.len() <= digits {
        return exact;
    }
    let power = exact.len().saturating_sub(1) / 3;
    let unit = ["", "k", "M", "G", "T", "P", "E"].get(power).unwrap_or(&"");
    let whole = exact.len().saturating_sub(power.saturating_mul(3));
    let (before, after) = exact.split_at(whole);
    match after.get(..3_usize.saturating_sub(whole)).filter(|decimals| !decimals.is_empty()) {
        Some(decimals) => format!("{before}.{decimals}{unit}"),
        None => format!("{before}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_where_they_fit_and_rounded_down_where_not() {
        let known = [
            (999_999, 6, "999999"),
            (1_000_000, 6, "1.00M"),
            (123_456_789, 8, "123M"),
            (12_345_678_901, 8, "12.3G"),
            (1 << 61, 6, "2.30E"),
            (u64::MAX, 12, "18.4E"),
        ];
        for (number, digits, text) in known {
            assert_eq!(short(number, digits), text);
        }
    }
}
