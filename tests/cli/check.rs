//! `--check`: the verdict.

use crate::log::{Log, Sample, signed};
use crate::scene::{Scene, corpus_files, dumped, logdump, whole_corpus};
use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};
use serde_json::{Value, json};
use std::path::Path;

/// The sample with the bytes from `begin` on replaced.
fn overwritten(mut bytes: Vec<u8>, begin: u64, with: u8) -> Vec<u8> {
    bytes[usize::try_from(begin).unwrap()..].fill(with);
    bytes
}

fn version_6() -> Vec<u8> {
    let mut bytes = Sample::new().clean();
    bytes[32] = 6;
    bytes
}

/// A file of each headline but "being written", with the exit code and the id.
fn headlines() -> Vec<(Vec<u8>, u8, &'static str, &'static str)> {
    let sample = Sample::new();
    let clean = sample.clean();
    let second = sample.log.boundaries()[2];
    let torn = sample.dirty().split_last_chunk::<3>().unwrap().0.to_vec();
    let soft = sample.hard_then_soft();
    vec![
        (vec![b'x'; 99], 5, "not a joedb file", "not-a-joedb-file"),
        (version_6(), 5, "unknown format version", "unknown-version"),
        (Vec::new(), 5, "empty file", "empty-file"),
        (clean[..40].to_vec(), 5, "head cut", "head-cut"),
        (clean[..60].to_vec(), 4, "file cut short", "file-cut-short"),
        (overwritten(clean.clone(), second, 0xff), 4, "damaged body", "damaged-body"),
        (sample.log.hard_at(sample.end() - 2), 4, "checkpoint inside an entry", "checkpoint-inside-entry"),
        (
            overwritten(soft.clone(), sample.first, 0),
            4,
            "holes between the hard and the soft checkpoint",
            "holes",
        ),
        (
            soft.split_last_chunk::<16>().unwrap().0.to_vec(),
            4,
            "soft checkpoint past the end",
            "soft-past-end",
        ),
        (sample.pending(), 3, "pending hard checkpoint", "pending-hard-checkpoint"),
        ([&clean[..], &[0; 64]].concat(), 3, "zero-filled tail", "zero-filled-tail"),
        ([&clean[..], &[0xff; 64]].concat(), 3, "damaged tail", "damaged-tail"),
        (torn, 3, "torn tail", "torn-tail"),
        (sample.dirty(), 3, "dirty tail", "dirty-tail"),
        (sample.soft(), 0, "clean, soft", "clean-soft"),
        (clean, 0, "clean", "clean"),
    ]
}

#[test]
fn every_headline_stands_in_the_first_line_and_has_its_exit_code() {
    for (bytes, code, headline, _) in headlines() {
        let scene = Scene::new();
        let file = scene.file("a.joedb", &bytes);
        let first_line = starts_with(format!("{}: {headline}\n", file.display()));
        let command = contains("\n  next: ");
        logdump()
            .arg("--check")
            .arg(&file)
            .assert()
            .code(i32::from(code))
            .stdout(first_line.and(command))
            .stderr(is_empty());
    }
}

#[test]
fn every_headline_has_its_id_in_text_and_in_json() {
    for (bytes, code, headline, id) in headlines() {
        let scene = Scene::new();
        let file = scene.file("a.joedb", &bytes);
        let report = report(&file);
        assert_eq!(report["schema_version"], 1);
        assert_eq!(report["file"], json!(file));
        assert_eq!((&report["verdict"], &report["headline"]), (&json!(id), &json!(headline)));
        assert_eq!((&report["exit_code"], &report["findings"][0]["id"]), (&json!(code), &json!(id)));
        assert_eq!(
            report["findings"].as_array().unwrap().len(),
            report["commands"].as_array().unwrap().len()
        );
        let text = contains(format!("\nexit_code: {code}\n"))
            .and(contains(format!("\nfindings.0.id: {id}\n")))
            .and(contains(format!("\nheadline: {headline}\n")));
        logdump()
            .args(["--check", "--format", "text"])
            .arg(&file)
            .assert()
            .code(i32::from(code))
            .stdout(text);
    }
}

fn report(path: &Path) -> Value {
    serde_json::from_str(&dumped(&["--check", "--format", "json"], path)).unwrap()
}

#[test]
fn the_recommended_command_of_every_headline_works() {
    for (bytes, code, headline, _) in headlines().into_iter().filter(|(_, code, ..)| matches!(code, 3 | 4)) {
        let scene = Scene::new();
        let file = scene.file("a.joedb", &bytes);
        let command = report(&file)["commands"][0].as_str().unwrap().to_owned();
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        crate::scene::convert().args(words).assert().success();
        let output = scene.path("a.joedb.recovered");
        logdump().args(["--check", "--require", "hard"]).arg(output).assert().success();
        assert!(code > 0, "{headline}");
    }
}

#[test]
fn what_cannot_be_seen_is_said_in_every_report() {
    for path in corpus_files("real") {
        let said = contains("Not checked: which records exist. joedb has no checksums");
        logdump().arg("--check").arg(path).assert().stdout(said);
    }
}

/// The cuts of a report by name.
fn cut(report: &Value, name: &str) -> Value {
    let cuts = report["cuts"].as_array().unwrap();
    cuts.iter().find(|cut| cut["name"] == name).cloned().unwrap_or(Value::Null)
}

#[test]
fn the_cuts_are_side_by_side_with_what_each_keeps_and_loses() {
    let scene = Scene::new();
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.hard_then_soft());
    let report = report(&file);
    let hard = cut(&report, "hard");
    assert_eq!(hard["position"], sample.first);
    assert_eq!(hard["kept"], json!({"bytes": sample.first - 41, "entries": 6, "rows": 1, "transactions": 1}));
    let lost = json!({"bytes": sample.end() - sample.first, "entries": 3, "rows": 1, "transactions": 0});
    assert_eq!(hard["lost"], lost);
    assert_eq!((&hard["decodes"], &hard["safety"]), (&json!(true), &json!("safe")));
    assert_eq!(cut(&report, "soft")["safety"], "very-likely-safe");
    assert_eq!(cut(&report, "valid-data")["position"], sample.first);
    assert_eq!(cut(&report, "timestamp")["position"], sample.first - 1);
    assert_eq!(cut(&report, "last-entry")["position"], sample.end());
    assert_eq!(cut(&report, "eof")["lost"]["bytes"], 0);
    assert_eq!(cut(&report, "pending"), Value::Null);
}

#[test]
fn a_torn_end_is_no_possible_cut() {
    let scene = Scene::new();
    let bytes = Sample::new().dirty();
    let file = scene.file("a.joedb", &bytes[..bytes.len() - 3]);
    let eof = cut(&report(&file), "eof");
    assert_eq!((&eof["decodes"], &eof["safety"]), (&json!(false), &json!("impossible")));
    assert_eq!(eof["kept"]["entries"], Value::Null);
    logdump().arg("--check").arg(&file).assert().code(3).stdout(contains("not possible"));
}

#[test]
fn an_empty_cut_is_labelled_and_never_recommended() {
    let scene = Scene::new();
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.log.hard_at(41));
    let report = report(&file);
    let hard = cut(&report, "hard");
    assert_eq!((&hard["empty"], &hard["recommended"]), (&json!(true), &json!(false)));
    assert_eq!(cut(&report, "last-entry")["recommended"], true);
    let command = report["commands"][0].as_str().unwrap();
    assert!(command.starts_with("joedb_convert --to last-entry "), "{command}");
    let row = predicates::str::is_match("(?m)^  hard +41 +0 +[0-9]+ +9 +2  EMPTY$").unwrap();
    logdump().arg("--check").arg(&file).assert().code(3).stdout(row);
}

#[test]
fn no_report_of_the_corpus_recommends_an_empty_or_impossible_cut() {
    for path in whole_corpus() {
        for cut in report(&path)["cuts"].as_array().unwrap() {
            let bad = cut["empty"] == true || cut["decodes"] == false;
            assert!(!(bad && cut["recommended"] == true), "{}: {cut}", path.display());
        }
    }
}

#[test]
fn the_table_fits_80_columns_but_for_commands() {
    for path in whole_corpus() {
        let mut check = logdump();
        check.current_dir(path.parent().unwrap()).arg("--check").arg(path.file_name().unwrap());
        let output = check.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for line in text.lines().filter(|line| !line.contains(": joedb_convert ")) {
            assert!(line.chars().count() <= 80, "{}: {line}", path.display());
        }
    }
}

#[test]
fn the_wide_table_has_all_columns() {
    let scene = Scene::new();
    let sample = Sample::new();
    let file = scene.file("a.joedb", &sample.dirty());
    let columns = contains("transactions").and(contains("decodes")).and(contains("(hex)"));
    let hex = contains(format!("0x{:x}", sample.first));
    logdump().args(["--check", "--wide"]).arg(&file).assert().code(3).stdout(columns.and(hex));
    logdump().arg("--check").arg(&file).assert().code(3).stdout(contains("(hex)").not());
}

/// The exit code of `--check --require STATE`.
fn required(state: &str, bytes: &[u8]) -> i32 {
    let scene = Scene::new();
    let file = scene.file("a.joedb", bytes);
    let output = logdump().args(["--check", "-q", "--require", state]).arg(file).output().unwrap();
    output.status.code().unwrap()
}

#[test]
fn a_requirement_that_is_not_met_exits_with_3_or_worse() {
    let sample = Sample::new();
    let cases = [
        (sample.clean(), 0, 0),
        (sample.soft(), 0, 3),
        (sample.dirty(), 3, 3),
        (sample.clean()[..60].to_vec(), 4, 4),
        (vec![b'x'; 60], 5, 5),
    ];
    for (bytes, clean, hard) in cases {
        assert_eq!((required("clean", &bytes), required("hard", &bytes)), (clean, hard));
    }
}

#[test]
fn quiet_leaves_the_word_to_the_exit_code_but_for_machines() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().dirty());
    logdump().args(["--check", "-q"]).arg(&file).assert().code(3).stdout(is_empty()).stderr(is_empty());
    for form in ["text", "json"] {
        let verdict = contains("dirty-tail");
        logdump().args(["--check", "-q", "--format", form]).arg(&file).assert().code(3).stdout(verdict);
    }
}

#[test]
fn a_requirement_that_a_healthy_file_does_not_meet_is_said() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().soft());
    let said = contains("a.joedb: clean, soft, which is not what --require asks for");
    logdump().args(["--check", "--require", "hard"]).arg(&file).assert().code(3).stderr(said);
}

#[test]
fn a_line_has_the_file_and_the_headline() {
    let scene = Scene::new();
    let sample = Sample::new();
    let files = [scene.file("clean", &sample.clean()), scene.file("dirty", &sample.dirty())];
    let lines = format!("{}: clean\n{}: dirty tail\n", files[0].display(), files[1].display());
    logdump().args(["--check", "--format", "line"]).args(&files).assert().code(3).stdout(lines);
}

#[test]
fn of_several_files_all_are_reported_and_the_worst_code_counts() {
    let scene = Scene::new();
    let sample = Sample::new();
    let clean = scene.file("clean", &sample.clean());
    let dirty = scene.file("dirty", &sample.dirty());
    let short = scene.file("short", &sample.clean()[..60]);
    let garbage = scene.file("garbage", &[b'x'; 60]);
    let absent = scene.path("absent");
    let mut files = vec![&clean];
    for (file, code) in [(&dirty, 3), (&short, 4), (&garbage, 5), (&absent, 1)] {
        files.insert(0, file);
        let assert = logdump().arg("--check").args(&files).assert().code(code);
        let headlines = contains("clean: clean\n").and(contains("dirty: dirty tail\n"));
        assert.stdout(headlines);
    }
    let text = logdump().args(["--check", "--format", "json"]).args(&files).output().unwrap().stdout;
    let reports: Vec<Value> =
        serde_json::Deserializer::from_slice(&text).into_iter().map(Result::unwrap).collect();
    let verdicts: Vec<&Value> = reports.iter().map(|report| &report["verdict"]).collect();
    assert_eq!(verdicts, ["not-a-joedb-file", "file-cut-short", "dirty-tail", "clean"]);
}

#[test]
fn leftovers_are_no_findings() {
    let sample = Sample::new();
    let (first, end) = (signed(sample.first), signed(sample.end()));
    let scene = Scene::new();
    for slots in
        [[41, -first, end, end], [first, -first, end, end], [-50, -first, end, end], [0, i64::MIN, end, end]]
    {
        let file = scene.file("a.joedb", &sample.log.with_slots(slots));
        logdump().args(["--check", "--require", "hard"]).arg(&file).assert().success();
        assert_eq!(report(&file)["findings"].as_array().unwrap().len(), 1, "{slots:?}");
    }
}

#[test]
fn a_pending_checkpoint_below_the_soft_one_is_a_remark_only() {
    let sample = Sample::new();
    let (first, end) = (signed(sample.first), signed(sample.end()));
    let scene = Scene::new();
    let file = scene.file("a.joedb", &sample.log.with_slots([41, 41, first, -end]));
    let report = report(&file);
    assert_eq!((&report["verdict"], &report["exit_code"]), (&json!("clean-soft"), &json!(0)));
    assert_eq!(report["findings"][1]["id"], "pending-covered");
}

#[test]
fn an_empty_log_is_clean() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Log::new().clean());
    logdump()
        .args(["--check", "--require", "hard"])
        .arg(&file)
        .assert()
        .success()
        .stdout(contains("0 whole entries"));
}

#[test]
fn without_a_restart_since_the_last_write_the_pending_checkpoint_is_advised() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", b"");
    // A file that is written to later than two seconds after it was made is no copy.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    scene.file("a.joedb", &Sample::new().pending());
    let report = report(&file);
    if report["outage"]["conclusion"] == "unknown" {
        return; // On a network, or on a file system that does not tell.
    }
    assert_eq!(report["outage"]["conclusion"], "program-only");
    for command in report["commands"].as_array().unwrap() {
        assert!(command.as_str().unwrap().starts_with("joedb_convert --to pending "), "{command}");
    }
    logdump().arg("--check").arg(&file).assert().code(3).stdout(contains("Only the program crashed"));
}

#[test]
fn a_modification_in_the_future_tells_nothing_of_the_outage() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(3600)).unwrap();
    let outage = &report(&path)["outage"];
    assert_eq!(outage["conclusion"], "unknown");
    assert_eq!(outage["evidence"], "the file's last modification lies in the future");
}

#[test]
fn what_a_power_failure_would_lose_is_told_without_transactions_that_there_are_not() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().hard_then_soft());
    let told = dumped(&["--check"], &file).replace('\n', " ");
    assert!(!told.contains("0 marked"), "{told}");
    // A file system that does not tell when the file was made leaves the question out.
    assert!(told.contains("Only the program crashed") || told.contains("without 3 entries."), "{told}");
}
