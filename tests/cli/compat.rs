//! `--compat`: the recorded output of the reference tools through the program, byte for byte.

use crate::scene::{corpus_files, logdump, whole_corpus};
use std::fs;
use std::path::Path;

/// Compares what the program prints with what is recorded beside the file, where anything is.
fn compare(path: &Path, extension: &str, options: &[&str]) {
    let Ok(expected) = fs::read(path.with_extension(extension)) else { return };
    let output = logdump().arg("--compat").args(options).arg(path).output().unwrap();
    let found = String::from_utf8_lossy(&output.stdout);
    let expected_text = String::from_utf8_lossy(&expected);
    let differing = found.lines().zip(expected_text.lines()).find(|(found, expected)| found != expected);
    assert!(output.stdout == expected, "{} .{extension}: {differing:?}", path.display());
}

#[test]
fn every_form_of_a_whole_log_is_that_of_the_reference() {
    for path in corpus_files("valid") {
        compare(&path, "dump", &[]);
        compare(&path, "raw", &["--raw"]);
        compare(&path, "sql", &["--sql"]);
        compare(&path, "schema", &["--schema-only"]);
        compare(&path, "checkpoints", &["--print-checkpoint"]);
        compare(&path, "blob", &["--blob"]);
        compare(&path, "blob_raw", &["--raw", "--blob"]);
        compare(&path, "blob_sql", &["--sql", "--blob"]);
    }
}

#[test]
fn version_4_is_dumped_as_joedb_9_dumps_it() {
    for path in corpus_files("v4") {
        compare(&path, "dump", &[]);
        compare(&path, "raw", &["--raw"]);
    }
}

#[test]
fn crashed_files_are_dumped_and_their_heads_shown_as_the_reference_does() {
    for path in corpus_files("crash").into_iter().chain(corpus_files("real")) {
        compare(&path, "dump", &[]);
        compare(&path, "header", &["--header"]);
        compare(&path, "ignore_header.dump", &["--ignore-header"]);
    }
}

#[test]
fn the_window_prints_what_the_map_prints() {
    for path in corpus_files("valid").into_iter().chain(corpus_files("crash")) {
        compare(&path, "dump", &["--mmap"]);
    }
}

#[test]
fn the_exit_code_is_the_same_with_and_without_it() {
    for path in whole_corpus() {
        for mode in [&[][..], &["--raw"], &["--header"], &["--ignore-header"], &["--tail"], &["--from=50"]] {
            let codes = [&[][..], &["--compat"]]
                .map(|more| logdump().args(mode).args(more).arg(&path).output().unwrap().status.code());
            assert_eq!(codes[0], codes[1], "{} {mode:?}", path.display());
        }
    }
}
