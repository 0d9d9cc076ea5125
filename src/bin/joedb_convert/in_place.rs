//! `--in-place` and `--undo`.

use crate::args::Args;
use crate::outcome::{Failure, failure, say};
use crate::signals::Signals;
use crate::{PROGRAM, Planning, Watch, names, plan_of, receipt};
use anyhow::anyhow;
use joedb::Outcome;
use joedb::journal::{Access, Journal};
use joedb::recovery::{ApplyError, Plan, UNDO_HEAD, UndoError, apply_in_place, is_done, undo};
use joedb::storage::{File, FileDirectory, Mode, Region, Storage as _, discard_index, free_space, holders};
use joedb::text::{Bytes, file_name};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const UNDO_SUFFIX: &str = ".undo";

/// Cuts the file itself.
pub(crate) fn cut(
    args: &Args,
    path: &Path,
    signals: &Signals,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let mut file = open(path)?;
    lock(&file, path, Region::Tail)?;
    let plan = plan(args, &file, signals).map_err(|error| named(Failure::from(error), path))?;
    let undo = undo_name(args, path);
    if let Some(undo) = undo.as_ref().filter(|_| !is_done(&plan)) {
        check_space(undo, &plan)?;
    }
    if args.dry_run {
        receipt::show_in_place_plan(args, path, &plan, undo.as_deref(), out)?;
        return Ok(Outcome::Done);
    }
    lock(&file, path, Region::Head)?;
    let mut watch = Watch { quiet: args.quiet, signals: signals.clone(), progress: None };
    let done = apply_in_place(&plan, path, &mut file, &FileDirectory, undo.as_deref(), &mut watch)?;
    receipt::show_in_place(args, path, &plan, &done, undo.as_deref(), out)?;
    Ok(Outcome::Done)
}

/// Puts back what a cut removed.
pub(crate) fn put_back(
    args: &Args,
    path: &Path,
    signals: &Signals,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let undo_path = match &args.undo_file {
        Some(undo) => undo.clone(),
        None => names::newest(path, UNDO_SUFFIX).ok_or_else(|| {
            failure(
                Outcome::Damaged,
                anyhow!("{}: there is no undo file beside it; --undo-file names one", file_name(path)),
            )
        })?,
    };
    let mut file = open(path)?;
    lock(&file, path, Region::Tail)?;
    lock(&file, path, Region::Head)?;
    let mut undo_file = open(&undo_path)?;
    discard_index(&FileDirectory, path);
    let mut watch = Watch { quiet: args.quiet, signals: signals.clone(), progress: None };
    let done =
        undo(path, &mut file, &undo_path, &mut undo_file, &mut watch).map_err(|error| match error {
            UndoError::Head { .. } | UndoError::Removed { .. } => failure(Outcome::Damaged, error),
            error => error.into(),
        })?;
    receipt::show_undone(args, path, &undo_path, done, out)?;
    Ok(Outcome::Done)
}

fn named(error: Failure, path: &Path) -> Failure {
    Failure { error: error.error.context(file_name(path)), ..error }
}

fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open_writable(path).map_err(|error| named(error.into(), path))?;
    if file.is_device() {
        let message = "it is a device, which cannot be made shorter; recover to a file";
        return Err(anyhow!("{}: {message}", file_name(path)).into());
    }
    Ok(file)
}

/// Takes a lock at once, or names who keeps it. It goes with the file.
fn lock(file: &File, path: &Path, region: Region) -> Result<(), Failure> {
    match file.try_lock(region, Mode::Exclusive) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let holders = holders(path);
            let who = if holders.is_empty() { "nobody that can be seen".to_owned() } else { holders.join(", ") };
            Err(anyhow!("{}: it is locked by a program that has it open ({who}); stop that first", file_name(path)).into())
        }
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Err(anyhow!(
            "{}: there are no locks on this file system, so nobody knows whether a program writes to it; recover to \
             another file",
            file_name(path)
        )
        .into()),
        Err(error) => Err(named(error.into(), path)),
    }
}

/// Through the file that holds the lock: another handle would take its own lock for a writer's.
fn plan(args: &Args, file: &File, signals: &Signals) -> Result<Plan, Planning> {
    let clone = file.try_clone().map_err(|error| Planning::Open(error.into()))?;
    let mut journal = Journal::of_file(clone, Access::Window).map_err(Planning::Open)?;
    plan_of(&mut journal, args, signals).map_err(Planning::Plan)
}

/// The name of the undo file to write: the first that is free.
fn undo_name(args: &Args, path: &Path) -> Option<PathBuf> {
    if args.no_undo {
        return None;
    }
    Some(args.undo_file.clone().unwrap_or_else(|| names::free(path, UNDO_SUFFIX)))
}

fn check_space(undo: &Path, plan: &Plan) -> Result<(), Failure> {
    if undo.symlink_metadata().is_ok() {
        return Err(ApplyError::Exists(undo.to_path_buf()).into());
    }
    let needed = plan.removed().saturating_add(UNDO_HEAD);
    match free_space(undo) {
        Some(free) if free < needed => Err(anyhow!(
            "{}: {} expected for the undo file, {} free; --undo-file puts it on another disk",
            file_name(undo),
            Bytes(needed),
            Bytes(free)
        )
        .into()),
        Some(_) => Ok(()),
        None => {
            say(&format!(
                "{PROGRAM}: {}: warning: free space unknown; {} needed",
                file_name(undo),
                Bytes(needed)
            ));
            Ok(())
        }
    }
}
