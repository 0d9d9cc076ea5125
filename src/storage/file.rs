//! Files and directories of the operating system.

use super::{Directory, Existing, Mode, ReadAt, Region, Storage, copy_through_memory, lock};
use std::fs;
use std::io;
#[cfg(target_os = "linux")]
use std::ops::Range;
use std::path::Path;

/// A file of the operating system.
#[derive(Debug)]
pub struct File {
    inner: fs::File,
    /// Whether the system is asked for locks; without, it is as if the file system had none.
    locks: bool,
}

impl File {
    /// Opens a file for reading. Directories, pipes and character devices are refused before they are opened,
    /// for opening a pipe may wait for ever.
    ///
    /// # Errors
    /// [`io::ErrorKind::IsADirectory`], [`io::ErrorKind::InvalidInput`] for what is neither a regular file nor a
    /// block device, or what the operating system says.
    pub fn open(path: &Path) -> io::Result<File> {
        refuse_special(&fs::metadata(path)?)?;
        fs::File::open(path).map(File::from)
    }

    /// Opens a file for reading and writing; as [`File::open`], only what is a file.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn open_writable(path: &Path) -> io::Result<File> {
        refuse_special(&fs::metadata(path)?)?;
        fs::OpenOptions::new().read(true).write(true).open(path).map(File::from)
    }

    /// A file without a name, in the directory for temporary files, that its owner alone may read. It goes with the
    /// last handle of it, however the program ends.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn temporary() -> io::Result<File> {
        let file = tempfile::tempfile()?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(file.into())
    }

    /// Another handle of the same open file: what one has locked is locked for both.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn try_clone(&self) -> io::Result<File> {
        self.inner.try_clone().map(|inner| File { inner, ..*self })
    }

    /// Whether it is a block device, whose end is not that of what it holds.
    #[must_use]
    pub fn is_device(&self) -> bool {
        self.inner.metadata().is_ok_and(|metadata| is_block_device(&metadata))
    }

    /// The file underneath.
    #[must_use]
    pub const fn inner(&self) -> &fs::File {
        &self.inner
    }

    /// The same file, which never asks for locks again: for file systems that answer wrongly, late or never. Whatever
    /// asks for a lock hears that there are none.
    #[must_use]
    pub fn without_locks(self) -> File {
        File { locks: false, ..self }
    }

    /// Whether somebody else holds a lock there, asked without taking one.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] where there are no locks, or what the operating system says.
    pub fn is_locked(&self, region: Region) -> io::Result<bool> {
        self.ask_for_locks()?;
        lock::is_locked(&self.inner, region)
    }

    /// Tells the system that these bytes are not needed in memory; a length of 0 reaches to the end. Linux forgets those that
    /// the disk has, and begins to write the others, which stay until they are written.
    #[cfg(target_os = "linux")]
    fn dispense_with(&self, start: i64, length: i64) {
        use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
        // A hint; a file system that does not take it does what it would have done without.
        let _ = posix_fadvise(&self.inner, start, length, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
    }

    fn ask_for_locks(&self) -> io::Result<()> {
        if self.locks { Ok(()) } else { Err(io::Error::new(io::ErrorKind::Unsupported, "not asked for")) }
    }
}

impl From<fs::File> for File {
    fn from(file: fs::File) -> File {
        File { inner: file, locks: true }
    }
}

fn refuse_special(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    if metadata.is_file() || is_block_device(metadata) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is neither a regular file nor a block device"))
}

#[cfg(unix)]
fn is_block_device(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_block_device(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_block_device(_: &fs::Metadata) -> bool {
    false
}

impl ReadAt for File {
    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.inner, buffer, position)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.inner, buffer, position)
    }

    fn size(&self) -> io::Result<u64> {
        let metadata = self.inner.metadata()?;
        // The metadata of a block device say 0; its end is where seeking to it ends.
        if metadata.is_file() {
            Ok(metadata.len())
        } else {
            io::Seek::seek(&mut &self.inner, io::SeekFrom::End(0))
        }
    }
}

impl Storage for File {
    #[cfg(unix)]
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.inner, bytes, position)
    }

    #[cfg(windows)]
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            let at = position.saturating_add(written as u64);
            match std::os::windows::fs::FileExt::seek_write(&self.inner, rest, at)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                more => written = written.saturating_add(more),
            }
        }
        Ok(())
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.inner.set_len(size)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync_all()
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.inner.sync_data()
    }

    fn try_lock(&self, region: Region, mode: Mode) -> io::Result<bool> {
        self.ask_for_locks()?;
        lock::try_lock(&self.inner, region, mode)
    }

    fn lock(&self, region: Region, mode: Mode) -> io::Result<()> {
        self.ask_for_locks()?;
        lock::lock(&self.inner, region, mode)
    }

    fn unlock(&self, region: Region) -> io::Result<()> {
        self.ask_for_locks()?;
        lock::unlock(&self.inner, region)
    }

    fn try_clone(&self) -> io::Result<File> {
        self.inner.try_clone().map(|inner| File { inner, ..*self })
    }

    fn copy_from(&mut self, source: &File, from: u64, to: u64, length: u64) -> io::Result<u64> {
        match kernel_copy(&source.inner, &self.inner, from, to, length) {
            Some(copied) => Ok(copied),
            None => copy_through_memory(self, source, from, to, length),
        }
    }

    #[cfg(unix)]
    fn copy_attributes(&mut self, source: &File) -> Vec<String> {
        attributes::copy(&source.inner, &self.inner)
    }

    #[cfg(target_os = "linux")]
    fn start_writing(&self, range: Range<u64>) {
        let length = range.end.saturating_sub(range.start);
        if let (Ok(start), Ok(length)) = (i64::try_from(range.start), i64::try_from(length)) {
            self.dispense_with(start, length);
        }
    }

    #[cfg(target_os = "linux")]
    fn drop_cache(&self) {
        self.dispense_with(0, 0);
    }
}

/// Copies within the kernel, or shares the blocks where the file system can. `None` where it cannot, or copied
/// nothing: the caller then reads and writes, and gets the error or the end from there.
#[cfg(target_os = "linux")]
fn kernel_copy(source: &fs::File, target: &fs::File, from: u64, to: u64, length: u64) -> Option<u64> {
    const ROUND: u64 = 64 * 1024 * 1024;
    let mut from = i64::try_from(from).ok()?;
    let mut to = i64::try_from(to).ok()?;
    let round = usize::try_from(length.min(ROUND)).ok()?;
    let copied = nix::fcntl::copy_file_range(source, Some(&mut from), target, Some(&mut to), round);
    copied.ok().filter(|&copied| copied > 0).map(|copied| copied as u64)
}

#[cfg(not(target_os = "linux"))]
fn kernel_copy(_: &fs::File, _: &fs::File, _: u64, _: u64, _: u64) -> Option<u64> {
    None
}

/// What a file has beside its bytes.
#[cfg(unix)]
mod attributes {
    use std::fs::{File, Metadata, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    use xattr::FileExt as _;

    /// Who may do what, beyond the mode.
    const ACCESS_LIST: &str = "system.posix_acl_access";

    /// The owner comes first: changing it clears bits of the mode. Nobody may read the copy who may not read the source.
    pub(super) fn copy(source: &File, target: &File) -> Vec<String> {
        let mut missing = Vec::new();
        let mut note = |what: String, result: io::Result<()>| {
            if let Err(error) = result {
                missing.push(format!("{what}: {error}"));
            }
        };
        let mut is_same_group = false;
        match (source.metadata(), target.metadata()) {
            (Ok(from), Ok(to)) => {
                let (owner, has_group) = copy_owner(&from, &to, target);
                is_same_group = has_group;
                let mode = safe_mode(from.mode(), owner.is_ok(), has_group);
                note(format!("owner {}:{}", from.uid(), from.gid()), owner);
                note(format!("mode {mode:o}"), target.set_permissions(Permissions::from_mode(mode)));
            }
            (Err(error), _) | (_, Err(error)) => note("owner and mode".to_owned(), Err(error)),
        }
        match source.list_xattr() {
            Ok(names) => {
                for name in names {
                    if name == ACCESS_LIST && !is_same_group {
                        // Its entry for the group would be one for another group.
                        note(format!("attribute {ACCESS_LIST}"), Err(io::ErrorKind::PermissionDenied.into()));
                        continue;
                    }
                    note(
                        format!("attribute {}", crate::text::visible(name.as_encoded_bytes())),
                        copy_attribute(source, target, &name),
                    );
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(error) => note("extended attributes".to_owned(), Err(error)),
        }
        missing
    }

    /// And whether the group at least is that of the source now.
    fn copy_owner(from: &Metadata, to: &Metadata, target: &File) -> (io::Result<()>, bool) {
        if (from.uid(), from.gid()) == (to.uid(), to.gid()) {
            return (Ok(()), true);
        }
        let owner = fchown(target, Some(from.uid()), Some(from.gid()));
        let has_group =
            owner.is_ok() || from.gid() == to.gid() || fchown(target, None, Some(from.gid())).is_ok();
        (owner, has_group)
    }

    /// Bits that lend rights of the owner must not lend those of another one. Where the group is another, who was in it is
    /// not any more and the other way round, so both sides get what both had.
    const fn safe_mode(mode: u32, has_owner: bool, has_group: bool) -> u32 {
        match (has_owner, has_group) {
            (true, _) => mode & 0o7777,
            (false, true) => mode & 0o777,
            (false, false) => {
                let both = (mode >> 3) & mode & 0o7;
                (mode & 0o700) | (both << 3) | both
            }
        }
    }

    fn copy_attribute(source: &File, target: &File, name: &std::ffi::OsStr) -> io::Result<()> {
        source.get_xattr(name)?.map_or(Ok(()), |value| target.set_xattr(name, &value))
    }
}

/// The directories of the operating system; every name is a path.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileDirectory;

impl Directory for FileDirectory {
    type File = File;

    fn create_new(&self, name: &Path) -> io::Result<File> {
        let mut options = fs::OpenOptions::new();
        // `create_new` does not follow a link that somebody planted under the name.
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(name).map(File::from)
    }

    fn open(&self, name: &Path) -> io::Result<File> {
        File::open(name)
    }

    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
        match existing {
            Existing::Replace => fs::rename(from, to),
            Existing::Refuse => rename_to_new(from, to),
        }
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        fs::remove_file(name)
    }

    #[cfg(unix)]
    fn sync(&self, name: &Path) -> io::Result<()> {
        fs::File::open(directory_of(name))?.sync_all()
    }

    #[cfg(not(unix))]
    fn sync(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// The directory that `path` lies in: `.` for a bare name.
#[must_use]
pub fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Renames in one step that fails if the name is taken; a second name that then loses the first one does the
/// same on file systems that do not know that step.
#[cfg(target_os = "linux")]
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    use nix::errno::Errno;
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
        Err(Errno::EINVAL | Errno::ENOSYS) => link_and_remove(from, to),
        renamed => renamed.map_err(io::Error::from),
    }
}

/// Lets two names change places in one step.
#[cfg(target_os = "linux")]
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    Ok(renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    link_and_remove(from, to)
}

fn link_and_remove(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_and_a_device_are_refused_with_words() {
        assert_eq!(File::open(Path::new("/")).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        #[cfg(unix)]
        assert_eq!(File::open(Path::new("/dev/null")).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_rename_to_a_taken_name_fails_in_both_ways() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        for name in [&from, &to] {
            fs::write(name, name.as_os_str().as_encoded_bytes()).unwrap();
        }
        let taken = FileDirectory.rename(&from, &to, Existing::Refuse).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(link_and_remove(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(from.exists());
        FileDirectory.rename(&from, &to, Existing::Replace).unwrap();
        assert!(!from.exists());
    }

    #[test]
    fn what_the_disk_is_given_early_is_read_as_it_was_written() {
        let mut file = File::temporary().unwrap();
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        file.write_at(&bytes, 41).unwrap();
        for range in [41..300_041, 0..0, 5..6, 0..u64::MAX] {
            file.start_writing(range);
        }
        let mut found = vec![0; bytes.len()];
        assert_eq!(file.read_full_at(&mut found, 41).unwrap(), bytes.len());
        assert!(found == bytes);
    }

    #[test]
    fn the_kernel_copies_a_range_to_the_same_place() {
        let directory = tempfile::tempdir().unwrap();
        let source_path = directory.path().join("source");
        fs::write(&source_path, b"0123456789").unwrap();
        let source = File::open(&source_path).unwrap();
        let mut target = FileDirectory.create_new(&directory.path().join("target")).unwrap();
        assert_eq!(target.copy_from(&source, 3, 3, 4).unwrap(), 4);
        let mut found = [0; 7];
        assert_eq!(target.read_full_at(&mut found, 0).unwrap(), 7);
        assert_eq!(&found, b"\0\0\x003456");
    }
}
