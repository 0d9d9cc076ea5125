//! joedb commands as input: dump, edit, load.

use crate::log::Log;
use crate::processes::{send, wait_until};
use crate::scene::{Scene, convert, corpus, corpus_files, dumped, logdump};
use joedb::{BlobPosition, Type, Value};
use nix::sys::signal::Signal;
use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The file that a text makes.
fn loaded(scene: &Scene, text: &str) -> Vec<u8> {
    let input = scene.file("a.joedbi", text.as_bytes());
    let output = scene.path("loaded.joedb");
    convert().args(["-q", "--force"]).args([&input, &output]).assert().success().stderr(is_empty());
    fs::read(output).unwrap()
}

/// A dump with the positions of blobs left out.
fn without_positions(dump: &str) -> Vec<String> {
    let is_pointer = |word: &&str| {
        word.split_once(',')
            .is_some_and(|(at, size)| at.parse::<u64>().is_ok_and(|at| at > 0) && size.parse::<u64>().is_ok())
    };
    let line = |line: &str| {
        let words = line.split(' ').map(|word| match is_pointer(&word) {
            true => format!("#,{}", word.split_once(',').unwrap().1),
            false => word.to_owned(),
        });
        words.collect::<Vec<String>>().join(" ")
    };
    dump.lines().map(line).collect()
}

// ---- There and back ----------------------------------------------------------------------------------------

#[test]
fn dump_load_dump_is_the_identity_on_the_whole_corpus_up_to_the_positions_of_blobs() {
    for path in corpus_files("valid").into_iter().chain(corpus_files("v4")) {
        let scene = Scene::new();
        let first = dumped(&["-q", "--blob"], &path);
        let bytes = loaded(&scene, &first);
        let second = dumped(&["-q", "--blob"], &scene.path("loaded.joedb"));
        assert_eq!(without_positions(&first), without_positions(&second), "{}", path.display());
        logdump().args(["--check", "--require", "hard"]).arg(scene.path("loaded.joedb")).assert().success();
        assert_eq!(bytes[32..36], [5, 0, 0, 0], "{}", path.display());
    }
}

#[test]
fn canonical_bodies_come_back_byte_for_byte() {
    for name in fs::read_to_string(corpus("valid/CANONICAL")).unwrap().lines() {
        let path = corpus("valid").join(name);
        let bytes = loaded(&Scene::new(), &dumped(&["-q", "--blob"], &path));
        assert!(bytes[41..] == fs::read(&path).unwrap()[41..], "{name}");
    }
}

/// Typed into joedbi, which wrote [`BODY`]. joedbi adds nothing of its own to the body: no timestamp, no comment. It
/// writes a soft checkpoint at the end, where this program writes a hard one. The comment `# Blob:` means nothing to
/// it, for it writes blob values as they are; here it names the very position that joedbi gave the blob.
const COMMANDS: &str = r##"# typed into joedbi by hand

create_table city
add_field city name string
create_table person
add_field person name string
add_field person home references city
add_field person age int8
add_field person height float32
add_field person weight float64
add_field person tall boolean
add_field person photo blob
insert_into city 0
update city 0 name Lille
insert_vector person 0 2
update_vector person 0 name 2 "Rémi \"the \\ cat\"" "\x41\102"
update person 0 home 0
update person 1 home -1
update_vector person 0 age 2 -128 127
  update person  0 height  1.5
update person 0 weight -0.1
update person 0 tall true
# Blob: 198,9
write_blob "\000\377 what?\?"
update person 0 photo 198,9
timestamp 1745000000 2025-04-18 18:13:20 GMT
comment "what?\? \011"
valid_data
custom f
rename_field person tall is_tall
drop_field person age
rename_table city town
insert_into person 2
insert_into person 3
delete_from person 1
delete_vector person 2 2
drop_table town
"##;

/// What joedbi of joedb 10 wrote behind the head.
const BODY: &str = "\
    0104636974790301046e616d650101067065\
    72736f6e0302046e616d6501030204686f6d6504010302036167650803020668656967687406030206776569676874070302\
    0474616c6c0503020570686f746f0a0501018201054c696c6c650f02010284020101021152c3a96d692022746865205c2063\
    6174220241428e02018f00a002010302807f96040000c03f9a059a9999999999b9bf92060113090\
    0ff20776861743f3fa60720c6090b40960268000000000a08776861743f3f20090e1001660d0206076973\
    5f74616c6c0402030c0104746f776e05020308060202140203020201";

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_body_is_the_one_that_the_reference_writes_for_the_same_commands() {
    let bytes = loaded(&Scene::new(), COMMANDS);
    assert_eq!(hexadecimal(&bytes[41..]), BODY);
    let end = (bytes.len() as u64).to_le_bytes();
    let head = [&end[..], &end, &end, &end, &[5, 0, 0, 0], b"joedb"].concat();
    assert_eq!(bytes[..41], head);
}

#[test]
fn an_edited_dump_is_what_it_was_edited_to() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("city").field(1, "name", Type::String).insert(1, 0);
    log.update(1, 0, 1, Value::String(b"Tokio")).insert(1, 1);
    let crashed = scene.file("a.joedb", &log.clean());
    let text = dumped(&[], &crashed).replace("Tokio", "東京").replace("insert_into city 1\n", "");
    let mut expected = Log::new();
    expected.table("city").field(1, "name", Type::String).insert(1, 0);
    expected.update(1, 0, 1, Value::String("東京".as_bytes()));
    assert_eq!(loaded(&scene, &text), expected.clean());
}

#[test]
fn line_ends_of_windows_and_white_space_around_commands_mean_nothing() {
    let plain = "create_table t\nadd_field t s string\ninsert_into t 0\nupdate t 0 s x\n";
    let other = plain.replace('\n', " \t\r\n\r\n  # remark\r\n\t");
    let scene = Scene::new();
    assert_eq!(loaded(&scene, plain), loaded(&scene, &format!("{other}\n")));
}

// ---- Blobs -------------------------------------------------------------------------------------------------

/// A log with a blob that is pointed to, and two where the positions move: its first entry is spelled longer than
/// necessary.
fn moved_blobs() -> (Vec<u8>, Vec<u8>) {
    let fill = |log: &mut Log, end_of_first: u64| {
        log.table("t").field(1, "b", Type::Blob).insert(1, 0);
        log.blob(b"first").blob(b"");
        let blob = |position, size| Value::Blob(BlobPosition { position, size: Some(size) });
        log.update(1, 0, 1, blob(end_of_first - 5, 5));
        log.update(1, 0, 1, blob(end_of_first - 4, 2));
        log.update(1, 0, 1, blob(0, 0));
        log.update(1, 0, 1, blob(end_of_first + 2, 0));
    };
    let mut log = Log::new();
    log.table("t").field(1, "b", Type::Blob).insert(1, 0).blob(b"first");
    let end = log.end();
    let (mut old, mut new) = (Log::new(), Log::new());
    fill(&mut old, end + 1);
    fill(&mut new, end);
    // `create_table "t"` with a length of two bytes.
    let bytes = old.clean();
    let longer = [&[1, 0x20, 1, b't'], &bytes[44..]].concat();
    let head = joedb::Head::hard(joedb::Version::V5, longer.len() as u64 + 41).to_bytes();
    ([&head[..], &longer].concat(), new.clean())
}

#[test]
fn blob_values_follow_their_blobs_to_other_positions() {
    let (old, new) = moved_blobs();
    let scene = Scene::new();
    let path = scene.file("old.joedb", &old);
    assert_eq!(loaded(&scene, &dumped(&["-q", "--blob"], &path)), new);
}

#[test]
fn a_dump_without_the_data_of_blobs_is_refused_and_told_how_to_do_it() {
    let (old, _) = moved_blobs();
    let scene = Scene::new();
    let path = scene.file("old.joedb", &old);
    let input = scene.file("a.joedbi", dumped(&["-q"], &path).as_bytes());
    let expected =
        contains("a.joedbi:6:14: blob value 55,5 found, position and size within a blob before it expected")
            .and(contains("joedb_logdump --blob dumps the blobs too"));
    convert().args([&input, &scene.path("out")]).assert().code(4).stdout(is_empty()).stderr(expected);
    assert_eq!(scene.names(), ["a.joedbi", "old.joedb"]);
}

#[test]
fn blobs_that_nothing_points_to_and_that_are_left_out_are_a_warning() {
    let scene = Scene::new();
    let input = scene.file("a.joedbi", b"# Blob: 60,5\n# Blob: 70,1\nvalid_data\n# Blob: 80,7\n");
    let warning =
        contains("warning: 3 blobs of 13 bytes are not in this dump; joedb_logdump --blob dumps them\n");
    convert().args([&input, &scene.path("out")]).assert().success().stderr(warning);
}

#[test]
fn what_is_said_of_a_blob_holds_for_the_next_command_only() {
    let scene = Scene::new();
    let begin = "create_table t\nadd_field t b blob\ninsert_into t 0\n";
    let text = format!("{begin}# Blob: 70,3\nvalid_data\nwrite_blob \"abc\"\nupdate t 0 b 70,3\n");
    let input = scene.file("a.joedbi", text.as_bytes());
    let says = contains("a.joedbi:7:14: blob value 70,3 found");
    convert().args([&input, &scene.path("out")]).assert().code(4).stderr(says);
}

#[test]
fn blob_values_into_another_file_are_kept_where_that_is_said() {
    let scene = Scene::new();
    let text = "create_table t\nadd_field t b blob\ninsert_into t 0\nupdate t 0 b 123456,7\n\
                # Blob: 5,3\nwrite_blob \"abc\"\n# Blob: 5,3\nwrite_blob \"def\"\nupdate t 0 b 5,3\n";
    let input = scene.file("a.joedbi", text.as_bytes());
    let output = scene.path("out");
    convert().arg("--keep-blob-positions").args([&input, &output]).assert().success();
    let dump = dumped(&["-q"], &output);
    assert!(dump.contains("b 123456,7\n") && dump.contains("b 5,3\n"), "{dump}");
}

// ---- Input -------------------------------------------------------------------------------------------------

#[test]
fn commands_are_read_from_the_standard_input() {
    let scene = Scene::new();
    let output = scene.path("out");
    let line = contains("standard input, 1 line: wrote 6 bytes (1 entry) in ");
    let commands = |output: PathBuf, text: &'static str| {
        convert().args(["--input-format", "commands", "-"]).arg(output).write_stdin(text).assert()
    };
    commands(output.clone(), "create_table city\n").success().stdout(line);
    assert_eq!(dumped(&[], &output), "create_table city\n\n");
    let error = starts_with("joedb_convert: standard input:2:1: \"oops\" found, a command");
    commands(scene.path("no"), "\noops\n").code(4).stderr(error);
    // Without a word, standard input holds a joedb file.
    let hint = contains("it looks like text: --input-format commands reads joedb commands");
    convert().arg("-").arg(scene.path("no")).write_stdin("valid_data\n").assert().code(5).stderr(hint);
    assert_eq!(scene.names(), ["out"]);
}

#[test]
fn a_pipe_with_a_name_is_read_too() {
    let scene = Scene::new();
    let script = r#""$0" -q --input-format commands <(echo valid_data) "$1""#;
    let program = assert_cmd::cargo::cargo_bin!("joedb_convert");
    let status = Command::new("bash").args(["-c", script]).arg(program).arg(scene.path("out")).output();
    assert!(status.unwrap().status.success());
    assert_eq!(dumped(&[], &scene.path("out")), "valid_data\n\n");
}

#[test]
fn the_format_of_the_input_can_be_said() {
    let scene = Scene::new();
    let text = scene.file("dump.txt", b"valid_data\n");
    let log = scene.file("log.joedbi", &Log::new().comment(b"x").clean());
    let (one, other) = (scene.path("one"), scene.path("other"));
    convert().args(["--input-format", "commands"]).args([&text, &one]).assert().success();
    convert().args(["--input-format", "joedb"]).args([&log, &other]).assert().success();
    assert_eq!(
        (dumped(&[], &one), dumped(&[], &other)),
        ("valid_data\n\n".into(), "comment \"x\"\n\n".into())
    );
    let long = scene.file("long.txt", &b"valid_data\n".repeat(10));
    let hint = contains("it looks like text: --input-format commands reads joedb commands");
    convert().args([&long, &scene.path("no")]).assert().code(5).stderr(hint.clone());
    let binary = scene.file("binary", &[0; 100]);
    convert().args([&binary, &scene.path("no")]).assert().code(5).stderr(hint.not());
}

#[test]
fn options_that_mean_nothing_for_the_input_are_wrong_usage() {
    let scene = Scene::new();
    let text = scene.file("a.joedbi", b"valid_data\n");
    let log = scene.file("a.joedb", &Log::new().clean());
    let output = scene.path("out");
    let options: [&[&str]; 5] =
        [&["--to=hard"], &["--until=50"], &["--ignore-header"], &["--no-verify"], &["--save-tail", "tail"]];
    for options in options {
        convert().args(options).args([&text, &output]).assert().code(2).stdout(is_empty());
    }
    convert().arg("--keep-blob-positions").args([&log, &output]).assert().code(2);
    convert().args(["--in-place", "--input-format", "commands"]).arg(&text).assert().code(2);
    convert().args([&text, &text]).assert().code(2);
    assert_eq!(scene.names(), ["a.joedb", "a.joedbi"]);
}

#[test]
fn a_text_becomes_a_joedb_file_and_none_with_the_name_of_another_format() {
    let scene = Scene::new();
    let text = scene.file("a.joedbi", b"valid_data\n");
    let error = contains("a text becomes a joedb file, and OUTPUT says another format");
    for name in ["o.sqlite", "o.json", "o.jsonl", "o.csv", "o.joedbi"] {
        convert().args([&text, &scene.path(name)]).assert().code(2).stderr(error.clone());
    }
    assert_eq!(scene.names(), ["a.joedbi"]);
    for (options, name) in [(&[][..], "o.db"), (&["--output-format", "joedb"], "o.json")] {
        convert().args(options).args([&text, &scene.path(name)]).assert().success();
        assert_eq!(dumped(&[], &scene.path(name)), "valid_data\n\n");
    }
}

#[test]
fn a_text_that_is_not_there_exits_with_1() {
    let scene = Scene::new();
    let absent = scene.path("absent.joedbi");
    let says = contains("absent.joedbi: No such file or directory (os error 2)\n");
    convert().args([&absent, &scene.path("out")]).assert().code(1).stdout(is_empty()).stderr(says);
    let directory = ["--input-format".as_ref(), "commands".as_ref(), scene.directory()];
    let says = contains("Is a directory (os error 21)\n");
    convert().args(directory).arg(scene.path("out")).assert().code(1).stdout(is_empty()).stderr(says);
    assert!(scene.names().is_empty());
}

#[test]
fn a_text_without_a_command_needs_a_word() {
    let scene = Scene::new();
    let input = scene.file("a.joedbi", b"# nothing\n\n");
    let output = scene.path("out");
    let says = contains("a.joedbi: no command found; --allow-empty makes an empty database of it");
    for option in ["--quiet", "--dry-run"] {
        convert().arg(option).args([&input, &output]).assert().code(4).stderr(says.clone());
    }
    assert_eq!(scene.names(), ["a.joedbi"]);
    convert().arg("--allow-empty").args([&input, &output]).assert().success();
    assert_eq!(fs::read(output).unwrap(), Log::new().clean());
}

#[test]
fn a_last_line_without_an_end_is_a_warning() {
    let scene = Scene::new();
    let input = scene.file("a.joedbi", b"create_table city\ncreate_table per");
    let warning = contains("a.joedbi: warning: line 2 has no end: the text may have been cut\n");
    convert().args([&input, &scene.path("out")]).assert().success().stderr(warning);
}

// ---- Output ------------------------------------------------------------------------------------------------

/// A text, and the name of what it makes.
fn text(scene: &Scene) -> (PathBuf, PathBuf) {
    let text = "create_table city\n\ninsert_into city 0\ninsert_vector city 1 3\n";
    (scene.file("a.joedbi", text.as_bytes()), scene.path("out"))
}

#[test]
fn one_line_says_what_was_read_and_written() {
    let scene = Scene::new();
    let (input, output) = text(&scene);
    let body = [&b"\x01\x04city"[..], b"\x05\x01\x01", b"\x0f\x01\x02\x03"].concat();
    let line = format!(
        "{}, 4 lines: wrote 13 bytes (3 entries, 4 rows) in {} (CRC-32 {:08x}, read back)\n",
        input.display(),
        output.display(),
        crc32fast::hash(&body)
    );
    convert().args([&input, &output]).assert().success().stdout(line).stderr(is_empty());
    assert_eq!(fs::read(output).unwrap()[41..], body);
}

#[test]
fn a_dry_run_reads_everything_and_writes_nothing() {
    let scene = Scene::new();
    let (input, output) = text(&scene);
    let plan = format!(
        "plan: {}, 4 lines: would write 13 bytes (3 entries, 4 rows) in {}\nnothing was written (--dry-run)\n",
        input.display(),
        output.display()
    );
    convert().arg("--dry-run").args([&input, &output]).assert().success().stdout(plan);
    let wrong = scene.file("b.joedbi", b"valid_data\nvalid_data x\n");
    let says = contains("b.joedbi:2:12: \"x\" found, the end of the line expected");
    convert().arg("--dry-run").args([&wrong, &output]).assert().code(4).stderr(says);
    assert_eq!(scene.names(), ["a.joedbi", "b.joedbi"]);
}

#[test]
fn as_json_it_is_one_object() {
    let scene = Scene::new();
    let (input, output) = text(&scene);
    let parsed = |option: &[&str]| -> serde_json::Value {
        let mut command = convert();
        let run = command.args(["--format", "json"]).args(option).args([&input, &output]).output().unwrap();
        serde_json::from_slice(&run.stdout).unwrap()
    };
    let written = serde_json::json!({"bytes": 13, "entries": 3, "rows": 4, "undecodable": null});
    let mut expected = serde_json::json!({
        "schema_version": 1,
        "job": "load",
        "input": input.to_str().unwrap(),
        "output": output.to_str().unwrap(),
        "dry_run": true,
        "lines": 4,
        "blobs_left_out": 0,
        "written": written,
        "receipt": null,
    });
    assert_eq!(parsed(&["--dry-run"]), expected);
    let found = parsed(&[]);
    let crc = crc32fast::hash(&fs::read(&output).unwrap()[41..]);
    expected["dry_run"] = false.into();
    expected["receipt"] = serde_json::json!({"size": 54, "crc": crc, "written": written, "warnings": []});
    assert_eq!(found, expected);
}

#[test]
fn an_output_that_exists_is_replaced_only_if_that_is_said_and_only_by_a_whole_one() {
    let scene = Scene::new();
    let (input, _) = text(&scene);
    let output = scene.file("out", b"precious");
    let says = contains("it exists already; --force replaces it");
    convert().args([&input, &output]).assert().code(1).stderr(says);
    let wrong = scene.file("b.joedbi", b"valid_data\noops\n");
    convert().arg("--force").args([&wrong, &output]).assert().code(4);
    assert_eq!(fs::read(&output).unwrap(), b"precious");
    convert().arg("--force").args([&input, &output]).assert().success();
    assert_eq!(dumped(&["--schema-only"], &output), "create_table city\n\n");
    assert_eq!(scene.names(), ["a.joedbi", "b.joedbi", "out"]);
}

#[cfg(unix)]
#[test]
fn the_output_has_the_mode_of_the_text_and_is_private_without_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    let (input, output) = text(&scene);
    fs::set_permissions(&input, fs::Permissions::from_mode(0o640)).unwrap();
    convert().args([&input, &output]).assert().success();
    let from_pipe = ["--input-format", "commands", "-"];
    convert().args(from_pipe).arg(scene.path("piped")).write_stdin("valid_data\n").assert().success();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&output), mode(&scene.path("piped"))), (0o640, 0o600));
}

#[test]
fn a_signal_ends_it_while_it_waits_for_a_pipe_and_leaves_nothing() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let scene = Scene::new();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("joedb_convert"));
        command
            .args(["--input-format", "commands", "-"])
            .arg(scene.path("out"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // The temporary file is there once the work has begun; the pipe stays open and empty.
        wait_until("a temporary file is made", || !scene.names().is_empty());
        send(signal, &child);
        let pipe = child.stdin.take();
        wait_until("the signal ends it", || child.try_wait().unwrap().is_some());
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(output.stderr, b"joedb_convert: interrupted; nothing was left behind\n");
        assert!(scene.names().is_empty());
    }
}
