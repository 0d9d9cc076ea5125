//! The index in its file beside the log.

use super::changed::crc_of;
use super::format::{INDEX_HEAD, check_head};
use super::{FormatError, Index};
use crate::head::Version;
use crate::journal::{Journal, SourceError};
use crate::recovery::ApplyError;
use crate::recovery::temporary::{Temporary, io_error};
use crate::storage::{Directory, Existing, ReadAt, Storage, index_name, is_index};
use crate::text::{Position, file_name};
use std::io;
use std::path::{Path, PathBuf};

/// Why an index is not used. It is never an error: everything is read then, as if there were none.
#[derive(Debug, thiserror::Error)]
pub enum Unused {
    /// There is none.
    #[error("there is none")]
    Missing,
    /// It could not be read.
    #[error("{0}")]
    Unreadable(io::Error),
    /// It is too long to be of this log.
    #[error("{found} bytes found, at most {most} expected for this log")]
    TooLong {
        /// How long it is.
        found: u64,
        /// How long it may be.
        most: u64,
    },
    /// Its bytes are no index.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The log is of another version.
    #[error("it is of a log of version {}, and this one is of version {}", found.number(), log.number())]
    OtherVersion {
        /// That of the index.
        found: Version,
        /// That of the log.
        log: Version,
    },
    /// The log is shorter than what was indexed.
    #[error("it covers the log up to {}, which is checkpointed up to {}", Position(*covered), Position(*current))]
    Beyond {
        /// Up to where the index goes.
        covered: u64,
        /// Up to where the log goes.
        current: u64,
    },
    /// The log has other bytes than what was indexed.
    #[error("the bytes from {} to {} are not those that were indexed", Position(*position), Position(*end))]
    OtherBytes {
        /// Where the block begins that was compared.
        position: u64,
        /// Where it ends.
        end: u64,
    },
    /// The log could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl Unused {
    /// Whether what has its name is no index, so that none can be saved there.
    #[must_use]
    pub const fn is_in_the_way(&self) -> bool {
        matches!(self, Unused::Unreadable(_) | Unused::Format(FormatError::NoIndex))
    }
}

/// Why an index was not saved. The one that was there before is there still.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    /// The file could not be written.
    #[error(transparent)]
    Output(#[from] ApplyError),
    /// A file that is no index has the name.
    #[error("{}: it is there already and is no index; move it away", file_name(_0))]
    Occupied(PathBuf),
}

impl Index {
    /// Whether it is of this log, as far as length and the checksums of the first and the last block tell.
    ///
    /// # Errors
    /// [`Unused`] where it is not, or where that cannot be found out.
    pub fn verify(&self, journal: &mut Journal) -> Result<(), Unused> {
        self.fits(journal)?;
        let ends = [self.blocks().first(), self.blocks().last().filter(|_| self.blocks().len() > 1)];
        for block in ends.into_iter().flatten() {
            if crc_of(journal, block)? != block.crc {
                return Err(Unused::OtherBytes { position: block.position, end: block.end() });
            }
        }
        Ok(())
    }

    /// Whether version and length allow that it is of this log.
    ///
    /// # Errors
    /// [`Unused::OtherVersion`] or [`Unused::Beyond`].
    pub fn fits(&self, journal: &Journal) -> Result<(), Unused> {
        let (found, log, covered) = (self.version(), journal.version(), self.end());
        if found != log {
            return Err(Unused::OtherVersion { found, log });
        }
        let current = journal.checkpoints().claimed().min(journal.size());
        if covered > current { Err(Unused::Beyond { covered, current }) } else { Ok(()) }
    }
}

/// Reads the index beside `log`, which is opened as `journal`. Whether it is of that log is for [`Index::verify`] to say,
/// and for [`Index::changed`].
///
/// # Errors
/// [`Unused`].
pub fn read_beside<D: Directory>(directory: &D, log: &Path, journal: &Journal) -> Result<Index, Unused> {
    let file = directory.open(&index_name(log)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unused::Missing,
        _ => Unused::Unreadable(error),
    })?;
    Ok(Index::parse(&bytes_of(&file, journal)?)?)
}

/// The bytes of an index. One that is out of all proportion to the log is not read, and room is made for one only once its
/// head says that it is as long.
fn bytes_of(file: &impl ReadAt, journal: &Journal) -> Result<Vec<u8>, Unused> {
    /// For a log of nothing but schema entries of a few bytes each.
    const MOST_FOR_A_BYTE: u64 = 32;
    const MOST_AT_LEAST: u64 = 64 * 1024;
    let most = journal.size().saturating_mul(MOST_FOR_A_BYTE).max(MOST_AT_LEAST);
    let found = file.size().map_err(Unused::Unreadable)?;
    let too_long = Unused::TooLong { found, most };
    if found > most {
        return Err(too_long);
    }
    let Ok(length) = usize::try_from(found) else { return Err(too_long) };
    let mut bytes = vec![0; length.min(INDEX_HEAD)];
    let read = file.read_full_at(&mut bytes, 0).map_err(Unused::Unreadable)?;
    check_head(bytes.get(..read).unwrap_or_default(), found)?;
    let more = length.saturating_sub(bytes.len());
    bytes.try_reserve_exact(more).map_err(|_| Unused::Unreadable(io::ErrorKind::OutOfMemory.into()))?;
    bytes.resize(length, 0);
    let read = file.read_full_at(&mut bytes, 0).map_err(Unused::Unreadable)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Writes the index beside `log`, of which `file` is a handle: whoever may read the log may read its index. It appears
/// under its name when it is whole, and takes the place of an older one.
///
/// # Errors
/// [`NotSaved`].
pub fn save_beside<D: Directory>(
    index: &Index,
    directory: &D,
    log: &Path,
    file: &D::File,
) -> Result<u64, NotSaved> {
    let name = index_name(log);
    match directory.open(&name) {
        Ok(old) if !is_index(&old).unwrap_or(false) => return Err(NotSaved::Occupied(name)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error(&name, "opening")(error).into());
        }
        _ => {}
    }
    let bytes = index.to_bytes();
    let mut temporary = Temporary::beside(directory, &name)?;
    temporary.file.write_at(&bytes, 0).map_err(io_error(&name, "writing"))?;
    temporary.file.copy_attributes(file);
    temporary.file.sync().map_err(io_error(&name, "syncing"))?;
    temporary.finish(&name, Existing::Replace)?;
    Ok(bytes.len() as u64)
}
