//! joedb commands as a source of entries: what was dumped is read back to the same entries, and no text does harm.

#[path = "support/allocations.rs"]
mod allocations;
#[path = "support/logs.rs"]
#[expect(dead_code, reason = "only the bytes and the version of a log are of interest here")]
mod logs;
#[expect(dead_code, reason = "nothing is recovered here")]
mod support;

use allocations::{Counting, peak_of};
use joedb::commands::{Mistake, PlayError, Played, play};
use joedb::diagnosis::FindingId;
use joedb::head::HEAD_LENGTH;
use joedb::new_journal::{Draft, NewJournal, NewJournalError};
use joedb::recovery::Unattended;
use joedb::replay::{Range, ReplayError, Tolerance, replay};
use joedb::sink::{BlobReader, Commands, Fidelity, Style, TextSink};
use joedb::storage::Existing;
use joedb::storage::memory::{MemoryDirectory, MemoryFile};
use joedb::{
    BlobError, BlobPointers, BlobPosition, COMPACT_MAX, Encoder, Entry, FieldId, FieldType, Head, InsertForm,
    RecordId, TableId, Type, UpdateForm, Value, Version,
};
use logs::{Log, any_log};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use support::{diagnosed, journal};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// ---- There and back ----------------------------------------------------------------------------------------

/// The log of a file as commands, the data of blobs included.
fn dump(bytes: &[u8], fidelity: Fidelity) -> Vec<u8> {
    let mut journal = journal(bytes);
    let (size, version) = (journal.size(), journal.version());
    let style = Style { fidelity, blob_data: true, ..Style::new(version) };
    let blobs = BlobReader::new(Box::new(MemoryFile::new(bytes.to_vec())), size);
    let mut text = Vec::new();
    let mut sink = TextSink::new(Commands::new(style, Some(blobs)), style, &mut text);
    let replayed = replay(&mut journal, Range::up_to(size), Tolerance::Strict, &mut sink, &mut |_| {});
    assert_eq!(replayed.unwrap().interruption, None);
    text
}

/// The file that a text makes.
fn load(text: &[u8], pointers: BlobPointers) -> Result<(Vec<u8>, Played), PlayError<NewJournalError>> {
    let (directory, mut supervisor) = (MemoryDirectory::default(), Unattended);
    let name = Path::new("new");
    let mut new = NewJournal::create(&directory, name, Existing::Refuse, pointers, &mut supervisor).unwrap();
    let played = match play(text, pointers, &mut new, &mut |_| {}) {
        Ok(played) => played,
        Err(error) => {
            drop(new);
            assert!(directory.names().is_empty(), "something was left behind");
            return Err(error);
        }
    };
    let receipt = new.finish(None).unwrap();
    let bytes = directory.file(name).unwrap().bytes();
    assert_eq!(directory.names(), [name]);
    assert_eq!((receipt.size, receipt.crc), (bytes.len() as u64, crc32fast::hash(&bytes[HEAD_LENGTH..])));
    assert_eq!(diagnosed(&mut journal(&bytes)).verdict, FindingId::Clean);
    Ok((bytes, played))
}

/// What a replay of one log into a new journal makes, whose blob values follow.
fn converted(bytes: &[u8]) -> Vec<u8> {
    convert(bytes, BlobPointers::Follow).unwrap()
}

fn convert(bytes: &[u8], pointers: BlobPointers) -> Result<Vec<u8>, ReplayError<NewJournalError>> {
    let (directory, mut supervisor) = (MemoryDirectory::default(), Unattended);
    let name = Path::new("new");
    let mut new = NewJournal::create(&directory, name, Existing::Refuse, pointers, &mut supervisor).unwrap();
    let mut old = journal(bytes);
    let range = Range::up_to(old.size());
    let replayed = replay(&mut old, range, Tolerance::Strict, &mut new, &mut |_| {})?;
    assert_eq!(replayed.interruption, None);
    new.finish(None).unwrap();
    Ok(directory.file(name).unwrap().bytes())
}

/// A dump in which blobs are numbered in their order, and values name the number of the blob that they point into.
/// It knows nothing of the code under test: positions are looked up among those that the dump itself prints.
fn numbered(dump: &[u8]) -> Vec<String> {
    let mut blobs: Vec<(u64, u64)> = Vec::new();
    let mut lines = Vec::new();
    for line in dump.split(|&byte| byte == b'\n') {
        let line: String = line.iter().map(|&byte| char::from(byte)).collect();
        if let Some(blob) = line.strip_prefix("# Blob: ") {
            let (position, size) = blob.split_once(',').unwrap();
            blobs.push((position.parse().unwrap(), size.parse().unwrap()));
            lines.push(format!("blob {} of {size} bytes", blobs.len()));
        } else if line.starts_with("update") && !line.contains('"') {
            let words: Vec<String> = line.split(' ').map(|word| pointer(word, &blobs)).collect();
            lines.push(words.join(" "));
        } else {
            lines.push(line);
        }
    }
    lines
}

fn pointer(word: &str, blobs: &[(u64, u64)]) -> String {
    let Some((position, size)) = word.split_once(',') else { return word.to_owned() };
    let (position, size): (u64, u64) = (position.parse().unwrap(), size.parse().unwrap());
    if (position, size) == (0, 0) {
        return "null".to_owned();
    }
    let holds = |&(start, length): &(u64, u64)| start <= position && position + size <= start + length;
    let blob = blobs.iter().position(holds).expect("no such blob");
    format!("{size} bytes from {} on of blob {}", position - blobs[blob].0, blob + 1)
}

fn corpus(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "joedb")).collect();
    assert!(logs.len() >= 14, "{} logs", logs.len());
    logs
}

#[test]
fn dumping_loading_and_dumping_again_changes_nothing_but_the_positions_of_blobs() {
    for path in corpus("valid").into_iter().chain(corpus("v4")) {
        let bytes = fs::read(&path).unwrap();
        let first = dump(&bytes, Fidelity::Lossless);
        let (loaded, played) = load(&first, BlobPointers::Follow).unwrap();
        let second = dump(&loaded, Fidelity::Lossless);
        assert_eq!(numbered(&first), numbered(&second), "{}", path.display());
        assert_eq!((played.left_out.blobs, played.is_ended), (0, true));
        let (again, _) = load(&second, BlobPointers::Follow).unwrap();
        assert!(again == loaded, "{}: the second time is not as the first", path.display());
    }
}

#[test]
fn what_a_writer_wrote_comes_back_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus/valid");
    let canonical = fs::read_to_string(folder.join("CANONICAL")).unwrap();
    assert_eq!(canonical.lines().count(), 5);
    for name in canonical.lines() {
        let bytes = fs::read(folder.join(name)).unwrap();
        let text = dump(&bytes, Fidelity::Lossless);
        for pointers in [BlobPointers::Follow, BlobPointers::Keep] {
            assert!(load(&text, pointers).unwrap().0[HEAD_LENGTH..] == bytes[HEAD_LENGTH..], "{name}");
        }
    }
}

/// They were recorded from the reference tools, so that nothing of this project stands between the log and the text.
#[test]
fn the_dumps_of_the_reference_load_to_what_they_show() {
    for path in corpus("valid") {
        let with_blobs = path.with_extension("blob");
        let recorded = if with_blobs.exists() { with_blobs } else { path.with_extension("dump") };
        let text = fs::read(&recorded).unwrap();
        let (loaded, _) = load(&text, BlobPointers::Follow).unwrap();
        let again = dump(&loaded, Fidelity::Reference);
        assert_eq!(numbered(&text), numbered(&again), "{}", recorded.display());
    }
}

#[test]
fn a_log_of_either_version_plays_into_a_new_journal_and_dumps_the_same() {
    for path in corpus("valid").into_iter().chain(corpus("v4")) {
        let bytes = fs::read(&path).unwrap();
        let new = converted(&bytes);
        let texts = [&bytes, &new].map(|file| numbered(&dump(file, Fidelity::Lossless)));
        assert_eq!(texts[0], texts[1], "{}", path.display());
        // Through text, the only other way, it comes out as the same bytes, but for vectors of no values, which no
        // dump shows.
        let (loaded, _) = load(&dump(&bytes, Fidelity::Lossless), BlobPointers::Follow).unwrap();
        assert!(loaded == new || has_empty_vector(&bytes), "{}", path.display());
    }
}

/// The body of a new journal that is made of the body of an old one.
fn body_of_converted(version: Version, body: &[u8], pointers: BlobPointers) -> Result<Vec<u8>, String> {
    let head = Head::hard(version, (HEAD_LENGTH + body.len()) as u64).to_bytes();
    let new = convert(&[&head[..], body].concat(), pointers).map_err(|error| error.to_string())?;
    Ok(new[HEAD_LENGTH..].to_vec())
}

#[test]
fn what_was_spelled_in_another_way_comes_out_as_a_writer_spells_it() {
    // A table with a boolean field, its names with lengths of two bytes; a vector with 2 and 255 for true.
    let begin = b"\x01\x20\x01t\x03\x01\x20\x01b\x05";
    let odd = [&begin[..], b"\x94\x01\x01\x01\x03\x02\xff\x00"].concat();
    let expected = b"\x01\x01t\x03\x01\x01b\x05\x94\x01\x01\x01\x03\x01\x01\x00";
    assert_eq!(body_of_converted(Version::V5, &odd, BlobPointers::Follow).unwrap(), expected);
}

#[test]
fn a_blob_value_of_version_4_cannot_be_kept_for_it_has_no_size() {
    let log = b"\x01\x01t\x03\x01\x01b\x0a\x13\x02ab\xa5\x01\x01\x01\x20\x32";
    let follows = b"\x01\x01t\x03\x01\x01b\x0a\x13\x02ab\xa5\x01\x01\x01\x20\x33\x02";
    assert_eq!(body_of_converted(Version::V4, log, BlobPointers::Follow).unwrap(), follows);
    let refused = body_of_converted(Version::V4, log, BlobPointers::Keep).unwrap_err();
    let says = "position 53 (0x35): update blob entry: blob value 50 found, position and size within a blob before it";
    assert!(refused.starts_with(says), "{refused}");
}

fn has_empty_vector(bytes: &[u8]) -> bool {
    let mut journal = journal(bytes);
    let mut entries = journal.entries(bytes.len() as u64);
    while let Some(located) = entries.next().unwrap() {
        if matches!(located.entry, Entry::UpdateVector { values, .. } if values.is_empty()) {
            return true;
        }
    }
    false
}

// ---- Any entry ---------------------------------------------------------------------------------------------

const TABLE: TableId = TableId(1);

/// The body of a table with a field of each type, and these entries.
fn body(fill: impl FnOnce(&mut Encoder)) -> Encoder {
    let mut encoder = Encoder::new(Version::V5);
    encoder.push(&Entry::CreateTable { name: b"t" });
    for value_type in Type::ALL {
        let field_type = match value_type {
            Type::Reference => FieldType::References(TABLE),
            plain => FieldType::Plain(plain),
        };
        encoder.push(&Entry::AddField { table: TABLE, name: value_type.name().as_bytes(), field_type });
    }
    fill(&mut encoder);
    encoder
}

/// Numbers of all sizes, near powers of two too.
fn any_number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0_u32..64, 0_u64..3).prop_map(|(number, shift, less)| (number >> shift).wrapping_sub(less))
}

fn any_record() -> impl Strategy<Value = i64> {
    any_number().prop_map(|number| (number % COMPACT_MAX).cast_signed())
}

fn any_value() -> impl Strategy<Value = (Type, u64, Vec<u8>)> {
    (proptest::sample::select(Type::ALL.to_vec()), any_number(), vec(any::<u8>(), 0..20))
}

/// A value of a type, of some bits.
fn value(value_type: Type, bits: u64, text: &[u8]) -> Value<'_> {
    match value_type {
        Type::String => Value::String(text),
        Type::Int8 => Value::Int8(bits as i8),
        Type::Int16 => Value::Int16(bits as i16),
        Type::Int32 => Value::Int32(bits as i32),
        Type::Int64 => Value::Int64(bits.cast_signed()),
        Type::Reference => Value::Reference(RecordId((bits % (COMPACT_MAX + 1)).cast_signed() - 1)),
        Type::Boolean => Value::Boolean(bits & 1 == 1),
        Type::Float32 => Value::Float32(f32::from_bits(bits as u32)),
        Type::Float64 => Value::Float64(f64::from_bits(bits)),
        Type::Blob => {
            Value::Blob(BlobPosition { position: bits % COMPACT_MAX, size: Some(text.len() as u64) })
        }
    }
}

/// A random log, hard-checkpointed to its end.
fn healthy(log: &Log) -> Vec<u8> {
    let head = Head::hard(log.version, log.bytes.len() as u64).to_bytes();
    [&head, &log.bytes[HEAD_LENGTH..]].concat()
}

fn survives(encoder: &Encoder, pointers: BlobPointers) -> Result<(), TestCaseError> {
    let file = encoder.file();
    let text = dump(&file, Fidelity::Lossless);
    let loaded = load(&text, pointers).map_err(|error| TestCaseError::fail(error.to_string()))?.0;
    prop_assert!(loaded == file, "{}", String::from_utf8_lossy(&text));
    Ok(())
}

proptest! {
    #[test]
    fn any_healthy_log_survives_the_way_through_text(log in any_log(60)) {
        let healthy = healthy(&log);
        let text = dump(&healthy, Fidelity::Lossless);
        let (loaded, _) = load(&text, BlobPointers::Follow).unwrap();
        prop_assert_eq!(numbered(&text), numbered(&dump(&loaded, Fidelity::Lossless)));
        if !has_empty_vector(&healthy) {
            prop_assert!(converted(&healthy) == loaded);
            // The random logs are spelled as a writer spells them.
            prop_assert!(log.version == Version::V4 || loaded == healthy);
        }
    }

    #[test]
    fn any_value_of_any_record_survives_the_way_through_text(
        values in vec((any_record(), any_value()), 0..20),
    ) {
        survives(&body(|encoder| {
            for (record, (value_type, bits, text)) in &values {
                encoder.push(&Entry::Update {
                    table: TABLE,
                    record: RecordId(*record),
                    field: FieldId(value_type.id().into()),
                    value: value(*value_type, *bits, text),
                    form: UpdateForm::Update,
                });
            }
        }), BlobPointers::Keep)?;
    }

    #[test]
    fn any_vector_survives_the_way_through_text(
        first in 0_i64..1_000_000_000,
        value_type in proptest::sample::select(Type::ALL.to_vec()),
        values in vec((any_number(), vec(any::<u8>(), 0..20)), 1..50),
    ) {
        let values: Vec<Value<'_>> =
            values.iter().map(|(bits, text)| value(value_type, *bits, text)).collect();
        survives(&body(|encoder| {
            encoder.push_vector(TABLE, RecordId(first), FieldId(value_type.id().into()), value_type, &values);
        }), BlobPointers::Keep)?;
    }

    #[test]
    fn any_record_id_count_time_and_name_survives_the_way_through_text(
        record in any_record(),
        count in any_number(),
        seconds in any::<i64>(),
        text in vec(any::<u8>(), 0..40),
    ) {
        let first = RecordId(record);
        let count = count % (COMPACT_MAX - record.cast_unsigned() + 1);
        let form = InsertForm::InsertInto;
        survives(&body(|encoder| {
            encoder.push(&Entry::Insert { table: TABLE, record: first, form });
            encoder.push(&Entry::InsertVector { table: TABLE, first, count });
            encoder.push(&Entry::DeleteVector { table: TABLE, first, count });
            encoder.push(&Entry::Delete { table: TABLE, record: first });
            encoder.push(&Entry::Timestamp { seconds });
            encoder.push(&Entry::Custom { name: &text });
            encoder.push(&Entry::Comment { text: &text });
            encoder.push(&Entry::Blob { position: 0, data: &text });
            encoder.push(&Entry::ValidData);
        }), BlobPointers::Follow)?;
    }

    /// Whatever is done to a dump, it is refused with a place in it, or makes a clean file.
    #[test]
    fn a_spoilt_dump_is_refused_or_loads_cleanly(
        log in any_log(20),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut text = dump(&healthy(&log), Fidelity::Lossless);
        for (index, byte) in &changes {
            let at = index.index(text.len());
            text[at] = *byte;
        }
        text.truncate(cut.index(text.len() + 1).max(text.len() / 2));
        check_any(&text)?;
    }

    #[test]
    fn no_bytes_make_it_panic(text in vec(any::<u8>(), 0..200)) {
        check_any(&text)?;
    }

    #[test]
    fn no_words_make_it_panic(words in vec(any_word(), 0..60)) {
        check_any(words.concat().as_bytes())?;
    }
}

/// Words that commands are made of, and some that they are not.
fn any_word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "\n",
        "\n",
        " ",
        "  ",
        "create_table ",
        "add_field ",
        "insert_into ",
        "update ",
        "update_vector ",
        "insert_vector ",
        "delete_vector ",
        "delete_from ",
        "write_blob ",
        "# Blob: ",
        "comment ",
        "timestamp ",
        "custom ",
        "drop_table ",
        "rename_table ",
        "drop_field ",
        "rename_field ",
        "valid_data",
        "t ",
        "u ",
        "f ",
        "g ",
        "int32",
        "string",
        "blob",
        "references t",
        "0 ",
        "1 ",
        "-1 ",
        "100,3",
        "100,3 ",
        "2305843009213693951 ",
        "18446744073709551615 ",
        "\"",
        "\"abc\" ",
        "\\",
        "\\x4",
        "nan(0x",
        "1e999",
        "\t",
        "\r",
    ])
}

fn check_any(text: &[u8]) -> Result<(), TestCaseError> {
    let lines = text.split(|&byte| byte == b'\n').count() as u64;
    let mut result = None;
    let peak = peak_of(|| result = Some(load(text, BlobPointers::Follow)));
    // The buffer for reading, and a few copies of a small text.
    prop_assert!(peak < 4 * 1024 * 1024, "{peak} bytes");
    match result.unwrap() {
        Ok((bytes, played)) => {
            prop_assert_eq!(played.lines, lines - u64::from(text.is_empty() || text.ends_with(b"\n")));
            prop_assert!(bytes.len() <= HEAD_LENGTH + text.len() * 2);
        }
        Err(PlayError::Mistake { place, .. }) => {
            prop_assert!((1..=lines).contains(&place.line));
            let line = text.split(|&byte| byte == b'\n').nth(place.line as usize - 1).unwrap();
            prop_assert!((1..=line.len() as u64 + 1).contains(&place.column));
        }
        Err(error) => prop_assert!(false, "{error}"),
    }
    Ok(())
}

// ---- Memory ------------------------------------------------------------------------------------------------

#[test]
fn memory_does_not_grow_with_the_text() {
    let begin = "create_table t\nadd_field t n int64\n".to_owned();
    let rows = "insert_into t 0\nupdate t 0 n 5\n".repeat(200_000);
    let text = begin + &rows;
    let mut draft = Draft::new(BlobPointers::Follow);
    let peak = peak_of(|| {
        play(text.as_bytes(), BlobPointers::Follow, &mut draft, &mut |_| {}).unwrap();
    });
    assert_eq!(draft.written().rows, Some(200_000));
    assert!(peak < 4 * 1024 * 1024, "{peak} bytes for {} of text", text.len());
}

#[test]
fn a_count_is_no_reason_to_take_memory() {
    let text = "create_table t\nadd_field t n int64\nupdate_vector t 0 n 2000000000000000000 1 2\n";
    let mut draft = Draft::new(BlobPointers::Follow);
    let mut message = String::new();
    let peak = peak_of(|| {
        let error = play(text.as_bytes(), BlobPointers::Follow, &mut draft, &mut |_| {}).unwrap_err();
        message = error.to_string();
    });
    assert_eq!(message, "3:44: the end of the line found, value 3 of 2000000000000000000 expected");
    assert!(peak < 1024 * 1024, "{peak} bytes");
}

// ---- Blobs -------------------------------------------------------------------------------------------------

const BLOB_FIELD: &str = "create_table t\nadd_field t b blob\ninsert_into t 0\n";

/// The body that commands about one record with a blob make.
fn with_blob_field(commands: &str) -> Result<Vec<u8>, PlayError<NewJournalError>> {
    let text = format!("{BLOB_FIELD}{commands}");
    load(text.as_bytes(), BlobPointers::Follow).map(|(bytes, _)| bytes)
}

#[test]
fn a_blob_value_may_name_a_piece_of_a_blob() {
    let bytes = with_blob_field("# Blob: 1000,6\nwrite_blob \"abcdef\"\nupdate t 0 b 1002,3\n").unwrap();
    let at = bytes.windows(3).position(|window| window == b"cde").unwrap() as u64;
    assert!(String::from_utf8(dump(&bytes, Fidelity::Lossless)).unwrap().contains(&format!(" b {at},3\n")));
}

#[test]
fn a_blob_value_follows_only_what_stands_before_it() {
    let late = with_blob_field("update t 0 b 1000,1\n# Blob: 1000,1\nwrite_blob \"a\"\n").unwrap_err();
    let unknown = BlobError::Unknown(BlobPosition { position: 1000, size: Some(1) });
    match late {
        PlayError::Mistake { place, mistake } => {
            assert_eq!((place.line, place.column, mistake), (4, 14, Mistake::Blob(unknown)));
        }
        other => panic!("{other}"),
    }
}
