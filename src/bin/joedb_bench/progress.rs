//! How far the runs are, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal as _};

/// Says on stderr which run it is.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(runs: u64, quiet: bool) -> Progress {
        let wanted = !quiet && io::stderr().is_terminal();
        let target = if wanted { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(runs), target);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} run {pos} of {len}, {msg}") {
            bar.set_style(style);
        }
        Progress(bar)
    }

    /// The next run begins. Nothing is drawn while it lasts.
    pub(crate) fn begin(&self, what: String) {
        self.0.set_message(what);
        self.0.inc(1);
    }

    /// Does something that prints, with the bar out of its way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
