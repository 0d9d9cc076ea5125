//! Making a new file of entries, and what must hold wherever that is interrupted.

use crate::crash::{Crash, Crashes, Run, is_temporary};
use crate::disk::State;
use crate::in_place::{BYSTANDER, BYSTANDER_BYTES, Outcome, bytes, ensure};
use crate::storage::{Fault, SimDirectory};
use crate::{SEED, Tally, each_fault, found, mutants};
use joedb::commands::play;
use joedb::new_journal::NewJournal;
use joedb::recovery::Unattended;
use joedb::storage::Existing;
use joedb::{BlobPointers, Encoder, Entry, Version};
use std::path::Path;

const OUTPUT: &str = "new.joedb";
const REPLACED: &[u8] = b"an older one";
const TEXT: &[u8] =
    b"create_table city\ncomment \"of some length, so that sectors are torn in it\"\nvalid_data\n";

/// A text, and a name that may be taken.
struct Loading {
    replaces: bool,
    expected: Vec<u8>,
}

impl Loading {
    fn new(replaces: bool) -> Loading {
        let mut encoder = Encoder::new(Version::V5);
        encoder.push(&Entry::CreateTable { name: b"city" });
        encoder.push(&Entry::Comment { text: b"of some length, so that sectors are torn in it" });
        encoder.push(&Entry::ValidData);
        Loading { replaces, expected: encoder.file() }
    }

    fn both() -> [Loading; 2] {
        [Loading::new(false), Loading::new(true)]
    }

    fn initial(&self) -> State {
        let output = self.replaces.then_some((OUTPUT, REPLACED));
        let files = [(BYSTANDER, BYSTANDER_BYTES)].into_iter().chain(output);
        files.map(|(name, bytes)| (name.into(), bytes.to_vec())).collect()
    }

    /// Loads as somebody does who finds the directory like this.
    fn run(state: &State, fault: Option<(usize, Fault)>) -> Outcome {
        let directory = SimDirectory::new(state, fault);
        let existing = if bytes(state, OUTPUT).is_some() { Existing::Replace } else { Existing::Refuse };
        let result = Loading::load(&directory, existing);
        Outcome { directory, result }
    }

    fn load(directory: &SimDirectory, existing: Existing) -> Result<(), String> {
        let (pointers, mut supervisor) = (BlobPointers::Follow, Unattended);
        let mut journal =
            NewJournal::create(directory, Path::new(OUTPUT), existing, pointers, &mut supervisor)
                .map_err(|error| error.to_string())?;
        play(TEXT, pointers, &mut journal, &mut |_| {}).map_err(|error| error.to_string())?;
        journal.finish(None).map(drop).map_err(|error| error.to_string())
    }

    /// What must hold wherever it is interrupted.
    fn check(&self, state: &State) -> Result<(), String> {
        let known = [OUTPUT, BYSTANDER].map(Path::new);
        let stranger = state.keys().find(|name| !known.contains(&name.as_path()) && !is_temporary(name));
        ensure(stranger.is_none(), || format!("{stranger:?} appeared"))?;
        let bystander = bytes(state, BYSTANDER) == Some(BYSTANDER_BYTES);
        ensure(bystander, || "another file was changed".to_owned())?;
        let output = bytes(state, OUTPUT);
        let before = self.replaces.then_some(REPLACED);
        let whole = output == Some(&self.expected);
        ensure(whole || output == before, || "the output is neither as it was nor whole".to_owned())
    }

    fn check_crashes(&self, run: &Run<'_>, crashes: &mut Crashes) -> Result<(), String> {
        for Crash { after, acknowledged, state } in crashes.of(run) {
            let whole = bytes(&state, OUTPUT) == Some(&self.expected);
            let durable = ensure(whole || !acknowledged, || "the output is not durable".to_owned());
            let checked = self.check(&state).and(durable).and_then(|()| self.check_repeated(&state));
            checked.map_err(|violation| format!("crash after {after}: {violation}"))?;
        }
        Ok(())
    }

    /// Loading again completes.
    fn check_repeated(&self, state: &State) -> Result<(), String> {
        let Outcome { directory, result } = Loading::run(state, None);
        result.map_err(|error| format!("repeated: {error}"))?;
        let whole = bytes(&directory.state(), OUTPUT) == Some(&self.expected);
        ensure(whole, || "repeated: the output is not whole".to_owned())
    }
}

#[test]
fn making_a_new_journal_survives_every_crash() {
    let mut tally = Tally::new();
    for loading in Loading::both() {
        let mut crashes = Crashes::new(SEED);
        let initial = loading.initial();
        let Outcome { directory, result } = Loading::run(&initial, None);
        result.unwrap();
        let run = Run { initial: &initial, journal: &directory.journal(), succeeded: true, from: 0 };
        loading.check_crashes(&run, &mut crashes).unwrap();
        tally.add(&crashes);
    }
    tally.say("new journal");
}

#[test]
fn making_a_new_journal_survives_every_fault() {
    let mut tally = Tally::new();
    for loading in Loading::both() {
        let mut crashes = Crashes::new(SEED);
        let initial = loading.initial();
        let count = Loading::run(&initial, None).directory.journal().len();
        let run = |at, fault| Loading::run(&initial, Some((at, fault)));
        let mut check = |run: &Run<'_>, left: &State| {
            loading.check(left)?;
            loading.check_crashes(run, &mut crashes)
        };
        each_fault(count, &run, &mut check, &initial).unwrap();
        tally.add(&crashes);
    }
    tally.say("faults in a new journal");
}

#[test]
fn a_wrong_order_in_a_new_journal_is_found() {
    let loading = Loading::new(true);
    let initial = loading.initial();
    let journal = Loading::run(&initial, None).directory.journal();
    let is_found = |mutants: Vec<_>| {
        found(&initial, &mutants, &|run| loading.check_crashes(run, &mut Crashes::new(SEED)))
    };
    // The sync of the content, and of the name.
    assert_eq!(is_found(mutants::without_a_sync(&journal)), [true, true]);
    assert_eq!(is_found(mutants::with_a_rename_too_early(&journal)), [true]);
    // Body and head, whose order is free.
    assert_eq!(is_found(mutants::with_writes_swapped(&journal)), [false]);
}
