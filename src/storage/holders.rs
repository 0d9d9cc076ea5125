//! Who has a file open, and how much room there is beside it.

use std::path::Path;

/// The processes that have `path` open, as `name (pid)`, as far as the system lets this process see: others' files are
/// hidden from all but root. Empty elsewhere than on Linux.
#[must_use]
pub fn holders(path: &Path) -> Vec<String> {
    let Ok(wanted) = path.canonicalize() else { return Vec::new() };
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id().to_string();
    let mut found: Vec<String> = processes
        .filter_map(|process| process.ok()?.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && *name != own)
        .filter(|pid| has_open(pid, &wanted))
        .map(|pid| format!("{} ({pid})", command_name(&pid)))
        .collect();
    found.sort();
    found
}

fn has_open(pid: &str, wanted: &Path) -> bool {
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors
        .flatten()
        .any(|descriptor| std::fs::read_link(descriptor.path()).is_ok_and(|target| target == wanted))
}

fn command_name(pid: &str) -> String {
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    crate::text::visible(name.trim_ascii_end())
}

/// The bytes that a file beside `path` could take; `None` where the system does not tell.
#[cfg(target_os = "linux")]
#[must_use]
pub fn free_space(path: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(super::directory_of(path)).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()))
}

/// The bytes that a file beside `path` could take; `None` where the system does not tell.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn free_space(_: &Path) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn another_process_that_has_the_file_open_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("open");
        std::fs::write(&path, b"x").unwrap();
        assert!(holders(&path).is_empty());
        let file = std::fs::File::open(&path).unwrap();
        let mut child = std::process::Command::new("sleep").arg("10").stdin(file).spawn().unwrap();
        let expected = format!("sleep ({})", child.id());
        let found = holders(&path);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [expected]);
    }
}
