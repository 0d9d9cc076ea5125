//! How cost grows with a log: time above and peak memory below, both beside the size of the log, in powers of ten.

use crate::axis::Axis;
use crate::drawing::{COLOURS, GAP, LINE, MARGIN, WIDTH, shortened, write_text};
use crate::numbers::{bytes, power_in_bytes, power_in_seconds, time};
use crate::report::{CaseReport, Score, by_contender};
use std::fmt::{self, Write as _};

/// Left and right of the lines.
const LEFT: u32 = 80;
const RIGHT: u32 = 210;
const TIME_HEIGHT: u32 = 300;
const MEMORY_HEIGHT: u32 = 100;
/// So many characters stay right of the lines, with a number behind them.
const LONGEST_NAME: usize = 20;
/// From the middle of a line of text down to its letters' feet.
const HALF_LETTER: u32 = 4;
/// From the axis down to the feet of its numbers.
const BELOW_AXIS: u32 = 14;
/// From a name to the next one below.
const NAME_STEP: f64 = 15.0;

/// What the lines mean.
pub(crate) const LEGEND: &str = "points: median of the time, highest peak of memory; dotted: in proportion to the log; \
                                 both axes in powers of ten";

/// One thing measured at every size.
struct Curve {
    name: String,
    /// Sizes of logs in bytes, and what was measured.
    points: Vec<(f64, f64)>,
}

/// One part of the chart, and how its numbers are written.
struct Panel {
    title: &'static str,
    of: fn(&Score) -> Option<f64>,
    power: fn(i32) -> String,
    number: fn(f64) -> String,
    height: u32,
    /// Whether it is compared with what would be in proportion to the log.
    has_guides: bool,
}

const TIME: Panel = Panel {
    title: "growth: processor time, user and system (real time where the system does not tell)",
    of: |score| Some(processor_time(score).unwrap_or(score.real.median)),
    power: power_in_seconds,
    number: time,
    height: TIME_HEIGHT,
    has_guides: true,
};

const MEMORY: Panel = Panel {
    title: "growth: peak memory",
    of: |score| score.peak_memory_bytes.map(|bytes| bytes as f64),
    power: power_in_bytes,
    number: |number| bytes(number as u64),
    height: MEMORY_HEIGHT,
    has_guides: false,
};

/// Other programs that run meanwhile hardly change it. `None` of a run that was too short for the system's clock, too.
fn processor_time(score: &Score) -> Option<f64> {
    Some(score.user?.median + score.system?.median).filter(|&seconds| seconds > 0.0)
}

/// The logs of all sizes, and where what follows begins.
pub(crate) fn draw(body: &mut String, cases: &[&CaseReport], top: u32) -> Result<u32, fmt::Error> {
    let mut y = top;
    for panel in [TIME, MEMORY] {
        y = panel.draw(body, &curves(cases, panel.of), y)?;
    }
    Ok(y)
}

/// A curve for each contender, in their order.
fn curves(cases: &[&CaseReport], of: fn(&Score) -> Option<f64>) -> Vec<Curve> {
    let point = |score: &Score| Some((score.log_bytes? as f64, of(score)?));
    let curve = |scores: Vec<&Score>| {
        let name = scores.first()?.name.clone();
        Some(Curve { name, points: scores.into_iter().filter_map(point).collect() })
    };
    by_contender(cases).into_iter().filter_map(curve).collect()
}

impl Panel {
    fn draw(&self, body: &mut String, curves: &[Curve], top: u32) -> Result<u32, fmt::Error> {
        write_text(body, MARGIN, top + LINE, "title", self.title)?;
        let (upper, lower) = (top + 2 * LINE, top + 2 * LINE + self.height);
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let across =
            Axis::around(points().map(|(size, _)| *size), (f64::from(LEFT), f64::from(WIDTH - RIGHT)));
        let up =
            Axis::between_powers(points().map(|(_, number)| *number), (f64::from(lower), f64::from(upper)));
        self.draw_grid(body, &across, &up)?;
        for (index, curve) in curves.iter().enumerate() {
            self.draw_curve(body, curve, index % COLOURS.len(), (&across, &up))?;
        }
        self.write_names(body, curves, &across, &up)?;
        Ok(lower + 2 * LINE)
    }

    fn draw_grid(&self, body: &mut String, across: &Axis, up: &Axis) -> fmt::Result {
        let ((left, right), (lower, upper)) = (across.ends(), up.ends());
        for power in up.powers() {
            let y = up.place(10_f64.powi(power));
            writeln!(body, "<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>")?;
            write_text(body, MARGIN, y as u32 + HALF_LETTER, "small", &(self.power)(power))?;
        }
        for power in across.powers() {
            let x = across.place(10_f64.powi(power));
            writeln!(body, "<path class=\"grid\" d=\"M{x:.1} {lower:.1}V{upper:.1}\"/>")?;
            write_text(body, x as u32 - GAP, lower as u32 + BELOW_AXIS, "small", &power_in_bytes(power))?;
        }
        Ok(())
    }

    fn draw_curve(
        &self,
        body: &mut String,
        curve: &Curve,
        colour: usize,
        axes: (&Axis, &Axis),
    ) -> fmt::Result {
        let (across, up) = axes;
        let places: Vec<(f64, f64)> =
            curve.points.iter().map(|&(size, number)| (across.place(size), up.place(number))).collect();
        let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        writeln!(body, "<g class=\"series{colour}\">")?;
        if self.has_guides {
            draw_guide(body, curve, axes)?;
        }
        if !line.is_empty() {
            writeln!(body, "<path class=\"curve\" d=\"M{}\"/>", line.join("L"))?;
        }
        for (x, y) in places {
            writeln!(body, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>")?;
        }
        writeln!(body, "</g>")
    }

    /// Beside the last points, and below one another where those are near.
    fn write_names(&self, body: &mut String, curves: &[Curve], across: &Axis, up: &Axis) -> fmt::Result {
        let (_, right) = across.ends();
        let last = |(index, curve): (usize, &Curve)| {
            let &(_, number) = curve.points.last()?;
            let text = format!("{} {}", shortened(&curve.name, LONGEST_NAME), (self.number)(number));
            Some((up.place(number), index % COLOURS.len(), text))
        };
        let mut names: Vec<(f64, usize, String)> = curves.iter().enumerate().filter_map(last).collect();
        names.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
        let mut free = 0.0;
        for (y, colour, text) in names {
            let place = f64::max(y + f64::from(HALF_LETTER), free);
            free = place + NAME_STEP;
            write_text(body, right as u32 + GAP, place as u32, &format!("name series{colour}"), &text)?;
        }
        Ok(())
    }
}

/// What would be in proportion to the last point, down to where it leaves the picture.
fn draw_guide(body: &mut String, curve: &Curve, (across, up): (&Axis, &Axis)) -> fmt::Result {
    let (Some(&(least, _)), Some(&(most, number))) = (curve.points.first(), curve.points.last()) else {
        return Ok(());
    };
    let from = f64::max(least, most * up.least() / number);
    let (x, y) = (across.place(from), up.place(number * from / most));
    let (to_x, to_y) = (across.place(most), up.place(number));
    writeln!(body, "<path class=\"guide\" d=\"M{x:.1} {y:.1}L{to_x:.1} {to_y:.1}\"/>")
}
