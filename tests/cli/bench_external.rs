//! `joedb_bench --external`: other programs in the same tables.

use crate::log::Log;
use crate::scene::{Scene, bench};
use joedb::Type;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A log with so many rows, ended by a hard checkpoint.
fn log(rows: i64) -> Log {
    let mut log = Log::new();
    log.table("benchmark").field(1, "value", Type::Int64);
    for row in 0..rows {
        log.insert(1, row).update(1, row, 1, joedb::Value::Int64(row));
    }
    log
}

/// A file for commands to copy, beside the directory of the runs.
struct Source {
    files: Scene,
    runs: Scene,
}

impl Source {
    fn of(bytes: &[u8]) -> (Source, PathBuf) {
        let source = Source { files: Scene::new(), runs: Scene::new() };
        let file = source.files.file("source", bytes);
        (source, file)
    }

    fn bench(&self, case: &str, external: &str) -> assert_cmd::Command {
        let mut command = bench();
        command.args([case, "--rows", "5", "--runs", "1", "--format", "json", "--external", external]);
        command.arg("--dir").arg(self.runs.directory());
        command
    }

    /// The last contender, which is the external one.
    fn score(&self, case: &str, external: &str) -> Value {
        let output = self.bench(case, external).assert().success();
        let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        assert!(self.runs.names().is_empty());
        report["cases"][0]["contenders"].as_array().unwrap().last().unwrap().clone()
    }

    fn fails(&self, case: &str, external: &str, code: i32, said: &str) {
        let said = contains(said).and(contains(format!("joedb_bench: {case}, lab: ")));
        self.bench(case, external).assert().code(code).stdout(is_empty()).stderr(said);
        assert!(self.runs.names().is_empty());
    }
}

fn copy_to(source: &Path, target: &str) -> String {
    format!("lab=cp '{}' {target}", source.display())
}

#[test]
fn another_program_stands_in_the_same_table_and_its_rows_are_counted() {
    let (source, file) = Source::of(&log(5).clean());
    let score = source.score("bulk", &copy_to(&file, "{file}"));
    assert_eq!((&score["name"], &score["counted"]), (&"lab".into(), &true.into()));
    assert_eq!(score["disk_bytes"], fs::metadata(&file).unwrap().len());
    assert_eq!(score["setup"], format!("cp '{}' result", file.display()));
}

#[test]
fn a_file_of_another_name_is_found_if_it_is_the_only_one() {
    let (source, file) = Source::of(&log(5).clean());
    assert_eq!(source.score("bulk", &copy_to(&file, "x; echo y >z"))["counted"], true);
    let two = format!("{}; cp x y", copy_to(&file, "x"));
    assert_eq!(source.score("bulk", &two)["counted"], false);
}

#[test]
fn a_program_that_wrote_too_few_rows_has_no_time() {
    for (found, target) in [(4, "{file}"), (6, "elsewhere")] {
        let (source, file) = Source::of(&log(found).clean());
        let said = format!("wrong result: {found} rows found below the hard checkpoint, 5 expected");
        source.fails("bulk", &copy_to(&file, target), 4, &said);
    }
}

#[test]
fn a_program_that_wrote_nothing_where_it_was_told_to_has_no_time() {
    let (source, file) = Source::of(&log(5).clean());
    let command = format!("{}; : {{file}}", copy_to(&file, "elsewhere"));
    source.fails("bulk", &command, 4, "wrong result: no file result found");
}

#[test]
fn vectors_and_deletions_are_counted_too() {
    let mut log = log(3);
    log.insert_vector(1, 3, 10).delete_vector(1, 4, 8);
    let (source, file) = Source::of(&log.clean());
    assert_eq!(source.score("bulk", &copy_to(&file, "{file}"))["counted"], true);
}

#[test]
fn only_in_the_soft_case_a_soft_checkpoint_is_enough() {
    let log = log(5);
    let (source, file) = Source::of(&log.with_slots([41, 41, -crate::log::signed(log.end()), 41]));
    assert_eq!(source.score("commit-soft", &copy_to(&file, "{file}"))["counted"], true);
    for case in ["bulk", "vector", "commit-hard", "commit-async"] {
        source.fails(
            case,
            &copy_to(&file, "{file}"),
            4,
            "0 rows found below the hard checkpoint, 5 expected",
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_no_result() {
    let (source, file) = Source::of(&log(5).clean()[..60]);
    source.fails("bulk", &copy_to(&file, "{file}"), 4, "wrong result");
}

#[test]
fn rows_of_all_tables_of_sqlite_are_counted() {
    let (source, file) = Source::of(b"");
    let connection = rusqlite::Connection::open(&file).unwrap();
    let tables = "CREATE TABLE \"a \"\"b\"(x); CREATE TABLE c(x); INSERT INTO c VALUES(1), (2);";
    connection.execute_batch(tables).unwrap();
    connection.execute_batch("INSERT INTO \"a \"\"b\" VALUES(1), (2)").unwrap();
    source.fails("bulk", &copy_to(&file, "{file}"), 4, "wrong result: 4 rows found, 5 expected");
    connection.execute_batch("INSERT INTO c VALUES(3)").unwrap();
    assert_eq!(source.score("bulk", &copy_to(&file, "base"))["counted"], true);
}

#[test]
fn what_cannot_be_counted_is_said() {
    let (source, _) = Source::of(b"");
    assert_eq!(source.score("bulk", "lab=true")["counted"], false);
    assert_eq!(source.score("bulk", "lab=echo hello >{file}")["counted"], false);
    for form in ["table", "markdown"] {
        let said = contains("lab: not counted: no joedb or SQLite file");
        let mut command = bench();
        command.args(["bulk", "--rows=5", "--runs=1", "--external=lab=true", "--format", form, "--dir"]);
        command.arg(source.runs.directory()).assert().success().stdout(said);
    }
}

#[test]
fn a_program_that_fails_is_an_error_with_what_it_said() {
    let (source, _) = Source::of(b"");
    source.fails("bulk", "lab=echo no luck >&2; exit 3", 1, "it failed (exit status: 3): no luck");
    source.fails("bulk", "lab=kill -9 $$", 1, "it failed (signal: 9 (SIGKILL)): it said nothing");
    source.fails("bulk", "lab=no-such-program-here", 1, "exit status: 127");
}

#[test]
fn the_placeholders_are_replaced_and_nothing_else_is() {
    let (source, file) = Source::of(&log(5).clean());
    let test =
        r#"test "{rows} {case} {file}" = '5 commit-soft result' && x={other} && test "$x" = '{other}'"#;
    let command = format!("lab={test} && cp '{}' \"{{file}}\"", file.display());
    assert_eq!(source.score("commit-soft", &command)["counted"], true);
}

#[test]
fn contenders_take_turns() {
    let (source, file) = Source::of(b"");
    let note = |name: &str| format!("{name}=echo {name} >>'{}'", file.display());
    let mut command = bench();
    command.args([
        "bulk",
        "--rows=1",
        "--runs=3",
        "--external",
        &note("A"),
        "--external",
        &note("B"),
        "--dir",
    ]);
    command.arg(source.runs.directory()).assert().success();
    assert_eq!(fs::read_to_string(&file).unwrap(), "A\nB\nA\nB\nA\nB\n");
}

#[test]
fn time_and_memory_are_those_of_the_program_and_of_all_that_it_started() {
    const MEMORY: u64 = 64_000_000;
    let (source, _) = Source::of(b"");
    let hungry =
        source.score("bulk", "lab=head -c 100000000 /dev/zero | tail -c 64000000 >/dev/null; sleep 0.3");
    assert!(hungry["peak_memory_bytes"].as_u64().unwrap() > MEMORY, "{hungry}");
    assert!(hungry["real"]["min"].as_f64().unwrap() > 0.3, "{hungry}");
    let modest = source.score("bulk", "lab=true");
    assert!(modest["peak_memory_bytes"].as_u64().unwrap() < MEMORY, "{modest}");
}

#[test]
fn names_that_cannot_be_told_apart_are_wrong_usage() {
    for externals in [&["SQLite=true"][..], &["a=true", "b=true", "a=false"]] {
        let mut command = bench();
        command.arg("bulk");
        for external in externals {
            command.args(["--external", external]);
        }
        command.assert().code(2).stdout(is_empty()).stderr(contains("is taken; choose another"));
    }
    bench().args(["bulk", "--external", "=true"]).assert().code(2).stderr(contains("NAME=COMMAND expected"));
    bench().args(["bulk", "--external", "a= "]).assert().code(2).stderr(contains("NAME=COMMAND expected"));
}

#[test]
fn a_command_that_does_not_know_the_case_is_for_one_case_only() {
    let said = contains("--external lab: the command has no {case}, so it would do the same in all 2 cases");
    bench()
        .args(["bulk", "vector", "--external", "lab=true"])
        .assert()
        .code(2)
        .stdout(is_empty())
        .stderr(said);
    let (source, _) = Source::of(b"");
    source.bench("bulk", "lab=echo {case}").arg("vector").assert().success();
}

#[test]
fn hostile_names_and_messages_do_not_reach_the_terminal() {
    let (source, _) = Source::of(b"");
    let mut command = bench();
    command.args(["bulk", "--rows=1", "--runs=1", "--external", "\u{1b}[2J=true", "--dir"]);
    let output = command.arg(source.runs.directory()).assert().success();
    assert!(!output.get_output().stdout.contains(&0x1b));
    let failing = source.bench("bulk", "lab=printf '\\033[2J' >&2; exit 1").assert().code(1);
    assert!(!failing.get_output().stderr.contains(&0x1b));
}
