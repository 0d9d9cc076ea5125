//! Small files that promise, repeat or nest more than any program can hold: every mode ends, within a stated time and a
//! stated memory.

use crate::log::Log;
use crate::scene::Scene;
use joedb::{Encoder, Entry, FieldId, FieldType, RecordId, TableId, Type, Version};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// All address space that a program may take, its code and its threads' stacks included.
const MEMORY_KIB: u32 = 160 * 1024;

/// For one run, on a machine that does other things.
const TIME: Duration = Duration::from_secs(20);

const DUMPS: [&[&str]; 15] = [
    &[],
    &["--raw"],
    &["--sql"],
    &["--sql", "--blob"],
    &["--json"],
    &["--blob"],
    &["--schema-only"],
    &["--print-checkpoint"],
    &["--ignore-header"],
    &["--tail"],
    &["--mmap"],
    &["--header"],
    &["--check"],
    &["--check", "--format=json"],
    &["--ignore-header", "--mmap", "--json", "--blob"],
];

/// These repeat what the reference prints, which may be a line for each of 2^60 records: they go on as long as somebody
/// reads them.
const REFERENCE: [&[&str]; 3] =
    [&["--compat"], &["--compat", "--raw"], &["--compat", "--sql", "--ignore-header"]];

fn program(name: &str) -> PathBuf {
    match name {
        "joedb_convert" => assert_cmd::cargo::cargo_bin!("joedb_convert").to_path_buf(),
        _ => assert_cmd::cargo::cargo_bin!("joedb_logdump").to_path_buf(),
    }
}

/// Runs a program in little memory, and shows up to 4 MiB of what it prints to somebody who then goes away.
fn run(name: &str, arguments: &[&str], files: &[&Path]) -> Output {
    let script = format!(
        "ulimit -v {MEMORY_KIB}; \"$0\" \"$@\" | head -c 4194304 > /dev/null; exit \"${{PIPESTATUS[0]}}\""
    );
    let start = Instant::now();
    let mut command = Command::new("bash");
    command.args(["-c", &script]).arg(program(name)).args(arguments).args(files);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked") && !said.contains("memory"), "{arguments:?}: {said}");
    assert!(matches!(output.status.code(), Some(0..6)), "{arguments:?}: {:?}: {said}", output.status);
    assert!(start.elapsed() < TIME, "{arguments:?} took {:?}", start.elapsed());
    output
}

fn assert_is_bounded(bytes: &[u8]) {
    let scene = Scene::new();
    let file = scene.file("bomb", bytes);
    for mode in DUMPS.into_iter().chain(REFERENCE) {
        run("joedb_logdump", mode, &[&file]);
    }
    run("joedb_logdump", &["--compare"], &[&file, &file]);
    let output = scene.path("good");
    for target in ["--to=checkpoint", "--to=last-entry", "--to=valid-data", "--to=eof"] {
        run("joedb_convert", &["--force", target], &[&file, &output]);
    }
    run("joedb_convert", &["--in-place", "--to=last-entry"], &[&file]);
}

/// The entries, then bytes that are no whole entry, all of it behind a checkpoint and again before one.
fn with_bytes_behind(log: &Log, bytes: &[u8]) -> [Vec<u8>; 2] {
    let clean = [&log.clean()[..], bytes].concat();
    let size = clean.len() as u64;
    let head = joedb::Head::hard(Version::V5, size).to_bytes();
    let covered = [&head[..], &clean[41..]].concat();
    [clean, covered]
}

/// 2^61 - 1 in eight bytes.
const MOST: [u8; 8] = [0xff; 8];

#[test]
fn lengths_and_counts_that_no_file_can_hold_take_no_memory() {
    let mut log = Log::new();
    log.table("t").field(1, "s", Type::String).field(1, "n", Type::Int64).insert(1, 0);
    // A string, a blob, a comment, an update, vectors of strings, of 8-byte numbers, whose size overflows, of booleans.
    let before: [&[u8]; 7] =
        [&[0x01], &[0x13], &[0x0a], &[0x81, 1, 1, 1], &[0x84, 1, 1, 1], &[0x8c, 1, 1, 2], &[0x94, 1, 1, 2]];
    for before in before {
        for file in with_bytes_behind(&log, &[before, &MOST, b"x"].concat()) {
            assert_is_bounded(&file);
        }
    }
}

#[test]
fn billions_of_records_and_record_ids_at_the_end_of_their_range_take_no_memory() {
    let last = (1_i64 << 61) - 2;
    for (first, count) in [(0, 1_000_000_000), (0, 1 << 60), (last, 1), (last - 1_000_000, 1_000_001)] {
        let mut log = Log::new();
        let (table, first) = (TableId(1), RecordId(first));
        log.table("t").field(1, "s", Type::String);
        log.push(&Entry::InsertVector { table, first, count });
        log.push(&Entry::DeleteVector { table, first, count });
        // Appends behind the last id there is.
        assert!(log.clean().len() < 100);
        let file = with_bytes_behind(&log, &[0x08, 0x08, 0x82, 1, 1, b'x', 0x83, 1, b'y']);
        file.iter().for_each(|file| assert_is_bounded(file));
    }
}

#[test]
fn a_million_tiny_entries_end_in_time() {
    let mut log = Encoder::new(Version::V5);
    (0..1_000_000).for_each(|_| log.push(&Entry::ValidData));
    assert_is_bounded(&log.file());
}

/// Names of three letters or more, all different.
fn name(number: u32) -> String {
    let letter = |place: u32| char::from(b'a' + u8::try_from(number / 26_u32.pow(place) % 26).unwrap());
    (0..4).map(letter).collect()
}

#[test]
fn as_many_tables_and_fields_as_there_are_ids_end_in_time() {
    let mut log = Encoder::new(Version::V5);
    for number in 0..65_535 {
        log.push(&Entry::CreateTable { name: name(number).as_bytes() });
    }
    assert_is_bounded(&log.file());
    // One more is damage.
    log.push(&Entry::CreateTable { name: b"more" });
    assert_is_bounded(&log.file());
}

#[test]
fn schema_entries_between_records_of_a_table_with_as_many_fields_as_there_are_ids_end_in_time() {
    let (table, field, record) = (TableId(1), FieldId(65_535), RecordId(0));
    let mut log = Log::new();
    log.table("t");
    for number in 0..65_535 {
        let field_type = FieldType::Plain(Type::Int8);
        log.push(&Entry::AddField { table, name: name(number).as_bytes(), field_type });
    }
    log.insert(1, 0);
    for number in 0..30_000 {
        let value = joedb::Value::Int8(1);
        let form = joedb::UpdateForm::Update;
        match number % 3 {
            0 => log.push(&Entry::Custom { name: b"f" }),
            1 => log.push(&Entry::RenameField { table, field, name: [b"x", b"y"][number / 3 % 2] }),
            _ => log.push(&Entry::RenameTable { table, name: [b"u", b"t"][number / 3 % 2] }),
        };
        log.push(&Entry::Update { table, record, field, value, form });
    }
    assert_is_bounded(&log.clean());
}

#[test]
fn chains_of_renames_end_in_time() {
    let mut log = Log::new();
    log.table("a").field(1, "f", Type::Int8).table("b").field(2, "f", Type::Int8);
    for number in 0..50_000 {
        // Two tables that chase each other through names that SQLite takes for the same.
        log.rename_table(1, ["a", "A", "c", "sqlite_a"][number % 4]);
        log.rename_field(1, 1, ["f", "F", "rowid", "__id2"][number % 4]);
    }
    assert_is_bounded(&log.clean());
}

#[test]
fn names_of_a_megabyte_take_a_few_megabytes() {
    let long = "n".repeat(1_000_000);
    let mut log = Log::new();
    log.table(&long).field(1, &long, Type::Int8);
    for record in 0..20 {
        log.insert(1, record).update(1, record, 1, joedb::Value::Int8(1));
    }
    log.rename_field(1, 1, "f").rename_table(1, "t").insert(1, 20);
    assert_is_bounded(&log.clean());
}

#[test]
fn a_text_without_line_ends_that_no_memory_holds_is_an_error() {
    let scene = Scene::new();
    let (input, output) = (scene.file("zeros", b""), scene.path("new.joedb"));
    // It is sparse: it takes no room on the disk.
    std::fs::File::options().write(true).open(&input).unwrap().set_len(300_000_000).unwrap();
    for format in ["commands", "json-lines"] {
        let script = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &script]).arg(program("joedb_convert")).args(["--input-format", format]);
        let run = command.args([&input, &output]).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{said}");
        assert!(said.ends_with("zeros: out of memory\n"), "{said}");
        assert!(!output.exists());
    }
}
