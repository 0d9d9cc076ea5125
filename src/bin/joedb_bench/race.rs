//! The runs: in turn, each in a process of its own, and what it wrote is looked at before the next one.

use crate::args::{Args, Plan};
use crate::case::Case;
use crate::contender::Contender;
use crate::external::External;
use crate::measure::{Measurement, Usage};
use crate::outcome::{Failure, failure};
use crate::progress::Progress;
use crate::report::CaseReport;
use crate::signals::Signals;
use crate::statistics::Spread;
use crate::workspace::Workspace;
use crate::{process, role};
use anyhow::{Context as _, anyhow};
use joedb::Outcome;
use joedb::text::visible;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where the processes of a run say what went wrong.
const ERRORS: &str = "errors";

/// What is shown of it.
const SHOWN: usize = 2000;

/// What a run cost, and what it left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Seconds from the start of the process to its end.
    pub(crate) real: f64,
    pub(crate) usage: Option<Usage>,
    /// The bytes of the log that was read.
    pub(crate) log: Option<u64>,
    /// The bytes of all files that it left.
    pub(crate) left: u64,
    pub(crate) delays: Option<Spread>,
    /// Whether what it wrote was read back and counted.
    pub(crate) counted: bool,
}

/// Somebody who takes part in a case.
#[derive(Clone, Copy)]
pub(crate) enum Entrant<'p> {
    Own(&'static Contender),
    External(&'p External),
    /// Another program that reads the log of one of our own.
    Reader(&'p External, &'static Contender),
}

impl Entrant<'_> {
    /// All of a case, in the order in which they run.
    fn all(plan: &Plan) -> impl Iterator<Item = Entrant<'_>> {
        let (contenders, external) = (plan.case.contenders(), plan.external.as_slice());
        let readers = if plan.case.is_reading() { external } else { &[] };
        let writers = if plan.case.is_reading() { &[] } else { external };
        let with_readers = move |own: &'static Contender| {
            let readers = readers.iter().map(move |external| Entrant::Reader(external, own));
            [Entrant::Own(own)].into_iter().chain(readers)
        };
        contenders.iter().flat_map(with_readers).chain(writers.iter().map(Entrant::External))
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Entrant::Own(contender) => contender.name.to_owned(),
            Entrant::External(external) => external.name().to_owned(),
            Entrant::Reader(external, own) => format!("{}, {}", own.name, external.name()),
        }
    }

    /// Whose log is read, where one is read.
    pub(crate) fn log(&self) -> Option<&'static Contender> {
        match self {
            Entrant::Own(own) | Entrant::Reader(_, own) => Some(*own).filter(|own| own.log.is_some()),
            Entrant::External(_) => None,
        }
    }

    /// What it is to do, in a word: the case, or on a log that grows, one of several jobs.
    fn work(&self, case: Case) -> &'static str {
        self.job(case).unwrap_or(case.name())
    }

    /// Which of the jobs that are done with a log that grows.
    pub(crate) fn job(&self, case: Case) -> Option<&'static str> {
        self.log().filter(|_| case == Case::Growth).map(|own| own.name)
    }

    /// What it does, in words.
    pub(crate) fn setup(&self, case: Case, rows: u64) -> String {
        match self {
            Entrant::Own(contender) => contender.setup.to_owned(),
            Entrant::External(external) | Entrant::Reader(external, _) => {
                visible(external.script(self.work(case), rows).as_bytes())
            }
        }
    }
}

/// All runs of a session.
pub(crate) struct Race<'a> {
    workspace: &'a Workspace,
    signals: &'a Signals,
    program: PathBuf,
    runs: u32,
    progress: Progress,
}

impl<'a> Race<'a> {
    pub(crate) fn new(
        workspace: &'a Workspace,
        args: &Args,
        plans: &[Plan],
        signals: &'a Signals,
    ) -> io::Result<Race<'a>> {
        let entrants: usize = plans.iter().map(|plan| Entrant::all(plan).count()).sum();
        let total = u64::from(args.runs).saturating_mul(entrants as u64);
        let progress = Progress::new(total, args.quiet);
        Ok(Race { workspace, signals, program: std::env::current_exe()?, runs: args.runs, progress })
    }

    /// All runs of a case: A B A B, so that what changes on the machine meanwhile changes for all.
    pub(crate) fn run(&self, plan: &Plan) -> Result<CaseReport, Failure> {
        let mut sheets: Vec<(Entrant<'_>, Vec<Run>)> =
            Entrant::all(plan).map(|entrant| (entrant, Vec::new())).collect();
        for _ in 0..self.runs {
            for (number, (entrant, runs)) in sheets.iter_mut().enumerate() {
                let who = format!("{}, {}", plan.name(), entrant.name());
                self.progress.begin(who.clone());
                let directory = self.workspace.begin(&format!("{}-{}", plan.name(), number + 1))?;
                let run = self.once(plan, *entrant, &directory).map_err(|error| named(error, &who))?;
                self.workspace.end(&directory)?;
                runs.push(run);
            }
        }
        Ok(CaseReport::new(plan, sheets))
    }

    /// Prints something, with the progress out of its way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.progress.aside(print)
    }

    fn once(&self, plan: &Plan, entrant: Entrant<'_>, directory: &Path) -> Result<Run, Failure> {
        let log = entrant.log().map(|own| self.prepare(plan, own, directory)).transpose()?;
        let command = match entrant {
            Entrant::Own(contender) => self.own(role::working(plan.case, contender, plan.rows)),
            Entrant::External(external) | Entrant::Reader(external, _) => {
                external.command(entrant.work(plan.case), plan.rows)
            }
        };
        let measurement = self.measure(&command, directory)?;
        let left = size_of(directory)?;
        let counted = self.check(plan, entrant, directory)?;
        let Measurement { real, usage, .. } = measurement;
        Ok(Run { real, usage, log, left, delays: delays(directory)?, counted })
    }

    /// Makes the log that is read, and returns its size.
    fn prepare(&self, plan: &Plan, own: &Contender, directory: &Path) -> Result<u64, Failure> {
        let output = self.play(role::preparing(plan.case, own, plan.rows), directory)?;
        if output.status.success() {
            Ok(size_of(directory)?)
        } else {
            Err(anyhow!("making the log: {}", errors(directory)).into())
        }
    }

    fn measure(&self, command: &[OsString], directory: &Path) -> Result<Measurement, Failure> {
        let output = self.play(role::measuring(command), directory)?;
        if !output.status.success() {
            return Err(anyhow!("{}", errors(directory)).into());
        }
        let measurement: Measurement = serde_json::from_slice(&output.stdout)?;
        match &measurement.failure {
            Some(ended) => Err(anyhow!("it failed ({ended}): {}", errors(directory)).into()),
            None => Ok(measurement),
        }
    }

    /// Reads back what was written. A run that wrote the wrong thing has no time.
    fn check(&self, plan: &Plan, entrant: Entrant<'_>, directory: &Path) -> Result<bool, Failure> {
        let role = match entrant {
            Entrant::Own(contender) => role::checking(plan.case, contender, plan.rows),
            Entrant::External(external) => role::counting(plan.case, external.knows_file(), plan.rows),
            // What it said of the log is gone.
            Entrant::Reader(..) => return Ok(false),
        };
        let output = self.play(role, directory)?;
        if !output.status.success() {
            return Err(failure(Outcome::Damaged, anyhow!("wrong result: {}", errors(directory))));
        }
        match entrant {
            Entrant::Own(_) => Ok(true),
            Entrant::External(_) | Entrant::Reader(..) => Ok(serde_json::from_slice(&output.stdout)?),
        }
    }

    /// Our own program in a role, as a command.
    fn own(&self, role: Vec<OsString>) -> Vec<OsString> {
        [self.program.clone().into_os_string()].into_iter().chain(role).collect()
    }

    fn play(&self, role: Vec<OsString>, directory: &Path) -> Result<Output, Failure> {
        let mut command = Command::new(&self.program);
        let errors = File::create(directory.join(ERRORS))?;
        command.args(role).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        process::output(command, self.signals)
    }
}

fn named(error: Failure, who: &str) -> Failure {
    Failure { error: error.error.context(who.to_owned()), ..error }
}

/// The end of what the processes of a run said on stderr.
fn errors(directory: &Path) -> String {
    let said = fs::read(directory.join(ERRORS)).unwrap_or_default();
    let shown = said.get(said.len().saturating_sub(SHOWN)..).unwrap_or_default();
    match visible(shown.trim_ascii()) {
        nothing if nothing.is_empty() => "it said nothing".to_owned(),
        something => something,
    }
}

/// The bytes of the files that a run left, but for our own.
fn size_of(directory: &Path) -> io::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if ![ERRORS, role::DELAYS].iter().any(|own| entry.file_name() == *own) {
            size += entry.metadata()?.len();
        }
    }
    Ok(size)
}

fn delays(directory: &Path) -> Result<Option<Spread>, Failure> {
    match fs::read(directory.join(role::DELAYS)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).context("delays")?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
