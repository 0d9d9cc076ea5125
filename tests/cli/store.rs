//! `--load`: the log is played into tables too.

use crate::log::Log;
use crate::scene::{Scene, corpus_files, dumped, logdump};
use joedb::{FieldId, RecordId, TableId, Type, Value, Vector};
use predicates::prelude::*;
use predicates::str::{contains, ends_with, is_empty};

/// A table "t" of an int32, "a", and a string, "s".
pub(crate) fn table() -> Log {
    let mut log = Log::new();
    log.table("t").field(1, "a", Type::Int32).field(1, "s", Type::String);
    log
}

/// What the table looks like as commands.
const TABLE: &str = "create_table t\nadd_field t a int32\nadd_field t s string\n";

fn update_vector(log: &mut Log, first: i64, count: i32) -> &mut Log {
    let mut values = Vector::new(Type::Int32);
    (1..=count).for_each(|number| values.push(&Value::Int32(number)).unwrap());
    let (table, first, field) = (TableId(1), RecordId(first), FieldId(1));
    log.push(&joedb::Entry::UpdateVector { table, first, field, values: values.values() })
}

/// A log that cannot be loaded.
pub(crate) struct Bad {
    pub(crate) log: Log,
    /// What the reference prints with `--load` behind the table; it was recorded.
    reference: &'static str,
    /// Where the entry stands that cannot be loaded.
    pub(crate) position: u64,
    /// What we say of it.
    pub(crate) message: &'static str,
}

/// A log of each kind; a comment follows the entry that cannot be loaded.
pub(crate) fn bad_logs() -> Vec<Bad> {
    let mut bad = Vec::new();
    let mut add = |write: fn(&mut Log) -> &mut Log, reference, message| {
        let mut log = table();
        write(&mut log);
        let [.., position, _] = *log.boundaries() else { panic!() };
        log.comment(b"after");
        bad.push(Bad { log, reference, position, message });
    };
    add(
        |log| log.delete(1, 0),
        "delete_from t 0\n",
        "delete_from entry cannot be loaded: no record 0 in table \"t\" found, one expected that can be deleted",
    );
    add(
        |log| log.insert(1, 0).delete(1, 0).update(1, 0, 1, Value::Int32(5)),
        "insert_into t 0\ndelete_from t 0\nupdate t 0 a 5\n",
        "update_last int32 entry cannot be loaded: no record 0 in table \"t\" found, one expected whose field \"a\" can be set",
    );
    add(
        |log| log.insert(1, 0).insert(1, 0),
        "insert_into t 0\ninsert_into t 0\n",
        "insert_into entry cannot be loaded: record 0 in table \"t\" found, none expected before it is inserted",
    );
    add(
        |log| log.insert(1, 1).insert_vector(1, 0, 3),
        "insert_into t 1\ninsert_vector t 0 3\n",
        "insert_vector entry cannot be loaded: record 1 in table \"t\" found, none expected before it is inserted",
    );
    add(
        |log| log.insert(1, 0).delete_vector(1, 0, 2),
        "insert_into t 0\ndelete_vector t 0 2\n",
        "delete_vector entry cannot be loaded: no record 1 in table \"t\" found, one expected that can be deleted",
    );
    add(
        |log| {
            log.insert_vector(1, 0, 2).delete(1, 1);
            update_vector(log, 0, 2)
        },
        "insert_vector t 0 2\ndelete_from t 1\nupdate_vector t 0 a 2 1 2\n",
        "update_vector int32 entry cannot be loaded: no record 1 in table \"t\" found, one expected whose field \"a\" can be set",
    );
    // The reference reads such a vector into the table before it shows it.
    add(
        |log| {
            log.insert_vector(1, 0, 2);
            update_vector(log, 1, 2)
        },
        "insert_vector t 0 2\n",
        "update_vector int32 entry cannot be loaded: no record 2 in table \"t\" found, one expected whose field \"a\" can be set",
    );
    bad
}

/// Every form of a dump but JSON, which the reference does not have.
const FORMS: [&[&str]; 6] =
    [&[], &["--raw"], &["--sql"], &["--blob"], &["--print-checkpoint"], &["--schema-only"]];

#[test]
fn what_can_be_loaded_prints_the_same_as_without() {
    for path in corpus_files("valid").into_iter().chain(corpus_files("v4")).chain(corpus_files("real")) {
        for form in FORMS.into_iter().chain([&["--json"][..], &["--compat"], &["--compat", "--raw"]]) {
            let plain = logdump().args(form).arg("-q").arg(&path).output().unwrap();
            let loaded = logdump().args(form).args(["-q", "--load"]).arg(&path).output().unwrap();
            assert!(loaded == plain && plain.status.success(), "{form:?} {}", path.display());
        }
    }
}

#[test]
fn a_dump_ends_before_the_entry_that_cannot_be_loaded_and_says_where_and_why() {
    let scene = Scene::new();
    for Bad { log, position, message, .. } in bad_logs() {
        let file = scene.file("a.joedb", &log.clean());
        let name = file.display();
        let printed = log.boundaries().iter().filter(|&&boundary| boundary < position).count();
        let error = format!(
            "joedb_logdump: {name}: position {position} (0x{position:x}): {message}\n  \
             {printed} entries were printed; next: joedb_logdump --check --load {name}\n"
        );
        for form in FORMS.into_iter().chain([&["--json"][..]]) {
            let before = dumped(&[form, &["--until", &position.to_string()]].concat(), &file);
            let load = logdump().args(form).arg("--load").arg(&file).assert().code(4).stderr(error.clone());
            let text = String::from_utf8(load.get_output().stdout.clone()).unwrap();
            let text = text.replace("-- An error ended the log here; what came before is kept.\n", "");
            // Only what ends without an error ends with an empty line.
            assert!(before == text || before == format!("{text}\n"), "{form:?} {text}");
        }
    }
}

#[test]
fn with_compat_the_text_is_that_of_the_reference() {
    let scene = Scene::new();
    for Bad { log, reference, message, .. } in bad_logs() {
        let file = scene.file("a.joedb", &log.clean());
        let load = logdump().args(["--compat", "--load"]).arg(&file).assert().code(4);
        load.stdout(format!("{TABLE}{reference}")).stderr(contains(message));
        // The schema alone is shown without loading anything.
        let schema = logdump().args(["--compat", "--load", "--schema-only"]).arg(&file).assert().success();
        schema.stdout(format!("{TABLE}\n")).stderr(is_empty());
    }
}

#[test]
fn with_compat_even_raw_entries_stop_where_nothing_makes_sense() {
    let scene = Scene::new();
    let mut log = table();
    log.drop_table(1).drop_table(1).comment(b"after");
    let file = scene.file("a.joedb", &log.clean());
    let raw =
        "create_table \"t\"\nadd_field 1 \"a\" int32\nadd_field 1 \"s\" string\ndrop_table 1\ndrop_table 1\n";
    logdump().args(["--compat", "--raw", "--load"]).arg(&file).assert().code(4).stdout(raw);
    let positions = "comment \"54\"\ndrop_table t\ncomment \"56\"\ndrop_table __unknown_table__\n";
    let load = logdump().args(["--compat", "--print-checkpoint", "--load"]).arg(&file).assert().code(4);
    load.stdout(ends_with(positions));
}

#[test]
fn a_part_of_a_log_is_loaded_from_its_beginning() {
    let scene = Scene::new();
    let mut log = table();
    log.insert(1, 0);
    let from = log.end().to_string();
    log.update(1, 0, 1, Value::Int32(5)).delete(1, 0);
    let until = log.end().to_string();
    log.delete(1, 0).comment(b"after");
    let file = scene.file("a.joedb", &log.clean());
    let part = logdump().args(["--load", "--from", &from, "--until", &until]).arg(&file).assert();
    part.success().stdout("update t 0 a 5\ndelete_from t 0\n\n");
    // What precedes the part cannot be loaded.
    let behind = log.boundaries()[log.boundaries().len() - 2].to_string();
    let part = logdump().args(["--load", "--from", &behind]).arg(&file).assert().code(4).stdout(is_empty());
    part.stderr(contains(format!("position {until} (")).and(contains("0 entries were printed")));
}

#[test]
fn a_tail_that_cannot_be_loaded_ends_there_and_is_no_error() {
    let scene = Scene::new();
    let mut log = table();
    let checkpoint = log.end();
    log.insert(1, 0).insert(1, 0).comment(b"after");
    let file = scene.file("a.joedb", &log.hard_at(checkpoint));
    let said = contains("1 whole entry behind the checkpoint").and(contains("record 0 in table \"t\" found"));
    logdump()
        .args(["--tail", "--load"])
        .arg(&file)
        .assert()
        .success()
        .stdout("insert_into t 0\n")
        .stderr(said);
    let file = scene.file("b.joedb", &log.hard_at(log.boundaries()[5]));
    logdump().args(["--tail", "--load"]).arg(&file).assert().code(4).stdout(is_empty());
}

// ---- Rows without bytes behind them ----------------------------------------------------------------------------

/// A log that asks for more rows than it has bytes.
fn greedy(write: fn(&mut Log) -> &mut Log) -> Log {
    let mut log = table();
    write(&mut log);
    log.comment(b"after");
    log
}

#[test]
fn a_billion_rows_and_far_records_are_refused_and_the_limit_can_be_raised() {
    let scene = Scene::new();
    let logs =
        [greedy(|log| log.insert_vector(1, 0, 1_000_000_000)), greedy(|log| log.insert(1, 1_000_000_000))];
    for log in logs {
        let file = scene.file("a.joedb", &log.clean());
        let said = contains("position 54 (0x36): insert_")
            .and(contains("entry cannot be loaded: 1000000000 rows or unset values without bytes"))
            .and(contains("3 entries were printed; --max-rows changes the limit"));
        logdump().arg("--load").arg(&file).assert().code(1).stdout(TABLE).stderr(said);
        let raised = ["--load", "--max-rows=1000000000"];
        logdump().args(raised).arg(&file).assert().success().stdout(contains("comment \"after\""));
        logdump().args(["--check", "--load"]).arg(&file).assert().code(1);
        logdump().args(["--check", "-q"]).args(raised).arg(&file).assert().success();
        // The log itself is sound.
        logdump().arg("--check").arg(&file).assert().success();
    }
}

#[test]
fn ids_that_no_memory_can_hold_are_refused_even_without_a_limit() {
    let scene = Scene::new();
    let logs = [
        greedy(|log| log.insert(1, (1 << 61) - 2)),
        greedy(|log| log.insert_vector(1, 1 << 60, 1 << 60)),
        greedy(|log| log.insert_vector(1, 0, (1 << 61) - 1)),
    ];
    let unlimited = format!("--max-rows={}", u64::MAX);
    for log in logs {
        let file = scene.file("a.joedb", &log.clean());
        logdump().args(["--load", &unlimited]).arg(&file).assert().failure().stdout(TABLE);
        logdump().args(["--check", "--load", &unlimited]).arg(&file).assert().failure();
    }
}
