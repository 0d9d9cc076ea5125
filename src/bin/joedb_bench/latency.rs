//! How long the disk takes to sync.

use crate::statistics::Spread;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

/// How often it is measured.
pub(crate) const SAMPLES: u32 = 20;

/// What is appended before each sync, in bytes.
pub(crate) const APPENDED: usize = 64;

/// The seconds of an fsync after a small append, of a new file in this directory.
pub(crate) fn of_sync(directory: &Path) -> io::Result<Option<Spread>> {
    let path = directory.join("latency");
    let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
    let mut samples = Vec::new();
    for _ in 0..SAMPLES {
        file.write_all(&[0x55; APPENDED])?;
        let start = Instant::now();
        file.sync_all()?;
        samples.push(start.elapsed().as_secs_f64());
    }
    fs::remove_file(path)?;
    Ok(Spread::of(samples))
}
