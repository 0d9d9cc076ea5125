//! Which file system a directory is on.

use std::path::{Path, PathBuf};

/// A file system, and the device or the server that it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) file_system: String,
    pub(crate) device: String,
}

/// Where a directory, given by its absolute path, is mounted from; `None` where the system does not tell.
pub(crate) fn of(directory: &Path) -> Option<Mount> {
    find(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, directory)
}

/// The mount point that is nearest above; of several at one place the last one, which hides the others.
fn find(mountinfo: &str, directory: &Path) -> Option<Mount> {
    let mounts = mountinfo.lines().filter_map(parse).filter(|(point, _)| directory.starts_with(point));
    mounts.max_by_key(|(point, _)| point.components().count()).map(|(_, mount)| mount)
}

/// A line of `/proc/self/mountinfo` (`man 5 proc_pid_mountinfo`): the mount point is its fifth word, file system and
/// device are the first two words behind the dash.
fn parse(line: &str) -> Option<(PathBuf, Mount)> {
    let (before, after) = line.split_once(" - ")?;
    let point = unescaped(before.split(' ').nth(4)?);
    let mut words = after.split(' ').map(unescaped);
    Some((point.into(), Mount { file_system: words.next()?, device: words.next()? }))
}

/// The kernel writes space, tab, line feed and backslash as three octal digits.
fn unescaped(word: &str) -> String {
    let known = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    known.iter().fold(word.to_owned(), |word, (escaped, meant)| word.replace(escaped, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
30 27 8:1 / /home rw - xfs /dev/sda1 rw
31 30 0:40 / /home/ann/my\\040disk rw master:2 - nfs4 server:/ann rw
32 27 0:41 / /home rw - btrfs /dev/sdb rw
";

    fn found(directory: &str) -> (String, String) {
        let mount = find(MOUNTS, Path::new(directory)).unwrap();
        (mount.file_system, mount.device)
    }

    #[test]
    fn the_nearest_mount_point_counts_and_of_two_at_one_place_the_last() {
        assert_eq!(found("/tmp"), ("ext4".into(), "/dev/vda".into()));
        assert_eq!(found("/home/bob"), ("btrfs".into(), "/dev/sdb".into()));
        assert_eq!(found("/homeless"), ("ext4".into(), "/dev/vda".into()));
        assert_eq!(found("/home/ann/my disk/x"), ("nfs4".into(), "server:/ann".into()));
    }
}
