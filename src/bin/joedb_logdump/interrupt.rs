//! Ctrl-C and its kin, for work that goes on until then.

use crate::PROGRAM;
use crate::outcome::say;
use joedb::Outcome;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// How long the work may take to end after a signal: more than a reader waits for the lock of a head. Only whoever takes
/// nothing out of a full pipe makes it longer.
const GRACE: Duration = Duration::from_secs(3);

/// Whether somebody asked the program to stop.
pub(crate) struct Interrupt {
    asked: Arc<AtomicBool>,
    woken: Receiver<()>,
}

impl Interrupt {
    /// Watches for signals from now on.
    pub(crate) fn watch() -> io::Result<Interrupt> {
        let wait = signal()?;
        let asked = Arc::new(AtomicBool::new(false));
        let (waker, woken) = sync_channel(1);
        let flag = Arc::clone(&asked);
        std::thread::Builder::new().spawn(move || {
            wait();
            end(&flag, &waker);
        })?;
        Ok(Interrupt { asked, woken })
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Waits for so long, or for a signal; whether there was one.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        match self.woken.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => self.is_asked(),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        }
    }
}

/// Passes the signal on. A write to a pipe that nobody empties lasts for ever, so that the program is ended if it does
/// not end by itself.
fn end(asked: &AtomicBool, waker: &SyncSender<()>) {
    asked.store(true, Ordering::Relaxed);
    // The channel is full or closed only where nobody waits any more.
    let _ = waker.try_send(());
    std::thread::sleep(GRACE);
    say(&format!("{PROGRAM}: interrupted while nobody took the output: its end is missing"));
    std::process::exit(Outcome::Failed.code().into());
}

/// What waits for the first signal.
#[cfg(unix)]
fn signal() -> io::Result<impl FnOnce() + Send> {
    use signal_hook::consts::SIGHUP;
    use signal_hook::iterator::Signals;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    Ok(move || {
        let _ = signals.forever().next();
    })
}

/// What waits for the first signal.
#[cfg(not(unix))]
fn signal() -> io::Result<impl FnOnce() + Send> {
    const LOOK: Duration = Duration::from_millis(100);
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(move || {
        while !flag.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
        }
    })
}
