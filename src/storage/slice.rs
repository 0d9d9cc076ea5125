//! A log inside a larger file or device.

use super::ReadAt;
use crate::text::{Bytes, Position};
use std::io;

/// Which part of a file or device holds a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where the log begins, in bytes from the beginning of the file.
    pub offset: u64,
    /// How many bytes it has; without, it ends with the file.
    pub size: Option<u64>,
}

/// Why there is no such part.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Offset and size leave the range of positions.
    #[error("offset {} and {} leave the range of positions: an end of at most {} expected", Position(part.offset), Bytes(part.size.unwrap_or(0)), Position(u64::MAX))]
    Overflow {
        /// What was asked for.
        part: Part,
    },
    /// It does not lie within the file.
    #[error("{} found, at least {} expected by {}", Bytes(*found), Position(*end), Asked(*part))]
    Outside {
        /// What was asked for.
        part: Part,
        /// The size of the file.
        found: u64,
        /// The size that it would need.
        end: u64,
    },
}

/// A part as it was asked for.
struct Asked(Part);

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "offset {}", Position(self.0.offset))?;
        self.0.size.map_or(Ok(()), |size| write!(f, " and a size of {}", Bytes(size)))
    }
}

impl Part {
    /// The size that a file needs to hold this part.
    ///
    /// # Errors
    /// [`PartError::Overflow`].
    pub fn end(self) -> Result<u64, PartError> {
        self.offset.checked_add(self.size.unwrap_or(0)).ok_or(PartError::Overflow { part: self })
    }

    /// Whether a file of `found` bytes holds this part.
    ///
    /// # Errors
    /// [`PartError::Overflow`], [`PartError::Outside`].
    pub fn check(self, found: u64) -> Result<(), PartError> {
        let end = self.end()?;
        if end <= found { Ok(()) } else { Err(PartError::Outside { part: self, found, end }) }
    }
}

/// Part of some bytes; its positions are counted from its own beginning.
///
/// ```
/// use joedb::storage::{Part, ReadAt, Slice, memory::MemoryFile};
///
/// let file = MemoryFile::new(b"0123456789".to_vec());
/// let slice = Slice::new(file, Part { offset: 3, size: Some(4) })?;
/// let mut found = [0; 9];
/// assert_eq!(slice.read_full_at(&mut found, 1)?, 3);
/// assert_eq!(&found[..3], b"456");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Slice<R> {
    inner: R,
    part: Part,
}

impl<R: ReadAt> Slice<R> {
    /// A part of `inner`, which has to hold it now.
    ///
    /// # Errors
    /// [`PartError`].
    pub fn new(inner: R, part: Part) -> Result<Slice<R>, PartError> {
        part.check(inner.size()?)?;
        Ok(Slice { inner, part })
    }

    /// Which part it is.
    #[must_use]
    pub const fn part(&self) -> Part {
        self.part
    }

    /// What it is a part of.
    #[must_use]
    pub const fn inner(&self) -> &R {
        &self.inner
    }

    /// The same part of another handle of the same bytes.
    pub(crate) const fn with_inner(&self, inner: R) -> Slice<R> {
        Slice { inner, part: self.part }
    }
}

impl<R: ReadAt> ReadAt for Slice<R> {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let left = self.part.size.map_or(u64::MAX, |size| size.saturating_sub(position));
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        // No file reaches beyond the range of positions.
        let Some(start) = self.part.offset.checked_add(position) else { return Ok(0) };
        self.inner.read_at(buffer.get_mut(..wanted).unwrap_or_default(), start)
    }

    /// The size that was said, as far as the file holds it; without one, whatever the file has from the offset on.
    fn size(&self) -> io::Result<u64> {
        let behind = self.inner.size()?.saturating_sub(self.part.offset);
        Ok(self.part.size.map_or(behind, |size| size.min(behind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::memory::MemoryFile;

    fn slice(offset: u64, size: Option<u64>) -> Result<Slice<MemoryFile>, PartError> {
        Slice::new(MemoryFile::new((0..100).collect()), Part { offset, size })
    }

    #[test]
    fn every_part_reads_as_its_bytes_alone() {
        let bytes: Vec<u8> = (0..100).collect();
        for offset in [0, 1, 50, 99, 100] {
            for size in [None, Some(0), Some(1.min(100 - offset)), Some(100 - offset)] {
                let slice = slice(offset, size).unwrap();
                let end = offset + size.unwrap_or(100 - offset);
                let expected = &bytes[offset as usize..end as usize];
                assert_eq!(slice.size().unwrap(), expected.len() as u64);
                for position in 0..=expected.len() + 1 {
                    let mut found = [0xff; 128];
                    let read = slice.read_full_at(&mut found, position as u64).unwrap();
                    assert_eq!(&found[..read], expected.get(position..).unwrap_or_default());
                    assert!(found[read..].iter().all(|&byte| byte == 0xff), "beyond the part");
                }
            }
        }
    }

    #[test]
    fn a_part_that_the_file_does_not_hold_is_refused_with_both_numbers() {
        let outside = slice(90, Some(11)).unwrap_err().to_string();
        assert_eq!(
            outside,
            "100 bytes found, at least 101 (0x65) expected by offset 90 (0x5a) and a size of 11 bytes"
        );
        assert!(matches!(slice(101, None).unwrap_err(), PartError::Outside { found: 100, end: 101, .. }));
        assert!(matches!(slice(1, Some(u64::MAX)).unwrap_err(), PartError::Overflow { .. }));
        assert!(matches!(slice(u64::MAX, Some(1)).unwrap_err(), PartError::Overflow { .. }));
        assert!(matches!(slice(u64::MAX, None).unwrap_err(), PartError::Outside { .. }));
    }

    #[test]
    fn positions_beyond_the_numbers_are_behind_the_end() {
        let slice = slice(50, None).unwrap();
        let mut buffer = [0; 1];
        assert_eq!(slice.read_at(&mut buffer, u64::MAX).unwrap(), 0);
    }

    #[test]
    fn a_part_without_a_size_grows_and_shrinks_with_its_file() {
        use crate::storage::Storage as _;
        let mut file = MemoryFile::new(vec![7; 100]);
        let open = Slice::new(file.clone(), Part { offset: 60, size: None }).unwrap();
        let sized = Slice::new(file.clone(), Part { offset: 60, size: Some(40) }).unwrap();
        for (size, behind) in [(150, 90), (80, 20), (10, 0)] {
            file.set_size(size).unwrap();
            assert_eq!(open.size().unwrap(), behind);
            assert_eq!(sized.size().unwrap(), behind.min(40));
        }
    }
}
