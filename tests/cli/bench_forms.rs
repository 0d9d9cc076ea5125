//! The results of `joedb_bench` in all their forms.

use crate::bench::CONTENDERS;
use crate::scene::{Scene, bench};
use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;

const RUNS: usize = 4;

/// What a run of all cases prints in a form.
fn printed(form: &str) -> String {
    let scene = Scene::new();
    let mut command = bench();
    command.args(["--rows", "6", "--runs", &RUNS.to_string(), "--format", form, "--dir"]);
    let output = command.arg(scene.directory()).assert().success().stderr(is_empty());
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

fn report() -> Value {
    serde_json::from_str(&printed("json")).unwrap()
}

fn items(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    items(value).iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The number that as many are below as are above, by counting: no sorting, unlike in the program.
fn median(numbers: &[f64]) -> f64 {
    let ranked = |rank: usize| {
        let has_rank = |number: &&f64| {
            let below = numbers.iter().filter(|other| other < number).count();
            let equal = numbers.iter().filter(|other| other == number).count();
            (below..below + equal).contains(&rank)
        };
        *numbers.iter().find(has_rank).unwrap()
    };
    let count = numbers.len();
    if count % 2 == 1 { ranked(count / 2) } else { (ranked(count / 2 - 1) + ranked(count / 2)) / 2.0 }
}

fn assert_spread(spread: &Value, of: &Value) {
    let numbers = numbers(of);
    assert_eq!(numbers.len(), RUNS);
    let expected = [
        numbers.iter().copied().fold(f64::INFINITY, f64::min),
        median(&numbers),
        numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    ];
    let found = ["min", "median", "max"].map(|name| spread[name].as_f64().unwrap());
    for (found, expected) in found.into_iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12, "{spread} of {of}");
    }
}

#[test]
fn json_holds_every_run_and_the_statistics_of_them() {
    let report = report();
    assert_eq!(report["schema_version"], 1);
    assert_eq!(items(&report["cases"]).len(), CONTENDERS.len());
    for (case, (name, contenders)) in items(&report["cases"]).iter().zip(CONTENDERS) {
        assert_eq!((&case["case"], &case["rows"], &case["runs"]), (&name.into(), &6.into(), &RUNS.into()));
        let names: Vec<&Value> = items(&case["contenders"]).iter().map(|score| &score["name"]).collect();
        assert_eq!(names, contenders);
        let first = median(&numbers(&case["contenders"][0]["real_of_runs"]));
        for score in items(&case["contenders"]) {
            assert_spread(&score["real"], &score["real_of_runs"]);
            assert_spread(&score["user"], &score["user_of_runs"]);
            assert_spread(&score["system"], &score["system_of_runs"]);
            assert_eq!(score["counted"], true);
            let real = median(&numbers(&score["real_of_runs"]));
            assert!((score["rows_per_second"].as_f64().unwrap() * real / 6.0 - 1.0).abs() < 1e-9);
            assert!((score["speed"].as_f64().unwrap() * real / first - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn only_asynchronous_checkpoints_have_a_delay_from_soft_to_hard() {
    for case in items(&report()["cases"]) {
        for score in items(&case["contenders"]) {
            let delay = &score["soft_to_hard"];
            let expected = case["case"] == "commit-async" && score["name"] != "SQLite, WAL";
            assert_eq!(delay.is_object(), expected, "{case}");
            if expected {
                let [min, median, max] = ["min", "median", "max"].map(|name| delay[name].as_f64().unwrap());
                assert!(0.0 < min && min <= median && median <= max, "{delay}");
            }
        }
    }
}

#[test]
fn json_says_what_it_ran_on() {
    let report = report();
    let machine = &report["machine"];
    let uname = std::process::Command::new("uname").arg("-srm").output().unwrap().stdout;
    assert_eq!(machine["kernel"], String::from_utf8(uname).unwrap().trim_end());
    assert_eq!(machine["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(machine["sqlite_version"], rusqlite::version());
    let sync = ["min", "median", "max"].map(|name| machine["sync_seconds"][name].as_f64().unwrap());
    assert!(sync.is_sorted() && sync[0] > 0.0, "{sync:?}");
    for known in ["processor", "file_system", "device"] {
        assert!(machine[known].is_string(), "{known}");
    }
    for known in ["cores", "memory_bytes", "available_memory_bytes", "free_bytes"] {
        assert!(machine[known].as_u64().unwrap() > 0, "{known}");
    }
    assert_eq!(machine["needed"]["disk_bytes"], 32_000_000 + 6 * 24);
}

#[test]
fn the_file_system_is_the_one_that_df_names() {
    let scene = Scene::new();
    let df = std::process::Command::new("df")
        .args(["--output=fstype,source"])
        .arg(scene.directory())
        .output()
        .unwrap();
    let df = String::from_utf8(df.stdout).unwrap();
    let expected: Vec<&str> = df.lines().nth(1).unwrap().split_whitespace().collect();
    let mut command = bench();
    command.args(["bulk", "--rows=1", "--runs=1", "--format=json", "--dir"]).arg(scene.directory());
    let report: Value = serde_json::from_slice(&command.assert().success().get_output().stdout).unwrap();
    assert_eq!([&report["machine"]["file_system"], &report["machine"]["device"]], expected[..]);
}

#[test]
fn csv_has_a_line_for_each_contender_with_what_it_ran_on() {
    let text = printed("csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let lines: Vec<HashMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    let pairs: Vec<(&str, &str)> =
        lines.iter().map(|line| (line["case"].as_str(), line["name"].as_str())).collect();
    let expected =
        CONTENDERS.into_iter().flat_map(|(case, names)| names.iter().map(move |name| (case, *name)));
    assert_eq!(pairs, expected.collect::<Vec<_>>());
    for line in &lines {
        let number = |name: &str| line[name].parse::<f64>().unwrap();
        let spread = [number("real_min"), number("real_median"), number("real_max")];
        assert!(spread.is_sorted() && spread[0] > 0.0);
        assert_eq!(
            line["soft_to_hard_min"].is_empty(),
            line["case"] != "commit-async" || line["name"].starts_with("SQLite")
        );
        for known in ["processor", "kernel", "memory", "disk", "sync", "needed", "versions"] {
            assert!(!line[known].is_empty(), "{known}");
        }
    }
}

#[test]
fn markdown_has_tables_of_one_width_and_says_what_it_ran_on() {
    let text = printed("markdown");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    let contenders: usize = CONTENDERS.iter().map(|(_, names)| names.len()).sum();
    assert_eq!(rows.len(), contenders + 2 * CONTENDERS.len());
    assert!(rows.iter().all(|row| row.matches('|').count() == 10), "{text}");
    for known in ["* processor: ", "* kernel: ", "* disk: ", "* sync: ", "* versions: "] {
        assert!(text.contains(known), "{known}");
    }
    for (case, _) in CONTENDERS {
        assert!(text.contains(&format!("\n### {case}: 6 rows")), "{case}");
    }
}

#[test]
fn the_table_fits_80_columns_and_says_what_it_ran_on() {
    let text = printed("table");
    for line in text.lines() {
        // A long name of a processor or a directory may not be broken.
        assert!(line.chars().count() <= 80 || line.starts_with(' '), "{line}");
    }
    assert!(starts_with("processor  ").and(contains("\nsync       ")).eval(&text), "{text}");
    for (case, contenders) in CONTENDERS {
        let part = text.split(&format!("\n{case}: ")).nth(1).unwrap();
        for name in contenders {
            assert!(part.contains(&format!("\n{name} ")) && part.contains(&format!("\n{name}: ")), "{name}");
        }
    }
}

#[test]
fn several_cases_may_be_chosen_and_run_in_the_order_of_the_documentation() {
    let scene = Scene::new();
    let mut command = bench();
    command.args(["commit-soft", "bulk", "bulk", "--rows=1", "--runs=1", "--format=json", "--dir"]);
    let output = command.arg(scene.directory()).assert().success();
    let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let cases: Vec<&Value> = items(&report["cases"]).iter().map(|case| &case["case"]).collect();
    assert_eq!(cases, ["bulk", "commit-soft"]);
}

/// Draws a case with an external contender of this name.
fn drawing(name: &str) -> String {
    let scene = Scene::new();
    let chart = scene.file("chart.svg", b"an older one");
    let mut command = bench();
    command
        .args(["bulk", "--rows=3", "--runs=2", "--external", &format!("{name}=true"), "--svg"])
        .arg(&chart);
    command.arg("--dir").arg(scene.directory()).assert().success();
    assert_eq!(scene.names(), ["chart.svg"]);
    fs::read_to_string(chart).unwrap()
}

#[test]
fn a_drawing_is_valid_xml_with_a_bar_and_a_spread_for_each_contender() {
    let name = "<b> & \"c\" \u{1b}";
    let text = drawing(name);
    let document = roxmltree::Document::parse(&text).unwrap();
    let of_class = |tag: &str, class: &[&str]| {
        let is_one = |node: &roxmltree::Node<'_, '_>| {
            node.has_tag_name(("http://www.w3.org/2000/svg", tag))
                && node.attribute("class").is_some_and(|found| class.contains(&found))
        };
        document.descendants().filter(is_one).count()
    };
    assert_eq!(of_class("rect", &["bar", "first"]), 5);
    assert_eq!(of_class("path", &["spread"]), 5);
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(texts.contains(&"<b> & \"c\" \\033"), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("processor: ")), "{texts:?}");
    assert!(text.contains("@media(prefers-color-scheme:dark)"));
}

#[test]
fn bars_are_as_long_as_the_medians_and_stay_in_the_picture() {
    let text = drawing(&"a name that is longer than the place for it ".repeat(9));
    let document = roxmltree::Document::parse(&text).unwrap();
    let width: f64 = document.root_element().attribute("width").unwrap().parse().unwrap();
    for node in document.descendants().filter(|node| node.has_attribute("x")) {
        let number = |name: &str| node.attribute(name).map_or(0.0, |number| number.parse::<f64>().unwrap());
        let letters = node.text().map_or(0, |text| text.trim().chars().count());
        assert!(number("x") + number("width") + 6.0 * (letters as f64) < width, "{node:?}");
    }
}

/// The classes of the bars of a case that reads, the texts beside them and below all.
fn bars_of_reading(arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let (scene, charts) = (Scene::new(), Scene::new());
    let chart = charts.path("chart.svg");
    let mut command = bench();
    command.args(["check", "--rows=64", "--runs=1", "--svg"]).arg(&chart).args(arguments);
    command.arg("--dir").arg(scene.directory()).assert().success();
    let text = fs::read_to_string(chart).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let bars =
        document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "rect")));
    let classes = bars.filter_map(|node| node.attribute("class")).filter(|class| *class != "ground");
    let texts = document.descendants().filter(|node| node.is_text()).filter_map(|node| node.text());
    (classes.map(str::to_owned).collect(), texts.map(str::to_owned).collect())
}

#[test]
fn bars_that_have_nothing_to_be_compared_with_say_no_ratio() {
    let (classes, texts) = bars_of_reading(&[]);
    assert_eq!(classes, ["bar"; 6]);
    assert!(texts.iter().all(|text| !text.contains('×') && !text.contains("times as fast")), "{texts:?}");
}

#[test]
fn bars_are_compared_with_the_first_that_read_the_same_log() {
    let (classes, texts) = bars_of_reading(&["--external=cat=cat {file}"]);
    assert_eq!(classes, ["first", "bar"].repeat(6));
    assert_eq!(texts.iter().filter(|text| text.contains('×')).count(), 12, "{texts:?}");
    assert!(texts.iter().filter(|text| text.ends_with("(1.00×)")).count() >= 6, "{texts:?}");
    assert!(texts.iter().any(|text| text.ends_with("times as fast as the grey bar above")), "{texts:?}");
}

#[test]
fn one_row_is_no_rows_and_table_and_markdown_have_the_same_words() {
    for (form, word) in [("table", " peak "), ("markdown", "| peak MB |")] {
        let scene = Scene::new();
        let mut command = bench();
        command.args(["bulk", "--rows=1", "--runs=1", "--format", form, "--dir"]).arg(scene.directory());
        command.assert().success().stdout(contains("bulk: 1 row of (string").and(contains(word)));
    }
}

#[test]
fn csv_says_which_log_was_read_and_what_was_done_with_it() {
    let scene = Scene::new();
    let mut command = bench();
    command.args(["bulk", "check", "growth", "--rows=1", "--runs=1", "--format=csv", "--dir"]);
    let output = command.arg(scene.directory()).assert().success();
    let mut reader = csv::Reader::from_reader(output.get_output().stdout.as_slice());
    let lines: Vec<HashMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    for line in &lines {
        let expected = match line["case"].as_str() {
            "bulk" => ("", ""),
            "check" => ("", line["name"].as_str()),
            _ => (line["name"].as_str(), "narrow"),
        };
        assert_eq!((line["job"].as_str(), line["log"].as_str()), expected);
    }
}

#[test]
fn a_drawing_that_cannot_be_written_is_found_out_before_the_work() {
    let scene = Scene::new();
    let directory = scene.path("directory");
    fs::create_dir(&directory).unwrap();
    for (chart, reason) in
        [(directory, "it is a directory"), (scene.path("absent/chart.svg"), "No such file")]
    {
        let said =
            contains(chart.to_str().unwrap()).and(contains(reason)).and(contains(".joedb_bench-").not());
        let mut command = bench();
        command.arg("--dir").arg(scene.directory()).arg("--svg").arg(&chart);
        command.assert().code(1).stdout(is_empty()).stderr(said);
    }
    assert_eq!(scene.names(), ["directory"]);
}

#[test]
fn a_failed_run_leaves_an_older_drawing_alone() {
    let scene = Scene::new();
    let chart = scene.file("chart.svg", b"an older one");
    let mut command = bench();
    command.args(["bulk", "--rows=3", "--runs=1", "--external=lab=false", "--svg"]).arg(&chart);
    command.arg("--dir").arg(scene.directory()).assert().code(1);
    assert_eq!(fs::read(chart).unwrap(), b"an older one");
    assert_eq!(scene.names(), ["chart.svg"]);
}
