//! Every committed input of every fuzz target, and every fixture, once.
#![expect(unreachable_pub, reason = "the targets are the library of a package of their own")]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use targets::TARGETS;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The joedb files of the fixtures and of the corpus.
fn fixtures() -> Vec<PathBuf> {
    let folders = ["fixtures", "fixtures/corpus/crash", "fixtures/corpus/real", "fixtures/corpus/v4"];
    let found = folders.iter().flat_map(|folder| files(&root().join(folder)));
    found.filter(|path| path.extension().is_some_and(|extension| extension == "joedb")).collect()
}

#[test]
fn every_input_that_was_ever_found_and_every_fixture_holds() {
    let fixtures = fixtures();
    for (name, target) in TARGETS {
        let own = files(&root().join("fuzz/inputs").join(name));
        assert!(!own.is_empty(), "{name} has no inputs of its own");
        for path in own.iter().chain(&fixtures) {
            // The name stands before what a panic says.
            eprintln!("{name}: {}", path.display());
            target(&fs::read(path).unwrap());
        }
    }
}
