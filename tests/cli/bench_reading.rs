//! `joedb_bench` where it reads: the logs that it makes, and what is said of reading them.

use crate::scene::{Scene, bench};
use joedb::journal::{Access, Journal};
use joedb::{Entry, Kind, Type};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

const CASES: [&str; 4] = ["dump", "check", "load", "recover"];
const LOGS: [&str; 6] = ["narrow", "wide", "strings", "vectors", "blobs", "updates"];

fn role(role: &str, case: &str, log: &str, rows: u32, scene: &Scene) -> assert_cmd::Command {
    let mut command = bench();
    command.args(["--role", role, case, log, &rows.to_string()]).current_dir(scene.directory());
    command
}

/// How many entries of each kind stand in a log up to its hard checkpoint, and how many bytes behind it.
fn content(scene: &Scene) -> (BTreeMap<&'static str, u64>, u64) {
    let mut journal = Journal::open(&scene.path("result"), Access::default()).unwrap();
    let hard = journal.checkpoints().hard.position;
    let behind = journal.size() - hard;
    let mut entries = journal.entries(hard);
    let mut counts = BTreeMap::new();
    while let Some(located) = entries.next().unwrap() {
        let kind = match located.entry {
            Entry::Blob { data, .. } => {
                assert_eq!(data.len(), 4096);
                "blob"
            }
            ref entry => match entry.kind() {
                Kind::Append | Kind::InsertInto => "insert",
                Kind::InsertVector => "insert_vector",
                Kind::UpdateVector(_) => "update_vector",
                Kind::Update(Type::String) | Kind::UpdateLast(Type::String) => "string",
                Kind::Update(Type::Blob) | Kind::UpdateLast(Type::Blob) => "blob value",
                Kind::Update(_) | Kind::UpdateLast(_) | Kind::UpdateNext(_) => "number",
                _ => "schema",
            },
        };
        *counts.entry(kind).or_default() += 1;
    }
    (counts, behind)
}

#[test]
fn a_log_holds_what_its_name_says_and_ends_as_its_case_says() {
    let expected: [&[(&str, u64)]; 6] = [
        &[("insert", 640), ("number", 640), ("schema", 2)],
        &[("insert", 640), ("number", 640 * 12), ("schema", 17), ("string", 640 * 4)],
        &[("insert", 640), ("schema", 3), ("string", 640 * 2)],
        &[("insert_vector", 1), ("schema", 3), ("update_vector", 2)],
        &[("blob", 20), ("blob value", 20), ("insert", 20), ("schema", 2)],
        &[("insert_vector", 1), ("number", 0), ("schema", 3), ("string", 0)],
    ];
    for case in CASES {
        for (log, expected) in LOGS.into_iter().zip(expected) {
            let scene = Scene::new();
            role("prepare", case, log, 640, &scene).assert().success().stdout(is_empty());
            let (mut found, behind) = content(&scene);
            if log == "updates" {
                let updates = ["number", "string"].map(|kind| found.insert(kind, 0).unwrap());
                assert!(updates.iter().sum::<u64>() == 640 && updates.iter().all(|&count| count > 200));
            }
            assert_eq!(found, expected.iter().copied().collect(), "{log}");
            assert_eq!(behind > 0, case == "recover", "{case}, {log}");
        }
    }
}

/// Where an entry begins, half way.
fn middle_entry(scene: &Scene) -> usize {
    let mut journal = Journal::open(&scene.path("result"), Access::default()).unwrap();
    let middle = journal.size() / 2;
    let mut entries = journal.entries(middle);
    while entries.next().is_ok_and(|entry| entry.is_some()) {}
    entries.position() as usize
}

#[test]
fn work_that_does_not_find_the_whole_log_fails() {
    for case in CASES {
        let scene = Scene::new();
        role("prepare", case, "strings", 100, &scene).assert().success();
        let mut bytes = fs::read(scene.path("result")).unwrap();
        bytes[middle_entry(&scene)] = 7;
        scene.file("result", &bytes);
        let failed = role("work", case, "strings", 100, &scene).output().unwrap();
        assert!(!failed.status.success() && !failed.stderr.is_empty(), "{case}");
    }
}

#[test]
fn a_recovered_log_that_is_not_the_log_up_to_its_checkpoint_is_found_out() {
    let scene = Scene::new();
    role("prepare", "recover", "narrow", 100, &scene).assert().success();
    role("work", "recover", "narrow", 100, &scene).assert().success();
    role("check", "recover", "narrow", 100, &scene).assert().success();
    let recovered = fs::read(scene.path("recovered")).unwrap();
    scene.file("recovered", &recovered[..recovered.len() - 1]);
    let wrong = contains("other bytes found");
    role("check", "recover", "narrow", 100, &scene).assert().code(1).stderr(wrong);
}

/// What a program finds and does, in a file beside the directories of the runs.
fn report(scene: &Scene, arguments: &[&str]) -> Value {
    let mut command = bench();
    command.args(arguments).args(["--rows=64", "--runs=2", "--format=json", "--dir"]);
    let output = command.arg(scene.directory()).assert().success().stderr(is_empty());
    serde_json::from_slice(&output.get_output().stdout).unwrap()
}

#[test]
fn each_log_has_a_line_in_each_case_and_its_size_a_second() {
    let report = report(&Scene::new(), &["reading"]);
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.iter().map(|case| &case["case"]).collect::<Vec<_>>(), CASES);
    for case in cases {
        let scores = case["contenders"].as_array().unwrap();
        assert_eq!(scores.iter().map(|score| &score["name"]).collect::<Vec<_>>(), LOGS);
        for score in scores {
            assert_eq!((&score["log"], &score["speed"]), (&score["name"], &1.0.into()));
            let (bytes, real) =
                (score["log_bytes"].as_f64().unwrap(), score["real"]["median"].as_f64().unwrap());
            let rate = score["log_bytes_per_second"].as_f64().unwrap();
            assert!(bytes > 100.0 && (rate * real / bytes - 1.0).abs() < 1e-9, "{score}");
        }
    }
}

#[test]
fn another_program_reads_the_same_logs_and_is_compared_with_ours_on_each() {
    let scene = Scene::new();
    let seen = scene.path("seen");
    let external = format!("--external=cat=cat {{file}} >>{}; echo {{case}}", seen.display());
    let report = report(&scene, &["check", &external]);
    let scores = report["cases"][0]["contenders"].as_array().unwrap();
    let names: Vec<String> = LOGS.iter().flat_map(|log| [(*log).to_owned(), format!("{log}, cat")]).collect();
    assert_eq!(
        scores.iter().map(|score| &score["name"]).collect::<Vec<_>>(),
        names.iter().collect::<Vec<_>>()
    );
    let mut bytes = 0;
    for pair in scores.chunks(2) {
        let median = |score: &Value| score["real"]["median"].as_f64().unwrap();
        let speed = median(&pair[0]) / median(&pair[1]);
        assert!((pair[1]["speed"].as_f64().unwrap() - speed).abs() < 1e-9);
        assert_eq!((&pair[1]["counted"], &pair[1]["log"]), (&false.into(), &pair[0]["name"]));
        bytes += pair[1]["log_bytes"].as_u64().unwrap();
    }
    assert_eq!(fs::metadata(seen).unwrap().len(), 2 * bytes);
}

#[test]
fn the_table_says_megabytes_a_second_and_fits_80_columns() {
    let scene = Scene::new();
    let mut command = bench();
    command.args(["dump", "recover", "--rows=64", "--runs=1", "--dir"]).arg(scene.directory());
    let output = command.args(["--external", "cat=cat {file} #{case}"]).assert().success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let said = contains("MB/s").and(contains("\nupdates, cat: cat result #recover"));
    assert!(said.and(contains("not checked: what it prints is thrown away")).eval(&text), "{text}");
    assert_eq!(text.matches("\nwide").count(), 2 * 2 * 2 + 2, "{text}");
}
