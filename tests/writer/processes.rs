//! Two processes on one file. This test program starts itself again as the other process.

use crate::{Scene, comment};
use joedb::journal::read_head;
use joedb::storage::File;
use joedb::writer::{Locks, OpenError, Options, SharedWriter, Writer};
use joedb::{Head, Journal};
use std::env;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const TURNS: usize = 50;
const COMMITS: u64 = 3_000;

/// Which part the process plays, and on which file.
const PART: &str = "JOEDB_TEST_PART";
const FILE: &str = "JOEDB_TEST_FILE";

fn start(part: &str, scene: &Scene) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "processes::part_of_another_process", "--nocapture"]);
    command.env(PART, part).env(FILE, scene.path()).stdout(Stdio::null()).spawn().unwrap()
}

/// Does nothing unless it was started as the other process.
#[test]
fn part_of_another_process() {
    let (Ok(part), Some(path)) = (env::var(PART), env::var_os(FILE).map(PathBuf::from)) else { return };
    let options = Options { locks: Locks::Wait, ..Options::default() };
    match part.as_str() {
        "turns" => {
            let mut writer = SharedWriter::open(&path, &options).unwrap();
            for _ in 0..TURNS {
                let mut transaction = writer.transaction().unwrap();
                comment(&mut transaction, "x");
                transaction.soft_checkpoint().unwrap();
            }
        }
        "commits" => {
            let mut writer = Writer::open(&path, &options).unwrap();
            for number in 0..COMMITS {
                comment(&mut writer, "x");
                match number % 100 {
                    7 => drop(writer.hard_checkpoint().unwrap()),
                    50 => drop(writer.hard_checkpoint_async().unwrap()),
                    _ => drop(writer.soft_checkpoint().unwrap()),
                }
            }
        }
        other => panic!("{other}"),
    }
}

#[test]
fn processes_that_take_turns_lose_nothing() {
    let scene = Scene::new();
    drop(scene.create());
    let children = [start("turns", &scene), start("turns", &scene)];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(scene.comments().len(), 2 * TURNS);
}

#[test]
fn a_reader_in_another_process_sees_whole_commits_that_never_go_back_and_other_writers_are_kept_out() {
    let scene = Scene::new();
    drop(scene.create());
    let mut child = start("commits", &scene);
    let mut last = 41;
    let mut refused = 0;
    while child.try_wait().unwrap().is_none() {
        let file = File::open(&scene.path()).unwrap();
        let reading = read_head(&file).unwrap();
        assert!(reading.locked);
        let found = Head::parse(&reading.bytes).unwrap().checkpoints(reading.size).current().unwrap();
        assert!(found >= last, "the checkpoint went from {last} back to {found}");
        assert_eq!((found - 41) % 3, 0, "{found} is no boundary");
        last = found;
        let mut journal = Journal::open(&scene.path(), joedb::Access::Window).unwrap();
        let end = journal.checkpoints().current().unwrap();
        let mut entries = journal.entries(end);
        while entries.next().unwrap().is_some() {}
        refused +=
            u32::from(matches!(Writer::open(&scene.path(), &Options::default()), Err(OpenError::Locked)));
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(scene.comments().len() as u64, COMMITS);
    assert!(refused > 0, "the file was never found locked");
}
