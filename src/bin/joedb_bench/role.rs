//! What this program does when it starts itself. A run takes several processes beside the one that the user started:
//!
//! * `measure` starts one command, waits for it, and prints what it cost. A process of its own, because the system sums
//!   up all children of a process, and because a child begins with the peak memory of its parent.
//! * `work` is that command for our own contenders: it makes the file.
//! * `check` reads it back afterwards.
//! * `prepare` makes a log beforehand, where the case is to read one.
//!
//! They work in the directory of the run, which is their current directory.

use crate::case::Case;
use crate::contender::{Contender, RESULT};
use crate::statistics::Spread;
use crate::{count, measure, outcome};
use anyhow::{Context as _, bail};
use serde::Serialize;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// The first argument of a process in a role. It is no option of the program.
const FLAG: &str = "--role";

/// Where `work` leaves the delays that it measured.
pub(crate) const DELAYS: &str = "delays";

/// The arguments of a process that measures `command`.
pub(crate) fn measuring(command: &[OsString]) -> Vec<OsString> {
    let role = [FLAG, "measure"].map(OsString::from);
    role.into_iter().chain(command.iter().cloned()).collect()
}

/// The arguments of a process that does a contender's work.
pub(crate) fn working(case: Case, contender: &Contender, rows: u64) -> Vec<OsString> {
    [FLAG, "work", case.name(), contender.name, &rows.to_string()].map(OsString::from).into()
}

/// The arguments of a process that makes the log that a contender reads.
pub(crate) fn preparing(case: Case, contender: &Contender, rows: u64) -> Vec<OsString> {
    [FLAG, "prepare", case.name(), contender.name, &rows.to_string()].map(OsString::from).into()
}

/// The arguments of a process that checks it.
pub(crate) fn checking(case: Case, contender: &Contender, rows: u64) -> Vec<OsString> {
    [FLAG, "check", case.name(), contender.name, &rows.to_string()].map(OsString::from).into()
}

/// The arguments of a process that checks what another program left behind, which was `told` where to write or not.
pub(crate) fn counting(case: Case, told: bool, rows: u64) -> Vec<OsString> {
    let role = if told { "count-told" } else { "count-any" };
    [FLAG, role, case.name(), &rows.to_string()].map(OsString::from).into()
}

/// Plays the role that the arguments ask for, if they do.
pub(crate) fn play() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (flag, rest) = arguments.split_first()?;
    if flag != FLAG {
        return None;
    }
    Some(match play_as(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            outcome::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    })
}

fn play_as(arguments: &[OsString]) -> anyhow::Result<()> {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    match words.as_slice() {
        ["measure", ..] => print(&measure::measure(arguments.get(1..).unwrap_or_default())?),
        ["work", rest @ ..] => {
            let (contender, rows) = contender(rest)?;
            (contender.work)(Path::new(RESULT), rows)?.map_or(Ok(()), |delays| save(&delays))
        }
        ["prepare", rest @ ..] => {
            let (contender, rows) = contender(rest)?;
            contender.log.as_ref().map_or(Ok(()), |log| (log.prepare)(Path::new(RESULT), rows))
        }
        ["check", rest @ ..] => {
            let (contender, rows) = contender(rest)?;
            (contender.check)(Path::new(RESULT), rows)
        }
        ["count-told", case, rows] => {
            print(&count::what_was_told(Path::new(RESULT), named(case)?, rows.parse()?)?)
        }
        ["count-any", case, rows] => {
            print(&count::what_was_left(Path::new("."), named(case)?, rows.parse()?)?)
        }
        _ => bail!("{FLAG} is for the program itself"),
    }
}

fn named(case: &str) -> anyhow::Result<Case> {
    Case::named(case).context("no such case")
}

fn contender(words: &[&str]) -> anyhow::Result<(&'static Contender, u64)> {
    let [case, name, rows] = words else { bail!("case, contender and rows expected") };
    let contender = named(case)?.contender(name).context("no such contender")?;
    Ok((contender, rows.parse()?))
}

fn print<T: Serialize>(answer: &T) -> anyhow::Result<()> {
    let answer = serde_json::to_string(answer)?;
    Ok(writeln!(io::stdout(), "{answer}")?)
}

fn save(delays: &Spread) -> anyhow::Result<()> {
    Ok(std::fs::write(DELAYS, serde_json::to_vec(delays)?)?)
}
