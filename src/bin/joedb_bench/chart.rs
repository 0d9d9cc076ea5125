//! The results as a drawing.

use crate::case::Case;
use crate::drawing::{LINE, MARGIN, STYLE, WIDTH, shortened, write_text};
use crate::outcome::Failure;
use crate::report::{CaseReport, Report};
use crate::{bars, growth};
use anyhow::{Context as _, anyhow};
use joedb::storage::directory_of;
use joedb::text::file_name;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// So many characters stay in the picture.
const LONGEST_LINE: usize = 125;

/// A drawing to be. Its file is there before the work begins, so that what stands against it is known in time.
pub(crate) struct Chart {
    path: PathBuf,
    file: NamedTempFile,
}

impl Chart {
    pub(crate) fn prepare(path: &Path) -> Result<Chart, Failure> {
        if path.is_dir() {
            return Err(anyhow!("{}: it is a directory", file_name(path)).into());
        }
        let mut builder = tempfile::Builder::new();
        readable_by_all(builder.prefix(".joedb_bench-").suffix(".tmp"));
        let file = builder.tempfile_in(directory_of(path)).with_context(|| file_name(path))?;
        Ok(Chart { path: path.to_path_buf(), file })
    }

    /// Draws, and puts the file in its place.
    pub(crate) fn write(mut self, report: &Report) -> Result<(), Failure> {
        let named = || file_name(&self.path);
        let drawing = draw(report)?;
        self.file.write_all(drawing.as_bytes()).with_context(named)?;
        self.file.as_file().sync_all().with_context(named)?;
        self.file.persist(&self.path).map_err(|error| error.error).with_context(named)?;
        Ok(())
    }
}

/// As files usually are: the default is that of secrets.
#[cfg(unix)]
fn readable_by_all(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable_by_all(_: &mut tempfile::Builder<'_, '_>) {}

fn draw(report: &Report) -> Result<String, fmt::Error> {
    let mut body = String::new();
    let mut y = MARGIN;
    let (growing, others): (Vec<&CaseReport>, Vec<_>) =
        report.cases.iter().partition(|report| report.case == Case::Growth);
    for case in &others {
        y = bars::draw(&mut body, case, y)?;
    }
    if !growing.is_empty() {
        y = growth::draw(&mut body, &growing, y)?;
    }
    for line in legends(&growing, &others).chain(facts(report)) {
        y += LINE;
        write_text(&mut body, MARGIN, y, "small", &shortened(&line, LONGEST_LINE))?;
    }
    let height = y + MARGIN;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>joedb_bench</title>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n{body}</svg>\n"
    ))
}

/// What the parts of the drawing mean.
fn legends(growing: &[&CaseReport], others: &[&CaseReport]) -> impl Iterator<Item = String> + use<> {
    let bars = Some(bars::LEGEND).filter(|_| !others.is_empty());
    let curves = Some(growth::LEGEND).filter(|_| !growing.is_empty());
    [bars, curves].into_iter().flatten().map(str::to_owned)
}

fn facts(report: &Report) -> impl Iterator<Item = String> {
    report.machine.lines().map(|(name, fact)| format!("{name}: {fact}"))
}
