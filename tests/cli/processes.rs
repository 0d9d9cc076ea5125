//! Other processes, on a machine that may have much else to do: what is waited for can be seen, and is not a moment.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than anything takes on such a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a signal at once: a `kill` of its own would take a while to start.
pub(crate) fn send(signal: Signal, child: &Child) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Stops a child, and waits until none of its threads runs any more.
pub(crate) fn stop(child: &Child) {
    send(Signal::SIGSTOP, child);
    wait_until("the program has stopped", || threads_are("T", child.id()));
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        sleep(Duration::from_millis(1));
    }
}

/// Waits until every thread of a child has slept for a while: it waits for somebody. One that only waits for a
/// processor does not sleep.
pub(crate) fn wait_until_asleep(child: &Child) {
    const LOOKS: u32 = 50;
    let mut asleep = 0;
    wait_until("the program waits for somebody", || {
        asleep = if threads_are("S", child.id()) { asleep + 1 } else { 0 };
        asleep == LOOKS
    });
}

/// Whether all threads are in this state of proc(5).
fn threads_are(state: &str, process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("stat"))).all(|stat| {
        // The name of the program may hold anything; the state follows its last bracket.
        stat.is_ok_and(|stat| {
            stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(state))
        })
    })
}

/// Whether something takes no longer than that. What else the machine does only ever makes it longer, so the quickest
/// of some turns counts.
pub(crate) fn takes_at_most(most: Duration, mut act: impl FnMut()) -> bool {
    (0..6).any(|_| {
        let start = Instant::now();
        act();
        start.elapsed() <= most
    })
}
