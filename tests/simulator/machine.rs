//! The machine itself: what a disk may hold, by small examples, and how operations fail.

use crate::crash::{Crashes, Run};
use crate::disk::{NameChange, Operation, State};
use crate::report::SEED;
use crate::storage::{FAULTS, Fault, SimDirectory};
use joedb::storage::{Directory, Existing, ReadAt as _, Storage};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

const FILE: &str = "file";

fn holding(bytes: &[u8]) -> State {
    State::from([(FILE.into(), bytes.to_vec())])
}

fn write(position: usize, bytes: &[u8]) -> Operation {
    Operation::Write { file: 0, position, bytes: bytes.to_vec() }
}

const SYNC: Operation = Operation::Sync { file: 0 };
const FAILED_SYNC: Operation = Operation::FailedSync { file: 0 };

/// What may be found after a crash behind the last operation, or, with `from`, after and inside that one too.
fn states(initial: &State, journal: &[Operation], from: usize) -> BTreeSet<State> {
    let run = Run { initial, journal, promise: None, from };
    Crashes::new(SEED).of(&run).into_iter().map(|crash| crash.state).collect()
}

/// The same for the only file.
fn contents(before: &[u8], journal: &[Operation]) -> BTreeSet<Vec<u8>> {
    let states = states(&holding(before), journal, journal.len());
    states.into_iter().map(|mut state| state.remove(Path::new(FILE)).unwrap()).collect()
}

fn set(contents: &[&[u8]]) -> BTreeSet<Vec<u8>> {
    contents.iter().map(|content| content.to_vec()).collect()
}

#[test]
fn each_sector_holds_what_is_durable_or_any_version_that_was_written_since() {
    let found = contents(&[b'.'; 16], &[write(0, &[b'a'; 16]), write(0, &[b'b'; 16])]);
    let sectors = [[b'.'; 8], [b'a'; 8], [b'b'; 8]];
    let pairs = sectors.iter().flat_map(|one| sectors.iter().map(|other| [*one, *other].concat()));
    assert_eq!(found, pairs.collect());
}

#[test]
fn sectors_of_512_and_of_4096_bytes_are_whole() {
    let (before, after) = (vec![b'.'; 8192], vec![b'a'; 8192]);
    let found = contents(&before, &[write(0, &after)]);
    for arrived in [512..1024, 4096..8192] {
        let mut content = before.clone();
        content[arrived.clone()].fill(b'a');
        assert!(found.contains(&content), "{arrived:?} alone");
    }
}

#[test]
fn a_length_is_pending_and_bytes_that_were_not_written_are_zero_or_garbage() {
    let found = contents(b"xy", &[write(2, b"abc")]);
    assert_eq!(found, set(&[b"xy", b"xyabc", b"xy\0\0\0", b"xy\xa5\xa5\xa5"]));
    let found = contents(b"xyz", &[Operation::SetSize { file: 0, size: 1 }]);
    assert_eq!(found, set(&[b"xyz", b"x\0\0", b"x"]));
}

#[test]
fn a_sync_leaves_one_state() {
    assert_eq!(contents(b"xy", &[write(1, b"abc"), SYNC]), set(&[b"xabc"]));
    assert_eq!(contents(b"xy", &[Operation::SetSize { file: 0, size: 1 }, SYNC]), set(&[b"x"]));
}

#[test]
fn a_sync_of_data_keeps_a_length_that_grew_and_no_cut() {
    let sync = Operation::SyncData { file: 0 };
    assert_eq!(contents(b"xy", &[write(1, b"abc"), sync.clone()]), set(&[b"xabc"]));
    let cut = Operation::SetSize { file: 0, size: 1 };
    assert_eq!(contents(b"xy", &[write(0, b"a"), cut, sync]), set(&[b"a\0", b"a"]));
}

#[test]
fn a_failed_sync_drops_what_was_pending_until_it_is_written_again() {
    let uncertain = set(&[b"xy", b"ab"]);
    assert_eq!(contents(b"xy", &[write(0, b"ab"), FAILED_SYNC]), uncertain);
    assert_eq!(contents(b"xy", &[write(0, b"ab"), FAILED_SYNC, SYNC]), uncertain);
    let again = [write(0, b"ab"), FAILED_SYNC, write(0, b"ab"), SYNC];
    assert_eq!(contents(b"xy", &again), set(&[b"ab"]));
}

#[test]
fn the_write_under_way_is_cut_at_any_byte() {
    let found = states(&holding(b"...."), &[write(0, b"abcd")], 0);
    let cut = ["....", "a...", "ab..", "abc.", "abcd"];
    assert_eq!(found, cut.map(|content| holding(content.as_bytes())).into());
}

/// Another file than [`FILE`].
const OTHER: usize = 1;

fn made() -> [Operation; 2] {
    let (name, to) = ("new".into(), "renamed".into());
    [
        Operation::Name(NameChange::Create { name, file: OTHER }),
        Operation::Name(NameChange::Rename { from: "new".into(), to, file: OTHER }),
    ]
}

/// The names that may be found.
fn names(journal: &[Operation]) -> BTreeSet<Vec<String>> {
    let names = |state: &State| state.keys().map(|name| name.to_string_lossy().into_owned()).collect();
    states(&holding(b""), journal, journal.len()).iter().map(names).collect()
}

#[test]
fn names_are_lost_until_the_directory_is_synced() {
    let [create, rename] = made();
    let name = |name: &str| vec![FILE.to_owned(), name.to_owned()];
    let none = vec![FILE.to_owned()];
    let pending = [create.clone(), rename.clone()];
    assert_eq!(names(&pending), [none.clone(), name("new"), name("renamed")].into());
    let synced = [create.clone(), rename.clone(), Operation::SyncDirectory];
    assert_eq!(names(&synced), [name("renamed")].into());
    let dropped = [create, Operation::FailedSyncDirectory, rename, Operation::SyncDirectory];
    assert_eq!(names(&dropped), [name("renamed")].into());
    let [create, rename] = made();
    let dropped = [create, rename, Operation::FailedSyncDirectory, Operation::SyncDirectory];
    assert_eq!(names(&dropped), [none, name("new"), name("renamed")].into());
}

#[test]
fn what_a_temporary_file_holds_makes_no_state_of_its_own() {
    let name = ".joedb-1-0.tmp".into();
    let create = Operation::Name(NameChange::Create { name, file: OTHER });
    let fill = Operation::Write { file: OTHER, position: 0, bytes: b"much".to_vec() };
    assert_eq!(states(&holding(b""), &[create, fill], 1).len(), 2);
}

#[test]
fn who_asks_for_nothing_makes_a_promise_all_the_same() {
    let (initial, journal) = (holding(b"x"), [write(0, b"a")]);
    let run = Run { initial: &initial, journal: &journal, promise: Some("done"), from: 1 };
    let found = Crashes::new(SEED).of(&run);
    assert!(found.len() == 2 && found.iter().all(|crash| crash.promise == Some("done")));
}

// ---- Faults ------------------------------------------------------------------------------------------------

type Attempt = fn(&SimDirectory) -> io::Result<()>;

/// Everything that a program can ask for, and what the file holds when that fails in each of [`FAULTS`].
const ATTEMPTS: [(Attempt, [&[u8]; 3]); 8] = [
    (|it| it.open(FILE.as_ref()).write_at(b"abcd", 0), [b"ab", b"abc", b""]),
    (|it| it.open(FILE.as_ref()).set_size(9), [b""; 3]),
    (|it| it.open(FILE.as_ref()).sync(), [b""; 3]),
    (|it| it.open(FILE.as_ref()).sync_data(), [b""; 3]),
    (|it| it.create_new("new".as_ref()).map(drop), [b""; 3]),
    (|it| it.rename(FILE.as_ref(), "renamed".as_ref(), Existing::Refuse), [b""; 3]),
    (|it| it.remove(FILE.as_ref()), [b""; 3]),
    (|it| Directory::sync(it, FILE.as_ref()), [b""; 3]),
];

#[test]
fn every_operation_can_fail_in_every_way() {
    for (index, (attempt, left)) in ATTEMPTS.into_iter().enumerate() {
        for (fault, left) in FAULTS.into_iter().zip(left) {
            let directory = SimDirectory::new(&holding(b""), Some((0, fault)));
            assert!(attempt(&directory).is_err(), "operation {index}, {fault:?}");
            assert_eq!(directory.state(), holding(left), "operation {index}, {fault:?}");
            assert!(attempt(&directory).is_ok(), "operation {index} after {fault:?}");
        }
    }
}

#[test]
fn a_program_that_was_killed_asks_for_nothing_more_until_it_is_started_again() {
    let directory = SimDirectory::new(&holding(b""), Some((0, Fault::Killed(3))));
    for (attempt, _) in ATTEMPTS {
        assert!(attempt(&directory).is_err());
    }
    assert_eq!((directory.state(), directory.journal().len()), (holding(b"abc"), 1));
    directory.start_again();
    assert!(ATTEMPTS[0].0(&directory).is_ok());
    assert_eq!(directory.state(), holding(b"abcd"));
}

#[test]
fn what_a_failed_sync_dropped_can_still_be_read() {
    let directory = SimDirectory::new(&holding(b"xy"), Some((1, Fault::InputOutput)));
    let mut file = directory.open(FILE.as_ref());
    file.write_at(b"ab", 0).unwrap();
    assert!(file.sync().is_err());
    let mut read = [0; 2];
    assert_eq!((file.read_at(&mut read, 0).unwrap(), &read), (2, b"ab"));
    assert_eq!(contents(b"xy", &directory.journal()), set(&[b"xy", b"ab"]));
}
