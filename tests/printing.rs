//! Printing on several threads: the same bytes and the same end as from one, whatever is wrong with the log.

#[path = "support/one_by_one.rs"]
mod one_by_one;

use joedb::index::{self, Index};
use joedb::printing::{Workers, print};
use joedb::replay::{Range, Replayed, Tolerance, replay};
use joedb::sink::{BlobReader, Commands, Fidelity, Format, JsonLines, Raw, Sql, Style, TextSink};
use joedb::storage::memory::MemoryFile;
use joedb::{
    BlobPosition, Encoder, Entry, FieldId, FieldType, InsertForm, Journal, RecordId, TableId, Type,
    UpdateForm, Value, Version,
};
use one_by_one::OneByOne;

/// Some twelve megabytes: rows of every length, with tables renamed, blobs and comments between them.
fn log() -> Encoder {
    log_of(240_000)
}

/// The same log, with so many rows; a shorter one is what a longer one begins with.
fn log_of(rows: u32) -> Encoder {
    let mut encoder = Encoder::new(Version::V5);
    let table = TableId(1);
    encoder.push(&Entry::CreateTable { name: b"city" });
    for (name, plain) in [(&b"name"[..], Type::String), (b"size", Type::Int64)] {
        encoder.push(&Entry::AddField { table, name, field_type: FieldType::Plain(plain) });
    }
    for number in 0..rows {
        let record = RecordId(number.into());
        let text = "x".repeat((number % 61) as usize);
        encoder.push(&Entry::Insert { table, record, form: InsertForm::Append });
        for (field, value) in
            [(1, Value::String(text.as_bytes())), (2, Value::Int64(i64::from(number).pow(3)))]
        {
            let (field, form) = (FieldId(field), UpdateForm::Update);
            encoder.push(&Entry::Update { table, record, field, value, form });
        }
        if number % 30_000 == 7 {
            let name = format!("city_{number}");
            encoder.push(&Entry::RenameTable { table, name: name.as_bytes() });
            encoder.push(&Entry::Blob { data: text.as_bytes(), position: 0 });
            encoder.push(&Entry::Comment { text: b"renamed" });
        }
    }
    encoder
}

/// Nine megabytes of vectors that are shown in parts, of every type, between other entries; some values are longer than a
/// part.
fn log_of_vectors() -> Encoder {
    let mut encoder = Encoder::new(Version::V5);
    let table = TableId(1);
    let text: Vec<u8> = (0..1_500_000_u32).map(|number| (number % 251) as u8).collect();
    encoder.push(&Entry::CreateTable { name: b"city" });
    for value_type in Type::ALL {
        let field_type = match value_type {
            Type::Reference => FieldType::References(table),
            plain => FieldType::Plain(plain),
        };
        encoder.push(&Entry::AddField { table, name: value_type.name().as_bytes(), field_type });
    }
    encoder.push(&Entry::InsertVector { table, first: RecordId(0), count: 400_000 });
    for (number, value_type) in Type::ALL.into_iter().enumerate() {
        let field = FieldId(value_type.id().into());
        let count = if value_type == Type::String { 60_000 } else { 155_000 + 1000 * number as u64 };
        let values: Vec<Value<'_>> = (0..count).map(|index| value(value_type, index, &text)).collect();
        encoder.push_vector(table, RecordId(5), field, value_type, &values);
        let (record, form) = (RecordId(number as i64), UpdateForm::Update);
        encoder.push(&Entry::Update { table, record, field, value: values[3], form });
        encoder.push(&Entry::Comment { text: b"between" });
    }
    encoder
}

fn value(value_type: Type, index: u64, text: &[u8]) -> Value<'_> {
    let number = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (index % 60);
    match value_type {
        Type::String if index == 30_000 => Value::String(text),
        Type::String => {
            Value::String(text.get(index as usize..).unwrap().get(..(number % 40) as usize).unwrap())
        }
        Type::Int32 => Value::Int32(number as i32),
        Type::Int64 => Value::Int64(number as i64),
        Type::Reference => Value::Reference(RecordId((number >> 4) as i64)),
        Type::Boolean => Value::Boolean(number.is_multiple_of(2)),
        Type::Float32 => Value::Float32(f32::from_bits(number as u32)),
        Type::Float64 => Value::Float64(f64::from_bits(number)),
        Type::Int8 => Value::Int8(number as i8),
        Type::Int16 => Value::Int16(number as i16),
        Type::Blob => Value::Blob(BlobPosition { position: number >> 4, size: Some(index) }),
    }
}

type Printed = (Vec<u8>, Replayed);

/// What is printed of a log, and how.
#[derive(Clone, Copy)]
struct Job<'a> {
    bytes: &'a [u8],
    range: Range,
    style: Style,
    tolerance: Tolerance,
}

/// Shown every entry by itself and whole, which nothing else here is.
fn printed_plainly<F: Format>(job: Job<'_>, form: F) -> Printed {
    let Job { bytes, range, style, tolerance } = job;
    let (mut journal, mut text) = (Journal::from_bytes(bytes.to_vec()).unwrap(), Vec::new());
    let mut sink = OneByOne(TextSink::new(form, style, &mut text));
    let replayed = replay(&mut journal, range, tolerance, &mut sink, &mut |_| {}).unwrap();
    (text, replayed)
}

fn printed<F: Format + Send>(job: Job<'_>, form: F, threads: usize) -> Printed {
    let Job { bytes, range, style, tolerance } = job;
    let open = || Journal::from_bytes(bytes.to_vec());
    let (mut journal, mut text) = (open().unwrap(), Vec::new());
    let mut sink = TextSink::new(form, style, &mut text);
    let replayed = match threads {
        0 => replay(&mut journal, range, tolerance, &mut sink, &mut |_| {}),
        threads => {
            let workers = Workers { threads, reopen: &open };
            print(&mut journal, range, tolerance, &mut sink, workers, &mut |_| {})
        }
    };
    (text, replayed.unwrap())
}

/// The same with an index of all that is right of the log.
fn printed_with_index<F: Format + Send>(job: Job<'_>, form: F) -> Printed {
    let Job { bytes, range, style, tolerance } = job;
    let open = || Journal::from_bytes(bytes.to_vec());
    let (mut journal, mut text) = (open().unwrap(), Vec::new());
    let index = Index::build(&mut journal, &mut |_| {}).unwrap().index;
    let mut sink = TextSink::new(form, style, &mut text);
    let workers = Workers { threads: 3, reopen: &open };
    let replayed = index::print(&index, &mut journal, range, tolerance, &mut sink, workers, &mut |_| {});
    (text, replayed.unwrap())
}

fn check<F: Format + Send>(bytes: &[u8], range: Range, style: Style, form: impl Fn() -> F) {
    check_tolerance(Job { bytes, range, style, tolerance: Tolerance::Strict }, form);
}

fn check_tolerance<F: Format + Send>(job: Job<'_>, form: impl Fn() -> F) {
    let (expected, range) = (printed_plainly(job, form()), job.range);
    for threads in [0, 1, 2, 3] {
        assert!(printed(job, form(), threads) == expected, "{threads} threads, {range:?}");
    }
    assert!(printed_with_index(job, form()) == expected, "with an index, {range:?}");
}

/// Every form, without loss and as the reference prints it.
fn check_all_forms(bytes: &[u8], range: Range) {
    for fidelity in [Fidelity::Lossless, Fidelity::Reference] {
        let style = Style { fidelity, ..Style::new(Version::V5) };
        check(bytes, range, style, || Commands::new(style, None));
        check(bytes, range, style, || Raw::new(style, None));
        check(bytes, range, style, || Sql::new(style, None));
        check(bytes, range, style, || JsonLines::new(style));
    }
    let positions = Style { positions: true, ..Style::new(Version::V5) };
    check(bytes, range, positions, || Commands::new(positions, None));
}

#[test]
fn every_form_prints_the_same_on_any_number_of_threads() {
    let encoder = log();
    check_all_forms(&encoder.file(), Range::up_to(encoder.position()));
}

#[test]
fn long_vectors_are_printed_the_same_in_parts_and_by_any_number_of_threads() {
    let encoder = log_of_vectors();
    check_all_forms(&encoder.file(), Range::up_to(encoder.position()));
}

#[test]
fn a_bound_or_damage_inside_a_long_vector_is_the_same_too() {
    let encoder = log_of_vectors();
    let (bytes, limit) = (encoder.file(), encoder.position());
    let style = Style::new(Version::V5);
    for (from, until, limit) in [
        (41, 300_000, limit),
        (300_000, limit, limit),
        (41, limit - 3, limit - 3),
        (41, 6_000_000, 6_000_000),
    ] {
        check(&bytes, Range { from, until, limit }, style, || Commands::new(style, None));
    }
    for place in [400, 200_000, 1_700_000, 8_000_000] {
        let mut damaged = bytes.clone();
        damaged[place..place + 3].fill(0xff);
        check(&damaged, Range::up_to(limit), style, || JsonLines::new(style));
    }
}

#[test]
fn a_part_of_the_log_and_a_bound_inside_an_entry_are_the_same_too() {
    let encoder = log();
    let (bytes, limit) = (encoder.file(), encoder.position());
    let style = Style::new(Version::V5);
    for (from, until) in [(1_000_000, limit), (41, limit - 3), (41, 9_000_000), (43, limit)] {
        check(&bytes, Range { from, until, limit }, style, || Sql::new(style, None));
    }
}

/// What follows a checkpoint is there all the same, and makes sense.
#[test]
fn nothing_behind_a_bound_is_printed_whatever_follows() {
    let (bytes, end) = (log().file(), log().position());
    for rows in [170_000, 200_007, 239_999] {
        let bound = log_of(rows).position();
        check_all_forms(&bytes, Range::up_to(bound));
        let range = Range { from: 41, until: bound, limit: end };
        check(&bytes, range, Style::new(Version::V5), || Commands::new(Style::new(Version::V5), None));
    }
}

#[test]
fn long_texts_in_the_middle_are_the_same_and_what_follows_them_too() {
    let mut encoder = log_of(170_000);
    let (table, long) = (TableId(1), vec![b'\x01'; 5_000_000]);
    for number in 0..3 {
        encoder.push(&Entry::Comment { text: &long });
        encoder.push(&Entry::InsertVector { table, first: RecordId(1_000_000 * number), count: 600_000 });
        for _ in 0..300_000 {
            encoder.push(&Entry::Insert { table, record: RecordId(7), form: InsertForm::InsertInto });
            encoder.push(&Entry::Delete { table, record: RecordId(7) });
        }
    }
    check_all_forms(&encoder.file(), Range::up_to(encoder.position()));
}

#[test]
fn an_index_of_another_log_does_not_lead_astray() {
    let encoder = log();
    let (bytes, style) = (encoder.file(), Style::new(Version::V5));
    let mut other = bytes.clone();
    // A row's insertion in the middle becomes another, and all of its kind that follow.
    let middle = other.windows(3).skip(6_000_000).position(|three| three == [0x08, 0x82, 0x01]);
    other[6_000_000 + middle.unwrap()] = 0x0e;
    let open = || Journal::from_bytes(bytes.clone());
    let index = Index::build(&mut Journal::from_bytes(other).unwrap(), &mut |_| {}).unwrap().index;
    let range = Range::up_to(encoder.position());
    let mut text = Vec::new();
    let mut sink = TextSink::new(Commands::new(style, None), style, &mut text);
    let mut journal = open().unwrap();
    let (workers, tolerance) = (Workers { threads: 3, reopen: &open }, Tolerance::Strict);
    let replayed = index::print(&index, &mut journal, range, tolerance, &mut sink, workers, &mut |_| {});
    let job = Job { bytes: &bytes, range, style, tolerance };
    assert!((text, replayed.unwrap()) == printed(job, Commands::new(style, None), 0));
}

#[test]
fn what_is_wrong_in_the_middle_is_found_at_the_same_place() {
    let encoder = log();
    let style = Style::new(Version::V5);
    for (place, byte) in [(60, 0xff), (6_000_000, 0xff), (6_000_001, 0x02), (10_000_000, 0x05)] {
        let mut bytes = encoder.file();
        bytes[place] = byte;
        let range = Range::up_to(encoder.position());
        check(&bytes, range, style, || Commands::new(style, None));
        check(&bytes, range, style, || JsonLines::new(style));
    }
}

#[test]
fn what_the_reference_prints_of_a_log_that_makes_no_sense_is_the_same_too() {
    let encoder = log();
    let style = Style { fidelity: Fidelity::Reference, ..Style::new(Version::V5) };
    // The table of an insertion becomes one that there is not; an opcode becomes none.
    for (place, byte) in [(6_000_001, 0x02), (6_000_003, 0xff)] {
        let mut bytes = encoder.file();
        bytes[place] = byte;
        let (bytes, range) = (&*bytes, Range::up_to(encoder.position()));
        let job = |tolerance| Job { bytes, range, style, tolerance };
        check_tolerance(job(Tolerance::Reference), || Commands::new(style, None));
        check_tolerance(job(Tolerance::ReferenceRaw), || Raw::new(style, None));
    }
}

/// Some nine megabytes: blobs, and values that point to the last one, to those before, into one, and out of the log.
fn blobs() -> Encoder {
    let mut encoder = Encoder::new(Version::V5);
    let (table, field) = (TableId(1), FieldId(1));
    encoder.push(&Entry::CreateTable { name: b"file" });
    encoder.push(&Entry::AddField { table, name: b"data", field_type: FieldType::Plain(Type::Blob) });
    let mut last = 0;
    for number in 0..60_000_u32 {
        let (record, data) = (RecordId(number.into()), [number.to_le_bytes(); 32].concat());
        encoder.push(&Entry::Insert { table, record, form: InsertForm::Append });
        let before = last;
        encoder.push(&Entry::Blob { data: &data, position: 0 });
        last = encoder.position() - data.len() as u64;
        let position = [last, last, before, last + 7, u64::from(u32::MAX)][number as usize % 5];
        let value = Value::Blob(BlobPosition { position, size: Some(100 + u64::from(number % 29)) });
        encoder.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update });
    }
    encoder
}

#[test]
fn the_data_of_blobs_are_the_same_on_any_number_of_threads() {
    let encoder = blobs();
    let (bytes, range) = (encoder.file(), Range::up_to(encoder.position()));
    let style = Style { blob_data: true, ..Style::new(Version::V5) };
    let reader = || BlobReader::new(Box::new(MemoryFile::new(bytes.clone())), range.limit);
    check(&bytes, range, style, || Sql::new(style, Some(reader())));
}
