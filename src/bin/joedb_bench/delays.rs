//! How long asynchronous hard checkpoints take.

use crate::statistics::Spread;
use anyhow::Context as _;
use joedb::writer::{PendingCheckpoint, WriteError};
use std::collections::VecDeque;
use std::time::Instant;

/// Hard checkpoints that were asked for, each with the moment before that, and the delays of those that are done. The
/// moment after it would be too late: until the clock is read, the system may have given this thread's time to others.
#[derive(Default)]
pub(crate) struct Requests {
    waiting: VecDeque<(Instant, PendingCheckpoint)>,
    delays: Vec<f64>,
}

impl Requests {
    /// A hard checkpoint was asked for, after this moment.
    pub(crate) fn add(&mut self, asked: Instant, pending: PendingCheckpoint) {
        self.waiting.push_back((asked, pending));
    }

    /// Notes those that are done by now. They are done in the order in which they were asked for.
    pub(crate) fn settle(&mut self) -> Result<(), WriteError> {
        while let Some((_, pending)) = self.waiting.front()
            && pending.is_done()?
        {
            self.note_first();
        }
        Ok(())
    }

    /// Waits for all of them.
    pub(crate) fn wait(mut self) -> anyhow::Result<Spread> {
        while let Some((_, pending)) = self.waiting.front() {
            pending.wait()?;
            self.note_first();
        }
        Spread::of(self.delays).context("nothing was asked for")
    }

    fn note_first(&mut self) {
        let first = self.waiting.pop_front();
        self.delays.extend(first.map(|(asked, _)| asked.elapsed().as_secs_f64()));
    }
}
