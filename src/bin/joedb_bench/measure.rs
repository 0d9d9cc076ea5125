//! What a command cost, by the system's own figures.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a command cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measurement {
    /// From its start to its end, in seconds.
    pub(crate) real: f64,
    /// What the system says of it; `None` where it says nothing.
    pub(crate) usage: Option<Usage>,
    /// How it ended, in words, unless with exit code 0.
    pub(crate) failure: Option<String>,
}

/// What the system says of a command and of all processes that it waited for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Seconds in its own code.
    pub(crate) user: f64,
    /// Seconds in the kernel for it.
    pub(crate) system: f64,
    /// The most memory that was resident, in bytes; of several processes the largest.
    pub(crate) peak: u64,
}

/// Runs a command, which must be the first one of this process.
pub(crate) fn measure(command: &[OsString]) -> anyhow::Result<Measurement> {
    let (program, arguments) = command.split_first().context("a command expected")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let real = start.elapsed().as_secs_f64();
    let failure = (!status.success()).then(|| status.to_string());
    Ok(Measurement { real, usage: usage()?, failure })
}

#[cfg(unix)]
fn usage() -> anyhow::Result<Option<Usage>> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;
    /// The unit of the peak.
    const UNIT: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let children = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let peak = u64::try_from(children.max_rss())?.saturating_mul(UNIT);
    Ok(Some(Usage { user: seconds(children.user_time()), system: seconds(children.system_time()), peak }))
}

#[cfg(not(unix))]
fn usage() -> anyhow::Result<Option<Usage>> {
    Ok(None)
}
