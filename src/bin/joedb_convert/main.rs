//! `joedb_convert`: recovers joedb files.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod args;
#[path = "../shared/manual.rs"]
mod manual;
#[path = "../shared/outcome.rs"]
mod outcome;
#[path = "../shared/positions.rs"]
mod positions;
#[path = "../shared/progress.rs"]
mod progress;
mod receipt;
mod sections;
mod signals;

use anyhow::anyhow;
use args::Args;
use clap::{CommandFactory as _, FromArgMatches as _};
use joedb::Outcome;
use joedb::journal::{Access, Journal, OpenError};
use joedb::recovery::{
    ApplyError, Outputs, Plan, PlanError, PlanOptions, Receipt, Stage, Supervisor, apply, plan,
};
use joedb::storage::{Existing, File, FileDirectory};
use joedb::text::file_name;
use outcome::{Failure, failure, say};
use progress::Progress;
use signals::Signals;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

const PROGRAM: &str = "joedb_convert";

fn main() -> ExitCode {
    let command = Args::command().after_long_help(manual::as_help(sections::SECTIONS));
    if let Some(what) = manual::requested() {
        return manual::generate(&what, command, sections::SECTIONS);
    }
    let args = match command.try_get_matches().and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    let signals = match Signals::watch() {
        Ok(signals) => signals,
        Err(error) => return outcome::report(PROGRAM, &error.into()),
    };
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
    let (input, output) = (args.input.as_path(), args.output.as_path());
    let outputs = outputs(args, input, output)?;
    let named = |error: Failure| Failure { error: error.error.context(file_name(input)), ..error };
    let plan = make_plan(args, input).map_err(named)?;
    if args.dry_run {
        receipt::show_plan(args, input, output, &plan, out)?;
        return Ok(Outcome::Done);
    }
    let receipt = carry_out(args, input, &plan, &outputs, signals)?;
    receipt.warnings.iter().for_each(|missing| {
        say(&format!("{PROGRAM}: {}: warning: not kept: {missing}", file_name(output)));
    });
    receipt::show(args, input, output, &plan, &receipt, out)?;
    Ok(Outcome::Done)
}

/// Where the results go, if nothing stands against it from the beginning.
fn outputs(args: &Args, input: &Path, output: &Path) -> Result<Outputs, Failure> {
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let targets = [Some(output), args.save_tail.as_deref()];
    for target in targets.into_iter().flatten() {
        if is_same_file(input, target) {
            let (input, target) = (file_name(input), file_name(target));
            return Err(failure(
                Outcome::Usage,
                anyhow!("{input} and {target} are the same file; choose another output"),
            ));
        }
    }
    if args.save_tail.as_deref().is_some_and(|tail| tail == output || is_same_file(tail, output)) {
        return Err(failure(Outcome::Usage, anyhow!("the output and --save-tail are the same file")));
    }
    if existing == Existing::Refuse && output.symlink_metadata().is_ok() {
        return Err(ApplyError::Exists(output.to_path_buf()).into());
    }
    if let Some(tail) = args.save_tail.as_ref().filter(|tail| tail.symlink_metadata().is_ok()) {
        return Err(anyhow!(
            "{}: it exists already; choose another name for the removed bytes",
            file_name(tail)
        )
        .into());
    }
    Ok(Outputs { output: output.to_path_buf(), existing, tail: args.save_tail.clone() })
}

/// Whether two names, through links or not, are one file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
        identity(one).is_some_and(|one| Some(one) == identity(other))
    }
    #[cfg(not(unix))]
    {
        one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
    }
}

fn make_plan(args: &Args, input: &Path) -> Result<Plan, Failure> {
    let mut journal = Journal::open(input, Access::Automatic).map_err(|error| match error {
        OpenError::Head(error) => failure(Outcome::NotJoedb, error),
        error => error.into(),
    })?;
    let options = PlanOptions { verify: !args.no_verify, allow_empty: args.allow_empty };
    let mut progress = Progress::new("verify", journal.size(), args.quiet);
    let planned = plan(&mut journal, args.target(), options, &mut |position| progress.at(position));
    planned.map_err(|error| match error {
        PlanError::Source(error) => error.into(),
        error => failure(Outcome::Damaged, error),
    })
}

fn carry_out(
    args: &Args,
    input: &Path,
    plan: &Plan,
    outputs: &Outputs,
    signals: &Signals,
) -> Result<Receipt, Failure> {
    let source = File::open(input).map_err(|error| anyhow!("{}: {error}", file_name(input)))?;
    let mut watch = Watch { quiet: args.quiet, signals: signals.clone(), progress: None };
    Ok(apply(plan, &source, &FileDirectory, outputs, &mut watch)?)
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
        };
        self.progress = Some(Progress::new(label, bytes, self.quiet));
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
