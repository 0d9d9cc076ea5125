//! joedb's locks: open-file-description locks on two single bytes (FORMAT.md, section 1).
//!
//! NFS passes them to its server; mounted with `nolock` or `local_lock` it does not, and like sshfs, or any FUSE file
//! system without locks of its own, keeps them on this machine. Some file systems have none at all: there, and elsewhere
//! than on Linux, these functions say [`io::ErrorKind::Unsupported`].

use super::{Mode, Region};
use std::fs::File;
use std::io;

#[cfg(target_os = "linux")]
mod system {
    use super::{File, Mode, Region, io};
    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    fn description(region: Region, lock_type: libc::c_int) -> libc::flock {
        // The constants are small numbers; libc's field types are 16 bits wide.
        let narrow = |constant: libc::c_int| i16::try_from(constant).unwrap_or(0);
        libc::flock {
            l_type: narrow(lock_type),
            l_whence: narrow(libc::SEEK_SET),
            l_start: match region {
                Region::Head => 0,
                Region::Tail => i64::MAX,
            },
            l_len: 1,
            // Open-file-description locks demand 0.
            l_pid: 0,
        }
    }

    const fn lock_type(mode: Mode) -> libc::c_int {
        match mode {
            Mode::Shared => libc::F_RDLCK,
            Mode::Exclusive => libc::F_WRLCK,
        }
    }

    /// File systems without locks answer in several ways.
    fn understood(error: Errno) -> io::Error {
        match error {
            Errno::ENOLCK | Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP => {
                io::Error::new(io::ErrorKind::Unsupported, error)
            }
            other => other.into(),
        }
    }

    pub(super) fn try_lock(file: &File, region: Region, mode: Mode) -> io::Result<bool> {
        match fcntl(file, FcntlArg::F_OFD_SETLK(&description(region, lock_type(mode)))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(error) => Err(understood(error)),
        }
    }

    pub(super) fn lock(file: &File, region: Region, mode: Mode) -> io::Result<()> {
        loop {
            match fcntl(file, FcntlArg::F_OFD_SETLKW(&description(region, lock_type(mode)))) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(understood(error)),
            }
        }
    }

    pub(super) fn unlock(file: &File, region: Region) -> io::Result<()> {
        let released = fcntl(file, FcntlArg::F_OFD_SETLK(&description(region, libc::F_UNLCK)));
        released.map(drop).map_err(understood)
    }

    pub(super) fn is_locked(file: &File, region: Region) -> io::Result<bool> {
        let mut answer = description(region, libc::F_WRLCK);
        fcntl(file, FcntlArg::F_OFD_GETLK(&mut answer)).map_err(understood)?;
        Ok(libc::c_int::from(answer.l_type) != libc::F_UNLCK)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{File, Mode, Region, io};

    pub(super) fn try_lock(_: &File, _: Region, _: Mode) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn lock(_: &File, _: Region, _: Mode) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn unlock(_: &File, _: Region) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn is_locked(_: &File, _: Region) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Takes a lock if nobody holds one against it.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where there are no locks, or what the operating system says.
pub fn try_lock(file: &File, region: Region, mode: Mode) -> io::Result<bool> {
    system::try_lock(file, region, mode)
}

/// Takes a lock, and waits for it as long as somebody holds one against it.
///
/// # Errors
/// As [`try_lock`].
pub fn lock(file: &File, region: Region, mode: Mode) -> io::Result<()> {
    system::lock(file, region, mode)
}

/// Gives a lock back.
///
/// # Errors
/// As [`try_lock`].
pub fn unlock(file: &File, region: Region) -> io::Result<()> {
    system::unlock(file, region)
}

/// Whether somebody else holds a lock there, asked without taking one; a read-only file will do.
///
/// # Errors
/// As [`try_lock`].
pub fn is_locked(file: &File, region: Region) -> io::Result<bool> {
    system::is_locked(file, region)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_is_seen_through_a_read_only_file_and_keeps_others_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("locked");
        let writer = File::create(&path).unwrap();
        let reader = File::open(&path).unwrap();
        assert!(!is_locked(&reader, Region::Tail).unwrap());
        assert!(try_lock(&writer, Region::Tail, Mode::Exclusive).unwrap());
        assert!(is_locked(&reader, Region::Tail).unwrap());
        assert!(!is_locked(&reader, Region::Head).unwrap());
        assert!(!try_lock(&reader, Region::Tail, Mode::Shared).unwrap());
        unlock(&writer, Region::Tail).unwrap();
        assert!(try_lock(&reader, Region::Tail, Mode::Shared).unwrap());
    }
}
