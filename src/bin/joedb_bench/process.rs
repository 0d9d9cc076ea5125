//! Processes that end when the user asks for that.

use crate::outcome::Failure;
use crate::signals::Signals;
use anyhow::anyhow;
use std::process::{Command, Output};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long a signal may take until it is heeded.
const PATIENCE: Duration = Duration::from_millis(50);

/// Runs a command to its end, or stops it and all that it started when a signal arrives.
pub(crate) fn output(mut command: Command, signals: &Signals) -> Result<Output, Failure> {
    lead_a_group(&mut command);
    let child = command.spawn()?;
    let leader = child.id();
    let (sender, receiver) = mpsc::channel();
    // If nobody receives, the program is at its end.
    thread::spawn(move || sender.send(child.wait_with_output()));
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(output) => {
                refuse_interrupted(signals)?;
                return Ok(output?);
            }
            Err(RecvTimeoutError::Timeout) if signals.received().is_some() => stop_group(leader),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(anyhow!("nobody waits for {leader}").into()),
        }
    }
}

/// An error if a signal asked to stop.
fn refuse_interrupted(signals: &Signals) -> Result<(), Failure> {
    match signals.received() {
        Some(_) => Err(anyhow!("interrupted").into()),
        None => Ok(()),
    }
}

/// So that all processes of a run can be stopped together, and a terminal's Ctrl-C reaches only us.
#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(unix)]
fn stop_group(leader: u32) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    if let Ok(leader) = i32::try_from(leader) {
        // If it is gone already, all is well.
        let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn lead_a_group(_: &mut Command) {}

#[cfg(not(unix))]
fn stop_group(_: u32) {}
