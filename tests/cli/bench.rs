//! `joedb_bench`: its runs, and the files that they make. What is measured is never asserted.

use crate::processes::{send, wait_until};
use crate::scene::{Scene, bench, is_root};
use joedb::journal::{Access, Journal};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// All cases and their contenders, the one first that the others are compared with.
pub(crate) const CONTENDERS: [(&str, &[&str]); 5] = [
    ("bulk", &["SQLite", "SQLite, big pages", "journal alone", "joedb with tables"]),
    ("vector", &["SQLite", "SQLite, big pages", "journal alone", "joedb with tables"]),
    ("commit-hard", &["SQLite", "SQLite, WAL", "journal alone", "joedb with tables"]),
    ("commit-soft", &["SQLite, WAL", "journal alone", "joedb with tables"]),
    ("commit-async", &["SQLite, WAL", "journal alone", "joedb with tables"]),
];

fn all_contenders() -> impl Iterator<Item = (&'static str, &'static str)> {
    CONTENDERS.into_iter().flat_map(|(case, names)| names.iter().map(move |name| (case, *name)))
}

/// A process of a run, as the program starts it.
fn role(role: &str, case: &str, contender: &str, rows: u32, directory: &Path) -> assert_cmd::Command {
    let mut command = bench();
    command.args(["--role", role, case, contender, &rows.to_string()]).current_dir(directory);
    command
}

#[test]
fn a_contender_that_wrote_too_few_or_too_many_rows_is_found_out() {
    for (case, contender) in all_contenders() {
        let scene = Scene::new();
        role("work", case, contender, 20, scene.directory()).assert().success().stdout(is_empty());
        role("check", case, contender, 20, scene.directory()).assert().success();
        for expected in [1, 19, 21] {
            let said = contains(format!("{expected}"));
            role("check", case, contender, expected, scene.directory()).assert().code(1).stderr(said);
        }
    }
}

#[test]
fn a_contender_that_wrote_wrong_values_is_found_out() {
    let scene = Scene::new();
    role("work", "bulk", "SQLite", 20, scene.directory()).assert().success();
    let change =
        |sql: &str| rusqlite::Connection::open(scene.path("result")).unwrap().execute(sql, []).unwrap();
    assert_eq!(change("UPDATE benchmark SET value = value + 1 WHERE value = 3"), 1);
    role("check", "bulk", "SQLite", 20, scene.directory()).assert().code(1).stderr(contains("191"));
    assert_eq!(change("UPDATE benchmark SET value = 3, name = 'TITI' WHERE rowid = 4"), 1);
    role("check", "bulk", "SQLite", 20, scene.directory()).assert().code(1).stderr(contains("(20, 19, 190)"));
    let journal = Scene::new();
    role("work", "bulk", "journal alone", 20, journal.directory()).assert().success();
    let bytes = fs::read(journal.path("result")).unwrap();
    let at = bytes.windows(4).rposition(|window| window == b"TOTO").unwrap();
    for (offset, said) in [(at, "names: 19"), (at + 6, "sum: ")] {
        let mut wrong = bytes.clone();
        wrong[offset] ^= 1;
        journal.file("result", &wrong);
        let found = contains(said);
        role("check", "bulk", "journal alone", 20, journal.directory()).assert().code(1).stderr(found);
    }
}

/// The vector holds what the single rows do.
#[test]
fn joedb_contenders_write_what_their_case_says() {
    for (case, contender) in all_contenders().filter(|(_, name)| !name.starts_with("SQLite")) {
        let scene = Scene::new();
        role("work", case, contender, 3, scene.directory()).assert().success();
        let file = scene.path("result");
        let dump = crate::scene::dumped(&[], &file);
        let is_vector = dump.contains("update_vector benchmark 0 value 3 0 1 2\n");
        let is_single = dump.contains(
            "insert_into benchmark 2\nupdate benchmark 2 name \"TOTO\"\nupdate benchmark 2 value 2\n",
        );
        assert_eq!(
            (is_vector, is_single),
            (case == "vector", case != "vector"),
            "{case}, {contender}: {dump}"
        );
        let journal = Journal::open(&file, Access::Window).unwrap();
        let is_hard = journal.checkpoints().hard.position == journal.size();
        assert_eq!(is_hard, case != "commit-soft", "{case}, {contender}");
    }
}

#[test]
fn a_vector_has_at_most_65536_values() {
    let scene = Scene::new();
    role("work", "vector", "joedb with tables", 131_073, scene.directory()).assert().success();
    role("check", "vector", "joedb with tables", 131_073, scene.directory()).assert().success();
    let raw = crate::scene::dumped(&["--raw"], &scene.path("result"));
    let vectors: Vec<&str> = raw.lines().filter(|line| line.starts_with("update_vector")).collect();
    let begins = |line: &&str| line.split(' ').take(5).collect::<Vec<&str>>().join(" ");
    let expected = ["0 1 65536", "65536 1 65536", "131072 1 1", "0 2 65536", "65536 2 65536", "131072 2 1"];
    for (found, expected) in vectors.iter().map(begins).zip(expected) {
        assert_eq!(found.split(' ').skip(2).collect::<Vec<&str>>().join(" "), expected);
    }
    assert_eq!(vectors.len(), expected.len());
}

/// Where a soft commit would be measured as a hard one, the check would say so.
#[test]
fn a_soft_checkpoint_is_no_hard_one() {
    let scene = Scene::new();
    role("work", "commit-soft", "journal alone", 5, scene.directory()).assert().success();
    role("check", "commit-soft", "journal alone", 5, scene.directory()).assert().success();
    role("check", "commit-hard", "journal alone", 5, scene.directory())
        .assert()
        .code(1)
        .stderr(contains("a checkpoint at 41 found"));
}

#[test]
fn sqlite_is_as_durable_as_its_setup_says() {
    let mode = |case: &str, contender: &str| {
        let scene = Scene::new();
        role("work", case, contender, 3, scene.directory()).assert().success();
        let connection = rusqlite::Connection::open(scene.path("result")).unwrap();
        let pragma = |name: &str| -> String {
            connection
                .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| row.get(0))
                .unwrap()
        };
        (pragma("journal_mode"), pragma("page_size"))
    };
    let delete = |size: &str| ("delete".to_owned(), size.to_owned());
    let wal = ("wal".to_owned(), "4096".to_owned());
    assert_eq!(mode("bulk", "SQLite"), delete("4096"));
    assert_eq!(mode("bulk", "SQLite, big pages"), delete("32768"));
    assert_eq!(mode("commit-hard", "SQLite"), delete("4096"));
    for case in ["commit-hard", "commit-soft", "commit-async"] {
        assert_eq!(mode(case, "SQLite, WAL"), wal);
    }
}

/// A run of few rows.
fn few(scene: &Scene) -> assert_cmd::Command {
    let mut command = bench();
    command.args(["--rows", "5", "--runs", "1", "--dir"]).arg(scene.directory());
    command
}

#[test]
fn nothing_is_left_behind() {
    let scene = Scene::new();
    few(&scene).assert().success().stderr(is_empty());
    assert!(scene.names().is_empty(), "{:?}", scene.names());
}

#[test]
fn what_is_kept_is_named_and_holds_the_rows() {
    let scene = Scene::new();
    let kept = few(&scene).args(["--keep", "bulk"]).assert().success();
    let said = String::from_utf8(kept.get_output().stderr.clone()).unwrap();
    let directory = PathBuf::from(said.strip_prefix("joedb_bench: kept: ").unwrap().trim_end());
    assert_eq!(directory.parent(), Some(scene.directory().canonicalize().unwrap().as_path()));
    let mut names: Vec<_> =
        fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["bulk-1", "bulk-2", "bulk-3", "bulk-4"]);
    role("check", "bulk", "SQLite", 5, &directory.join("bulk-1")).assert().success();
    role("check", "bulk", "joedb with tables", 5, &directory.join("bulk-4")).assert().success();
}

#[test]
fn a_directory_that_cannot_be_had_is_an_error() {
    let scene = Scene::new();
    let file = scene.file("file", b"x");
    let absent = scene.path("absent");
    for (directory, reason) in [(&absent, "No such file"), (&file, "Not a directory")] {
        let said = contains(directory.to_str().unwrap()).and(contains(reason));
        bench().arg("--dir").arg(directory).assert().code(1).stdout(is_empty()).stderr(said);
    }
    if !is_root() {
        fs::set_permissions(scene.directory(), fs::Permissions::from_mode(0o555)).unwrap();
        few(&scene).assert().code(1).stderr(contains("Permission denied"));
        fs::set_permissions(scene.directory(), fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(scene.names(), ["file"]);
}

#[test]
fn wrong_usage_exits_with_2_before_anything_is_written() {
    let scene = Scene::new();
    let wrong: [&[&str]; 8] = [
        &["speed"],
        &["--rows", "0"],
        &["--rows", "-1"],
        &["--rows", "1000000001"],
        &["--runs", "0"],
        &["--paper", "--rows", "5"],
        &["--format", "xml"],
        &["--external", "true"],
    ];
    for options in wrong {
        bench()
            .args(options)
            .current_dir(scene.directory())
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(is_empty().not());
    }
    assert!(scene.names().is_empty());
}

#[test]
fn a_full_disk_for_the_results_is_an_error_and_leaves_nothing_behind() {
    for form in ["table", "json", "csv", "markdown"] {
        let scene = Scene::new();
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("joedb_bench"));
        command.args(["bulk", "--rows=5", "--runs=1", "--format", form, "--dir"]).arg(scene.directory());
        let output = command.stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.contains("No space left")), (Some(1), true), "{said}");
        assert!(scene.names().is_empty());
    }
}

fn start(arguments: &[&str], scene: &Scene) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("joedb_bench"));
    command.args(arguments).arg("--dir").arg(scene.directory());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn is_there(process: &str) -> bool {
    kill(Pid::from_raw(process.trim().parse().unwrap()), None).is_ok()
}

#[test]
fn a_signal_stops_all_processes_removes_the_files_and_names_itself_in_the_exit_code() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let (scene, notes) = (Scene::new(), Scene::new());
        let number = notes.path("number");
        let external =
            format!("sleeper=echo $$ >'{0}.new'; mv '{0}.new' '{0}'; sleep 1000", number.display());
        let child = start(&["bulk", "--rows=5", "--external", &external], &scene);
        wait_until("the sleeper is there", || number.exists());
        assert!(!scene.names().is_empty());
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said.as_str()),
            (Some(code), "joedb_bench: bulk, sleeper: interrupted\n")
        );
        assert!(scene.names().is_empty(), "{:?}", scene.names());
        let sleeper = fs::read_to_string(&number).unwrap();
        wait_until("the sleeper is gone", || !is_there(&sleeper));
    }
}

#[test]
fn the_sizes_of_the_documentation_are_announced_before_the_work() {
    let scene = Scene::new();
    let mut child = start(&["bulk", "--paper"], &scene);
    wait_until("it begins or ends", || scene.names().len() == 1 || child.try_wait().unwrap().is_some());
    if child.try_wait().unwrap().is_none() {
        send(Signal::SIGINT, &child);
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let needs = [
        "at most 2.43 GB of disk and 2.43 GB of memory",
        "2.43 GB of disk needed",
        "2.43 GB of memory needed",
    ];
    assert!(needs.iter().any(|need| said.contains(need)), "{said}");
    assert!(scene.names().is_empty());
}
