//! Making a new file, of entries or of anything, and what must hold wherever that is interrupted.

use crate::disk::{State, is_temporary};
use crate::in_place::{BYSTANDER, BYSTANDER_BYTES, bytes, ensure};
use crate::mutants::{reordered, with_a_rename_too_early, without_each_sync};
use crate::report::survives;
use crate::storage::SimDirectory;
use crate::work::{Depth, Outcome, Work, attempt, crash, fail};
use joedb::commands::play;
use joedb::export::NewFile;
use joedb::new_journal::NewJournal;
use joedb::recovery::Unattended;
use joedb::storage::Existing;
use joedb::{BlobPointers, Encoder, Entry, Version};
use std::io::Write as _;
use std::path::Path;

const OUTPUT: &str = "new.joedb";
const REPLACED: &[u8] = b"an older one";
const TEXT: &[u8] =
    b"create_table city\ncomment \"of some length, so that sectors are torn in it\"\nvalid_data\n";

/// A text, what is made of it, and a name that may be taken.
struct Loading {
    replaces: bool,
    expected: Vec<u8>,
    make: fn(&SimDirectory, Existing) -> Result<(), String>,
}

impl Loading {
    fn new(replaces: bool) -> Loading {
        let mut encoder = Encoder::new(Version::V5);
        encoder.push(&Entry::CreateTable { name: b"city" });
        encoder.push(&Entry::Comment { text: b"of some length, so that sectors are torn in it" });
        encoder.push(&Entry::ValidData);
        Loading { replaces, expected: encoder.file(), make: Loading::load }
    }

    /// The text itself, as an export writes it.
    fn of_text(replaces: bool) -> Loading {
        Loading { replaces, expected: TEXT.to_vec(), make: Loading::copy }
    }

    fn copy(directory: &SimDirectory, existing: Existing) -> Result<(), String> {
        let mut file =
            NewFile::create(directory, Path::new(OUTPUT), existing).map_err(|error| error.to_string())?;
        TEXT.chunks(40).try_for_each(|piece| file.write_all(piece)).map_err(|error| error.to_string())?;
        file.finish(None, &mut Unattended).map(drop).map_err(|error| error.to_string())
    }

    fn initial(&self) -> State {
        let output = self.replaces.then_some((OUTPUT, REPLACED));
        let files = [(BYSTANDER, BYSTANDER_BYTES)].into_iter().chain(output);
        files.map(|(name, bytes)| (name.into(), bytes.to_vec())).collect()
    }

    fn load(directory: &SimDirectory, existing: Existing) -> Result<(), String> {
        let (pointers, mut supervisor) = (BlobPointers::Follow, Unattended);
        let mut journal =
            NewJournal::create(directory, Path::new(OUTPUT), existing, pointers, &mut supervisor)
                .map_err(|error| error.to_string())?;
        play(TEXT, pointers, &mut journal, &mut |_| {}).map_err(|error| error.to_string())?;
        journal.finish(None).map(drop).map_err(|error| error.to_string())
    }
}

impl Work for Loading {
    fn name(&self) -> &'static str {
        "loading"
    }

    fn is_possible(&self, _: &State) -> bool {
        true
    }

    fn is_about(&self, _: &Path) -> bool {
        true
    }

    /// Loads as somebody does who finds the directory like this.
    fn run(&self, directory: &SimDirectory) -> Result<(), String> {
        let occupied = bytes(&directory.state(), OUTPUT).is_some();
        (self.make)(directory, if occupied { Existing::Replace } else { Existing::Refuse })
    }

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

    fn check_done(&self, state: &State) -> Result<(), String> {
        ensure(bytes(state, OUTPUT) == Some(&self.expected), || "the output is not durable".to_owned())
    }

    fn check_again(&self, state: &State) -> Result<(), String> {
        let Outcome { directory, result } = attempt(self, state, None);
        let after = directory.state();
        let checked = result.and_then(|()| self.check(&after)).and_then(|()| self.check_done(&after));
        checked.map_err(|error| format!("repeated: {error}"))
    }
}

fn both() -> Vec<Loading> {
    vec![Loading::new(false), Loading::new(true)]
}

#[test]
fn making_a_new_journal_survives_every_crash() {
    survives("new journal", both(), |loading, crashes| {
        crash(&loading, &loading.initial(), Depth::Again, crashes).map(drop)
    });
}

#[test]
fn making_a_new_journal_survives_every_fault() {
    survives("new journal, faults", both(), |loading, crashes| fail(&loading, &loading.initial(), crashes));
}

#[test]
fn a_wrong_way_to_make_a_new_journal_is_found() {
    for loading in both() {
        let initial = loading.initial();
        assert_eq!(without_each_sync(&loading, &initial), [true, true]);
        assert_eq!(reordered(&loading, &initial, with_a_rename_too_early), [true]);
    }
}

fn both_of_text() -> Vec<Loading> {
    vec![Loading::of_text(false), Loading::of_text(true)]
}

#[test]
fn making_a_new_file_of_an_export_survives_every_crash_and_every_fault() {
    survives("new file", both_of_text(), |loading, crashes| {
        crash(&loading, &loading.initial(), Depth::Again, crashes).map(drop)
    });
    survives("new file, faults", both_of_text(), |loading, crashes| {
        fail(&loading, &loading.initial(), crashes)
    });
}

#[test]
fn a_wrong_way_to_make_a_new_file_of_an_export_is_found() {
    for loading in both_of_text() {
        let initial = loading.initial();
        assert_eq!(without_each_sync(&loading, &initial), [true, true]);
        assert_eq!(reordered(&loading, &initial, with_a_rename_too_early), [true]);
    }
}
