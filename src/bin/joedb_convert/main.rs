//! `joedb_convert`: recovers joedb files.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod args;
mod destination;
mod export;
#[path = "../shared/file_size.rs"]
mod file_size;
mod in_place;
mod load;
#[path = "../shared/locks.rs"]
mod locks;
mod made;
#[path = "../shared/manual.rs"]
mod manual;
mod merge;
mod names;
#[path = "../shared/naming.rs"]
mod naming;
#[path = "../shared/outcome.rs"]
mod outcome;
mod pack;
#[path = "../shared/positions.rs"]
mod positions;
#[path = "../shared/progress.rs"]
mod progress;
mod receipt;
mod sections;
#[path = "../shared/sidecar.rs"]
mod sidecar;
#[path = "../shared/signals.rs"]
mod signals;
mod source;
#[path = "../shared/standard_input.rs"]
mod standard_input;
mod text_input;
mod upgrade;

use anyhow::{Context as _, anyhow};
use args::{Args, Job};
use joedb::Outcome;
use joedb::index::Index;
use joedb::journal::{Access, Journal, OpenError};
use joedb::recovery::{
    ApplyError, Outputs, Plan, PlanError, PlanOptions, Receipt, Stage, Supervisor, apply, plan, plan_surveyed,
};
use joedb::storage::{Existing, FileDirectory, Place, directory_of};
use joedb::text::file_name;
use outcome::{Failure, failure, say};
use progress::Progress;
use signals::Signals;
use source::Source;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

const PROGRAM: &str = "joedb_convert";

fn main() -> ExitCode {
    let args: Args = match manual::arguments(sections::SECTIONS) {
        Ok(args) => args,
        Err(code) => return code,
    };
    if let Err(error) = file_size::survive_limit() {
        return outcome::report(PROGRAM, &error.into());
    }
    let signals = Signals::default();
    let result = run(&args, &signals, &mut io::stdout());
    match (result, signals.received()) {
        (Ok(outcome), _) => outcome.into(),
        (Err(failure), Some(signal)) => {
            outcome::report(PROGRAM, &failure);
            ExitCode::from(128_u8.saturating_add(signal))
        }
        (Err(failure), None) => outcome::report(PROGRAM, &failure),
    }
}

fn run(args: &Args, signals: &Signals, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let input = args.input.as_path();
    let Some(output) = args.output.as_deref() else {
        refuse_standard_input(input, "--in-place and --undo change a file, and no standard input")?;
        signals.watch()?;
        let work = if args.undo { in_place::put_back } else { in_place::cut };
        return work(args, input, signals, out);
    };
    let job = args.job()?;
    if let Job::Export(format) = job {
        return export::run(args, format, output, signals, out);
    }
    let outputs = outputs(args, source::path_of(input), output)?;
    match job {
        Job::Recover => recover(args, &outputs, signals, out),
        Job::Load(language) => {
            signals.watch()?;
            load::run(args, language, &outputs, signals, out)
        }
        Job::Upgrade => upgrade::run(args, &outputs, signals, out),
        Job::Pack => pack::run(args, &outputs, signals, out),
        Job::Merge => merge::run(args, &outputs, signals, out),
        Job::Export(format) => export::run(args, format, output, signals, out),
    }
}

/// Opens the input; from then on signals end the work and not the program.
fn open(args: &Args, signals: &Signals) -> Result<Source, Failure> {
    let input = args.input.as_path();
    let named = |failure: Failure| failure.context(source::place(input));
    let source = Source::open(input, args.locks()).map_err(named)?;
    signals.watch()?;
    Ok(source)
}

fn recover(
    args: &Args,
    outputs: &Outputs,
    signals: &Signals,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let (source, Planned { plan, .. }) = open_and_plan(args, signals)?;
    let output = outputs.output.as_path();
    if args.dry_run {
        receipt::show_plan(args, &source, output, &plan, out)?;
        return Ok(Outcome::Done);
    }
    let receipt = carry_out(args, &source, &plan, outputs, signals)?;
    warn(output, &receipt.warnings);
    let shown = receipt::show(args, &source, output, &plan, &receipt, out);
    let whole = || format!("{} is complete, but the receipt could not be written", file_name(output));
    shown.with_context(whole)?;
    Ok(Outcome::Done)
}

/// Says which attributes of the input the output does not have.
fn warn(output: &Path, missing: &[String]) {
    for missing in missing {
        say(&format!("{PROGRAM}: {}: warning: not kept: {missing}", file_name(output)));
    }
}

/// Where the results go, if nothing stands against it from the beginning.
fn outputs(args: &Args, input: &Path, output: &Path) -> Result<Outputs, Failure> {
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let tail = args.save_tail.as_deref();
    for other in &args.merge {
        refuse_standard_input(other, "--merge takes files, and INPUT alone may be standard input")?;
        refuse_same(other, output)?;
    }
    for target in [Some(output), tail].into_iter().flatten() {
        refuse_standard_output(target)?;
        refuse_same(input, target)?;
        refuse_directory(target)?;
    }
    if let Some(tail) = tail {
        refuse_same(tail, output)?;
        if tail.symlink_metadata().is_ok() {
            return Err(anyhow!(
                "{}: it exists already; choose another name for the removed bytes",
                file_name(tail)
            )
            .into());
        }
    }
    match output.symlink_metadata() {
        Ok(_) if existing == Existing::Refuse => Err(ApplyError::Exists(output.to_path_buf()).into()),
        Ok(found) if !found.is_file() && !found.is_symlink() => {
            Err(anyhow!("{}: it is no regular file; --force replaces only those", file_name(output)).into())
        }
        _ => Ok(Outputs { output: output.to_path_buf(), existing, tail: args.save_tail.clone() }),
    }
}

fn refuse_same(one: &Path, other: &Path) -> Result<(), Failure> {
    if !is_same_file(one, other) {
        return Ok(());
    }
    let (one, other) = (file_name(one), file_name(other));
    Err(failure(Outcome::Usage, anyhow!("{one} and {other} are the same file; choose another name")))
}

/// Some things can be done with files alone.
fn refuse_standard_input(input: &Path, why: &str) -> Result<(), Failure> {
    if standard_input::is_standard_input(input) {
        return Err(failure(Outcome::Usage, anyhow!("- found, a FILE expected: {why}")));
    }
    Ok(())
}

/// What is synced, read back and renamed is a file. One that is called - is ./-.
fn refuse_standard_output(target: &Path) -> Result<(), Failure> {
    if target != Path::new("-") {
        return Ok(());
    }
    let why = "a joedb file is read back before it gets its name; only exports go to the standard output";
    Err(failure(Outcome::Usage, anyhow!("- found, a FILE expected: {why}; a file called - is ./-")))
}

/// A missing directory is found out before the work, and not after.
fn refuse_directory(target: &Path) -> Result<(), Failure> {
    let parent = directory_of(target);
    match parent.metadata() {
        Ok(found) if !found.is_dir() => Err(anyhow!("{}: it is no directory", file_name(parent)).into()),
        Ok(_) => Ok(()),
        Err(error) => Err(anyhow!("{}: {error}", file_name(parent)).into()),
    }
}

/// Whether two names, through links or not, are one file: by what they name, or where that does not exist yet, by
/// their directory and their last part.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| Some((directory_of(path).canonicalize().ok()?, path.file_name()?.to_owned()));
    match (identity(one), identity(other)) {
        (Some(one), Some(other)) => one == other,
        _ => place(one).is_some_and(|one| Some(one) == place(other)),
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<std::path::PathBuf> {
    path.canonicalize().ok()
}

/// A log, and what is to be done with it.
struct Planned {
    journal: Journal,
    plan: Plan,
}

/// The input, and what is to be done with it.
fn open_and_plan(args: &Args, signals: &Signals) -> Result<(Source, Planned), Failure> {
    let source = open(args, signals)?;
    let planned = make_plan(args, &source, signals)?;
    Ok((source, planned))
}

/// What is to be done; an error says where the log is.
fn make_plan(args: &Args, source: &Source, signals: &Signals) -> Result<Planned, Failure> {
    let planned = plan_through(args, source, signals);
    planned.map_err(|error| load::hint(args, &source.file, Failure::from(error).context(&source.place)))
}

/// Why there is no plan.
enum Planning {
    Open(OpenError),
    Plan(PlanError),
}

impl From<Planning> for Failure {
    fn from(error: Planning) -> Failure {
        match error {
            Planning::Open(OpenError::Head(error)) => failure(Outcome::NotJoedb, error),
            Planning::Open(error) => error.into(),
            Planning::Plan(PlanError::Source(error)) => error.into(),
            Planning::Plan(error) => failure(Outcome::Damaged, error),
        }
    }
}

/// Through a window: the bytes that are decoded are then the ones that are summed up.
fn plan_through(args: &Args, source: &Source, signals: &Signals) -> Result<Planned, Planning> {
    let medium = source.medium().map_err(|error| Planning::Open(error.into()))?;
    let mut journal = Journal::of_medium(medium, Access::Window).map_err(Planning::Open)?;
    let plan = match plan_with_index(&source.place, &mut journal, args) {
        Some(plan) => plan,
        None => plan_of(&mut journal, args, signals),
    };
    let plan = plan.map_err(Planning::Plan)?;
    Ok(Planned { journal, plan })
}

/// A plan from an index, where what is kept need not be decoded and only the entries tell where the cut is.
fn plan_with_index(place: &Place, journal: &mut Journal, args: &Args) -> Option<Result<Plan, PlanError>> {
    let target = args.target();
    if !args.no_verify || args.no_index || !target.is_found_by_decoding() {
        return None;
    }
    let index = sidecar::usable(place, journal, args.quiet, Index::verify)?;
    let options = PlanOptions { verify: false, allow_empty: args.allow_empty };
    match index.survey(journal, &target.question(), &mut |_| {}) {
        Ok(survey) => Some(plan_surveyed(journal, target, options, &survey?)),
        Err(error) => Some(Err(error.into())),
    }
}

fn plan_of(journal: &mut Journal, args: &Args, signals: &Signals) -> Result<Plan, PlanError> {
    let options = PlanOptions { verify: !args.no_verify, allow_empty: args.allow_empty };
    let mut progress = Progress::new("verify", journal.size(), args.quiet);
    plan(journal, args.target(), options, &mut |position| {
        progress.at(position);
        end_if_interrupted(signals);
    })
}

/// Ends the program if a signal asked for that. Only for work that has nothing to clean up.
fn end_if_interrupted(signals: &Signals) {
    if let Some(signal) = signals.received() {
        say(&format!("{PROGRAM}: interrupted; nothing was written"));
        std::process::exit(i32::from(signal).saturating_add(128));
    }
}

fn carry_out(
    args: &Args,
    source: &Source,
    plan: &Plan,
    outputs: &Outputs,
    signals: &Signals,
) -> Result<Receipt, Failure> {
    let mut watch = Watch { quiet: args.quiet, signals: signals.clone(), progress: None };
    Ok(apply(plan, &source.file, &FileDirectory, outputs, &mut watch)?)
}

/// Shows progress, and passes signals on.
struct Watch {
    quiet: bool,
    signals: Signals,
    progress: Option<Progress>,
}

impl Supervisor for Watch {
    fn stage(&mut self, stage: Stage, bytes: u64) {
        let label = match stage {
            Stage::Sum => "sum up",
            Stage::Copy => "copy",
            Stage::ReadBack => "read back",
            Stage::SaveTail => "save tail",
            Stage::Export => "export",
        };
        self.progress = Some(match stage {
            Stage::Export => Progress::of_rows(label, bytes, self.quiet),
            _ => Progress::new(label, bytes, self.quiet),
        });
    }

    fn progress(&mut self, bytes: u64) {
        if let Some(progress) = &mut self.progress {
            progress.at(bytes);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.signals.received().is_some()
    }
}
