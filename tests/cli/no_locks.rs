//! File systems without locks. The kernel is told to refuse every lock that a program asks for, as they do: this test
//! program starts itself again, puts the filter on itself, and becomes the program that is tested.

use crate::log::Sample;
use crate::scene::{Scene, convert};
use joedb::writer::{Locks, Options, Writer};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use std::env;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// The error number that locks fail with, and the program that hears it.
const ERROR: &str = "JOEDB_TEST_LOCK_ERROR";
const PROGRAM: &str = "JOEDB_TEST_PROGRAM";

/// What file systems answer that have no locks.
const ERRORS: [(&str, u32); 4] = [("ENOLCK", 37), ("EOPNOTSUPP", 95), ("EINVAL", 22), ("ENOSYS", 38)];

/// The commands of `fcntl` that ask for a lock of an open file description: F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW.
const LOCKS: [u64; 3] = [36, 37, 38];

fn without_locks(error: u32) -> BpfProgram {
    let fcntl = if cfg!(target_arch = "aarch64") { 25 } else { 72 };
    let is_lock = |&command| {
        let condition = SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, command);
        SeccompRule::new(vec![condition.unwrap()]).unwrap()
    };
    let rules = [(fcntl, LOCKS.iter().map(is_lock).collect())].into_iter().collect();
    let (allowed, refused) = (SeccompAction::Allow, SeccompAction::Errno(error));
    let filter = SeccompFilter::new(rules, allowed, refused, env::consts::ARCH.try_into().unwrap());
    filter.unwrap().try_into().unwrap()
}

/// Does nothing unless it was started to become another program.
#[test]
fn part_of_a_program_on_a_file_system_without_locks() {
    let (Ok(error), Some(program)) = (env::var(ERROR), env::var_os(PROGRAM)) else { return };
    apply_filter(&without_locks(error.parse().unwrap())).unwrap();
    if program.is_empty() {
        return write_without_locks();
    }
    // The name of the test, and what test programs are told, end at the first --.
    let arguments = env::args_os().skip_while(|argument| argument != "--").skip(1);
    panic!("{}", Command::new(program).args(arguments).env_remove(ERROR).exec());
}

fn filtered(error: u32, program: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([
        "--exact",
        "no_locks::part_of_a_program_on_a_file_system_without_locks",
        "--nocapture",
        "--",
    ]);
    command.args(arguments).env(ERROR, error.to_string()).env(PROGRAM, program);
    command.output().unwrap()
}

fn logdump(error: u32, arguments: &[&str]) -> Output {
    filtered(error, assert_cmd::cargo::cargo_bin!("joedb_logdump"), arguments)
}

fn converted(error: u32, arguments: &[&str]) -> Output {
    filtered(error, assert_cmd::cargo::cargo_bin!("joedb_convert"), arguments)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const WARNING: &str = "so a program that writes to it cannot be seen; --no-lock does not ask for them";

#[test]
fn readers_warn_and_go_on_unless_they_are_told_not_to_ask() {
    let scene = Scene::new();
    let path = scene.file("log.joedb", &Sample::new().dirty());
    let path = path.to_str().unwrap();
    let modes = [&[][..], &["--header"], &["--check"], &["--json"], &["--tail"], &["--compare", path]];
    for (name, error) in ERRORS {
        for mode in modes {
            let with = |options: &[&str]| logdump(error, &[mode, options, &[path]].concat());
            let [warned, told, quiet] = [&[][..], &["--no-lock"], &["-q"]].map(with);
            assert!(text(&warned.stderr).contains(WARNING), "{name} {mode:?}: {}", text(&warned.stderr));
            for silent in [&told, &quiet] {
                assert!(
                    !text(&silent.stderr).contains("warning"),
                    "{name} {mode:?}: {}",
                    text(&silent.stderr)
                );
                assert_eq!(warned.status, silent.status, "{name} {mode:?}");
            }
            assert!(!warned.stdout.is_empty(), "{name} {mode:?}");
            assert_eq!(text(&warned.stdout), text(&told.stdout), "{name} {mode:?}");
        }
    }
}

#[test]
fn a_check_says_that_writers_cannot_be_seen() {
    let scene = Scene::new();
    let path = scene.file("log.joedb", &Sample::new().clean());
    let (_, error) = ERRORS[0];
    for options in [&[][..], &["--no-lock"]] {
        let arguments = [&["--check", "--format", "text"], options, &[path.to_str().unwrap()]].concat();
        let report = text(&logdump(error, &arguments).stdout);
        assert!(report.contains("\nwriter: unknown\n"), "{report}");
        assert!(report.contains("Locks are not available here"), "{report}");
    }
}

#[test]
fn a_recovery_to_another_file_warns_and_goes_on() {
    for (name, error) in ERRORS {
        let scene = Scene::new();
        let sample = Sample::new();
        let path = scene.file("log.joedb", &sample.dirty());
        let [one, other] = ["one", "other"].map(|name| scene.path(name));
        let [input, one, other] = [&path, &one, &other].map(|path| path.to_str().unwrap());
        let warned = converted(error, &[input, one]);
        assert!(warned.status.success() && text(&warned.stderr).contains(WARNING), "{name}: {warned:?}");
        let told = converted(error, &["--no-lock", input, other]);
        assert!(told.status.success() && told.stderr.is_empty(), "{name}: {told:?}");
        assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap());
    }
}

#[test]
fn a_file_is_changed_without_locks_only_if_that_is_said() {
    for (name, error) in ERRORS {
        let scene = Scene::new();
        let dirty = Sample::new().dirty();
        let path = scene.file("log.joedb", &dirty);
        let input = path.to_str().unwrap();
        let refused = converted(error, &["--in-place", input]);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains("it has no locks here") && said.contains("give --no-lock"), "{name}: {said}");
        assert_eq!(fs::read(&path).unwrap(), dirty);
        assert_eq!(scene.names(), ["log.joedb"]);
        assert!(converted(error, &["--in-place", "--no-lock", input]).status.success(), "{name}");
        let cut = fs::read(&path).unwrap();
        let refused = converted(error, &["--undo", input]);
        assert!(text(&refused.stderr).contains("give --no-lock"), "{name}: {refused:?}");
        assert_eq!(fs::read(&path).unwrap(), cut);
        assert!(converted(error, &["--undo", "--no-lock", input]).status.success(), "{name}");
        assert_eq!(fs::read(&path).unwrap(), dirty);
    }
}

/// Where there are locks, nobody who is told not to ask for them notices a writer, and no lock is taken.
#[test]
fn who_does_not_ask_for_locks_takes_none() {
    let scene = Scene::new();
    let path = scene.file("log.joedb", &Sample::new().dirty());
    let writer = fs::File::options().read(true).write(true).open(&path).unwrap();
    let (tail, alone) = (joedb::storage::Region::Tail, joedb::storage::Mode::Exclusive);
    assert!(joedb::storage::lock::try_lock(&writer, tail, alone).unwrap());
    convert().arg("--in-place").arg(&path).assert().code(1);
    convert().args(["--in-place", "--no-lock"]).arg(&path).assert().success();
}

/// In the filtered process: a writer refuses, and writes when it is told to do without.
fn write_without_locks() {
    let scene = Scene::new();
    let path = scene.path("new.joedb");
    let error = Writer::create(&path, &Options::default()).unwrap_err().to_string();
    assert!(error.contains("there are no locks on this file system"), "{error}");
    assert!(scene.names().is_empty());
    let options = Options { locks: Locks::None, ..Options::default() };
    let mut writer = Writer::create(&path, &options).unwrap();
    writer.write(&joedb::Entry::ValidData).unwrap();
    writer.hard_checkpoint().unwrap();
    drop(writer);
    assert!(Writer::open(&path, &Options::default()).is_err());
    assert_eq!(Writer::open(&path, &options).unwrap().position(), 42);
}

#[test]
fn a_writer_writes_without_locks_only_if_that_is_said() {
    for (name, error) in ERRORS {
        let written = filtered(error, Path::new(""), &[]);
        assert!(written.status.success(), "{name}: {}{}", text(&written.stdout), text(&written.stderr));
    }
}
