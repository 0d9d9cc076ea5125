//! Names beside a file that nobody has yet.

use joedb::storage::numbered_names;
use std::path::{Path, PathBuf};

fn exists(name: &Path) -> bool {
    name.symlink_metadata().is_ok()
}

/// The first of them that is free.
pub(crate) fn free(path: &Path, suffix: &str) -> PathBuf {
    numbered_names(path, suffix).find(|name| !exists(name)).unwrap_or_default()
}

/// The last of them before the first that is free.
pub(crate) fn newest(path: &Path, suffix: &str) -> Option<PathBuf> {
    numbered_names(path, suffix).take_while(|name| exists(name)).last()
}
