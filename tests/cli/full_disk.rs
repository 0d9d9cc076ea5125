//! A full disk, and a limit for the size of files: a clear error, what was committed is there, and no temporary file.

use crate::scene::Scene;
use joedb::journal::{Access, Journal};
use joedb::writer::{Options, Recovery, Undo, WriteError, Writer};
use joedb::{Encoder, Entry, Head, Version};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs a program where no file can be larger than some KiB. SIGXFSZ is as a shell leaves it: it kills.
fn limited(kilobytes: u32, program: &Path, arguments: &[&std::ffi::OsStr]) -> Output {
    let script = format!("ulimit -f {kilobytes}; exec \"$0\" \"$@\"");
    Command::new("bash").args(["-c", &script]).arg(program).args(arguments).output().unwrap()
}

/// A log of comments, without a checkpoint behind the first half.
fn large_log() -> Vec<u8> {
    let mut log = Encoder::new(Version::V5);
    for _ in 0..500 {
        log.push(&Entry::Comment { text: &[b'c'; 200] });
    }
    let hard = log.position();
    for _ in 0..500 {
        log.push(&Entry::Comment { text: &[b'd'; 200] });
    }
    log.file_with(Head::hard(Version::V5, hard))
}

fn program(name: &str) -> PathBuf {
    match name {
        "joedb_convert" => assert_cmd::cargo::cargo_bin!("joedb_convert").to_path_buf(),
        _ => assert_cmd::cargo::cargo_bin!("joedb_logdump").to_path_buf(),
    }
}

fn assert_failed_with(output: &Output, message: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(message), "{said}");
    assert_eq!(output.status.code(), Some(1), "{:?}", output.status);
}

#[test]
fn a_limit_for_file_sizes_is_an_error_of_every_output_and_leaves_nothing() {
    let scene = Scene::new();
    let log = large_log();
    let file = scene.file("log", &log);
    let output = scene.path("good");
    let arguments: [&[&std::ffi::OsStr]; 3] = [
        &[file.as_ref(), output.as_ref()],
        &["--to=eof".as_ref(), file.as_ref(), output.as_ref()],
        &["--in-place".as_ref(), file.as_ref()],
    ];
    for arguments in arguments {
        let output = limited(64, &program("joedb_convert"), arguments);
        assert_failed_with(&output, "File too large");
        assert_eq!(scene.names(), ["log"]);
        assert!(fs::read(&file).unwrap() == log, "the input was changed");
    }
    // With room for the file and none for the tail, neither is left.
    let tail = scene.path("tail");
    let arguments: [&std::ffi::OsStr; 6] = [
        "--to".as_ref(),
        "244".as_ref(),
        "--save-tail".as_ref(),
        tail.as_ref(),
        file.as_ref(),
        output.as_ref(),
    ];
    assert_failed_with(&limited(64, &program("joedb_convert"), &arguments), "File too large");
    assert_eq!(scene.names(), ["log"]);
}

#[test]
fn a_dump_into_a_file_that_may_not_grow_is_an_error() {
    let scene = Scene::new();
    let (file, dump) = (scene.file("log", &large_log()), scene.path("dump"));
    let script = "ulimit -f 64; exec \"$0\" --ignore-header \"$1\" > \"$2\"";
    let mut command = Command::new("bash");
    command.args(["-c", script]).arg(program("joedb_logdump")).args([&file, &dump]);
    assert_failed_with(&command.output().unwrap(), "File too large");
}

#[test]
fn commands_that_make_too_large_a_file_leave_nothing() {
    let scene = Scene::new();
    let text: String = (0..1000).map(|_| format!("comment \"{}\"\n", "c".repeat(200))).collect();
    let (file, output) = (scene.file("log.joedbi", text.as_bytes()), scene.path("new.joedb"));
    let output = limited(64, &program("joedb_convert"), &[file.as_ref(), output.as_ref()]);
    assert_failed_with(&output, "File too large");
    assert_eq!(scene.names(), ["log.joedbi"]);
}

const FILE: &str = "JOEDB_TEST_FULL_FILE";

/// Where it is set, the writer commits once, and then writes one long transaction.
const LONG: &str = "JOEDB_TEST_LONG_TRANSACTION";

/// Does nothing unless it was started as the writer on a disk that fills up.
#[test]
fn part_of_a_writer_on_a_full_disk() {
    let Some(path) = env::var_os(FILE).map(PathBuf::from) else { return };
    let mut writer = Writer::create(&path, &Options::default()).unwrap();
    let is_long = env::var_os(LONG).is_some();
    let error = loop {
        if let Err(error) = writer.write(&Entry::Comment { text: &[b'c'; 100] }) {
            break error;
        }
        let hard = writer.hard();
        if is_long && hard > 41 {
            continue;
        }
        let is_hard = is_long || writer.position() % 5 == 0;
        let committed = if is_hard { writer.hard_checkpoint() } else { writer.soft_checkpoint() };
        match committed {
            Ok(position) => println!("\ncommitted {position} {}", writer.hard().max(hard)),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, WriteError::Io { .. }), "{error}");
    println!("\nfailed {error}");
    assert!(matches!(writer.soft_checkpoint(), Err(WriteError::Poisoned { .. })));
}

/// What the writer said, and that the file holds what it was told is committed.
fn assert_committed_is_there(said: &str, path: &Path, message: &str) {
    let failure =
        said.lines().find_map(|line| line.strip_prefix("failed ")).unwrap_or_else(|| panic!("{said}"));
    assert!(failure.contains(message), "{failure}");
    let last = said.lines().filter_map(|line| line.strip_prefix("committed ")).next_back().unwrap();
    let (committed, hard) = last.split_once(' ').unwrap();
    let options = Options { recovery: Recovery::Overwrite, undo: Undo::None, ..Options::default() };
    drop(Writer::open(path, &options).unwrap());
    let mut journal = Journal::open(path, Access::Window).unwrap();
    let end = journal.checkpoints().current().unwrap();
    assert!(end >= committed.parse().unwrap() && hard.parse::<u64>().unwrap() > 41);
    let mut entries = journal.entries(end);
    while entries.next().unwrap().is_some() {}
}

fn writer_script(before: &str) -> String {
    format!("{before}; exec \"$0\" --exact full_disk::part_of_a_writer_on_a_full_disk --nocapture")
}

#[test]
fn a_writer_at_the_limit_for_file_sizes_says_so_and_what_was_committed_is_there() {
    let scene = Scene::new();
    let path = scene.path("log");
    let mut command = Command::new("bash");
    command.args(["-c", &writer_script("trap '' XFSZ; ulimit -f 16")]);
    let output = command.arg(env::current_exe().unwrap()).env(FILE, &path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_committed_is_there(&String::from_utf8_lossy(&output.stdout), &path, "File too large");
}

#[test]
fn a_long_transaction_that_reaches_the_limit_for_file_sizes_says_so_and_what_was_committed_is_there() {
    let scene = Scene::new();
    let path = scene.path("log");
    let mut command = Command::new("bash");
    command.args(["-c", &writer_script("trap '' XFSZ; ulimit -f 2000")]).env(LONG, "1");
    let output = command.arg(env::current_exe().unwrap()).env(FILE, &path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::metadata(&path).unwrap().len() > 1_500_000);
    assert_committed_is_there(&String::from_utf8_lossy(&output.stdout), &path, "File too large");
}

#[test]
fn a_writer_that_is_killed_at_the_limit_for_file_sizes_leaves_what_was_committed() {
    let scene = Scene::new();
    let path = scene.path("log");
    let mut command = Command::new("bash");
    command.args(["-c", &writer_script("ulimit -c 0 -f 16")]);
    let output = command.arg(env::current_exe().unwrap()).env(FILE, &path).output().unwrap();
    let killed = std::os::unix::process::ExitStatusExt::signal(&output.status);
    assert_eq!(killed, Some(signal_hook::consts::SIGXFSZ), "{:?}", output.status);
    let said = format!("{}\nfailed killed", String::from_utf8_lossy(&output.stdout));
    assert_committed_is_there(&said, &path, "killed");
}

/// Runs a script on a file system of 128 KiB of its own, which only its process sees; `None` where that is not allowed.
fn on_small_disk(scene: &Scene, script: &str, program: &Path) -> Option<Output> {
    let disk = scene.path("disk");
    fs::create_dir_all(&disk).unwrap();
    let script = format!("mount -t tmpfs -o size=128k none \"$1\" || exit 77; cd \"$1\"; {script}");
    let mut command = Command::new("unshare");
    command.args(["-rm", "bash", "-c", &script]).arg(program).arg(&disk).arg(scene.directory());
    let output = command.env(FILE, disk.join("log")).output().ok()?;
    let is_allowed = output.status.code() != Some(77)
        && !String::from_utf8_lossy(&output.stderr).contains("unshare failed");
    is_allowed.then_some(output)
}

#[test]
fn a_full_disk_is_an_error_and_no_temporary_file_is_left() {
    let scene = Scene::new();
    scene.file("log", &large_log());
    let script = "\"$0\" --to=eof \"$2/log\" good; code=$?; ls -A >&2; exit $code";
    let Some(output) = on_small_disk(&scene, script, &program("joedb_convert")) else {
        return eprintln!("no file system of its own can be had here");
    };
    assert_failed_with(&output, "No space left on device");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_writer_on_a_full_disk_says_so_and_what_was_committed_is_there() {
    let scene = Scene::new();
    // The file outlives the file system as a copy.
    let part = "full_disk::part_of_a_writer_on_a_full_disk";
    let script = format!("\"$0\" --exact {part} --nocapture; cp log \"$2/log\"");
    let Some(output) = on_small_disk(&scene, &script, &env::current_exe().unwrap()) else {
        return eprintln!("no file system of its own can be had here");
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert_committed_is_there(&said, &scene.path("log"), "No space left on device");
}
