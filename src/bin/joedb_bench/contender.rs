//! Who takes part.

use crate::statistics::Spread;
use std::path::Path;

/// The file of a run, in its directory.
pub(crate) const RESULT: &str = "result";

/// One way to do the work of a case. The work is done in a process of its own, and so is the check after it.
pub(crate) struct Contender {
    /// Its name in the tables.
    pub(crate) name: &'static str,
    /// What it does, so that nobody is misled.
    pub(crate) setup: &'static str,
    /// What a row takes at most, in bytes.
    pub(crate) cost: Cost,
    /// What it reads, where it does not write.
    pub(crate) log: Option<ReadLog>,
    /// What is timed.
    pub(crate) work: Work,
    pub(crate) check: Check,
}

/// A log that is read.
pub(crate) struct ReadLog {
    pub(crate) name: &'static str,
    /// Makes it before the time begins.
    pub(crate) prepare: Prepare,
}

/// Makes a file with so many rows.
pub(crate) type Prepare = fn(&Path, u64) -> anyhow::Result<()>;

/// Makes the file with so many rows, or reads it. What it returns are the delays from soft to hard checkpoints, if it
/// measured any.
pub(crate) type Work = fn(&Path, u64) -> anyhow::Result<Option<Spread>>;

/// Fails unless the file holds so many rows, with the right values in them.
pub(crate) type Check = fn(&Path, u64) -> anyhow::Result<()>;

/// What a row takes at most, in bytes: measured, and rounded up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) disk: u64,
    pub(crate) memory: u64,
}
