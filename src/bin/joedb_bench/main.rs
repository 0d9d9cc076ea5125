//! `joedb_bench`: measures writing joedb files beside SQLite, in one run.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod args;
mod axis;
mod bars;
mod case;
mod chart;
mod contender;
mod count;
mod csv_lines;
mod delays;
mod drawing;
mod external;
mod growth;
mod journal;
mod latency;
mod logs;
mod machine;
#[path = "../shared/manual.rs"]
mod manual;
mod measure;
mod mounts;
mod numbers;
#[path = "../shared/outcome.rs"]
mod outcome;
mod process;
mod progress;
mod race;
mod reading;
mod report;
mod role;
mod room;
mod sections;
mod sheet;
#[path = "../shared/signals.rs"]
mod signals;
mod sqlite;
mod statistics;
mod tables;
mod workspace;

use args::Args;
use chart::Chart;
use joedb::Outcome;
use machine::Machine;
use outcome::Failure;
use race::Race;
use report::{Printer, Report};
use signals::Signals;
use std::io::{self, Write};
use std::process::ExitCode;
use workspace::Workspace;

const PROGRAM: &str = "joedb_bench";

fn main() -> ExitCode {
    if let Some(code) = role::play() {
        return code;
    }
    let args: Args = match manual::arguments(sections::SECTIONS) {
        Ok(args) => args,
        Err(code) => return code,
    };
    let signals = Signals::default();
    if let Err(error) = signals.watch() {
        return outcome::report(PROGRAM, &error.into());
    }
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
    let plans = args.plans()?;
    let room = room::needed(&plans, args.keep);
    room::check(&room, &args.dir)?;
    let chart = args.svg.as_deref().map(Chart::prepare).transpose()?;
    let workspace = Workspace::create(&args.dir, args.keep)?;
    let machine = Machine::look(workspace.directory(), room)?;
    let mut printer = Printer::begin(args.format, &machine, out)?;
    let race = Race::new(&workspace, args, &plans, signals)?;
    let mut reports = Vec::new();
    for plan in &plans {
        let report = race.run(plan)?;
        race.aside(|| printer.case(&report))?;
        reports.push(report);
    }
    let report = Report::new(machine, reports);
    printer.end(&report)?;
    if let Some(chart) = chart {
        chart.write(&report)?;
    }
    Ok(Outcome::Done)
}
