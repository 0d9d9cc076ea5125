//! Whether a name still stands for the file that was opened under it.

use super::File;
use std::io;
use std::path::Path;

/// What became of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It stands for the same file.
    Same,
    /// It stands for another file.
    Replaced,
    /// There is nothing under it.
    Gone,
}

/// Whether `path` still stands for `file`, by device and inode. Elsewhere than on Unix nobody can tell, and it is
/// said that it does.
///
/// # Errors
/// What the operating system says, unless that is that there is no such file.
#[cfg(unix)]
pub fn presence(file: &File, path: &Path) -> io::Result<Presence> {
    use std::os::unix::fs::MetadataExt as _;
    let found = match path.metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Presence::Gone),
        Err(error) => return Err(error),
    };
    let open = file.inner().metadata()?;
    let same = (found.dev(), found.ino()) == (open.dev(), open.ino());
    Ok(if same { Presence::Same } else { Presence::Replaced })
}

/// Whether `path` still stands for `file`, as far as this operating system tells: it does not.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn presence(_: &File, _: &Path) -> io::Result<Presence> {
    Ok(Presence::Same)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_name_that_is_lost_or_stands_for_another_file_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("a"), directory.path().join("b"));
        fs::write(&path, b"one").unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(presence(&file, &path).unwrap(), Presence::Same);
        fs::rename(&path, &other).unwrap();
        assert_eq!(presence(&file, &path).unwrap(), Presence::Gone);
        assert_eq!(presence(&file, &other).unwrap(), Presence::Same);
        fs::write(&path, b"one").unwrap();
        assert_eq!(presence(&file, &path).unwrap(), Presence::Replaced);
    }
}
