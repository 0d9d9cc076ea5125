//! Manual pages and shell completions, from the same definitions as `--help`.

use clap::{Command, ValueEnum};
use clap_complete::Shell;
use std::io::{self, Write};

/// What `--generate` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generate {
    /// The manual page.
    Man,
    /// Completions for bash.
    Bash,
    /// Completions for elvish.
    Elvish,
    /// Completions for fish.
    Fish,
    /// Completions for PowerShell.
    Powershell,
    /// Completions for zsh.
    Zsh,
}

/// A section of a manual page that the definitions do not hold: a title, and paragraphs. A paragraph that begins
/// with two spaces is shown as it is.
pub(crate) type Section = (&'static str, &'static str);

/// Writes what was asked for.
pub(crate) fn generate(
    what: Generate,
    command: Command,
    sections: &[Section],
    out: &mut dyn Write,
) -> io::Result<()> {
    let shell = match what {
        Generate::Man => return page(command, sections, out),
        Generate::Bash => Shell::Bash,
        Generate::Elvish => Shell::Elvish,
        Generate::Fish => Shell::Fish,
        Generate::Powershell => Shell::PowerShell,
        Generate::Zsh => Shell::Zsh,
    };
    let mut command = command;
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    out.write_all(&text)
}

fn page(command: Command, sections: &[Section], out: &mut dyn Write) -> io::Result<()> {
    let version = command.get_version().unwrap_or_default().to_owned();
    // The sections are in the page themselves.
    let command = command.after_long_help("").after_help("");
    let manual =
        clap_mangen::Man::new(command).source(format!("joedb-toolkit {version}")).manual("joedb-toolkit");
    manual.render_title(out)?;
    manual.render_name_section(out)?;
    manual.render_synopsis_section(out)?;
    manual.render_description_section(out)?;
    manual.render_options_section(out)?;
    sections.iter().try_for_each(|section| write_section(section, out))
}

fn write_section((title, text): &Section, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, ".SH {title}")?;
    for paragraph in text.split("\n\n") {
        let as_it_is = paragraph.starts_with("  ");
        writeln!(out, "{}", if as_it_is { ".PP\n.RS 2\n.nf" } else { ".PP" })?;
        for line in paragraph.lines() {
            writeln!(out, "{}", escaped(line.strip_prefix("  ").unwrap_or(line)))?;
        }
        if as_it_is {
            writeln!(out, ".fi\n.RE")?;
        }
    }
    Ok(())
}

/// A line of roff text: backslashes and hyphens are meant as such, and no line is a request.
fn escaped(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

/// The sections as `--help` shows them.
pub(crate) fn as_help(sections: &[Section]) -> String {
    let section = |(title, text): &Section| {
        let lines: String = text
            .lines()
            .map(|line| if line.is_empty() { "\n".into() } else { format!("  {line}\n") })
            .collect();
        format!("{title}:\n{lines}")
    };
    sections.iter().map(section).collect::<Vec<String>>().join("\n")
}
