//! Makes the crash files of `fixtures/`: one for each headline, and for each kind of tail that a crash leaves.
//!
//! They are built entry by entry, so that it can be read here what is wrong with them, and where.

#[path = "members.rs"]
mod members;

use joedb::diagnosis::FindingId::{self, *};
use joedb::head::{HEAD_LENGTH, HEAD_SIZE};
use joedb::{Encoder, Entry, RecordId, Value, Version};
use members::{AGE, HOME, LAST_NAME, LILLE, Log, PERSON, TOKYO, three_transactions};

/// A file, and what is to be said of it.
pub(crate) struct Fixture {
    /// The name, without `.joedb`. Both programs fail on files whose name begins with `x_`.
    pub(crate) name: &'static str,
    pub(crate) verdict: FindingId,
    /// The exit code of `joedb_logdump --check`.
    pub(crate) exit: i32,
    pub(crate) bytes: Vec<u8>,
    /// What it is an example of, in one line.
    pub(crate) shows: &'static str,
}

/// Every fixture, the strongest headline first.
pub(crate) fn all() -> Vec<Fixture> {
    let groups = [(5, without_a_head()), (4, damaged()), (3, recoverable()), (3, dirty()), (0, healthy())];
    groups.into_iter().flat_map(|(exit, rows)| with_exit(exit, rows)).collect()
}

/// Name, verdict, bytes, and what they show.
type Row = (&'static str, FindingId, Vec<u8>, &'static str);

fn with_exit(exit: i32, rows: Vec<Row>) -> impl Iterator<Item = Fixture> {
    rows.into_iter().map(move |(name, verdict, bytes, shows)| Fixture { name, verdict, exit, bytes, shows })
}

fn without_a_head() -> Vec<Row> {
    let half_a_head = hard_after_third().0[..HEAD_LENGTH / 2].to_vec();
    vec![
        ("x_not_joedb", NotAJoedbFile, sqlite_file(), "a database of another kind"),
        ("x_unknown_version", UnknownVersion, of_version_6(), "written by a joedb of the future"),
        ("x_empty", EmptyFile, Vec::new(), "0 bytes"),
        ("x_head_cut", HeadCut, half_a_head, "the file ends inside its head"),
    ]
}

fn damaged() -> Vec<Row> {
    vec![
        ("file_cut_short", FileCutShort, file_cut_short(), "a partial copy: the end is missing"),
        ("damaged_body", DamagedBody, damaged_body(), "one flipped bit below the hard checkpoint"),
        ("hostile_names", DamagedBody, hostile_names(), "names and texts that would command a terminal"),
        ("checkpoint_inside_entry", CheckpointInsideEntry, inside_entry(), "it points into a comment"),
        ("holes", Holes, holes(), "power failure: from one entry on, what was committed softly is zero"),
        ("holes_inside_entry", Holes, holes_inside_entry(), "the zeros begin inside a string, which decodes"),
        ("soft_past_end", SoftPastEnd, soft_past_end(), "power failure: the head arrived, the data did not"),
    ]
}

fn recoverable() -> Vec<Row> {
    let (pending, pending_4) = (pending(Version::V5), pending(Version::V4));
    vec![
        ("pending", PendingHardCheckpoint, pending, "killed between the two syncs of a hard checkpoint"),
        ("v4_pending", PendingHardCheckpoint, pending_4, "the same in version 4"),
        ("zero_filled_tail", ZeroFilledTail, zero_filled_tail(), "the length arrived, the data did not"),
        ("damaged_tail", DamagedTail, damaged_tail(), "joedb wrote over a dirty tail without cutting it"),
        ("v4_tail_behind_mark", DamagedTail, behind_mark(), "an entry behind version 4's end-of-file mark"),
        ("garbage_in_tail", DamagedTail, garbage_in_tail(), "no entries, between whole entries"),
        ("torn_tail", TornTail, torn_tail(), "killed while it wrote a number"),
        ("torn_string_tail", TornTail, torn_string_tail(), "killed while it wrote a string"),
        ("crashed", TornTail, crashed(), "a day of work: one hard checkpoint, soft ones, a torn transaction"),
    ]
}

fn dirty() -> Vec<Row> {
    let (dirty, dirty_4) = (hard_after_second(Version::V5).0, hard_after_second(Version::V4).0);
    vec![
        ("dirty_tail", DirtyTail, dirty, "a whole transaction that was never checkpointed"),
        ("v4_dirty_tail", DirtyTail, dirty_4, "the same in version 4"),
        ("aborted_transaction", DirtyTail, aborted_transaction(), "the program gave up inside a transaction"),
        ("empty_cut", DirtyTail, empty_cut(), "never checkpointed: a cut at the hard checkpoint is empty"),
    ]
}

fn healthy() -> Vec<Row> {
    let empty = Encoder::new(Version::V5).file();
    vec![
        ("pending_covered", CleanSoft, pending_covered(), "a pending hard checkpoint that a soft one covers"),
        ("clean_soft", CleanSoft, soft_after_third().0, "closed by a program that commits softly"),
        ("clean", Clean, hard_after_third().0, "closed by a program that commits hard"),
        ("v4_clean", Clean, v4_clean(), "the same in version 4, with its end-of-file mark"),
        ("clean_empty", Clean, empty, "a new file: 41 four times"),
        ("unloadable", Clean, unloadable(), "one flipped bit in a record id: `--check --load` exits with 4"),
        ("too_many_rows", Clean, too_many_rows(), "a billion rows in 7 bytes: `--check --load` exits with 1"),
    ]
}

/// The first person becomes the fifth, so that the first one is updated later on without being there.
fn unloadable() -> Vec<u8> {
    let (mut bytes, _) = hard_after_third();
    let insert_into_person_0 = bytes.windows(3).position(|entry| entry == [0x05, 0x02, 0x01]).unwrap();
    bytes[insert_into_person_0 + 2] ^= 4;
    bytes
}

fn too_many_rows() -> Vec<u8> {
    let (mut log, _) = three_transactions(Version::V5);
    log.entries.push(&Entry::InsertVector { table: PERSON, first: RecordId(3), count: 1_000_000_000 });
    log.entries.file()
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

/// Three transactions, hard-checkpointed after the second, and their ends.
fn hard_after_second(version: Version) -> (Vec<u8>, [u64; 3]) {
    let (log, ends) = three_transactions(version);
    let [first, second, _] = ends;
    (log.file([hard(first), hard(first), hard(second), hard(second)]), ends)
}

/// Three transactions, hard-checkpointed after the last, and their ends.
fn hard_after_third() -> (Vec<u8>, [u64; 3]) {
    let (log, ends) = three_transactions(Version::V5);
    let [_, second, third] = ends;
    (log.file([hard(third), hard(third), hard(second), hard(second)]), ends)
}

/// Three transactions, the first of them hard-checkpointed and the others softly, and their ends.
fn soft_after_third() -> (Vec<u8>, [u64; 3]) {
    let (log, ends) = three_transactions(Version::V5);
    let [first, second, third] = ends;
    (log.file([soft(second), soft(third), hard(first), hard(first)]), ends)
}

fn sqlite_file() -> Vec<u8> {
    let mut bytes = b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20".to_vec();
    bytes.resize(100, 0);
    bytes
}

fn of_version_6() -> Vec<u8> {
    let mut bytes = hard_after_third().0;
    bytes[32] = 6;
    bytes
}

fn file_cut_short() -> Vec<u8> {
    let (mut bytes, [.., third]) = hard_after_third();
    bytes.truncate(at(third) - 30);
    bytes
}

fn damaged_body() -> Vec<u8> {
    let (mut bytes, [first, ..]) = hard_after_third();
    bytes[at(first)] ^= 0x40;
    bytes
}

/// A terminal that obeyed this file would change its title, clear its screen and turn text around.
fn hostile_names() -> Vec<u8> {
    let mut log = Log::new(Version::V5);
    log.comment("\x1b]0;owned\x07\x1b[2J");
    log.comment("\u{9b}31m\u{9d}0;owned\u{9c}");
    log.city(LILLE, "safe\u{202e}gpj.exe\u{2066}\r\n\x08");
    log.entries.push(&Entry::Custom { name: b"\x1b[8mhidden\x7f" });
    log.commit();
    log.entries.push(&Entry::CreateTable { name: b"\x1b[31m\xc2\x9btable\x07" });
    log.entries.file()
}

fn inside_entry() -> Vec<u8> {
    let (mut log, [.., third]) = three_transactions(Version::V5);
    log.comment("The hard checkpoint lies in the middle of this.");
    let inside = hard((third + log.position()) / 2);
    log.file([inside, inside, hard(third), hard(third)])
}

fn holes() -> Vec<u8> {
    let (mut bytes, [_, second, third]) = soft_after_third();
    bytes[at(second)..at(third) - 20].fill(0);
    bytes
}

fn holes_inside_entry() -> Vec<u8> {
    let (mut bytes, [first, second, _]) = soft_after_third();
    // The first person's name stands right behind the opcode and operands of its two entries.
    let name = at(first) + 6;
    bytes[name..at(second)].fill(0);
    bytes
}

fn soft_past_end() -> Vec<u8> {
    let (mut bytes, [_, _, third]) = soft_after_third();
    bytes.truncate(at(third) - 15);
    bytes
}

/// The first copy of a hard checkpoint stands, its twin still has the one before the last.
fn pending(version: Version) -> Vec<u8> {
    let (log, [first, second, third]) = three_transactions(version);
    log.file([hard(third), hard(first), hard(second), hard(second)])
}

fn zero_filled_tail() -> Vec<u8> {
    let (mut bytes, _) = hard_after_second(Version::V5);
    bytes.extend([0; 64]);
    bytes
}

fn damaged_tail() -> Vec<u8> {
    let (mut aborted, [.., third]) = three_transactions(Version::V5);
    aborted.comment("a transaction that was aborted, and that is longer than the one after it");
    let (mut next, _) = three_transactions(Version::V5);
    next.comment("written over it");
    let mut bytes = next.file([soft(third), soft(next.position()), NEW, NEW]);
    bytes.extend(&aborted.entries.body()[next.entries.body().len()..]);
    bytes
}

fn garbage_in_tail() -> Vec<u8> {
    let (mut bytes, [_, second, third]) = hard_after_second(Version::V5);
    let transaction = bytes[at(second)..at(third)].to_vec();
    bytes.extend(b"\xde\xad\xbe\xef\xfe\xed\xfa\xce");
    bytes.extend(transaction);
    bytes
}

fn torn_tail() -> Vec<u8> {
    let (mut bytes, [_, _, third]) = hard_after_second(Version::V5);
    // `timestamp` has eight bytes of seconds, and `valid_data` follows it.
    bytes.truncate(at(third) - 4);
    bytes
}

fn torn_string_tail() -> Vec<u8> {
    let (mut log, [.., third]) = three_transactions(Version::V5);
    log.comment("an explanation that was never written to its end");
    let mut bytes = log.file([NEW, NEW, hard(third), hard(third)]);
    bytes.truncate(at(log.position()) - 21);
    bytes
}

/// A membership list: made and checkpointed hard one day, used by a program that commits softly, which was killed
/// while it wrote.
fn crashed() -> Vec<u8> {
    let mut log = Log::new(Version::V5);
    log.city(LILLE, "Lille");
    log.city(TOKYO, "Tokyo");
    log.person(0, ["Rémi", "Durand"], 41, LILLE);
    let day_one = log.commit();
    log.person(1, ["Hanako", "Satō"], 38, TOKYO);
    let hanako_joined = log.commit();
    log.update(PERSON, RecordId(0), HOME, Value::Reference(TOKYO));
    log.update(PERSON, RecordId(0), AGE, Value::Int32(42));
    let remi_moved = log.commit();
    log.person(2, ["Jeanne", "Martin"], 29, LILLE);
    log.update(PERSON, RecordId(1), LAST_NAME, Value::String(b"Yamamoto"));
    let slots = [soft(hanako_joined), soft(remi_moved), hard(day_one), hard(day_one)];
    let mut bytes = log.file(slots);
    bytes.truncate(at(log.position()) - 5);
    bytes
}

fn aborted_transaction() -> Vec<u8> {
    let (mut log, [_, second, third]) = three_transactions(Version::V5);
    log.person(3, ["Never", "Committed"], 0, RecordId::NULL);
    log.file([soft(second), soft(third), NEW, NEW])
}

fn empty_cut() -> Vec<u8> {
    let (log, _) = three_transactions(Version::V5);
    log.file([NEW; 4])
}

/// A client that commits hard writes soft, then hard, into the same pair.
fn pending_covered() -> Vec<u8> {
    let (log, [_, second, third]) = three_transactions(Version::V5);
    log.file([hard(third), soft(third), hard(second), hard(second)])
}

/// A log of version 4 that ends with its end-of-file mark, and the head for it.
fn marked() -> (Log, [i64; 4]) {
    let (mut log, [_, second, _]) = three_transactions(Version::V4);
    log.entries.push(&Entry::EndOfFile);
    let end = hard(log.position());
    (log, [end, end, hard(second), hard(second)])
}

fn v4_clean() -> Vec<u8> {
    let (log, slots) = marked();
    log.file(slots)
}

/// A cut behind the entry would leave the mark in the middle of the log, where joedb refuses it.
fn behind_mark() -> Vec<u8> {
    let (mut log, slots) = marked();
    log.comment("no writer goes on behind the mark");
    log.file(slots)
}
