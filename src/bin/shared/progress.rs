//! A progress bar for work that lasts, on a terminal only.

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

/// Shorter work shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Says on stderr how far a pass over some bytes is, once it has lasted half a second.
pub(crate) struct Progress {
    start: Instant,
    label: &'static str,
    /// `None` where nobody knows how much there is.
    total: Option<u64>,
    template: Template,
    wanted: bool,
    bar: Option<ProgressBar>,
}

/// How far the work is and how far it goes, of a known length and of an unknown one.
type Template = [&'static str; 2];

const BYTES: Template =
    ["{prefix} {wide_bar} {bytes}/{total_bytes}, {rate}/s, {left} left", "{prefix} {bytes}, {rate}/s"];

impl Progress {
    pub(crate) fn new(label: &'static str, total: impl Into<Option<u64>>, quiet: bool) -> Progress {
        let wanted = !quiet && io::stderr().is_terminal();
        Progress { start: Instant::now(), label, total: total.into(), template: BYTES, wanted, bar: None }
    }

    /// Progress over rows instead of bytes.
    #[allow(dead_code, reason = "not every program counts rows")]
    pub(crate) fn of_rows(label: &'static str, total: u64, quiet: bool) -> Progress {
        const ROWS: Template =
            ["{prefix} {wide_bar} {human_pos}/{human_len} rows, {left} left", "{prefix} {human_pos} rows"];
        let mut progress = Progress::new(label, total, quiet);
        progress.template = ROWS;
        progress
    }

    pub(crate) fn at(&mut self, position: u64) {
        if !self.wanted {
            return;
        }
        if self.bar.is_none() && self.start.elapsed() > PATIENCE {
            self.bar = Some(bar(self.label, self.total, self.template).with_elapsed(self.start.elapsed()));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(position);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(label: &'static str, total: Option<u64>, [of_known, of_unknown]: Template) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = if total.is_some() { of_known } else { of_unknown };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rate", write_rate).with_key("left", write_left));
    }
    bar.set_prefix(label);
    bar
}

/// Bytes a second since the work began. indicatif's own figure takes what was done before the bar was shown for
/// the work of its first moment.
fn rate(state: &ProgressState) -> u64 {
    let milliseconds = u64::try_from(state.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    state.pos().saturating_mul(1000).checked_div(milliseconds).unwrap_or(0)
}

fn write_rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A bar that cannot be drawn is no reason to stop.
    let _ = write!(out, "{}", HumanBytes(rate(state)));
}

fn write_left(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    let bytes = state.len().unwrap_or(0).saturating_sub(state.pos());
    let seconds = bytes.checked_div(rate(state)).unwrap_or(0);
    let _ = write!(out, "{}", HumanDuration(Duration::from_secs(seconds)));
}
