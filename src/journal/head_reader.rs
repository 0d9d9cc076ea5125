//! Reading the 41 bytes that a writer may be changing.

use crate::head::HEAD_LENGTH;
use crate::storage::{File, Mode, ReadAt, Region, Storage as _};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The first bytes of a file, and how they were obtained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadReading {
    /// The first 41 bytes, or fewer if the file has fewer.
    pub bytes: Vec<u8>,
    /// The size of the file, taken after the bytes were locked.
    pub size: u64,
    /// Whether the lock of the head was held; without it, the head was read until two readings agreed.
    pub locked: bool,
}

impl HeadReading {
    fn once(storage: &dyn ReadAt) -> io::Result<HeadReading> {
        let mut bytes = vec![0; HEAD_LENGTH];
        let read = storage.read_full_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(HeadReading { bytes, size: storage.size()?, locked: false })
    }

    /// Of a storage that nobody writes to meanwhile, which is as good as a lock.
    pub(super) fn undisturbed(storage: &dyn ReadAt) -> io::Result<HeadReading> {
        Ok(HeadReading { locked: true, ..HeadReading::once(storage)? })
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> HeadReading {
        let head = bytes.get(..HEAD_LENGTH).unwrap_or(bytes);
        HeadReading { bytes: head.to_vec(), size: bytes.len() as u64, locked: true }
    }
}

const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(5);

/// Reads the head under its shared lock. A writer holds that lock while it writes a checkpoint, the reference
/// across its syncs; after a second the head is read without, until two readings agree.
///
/// # Errors
/// What the operating system says.
pub fn read_head(file: &File) -> io::Result<HeadReading> {
    if !lock_patiently(file) {
        return read_until_stable(file);
    }
    let reading = HeadReading::once(file).map(|reading| HeadReading { locked: true, ..reading });
    // The lock goes with the file at the latest; an error here takes nothing from what was read.
    let _ = file.unlock(Region::Head);
    reading
}

/// Whether the lock was obtained; a file system without locks is not waited for.
fn lock_patiently(file: &File) -> bool {
    let start = Instant::now();
    loop {
        match file.try_lock(Region::Head, Mode::Shared) {
            Ok(true) => return true,
            Ok(false) if start.elapsed() < PATIENCE => sleep(PAUSE),
            Ok(false) | Err(_) => return false,
        }
    }
}

/// Reads the head without a lock, until two readings agree.
pub(super) fn read_until_stable(file: &dyn ReadAt) -> io::Result<HeadReading> {
    let start = Instant::now();
    let mut last = HeadReading::once(file)?;
    while start.elapsed() < PATIENCE {
        sleep(PAUSE);
        let next = HeadReading::once(file)?;
        if next.bytes == last.bytes {
            return Ok(next);
        }
        last = next;
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "the head kept changing for a second; try again"))
}
