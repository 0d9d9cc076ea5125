//! `joedb_bench growth`: the same jobs on logs of growing size, as figures and as a chart.

use crate::scene::{Scene, bench};
use predicates::prelude::*;
use predicates::str::contains;
use roxmltree::{Document, Node};
use serde_json::Value;
use std::fs;

const JOBS: [&str; 3] = ["check", "dump", "recover"];

/// Runs of logs of so many rows at most, in a directory of their own; what is printed.
fn run(scene: &Scene, rows: u32, arguments: &[&str]) -> String {
    let mut command = bench();
    command.args(["growth", "--runs=1", "--rows", &rows.to_string()]).args(arguments);
    let output = command.arg("--dir").arg(scene.directory()).assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

fn report(rows: u32) -> Value {
    serde_json::from_str(&run(&Scene::new(), rows, &["--format=json"])).unwrap()
}

fn rows_of(report: &Value) -> Vec<u64> {
    report["cases"].as_array().unwrap().iter().map(|case| case["rows"].as_u64().unwrap()).collect()
}

#[test]
fn every_log_is_ten_times_as_long_as_the_one_before_and_the_same_is_done_with_each() {
    let report = report(20_000);
    assert_eq!(rows_of(&report), [20, 200, 2000, 20_000]);
    for case in report["cases"].as_array().unwrap() {
        assert_eq!(case["case"], "growth");
        let scores = case["contenders"].as_array().unwrap();
        assert_eq!(scores.iter().map(|score| &score["name"]).collect::<Vec<_>>(), JOBS);
        assert_eq!(scores.iter().map(|score| &score["job"]).collect::<Vec<_>>(), JOBS);
        for score in scores {
            let (bytes, rows) = (score["log_bytes"].as_u64().unwrap(), case["rows"].as_u64().unwrap());
            assert!((rows * 11..rows * 11 + 120).contains(&bytes), "{score}");
            assert_eq!((&score["counted"], &score["log"]), (&true.into(), &"narrow".into()));
        }
    }
}

#[test]
fn no_log_comes_twice_where_a_tenth_of_a_row_would_be_asked_for() {
    assert_eq!(rows_of(&report(40)), [1, 4, 40]);
    assert_eq!(rows_of(&report(1)), [1]);
}

#[test]
fn the_logs_of_all_sizes_are_kept_where_that_is_asked_for() {
    let scene = Scene::new();
    run(&scene, 20, &["--keep", "--quiet"]);
    let kept = fs::read_dir(scene.directory()).unwrap().next().unwrap().unwrap().path();
    let mut names: Vec<String> =
        fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let expected =
        [1, 2, 20].into_iter().flat_map(|rows| (1..=3).map(move |job| format!("growth-{rows}-{job}")));
    assert_eq!(names, expected.collect::<Vec<_>>());
}

#[test]
fn room_is_needed_for_the_largest_log_and_its_copy_and_for_no_tables() {
    let mut command = bench();
    let scene = Scene::new();
    command.args(["growth", "--rows=1000", "--runs=1", "--format=json", "--dir"]).arg(scene.directory());
    let report: Value = serde_json::from_slice(&command.assert().success().get_output().stdout).unwrap();
    let needed = &report["machine"]["needed"];
    assert_eq!((&needed["disk_bytes"], &needed["memory_bytes"]), (&32_022_000.into(), &32_000_000.into()));
}

/// The chart of logs of up to so many rows.
fn chart(rows: u32, arguments: &[&str]) -> String {
    let (scene, charts) = (Scene::new(), Scene::new());
    let path = charts.path("chart.svg");
    let svg = format!("--svg={}", path.display());
    run(&scene, rows, &[&[svg.as_str()], arguments].concat());
    assert!(scene.names().is_empty());
    fs::read_to_string(path).unwrap()
}

fn of_class<'a, 'i>(document: &'a Document<'i>, class: &str) -> Vec<Node<'a, 'i>> {
    document.descendants().filter(|node| node.attribute("class") == Some(class)).collect()
}

/// The numbers in a path of absolute points, or in a place.
fn numbers(text: &str) -> Vec<f64> {
    text.split(['M', 'L', ' ']).filter(|word| !word.is_empty()).map(|word| word.parse().unwrap()).collect()
}

#[test]
fn the_chart_has_a_curve_of_time_and_one_of_memory_for_each_job_with_a_point_for_each_log() {
    let text = chart(20_000, &[]);
    let document = Document::parse(&text).unwrap();
    let curves = of_class(&document, "curve");
    assert_eq!(
        (curves.len(), of_class(&document, "dot").len(), of_class(&document, "guide").len()),
        (6, 24, 3)
    );
    for curve in &curves {
        let points = numbers(curve.attribute("d").unwrap());
        let across: Vec<f64> = points.iter().step_by(2).copied().collect();
        assert_eq!(across.len(), 4);
        // All logs are longer by the same few bytes of their schema, so the steps grow towards a power of ten.
        let steps: Vec<f64> = across.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| *step > 0.0) && steps.is_sorted(), "{across:?}");
    }
    for (index, job) in JOBS.into_iter().enumerate() {
        let names = of_class(&document, &format!("name series{index}"));
        let names: Vec<&str> = names.iter().filter_map(|node| node.text()).collect();
        assert_eq!(names.len(), 2);
        assert!(names.iter().all(|name| name.starts_with(job)), "{names:?}");
    }
    assert!(text.contains("dotted: in proportion") && !text.contains("bars:"), "{text}");
}

#[test]
fn names_beside_the_curves_do_not_lie_on_one_another_and_stay_in_the_picture() {
    let long = "x".repeat(60);
    let text = chart(
        20,
        &[&format!("--external={long}=cat {{file}} #{{case}}"), &format!("--external=y{long}=: {{case}}")],
    );
    let document = Document::parse(&text).unwrap();
    let width: f64 = document.root_element().attribute("width").unwrap().parse().unwrap();
    let mut places = Vec::new();
    for node in document
        .descendants()
        .filter(|node| node.attribute("class").is_some_and(|class| class.starts_with("name ")))
    {
        let [x, y] = ["x", "y"].map(|name| node.attribute(name).unwrap().parse::<f64>().unwrap());
        assert!(x + 6.0 * (node.text().unwrap().chars().count() as f64) < width, "{node:?}");
        places.push(y);
    }
    places.sort_by(f64::total_cmp);
    assert_eq!(places.len(), 18);
    assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 15.0), "{places:?}");
}

#[test]
fn another_program_is_told_which_job_it_is_to_do_and_is_compared_with_ours_of_that_job() {
    let text = run(&Scene::new(), 20, &["--format=json", "--external=ld=test -s {file} && : {case} {rows}"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    for case in report["cases"].as_array().unwrap() {
        let scores = case["contenders"].as_array().unwrap();
        assert_eq!(scores.len(), 6);
        for (pair, job) in scores.chunks(2).zip(JOBS) {
            assert_eq!(
                (&pair[0]["job"], &pair[1]["job"], &pair[1]["log"]),
                (&job.into(), &job.into(), &"narrow".into())
            );
            assert_eq!(
                (&pair[1]["name"], &pair[1]["setup"]),
                (&format!("{job}, ld").into(), &format!("test -s result && : {job} {}", case["rows"]).into())
            );
            let median = |score: &Value| score["real"]["median"].as_f64().unwrap();
            let speed = median(&pair[0]) / median(&pair[1]);
            assert!((pair[1]["speed"].as_f64().unwrap() - speed).abs() < 1e-9, "{case}");
        }
    }
}

#[test]
fn a_program_that_does_not_know_the_job_is_wrong_usage() {
    let said = contains(
        "--external ld: the command has no {case}, so it would do the same in check, dump and recover",
    )
    .and(contains("{case} tells it which"));
    bench().args(["growth", "--external=ld=cat {file}"]).assert().code(2).stdout("").stderr(said);
}

#[test]
fn all_sizes_stand_in_one_table_with_one_explanation_of_each_job() {
    for (form, line) in [("table", "\nrecover  "), ("markdown", "\n| recover | ")] {
        let text = run(&Scene::new(), 20_000, &["--format", form]);
        assert!(
            text.contains("growth: logs of growing size checked, dumped and recovered; rows of an int64")
        );
        assert_eq!(text.matches(line).count(), 4, "{text}");
        assert_eq!(text.matches("growth:").count(), 1, "{text}");
        for explanation in ["check: the log checked", "dump: the log printed", "recover: a log with"] {
            assert_eq!(text.matches(explanation).count(), 1, "{text}");
        }
        for row in text.lines().filter(|row| row.trim_start_matches("| ").starts_with("check ")) {
            assert!(contains(" B ").or(contains(" kB ")).eval(row), "{row}");
        }
        assert!(!text.contains("times as"), "nothing is compared: {text}");
        assert!(form == "markdown" || text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    let compared = run(&Scene::new(), 1, &["--external=ld=: {case}"]);
    assert!(compared.contains("times as") && compared.contains("\nrecover, ld  "), "{compared}");
}

#[test]
fn bars_of_other_cases_stand_above_the_chart() {
    let text = chart(20, &["bulk"]);
    let document = Document::parse(&text).unwrap();
    let bar: f64 = of_class(&document, "bar")[0].attribute("y").unwrap().parse().unwrap();
    let dot: f64 = of_class(&document, "dot")[0].attribute("cy").unwrap().parse().unwrap();
    assert!(bar < dot);
    assert!(contains("bars: ").and(contains("points: ")).eval(&text));
}

#[test]
fn a_log_that_changed_meanwhile_is_found_out_without_reading_it_into_memory() {
    let scene = Scene::new();
    let play = |role: &str| {
        let mut command = bench();
        command.args(["--role", role, "growth", "recover", "200000"]).current_dir(scene.directory());
        command.assert()
    };
    play("prepare").success();
    play("work").success();
    play("check").success();
    let mut recovered = fs::read(scene.path("recovered")).unwrap();
    let last = recovered.len() - 1;
    recovered[last] ^= 1;
    scene.file("recovered", &recovered);
    play("check").code(1).stderr(contains("other bytes found"));
    recovered[last] ^= 1;
    recovered.push(0);
    scene.file("recovered", &recovered);
    play("check").code(1).stderr(contains("other bytes found, "));
}
