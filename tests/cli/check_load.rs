//! `--check --load`: the verdict on a log that is played into tables.

use crate::scene::{Scene, convert, dumped, logdump, whole_corpus};
use crate::store::{Bad, bad_logs, table};
use joedb::storage::lock::try_lock;
use joedb::storage::{Mode, Region};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value as Json, json};
use std::fs::File;
use std::path::Path;

fn report(path: &Path) -> Json {
    serde_json::from_str(&dumped(&["--check", "--load", "--format", "json"], path)).unwrap()
}

fn ids(report: &Json) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

#[test]
fn a_log_that_decodes_and_cannot_be_loaded_is_damaged_and_its_beginning_can_be_had() {
    for Bad { log, position, message, .. } in bad_logs() {
        let scene = Scene::new();
        let file = scene.file("a.joedb", &log.clean());
        logdump().args(["--check", "--require", "hard"]).arg(&file).assert().success();
        let headline = contains("a.joedb: log cannot be loaded\n");
        logdump().args(["--check", "--load"]).arg(&file).assert().code(4).stdout(headline);
        let report = report(&file);
        assert_eq!((&report["verdict"], &report["exit_code"]), (&json!("unloadable"), &json!(4)));
        let finding = &report["findings"][0];
        let place = format!("position {position} (0x{position:x}): {message}");
        assert_eq!(finding["position"], position);
        assert!(finding["sentence"].as_str().unwrap().contains(&place), "{finding}");
        assert_eq!(report["log"]["load"]["stopped"], json!({"position": position, "message": place}));
        let command = report["commands"][0].as_str().unwrap();
        let recovered = scene.path("a.joedb.recovered");
        assert_eq!(
            command,
            format!("joedb_convert --to {position} {} {}", file.display(), recovered.display())
        );
        convert().args(command.split(' ').skip(1)).assert().success();
        logdump().args(["--check", "--load", "--require", "hard"]).arg(recovered).assert().success();
    }
}

#[test]
fn cuts_behind_what_can_be_loaded_are_marked() {
    let scene = Scene::new();
    let mut log = table();
    let hard = log.end();
    log.insert(1, 0);
    let loadable = log.end();
    log.insert(1, 0).comment(b"after");
    let soft = log.end().cast_signed();
    let file = scene.file("a.joedb", &log.with_slots([-soft, 41, hard.cast_signed(), hard.cast_signed()]));
    let report = report(&file);
    let cuts: Vec<(&str, Option<bool>, &str)> = report["cuts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cut| {
            let word = |key: &str| cut[key].as_str().unwrap();
            (word("name"), cut["loads"].as_bool(), word("safety"))
        })
        .collect();
    let expected = [
        ("hard", Some(true), "safe"),
        ("soft", Some(false), "unloadable"),
        ("last-entry", Some(false), "unloadable"),
        ("loadable", Some(true), "risk"),
        ("eof", Some(false), "unloadable"),
    ];
    assert_eq!(cuts, expected);
    let cut = &report["cuts"][3];
    assert_eq!((&cut["position"], &cut["recommended"]), (&json!(loadable), &json!(true)));
    assert_eq!(cut["kept"], json!({"bytes": loadable - 41, "entries": 4, "rows": 1, "transactions": 0}));
    // Without the question there is no answer.
    let report: Json = serde_json::from_str(&dumped(&["--check", "--format=json"], &file)).unwrap();
    assert_eq!((&report["cuts"][0]["loads"], &report["log"]["load"]), (&Json::Null, &Json::Null));
}

#[test]
fn a_tail_that_cannot_be_loaded_is_remarked_on_and_the_verdict_stays() {
    let scene = Scene::new();
    let mut log = table();
    let checkpoint = log.end();
    log.insert(1, 0).insert(1, 0).comment(b"after");
    let file = scene.file("a.joedb", &log.hard_at(checkpoint));
    let report = report(&file);
    assert_eq!(ids(&report), ["dirty-tail", "tail-unloadable"]);
    assert_eq!(report["exit_code"], 3);
    assert!(report["commands"][0].as_str().unwrap().starts_with("joedb_convert /"));
    let remark = format!("joedb_convert --to {} ", log.boundaries()[4]);
    assert!(report["commands"][1].as_str().unwrap().starts_with(&remark));
}

/// A cut that cannot be loaded is not advised, even where everything up to it decodes.
#[test]
fn no_advice_leads_to_a_file_that_cannot_be_loaded() {
    let scene = Scene::new();
    let mut log = table();
    log.insert(1, 0);
    let first = log.end();
    log.insert(1, 0);
    let second = log.end();
    log.comment(b"after");
    let end = log.end();
    let slots = |numbers: [u64; 4]| numbers.map(u64::cast_signed);
    let torn = log.with_slots([-(second.cast_signed()), 41, 41, 41]);
    let files = [
        log.with_slots(slots([end, 41, first, first])),
        log.with_slots(slots([end, 41, 41, 41])),
        log.with_slots([-(end.cast_signed()), 41, 41, 41]),
        log.hard_at(end)[..usize::try_from(end).unwrap() - 3].to_vec(),
        log.with_slots([-(end.cast_signed() + 100), 41, 41, 41]),
        torn[..torn.len() - 3].to_vec(),
        log.hard_at(second - 1),
        log.hard_at(end - 1),
    ];
    for bytes in files {
        let file = scene.file("a.joedb", &bytes);
        let report = report(&file);
        for command in report["commands"].as_array().unwrap() {
            let words: Vec<&str> = command.as_str().unwrap().split(' ').collect();
            if words[0] != "joedb_convert" {
                continue;
            }
            convert().args(&words[1..]).arg("--force").assert().success();
            let recovered = scene.path("a.joedb.recovered");
            let check = logdump().args(["--check", "--load"]).arg(&recovered).output().unwrap();
            assert_eq!(check.status.code(), Some(0), "{command}: {report}");
        }
    }
}

#[test]
fn a_whole_log_that_is_loaded_says_how_many_rows_are_in_use() {
    let scene = Scene::new();
    let mut log = table();
    log.insert_vector(1, 0, 5).delete(1, 2);
    let file = scene.file("a.joedb", &log.clean());
    let said = contains("4 rows in use")
        .and(contains("Not checked: the values. joedb has no checksums"))
        .and(contains("which records exist").not());
    logdump().args(["--check", "--load"]).arg(&file).assert().success().stdout(said);
    let load = report(&file)["log"]["load"].clone();
    assert_eq!((&load["rows"], &load["stopped"]), (&json!(4), &Json::Null));
    assert!(load["memory"].as_u64().unwrap() > 0);
}

#[test]
fn the_verdict_on_the_corpus_is_the_same_when_it_is_loaded() {
    for path in whole_corpus() {
        let plain: Json = serde_json::from_str(&dumped(&["--check", "--format=json"], &path)).unwrap();
        let loaded = report(&path);
        assert_eq!(loaded["verdict"], plain["verdict"], "{}", path.display());
    }
}

#[test]
fn the_table_of_a_log_that_cannot_be_loaded_fits_80_columns() {
    let scene = Scene::new();
    scene.file("a.joedb", &bad_logs()[0].log.clean());
    let mut check = logdump();
    check.current_dir(scene.directory()).args(["--check", "--load", "a.joedb"]);
    let text = String::from_utf8(check.output().unwrap().stdout).unwrap();
    assert!(text.contains("cannot be loaded"));
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn what_a_writer_has_not_finished_is_not_remarked_on() {
    let scene = Scene::new();
    let mut log = table();
    let checkpoint = log.end();
    log.insert(1, 0).insert(1, 0);
    let file = scene.file("a.joedb", &log.hard_at(checkpoint));
    let writer = File::options().read(true).write(true).open(&file).unwrap();
    assert!(try_lock(&writer, Region::Tail, Mode::Exclusive).unwrap());
    assert_eq!(ids(&report(&file)), ["being-written"]);
}

#[test]
fn only_a_log_that_was_loaded_is_promised_to_open() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["clean.joedb", "clean_soft.joedb", "v4_clean.joedb"] {
        let file = fixtures.join(name);
        let said = |options: &[&str]| dumped(options, &file).replace('\n', " ");
        let (plain, loaded) = (said(&["--check"]), said(&["--check", "--load"]));
        let load = format!("if joedb refuses it: joedb_logdump --check --load {}", file.display());
        assert!(plain.contains("opens it, if every record that its entries name exists"), "{plain}");
        assert!(plain.contains(&load), "{plain}");
        assert!(loaded.contains("opens it") && !loaded.contains("if every record"), "{loaded}");
        assert!(!loaded.contains("refuses"), "{loaded}");
    }
}

#[test]
fn more_rows_than_may_be_loaded_are_allowed_by_the_command_that_is_advised() {
    let scene = Scene::new();
    let mut log = table();
    log.insert_vector(1, 0, 20_000_000);
    let tail = log.hard_at(table().end());
    for (name, bytes, code, number) in [("a.joedb", log.clean(), 1, 0), ("b.joedb", tail, 3, 1)] {
        let file = scene.file(name, &bytes);
        let check = logdump().args(["--check", "--load", "--format", "json"]).arg(&file).assert().code(code);
        let report: Json = serde_json::from_slice(&check.get_output().stdout).unwrap();
        let command = format!("joedb_logdump --check --load --max-rows 20000000 {}", file.display());
        assert_eq!(report["commands"][number], command, "{report}");
    }
    let again = ["--check", "--load", "--max-rows", "20000000"];
    logdump()
        .args(again)
        .arg(scene.path("a.joedb"))
        .assert()
        .success()
        .stdout(contains("20000000 rows in use"));
}
