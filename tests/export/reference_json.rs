//! The bytes that the reference's `joedb_to_json` printed for the corpus.

use crate::sample::{corpus, state};
use joedb::export::reference_json::{Strings, write};
use joedb::recovery::Unattended;
use std::fs;
use std::path::Path;

fn written(path: &Path, strings: Strings) -> Vec<u8> {
    let state = state(&fs::read(path).unwrap());
    let mut text = Vec::new();
    write(&state.all(), strings, &mut text, &mut Unattended).unwrap();
    text
}

fn assert_printed(path: &Path, strings: Strings, extension: &str) {
    let (found, expected) = (written(path, strings), fs::read(path.with_extension(extension)).unwrap());
    let differs = found.iter().zip(&expected).position(|(found, expected)| found != expected);
    assert!(found == expected, "{}: differs at {differs:?}", path.display());
}

#[test]
fn every_file_of_the_corpus_is_printed_as_the_reference_printed_it() {
    for path in corpus("valid") {
        assert_printed(&path, Strings::Text, "json");
        assert_printed(&path, Strings::Base64, "base64.json");
    }
}

#[test]
fn a_log_without_tables_is_an_object_on_three_lines() {
    let state = state(&joedb::Encoder::new(joedb::Version::V5).file());
    let mut text = Vec::new();
    write(&state.all(), Strings::Text, &mut text, &mut Unattended).unwrap();
    assert_eq!(text, b"{\n\n}\n");
}
