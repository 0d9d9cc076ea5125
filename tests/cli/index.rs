//! `--index`, and every mode that uses it.

use crate::scene::{Scene, convert, dumped, logdump, whole_corpus};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, is_empty};
use std::fs;
use std::path::{Path, PathBuf};

/// A fixture that grew, beside an index of its beginning.
fn indexed(scene: &Scene, name: &str) -> PathBuf {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let path = scene.file(name, &fs::read(fixture).unwrap());
    logdump().args(["-q", "--index"]).arg(&path).assert().code(0).stdout(is_empty()).stderr(is_empty());
    path
}

/// What a run prints on both outputs, and its exit code.
fn run(options: &[&str], path: &Path) -> (String, String, Option<i32>) {
    let output = logdump().args(options).arg(path).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// A position that is a boundary, and one that is none, in the middle of the log.
fn positions(path: &Path) -> Vec<String> {
    let positions = dumped(&["-q", "--json"], path);
    let positions = positions.lines().filter_map(|line| line.strip_prefix("{\"position\":")?.split(',').next());
    let positions: Vec<&str> = positions.collect();
    let picked = [positions.len() / 3, positions.len() / 2, positions.len().saturating_sub(1)];
    let picked = picked.iter().filter_map(|&index| positions.get(index)).map(|position| position.to_string());
    picked.flat_map(|position| [(position.parse::<u64>().unwrap() + 1).to_string(), position]).collect()
}

#[test]
fn every_mode_prints_with_an_index_what_it_prints_without() {
    let modes: [&[&str]; 10] = [
        &["--tail"],
        &["--tail=hard", "--json"],
        &["--schema-only"],
        &["--schema-only", "--sql"],
        &["--schema-only", "--json"],
        &["--schema-only", "--compat"],
        &["--check", "--format", "json"],
        &["--check", "--quick", "--format", "json", "-q"],
        &["--stats", "--format", "json"],
        &["--stats"],
    ];
    let forms: [&[&str]; 4] = [&[], &["--sql"], &["--raw", "--compat"], &["--json"]];
    for file in whole_corpus() {
        let scene = Scene::new();
        let path = scene.file("app.joedb", &fs::read(&file).unwrap());
        let froms: Vec<String> = positions(&path).iter().map(|position| format!("--from={position}")).collect();
        let parts = froms.iter().flat_map(|from| forms.iter().map(move |form| [&[from.as_str()], *form].concat()));
        let all: Vec<Vec<&str>> = modes.iter().map(|mode| mode.to_vec()).chain(parts).collect();
        let cold: Vec<_> = all.iter().map(|options| run(options, &path)).collect();
        run(&["-q", "--index"], &path);
        for (options, cold) in all.iter().zip(cold) {
            assert_eq!(run(options, &path), cold, "{} {options:?}", file.display());
        }
    }
}
