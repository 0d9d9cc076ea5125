//! What a log is read from: it decides how the head is read, and what locks and the end mean.

use super::head_reader::{HeadReading, read_head, read_until_stable};
use super::{Writer, writer_of};
use crate::storage::{File, ReadAt, Slice};
use std::io;

/// Something that a log can be read from.
#[derive(Debug)]
pub enum Medium {
    /// A file of its own, or a device. Its locks are asked.
    File(File),
    /// A part of a larger file or device. Locks are not asked: byte 0 and byte 2^63 - 1 of that file belong to
    /// whatever it is, and not to the log in it.
    Part(Slice<File>),
    /// A copy that nobody else can reach, of what came through a pipe. It has no locks to ask.
    Copy(File),
}

impl Medium {
    /// Where the bytes come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Medium::File(file) if file.is_device() => Origin::Device,
            Medium::File(_) => Origin::File,
            Medium::Part(slice) => Origin::Part { sized: slice.part().size.is_some() },
            Medium::Copy(_) => Origin::Copy,
        }
    }

    /// Whether a writer has it, asked without taking a lock.
    #[must_use]
    pub fn writer(&self) -> Writer {
        match self {
            Medium::File(file) => writer_of(file),
            Medium::Part(_) | Medium::Copy(_) => Writer::Unknown,
        }
    }

    /// The first 41 bytes: under their lock where there is one, else read until two readings agree.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn read_head(&self) -> io::Result<HeadReading> {
        match self {
            Medium::File(file) => read_head(file),
            Medium::Part(slice) => read_until_stable(slice),
            Medium::Copy(file) => HeadReading::undisturbed(file),
        }
    }

    /// Another handle of the same bytes.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn try_clone(&self) -> io::Result<Medium> {
        Ok(match self {
            Medium::File(file) => Medium::File(file.try_clone()?),
            Medium::Copy(file) => Medium::Copy(file.try_clone()?),
            Medium::Part(slice) => Medium::Part(slice.with_inner(slice.inner().try_clone()?)),
        })
    }
}

impl ReadAt for Medium {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        match self {
            Medium::File(file) | Medium::Copy(file) => file.read_at(buffer, position),
            Medium::Part(slice) => slice.read_at(buffer, position),
        }
    }

    fn size(&self) -> io::Result<u64> {
        match self {
            Medium::File(file) | Medium::Copy(file) => file.size(),
            Medium::Part(slice) => slice.size(),
        }
    }
}

/// Where the bytes of a log come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file of its own.
    File,
    /// A device.
    Device,
    /// A part of a file or device.
    Part {
        /// Whether its size was said.
        sized: bool,
    },
    /// A copy of what came through a pipe.
    Copy,
    /// Memory, or a storage of the caller.
    Memory,
}

impl Origin {
    /// Whether the log ends where the bytes do. What follows the checkpoint on a device, or in a larger file, may be
    /// anything: joedb does not cut what it writes to (FORMAT.md, section 2).
    #[must_use]
    pub const fn ends_the_log(self) -> bool {
        !matches!(self, Origin::Device | Origin::Part { sized: false })
    }
}
