//! The results, and who prints them in which form.

use crate::args::{Form, Plan};
use crate::case::Case;
use crate::machine::Machine;
use crate::race::{Entrant, Run};
use crate::sheet::Sheet;
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
    /// What was done with a log that grows.
    pub(crate) job: Option<&'static str>,
    /// The kind of log that was read, and its size.
    pub(crate) log: Option<&'static str>,
    pub(crate) log_bytes: Option<u64>,
    /// By the median of the real time.
    pub(crate) rows_per_second: f64,
    pub(crate) log_bytes_per_second: Option<f64>,
    /// How many times as fast as the first contender, by the medians of the real time: SQLite, or where logs are read,
    /// the first that read the same one.
    pub(crate) speed: f64,
    #[serde(skip)]
    pub(crate) standing: Standing,
    /// From asking for a soft checkpoint and its hard one to the latter: the least, the median of the medians, the most.
    pub(crate) soft_to_hard: Option<Spread>,
    /// Each run.
    pub(crate) real_of_runs: Vec<f64>,
    pub(crate) user_of_runs: Vec<f64>,
    pub(crate) system_of_runs: Vec<f64>,
}

/// How a contender stands to those that did the same: that wrote, or read the same log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// There is nobody else.
    Alone,
    /// The others are compared with it.
    First,
    Other,
}

impl CaseReport {
    /// Whether any two did the same.
    pub(crate) fn is_race(&self) -> bool {
        self.contenders.iter().any(|score| score.standing != Standing::Alone)
    }

    pub(crate) fn new(plan: &Plan, sheets: Vec<(Entrant<'_>, Vec<Run>)>) -> CaseReport {
        let runs = sheets.first().map_or(0, |(_, runs)| runs.len());
        let mut contenders: Vec<Score> =
            sheets.into_iter().filter_map(|(entrant, runs)| Score::new(plan, entrant, &runs)).collect();
        compare(&mut contenders);
        CaseReport { case: plan.case, title: plan.case.title(), rows: plan.rows, runs, contenders }
    }
}

/// Compares each with the first that did the same.
fn compare(scores: &mut [Score]) {
    let track = |score: &Score| (score.job, score.log);
    let medians: Vec<_> = scores.iter().map(|score| (track(score), score.real.median)).collect();
    for (index, score) in scores.iter_mut().enumerate() {
        let on_track = medians.iter().enumerate().filter(|(_, (other, _))| *other == track(score));
        let rivals: Vec<(usize, f64)> = on_track.map(|(number, (_, median))| (number, *median)).collect();
        (score.standing, score.speed) = match rivals.as_slice() {
            [] | [_] => (Standing::Alone, 1.0),
            [(first, _), ..] if *first == index => (Standing::First, 1.0),
            [(_, median), ..] => (Standing::Other, median / score.real.median),
        };
    }
}

/// What was measured at every size of a log, for each contender in their order.
pub(crate) fn by_contender<'r>(cases: &[&'r CaseReport]) -> Vec<Vec<&'r Score>> {
    let names = cases.first().into_iter().flat_map(|case| &case.contenders).map(|score| &score.name);
    let scores = || cases.iter().flat_map(|case| &case.contenders);
    names.map(|name| scores().filter(|score| score.name == *name).collect()).collect()
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
            job: entrant.job(plan.case),
            log: entrant.log().and_then(|own| own.log.as_ref()).map(|log| log.name),
            log_bytes,
            rows_per_second: plan.rows as f64 / real.median,
            log_bytes_per_second: log_bytes.map(|bytes| bytes as f64 / real.median),
            speed: 1.0,
            standing: Standing::Alone,
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

/// Prints results: those for people case by case, logs that grow in one table and those for programs at the end.
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
        if report.case == Case::Growth { Ok(()) } else { self.sheet(&tables::case(report)) }
    }

    pub(crate) fn end(&mut self, report: &Report) -> io::Result<()> {
        match self.form {
            Form::Table | Form::Markdown => self.growth(report),
            Form::Json => writeln!(self.out, "{}", visible_json(&serde_json::to_string(report)?)),
            Form::Csv => csv_lines::write(report, self.out),
        }
    }

    fn growth(&mut self, report: &Report) -> io::Result<()> {
        let cases: Vec<_> = report.cases.iter().filter(|report| report.case == Case::Growth).collect();
        tables::growth(&cases).map_or(Ok(()), |sheet| self.sheet(&sheet))
    }

    fn sheet(&mut self, sheet: &Sheet<'_>) -> io::Result<()> {
        match self.form {
            Form::Table => sheet.print(self.out),
            Form::Markdown => sheet.print_as_markdown(self.out),
            Form::Json | Form::Csv => Ok(()),
        }
    }
}
