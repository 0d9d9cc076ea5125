//! `--follow`: a log as it grows.

use crate::log::{Log, Sample, signed};
use crate::processes::{PATIENCE, send, wait_until, wait_until_asleep};
use crate::scene::{Scene, convert, dumped, logdump};
use crate::writer::Writer;
use joedb::storage::lock::{try_lock, unlock};
use joedb::storage::{Mode, Region};
use joedb::{BlobPosition, Type, Value, Version};
use nix::sys::signal::Signal;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

/// Long enough to see that something does not happen: several looks at the head.
const A_WHILE: Duration = Duration::from_millis(600);

fn program() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin!("joedb_logdump"))
}

/// A program that follows a file.
struct Following {
    child: Child,
    printed: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Following {
    fn new(options: &[&str], path: &Path) -> Following {
        let mut command = program();
        command.arg("--follow").args(options).arg(path);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let printed = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&printed);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stdout.read(&mut buffer) {
                shared.lock().unwrap().push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            }
        });
        Following { child, printed, reader }
    }

    fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    /// Waits until it has printed this.
    fn wait_for(&self, text: &str) {
        wait_until(&format!("{text:?} comes"), || self.printed().contains(text));
    }

    /// Waits until it ends by itself: the exit code, what it printed, and what it said.
    fn end(mut self) -> (Option<i32>, String, String) {
        let code = wait(&mut self.child);
        self.reader.join().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let printed = self.printed.lock().unwrap().clone();
        (code, printed, said)
    }

    fn interrupt(self) -> (Option<i32>, String, String) {
        send(Signal::SIGINT, &self.child);
        self.end()
    }
}

fn wait(child: &mut Child) -> Option<i32> {
    let mut status = None;
    wait_until("it ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status?.code()
}

/// A file with a table, and its writer.
fn live(scene: &Scene) -> (PathBuf, Writer) {
    live_of(scene, Version::V5)
}

fn live_of(scene: &Scene, version: Version) -> (PathBuf, Writer) {
    let mut log = Log::of(version);
    log.table("person").field(1, "name", Type::String);
    let path = scene.file("live.joedb", &log.clean());
    let writer = Writer::open(&path, log);
    (path, writer)
}

fn insert(writer: &mut Writer, record: i64) {
    writer.log.insert(1, record).update(1, record, 1, Value::String(format!("number {record}.").as_bytes()));
}

const FORMS: [&[&str]; 7] = [
    &[],
    &["--raw"],
    &["--sql"],
    &["--json"],
    &["--print-checkpoint"],
    &["--schema-only"],
    &["--json", "--blob"],
];

#[test]
fn entries_come_when_the_checkpoint_moves_and_not_before() {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    let following = Following::new(&[], &path);
    following.wait_for("add_field person name string\n");
    insert(&mut writer, 0);
    writer.append();
    sleep(A_WHILE);
    assert!(!following.printed().contains("number 0."), "{}", following.printed());
    writer.commit();
    following.wait_for("update person 0 name \"number 0.\"\n");
    insert(&mut writer, 1);
    writer.commit_hard();
    following.wait_for("update person 1 name \"number 1.\"\n");
    let (code, printed, said) = following.interrupt();
    assert_eq!((code, printed.trim_end()), (Some(0), dumped(&[], &path).trim_end()));
    let end = writer.log.end();
    assert!(
        said.contains(&format!("live.joedb: interrupted at {end} (0x{end:x}); --from {end} goes on")),
        "{said}"
    );
}

#[test]
fn what_was_followed_is_the_dump_in_every_form() {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    let all: Vec<Following> = FORMS.iter().map(|form| Following::new(form, &path)).collect();
    for record in 0..30 {
        insert(&mut writer, record);
        writer.log.blob(b"data").comment(b"said");
        writer.commit();
        sleep(Duration::from_millis(u64::try_from(record).unwrap() % 7));
    }
    writer.log.rename_table(1, "human").comment(b"the last one");
    writer.commit_hard();
    for (following, form) in all.into_iter().zip(FORMS) {
        let last = match form {
            ["--raw"] => "rename_table 1",
            ["--sql"] => "-- the last one\nCOMMIT",
            ["--schema-only"] => "rename_table person human",
            _ => "the last one",
        };
        following.wait_for(last);
        let (code, printed, _) = following.interrupt();
        assert_eq!(code, Some(0));
        let whole = dumped(form, &path);
        if form == ["--sql"] {
            let statements = |text: &str| -> Vec<String> {
                let framing =
                    |line: &str| line.starts_with("BEGIN") || line.starts_with("COMMIT") || line.is_empty();
                text.lines().filter(|line| !framing(line)).map(str::to_owned).collect()
            };
            assert_eq!(statements(&printed), statements(&whole));
        } else {
            assert_eq!(printed.trim_end(), whole.trim_end(), "{form:?}");
        }
    }
}

#[test]
fn sql_that_is_followed_leaves_every_batch_committed() {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    let following = Following::new(&["--sql", "--blob"], &path);
    writer.log.field(1, "picture", Type::Blob);
    let database = rusqlite::Connection::open_in_memory().unwrap();
    let mut executed = 0;
    for record in 0..10 {
        insert(&mut writer, record);
        let position = writer.log.end() + 2;
        writer.log.blob(format!("blob {record}").as_bytes());
        let picture = Value::Blob(BlobPosition { position, size: Some(6) });
        writer.log.update(1, record, 2, picture);
        writer.commit();
        following.wait_for(&format!("COMMIT; --checkpoint = {}\n", writer.log.end()));
        let printed = following.printed();
        database.execute_batch(&printed[executed..]).unwrap();
        assert!(database.is_autocommit(), "a transaction was left open");
        executed = printed.len();
        let query = "SELECT count(*), max(CAST(picture AS TEXT)) FROM person WHERE length(picture) = 6";
        let found: (i64, String) =
            database.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(found, (record + 1, format!("blob {record}")));
    }
    assert_eq!(following.interrupt().0, Some(0));
}

#[test]
fn an_empty_log_prints_nothing_until_it_has_an_entry() {
    let scene = Scene::new();
    for form in [&["--sql"][..], &[], &["--json"]] {
        let path = scene.file("live.joedb", &Log::new().clean());
        let mut writer = Writer::open(&path, Log::new());
        let following = Following::new(form, &path);
        sleep(A_WHILE);
        assert_eq!(following.printed(), "");
        writer.log.comment(b"the first");
        writer.commit();
        following.wait_for("the first");
        following.interrupt();
    }
}

#[test]
fn every_signal_to_stop_ends_it_well_and_it_goes_on_where_it_was() {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    let (mut all, mut from) = (String::new(), 41.to_string());
    for (record, signal) in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().enumerate() {
        insert(&mut writer, i64::try_from(record).unwrap());
        writer.commit();
        let following = Following::new(&["--raw", "--from", &from], &path);
        following.wait_for(&format!("number {record}."));
        send(signal, &following.child);
        let (code, printed, said) = following.end();
        assert_eq!(code, Some(0), "{said}");
        all.push_str(&printed);
        from = said.split("--from ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    }
    assert_eq!(all, dumped(&["--raw"], &path));
}

#[test]
fn with_quiet_nothing_is_said_of_the_interruption() {
    let scene = Scene::new();
    let (path, _writer) = live(&scene);
    let following = Following::new(&["-q"], &path);
    following.wait_for("add_field");
    assert_eq!(following.interrupt().2, "");
}

/// A log that takes a while to print into a pipe that nobody empties.
fn long_log() -> Log {
    let mut log = Log::new();
    for _ in 0..20 {
        log.comment(&vec![b'x'; 500_000]);
    }
    log
}

#[test]
fn a_signal_in_the_middle_of_a_batch_ends_it_at_an_entry_and_sql_is_rolled_back() {
    let scene = Scene::new();
    let path = scene.file("live.joedb", &long_log().clean());
    let whole = dumped(&["--raw"], &path);
    for form in ["--raw", "--sql"] {
        let mut child = program()
            .args(["--follow", form])
            .arg(&path)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The pipe is full by then; the signal is heeded between two pieces.
        wait_until_asleep(&child);
        send(Signal::SIGTERM, &child);
        let (mut printed, mut said) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(wait(&mut child), Some(0), "{said}");
        let from: u64 = said.split("--from ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        if form == "--sql" {
            assert!(printed.ends_with("\nROLLBACK; -- interrupted before the checkpoint\n"));
            assert_eq!(from, 41);
        } else {
            assert!((42..long_log().end()).contains(&from), "{from}");
            let rest = dumped(&["--raw", "--from", &from.to_string()], &path);
            assert!(printed + &rest == whole, "the parts do not join");
        }
    }
}

#[test]
fn a_signal_ends_it_even_if_nobody_takes_the_output() {
    let scene = Scene::new();
    let path = scene.file("live.joedb", &long_log().clean());
    let mut command = program();
    let mut child =
        command.arg("--follow").arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until_asleep(&child);
    send(Signal::SIGTERM, &child);
    assert_eq!(wait(&mut child), Some(1));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("interrupted while nobody took the output"), "{said}");
}

#[test]
fn a_closed_pipe_ends_it_without_another_entry() {
    let scene = Scene::new();
    let (path, _writer) = live(&scene);
    let script = r#""$0" --follow "$1" | head -n 1; echo "${PIPESTATUS[0]}""#;
    let mut shell = Command::new("bash");
    shell.args(["-c", script]).arg(assert_cmd::cargo::cargo_bin!("joedb_logdump")).arg(&path);
    let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(wait(&mut child), Some(0));
    let (mut printed, mut said) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((printed.as_str(), said.as_str()), ("create_table person\n0\n", ""));
}

#[test]
fn a_full_disk_is_an_error() {
    let scene = Scene::new();
    let (path, _writer) = live(&scene);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = program().arg("--follow").arg(&path).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("No space left on device"));
}

#[test]
fn a_file_that_is_replaced_is_followed_to_its_end_and_the_exit_code_is_3() {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    let following = Following::new(&[], &path);
    following.wait_for("add_field");
    let new = scene.file("new.joedb", &Log::new().comment(b"another file").clean());
    insert(&mut writer, 0);
    writer.commit();
    fs::rename(new, &path).unwrap();
    let end = writer.log.end();
    let (code, printed, said) = following.end();
    assert!(printed.contains("number 0.") && !printed.contains("another file"), "{printed}");
    let expected =
        format!("live.joedb: it was replaced by another file; the old one was followed up to {end} (");
    assert!(code == Some(3) && said.contains(&expected), "{code:?} {said}");
}

#[test]
fn a_file_that_is_removed_or_renamed_is_followed_to_its_end_and_the_exit_code_is_3() {
    let scene = Scene::new();
    for removed in [true, false] {
        let (path, mut writer) = live(&scene);
        let following = Following::new(&[], &path);
        following.wait_for("add_field");
        insert(&mut writer, 0);
        writer.commit();
        if removed {
            fs::remove_file(&path).unwrap();
        } else {
            fs::rename(&path, scene.path("other.joedb")).unwrap();
        }
        let (code, printed, said) = following.end();
        assert!(printed.contains("number 0."));
        assert!(
            code == Some(3) && said.contains("it was removed or renamed; it was followed up to"),
            "{said}"
        );
    }
}

/// Follows a file, lets something happen to it, and returns exit code and message.
fn after(what: impl FnOnce(&mut Writer, &Path)) -> (Option<i32>, String) {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    insert(&mut writer, 0);
    writer.commit();
    let following = Following::new(&[], &path);
    following.wait_for("number 0.");
    what(&mut writer, &path);
    let (code, _, said) = following.end();
    (code, said)
}

#[test]
fn a_file_that_is_cut_or_put_back_is_noticed_with_4() {
    let (code, said) = after(|writer, _| writer.file().set_len(writer.log.end() - 1).unwrap());
    assert!(code == Some(4) && said.contains("the file was cut: it ends at"), "{said}");
    assert!(said.contains("\n  next: joedb_logdump --check /"), "{said}");
    let (code, said) = after(|writer, _| writer.file().set_len(0).unwrap());
    assert!(code == Some(4) && said.contains("the file was cut: it ends at 0 (0x0)"), "{said}");
    let (code, said) = after(|writer, _| writer.write_head(&Log::new().clean()[..32], 0));
    assert!(code == Some(4) && said.contains("the checkpoint moved backward, to 41 (0x29)"), "{said}");
    let (code, said) = after(|_, path| fs::write(path, Log::new().clean()).unwrap());
    assert!(code == Some(4) && said.contains("the file was cut"), "{said}");
}

#[test]
fn a_file_that_is_overwritten_is_noticed() {
    let other = |end: usize| {
        let mut log = Log::new();
        log.comment(&vec![b'y'; end + 10]);
        log.clean()
    };
    let (code, said) = after(|writer, _| {
        // Under the lock of the head, so that no look falls between head and entries.
        writer.write_head(&other(usize::try_from(writer.log.end()).unwrap()), 0);
    });
    assert!(code == Some(4) && said.contains("the file was overwritten: before "), "{said}");
    let (code, said) = after(|writer, _| writer.write_head(&[0; 41], 0));
    assert!(code == Some(5) && said.contains("the head was overwritten: no joedb signature"), "{said}");
}

#[test]
fn damage_behind_a_checkpoint_ends_it_with_4_and_what_came_before_is_printed() {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    let following = Following::new(&["--sql"], &path);
    following.wait_for("COMMIT");
    insert(&mut writer, 0);
    let damaged = writer.log.end();
    writer.append();
    writer.file().write_all_at(&[0xff; 10], damaged).unwrap();
    writer.write_head(&(-signed(damaged + 10)).to_le_bytes(), 16);
    let (code, printed, said) = following.end();
    assert!(code == Some(4) && said.contains(&format!("position {damaged} (0x")), "{said}");
    assert!(printed.contains("number 0."));
    rusqlite::Connection::open_in_memory().unwrap().execute_batch(&printed).unwrap();
    // Damage in front of the first entry of a batch leaves no COMMIT alone either.
    writer.file().set_len(damaged).unwrap();
    writer.write_head(&(-signed(damaged)).to_le_bytes(), 16);
    let following = Following::new(&["--sql"], &path);
    following.wait_for(&format!("COMMIT; --checkpoint = {damaged}"));
    writer.file().write_all_at(&[0xff; 10], damaged).unwrap();
    writer.write_head(&(-signed(damaged + 10)).to_le_bytes(), 16);
    let (_, printed, _) = following.end();
    rusqlite::Connection::open_in_memory().unwrap().execute_batch(&printed).unwrap();
}

#[test]
fn a_hard_checkpoint_that_takes_long_is_waited_for() {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    insert(&mut writer, 0);
    writer.commit();
    let following = Following::new(&[], &path);
    following.wait_for("number 0.");
    insert(&mut writer, 1);
    writer.append();
    // The first copy replaces the last soft value, and the disk takes longer than a reader waits for the lock.
    let position = signed(writer.log.end()).to_le_bytes();
    while !try_lock(writer.file(), Region::Head, Mode::Exclusive).unwrap() {
        std::thread::yield_now();
    }
    writer.file().write_all_at(&position, 16).unwrap();
    sleep(Duration::from_millis(2200));
    assert!(!following.printed().contains("number 1."), "{}", following.printed());
    writer.file().write_all_at(&position, 24).unwrap();
    unlock(writer.file(), Region::Head).unwrap();
    following.wait_for("number 1.");
    assert_eq!(following.interrupt().0, Some(0));
}

#[test]
fn a_tail_that_is_recovered_in_place_is_nothing_to_stop_for() {
    let scene = Scene::new();
    let path = scene.file("a.joedb", &Sample::new().dirty());
    let following = Following::new(&[], &path);
    following.wait_for("valid_data");
    convert().arg("--in-place").arg(&path).assert().success();
    let mut writer = Writer::open(&path, Sample::first_transaction(Version::V5));
    writer.log.comment(b"a new beginning");
    writer.commit();
    following.wait_for("a new beginning");
    assert_eq!(following.interrupt().0, Some(0));
}

#[test]
fn a_log_inside_a_larger_file_is_followed_too() {
    let scene = Scene::new();
    let mut log = Log::new();
    log.table("person").field(1, "name", Type::String);
    let path = scene.file("image", &[&[7; 512][..], &log.clean()].concat());
    let mut writer = Writer::open_at(&path, log, 512);
    let following = Following::new(&["--offset", "512"], &path);
    following.wait_for("add_field");
    insert(&mut writer, 0);
    writer.commit();
    following.wait_for("number 0.");
    File::options().write(true).open(&path).unwrap().set_len(520).unwrap();
    let (code, _, said) = following.end();
    let expected = "image at offset 512 (0x200): the file was cut: it ends at 8 (0x8)";
    assert!(code == Some(4) && said.contains(expected), "{said}");
}

#[test]
fn a_file_of_version_4_is_followed_too() {
    let scene = Scene::new();
    let (path, writer) = live_of(&scene, Version::V4);
    let following = Following::new(&[], &path);
    following.wait_for("add_field person name string\n");
    let mut log = Log::of(Version::V4);
    log.table("person").field(1, "name", Type::String).comment(b"of nine");
    let bytes = log.clean();
    writer.file().write_all_at(&bytes[41..], 41).unwrap();
    writer.write_head(&bytes[..41], 0);
    following.wait_for("comment \"of nine\"\n");
    assert_eq!(following.interrupt().0, Some(0));
}

#[test]
fn blobs_left_out_are_counted_at_the_end() {
    let scene = Scene::new();
    let (path, mut writer) = live(&scene);
    let following = Following::new(&[], &path);
    following.wait_for("add_field");
    writer.log.blob(b"12345").blob(b"1234567");
    writer.commit();
    following.wait_for(",7\n");
    assert!(following.interrupt().2.contains("2 blobs of 12 bytes left out; --blob prints them"));
}

#[test]
fn what_cannot_be_followed_is_wrong_usage() {
    let scene = Scene::new();
    let (path, _writer) = live(&scene);
    let conflicts: [&[&str]; 8] = [
        &["--until", "50"],
        &["--tail"],
        &["--ignore-header"],
        &["--compat"],
        &["--check"],
        &["--header"],
        &["--compare", "x"],
        &["--format", "json"],
    ];
    for options in conflicts {
        logdump().arg("--follow").args(options).arg(&path).assert().code(2).stdout(is_empty());
    }
    let said = contains("--follow: - found, a FILE expected");
    logdump().args(["--follow", "-"]).assert().code(2).stdout(is_empty()).stderr(said);
    logdump().arg("--follow").args([&path, &path]).assert().code(2).stderr(contains("2 files found"));
}

#[test]
fn what_is_no_log_to_begin_with_is_refused_as_elsewhere() {
    let scene = Scene::new();
    let sample = Sample::new();
    let short = scene.file("short.joedb", &sample.clean()[..80]);
    let damaged = scene.file("damaged.joedb", &Log::new().comment(b"x").hard_at(43));
    let clean = scene.file("clean.joedb", &sample.clean());
    let cases: [(&[&str], &Path, i32, &str); 7] = [
        (&[], &scene.path("absent"), 1, "No such file or directory"),
        (&[], scene.directory(), 1, "it is a directory"),
        (&[], &scene.file("empty", b""), 5, "the file is empty"),
        (&[], &short, 4, "the file was cut short"),
        (&[], &damaged, 4, "a checkpoint lies inside it"),
        (&["--from", "1000"], &clean, 4, "position 1000 (0x3e8) is not in the log"),
        (&["--from", "42"], &clean, 4, "position 42 (0x2a) is inside an entry"),
    ];
    for (options, path, code, message) in cases {
        let says = contains(message).and(contains(path.to_str().unwrap()));
        logdump().arg("--follow").args(options).arg(path).timeout(PATIENCE).assert().code(code).stderr(says);
    }
}
