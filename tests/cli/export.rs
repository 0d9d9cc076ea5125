//! `joedb_convert INPUT OUTPUT` where OUTPUT is no joedb file.

use crate::log::Sample;
use crate::scene::{Scene, convert, corpus, corpus_files, logdump};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn left(scene: &Scene) -> Vec<String> {
    let names = fs::read_dir(scene.directory()).unwrap();
    let mut names: Vec<String> = names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs the program in the directory of the scene, on a file there.
fn exported(scene: &Scene, arguments: &[&str]) -> assert_cmd::assert::Assert {
    convert().current_dir(scene.directory()).args(arguments).assert()
}

fn scene_of(name: &str) -> Scene {
    let scene = Scene::new();
    fs::copy(fixture(name), scene.path("a.joedb")).unwrap();
    scene
}

#[test]
fn the_extension_says_what_the_output_is() {
    let scene = scene_of("clean.joedb");
    let kinds = [
        ("o.json", "JSON", "2 tables of 5 rows"),
        ("o.sqlite", "SQLite", "2 tables of 5 rows"),
        ("o.sqlite3", "SQLite", "2 tables of 5 rows"),
        ("o.db", "SQLite", "2 tables of 5 rows"),
        ("o.csv", "CSV", "2 tables of 5 rows"),
        ("o.jsonl", "JSON Lines", "33 entries"),
        ("o.ndjson", "JSON Lines", "33 entries"),
        ("o.sql", "SQL", "33 entries"),
        ("o.joedbi", "joedb commands", "33 entries"),
    ];
    for (output, format, what) in kinds {
        let receipt = format!(
            "a.joedb up to 251 (0xfb), 210 bytes (33 entries, 5 rows): exported {what} as {format} to {output} ("
        );
        exported(&scene, &["a.joedb", output]).success().stdout(contains(receipt)).stderr(is_empty());
    }
    let json: Value = serde_json::from_slice(&fs::read(scene.path("o.json")).unwrap()).unwrap();
    assert_eq!(json["tables"]["city"]["rows"][1], serde_json::json!({"__id": 1, "name": "東京"}));
    assert_eq!(fs::read_dir(scene.path("o.csv")).unwrap().count(), 2);
    let csv = fs::read_to_string(scene.path("o.csv/city.csv")).unwrap();
    assert_eq!(csv, "__id,name\n0,Lille\n1,東京\n");
    let cities = "SELECT count(*) FROM person JOIN city ON city.__id = person.home";
    let database = Connection::open(scene.path("o.db")).unwrap();
    let found: i64 = database.query_row(cities, [], |row| row.get(0)).unwrap();
    assert!(found > 0);
}

#[test]
fn a_file_with_the_extension_of_the_input_is_recovered_whatever_that_is() {
    let scene = scene_of("clean.joedb");
    fs::rename(scene.path("a.joedb"), scene.path("a.db")).unwrap();
    exported(&scene, &["a.db", "b.db"]).success();
    assert!(fs::read(scene.path("b.db")).unwrap()[32..].starts_with(b"\x05\0\0\0joedb"));
    exported(&scene, &["--output-format", "sqlite", "a.db", "c.db"]).success();
    assert!(fs::read(scene.path("c.db")).unwrap().starts_with(b"SQLite format 3"));
}

#[test]
fn the_references_json_is_that_of_the_reference() {
    let scene = Scene::new();
    for path in corpus_files("valid") {
        for (options, extension) in [(&["--compat"][..], "json"), (&["--compat", "--base64"], "base64.json")]
        {
            let run = convert()
                .args(options)
                .args(["--output-format", "json"])
                .arg(&path)
                .arg("-")
                .output()
                .unwrap();
            assert!(run.stdout == fs::read(path.with_extension(extension)).unwrap(), "{}", path.display());
        }
    }
    assert!(left(&scene).is_empty());
}

#[test]
fn entries_are_those_that_a_dump_prints() {
    let scene = Scene::new();
    let path = corpus("valid/00003.joedb");
    let dump = |options: &[&str]| logdump().args(options).arg(&path).output().unwrap().stdout;
    let kinds = [
        ("jsonl", &["-q", "--json", "--blob"]),
        ("sql", &["-q", "--sql", "--blob"]),
        ("joedbi", &["-q", "--blob", "--blob"]),
    ];
    for (extension, options) in kinds {
        let output = scene.path(&format!("o.{extension}"));
        convert().arg(&path).arg(&output).assert().success();
        let mut options = options.to_vec();
        options.dedup();
        assert!(fs::read(&output).unwrap() == dump(&options), "{extension}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let scene = scene_of("crashed.joedb");
    let lost = "left out behind 223 (0xdf): 38 bytes (5 entries, 1 row, 8 bytes that do not decode)";
    exported(&scene, &["-q", "a.joedb", "o.json"]).success().stdout(contains(lost));
    let more = exported(&scene, &["--to", "last-entry", "a.joedb", "p.json"]).success();
    more.stdout(contains("left out behind 253 (0xfd): 8 bytes (0 entries, 8 bytes that do not decode)"));
    let rows = |name: &str| {
        let json: Value = serde_json::from_slice(&fs::read(scene.path(name)).unwrap()).unwrap();
        json["tables"]["person"]["rows"].as_array().unwrap().len()
    };
    assert_eq!(rows("p.json"), rows("o.json") + 1);
}

#[test]
fn a_damaged_log_is_refused_as_a_recovery_would_be() {
    let scene = scene_of("damaged_body.joedb");
    for output in ["o.json", "o.csv", "o.sqlite", "o.sql"] {
        let refused = exported(&scene, &["a.joedb", output]).code(4);
        refused.stderr(contains("the log does not decode up to the checkpoint")).stdout(is_empty());
    }
    assert_eq!(left(&scene), ["a.joedb"]);
    exported(&scene, &["--to", "last-entry", "a.joedb", "o.json"])
        .success()
        .stdout(contains("left out behind"));
}

#[test]
fn a_log_that_cannot_be_loaded_is_an_error_with_its_position_and_a_cut_before_it() {
    let scene = scene_of("unloadable.joedb");
    let error = contains("position 236 (0xec): update reference entry cannot be loaded: no record 0")
        .and(contains("--to 236 exports what was before it"));
    exported(&scene, &["a.joedb", "o.json"]).code(4).stderr(error);
    assert_eq!(left(&scene), ["a.joedb"]);
    exported(&scene, &["--to", "236", "a.joedb", "o.json"]).success();
}

#[test]
fn more_rows_than_bytes_account_for_need_a_word() {
    let scene = scene_of("too_many_rows.joedb");
    let refused = exported(&scene, &["a.joedb", "o.json"]).code(1);
    refused.stderr(contains("--max-rows changes the limit"));
    exported(&scene, &["--max-rows", "5", "a.joedb", "o.json"])
        .code(1)
        .stderr(contains("at most 5 expected"));
}

#[test]
fn tables_are_chosen_by_name_and_an_unknown_one_is_refused_with_the_names() {
    let scene = scene_of("clean.joedb");
    exported(&scene, &["--table", "city", "a.joedb", "o.csv"]).success();
    assert_eq!(fs::read_to_string(scene.path("o.csv")).unwrap(), "__id,name\n0,Lille\n1,東京\n");
    exported(&scene, &["--table", "city", "--table", "person", "a.joedb", "p.csv"]).success();
    assert_eq!(fs::read_dir(scene.path("p.csv")).unwrap().count(), 2);
    let refused = exported(&scene, &["--table", "town", "a.joedb", "q.csv"]).code(4);
    refused.stderr(contains(r#"a.joedb: no table "town" found, one of these expected: city, person"#));
    assert!(!scene.path("q.csv").exists());
}

#[test]
fn the_standard_output_takes_what_streams_and_the_receipt_goes_to_the_other() {
    let scene = scene_of("clean.joedb");
    let run = exported(&scene, &["--output-format", "json", "a.joedb", "-"]).success();
    let run = run.stderr(contains("exported 2 tables of 5 rows as JSON to the standard output"));
    serde_json::from_slice::<Value>(&run.get_output().stdout).unwrap();
    let csv = exported(&scene, &["--output-format", "csv", "--table", "city", "a.joedb", "-"]).success();
    csv.stdout("__id,name\n0,Lille\n1,東京\n");
    for (format, error) in [("csv", "a DIRECTORY expected"), ("sqlite", "a FILE expected")] {
        exported(&scene, &["--output-format", format, "a.joedb", "-"]).code(2).stderr(contains(error));
    }
    assert_eq!(left(&scene), ["a.joedb"]);
}

#[test]
fn a_joedb_file_does_not_go_to_the_standard_output_nor_to_a_file_of_its_name() {
    let scene = scene_of("crashed.joedb");
    for options in [&[][..], &["--pack"], &["--dry-run"], &["--save-tail", "-"]] {
        let output = if options == ["--save-tail", "-"] { "o.joedb" } else { "-" };
        let run = exported(&scene, &[options, &["a.joedb", output]].concat()).code(2).stdout(is_empty());
        run.stderr(contains("- found, a FILE expected: a joedb file is read back before it gets its name"));
    }
    assert_eq!(left(&scene), ["a.joedb"]);
    exported(&scene, &["a.joedb", "./-"]).success();
    assert_eq!(left(&scene), ["-", "a.joedb"]);
}

#[test]
fn a_dry_run_loads_and_writes_nothing() {
    let scene = scene_of("clean.joedb");
    for output in ["o.json", "o.csv", "o.sqlite", "o.sql"] {
        let plan = exported(&scene, &["--dry-run", "a.joedb", output]).success();
        plan.stdout(
            contains("plan: a.joedb up to 251 (0xfb)")
                .and(contains("would export"))
                .and(contains("nothing was written (--dry-run)")),
        );
    }
    assert_eq!(left(&scene), ["a.joedb"]);
    let unloadable = scene_of("unloadable.joedb");
    exported(&unloadable, &["--dry-run", "a.joedb", "o.json"]).code(4);
}

#[test]
fn the_receipt_as_json_holds_plan_tables_and_output() {
    let scene = scene_of("crashed.joedb");
    let run = exported(&scene, &["--format", "json", "a.joedb", "o.csv"]).success();
    let json: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!((&json["job"], &json["output_format"]), (&"export".into(), &"csv".into()));
    assert_eq!(json["plan"]["lost"]["bytes"], 38);
    assert_eq!(json["tables"][1]["name"], "person");
    assert_eq!(json["tables"][1]["files"][0], "person.csv");
    let files = fs::read_dir(scene.path("o.csv")).unwrap();
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(json["receipt"]["bytes"], bytes);
}

#[test]
fn an_output_that_exists_is_replaced_only_if_that_is_asked_for() {
    let scene = scene_of("clean.joedb");
    for output in ["o.json", "o.csv", "o.sqlite"] {
        exported(&scene, &["a.joedb", output]).success();
        exported(&scene, &["a.joedb", output]).code(1).stderr(contains("it exists already"));
        exported(&scene, &["--force", "a.joedb", output]).success();
    }
    fs::write(scene.path("o.csv/letter.txt"), "dear").unwrap();
    exported(&scene, &["--force", "a.joedb", "o.csv"]).code(1).stderr(contains("it holds letter.txt"));
    exported(&scene, &["--force", "a.joedb", "--output-format", "json", "a.joedb"]).code(2);
    assert_eq!(left(&scene), ["a.joedb", "o.csv", "o.json", "o.sqlite"]);
}

#[test]
#[cfg(unix)]
fn an_export_may_be_read_by_whom_the_input_may_and_follows_no_link() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = scene_of("clean.joedb");
    let mode = |name: &str| scene.path(name).metadata().unwrap().permissions().mode() & 0o777;
    for (input, directory) in [(0o600, 0o700), (0o640, 0o750), (0o644, 0o755)] {
        fs::set_permissions(scene.path("a.joedb"), fs::Permissions::from_mode(input)).unwrap();
        for output in ["o.json", "o.csv", "o.sqlite"] {
            exported(&scene, &["--force", "a.joedb", output]).success();
        }
        assert_eq!(
            ["o.json", "o.sqlite", "o.csv/city.csv", "o.csv"].map(mode),
            [input, input, input, directory]
        );
    }
    fs::write(scene.path("victim"), "dear").unwrap();
    for output in ["l.json", "l.sqlite"] {
        std::os::unix::fs::symlink("victim", scene.path(output)).unwrap();
        exported(&scene, &["--force", "a.joedb", output]).success();
        assert!(!scene.path(output).is_symlink());
    }
    assert_eq!(fs::read(scene.path("victim")).unwrap(), b"dear");
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let scene = scene_of("clean.joedb");
    let wrong: [&[&str]; 9] = [
        &["--compat", "a.joedb", "o.csv"],
        &["--base64", "a.joedb", "o.json"],
        &["--entries", "a.joedb", "o.json"],
        &["--partition-rows", "5", "a.joedb", "o.csv"],
        &["--table", "city", "a.joedb", "o.sql"],
        &["--no-verify", "a.joedb", "o.json"],
        &["--save-tail", "t", "a.joedb", "o.json"],
        &["--table", "city", "a.joedb", "o.joedb"],
        &["--compat", "a.joedb", "o.joedb"],
    ];
    for arguments in wrong {
        exported(&scene, arguments).code(2);
    }
    assert_eq!(left(&scene), ["a.joedb"]);
}

#[test]
fn what_sqlite_cannot_hold_is_counted() {
    let scene = Scene::new();
    let path = corpus("valid/00001.joedb");
    let run = convert().arg(&path).arg(scene.path("o.sqlite")).assert().success();
    run.stdout(contains("table order: 2 × negative zero, without its sign there"));
}

#[test]
fn a_log_through_a_pipe_is_exported_for_its_owner_alone() {
    let scene = Scene::new();
    let sample = Sample::new();
    let output = scene.path("o.json");
    let run = convert().arg("-").arg(&output).write_stdin(sample.clean()).assert().success();
    run.stdout(contains("came through a pipe"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(output.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
#[cfg(not(feature = "parquet"))]
fn a_format_that_was_not_built_is_named_with_its_feature() {
    let scene = scene_of("clean.joedb");
    let error = "this joedb_convert was built without Parquet; build it with --features parquet";
    exported(&scene, &["a.joedb", "o.parquet"]).code(1).stderr(contains(error));
    assert_eq!(left(&scene), ["a.joedb"]);
}
