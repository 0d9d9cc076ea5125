//! Names beside a file that nobody has yet.

use std::path::{Path, PathBuf};

/// FILE.undo, FILE.undo.2, FILE.undo.3 and so on, for a suffix `.undo`.
fn numbered(path: &Path, suffix: &str) -> impl Iterator<Item = PathBuf> {
    (1_u32..).map(move |number| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        if number > 1 {
            name.push(format!(".{number}"));
        }
        name.into()
    })
}

fn exists(name: &Path) -> bool {
    name.symlink_metadata().is_ok()
}

/// The first of them that is free.
pub(crate) fn free(path: &Path, suffix: &str) -> PathBuf {
    numbered(path, suffix).find(|name| !exists(name)).unwrap_or_default()
}

/// The last of them before the first that is free.
pub(crate) fn newest(path: &Path, suffix: &str) -> Option<PathBuf> {
    numbered(path, suffix).take_while(|name| exists(name)).last()
}
