//! A table with a title above and remarks below: on a terminal, and in a document.

use comfy_table::{Cell, CellAlignment, Table, presets};
use std::io::{self, Write};

pub(crate) const WIDTH: usize = 80;

/// What is shown of one or several cases.
pub(crate) struct Sheet<'r> {
    pub(crate) title: String,
    /// Of each column, in two lines.
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
    /// Who is who.
    pub(crate) remarks: Vec<(&'r str, String)>,
}

impl Sheet<'_> {
    /// For a terminal, 80 columns wide.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n{}\n\n{}\n", wrapped(&self.title), self.table())?;
        for (name, remark) in &self.remarks {
            writeln!(out, "{}", wrapped(&format!("{name}: {remark}")))?;
        }
        Ok(())
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(self.head.iter().map(Cell::new));
        for row in &self.rows {
            table.add_row(row);
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

    /// A table of GitHub's kind, with the same words.
    pub(crate) fn print_as_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n### {}\n", in_markdown(&self.title))?;
        let head: Vec<String> = self.head.iter().map(|lines| lines.trim().replace('\n', " ")).collect();
        writeln!(out, "| {} |", head.join(" | "))?;
        writeln!(out, "|:--{}|", "|--:".repeat(head.len().saturating_sub(1)))?;
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| in_markdown(cell)).collect();
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        writeln!(out)?;
        for (name, remark) in &self.remarks {
            writeln!(out, "* {}: {}", in_markdown(name), in_markdown(remark))?;
        }
        Ok(())
    }
}

fn wrapped(text: &str) -> String {
    textwrap::fill(text, textwrap::Options::new(WIDTH).subsequent_indent("  "))
}

/// Text without meaning for Markdown.
pub(crate) fn in_markdown(text: &str) -> String {
    let escaped = |c: char| match c {
        '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '&' => vec!['\\', c],
        _ => vec![c],
    };
    text.chars().flat_map(escaped).collect()
}
