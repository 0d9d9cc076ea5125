//! The results, and who prints them in which form.

use crate::args::{Form, Plan};
use crate::case::Case;
use crate::machine::Machine;
use crate::race::{Entrant, Run};
use crate::statistics::Spread;
use crate::{csv_lines, tables};
use joedb::text::visible_json;
use serde::Serialize;
use std::io::{self, Write};

/// The version of the JSON form; it rises when a member changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema_version: u32,
    pub(crate) machine: Machine,
    pub(crate) cases: Vec<CaseReport>,
}

/// A case.
#[derive(Debug, Serialize)]
pub(crate) struct CaseReport {
    pub(crate) case: Case,
    pub(crate) title: &'static str,
    pub(crate) rows: u64,
    pub(crate) runs: usize,
    pub(crate) contenders: Vec<Score>,
}

/// A contender in a case. Times are in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct Score {
    pub(crate) name: String,
    pub(crate) setup: String,
    /// Whether what it wrote was read back and counted after each run.
    pub(crate) counted: bool,
    pub(crate) real: Spread,
    pub(crate) user: Option<Spread>,
    pub(crate) system: Option<Spread>,
    /// The highest of all runs.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// The most that a run left on the disk.
    pub(crate) disk_bytes: u64,
    /// The log that was read, and its size.
    pub(crate) log: Option<&'static str>,
    pub(crate) log_bytes: Option<u64>,
    /// By the median of the real time.
    pub(crate) rows_per_second: f64,
    pub(crate) log_bytes_per_second: Option<f64>,
    /// How many times as fast as the first contender, by the medians of the real time: SQLite, or where logs are read,
    /// the first that read the same one.
    pub(crate) speed: f64,
    /// From asking for a soft checkpoint and its hard one to the latter: the least, the median of the medians, the most.
    pub(crate) soft_to_hard: Option<Spread>,
    /// Each run.
    pub(crate) real_of_runs: Vec<f64>,
    pub(crate) user_of_runs: Vec<f64>,
    pub(crate) system_of_runs: Vec<f64>,
}

impl CaseReport {
    pub(crate) fn new(plan: &Plan, sheets: Vec<(Entrant<'_>, Vec<Run>)>) -> CaseReport {
        let runs = sheets.first().map_or(0, |(_, runs)| runs.len());
        let mut contenders: Vec<Score> =
            sheets.into_iter().filter_map(|(entrant, runs)| Score::new(plan, entrant, &runs)).collect();
        let medians: Vec<_> = contenders.iter().map(|score| (score.log, score.real.median)).collect();
        for score in &mut contenders {
            let first = medians.iter().find(|(log, _)| *log == score.log);
            score.speed = first.map_or(1.0, |(_, median)| median / score.real.median);
        }
        CaseReport { case: plan.case, title: plan.case.title(), rows: plan.rows, runs, contenders }
    }
}

impl Score {
    /// `None` without a run.
    fn new(plan: &Plan, entrant: Entrant<'_>, runs: &[Run]) -> Option<Score> {
        let real_of_runs: Vec<f64> = runs.iter().map(|run| run.real).collect();
        let usages = || runs.iter().filter_map(|run| run.usage);
        let user_of_runs: Vec<f64> = usages().map(|usage| usage.user).collect();
        let system_of_runs: Vec<f64> = usages().map(|usage| usage.system).collect();
        let real = Spread::of(real_of_runs.iter().copied())?;
        let log_bytes = runs.iter().filter_map(|run| run.log).max();
        Some(Score {
            name: entrant.name(),
            setup: entrant.setup(plan.case, plan.rows),
            counted: runs.iter().all(|run| run.counted),
            real,
            user: Spread::of(user_of_runs.iter().copied()),
            system: Spread::of(system_of_runs.iter().copied()),
            peak_memory_bytes: usages().map(|usage| usage.peak).max(),
            disk_bytes: runs.iter().map(|run| run.left).max()?,
            log: entrant.log().map(|own| own.name),
            log_bytes,
            rows_per_second: plan.rows as f64 / real.median,
            log_bytes_per_second: log_bytes.map(|bytes| bytes as f64 / real.median),
            speed: 1.0,
            soft_to_hard: soft_to_hard(runs),
            real_of_runs,
            user_of_runs,
            system_of_runs,
        })
    }
}

fn soft_to_hard(runs: &[Run]) -> Option<Spread> {
    let delays = || runs.iter().filter_map(|run| run.delays);
    let median = Spread::of(delays().map(|delays| delays.median))?.median;
    let min = Spread::of(delays().map(|delays| delays.min))?.min;
    let max = Spread::of(delays().map(|delays| delays.max))?.max;
    Some(Spread { min, median, max })
}

impl Report {
    pub(crate) fn new(machine: Machine, cases: Vec<CaseReport>) -> Report {
        Report { schema_version: SCHEMA_VERSION, machine, cases }
    }
}

/// Prints results: those for people case by case, those for programs at the end.
pub(crate) struct Printer<'w> {
    form: Form,
    out: &'w mut dyn Write,
}

impl<'w> Printer<'w> {
    pub(crate) fn begin(form: Form, machine: &Machine, out: &'w mut dyn Write) -> io::Result<Printer<'w>> {
        match form {
            Form::Table => tables::machine(machine, out)?,
            Form::Markdown => tables::markdown_machine(machine, out)?,
            Form::Json | Form::Csv => {}
        }
        Ok(Printer { form, out })
    }

    pub(crate) fn case(&mut self, report: &CaseReport) -> io::Result<()> {
        match self.form {
            Form::Table => tables::case(report, self.out),
            Form::Markdown => tables::markdown_case(report, self.out),
            Form::Json | Form::Csv => Ok(()),
        }
    }

    pub(crate) fn end(&mut self, report: &Report) -> io::Result<()> {
        match self.form {
            Form::Table | Form::Markdown => Ok(()),
            Form::Json => writeln!(self.out, "{}", visible_json(&serde_json::to_string(report)?)),
            Form::Csv => csv_lines::write(report, self.out),
        }
    }
}
