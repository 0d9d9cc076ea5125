//! How far an export is.

use crate::recovery::apply::heed;
use crate::recovery::{ApplyError, Stage, Supervisor};

/// Counts rows, and asks now and then whether to go on.
pub(super) struct Pace<'a> {
    supervisor: &'a mut dyn Supervisor,
    rows: u64,
}

/// How many rows pass between two looks at the supervisor.
const INTERVAL: u64 = 4096;

impl<'a> Pace<'a> {
    /// Begins the stage, of so many rows.
    pub(super) fn new(supervisor: &'a mut dyn Supervisor, rows: u64) -> Pace<'a> {
        supervisor.stage(Stage::Export, rows);
        Pace { supervisor, rows: 0 }
    }

    /// A row is done.
    #[inline]
    pub(super) fn row(&mut self) -> Result<(), ApplyError> {
        self.rows = self.rows.saturating_add(1);
        if self.rows.is_multiple_of(INTERVAL) { self.look() } else { Ok(()) }
    }

    #[cold]
    fn look(&mut self) -> Result<(), ApplyError> {
        self.supervisor.progress(self.rows);
        self.heed()
    }

    /// Whether to go on.
    pub(super) fn heed(&self) -> Result<(), ApplyError> {
        heed(self.supervisor)
    }
}
