//! Signals in the middle of an export, of each format that streams: nothing half done under the name of the output.

use crate::caught::{Caught, Ended};
use crate::log::{Log, Sample};
use crate::scene::{Scene, convert};
use joedb::Type;
use nix::sys::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// So many that no format is written before a look at it: each row and each entry is a byte of the log, and a line of the
/// output.
const ROWS: usize = 24 * 1024 * 1024;

fn large_log(scene: &Scene) -> PathBuf {
    let mut log = Log::new();
    log.table("t").field(1, "n", Type::Int64).insert(1, 0);
    let append = vec![0x08; ROWS];
    scene.file("a.joedb", &[&log.hard_at(log.end() + append.len() as u64)[..], &append].concat())
}

/// Options and the output.
type Export = (&'static [&'static str], &'static str);

const EXPORTS: [Export; 8] = [
    (&[], "out.json"),
    (&["--compat"], "out.json"),
    (&["--table=t"], "out.csv"),
    (&[], "out.csv"),
    (&[], "out.sqlite"),
    (&[], "out.sql"),
    (&[], "out.jsonl"),
    (&[], "out.joedbi"),
];

/// What an earlier export left under the name of the output: a file, or a directory with one.
fn earlier(scene: &Scene, (options, output): Export) -> PathBuf {
    if (options, output) == (&[], "out.csv") {
        fs::create_dir(scene.path(output)).unwrap();
        return scene.file("out.csv/t.csv", b"precious");
    }
    scene.file(output, b"precious")
}

/// An export in the middle of its work.
fn caught(input: &Path, scene: &Scene, (options, output): Export) -> Caught {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("joedb_convert"));
    command.arg("--force").args(options).arg(input).arg(scene.path(output));
    Caught::writing(&mut command, scene.directory())
}

#[test]
fn one_that_asks_to_stop_leaves_nothing_behind() {
    let source = Scene::new();
    let input = large_log(&source);
    for export in EXPORTS {
        for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
            let scene = Scene::new();
            let ended = caught(&input, &scene, export).go_on_with(signal);
            let said = "joedb_convert: interrupted; nothing was left behind\n".to_owned();
            assert_eq!(ended, Ended { code: Some(code), printed: String::new(), said }, "{export:?}");
            assert!(scene.names().is_empty(), "{export:?}");
        }
    }
}

#[test]
fn an_earlier_output_stays_as_it_was_whether_the_export_stops_or_is_killed() {
    let source = Scene::new();
    let input = large_log(&source);
    for export in EXPORTS {
        for (signal, code) in [(Signal::SIGINT, Some(130)), (Signal::SIGKILL, None)] {
            let scene = Scene::new();
            let earlier = earlier(&scene, export);
            assert_eq!(caught(&input, &scene, export).go_on_with(signal).code, code, "{export:?}");
            assert_eq!(fs::read(&earlier).unwrap(), b"precious", "{export:?}");
            let left = scene.names().into_iter().filter(|name| !name.ends_with(".tmp"));
            assert_eq!(left.collect::<Vec<_>>(), [export.1], "{export:?}");
        }
    }
}

#[test]
fn what_a_killed_one_left_behind_does_not_stand_in_the_way_of_the_next() {
    let source = Scene::new();
    let input = large_log(&source);
    let small = source.file("small.joedb", &Sample::new().clean());
    for export in EXPORTS {
        let scene = Scene::new();
        assert_eq!(caught(&input, &scene, export).go_on_with(Signal::SIGKILL).code, None, "{export:?}");
        assert!(!scene.path(export.1).exists(), "{export:?}");
        let options = export.0.iter().map(|option| option.replace("=t", "=person"));
        convert().args(options).arg(&small).arg(scene.path(export.1)).assert().success();
    }
}
