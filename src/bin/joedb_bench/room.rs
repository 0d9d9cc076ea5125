//! Whether there is room for the files and the memory of the runs.

use crate::args::Plan;
use crate::machine::available_memory;
use crate::numbers::bytes;
use crate::outcome::Failure;
use anyhow::anyhow;
use joedb::storage::free_space;
use joedb::text::file_name;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// What the runs need at most, in bytes, other programs not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Room {
    disk_bytes: u64,
    memory_bytes: u64,
}

/// What a run needs without any rows: the program itself, SQLite's cache, a log that is written ahead.
const LEAST: u64 = 32_000_000;

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} of disk and {} of memory", bytes(self.disk_bytes), bytes(self.memory_bytes))
    }
}

/// What these runs need: memory for one at a time, and disk for one, or where they are kept, for all of them.
pub(crate) fn needed(plans: &[Plan], keep: bool) -> Room {
    let costs = plans
        .iter()
        .flat_map(|plan| plan.case.contenders().iter().map(|contender| (contender.cost, plan.rows)));
    let of = |bytes: u64, rows: u64| bytes.saturating_mul(rows).saturating_add(LEAST);
    costs.fold(Room::default(), |room, (cost, rows)| {
        let (disk, memory) = (of(cost.disk, rows), of(cost.memory, rows));
        let disk_bytes = if keep { room.disk_bytes.saturating_add(disk) } else { room.disk_bytes.max(disk) };
        Room { disk_bytes, memory_bytes: room.memory_bytes.max(memory) }
    })
}

/// An error if there is less. Where the system does not tell, there is hope.
pub(crate) fn check(needed: &Room, directory: &Path) -> Result<(), Failure> {
    // The free space of a directory is asked for by a name in it.
    let disk = free_space(&directory.join("result"));
    if let Some(free) = disk.filter(|&free| free < needed.disk_bytes) {
        let (needed, free) = (bytes(needed.disk_bytes), bytes(free));
        let directory = file_name(directory);
        return Err(anyhow!(
            "{directory}: {needed} of disk needed, {free} free; take another --dir or fewer --rows"
        )
        .into());
    }
    match available_memory().filter(|&free| free < needed.memory_bytes) {
        Some(free) => {
            let (needed, free) = (bytes(needed.memory_bytes), bytes(free));
            Err(anyhow!("{needed} of memory needed, {free} available; take fewer --rows").into())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;

    fn plan(case: Case, rows: u64) -> Plan {
        Plan { case, rows, external: Vec::new() }
    }

    #[test]
    fn the_largest_run_counts_and_where_files_are_kept_all_of_them() {
        let small = [plan(Case::CommitHard, 1), plan(Case::Vector, 1_000_000)];
        let once = needed(&small, false);
        assert_eq!(once.disk_bytes, LEAST + 24_000_000, "SQLite has the largest file");
        assert_eq!(once.memory_bytes, LEAST + 24_000_000, "tables");
        let kept = needed(&small, true);
        let files = (24 + 24 + 18 + 18) * 1_000_001;
        assert_eq!((kept.disk_bytes, kept.memory_bytes), (8 * LEAST + files, once.memory_bytes));
    }

    #[test]
    fn too_little_room_is_an_error_with_both_sizes() {
        let directory = tempfile::tempdir().unwrap();
        let huge = 1 << 60;
        let message = |disk_bytes, memory_bytes| {
            let failure = check(&Room { disk_bytes, memory_bytes }, directory.path()).unwrap_err();
            format!("{:#}", failure.error)
        };
        assert!(check(&Room::default(), directory.path()).is_ok());
        if cfg!(target_os = "linux") {
            let disk = message(huge, 0);
            assert!(
                disk.contains("1152921505 GB of disk needed, ") && disk.contains(" free; take"),
                "{disk}"
            );
            let memory = message(0, huge);
            assert!(memory.contains("1152921505 GB of memory needed, "), "{memory}");
        }
    }
}
