//! Saving an index beside a log, and what must hold wherever that is interrupted.

use crate::disk::{State, is_temporary};
use crate::in_place::{BYSTANDER, BYSTANDER_BYTES, bytes, ensure};
use crate::mutants::{reordered, with_a_rename_too_early, without_each_sync};
use crate::report::survives;
use crate::storage::SimDirectory;
use crate::work::{Depth, Outcome, Work, attempt, crash, fail};
use joedb::index::{Index, save_beside};
use joedb::{Encoder, Entry, Head, Journal, Version};
use std::path::Path;

const LOG: &str = "app.joedb";
const INDEX: &str = "app.joedb.index";

/// A log that was indexed before its last entries came, or never.
struct Indexing {
    log: Vec<u8>,
    old: Option<Vec<u8>>,
    expected: Vec<u8>,
}

fn index_of(log: &[u8]) -> Vec<u8> {
    let mut journal = Journal::from_bytes(log.to_vec()).unwrap();
    Index::build(&mut journal, &mut |_| {}).unwrap().index.to_bytes()
}

impl Indexing {
    fn new(was_indexed: bool) -> Indexing {
        let mut encoder = Encoder::new(Version::V5);
        encoder.push(&Entry::CreateTable { name: b"city" });
        let before = encoder.position();
        encoder.push(&Entry::Comment { text: b"behind what was indexed" });
        encoder.push(&Entry::ValidData);
        let old = was_indexed.then(|| index_of(&encoder.file_with(Head::hard(Version::V5, before))));
        let log = encoder.file();
        Indexing { expected: index_of(&log), log, old }
    }

    fn initial(&self) -> State {
        let old = self.old.as_ref().map(|old| (INDEX, &old[..]));
        let files = [(LOG, &self.log[..]), (BYSTANDER, BYSTANDER_BYTES)].into_iter().chain(old);
        files.map(|(name, bytes)| (name.into(), bytes.to_vec())).collect()
    }
}

impl Work for Indexing {
    fn name(&self) -> &'static str {
        "indexing"
    }

    fn is_possible(&self, state: &State) -> bool {
        bytes(state, LOG).is_some()
    }

    fn is_about(&self, name: &Path) -> bool {
        name == Path::new(INDEX)
    }

    fn run(&self, directory: &SimDirectory) -> Result<(), String> {
        let state = directory.state();
        let old = bytes(&state, INDEX).and_then(|old| Index::parse(old).ok());
        let mut journal = Journal::from_bytes(self.log.clone()).map_err(|error| error.to_string())?;
        let old = old.unwrap_or_else(|| Index::empty(Version::V5));
        let built = old.extend(&mut journal, &mut |_| {}).map_err(|error| error.to_string())?;
        let log = directory.open(Path::new(LOG));
        let saved = save_beside(&built.index, directory, Path::new(LOG), &log);
        saved.map(drop).map_err(|error| error.to_string())
    }

    fn check(&self, state: &State) -> Result<(), String> {
        let known = [LOG, INDEX, BYSTANDER].map(Path::new);
        let stranger = state.keys().find(|name| !known.contains(&name.as_path()) && !is_temporary(name));
        ensure(stranger.is_none(), || format!("{stranger:?} appeared"))?;
        let untouched =
            bytes(state, BYSTANDER) == Some(BYSTANDER_BYTES) && bytes(state, LOG) == Some(&self.log);
        ensure(untouched, || "another file was changed".to_owned())?;
        let index = bytes(state, INDEX);
        let known = index == self.old.as_deref() || index == Some(&self.expected);
        ensure(known, || "the index is neither as it was nor whole".to_owned())
    }

    fn check_done(&self, state: &State) -> Result<(), String> {
        ensure(bytes(state, INDEX) == Some(&self.expected), || "the index is not durable".to_owned())
    }

    fn check_again(&self, state: &State) -> Result<(), String> {
        let Outcome { directory, result } = attempt(self, state, None);
        let after = directory.state();
        let checked = result.and_then(|()| self.check(&after)).and_then(|()| self.check_done(&after));
        checked.map_err(|error| format!("repeated: {error}"))
    }
}

fn both() -> Vec<Indexing> {
    vec![Indexing::new(false), Indexing::new(true)]
}

#[test]
fn saving_an_index_survives_every_crash() {
    survives("index", both(), |indexing, crashes| {
        crash(&indexing, &indexing.initial(), Depth::Again, crashes).map(drop)
    });
}

#[test]
fn saving_an_index_survives_every_fault() {
    survives("index, faults", both(), |indexing, crashes| fail(&indexing, &indexing.initial(), crashes));
}

#[test]
fn a_wrong_way_to_save_an_index_is_found() {
    for indexing in both() {
        let initial = indexing.initial();
        assert_eq!(without_each_sync(&indexing, &initial), [true, true]);
        assert_eq!(reordered(&indexing, &initial, with_a_rename_too_early), [true]);
    }
}
