//! The log as commands, raw entries and schema, without `--compat`.

use crate::log::{Log, Sample, signed};
use crate::scene::{Scene, convert, corpus_files, dumped, logdump, whole_corpus};
use joedb::{BlobPosition, Entry, FieldId, RecordId, TableId, Type, Value, Version};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::path::Path;

const COMMANDS: &str = "\
create_table person
add_field person name string
insert_into person 0
update person 0 name \"Ann\"
timestamp 1745000000 2025-04-18 18:13:20 GMT
valid_data
insert_into person 1
update person 1 name \"Bob\"
comment \"the second one\"

";

#[test]
fn a_dump_is_the_log_as_commands() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().clean());
    logdump().arg(&file).assert().success().stdout(COMMANDS).stderr(is_empty());
}

#[test]
fn a_log_without_entries_prints_nothing() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Log::new().clean());
    for mode in [&[][..], &["--raw"], &["--json"]] {
        logdump().args(mode).arg(&file).assert().success().stdout(is_empty()).stderr(is_empty());
    }
}

#[test]
fn raw_entries_have_ids_instead_of_names() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().clean());
    let expected = "\
create_table \"person\"
add_field 1 \"name\" string
insert_into 1 0
update_string 1 0 1 \"Ann\"
timestamp 1745000000
valid_data
insert_into 1 1
update_string 1 1 1 \"Bob\"
comment \"the second one\"
";
    logdump().arg("--raw").arg(&file).assert().success().stdout(expected);
}

#[test]
fn schema_only_prints_no_data_and_both_spellings_work() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().clean());
    for option in ["--schema-only", "--schema_only"] {
        let expected = "create_table person\nadd_field person name string\n\n";
        logdump().arg(option).arg(&file).assert().success().stdout(expected);
    }
}

#[test]
fn print_checkpoint_prints_the_position_after_each_entry() {
    let scene = Scene::new();
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.clean());
    for option in ["--print-checkpoint", "--print_checkpoint"] {
        let text = dumped(&[option], &file);
        let positions: Vec<u64> = text
            .lines()
            .filter_map(|line| line.strip_prefix("comment \"")?.strip_suffix('"')?.parse().ok())
            .collect();
        assert_eq!(positions, sample.log.boundaries()[1..]);
    }
}

#[test]
fn blobs_that_are_left_out_are_counted_on_stderr() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Log::new().blob(b"four").blob(b"fiver").clean());
    let notice = "joedb_logdump: ".to_owned() + file.to_str().unwrap();
    let notice = notice + ": 2 blobs of 9 bytes left out; --blob prints them\n";
    logdump().arg(&file).assert().success().stdout("# Blob: 43,4\n# Blob: 49,5\n\n").stderr(notice.clone());
    logdump().args(["--sql", "-q"]).arg(&file).assert().success().stderr(is_empty());
    logdump().arg("--json").arg(&file).assert().success().stderr(notice);
    logdump().arg("--raw").arg(&file).assert().success().stderr(is_empty());
    let expected = "# Blob: 43,4\nwrite_blob \"four\"\n# Blob: 49,5\nwrite_blob \"fiver\"\n\n";
    logdump().arg("--blob").arg(&file).assert().success().stdout(expected).stderr(is_empty());
}

#[test]
fn a_dirty_tail_is_a_notice_and_the_dump_ends_at_the_checkpoint() {
    let scene = Scene::new();
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.dirty());
    let behind = sample.end() - sample.first;
    let notice = contains(format!("the {behind} bytes behind the checkpoint at {}", sample.first))
        .and(contains(format!("joedb_logdump --tail {}\n", file.display())))
        .and(contains(format!("joedb_logdump --check {}\n", file.display())));
    let dump = COMMANDS.split_inclusive("valid_data\n").next().unwrap().to_owned() + "\n";
    logdump().arg(&file).assert().success().stdout(dump.clone()).stderr(notice);
    logdump().arg("-q").arg(&file).assert().success().stdout(dump).stderr(is_empty());
}

#[test]
fn ignoring_the_head_reads_to_the_end_in_every_spelling() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().dirty());
    for option in ["--ignore-header", "--ignore_header", "--ignore-errors", "--ignore_errors"] {
        logdump().arg(option).arg(&file).assert().success().stdout(COMMANDS).stderr(is_empty());
    }
}

#[test]
fn ignoring_the_head_reads_a_log_whose_head_is_garbage() {
    let scene = Scene::new();
    let mut bytes = Sample::new().clean();
    bytes[..41].fill(b'?');
    let file = scene.file("a.joedb", &bytes);
    logdump().arg("--ignore-header").arg(&file).assert().success().stdout(COMMANDS);
    logdump().arg(&file).assert().code(5).stdout(is_empty()).stderr(contains("no joedb signature"));
}

#[test]
fn a_soft_checkpoint_past_the_end_is_a_notice() {
    let scene = Scene::new();
    let sample = Sample::new();
    let first = signed(sample.first);
    let file = scene.file("a.joedb", &sample.log.with_slots([-1000, 41, first, first]));
    let notice = contains("a soft checkpoint at 1000 (0x3e8) lies past the end of the file");
    logdump().arg(&file).assert().success().stderr(notice);
}

/// A clean log in whose third entry the opcode is none.
fn damaged() -> Vec<u8> {
    let sample = Sample::new();
    let mut bytes = sample.clean();
    bytes[usize::try_from(sample.log.boundaries()[2]).unwrap()] = 0xff;
    bytes
}

#[test]
fn what_comes_before_an_entry_that_does_not_decode_is_printed() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &damaged());
    let message = contains("position 57 (0x39): entry at 57 (0x39): byte 0xff found, an opcode expected")
        .and(contains("2 entries were printed; next: joedb_logdump --check "));
    let printed = "create_table person\nadd_field person name string\n";
    logdump().arg(&file).assert().code(4).stdout(printed).stderr(message);
    logdump().args(["--compat", "-q"]).arg(&file).assert().code(4).stderr(contains("byte 0xff found"));
    logdump().arg("--sql").arg(&file).assert().code(4).stdout(contains("COMMIT;"));
}

#[test]
fn a_file_cut_below_its_hard_checkpoint_is_not_dumped() {
    let scene = Scene::new();
    let bytes = Sample::new().clean();
    let file = scene.file("a.joedb", &bytes[..60]);
    let message =
        "60 (0x3c) bytes found, 99 (0x63) expected by its hard checkpoint; --check says what is left";
    let more = contains(format!("{message}, --ignore-header dumps it\n"));
    logdump().arg(&file).assert().code(4).stdout(is_empty()).stderr(more);
    for options in [&["--stats"][..], &["--index"], &["--compare", file.to_str().unwrap()]] {
        let message = contains(format!("{message}\n"));
        logdump().args(options).arg(&file).assert().code(4).stdout(is_empty()).stderr(message);
    }
}

#[test]
fn the_map_and_the_window_print_the_same() {
    for path in whole_corpus() {
        for mode in [&[][..], &["--raw"], &["--sql", "--blob"], &["--json"], &["--tail"], &["--check"]] {
            let [mapped, windowed] = [&[][..], &["--mmap"]]
                .map(|access| logdump().args(mode).args(access).arg(&path).output().unwrap());
            assert_eq!(mapped, windowed, "{} {mode:?}", path.display());
        }
    }
}

#[test]
fn version_4_is_dumped_with_the_ids_of_version_5() {
    let scene = Scene::new();
    let log_of = |version| {
        let mut log = Log::of(version);
        log.table("node").reference(1, "next", 1).insert(1, 0).update(
            1,
            0,
            1,
            Value::Reference(RecordId::NULL),
        );
        log.update(1, 0, 1, Value::Reference(RecordId(0)));
        log
    };
    let old = scene.file("old.joedb", &log_of(Version::V4).clean());
    let new = scene.file("new.joedb", &log_of(Version::V5).clean());
    assert_eq!(dumped(&[], &old), dumped(&[], &new));
    assert!(dumped(&[], &old).ends_with("update node 0 next -1\nupdate node 0 next 0\n\n"));
    assert!(dumped(&["--compat"], &old).ends_with("update node 1 next 0\nupdate node 1 next 1\n"));
}

#[test]
fn a_version_4_blob_value_gets_the_size_that_the_log_holds() {
    let scene = Scene::new();
    let mut log = Log::of(Version::V4);
    log.table("file").field(1, "data", Type::Blob).insert(1, 0);
    let position = log.end() + 1;
    log.blob(b"four").update(1, 0, 1, Value::Blob(BlobPosition { position, size: None }));
    let file = scene.file("old.joedb", &log.clean());
    let data = position + 1;
    assert!(dumped(&[], &file).contains(&format!("update file 0 data {data},4\n")));
    assert!(dumped(&["--sql", "--blob"], &file).contains("SET \"data\" = X'666f7572' WHERE"));
    assert!(dumped(&["--compat"], &file).contains(&format!("update file 1 data {position}\n")));
}

/// The values behind `update_vector numbers 0 number N`.
fn vector_values(text: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.starts_with("update_vector")).unwrap();
    line.split(' ').skip(5).map(str::to_owned).collect()
}

fn file_of_vector(scene: &Scene, value_type: Type, values: &[Value<'_>]) -> std::path::PathBuf {
    let mut encoder = joedb::Encoder::new(Version::V5);
    encoder.push(&Entry::CreateTable { name: b"numbers" });
    let field_type = joedb::FieldType::Plain(value_type);
    encoder.push(&Entry::AddField { table: TableId(1), name: b"number", field_type });
    encoder.push_vector(TableId(1), RecordId(0), FieldId(1), value_type, values);
    scene.file("numbers.joedb", &encoder.file())
}

#[test]
fn doubles_read_back_to_the_same_bits() {
    let numbers = crate::scene::doubles();
    let values: Vec<Value<'_>> = numbers.iter().copied().map(Value::Float64).collect();
    let scene = Scene::new();
    let text = dumped(&[], &file_of_vector(&scene, Type::Float64, &values));
    for (number, text) in numbers.iter().zip(vector_values(&text)) {
        assert_eq!(text.parse::<f64>().unwrap().to_bits(), number.to_bits(), "{text}");
    }
}

#[test]
fn single_floats_read_back_to_the_same_bits() {
    let numbers = crate::scene::singles();
    let values: Vec<Value<'_>> = numbers.iter().copied().map(Value::Float32).collect();
    let scene = Scene::new();
    let text = dumped(&[], &file_of_vector(&scene, Type::Float32, &values));
    for (number, text) in numbers.iter().zip(vector_values(&text)) {
        assert_eq!(text.parse::<f32>().unwrap().to_bits(), number.to_bits(), "{text}");
    }
}

#[test]
fn a_nan_keeps_its_bits_and_infinities_their_sign() {
    let bits = [0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000, 0x7ff0_0000_0000_0001, 0xfff8_0000_dead_beef];
    let mut numbers: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
    numbers.extend([f64::INFINITY, f64::NEG_INFINITY]);
    let values: Vec<Value<'_>> = numbers.into_iter().map(Value::Float64).collect();
    let scene = Scene::new();
    let text = dumped(&[], &file_of_vector(&scene, Type::Float64, &values));
    let expected = ["nan", "-nan", "nan(0x7ff0000000000001)", "nan(0xfff80000deadbeef)", "inf", "-inf"];
    assert_eq!(vector_values(&text), expected);
}

/// A dump without `--compat` of the recovered file, as the independent way to the same text.
#[test]
fn a_dump_is_that_of_the_file_recovered_to_its_checkpoint() {
    let scene = Scene::new();
    for path in corpus_files("crash") {
        let output = scene.path(path.file_name().unwrap().to_str().unwrap());
        convert().arg("--allow-empty").arg(&path).arg(&output).assert().success();
        assert_same_dump(&path, &output);
    }
}

fn assert_same_dump(one: &Path, other: &Path) {
    for mode in [&["-q"][..], &["-q", "--raw"], &["-q", "--json"]] {
        assert_eq!(dumped(mode, one), dumped(mode, other), "{} {mode:?}", one.display());
    }
}

#[test]
fn a_custom_name_that_is_no_plain_word_is_quoted_unless_the_text_is_the_references() {
    let scene = Scene::new();
    let mut log = Log::new();
    for name in [&b"f"[..], "été".as_bytes(), b"a b", b"", b"\"x", b"\\", b"\x1b"] {
        log.push(&Entry::Custom { name });
    }
    let path = scene.file("a.joedb", &log.clean());
    let lines = ["f", "été", "\"a b\"", "\"\"", r#""\"x""#, r#""\\""#, r#""\033""#]
        .map(|it| format!("custom {it}\n"));
    assert_eq!(dumped(&[], &path), format!("{}\n", lines.concat()));
    let reference = ["f", "été", "a b", "", "\"x", "\\", "\x1b"].map(|it| format!("custom {it}\n"));
    assert_eq!(dumped(&["--compat"], &path), format!("{}\n", reference.concat()));
}
