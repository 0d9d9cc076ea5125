//! What the runs ran on. Figures of commits mean nothing without.

use crate::latency;
use crate::mounts;
use crate::numbers::{bytes, time};
use crate::room::Room;
use crate::statistics::Spread;
use joedb::storage::free_space;
use joedb::text::{file_name, visible};
use serde::Serialize;
use std::io;
use std::path::Path;

/// The machine, the disk and the versions. What the system does not tell is `None`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: Option<String>,
    pub(crate) cores: Option<usize>,
    pub(crate) kernel: Option<String>,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) available_memory_bytes: Option<u64>,
    pub(crate) directory: String,
    pub(crate) file_system: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) free_bytes: Option<u64>,
    /// Of an fsync after a small append.
    pub(crate) sync_seconds: Option<Spread>,
    pub(crate) needed: Room,
    pub(crate) version: &'static str,
    pub(crate) build: &'static str,
    pub(crate) sqlite_version: &'static str,
    /// What makes the figures worthless.
    pub(crate) warnings: Vec<&'static str>,
}

impl Machine {
    /// Looks at the machine, and at the disk that a directory is on.
    pub(crate) fn look(directory: &Path, needed: Room) -> io::Result<Machine> {
        // The directory is our own and will be gone; the user named its parent.
        let named = directory.parent().unwrap_or(directory);
        let mount = mounts::of(directory);
        let (file_system, device) = mount.map(|mount| (mount.file_system, mount.device)).unzip();
        let warnings = warnings(file_system.as_deref());
        Ok(Machine {
            processor: processor(),
            cores: std::thread::available_parallelism().ok().map(usize::from),
            kernel: kernel(),
            memory_bytes: memory("MemTotal"),
            available_memory_bytes: available_memory(),
            directory: named.to_string_lossy().into_owned(),
            file_system,
            device,
            free_bytes: free_space(directory),
            sync_seconds: latency::of_sync(directory)?,
            needed,
            version: env!("CARGO_PKG_VERSION"),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            sqlite_version: rusqlite::version(),
            warnings,
        })
    }

    /// The same for people: what, and how it is. The same facts of every machine; there may be no warnings.
    pub(crate) fn facts(&self) -> [(&'static str, String); 8] {
        let (memory, available) = (size(self.memory_bytes), size(self.available_memory_bytes));
        [
            ("processor", self.processor_line()),
            ("kernel", known(self.kernel.as_deref())),
            ("memory", format!("{memory}, {available} available")),
            ("disk", self.disk_line()),
            ("sync", self.sync_line()),
            ("needed", self.needed.to_string()),
            ("versions", format!("joedb_bench {}, SQLite {}", self.version, self.sqlite_version)),
            ("warnings", self.warnings.join("; ")),
        ]
    }

    /// Those that there are.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.facts().into_iter().filter(|(_, fact)| !fact.is_empty())
    }

    fn processor_line(&self) -> String {
        let cores = self.cores.map_or_else(|| "unknown".into(), |cores| cores.to_string());
        format!("{}, cores: {cores}", known(self.processor.as_deref()))
    }

    fn disk_line(&self) -> String {
        let directory = file_name(Path::new(&self.directory));
        let (file_system, device) = (known(self.file_system.as_deref()), known(self.device.as_deref()));
        format!("{directory}: {file_system} on {device}, {} free", size(self.free_bytes))
    }

    fn sync_line(&self) -> String {
        let Some(sync) = self.sync_seconds else { return "unknown".into() };
        let (samples, appended) = (latency::SAMPLES, latency::APPENDED);
        format!(
            "{} ({} to {}, {samples} times fsync after {appended} bytes)",
            time(sync.median),
            time(sync.min),
            time(sync.max)
        )
    }
}

fn warnings(file_system: Option<&str>) -> Vec<&'static str> {
    let debug = "a debug build: the figures of joedb mean nothing; build with --release";
    let memory = "files in memory: a sync does nothing there, and figures of commits mean nothing";
    let is_memory = matches!(file_system, Some("tmpfs" | "ramfs"));
    let warnings = [cfg!(debug_assertions).then_some(debug), is_memory.then_some(memory)];
    warnings.into_iter().flatten().collect()
}

/// The memory that programs could take, in bytes.
pub(crate) fn available_memory() -> Option<u64> {
    memory("MemAvailable")
}

fn known(text: Option<&str>) -> String {
    text.map_or_else(|| "unknown".to_owned(), |text| visible(text.as_bytes()))
}

fn size(size: Option<u64>) -> String {
    size.map_or_else(|| "unknown".to_owned(), bytes)
}

/// The name of the processor; where Linux has none for it, its architecture.
fn processor() -> Option<String> {
    let found = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = value(&found, "model name");
    Some(name.unwrap_or(std::env::consts::ARCH).to_owned())
}

fn memory(key: &str) -> Option<u64> {
    let found = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes: u64 = value(&found, key)?.strip_suffix(" kB")?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The value of the first line with this key.
fn value<'t>(lines: &'t str, key: &str) -> Option<&'t str> {
    let mut pairs = lines.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(found, _)| found.trim() == key).map(|(_, value)| value.trim())
}

#[cfg(unix)]
fn kernel() -> Option<String> {
    let name = nix::sys::utsname::uname().ok()?;
    let parts = [name.sysname(), name.release(), name.machine()];
    Some(parts.map(|part| part.to_string_lossy().into_owned()).join(" "))
}

#[cfg(not(unix))]
fn kernel() -> Option<String> {
    Some(std::env::consts::OS.to_owned())
}
