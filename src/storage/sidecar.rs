//! The name of the index beside a log, and taking it away.

use super::{Directory, ReadAt};
use std::io;
use std::path::{Path, PathBuf};

/// What an index begins with: see [`crate::index::Index`].
pub const INDEX_MAGIC: &[u8; 8] = b"joedbIDX";

/// The name of the index of a log: `NAME.index` for `NAME`.
#[must_use]
pub fn index_name(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".index");
    name.into()
}

/// Whether a file begins as an index does.
///
/// # Errors
/// What the operating system says.
pub fn is_index(file: &impl ReadAt) -> io::Result<bool> {
    let mut found = [0; INDEX_MAGIC.len()];
    Ok(file.read_full_at(&mut found, 0)? == found.len() && found == *INDEX_MAGIC)
}

/// Removes the index of a log that is about to be cut or replaced. Any other file of that name stays.
///
/// Nothing depends on it: an index is compared with its log before it is used. So it is no error where it fails.
pub fn discard_index<D: Directory>(directory: &D, log: &Path) {
    let name = index_name(log);
    if directory.open(&name).is_ok_and(|file| is_index(&file).unwrap_or(false)) {
        // The next reader finds out that it is stale, as it would after a crash here.
        let _ = directory.remove(&name);
    }
}
