//! The verdict for people, 80 columns wide.

use comfy_table::{Cell, CellAlignment, Table, presets};
use joedb::diagnosis::{Cut, Outage, Report};
use joedb::journal::Writer;
use joedb::text::file_name;
use joedb::text::time::Utc;
use std::path::Path;

const WIDTH: usize = 80;

/// Whether the user wants colour at all (<https://no-color.org>).
pub(crate) fn colour_wanted() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !unwanted && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// The report as text, without a line feed at its end.
pub(crate) fn render(path: &Path, report: &Report, wide: bool, colour: bool) -> String {
    let mut parts = vec![format!("{}: {}", file_name(path), headline(report, colour)), facts(report)];
    parts.extend(report.findings.iter().map(|finding| {
        let next = finding.advice.command(path);
        format!("{}\n  next: {next}", wrapped(&finding.sentence))
    }));
    parts.extend(outage(report));
    if !report.cuts.is_empty() {
        parts.push(cuts(report, wide));
    }
    parts.push(wrapped(report.not_checked));
    parts.join("\n\n")
}

fn headline(report: &Report, colour: bool) -> String {
    if !colour {
        return report.headline.to_owned();
    }
    let style = match report.exit_code {
        0 => "32",
        3 => "33",
        _ => "31",
    };
    format!("\x1b[{style}m{}\x1b[0m", report.headline)
}

fn wrapped(text: &str) -> String {
    // Commands and numbers stay whole even where they are longer than a line.
    let options =
        textwrap::Options::new(WIDTH).break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

fn counted(count: u64, noun: &str) -> String {
    let plural = match noun {
        "entry" => "entries".to_owned(),
        noun => format!("{noun}s"),
    };
    format!("{count} {}", if count == 1 { noun.to_owned() } else { plural })
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
        facts.push(counted(log.tally.entries, "entry"));
        facts.push(counted(log.tables, "table"));
        facts.push(format!("{} inserted", counted(log.tally.rows, "row")));
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

/// Whether power or program failed matters only where a cut depends on it.
fn outage(report: &Report) -> Option<String> {
    let settled = report.is_hard() || report.writer == Writer::Present;
    let outage = report.outage.as_ref().filter(|_| !settled)?;
    let hard = report.cuts.iter().find(|cut| cut.name == joedb::diagnosis::CutName::Hard)?;
    let conclusion = match outage.conclusion {
        Outage::ProgramOnly => "no power failure since; soft and pending checkpoints are complete".to_owned(),
        Outage::Unknown => "unknown".to_owned(),
        Outage::MachineRestarted => {
            let loss = hard
                .lost
                .entries
                .map_or(String::new(), |entries| format!(" and {}", counted(entries, "entry")));
            format!(
                "perhaps power; only the hard checkpoint at {} is sure then, without {}{loss}",
                hard.position,
                counted(hard.lost.bytes, "byte")
            )
        }
    };
    Some(wrapped(&format!("Power or program? {conclusion}: {}.", outage.evidence)))
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
    let text: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    text.join("\n")
}

fn row(cut: &Cut, wide: bool) -> Vec<Cell> {
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let mark = if cut.recommended { "* " } else { "  " };
    let mut cells = vec![
        format!("{mark}{}", cut.name.name()),
        cut.position.to_string(),
        number(cut.kept.entries),
        cut.lost.bytes.to_string(),
        number(cut.lost.entries),
        number(cut.lost.rows),
        safety(cut),
    ];
    if wide {
        cells.extend([
            format!("0x{:x}", cut.position),
            cut.kept.bytes.to_string(),
            number(cut.kept.rows),
            number(cut.lost.transactions),
            cut.decodes.to_string(),
        ]);
    }
    cells.into_iter().map(Cell::new).collect()
}

fn safety(cut: &Cut) -> String {
    let empty = if cut.empty { "EMPTY" } else { "" };
    match (cut.empty, cut.recommended) {
        (true, _) => empty.to_owned(),
        (false, true) => format!("{}: do this", cut.safety.words()),
        (false, false) => cut.safety.words().to_owned(),
    }
}
