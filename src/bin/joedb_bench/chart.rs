//! The results as a drawing.

use crate::case::Case;
use crate::drawing::{LINE, MARGIN, WIDTH, shortened, style, write_text};
use crate::outcome::Failure;
use crate::report::{CaseReport, Report};
use crate::{bars, growth};
use anyhow::{Context as _, anyhow};
use joedb::storage::directory_of;
use joedb::text::file_name;
use std::fmt;
use std::fs::File;
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
        builder.prefix(".joedb_bench-").suffix(".tmp");
        // Readable as files usually are, unlike `tempfile`'s own, whose errors name the temporary file, too.
        let file = builder.make_in(directory_of(path), |path| File::create_new(path));
        let file = file.with_context(|| file_name(path))?;
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
         height=\"{height}\" role=\"img\">\n<title>joedb_bench</title>\n<style>{style}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n{body}</svg>\n",
        style = style()
    ))
}

/// What the parts of the drawing mean.
fn legends(growing: &[&CaseReport], others: &[&CaseReport]) -> impl Iterator<Item = String> + use<> {
    let bars = (!others.is_empty()).then(|| bars::legend(others));
    let curves = (!growing.is_empty()).then(|| growth::LEGEND.to_owned());
    [bars, curves].into_iter().flatten()
}

fn facts(report: &Report) -> impl Iterator<Item = String> {
    report.machine.lines().map(|(name, fact)| format!("{name}: {fact}"))
}
