//! Where a test plays: the programs, a directory of its own, the corpus.

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// `joedb_logdump`, without arguments and without the caller's wishes for colour.
pub(crate) fn logdump() -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("joedb_logdump");
    command.env_remove("NO_COLOR");
    command
}

/// `joedb_convert`, without arguments.
pub(crate) fn convert() -> Command {
    assert_cmd::cargo::cargo_bin_cmd!("joedb_convert")
}

/// `joedb_bench`, without arguments.
pub(crate) fn bench() -> Command {
    assert_cmd::cargo::cargo_bin_cmd!("joedb_bench")
}

/// What `joedb_logdump` prints with these options, whatever its exit code.
pub(crate) fn dumped(options: &[&str], path: &Path) -> String {
    let output = logdump().args(options).arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The path of a file or a folder of the corpus.
pub(crate) fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus").join(name)
}

/// The joedb files in a folder of the corpus.
pub(crate) fn corpus_files(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(corpus(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "joedb"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no files in {folder}");
    found
}

/// Every joedb file of the corpus.
pub(crate) fn whole_corpus() -> Vec<PathBuf> {
    ["valid", "v4", "crash", "real"].into_iter().flat_map(corpus_files).collect()
}

/// A directory that goes with the test.
pub(crate) struct Scene(TempDir);

impl Scene {
    pub(crate) fn new() -> Scene {
        Scene(tempfile::tempdir().unwrap())
    }

    /// The directory itself.
    pub(crate) fn directory(&self) -> &Path {
        self.0.path()
    }

    /// The path of a name, whether or not there is such a file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A new file.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The names of all files, sorted: a temporary file that was left behind would show.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// Whether the tests run as root, who may read everything.
pub(crate) fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0
}

/// The same pseudo-random numbers on every run (Vigna's SplitMix64).
pub(crate) fn random_bits(count: usize) -> Vec<u64> {
    let mut state = 2_654_435_769_u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    (0..count).map(|_| next()).collect()
}

/// Finite doubles of all sizes, the difficult ones first.
pub(crate) fn doubles() -> Vec<f64> {
    let difficult =
        [0.0, -0.0, 0.1, 1.0, 1e15, 1e16, 123_456_789.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::MIN];
    let random = random_bits(2000).into_iter().map(f64::from_bits).filter(|number| number.is_finite());
    difficult.into_iter().chain(random).collect()
}

/// Finite single floats of all sizes, the difficult ones first.
pub(crate) fn singles() -> Vec<f32> {
    let difficult = [0.0, -0.0, 0.1, 1.0, 16_777_216.0, 1e-45, f32::MIN_POSITIVE, f32::MAX, f32::MIN];
    let random = random_bits(2000)
        .into_iter()
        .map(|bits| f32::from_bits((bits >> 32) as u32))
        .filter(|number| number.is_finite());
    difficult.into_iter().chain(random).collect()
}
