//! Arguments, `--help`, manual pages and shell completions, all from the same definitions.

use clap::error::ErrorKind;
use clap::{Command, Parser, ValueEnum};
use clap_complete::Shell;
use std::io::{self, Write};
use std::process::ExitCode;

/// What `--generate` makes: the manual page, completions for a shell, or nothing known.
enum Generate {
    Man,
    Completions(Shell),
    Unknown(String),
}

/// The arguments of the program, or the exit code where there was only help, a page, or an error to print.
pub(crate) fn arguments<A: Parser>(sections: &[Section]) -> Result<A, ExitCode> {
    if let Some(what) = requested() {
        return Err(generate(&what, A::command(), sections));
    }
    let error = match A::try_parse() {
        Ok(parsed) => return Ok(parsed),
        // The text of the sections is made for those who read it.
        Err(error) if error.kind() == ErrorKind::DisplayHelp => with_sections::<A>(sections).unwrap_or(error),
        Err(error) => error,
    };
    Err(crate::outcome::usage(&error))
}

/// The help that was asked for, with the sections behind it.
fn with_sections<A: Parser>(sections: &[Section]) -> Option<clap::Error> {
    A::command().after_long_help(as_help(sections)).try_get_matches().err()
}

/// Whether the program was called as `PROGRAM --generate WHAT`. That is for packagers and is no option of the
/// program: it would make the files optional in every usage line.
fn requested() -> Option<Generate> {
    let mut args = std::env::args_os().skip(1);
    let (flag, what) = (args.next()?, args.next()?);
    if flag != "--generate" {
        return None;
    }
    let what = what.to_string_lossy();
    Some(match (what.as_ref(), Shell::from_str(&what, true)) {
        ("man", _) => Generate::Man,
        (_, Ok(shell)) => Generate::Completions(shell),
        (_, Err(_)) => Generate::Unknown(what.into_owned()),
    })
}

/// A section of a manual page that the definitions do not hold: a title, and paragraphs. A paragraph that begins
/// with two spaces is shown as it is.
pub(crate) type Section = (&'static str, &'static str);

/// Prints what was asked for.
fn generate(what: &Generate, mut command: Command, sections: &[Section]) -> ExitCode {
    let mut text = Vec::new();
    let made = match what {
        Generate::Man => page(command, sections, &mut text),
        Generate::Completions(shell) => {
            let name = command.get_name().to_owned();
            clap_complete::generate(*shell, &mut command, name, &mut text);
            Ok(())
        }
        Generate::Unknown(found) => {
            let (found, known) =
                (joedb::text::quoted(found.as_bytes()), "man, bash, elvish, fish, powershell or zsh");
            crate::outcome::say(&format!(
                "{}: --generate: {found} found, {known} expected",
                command.get_name()
            ));
            return joedb::Outcome::Usage.into();
        }
    };
    match made.and_then(|()| io::stdout().write_all(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
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
fn as_help(sections: &[Section]) -> String {
    let section = |(title, text): &Section| {
        let lines: String = text
            .lines()
            .map(|line| if line.is_empty() { "\n".into() } else { format!("  {line}\n") })
            .collect();
        format!("{title}:\n{lines}")
    };
    sections.iter().map(section).collect::<Vec<String>>().join("\n")
}
