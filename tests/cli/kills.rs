//! A writer that is killed at any moment, some hundred times over: what was acknowledged is there. This test program
//! starts itself again as the writer.

use crate::scene::{Scene, convert, random_bits};
use joedb::diagnosis::{Evidence, FindingId, diagnose};
use joedb::journal::{Access, Journal};
use joedb::writer::{Options, Recovery, Undo, Writer};
use joedb::{Entry, Outcome};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// On which file the process writes, and with what random numbers.
const FILE: &str = "JOEDB_TEST_KILLED_FILE";
const SEED: &str = "JOEDB_TEST_KILLED_SEED";

const KILLS: usize = 300;

/// With these it ends once this much time is over, on a machine that does other things.
const FEWEST: usize = 20;
const TIME: Duration = Duration::from_secs(9);

fn report(kind: &str, position: u64) {
    // One write: a pipe takes it whole, and what is in the pipe outlives the process.
    io::stdout().lock().write_all(format!("\n{kind} {position}\n").as_bytes()).unwrap();
    io::stdout().flush().unwrap();
}

/// Does nothing unless it was started as the writer, and never ends then. Every comment holds its own position.
#[test]
fn part_of_a_writer_that_is_killed() {
    let (Some(path), Ok(seed)) = (env::var_os(FILE).map(PathBuf::from), env::var(SEED)) else { return };
    let mut writer = match path.exists() {
        true => Writer::open(&path, &Options::default()).unwrap(),
        false => Writer::create(&path, &Options::default()).unwrap(),
    };
    let mut pending = None;
    let seed: usize = seed.parse().unwrap();
    for choice in random_bits(seed + 1_000_000).into_iter().skip(seed) {
        let text = format!("{:>width$}", writer.position(), width = (choice >> 8 & 1023) as usize);
        writer.write(&Entry::Comment { text: text.as_bytes() }).unwrap();
        match choice % 16 {
            0..4 => report("soft", writer.soft_checkpoint().unwrap()),
            4 => report("hard", writer.hard_checkpoint().unwrap()),
            5 => {
                let request = writer.hard_checkpoint_async().unwrap();
                report("soft", request.position());
                pending = Some(request);
            }
            6 => writer.flush().unwrap(),
            _ => {}
        }
        if let Some(done) = pending.take_if(|request| request.is_done().unwrap()) {
            report("hard", done.position());
        }
    }
}

/// The highest positions that a writer reported before it was killed.
#[derive(Clone, Copy, Debug)]
struct Acknowledged {
    soft: u64,
    hard: u64,
}

/// Starts a writer, kills it a while after its first report, and takes in everything that it reported.
fn write_and_kill(path: &Path, seed: usize, delay: Duration) -> Acknowledged {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "kills::part_of_a_writer_that_is_killed", "--nocapture"]);
    command.env(FILE, path).env(SEED, seed.to_string()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Acknowledged { soft: 41, hard: 41 };
    let mut is_alive = true;
    for line in lines {
        let line = line.unwrap();
        let Some((kind, position)) = line.split_once(' ') else { continue };
        match (kind, position.parse::<u64>()) {
            ("soft", Ok(position)) => acknowledged.soft = position,
            ("hard", Ok(position)) => acknowledged.hard = position,
            _ => continue,
        }
        if is_alive {
            sleep(delay);
            child.kill().unwrap();
            is_alive = false;
        }
    }
    assert!(!is_alive, "the writer ended by itself: {:?}", child.wait());
    child.wait().unwrap();
    Acknowledged { soft: acknowledged.soft.max(acknowledged.hard), ..acknowledged }
}

/// What a crash of the program alone may leave.
fn verdict(path: &Path, acknowledged: Acknowledged) -> FindingId {
    let mut journal = Journal::open(path, Access::Window).unwrap();
    let current = journal.checkpoints().current().unwrap();
    assert!(current >= acknowledged.soft, "{acknowledged:?}, {current} found");
    assert!(journal.checkpoints().hard.position >= acknowledged.hard, "{acknowledged:?}");
    let report = diagnose(&mut journal, &Evidence::default(), &mut |_| {}).unwrap();
    assert!(report.verdict.outcome() != Outcome::Damaged, "{:?}", report.findings);
    report.verdict
}

/// One of four ways of recovering, in turns.
fn recover(path: &Path, way: usize) {
    let undo = if way == 0 { Undo::None } else { Undo::Beside };
    match way {
        0 | 1 => {
            let options = Options { recovery: Recovery::Overwrite, undo, ..Options::default() };
            drop(Writer::open(path, &options).unwrap());
        }
        2 => {
            let output = path.with_extension("recovered");
            convert().arg(path).arg(&output).assert().success();
            fs::rename(output, path).unwrap();
        }
        _ => drop(convert().args(["--in-place", "--no-undo"]).arg(path).assert().success()),
    }
}

/// Every entry is a comment with its own position, up to the end of the file.
fn assert_holds_what_was_written(path: &Path, acknowledged: Acknowledged) {
    let mut journal = Journal::open(path, Access::Window).unwrap();
    let end = journal.checkpoints().current().unwrap();
    assert_eq!(end, journal.size());
    assert!(end >= acknowledged.soft, "{acknowledged:?}, cut at {end}");
    let mut entries = journal.entries(end);
    while let Some(located) = entries.next().unwrap() {
        let Entry::Comment { text } = located.entry else { panic!("{located:?}") };
        assert_eq!(str::from_utf8(text).unwrap().trim().parse(), Ok(located.position));
    }
}

#[test]
fn whatever_a_killed_writer_acknowledged_is_there_and_decodes() {
    let (scene, start) = (Scene::new(), Instant::now());
    let mut verdicts: BTreeMap<String, u32> = BTreeMap::new();
    let mut kills = 0;
    for random in random_bits(KILLS) {
        // Files grow over some kills, and then another one begins.
        let path = scene.path(&format!("log{}", kills / 10));
        let delay = Duration::from_micros(random % 12_000);
        let acknowledged = write_and_kill(&path, kills * 1000, delay);
        *verdicts.entry(format!("{:?}", verdict(&path, acknowledged))).or_default() += 1;
        recover(&path, kills % 4);
        assert_holds_what_was_written(&path, acknowledged);
        kills += 1;
        if start.elapsed() > TIME && kills >= FEWEST {
            break;
        }
    }
    eprintln!("{kills} kills in {:?}: {verdicts:?}", start.elapsed());
    assert!(kills >= FEWEST && verdicts.len() >= 2, "{kills} kills: {verdicts:?}");
}
