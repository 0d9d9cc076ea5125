//! The results of cases as bars as long as the median of the real time, with the spread on top.

use crate::drawing::{GAP, LINE, MARGIN, shortened, write_text};
use crate::numbers::{ratio, rows, time};
use crate::report::{CaseReport, Score, Standing};
use std::fmt::{self, Write as _};

const LEFT: u32 = 180;
const BAR_WIDTH: f64 = 440.0;
const BAR_HEIGHT: u32 = 18;
const STEP: u32 = 28;
/// Of the ends of a line.
const CAP: u32 = 8;
/// So many characters stay left of the bars.
const LONGEST_NAME: usize = 22;

/// What the bars of these cases mean.
pub(crate) fn legend(cases: &[&CaseReport]) -> String {
    const BARS: &str = "bars: median of the real time; lines: from the fastest run to the slowest";
    let is_race = cases.iter().any(|case| case.is_race());
    let ratios = if is_race { "; in brackets: times as fast as the grey bar above" } else { "" };
    format!("{BARS}{ratios}")
}

/// A case, on a scale of its own, and where the next one begins.
pub(crate) fn draw(body: &mut String, case: &CaseReport, top: u32) -> Result<u32, fmt::Error> {
    let title = format!("{}: {}, {}", case.case.name(), rows(case.rows), case.title);
    write_text(body, MARGIN, top + LINE, "title", &title)?;
    let longest = longest(case);
    let mut y = top + LINE + LINE / 2;
    for score in &case.contenders {
        draw_bar(body, score, y, longest)?;
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

fn draw_bar(body: &mut String, score: &Score, y: u32, longest: f64) -> fmt::Result {
    let class = if score.standing == Standing::First { "first" } else { "bar" };
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
    write_text(body, to.round() as u32 + GAP, baseline, "", &label(score))
}

/// How long it took, and where there is another to compare with, how fast that is.
fn label(score: &Score) -> String {
    let median = time(score.real.median);
    match score.standing {
        Standing::Alone => median,
        Standing::First | Standing::Other => format!("{median} ({}×)", ratio(score.speed)),
    }
}
