//! Files that a writer has open: its locks are those of joedb, held here through a descriptor of this process.

use crate::log::{Log, Sample, signed};
use crate::processes::takes_at_most;
use crate::scene::{Scene, convert, dumped, logdump};
use crate::writer::give_back;
use joedb::storage::lock::{try_lock, unlock};
use joedb::storage::{Mode, Region};
use joedb::writer::{Options, Writer};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A file with a writer, for as long as it is held.
struct Live {
    scene: Scene,
    path: PathBuf,
    writer: File,
}

impl Live {
    fn new(bytes: &[u8], regions: &[Region]) -> Live {
        let scene = Scene::new();
        let path = scene.file("live.joedb", bytes);
        let writer = File::options().read(true).write(true).open(&path).unwrap();
        for &region in regions {
            assert!(try_lock(&writer, region, Mode::Exclusive).unwrap());
        }
        Live { scene, path, writer }
    }

    fn writing(bytes: &[u8]) -> Live {
        Live::new(bytes, &[Region::Tail])
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

#[test]
fn a_file_with_a_writer_is_being_written_whatever_its_tail() {
    let sample = Sample::new();
    let torn = sample.dirty().split_last_chunk::<3>().unwrap().0.to_vec();
    for bytes in [sample.clean(), sample.soft(), sample.dirty(), sample.pending(), torn] {
        let live = Live::writing(&bytes);
        let report = contains("\nheadline: being written\n").and(contains("\nwriter: present\n"));
        let mut command = logdump();
        command.args(["--check", "--format", "text"]).arg(live.path()).assert().success().stdout(report);
        for state in ["clean", "hard"] {
            logdump().args(["--check", "--require", state]).arg(live.path()).assert().code(3);
        }
    }
}

#[test]
fn damage_below_the_checkpoint_is_damage_even_while_it_is_written() {
    let sample = Sample::new();
    let mut bytes = sample.clean();
    bytes[57] = 0xff;
    let live = Live::writing(&bytes);
    let headline = contains("live.joedb: damaged body\n");
    logdump().arg("--check").arg(live.path()).assert().code(4).stdout(headline);
}

#[test]
fn the_writer_gone_the_tail_is_dirty() {
    let live = Live::writing(&Sample::new().dirty());
    let Live { scene, path, writer } = live;
    give_back(&writer);
    logdump().arg("--check").arg(&path).assert().code(3).stdout(contains("dirty tail"));
    drop(scene);
}

#[test]
fn the_committed_prefix_is_dumped_and_the_tail_is_said_to_be_in_use() {
    let sample = Sample::new();
    let live = Live::writing(&sample.dirty());
    let behind = sample.end() - sample.first;
    let notice =
        contains(format!("a program is writing it; the {behind} bytes behind the checkpoint are not shown"));
    let expected = contains("valid_data\n").and(contains("Bob").not());
    logdump().arg(live.path()).assert().success().stdout(expected).stderr(notice);
    let at_rest = Scene::new();
    let copy = at_rest.file("copy.joedb", &sample.dirty());
    for mode in [&["-q"][..], &["-q", "--raw"], &["-q", "--json"], &["-q", "--sql"]] {
        assert_eq!(dumped(mode, live.path()), dumped(mode, &copy));
    }
}

#[test]
fn the_head_tells_that_it_is_being_written() {
    let live = Live::writing(&Sample::new().dirty());
    let state = contains("\nstate: being written (tail unread: run --check)\n");
    logdump().arg("--header").arg(live.path()).assert().success().stdout(state).stderr(is_empty());
}

#[test]
fn asking_takes_no_lock_from_the_writer() {
    let live = Live::new(&Sample::new().dirty(), &[]);
    let mut check = logdump();
    check.arg("--check").arg(live.path()).assert().code(3);
    assert!(try_lock(&live.writer, Region::Tail, Mode::Exclusive).unwrap());
}

#[test]
fn a_head_that_stays_locked_is_read_after_a_second_and_that_is_said() {
    let sample = Sample::new();
    let live = Live::new(&sample.dirty(), &[Region::Head, Region::Tail]);
    let said = contains("A writer held the lock of the head for longer than a second");
    assert!(takes_at_most(Duration::from_millis(2500), || {
        let start = Instant::now();
        logdump().arg("--check").arg(live.path()).assert().success().stdout(said.clone());
        assert!(start.elapsed() >= Duration::from_millis(900));
    }));
}

#[test]
fn dump_and_head_of_a_file_whose_head_stays_locked_come_within_two_seconds() {
    let sample = Sample::new();
    let live = Live::new(&sample.clean(), &[Region::Head]);
    for mode in [&[][..], &["--header"]] {
        let is_quick = takes_at_most(Duration::from_millis(2500), || {
            logdump().args(mode).arg(live.path()).assert().success().stdout(is_empty().not());
        });
        assert!(is_quick, "{mode:?}");
    }
}

#[test]
fn a_lock_of_the_head_that_is_soon_given_back_is_waited_for_in_silence() {
    let live = Live::new(&Sample::new().dirty(), &[Region::Head]);
    let Live { scene, path, writer } = live;
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        give_back(&writer);
    });
    logdump().arg("--check").arg(&path).assert().code(3).stdout(contains("lock of the head").not());
    release.join().unwrap();
    drop(scene);
}

#[test]
fn a_file_that_is_being_written_can_be_recovered_to_its_checkpoint() {
    let sample = Sample::new();
    let live = Live::writing(&sample.dirty());
    let output = live.scene.path("out");
    convert().arg(live.path()).arg(&output).assert().success();
    logdump().args(["--check", "--require", "hard"]).arg(&output).assert().success();
    assert_eq!(std::fs::metadata(output).unwrap().len(), sample.first);
}

#[test]
fn a_recovery_beside_a_writer_advises_to_stop_it_instead_of_swapping_files() {
    let live = Live::writing(&Sample::new().dirty());
    let advice = contains("open for writing: stop it before you put anything in its place")
        .and(contains("mv -n").not());
    convert().arg(live.path()).arg(live.scene.path("out")).assert().success().stdout(advice);
}

/// Appends an entry, then moves the soft checkpoint behind it, as a joedb writer does.
fn commit(writer: &File, log: &mut Log, slot: u64) {
    let position = log.end();
    let file = log.comment(format!("number {slot}").as_bytes()).clean();
    writer.write_all_at(&file[usize::try_from(position).unwrap()..], position).unwrap();
    while !try_lock(writer, Region::Head, Mode::Exclusive).unwrap() {
        std::thread::yield_now();
    }
    writer.write_all_at(&(-signed(log.end())).to_le_bytes(), 8 * (2 + slot % 2)).unwrap();
    unlock(writer, Region::Head).unwrap();
}

#[test]
fn every_dump_of_a_growing_file_is_a_prefix_of_the_next() {
    let live = Live::writing(&Log::new().clean());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut log = Log::new();
            (0..)
                .take_while(|_| !done.load(Ordering::Relaxed))
                .for_each(|slot| commit(&live.writer, &mut log, slot));
        });
        let mut last = String::new();
        for _ in 0..20 {
            let output = logdump().arg("-q").arg(live.path()).assert().success().get_output().clone();
            let dump = String::from_utf8(output.stdout).unwrap();
            assert!(dump.starts_with(last.trim_end()), "{last}\n{dump}");
            logdump().arg("--check").arg(live.path()).assert().success().stdout(contains("being written"));
            last = dump;
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// A file that this crate's writer writes, with soft, hard and asynchronous hard checkpoints: every dump holds whole
/// commits and nothing else, at least those that were acknowledged before it began, in every form.
#[test]
fn every_dump_beside_a_writer_is_a_whole_number_of_commits_and_holds_all_that_was_acknowledged() {
    const COMMIT: u64 = 3;
    let scene = Scene::new();
    let path = scene.path("live.joedb");
    let (done, committed) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut writer = Writer::create(&path, &Options::default()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in (0_u64..).take_while(|_| !done.load(Ordering::Relaxed)) {
                for part in 0..COMMIT {
                    let text = format!("number {:07}", COMMIT * number + part);
                    writer.write(&joedb::Entry::Comment { text: text.as_bytes() }).unwrap();
                    writer.flush().unwrap();
                }
                match number % 16 {
                    0 => drop(writer.hard_checkpoint().unwrap()),
                    1 => drop(writer.hard_checkpoint_async().unwrap()),
                    _ => drop(writer.soft_checkpoint().unwrap()),
                }
                committed.store(COMMIT * (number + 1), Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        for round in 0..60 {
            let least = committed.load(Ordering::SeqCst);
            let form = [&["-q"][..], &["-q", "--json"], &["-q", "--raw"]][round % 3];
            let dump = dumped(form, &path);
            let numbers: Vec<u64> =
                dump.match_indices("number ").map(|(at, _)| dump[at + 7..at + 14].parse().unwrap()).collect();
            let count = numbers.len() as u64;
            assert!(numbers.iter().copied().eq(0..count), "{form:?}: not in order: {numbers:?}");
            assert!(
                count >= least && count.is_multiple_of(COMMIT),
                "{form:?}: {count} entries, {least} acknowledged"
            );
            let check = logdump().args(["--check", "--format", "text"]).arg(&path).output().unwrap();
            let report = String::from_utf8(check.stdout).unwrap();
            assert!(check.status.success() && report.contains("\nheadline: being written\n"), "{report}");
        }
        done.store(true, Ordering::Relaxed);
    });
}
