//! Ctrl-C and its kin: the work stops at the next piece, cleans up, and the exit code names the signal.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The signals that ask a program to stop.
#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// The last signal that asked to stop; 0 for none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// From now on signals are noted. Before, they end the program, as they should while it waits for a pipe.
    pub(crate) fn watch(&self) -> io::Result<()> {
        for signal in SIGNALS {
            flag::register_usize(signal, Arc::clone(&self.0), usize::try_from(signal).unwrap_or(0))?;
        }
        Ok(())
    }

    /// Ends the program if there was one. Only for work that has nothing to clean up.
    pub(crate) fn end_if_received(&self, program: &str) {
        if let Some(signal) = self.received() {
            crate::outcome::say(&format!("{program}: interrupted; nothing was written"));
            std::process::exit(i32::from(signal).saturating_add(128));
        }
    }

    /// The number of the signal, if there was one.
    pub(crate) fn received(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|&signal| signal != 0)
    }
}
