//! The results as a drawing: bars as long as the median of the real time, with the spread on top.

use crate::numbers::{grouped, ratio, time};
use crate::outcome::Failure;
use crate::report::{CaseReport, Report, Score};
use anyhow::{Context as _, anyhow};
use joedb::storage::directory_of;
use joedb::text::file_name;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

const WIDTH: u32 = 820;
const LEFT: u32 = 180;
const BAR_WIDTH: f64 = 440.0;
const BAR_HEIGHT: u32 = 18;
const STEP: u32 = 28;
const LINE: u32 = 18;
const MARGIN: u32 = 16;
/// Between a line and the number behind it.
const GAP: u32 = 8;
/// Of the ends of a line.
const CAP: u32 = 8;
/// So many characters stay left of the bars, and in the picture.
const LONGEST_NAME: usize = 22;
const LONGEST_LINE: usize = 125;

/// What the drawing means.
const LEGEND: &str = "bars: median of the real time; lines: from the fastest run to the slowest; in brackets: times \
                      as fast as the first";

/// Colours that are read on light and on dark.
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-weight:600}.small{font-size:11px;fill:#59636e}\
.bar{fill:#4f8fd9}.first{fill:#8b949e}.spread{stroke:#1f2328;stroke-width:1.5}\
.ground{fill:#ffffff}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}.small{fill:#9198a1}.spread{stroke:#e6edf3}.ground{fill:#0d1117}}";

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
    for case in &report.cases {
        y = draw_case(&mut body, case, y)?;
    }
    for line in [LEGEND.to_owned()].into_iter().chain(facts(report)) {
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

fn facts(report: &Report) -> impl Iterator<Item = String> {
    report.machine.lines().map(|(name, fact)| format!("{name}: {fact}"))
}

/// A case, on a scale of its own, and where the next one begins.
fn draw_case(body: &mut String, case: &CaseReport, top: u32) -> Result<u32, fmt::Error> {
    let title = format!("{}: {} rows, {}", case.case.name(), grouped(case.rows), case.title);
    write_text(body, MARGIN, top + LINE, "title", &title)?;
    let longest = longest(case);
    let mut y = top + LINE + LINE / 2;
    for (index, score) in case.contenders.iter().enumerate() {
        draw_bar(body, score, y, longest, if index == 0 { "first" } else { "bar" })?;
        y += STEP;
    }
    Ok(y + LINE / 2)
}

/// The seconds of the longest line. A run that was held up by something else does not make all bars short: what lies
/// behind one and a half times the longest median is cut off.
fn longest(case: &CaseReport) -> f64 {
    let of =
        |seconds: fn(&Score) -> f64| case.contenders.iter().map(seconds).fold(f64::MIN_POSITIVE, f64::max);
    f64::min(of(|score| score.real.max), 1.5 * of(|score| score.real.median))
}

fn draw_bar(body: &mut String, score: &Score, y: u32, longest: f64, class: &str) -> fmt::Result {
    let length = |seconds: f64| BAR_WIDTH * seconds.min(longest) / longest;
    let (top, baseline) = (y + BAR_HEIGHT / 2 - CAP / 2, y + BAR_HEIGHT - 5);
    write_text(body, MARGIN, baseline, "", &shortened(&score.name, LONGEST_NAME))?;
    let width = length(score.real.median);
    writeln!(
        body,
        "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\"/>"
    )?;
    let end = |seconds: f64| f64::from(LEFT) + length(seconds);
    let (from, to) = (end(score.real.min), end(score.real.max));
    // A line that is cut off has no cap.
    let cap = if score.real.max <= longest { CAP } else { 0 };
    let up = CAP / 2;
    writeln!(
        body,
        "<path class=\"spread\" d=\"M{from:.1} {top}v{CAP}m0 -{up}H{to:.1}m0 -{half}v{cap}\" fill=\"none\"/>",
        half = cap / 2
    )?;
    let label = format!("{} ({}×)", time(score.real.median), ratio(score.speed));
    write_text(body, to.round() as u32 + GAP, baseline, "", &label)
}

fn write_text(body: &mut String, x: u32, y: u32, class: &str, text: &str) -> fmt::Result {
    writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text))
}

/// Text of at most so many characters.
fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// Text without meaning for XML, and without the control characters that it may not hold.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        c if c.is_control() => "\u{fffd}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
