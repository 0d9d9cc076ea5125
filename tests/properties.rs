//! Properties of any log, cut or damaged anywhere: the verdict, the cuts, and that nothing panics or takes memory.

#[path = "support/allocations.rs"]
mod allocations;
#[path = "support/logs.rs"]
mod logs;
#[path = "support/one_by_one.rs"]
mod one_by_one;
mod support;

use allocations::{Counting, peak_of};
use joedb::diagnosis::{FindingId, Question, Survey, survey};
use joedb::head::{HEAD_LENGTH, HEAD_SIZE, Head};
use joedb::journal::{Access, Journal};
use joedb::recovery::{PlanError, PlanOptions, Target, plan};
use joedb::replay::{Range, ReplayError, Replayed, Tolerance, replay};
use joedb::sense::NotABoundary;
use joedb::sink::{BlobReader, Commands, Fidelity, Format, JsonLines, Raw, Sql, Style, TextSink};
use joedb::storage::memory::MemoryFile;
use joedb::store::{Field, Limits, Loading, Store, Table};
use joedb::{
    Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value, Version,
};
use logs::{Log, any_log};
use one_by_one::OneByOne;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::io;
use support::{
    advised, assert_clean_beginning, diagnosed, dumped, journal, loaded_report, recovered, report,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Logs small enough that every position of every one is looked at.
fn small_log() -> impl Strategy<Value = Log> {
    any_log(20)
}

fn verdict(bytes: &[u8]) -> FindingId {
    report(bytes).verdict
}

// ---- What is true of a log, from what it was made of -----------------------------------------------------------

impl Log {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn truncated(&self, size: u64) -> &[u8] {
        &self.bytes[..usize::try_from(size).unwrap()]
    }

    fn is_boundary(&self, position: u64) -> bool {
        self.boundaries.contains(&position)
    }

    /// The boundary before or at a position, and the one at or after it.
    fn around(&self, position: u64) -> (u64, u64) {
        let index = self.boundaries.partition_point(|&boundary| boundary < position);
        let after = self.boundaries[index];
        (if after == position { position } else { self.boundaries[index - 1] }, after)
    }

    /// What joedb reads of the first `size` bytes, if it reads them.
    fn current(&self, size: u64) -> Option<u64> {
        let soft = self.soft.filter(|&soft| soft <= size);
        (self.hard <= size).then(|| soft.unwrap_or(self.hard))
    }

    /// The verdict on the first `size` bytes.
    fn verdict(&self, size: u64) -> FindingId {
        match size {
            0 => return FindingId::EmptyFile,
            1..HEAD_SIZE => return FindingId::HeadCut,
            _ => {}
        }
        let Some(current) = self.current(size) else { return FindingId::FileCutShort };
        if self.soft.is_some_and(|soft| soft > size) {
            FindingId::SoftPastEnd
        } else if self.pending.is_some_and(|pending| pending > current) {
            FindingId::PendingHardCheckpoint
        } else if size > current {
            if self.is_boundary(size) { FindingId::DirtyTail } else { FindingId::TornTail }
        } else if self.soft.is_some() {
            FindingId::CleanSoft
        } else {
            FindingId::Clean
        }
    }

    /// Where the first `size` bytes are cut for a target; `None` where that cannot be had.
    fn cut(&self, size: u64, target: Target) -> Option<u64> {
        let cut = match target {
            Target::Checkpoint => self.current(size)?,
            Target::Hard => self.hard,
            Target::Soft => self.soft.filter(|_| self.hard <= size)?,
            Target::Pending => self.pending?,
            Target::ValidData => last_within(&self.valid_data, size)?,
            Target::Timestamp => last_within(&self.timestamps, size)?,
            Target::Time(time) => {
                let early =
                    self.timestamps.iter().zip(&self.seconds).filter(|(_, seconds)| **seconds <= time);
                last_within(&early.map(|(position, _)| *position).collect::<Vec<u64>>(), size)?
            }
            Target::LastEntry => self.around(size).0,
            Target::Eof => size,
            Target::Position(position) => position,
            Target::Until(position) => self.around(position.max(HEAD_SIZE)).1,
        };
        let empties = cut == HEAD_SIZE && size > HEAD_SIZE;
        (cut <= size && self.is_boundary(cut) && !empties).then_some(cut)
    }

    /// What a recovery to `cut` has to give.
    fn cut_at(&self, cut: u64) -> Vec<u8> {
        let head = Head::hard(self.version, cut).to_bytes();
        [&head, &self.truncated(cut)[HEAD_LENGTH..]].concat()
    }

    /// From `position` on, every byte is replaced.
    fn filled(&self, position: u64, fill: u8) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes[usize::try_from(position).unwrap()..].fill(fill);
        bytes
    }

    /// The verdict on a log that does not decode from a boundary on.
    fn verdict_damaged_at(&self, position: u64, tail: FindingId) -> FindingId {
        let current = self.soft.unwrap_or(self.hard);
        if position < self.hard {
            FindingId::DamagedBody
        } else if position < current {
            FindingId::Holes
        } else if self.pending.is_some_and(|pending| pending > current) {
            FindingId::PendingHardCheckpoint
        } else {
            tail
        }
    }
}

/// The last of some positions that is not past the end of `size` bytes.
fn last_within(positions: &[u64], size: u64) -> Option<u64> {
    positions.iter().copied().rfind(|&position| position <= size)
}

// ---- Verdicts --------------------------------------------------------------------------------------------------

/// A byte that is no opcode in either version.
const NO_OPCODE: u8 = 0x07;

proptest! {
    #[test]
    fn wherever_a_log_is_cut_the_verdict_is_what_its_boundaries_and_checkpoints_imply(log in small_log()) {
        for size in 0..=log.size() {
            prop_assert_eq!(verdict(log.truncated(size)), log.verdict(size), "cut at {}", size);
        }
    }

    #[test]
    fn wherever_a_log_stops_decoding_the_verdict_is_what_its_checkpoints_imply(log in small_log()) {
        for &position in log.boundaries.iter().filter(|&&boundary| boundary < log.size()) {
            let garbage = verdict(&log.filled(position, NO_OPCODE));
            prop_assert_eq!(garbage, log.verdict_damaged_at(position, FindingId::DamagedTail), "from {}", position);
            if log.version == Version::V5 {
                let zeros = verdict(&log.filled(position, 0));
                prop_assert_eq!(zeros, log.verdict_damaged_at(position, FindingId::ZeroFilledTail), "from {}", position);
            }
        }
    }

    #[test]
    fn a_hard_checkpoint_inside_any_entry_is_seen_and_nothing_is_said_of_a_tail(log in small_log()) {
        for position in (HEAD_SIZE..log.size()).filter(|&position| !log.is_boundary(position)) {
            let head = Head::hard(log.version, position).to_bytes();
            let bytes = [&head, &log.bytes[HEAD_LENGTH..]].concat();
            let found: Vec<FindingId> = report(&bytes).findings.iter().map(|finding| finding.id).collect();
            prop_assert_eq!(found, [FindingId::CheckpointInsideEntry], "at {}", position);
        }
    }
}

// ---- Recovery --------------------------------------------------------------------------------------------------

const NAMED_TARGETS: [Target; 9] = [
    Target::Checkpoint,
    Target::Hard,
    Target::Soft,
    Target::Pending,
    Target::ValidData,
    Target::Timestamp,
    Target::Time(1 << 62),
    Target::LastEntry,
    Target::Eof,
];

fn can_be_loaded(bytes: &[u8]) -> bool {
    loaded_report(bytes).log.unwrap().load.unwrap().stopped.is_none()
}

proptest! {
    #[test]
    fn a_cut_at_any_boundary_gives_a_clean_beginning_of_the_log(log in small_log()) {
        for &boundary in &log.boundaries {
            let good = recovered(&log.bytes, Target::Position(boundary), true).unwrap();
            prop_assert_eq!(&good, &log.cut_at(boundary));
            assert_clean_beginning(&good, &log.bytes);
        }
    }

    #[test]
    fn wherever_a_log_is_cut_every_target_gives_what_it_names_or_is_refused(log in small_log()) {
        for size in HEAD_SIZE..=log.size() {
            for target in NAMED_TARGETS {
                let found = recovered(log.truncated(size), target, false).ok();
                let expected = log.cut(size, target).map(|cut| log.cut_at(cut));
                prop_assert_eq!(found, expected, "{} of {} bytes", target, size);
            }
        }
    }

    #[test]
    fn what_is_said_of_loading_a_cut_is_true_of_the_file_that_is_cut_there(log in small_log()) {
        for cut in loaded_report(&log.bytes).cuts.iter().filter(|cut| cut.decodes) {
            prop_assert_eq!(cut.loads, Some(can_be_loaded(&log.cut_at(cut.position))), "{:?}", cut);
        }
    }

    #[test]
    fn wherever_a_log_is_cut_no_advice_leads_to_a_file_that_cannot_be_loaded(log in small_log()) {
        for size in HEAD_SIZE..=log.size() {
            for finding in loaded_report(log.truncated(size)).findings {
                if let Some(target) = advised(finding.advice) {
                    let good = recovered(log.truncated(size), target, false).unwrap();
                    prop_assert!(can_be_loaded(&good), "{:?} of {} bytes", finding, size);
                }
            }
        }
    }

    #[test]
    fn a_position_inside_an_entry_is_refused_with_the_boundaries_around_it(log in small_log()) {
        for asked in (HEAD_SIZE..log.size()).filter(|&position| !log.is_boundary(position)) {
            let (before, after) = log.around(asked);
            match recovered(&log.bytes, Target::Position(asked), true) {
                Err(PlanError::Inside { inside, .. }) => {
                    prop_assert_eq!(inside, NotABoundary { asked, before, after });
                }
                other => prop_assert!(false, "{} gives {:?}", asked, other),
            }
        }
    }

    #[test]
    fn a_position_outside_of_the_log_is_refused(log in small_log()) {
        for position in [0, HEAD_SIZE - 1, log.size() + 1, u64::MAX] {
            let found = recovered(&log.bytes, Target::Position(position), true);
            prop_assert!(matches!(found, Err(PlanError::Outside { .. })), "{} gives {:?}", position, found);
        }
    }

    #[test]
    fn a_position_is_rounded_up_to_the_next_boundary_where_that_is_asked_for(log in small_log()) {
        for asked in 0..=log.size() {
            let found = recovered(&log.bytes, Target::Until(asked), false).ok();
            let expected = log.cut(log.size(), Target::Until(asked)).map(|cut| log.cut_at(cut));
            prop_assert_eq!(found, expected, "from {}", asked);
        }
    }

    #[test]
    fn what_a_verdict_recommends_can_be_had_and_keeps_something(log in small_log()) {
        let cut = (HEAD_SIZE..=log.size()).map(|size| log.truncated(size).to_vec());
        let filled = log.boundaries.iter().map(|&position| log.filled(position, NO_OPCODE));
        for bytes in cut.chain(filled) {
            for finding in &report(&bytes).findings {
                let Some(target) = advised(finding.advice) else { continue };
                let kept = recovered(&bytes, target, false).map(|good| good.len());
                prop_assert!(kept.as_ref().is_ok_and(|&kept| kept > HEAD_LENGTH), "{:?}: {:?}", finding, kept);
            }
        }
    }
}

// ---- Files that nobody wrote -----------------------------------------------------------------------------------

/// Entries that promise more than any file holds: a vector, a blob or a string of up to 2^61 of something.
fn any_bomb() -> impl Strategy<Value = Vec<u8>> {
    let opcode = select(vec![0x0a_u8, 0x0f, 0x13, 0x14, 0x81, 0x84, 0x88, 0x8c, 0x90, 0x94, 0xa4, 0xa8]);
    (opcode, vec(1_u8..4, 0..4), any::<[u8; 8]>()).prop_map(|(opcode, operands, mut count)| {
        // The three high bits say that seven more bytes follow.
        count[0] |= 0xe0;
        [&[opcode], &operands[..], &count].concat()
    })
}

prop_compose! {
    /// A log with some bytes changed, its end cut off, and perhaps an entry behind it that lies about its length. Its
    /// head is still one, but may say anything.
    fn any_damaged_file()(
        log in any_log(32),
        changes in vec((any::<Index>(), prop_oneof![any::<u8>(), select(vec![0_u8, 0x7f, 0x80, 0xff])]), 0..6),
        size in any::<Index>(),
        bomb in proptest::option::of(any_bomb()),
    ) -> Vec<u8> {
        let mut bytes = log.bytes.clone();
        for (index, byte) in changes {
            *index.get_mut(&mut bytes) = byte;
        }
        if Head::parse(&bytes).is_err() {
            bytes[..HEAD_LENGTH].copy_from_slice(&log.bytes[..HEAD_LENGTH]);
        }
        bytes.truncate(HEAD_LENGTH + size.index(bytes.len() - HEAD_LENGTH + 1));
        bytes.extend(bomb.unwrap_or_default());
        bytes
    }
}

/// Takes a mebibyte and then fails, so that a dump of a vector of 2^60 records comes to an end.
struct Patience(usize);

impl io::Write for Patience {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn play<F: Format>(bytes: &[u8], end: u64, style: Style, format: F) {
    let mut patience = Patience(1 << 20);
    let mut sink = TextSink::new(format, style, &mut patience);
    let tolerance = match style.fidelity {
        Fidelity::Lossless => Tolerance::Strict,
        // The most tolerant: whatever decodes is printed.
        Fidelity::Reference => Tolerance::ReferenceRaw,
    };
    let played = replay(&mut journal(bytes), Range::up_to(end), tolerance, &mut sink, &mut |_| {});
    assert!(matches!(played, Ok(_) | Err(ReplayError::Sink(_))), "memory cannot fail");
}

fn dump_in_every_form(bytes: &[u8], end: u64) {
    for fidelity in [Fidelity::Lossless, Fidelity::Reference] {
        let style = Style { fidelity, blob_data: true, ..Style::new(journal(bytes).version()) };
        let blobs = || Some(BlobReader::new(Box::new(MemoryFile::new(bytes.to_vec())), end));
        play(bytes, end, style, Commands::new(style, blobs()));
        play(bytes, end, style, Raw::new(style, blobs()));
        play(bytes, end, style, Sql::new(style, blobs()));
        play(bytes, end, style, JsonLines::new(style));
    }
}

/// Everything that reads, but the dumps.
fn examine(bytes: &[u8]) {
    diagnosed(&mut journal(bytes));
    let mut windowed = Journal::of_storage(Box::new(MemoryFile::new(bytes.to_vec()))).unwrap();
    diagnosed(&mut windowed);
    for target in NAMED_TARGETS {
        // Which of them can be had is not the question here.
        drop(plan(&mut windowed, target, PlanOptions::default(), &mut |_| {}));
    }
}

/// Plays a file of any bytes into tables, as far as it goes.
fn load(bytes: &[u8], limits: Limits) -> Option<Store> {
    let mut journal = Journal::from_bytes(bytes.to_vec()).ok()?;
    let (range, mut store) = (Range::up_to(journal.size()), Store::new(limits));
    // Where it stops is another test's matter.
    drop(replay(&mut journal, range, Tolerance::ReferenceRaw, &mut store, &mut |_| {}));
    Some(store)
}

proptest! {
    #[test]
    fn no_file_makes_a_reader_panic_or_take_memory_that_its_bytes_do_not_justify(bytes in any_damaged_file()) {
        let size = bytes.len();
        let examined = peak_of(|| examine(&bytes));
        let dumped = peak_of(|| dump_in_every_form(&bytes, size as u64));
        prop_assert!(examined < 64 * 1024, "{} bytes taken for a file of {}", examined, size);
        // Every dump has a buffer of half a mebibyte.
        prop_assert!(dumped < 1024 * 1024, "{} bytes taken for a file of {}", dumped, size);
    }

    #[test]
    fn no_file_takes_more_memory_to_load_than_its_bytes_and_the_limit_justify(bytes in any_damaged_file()) {
        let limits = Limits { rows: 1000 };
        let taken = peak_of(|| drop(load(&bytes, limits)));
        prop_assert!(taken < 64 * 1024 + 32 * (bytes.len() + 1000), "{} bytes taken", taken);
    }

    #[test]
    fn what_can_be_recovered_from_any_file_is_clean(bytes in any_damaged_file()) {
        for target in NAMED_TARGETS {
            if let Ok(good) = recovered(&bytes, target, true) {
                assert_clean_beginning(&good, &bytes);
            }
        }
    }

    #[test]
    fn a_file_reads_the_same_mapped_windowed_and_in_memory(bytes in any_damaged_file()) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, &bytes).unwrap();
        let mut in_memory = journal(&bytes);
        let end = in_memory.size();
        for access in [Access::Map, Access::Window] {
            let mut opened = Journal::open(file.path(), access).unwrap();
            prop_assert_eq!(diagnosed(&mut opened), diagnosed(&mut in_memory));
            let text = dumped(&mut opened, end, Fidelity::Lossless);
            prop_assert_eq!(text, dumped(&mut in_memory, end, Fidelity::Lossless));
        }
    }
}

// ---- Entries that are taken together ---------------------------------------------------------------------------

/// A log with other bytes at some places. The head stays, so that there is something to read.
fn damaged(log: &Log, damage: Vec<(Index, u8)>) -> Vec<u8> {
    let mut bytes = log.bytes.clone();
    for (place, byte) in damage {
        let place = HEAD_LENGTH + place.index(bytes.len() - HEAD_LENGTH + 1);
        if let Some(place) = bytes.get_mut(place) {
            *place = byte;
        }
    }
    bytes
}

/// Keeps a mebibyte and then fails: see [`Patience`].
struct Kept(Vec<u8>, Patience);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.write(bytes)?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is printed of `range`, and what is said of it; `None` where that is too much.
fn printed<F: Format>(
    bytes: &[u8],
    range: Range,
    style: Style,
    form: F,
    one_by_one: bool,
) -> Option<(Vec<u8>, Replayed)> {
    let mut journal = journal(bytes);
    let mut text = Kept(Vec::new(), Patience(1 << 20));
    let mut sink = TextSink::new(form, style, &mut text);
    let tolerance = match style.fidelity {
        Fidelity::Lossless => Tolerance::Strict,
        Fidelity::Reference => Tolerance::Reference,
    };
    let replayed = if one_by_one {
        replay(&mut journal, range, tolerance, &mut OneByOne(sink), &mut |_| {})
    } else {
        replay(&mut journal, range, tolerance, &mut sink, &mut |_| {})
    };
    let replayed = replayed.ok()?;
    Some((text.0, replayed))
}

/// Prints in every form, and holds what is printed together against what is printed one by one.
fn assert_printed_as_one_by_one(bytes: &[u8], range: Range) {
    let version = journal(bytes).version();
    for fidelity in [Fidelity::Lossless, Fidelity::Reference] {
        let style = Style { fidelity, ..Style::new(version) };
        let in_form = |one_by_one| {
            [
                printed(bytes, range, style, Commands::new(style, None), one_by_one),
                printed(bytes, range, style, Raw::new(style, None), one_by_one),
                printed(bytes, range, style, Sql::new(style, None), one_by_one),
                printed(bytes, range, style, JsonLines::new(style), one_by_one),
            ]
        };
        assert_eq!(in_form(false), in_form(true));
    }
}

proptest! {
    #[test]
    fn entries_taken_together_are_printed_as_one_by_one(
        log in any_log(60),
        damage in vec((any::<Index>(), any::<u8>()), 0..4),
        bounds in any::<[Index; 3]>(),
    ) {
        let bytes = damaged(&log, damage);
        let size = bytes.len() as u64;
        let mut bounds = bounds.map(|bound| HEAD_SIZE + bound.index((size - HEAD_SIZE + 1) as usize) as u64);
        bounds.sort_unstable();
        let [from, until, limit] = bounds;
        for range in [Range::up_to(size), Range::up_to(limit), Range { from, until, limit }] {
            assert_printed_as_one_by_one(&bytes, range);
        }
    }
}

/// What is printed of a log while it is loaded, and what came of that.
fn loaded(bytes: &[u8], range: Range, fidelity: Fidelity, one_by_one: bool) -> (Vec<u8>, String) {
    let mut journal = journal(bytes);
    let style = Style { fidelity, ..Style::new(journal.version()) };
    let mut text = Vec::new();
    let sink = TextSink::new(Commands::new(style, None), style, &mut text);
    let mut loading = Loading::new(Store::new(Limits { rows: 1000 }), sink, fidelity);
    let replayed = if one_by_one {
        let mut sink = OneByOne(loading);
        let replayed = replay(&mut journal, range, Tolerance::Strict, &mut sink, &mut |_| {});
        loading = sink.0;
        replayed
    } else {
        replay(&mut journal, range, Tolerance::Strict, &mut loading, &mut |_| {})
    };
    let (replayed, reached) =
        (replayed.map_err(|error| error.to_string()), (loading.entries(), loading.position()));
    let (store, _) = loading.into_parts();
    // Tables as they are used: how much room there is for more of them may differ.
    let tables: Vec<String> = store.tables().map(|table| rows_of(&table)).collect();
    (text, format!("{replayed:?} {reached:?} {tables:?}"))
}

fn rows_of(table: &Table<'_>) -> String {
    let value = |record, field: &Field<'_>| table.value(record, field.id());
    let row = |record| table.fields().map(|field| format!("{:?}", value(record, &field))).collect::<Vec<_>>();
    table.records().map(|record| format!("{record:?} {:?}", row(record))).collect()
}

proptest! {
    #[test]
    fn entries_taken_together_are_loaded_and_shown_as_one_by_one(
        log in any_log(60),
        damage in vec((any::<Index>(), any::<u8>()), 0..3),
        bound in any::<Index>(),
    ) {
        let bytes = damaged(&log, damage);
        let size = bytes.len() as u64;
        let from = HEAD_SIZE + bound.index((size - HEAD_SIZE + 1) as usize) as u64;
        for range in [Range::up_to(size), Range { from, until: size, limit: size }] {
            for fidelity in [Fidelity::Lossless, Fidelity::Reference] {
                let together = loaded(&bytes, range, fidelity, false);
                prop_assert_eq!(together, loaded(&bytes, range, fidelity, true));
            }
        }
    }
}

/// A survey of a file that is read to its end, with a look at every position; entries that are loaded are looked at one
/// by one.
fn surveyed(bytes: &[u8], one_by_one: bool) -> Survey {
    let load = one_by_one.then(Limits::default);
    let positions = (HEAD_SIZE..=bytes.len() as u64).step_by(97).collect();
    let question = Question { positions, time: Some(0), load };
    let mut found = survey(&mut journal(bytes), &question, &mut |_| {}).unwrap();
    found.load = None;
    found
}

proptest! {
    #[test]
    fn entries_taken_together_are_counted_and_judged_as_one_by_one(
        log in any_log(100),
        damage in vec((any::<Index>(), any::<u8>()), 0..3),
    ) {
        let bytes = damaged(&log, damage);
        prop_assert_eq!(surveyed(&bytes, false), surveyed(&bytes, true));
    }
}

/// Names of every length around those that are prepared in one block, and strings around those of one block.
#[test]
fn names_and_strings_of_every_length_are_printed_as_one_by_one() {
    let mut encoder = Encoder::new(Version::V5);
    for length in 1..=70_u16 {
        let (table, name) = (TableId(length), "n".repeat(length.into()));
        encoder.push(&Entry::CreateTable { name: name.as_bytes() });
        for (name, field_type) in [(name.as_bytes(), Type::String), (b"other", Type::Int64)] {
            encoder.push(&Entry::AddField { table, name, field_type: FieldType::Plain(field_type) });
        }
        for record in (0..3).map(RecordId) {
            encoder.push(&Entry::Insert { table, record, form: InsertForm::Append });
            let special = ["", "\"", "??", "\n", "é", "\u{202e}"][usize::from(length % 6)];
            let text = format!("{}{special}{}", "x".repeat(length.into()), "y".repeat(record.0 as usize));
            let strings = [Value::String(text.as_bytes()), Value::Int64(10_i64.pow(u32::from(length % 19)))];
            for (field, value) in [FieldId(1), FieldId(2)].into_iter().zip(strings) {
                encoder.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update });
            }
        }
        encoder.push(&Entry::RenameField { table, field: FieldId(2), name: b"renamed" });
        encoder.push(&Entry::Update {
            table,
            record: RecordId(1),
            field: FieldId(2),
            value: Value::Int64(-5),
            form: UpdateForm::Update,
        });
    }
    let (bytes, range) = (encoder.file(), Range::up_to(encoder.position()));
    assert_printed_as_one_by_one(&bytes, range);
    let style = Style::new(Version::V5);
    let (text, _) = printed(&bytes, range, style, Commands::new(style, None), false).unwrap();
    assert_eq!(text.windows(9).filter(|window| window == b" renamed ").count(), 70);
}
