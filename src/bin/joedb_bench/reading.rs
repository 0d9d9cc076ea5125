//! Reading a log: what `joedb_logdump` and `joedb_convert` do with it, on logs of several kinds.

use crate::case::Case;
use crate::contender::{Contender, Cost, ReadLog, Work};
use crate::logs::{Blobs, Log, Narrow, Strings, Updates, Vectors, Wide};
use crate::statistics::Spread;
use anyhow::{Context as _, bail, ensure};
use joedb::diagnosis::{Evidence, FindingId, diagnose};
use joedb::journal::{Access, Journal};
use joedb::printing::{Workers, print, usual_threads};
use joedb::recovery::{Outputs, PlanOptions, Target, Unattended, apply, plan};
use joedb::replay::{Range, Replayed, Tolerance, replay};
use joedb::sink::{Commands, Fidelity, Style, TextSink};
use joedb::storage::{self, Existing, FileDirectory};
use joedb::store::{Limits, Loading, Store};
use joedb::writer::{Options, Writer};
use joedb::{Head, Version};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// What `recover` makes, beside the log.
const RECOVERED: &str = "recovered";

/// The beginning of a string entry that says it is longer: what a crash may leave.
const TORN: &[u8] = b"\x0a\x1fnever finished";

pub(crate) const DUMP: &[Contender] = &all::<Whole>(dump);
pub(crate) const CHECK: &[Contender] = &all::<Whole>(check);
pub(crate) const LOAD: &[Contender] = &all::<Whole>(load);
pub(crate) const RECOVER: &[Contender] = &all::<Torn>(recover);

/// What takes no more memory the longer the log is.
pub(crate) const GROWTH: &[Contender] = &[
    growing::<Whole>(Case::Check, check, ROW),
    growing::<Whole>(Case::Dump, dump, ROW),
    growing::<Torn>(Case::Recover, recover, ROW + ROW),
];

/// The bytes of a narrow row.
const ROW: u64 = 11;

/// How a log ends.
trait End {
    fn prepare<L: Log>(file: &Path, rows: u64) -> anyhow::Result<()>;
    fn check(file: &Path) -> anyhow::Result<()>;
}

/// At its hard checkpoint.
struct Whole;

/// In the middle of an entry, behind its hard checkpoint.
struct Torn;

impl End for Whole {
    fn prepare<L: Log>(file: &Path, rows: u64) -> anyhow::Result<()> {
        let mut writer = Writer::create(file, &Options::default())?;
        L::fill(&mut writer, rows)?;
        writer.hard_checkpoint()?;
        Ok(())
    }

    /// The work fails where it does not find what it should.
    fn check(_: &Path) -> anyhow::Result<()> {
        Ok(())
    }
}

impl End for Torn {
    fn prepare<L: Log>(file: &Path, rows: u64) -> anyhow::Result<()> {
        Whole::prepare::<L>(file, rows)?;
        let mut file = OpenOptions::new().append(true).open(file)?;
        file.write_all(TORN)?;
        Ok(file.sync_all()?)
    }

    /// What was recovered is the log up to its checkpoint, with a head that says so.
    fn check(file: &Path) -> anyhow::Result<()> {
        let (mut log, mut found) = (File::open(file)?, File::open(file.with_file_name(RECOVERED))?);
        let end = log.metadata()?.len().checked_sub(TORN.len() as u64).context("the log has changed")?;
        let head = Head::hard(Version::V5, end).to_bytes();
        log.seek(SeekFrom::Start(head.len() as u64))?;
        let mut expected = head.as_slice().chain(log.take(end.saturating_sub(head.len() as u64)));
        let is_right = are_equal(&mut expected, &mut found)?;
        ensure!(is_right, "{} other bytes found, {end} expected", found.metadata()?.len());
        Ok(())
    }
}

/// Whether two readers have the same to read. A log may not fit into memory.
fn are_equal(first: &mut dyn Read, second: &mut dyn Read) -> io::Result<bool> {
    const TOGETHER: u64 = 1 << 20;
    let (mut one, mut other) = (Vec::new(), Vec::new());
    loop {
        one.clear();
        other.clear();
        first.take(TOGETHER).read_to_end(&mut one)?;
        second.take(TOGETHER).read_to_end(&mut other)?;
        if one != other || one.is_empty() {
            return Ok(one == other);
        }
    }
}

const fn all<E: End>(work: Work) -> [Contender; 6] {
    [
        of::<E, Narrow>(work),
        of::<E, Wide>(work),
        of::<E, Strings>(work),
        of::<E, Vectors>(work),
        of::<E, Blobs>(work),
        of::<E, Updates>(work),
    ]
}

const fn of<E: End, L: Log>(work: Work) -> Contender {
    let Cost { disk, memory } = L::COST;
    let (cost, check) = (Cost { disk, memory }, |file: &Path, _| E::check(file));
    Contender { name: L::NAME, setup: L::SETUP, cost, log: Some(read_log::<E, L>()), work, check }
}

/// One of the jobs on a log that grows.
const fn growing<E: End>(job: Case, work: Work, disk: u64) -> Contender {
    let (cost, check) = (Cost { disk, memory: 0 }, |file: &Path, _| E::check(file));
    let (name, setup, log) = (job.name(), job.title(), Some(read_log::<E, Narrow>()));
    Contender { name, setup, cost, log, work, check }
}

const fn read_log<E: End, L: Log>() -> ReadLog {
    ReadLog { name: L::NAME, prepare: E::prepare::<L> }
}

/// The log, and all of it.
fn open(file: &Path) -> anyhow::Result<(Journal, Range)> {
    let journal = Journal::open(file, Access::default())?;
    let range = Range::up_to(journal.checkpoints().current()?);
    Ok((journal, range))
}

fn played(replayed: &Replayed, range: Range) -> anyhow::Result<Option<Spread>> {
    if let Some(interruption) = &replayed.interruption {
        bail!("{interruption}");
    }
    ensure!(replayed.position == range.until, "{} reached, {} expected", replayed.position, range.until);
    Ok(None)
}

/// Standard output is nobody's, as in `>/dev/null`. It is written without the search for lines.
#[cfg(unix)]
fn output() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(not(unix))]
fn output() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}

fn dump(file: &Path, _: u64) -> anyhow::Result<Option<Spread>> {
    let (mut journal, range) = open(file)?;
    let (style, mut out) = (Style::new(journal.version()), output()?);
    let mut sink = TextSink::new(Commands::new(style, None), style, &mut out);
    let threads = usual_threads();
    let reopen = || Journal::open(file, Access::default());
    let replayed = print(
        &mut journal,
        range,
        Tolerance::Strict,
        &mut sink,
        Workers { threads, reopen: &reopen },
        &mut |_| {},
    )?;
    played(&replayed, range)
}

fn check(file: &Path, _: u64) -> anyhow::Result<Option<Spread>> {
    let (mut journal, _) = open(file)?;
    let report = diagnose(&mut journal, &Evidence::of_path(file), &mut |_| {})?;
    ensure!(report.verdict == FindingId::Clean, "{} found, clean expected", report.headline);
    Ok(None)
}

fn load(file: &Path, _: u64) -> anyhow::Result<Option<Spread>> {
    let (mut journal, range) = open(file)?;
    let (style, mut out) = (Style::new(journal.version()), output()?);
    let sink = TextSink::new(Commands::new(style, None), style, &mut out);
    let store = Store::new(Limits::for_log(journal.size()));
    let mut loading = Loading::new(store, sink, Fidelity::Lossless);
    let replayed = replay(&mut journal, range, Tolerance::Strict, &mut loading, &mut |_| {})?;
    played(&replayed, range)
}

fn recover(file: &Path, _: u64) -> anyhow::Result<Option<Spread>> {
    let (mut journal, _) = open(file)?;
    let plan = plan(&mut journal, Target::Checkpoint, PlanOptions::default(), &mut |_| {})?;
    let output = file.with_file_name(RECOVERED);
    let outputs = Outputs { output, existing: Existing::Refuse, tail: None };
    apply(&plan, &storage::File::open(file)?, &FileDirectory, &outputs, &mut Unattended)?;
    Ok(None)
}
