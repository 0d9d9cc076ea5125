//! The logs that recovery is tried on: small ones for every headline of `--check`, so small that every crash of a second
//! recovery can be made; some that are larger than sectors; and the fixtures.

use crate::fixtures;
use joedb::diagnosis::FindingId::{self, *};
use joedb::diagnosis::{Evidence, diagnose};
use joedb::head::HEAD_SIZE;
use joedb::journal::{Access, Journal};
use joedb::storage::lock::try_lock;
use joedb::storage::{Mode, Region};
use joedb::{
    Encoder, Entry, FieldId, FieldType, Head, InsertForm, RecordId, TableId, Type, UpdateForm, Value, Version,
};
use std::collections::BTreeSet;
use std::io::Write as _;

/// A log, and what is to be said of it.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) name: &'static str,
    pub(crate) headline: FindingId,
    pub(crate) bytes: Vec<u8>,
}

impl Log {
    /// The log as it is found; one that is being written has a writer.
    pub(crate) fn journal(&self) -> Journal {
        if self.headline != BeingWritten {
            return Journal::from_bytes(self.bytes.clone()).unwrap();
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&self.bytes).unwrap();
        assert!(try_lock(file.as_file(), Region::Tail, Mode::Exclusive).unwrap());
        Journal::open(file.path(), Access::Window).unwrap()
    }

    /// The file when it comes to recovering it: a writer has finished its transaction by then.
    pub(crate) fn meanwhile(&self) -> Vec<u8> {
        if self.headline != BeingWritten {
            return self.bytes.clone();
        }
        let transaction = [&self.bytes[..], b"\x0a\x04more\x0e"].concat();
        with_slots(transaction.clone(), [NEW, soft(transaction.len() as u64), NEW, NEW])
    }
}

/// What a new file has in every checkpoint place.
const NEW: i64 = HEAD_SIZE.cast_signed();

const fn hard(position: u64) -> i64 {
    position.cast_signed()
}

const fn soft(position: u64) -> i64 {
    -position.cast_signed()
}

/// A position as an index into the bytes of a file.
fn at(position: u64) -> usize {
    usize::try_from(position).unwrap()
}

fn with_slots(mut bytes: Vec<u8>, slots: [i64; 4]) -> Vec<u8> {
    let head = Head::with_slots(Version::V5, slots).to_bytes();
    bytes[..head.len()].copy_from_slice(&head);
    bytes
}

// ---- Small ones --------------------------------------------------------------------------------------------

/// Three transactions in less than fifty bytes.
struct Transactions {
    version: Version,
    entries: Encoder,
    first: u64,
    second: u64,
    third: u64,
}

const TABLE: TableId = TableId(1);

fn insert(entries: &mut Encoder, record: i64, text: &[u8]) {
    let (record, field) = (RecordId(record), FieldId(1));
    entries.push(&Entry::Insert { table: TABLE, record, form: InsertForm::InsertInto });
    let value = Value::String(text);
    entries.push(&Entry::Update { table: TABLE, record, field, value, form: UpdateForm::Update });
}

impl Transactions {
    fn new(version: Version) -> Transactions {
        let mut entries = Encoder::new(version);
        entries.push(&Entry::CreateTable { name: b"t" });
        let field_type = FieldType::Plain(Type::String);
        entries.push(&Entry::AddField { table: TABLE, name: b"f", field_type });
        let first = entries.position();
        insert(&mut entries, 0, b"one");
        entries.push(&Entry::ValidData);
        let second = entries.position();
        insert(&mut entries, 1, b"two");
        entries.push(&Entry::Timestamp { seconds: 1_745_000_000 });
        let third = entries.position();
        Transactions { version, entries, first, second, third }
    }

    fn file(&self, slots: [i64; 4]) -> Vec<u8> {
        self.entries.file_with(Head::with_slots(self.version, slots))
    }

    fn hard_after_second(&self) -> Vec<u8> {
        self.file([hard(self.first), hard(self.first), hard(self.second), hard(self.second)])
    }

    fn hard_after_third(&self) -> Vec<u8> {
        self.file([hard(self.third), hard(self.third), hard(self.second), hard(self.second)])
    }

    fn soft_after_third(&self) -> Vec<u8> {
        self.file([soft(self.second), soft(self.third), hard(self.first), hard(self.first)])
    }

    /// The first copy of a hard checkpoint stands.
    fn pending(&self) -> Vec<u8> {
        self.file([hard(self.third), hard(self.first), hard(self.second), hard(self.second)])
    }
}

fn truncated(mut bytes: Vec<u8>, size: u64) -> Vec<u8> {
    bytes.truncate(at(size));
    bytes
}

fn filled(mut bytes: Vec<u8>, from: u64, until: u64, fill: u8) -> Vec<u8> {
    bytes[at(from)..at(until)].fill(fill);
    bytes
}

/// At least one log for each headline that recovery can act on.
pub(crate) fn small() -> Vec<Log> {
    let (five, four) = (Transactions::new(Version::V5), Transactions::new(Version::V4));
    let logs = [damaged(&five), recoverable(&five), healthy(&five), odd_heads(&five), of_version_4(&four)];
    let logs = logs.into_iter().flatten();
    logs.map(|(name, headline, bytes)| Log { name, headline, bytes }).collect()
}

type Row = (&'static str, FindingId, Vec<u8>);

fn damaged(log: &Transactions) -> Vec<Row> {
    let Transactions { first, second, third, .. } = *log;
    let inside = hard(third - 3);
    let inside = log.file([inside, inside, hard(second), hard(second)]);
    vec![
        ("cut short", FileCutShort, truncated(log.hard_after_third(), third - 3)),
        ("damaged body", DamagedBody, filled(log.hard_after_third(), first, first + 1, 0xff)),
        ("inside entry", CheckpointInsideEntry, inside),
        ("holes", Holes, filled(log.soft_after_third(), second, third, 0)),
        ("soft past end", SoftPastEnd, truncated(log.soft_after_third(), third - 3)),
    ]
}

fn recoverable(log: &Transactions) -> Vec<Row> {
    let Transactions { second, third, .. } = *log;
    let zeros = [log.hard_after_second(), vec![0; 12]].concat();
    let soft_tail = log.file([soft(second), NEW, NEW, NEW]);
    let pending_tail = [log.pending(), b"\x0a\x05torn".to_vec()].concat();
    vec![
        ("pending", PendingHardCheckpoint, log.pending()),
        ("pending, and a torn tail", PendingHardCheckpoint, pending_tail),
        ("zero-filled tail", ZeroFilledTail, zeros),
        ("damaged tail", DamagedTail, filled(log.hard_after_second(), third - 9, third - 8, 0xff)),
        ("torn tail", TornTail, truncated(log.hard_after_second(), third - 3)),
        ("dirty tail", DirtyTail, log.hard_after_second()),
        ("dirty tail behind a soft checkpoint", DirtyTail, soft_tail),
        ("never checkpointed", DirtyTail, log.file([NEW; 4])),
        ("being written", BeingWritten, log.file([NEW, soft(second), NEW, NEW])),
    ]
}

fn healthy(log: &Transactions) -> Vec<Row> {
    let Transactions { first, second, third, .. } = *log;
    let covered = log.file([hard(third), soft(third), hard(second), hard(second)]);
    let uneven = log.file([hard(first), soft(second), hard(third), hard(third)]);
    vec![
        ("clean, soft", CleanSoft, log.soft_after_third()),
        ("pending covered", CleanSoft, covered),
        ("clean", Clean, log.hard_after_third()),
        ("clean, with leftovers", Clean, uneven),
    ]
}

/// Heads that no writer leaves, or only on its way.
fn odd_heads(log: &Transactions) -> Vec<Row> {
    let Transactions { second, third, .. } = *log;
    let impossible = log.file([i64::MIN, 0, hard(second), hard(second)]);
    let far = log.file([i64::MAX, soft(1 << 40), hard(second), hard(second)]);
    let soft_everywhere = log.file([soft(second), soft(third - 9), soft(second), soft(third)]);
    vec![
        ("impossible numbers", DirtyTail, impossible),
        ("numbers far past the end", SoftPastEnd, far),
        ("soft everywhere", CleanSoft, soft_everywhere),
    ]
}

fn of_version_4(log: &Transactions) -> Vec<Row> {
    vec![
        ("version 4, dirty tail", DirtyTail, log.hard_after_second()),
        ("version 4, pending", PendingHardCheckpoint, log.pending()),
    ]
}

// ---- Large ones --------------------------------------------------------------------------------------------

/// A text of which no sector is like another.
fn text(length: usize) -> Vec<u8> {
    let words = (length..).flat_map(|number| format!("{} ", number * number).into_bytes());
    words.take(length).collect()
}

/// Logs of several sectors of each size: head and cut lie in different ones, and so do the removed bytes.
pub(crate) fn large() -> Vec<Log> {
    let mut log = Transactions::new(Version::V5);
    let mut commit = |lengths: &[usize]| {
        lengths.iter().for_each(|&length| log.entries.push(&Entry::Comment { text: &text(length) }));
        log.entries.position()
    };
    let (first, second) = (commit(&[300, 280]), commit(&[900]));
    commit(&[1000, 2000, 900]);
    let dirty = log.file([hard(second), hard(second), hard(first), hard(first)]);
    let torn = [log.file([soft(first), soft(second), NEW, NEW]), vec![0x0a, 100]].concat();
    vec![
        Log { name: "large, dirty tail", headline: DirtyTail, bytes: dirty },
        Log { name: "large, torn tail", headline: TornTail, bytes: torn },
    ]
}

// ---- All others --------------------------------------------------------------------------------------------

/// The fixtures, but for those that have no head to read.
pub(crate) fn of_fixtures() -> Vec<Log> {
    let log = |fixture: fixtures::Fixture| Log {
        name: fixture.name,
        headline: fixture.verdict,
        bytes: fixture.bytes,
    };
    fixtures::all().into_iter().filter(|fixture| !fixture.name.starts_with("x_")).map(log).collect()
}

/// What recovery can do with a file of this headline.
const fn can_be_recovered(headline: FindingId) -> bool {
    match headline {
        // There is no head to go by.
        NotAJoedbFile | UnknownVersion | EmptyFile | HeadCut => false,
        // Remarks beside a headline.
        PendingCovered | TailUnloadable | HeadNotLocked | LocksUnknown | EndUnknown => false,
        // Only where loading is asked for; the log decodes, and to recovery it is clean.
        Unloadable | TooManyRows => false,
        FileCutShort | DamagedBody | CheckpointInsideEntry | Holes | SoftPastEnd => true,
        PendingHardCheckpoint | ZeroFilledTail | DamagedTail | TornTail | DirtyTail => true,
        // To another file.
        BeingWritten => true,
        // To an earlier cut.
        CleanSoft | Clean => true,
        // Only what lies beside a log leads to these.
        ChangedBytes | CleanSoftAsRead | CleanAsRead => false,
    }
}

#[test]
fn the_small_logs_have_every_headline_that_recovery_can_act_on() {
    let possible = FindingId::ALL.into_iter().filter(|&headline| can_be_recovered(headline));
    let shown: BTreeSet<FindingId> = small().iter().map(|log| log.headline).collect();
    assert_eq!(shown, possible.collect());
}

#[test]
fn every_log_has_its_headline_and_its_size() {
    for log in [small(), large()].concat() {
        let report = diagnose(&mut log.journal(), &Evidence::default(), &mut |_| {}).unwrap();
        assert_eq!(report.verdict, log.headline, "{}", log.name);
    }
    assert!(small().iter().all(|log| log.bytes.len() < 100));
    assert!(large().iter().all(|log| log.bytes.len() > 4096 + 512));
}
