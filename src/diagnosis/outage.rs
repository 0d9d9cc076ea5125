//! Did the power fail, or only the program? That decides whether soft checkpoints are complete.

use crate::journal::Medium;
use crate::storage::File;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What happened since the file was last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outage {
    /// The machine has been up: all that was written is there, soft and pending checkpoints are complete.
    ProgramOnly,
    /// The machine was started after the last write: only what was synced is sure to be there.
    MachineRestarted,
    /// The file does not tell.
    Unknown,
}

/// A conclusion and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutageReport {
    /// The conclusion.
    pub conclusion: Outage,
    /// The evidence, as a sentence.
    pub evidence: String,
}

/// What the operating system knows of a file and of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// When the machine was started.
    pub boot: Option<SystemTime>,
    /// When the file was last written.
    pub modified: Option<SystemTime>,
    /// When the file was made, on this file system.
    pub created: Option<SystemTime>,
    /// Whether the file lies on a network file system, written perhaps by another machine.
    pub network: bool,
    /// Whether the log came through a pipe or lies in a larger file: then the times are not its own.
    pub indirect: bool,
    /// The time of the question.
    pub now: Option<SystemTime>,
}

/// A file that was written to for less than this after it was made may well be a copy of another.
const MADE_AT_ONCE: Duration = Duration::from_secs(2);

impl Evidence {
    /// Asks the operating system; what it does not say is left out.
    #[must_use]
    pub fn of_file(file: &File) -> Evidence {
        let metadata = file.inner().metadata().ok();
        Evidence {
            boot: boot_time(),
            modified: metadata.as_ref().and_then(|metadata| metadata.modified().ok()),
            created: metadata.as_ref().and_then(|metadata| metadata.created().ok()),
            network: is_on_network(file),
            indirect: false,
            now: Some(SystemTime::now()),
        }
    }

    /// As [`Evidence::of_file`], of whatever a log was read from; only a file of its own has times that are the log's.
    #[must_use]
    pub fn of_medium(medium: &Medium) -> Evidence {
        match medium {
            Medium::File(file) => Evidence::of_file(file),
            Medium::Part(_) | Medium::Copy(_) => Evidence { indirect: true, ..Evidence::default() },
        }
    }

    /// As [`Evidence::of_file`], by name.
    #[must_use]
    pub fn of_path(path: &Path) -> Evidence {
        File::open(path).map_or_else(|_| Evidence::default(), |file| Evidence::of_file(&file))
    }

    /// What follows from the evidence.
    #[must_use]
    pub fn judge(&self) -> OutageReport {
        let unknown = |evidence: &str| report(Outage::Unknown, evidence.to_owned());
        if self.indirect {
            return unknown(
                "the log came through a pipe or lies in a larger file, and the times of that are not its own",
            );
        }
        if self.network {
            return unknown("the file is on a network file system, and another machine may have written it");
        }
        let Some((boot, modified)) = self.boot.zip(self.modified) else {
            return unknown(
                "the operating system does not tell when it was started or the file last written",
            );
        };
        if self.now.is_some_and(|now| modified > now) {
            return unknown("the file's last modification lies in the future");
        }
        if self.created.is_some_and(|created| created > modified) {
            return unknown("the file was made here after its last modification: it is a copy");
        }
        if modified < boot {
            let ago = duration(boot, modified);
            return report(
                Outage::MachineRestarted,
                format!("the machine was started {ago} after the file was last written"),
            );
        }
        let at_once =
            |created: SystemTime| modified.duration_since(created).is_ok_and(|age| age < MADE_AT_ONCE);
        if self.created.is_some_and(at_once) {
            return unknown("the file was made and last written within two seconds: it may be a copy");
        }
        let up = duration(modified, boot);
        report(
            Outage::ProgramOnly,
            format!("the machine had been up for {up} when the file was last written, and still is"),
        )
    }
}

fn report(conclusion: Outage, evidence: String) -> OutageReport {
    OutageReport { conclusion, evidence }
}

/// A span of time in words, by its two largest units.
fn duration(later: SystemTime, earlier: SystemTime) -> String {
    let seconds = later.duration_since(earlier).unwrap_or_default().as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(target_os = "linux")]
fn boot_time() -> Option<SystemTime> {
    let statistics = std::fs::read_to_string("/proc/stat").ok()?;
    let seconds = statistics.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(not(target_os = "linux"))]
fn boot_time() -> Option<SystemTime> {
    None
}

#[cfg(target_os = "linux")]
fn is_on_network(file: &File) -> bool {
    use nix::sys::statfs;
    const NETWORK: [statfs::FsType; 6] = [
        statfs::NFS_SUPER_MAGIC,
        statfs::SMB_SUPER_MAGIC,
        statfs::FUSE_SUPER_MAGIC,
        statfs::AFS_SUPER_MAGIC,
        statfs::CODA_SUPER_MAGIC,
        statfs::NCP_SUPER_MAGIC,
    ];
    // CIFS, SMB 2, 9P and Ceph have no name in the nix package; the numbers are those of statfs(2).
    const NUMBERS: [i64; 4] = [0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x00c3_6400];
    let Ok(found) = statfs::fstatfs(file.inner()) else { return false };
    let kind = found.filesystem_type();
    NETWORK.contains(&kind) || NUMBERS.contains(&(kind.0 & 0xffff_ffff))
}

#[cfg(not(target_os = "linux"))]
fn is_on_network(_: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    const fn evidence() -> Evidence {
        Evidence { boot: None, modified: None, created: None, network: false, indirect: false, now: None }
    }

    #[test]
    fn a_file_written_since_the_start_lost_nothing_but_its_program() {
        let found =
            Evidence { boot: at(100), created: at(10), modified: at(500), now: at(600), ..evidence() }
                .judge();
        assert_eq!(found.conclusion, Outage::ProgramOnly);
        assert!(found.evidence.contains("6 min 40 s"), "{}", found.evidence);
    }

    #[test]
    fn a_start_after_the_last_write_means_that_only_synced_data_is_sure() {
        let found =
            Evidence { boot: at(500), created: at(10), modified: at(100), now: at(600), ..evidence() }
                .judge();
        assert_eq!(found.conclusion, Outage::MachineRestarted);
    }

    #[test]
    fn copies_network_files_and_impossible_times_tell_nothing() {
        let known =
            Evidence { boot: at(100), created: at(10), modified: at(500), now: at(600), ..evidence() };
        let silent = [
            Evidence { network: true, ..known },
            Evidence { indirect: true, ..known },
            Evidence { created: at(550), ..known },
            Evidence { created: at(499), ..known },
            Evidence { now: at(400), ..known },
            Evidence { boot: None, ..known },
        ];
        for evidence in silent {
            assert_eq!(evidence.judge().conclusion, Outage::Unknown, "{evidence:?}");
        }
    }
}
