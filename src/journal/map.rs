//! The memory map: the only `unsafe` of the package.
#![expect(
    unsafe_code,
    reason = "a memory map cannot be made without; what it rests on is said at each place"
)]

use crate::storage::{File, ReadAt as _};
use memmap2::{Mmap, MmapOptions, UncheckedAdvice};
use std::io;

/// A file mapped for reading.
///
/// If another process cuts the file short, touching a page behind its new end raises SIGBUS and ends the
/// program. A log is therefore mapped only where the caller asked for it ([`super::Access::Map`]); whoever did not
/// reads through a window. A copy in a temporary file without a name is out of everybody's reach.
#[derive(Debug)]
pub(super) struct FileMap {
    map: Mmap,
    /// Pages before this offset have been given back.
    released: usize,
}

impl FileMap {
    pub(super) fn new(file: &File) -> io::Result<FileMap> {
        // The metadata of a block device say 0.
        let size = usize::try_from(file.size()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        // SAFETY: the map is read-only and shared. The bytes of a joedb body do not change while it is mapped
        // (FORMAT.md, section 1), and nothing here depends on them staying equal: every length is checked
        // against the slice each time it is decoded. A cut of the file is the caveat above.
        let map = unsafe { MmapOptions::new().len(size).map(file.inner())? };
        Ok(FileMap { map, released: 0 })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Gives the pages before `offset` back, so that reading a large file once does not grow the process.
    pub(super) fn release_before(&mut self, offset: usize) {
        const STEP: usize = 8 * 1024 * 1024;
        let end = (offset / STEP).saturating_mul(STEP);
        if end <= self.released {
            return;
        }
        // SAFETY: `DontNeed` on a shared, read-only map of a file loses nothing: a later access reads the same
        // bytes from the page cache again.
        let given = unsafe {
            self.map.unchecked_advise_range(
                UncheckedAdvice::DontNeed,
                self.released,
                end.saturating_sub(self.released),
            )
        };
        // Advice that is refused costs memory and nothing else.
        drop(given);
        self.released = end;
    }
}
