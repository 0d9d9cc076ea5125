//! The results as comma-separated values, for spreadsheets: a line for each contender of each case.

use crate::report::{CaseReport, Report, Score};
use crate::statistics::Spread;
use csv::{Terminator, WriterBuilder};
use std::io::{self, Write};

/// The columns of a contender, in front of those of the machine.
const COLUMNS: [&str; 19] = [
    "case",
    "rows",
    "runs",
    "name",
    "counted",
    "real_min",
    "real_median",
    "real_max",
    "user_min",
    "user_median",
    "user_max",
    "system_min",
    "system_median",
    "system_max",
    "peak_memory_bytes",
    "disk_bytes",
    "rows_per_second",
    "speed",
    "setup",
];

/// The columns of the log that was read.
const LOG: [&str; 4] = ["job", "log", "log_bytes", "log_bytes_per_second"];

/// The columns of the delays from soft to hard.
const DELAYS: [&str; 3] = ["soft_to_hard_min", "soft_to_hard_median", "soft_to_hard_max"];

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let machine = report.machine.facts();
    let mut csv = WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(out);
    let names = COLUMNS.into_iter().chain(DELAYS).chain(LOG).chain(machine.iter().map(|(name, _)| *name));
    csv.write_record(names)?;
    for case in &report.cases {
        for score in &case.contenders {
            let facts = machine.iter().map(|(_, value)| value.clone());
            csv.write_record(fields(case, score).into_iter().chain(facts))?;
        }
    }
    csv.flush()
}

fn fields(case: &CaseReport, score: &Score) -> Vec<String> {
    let mut fields = vec![
        case.case.name().to_owned(),
        case.rows.to_string(),
        case.runs.to_string(),
        score.name.clone(),
        score.counted.to_string(),
    ];
    fields.extend([Some(score.real), score.user, score.system].into_iter().flat_map(spread));
    fields.extend([
        score.peak_memory_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
        score.disk_bytes.to_string(),
        score.rows_per_second.to_string(),
        score.speed.to_string(),
        score.setup.clone(),
    ]);
    fields.extend(spread(score.soft_to_hard));
    fields.extend([score.job, score.log].map(|name| name.unwrap_or_default().to_owned()));
    fields.push(score.log_bytes.map(|bytes| bytes.to_string()).unwrap_or_default());
    fields.push(score.log_bytes_per_second.map(|rate| rate.to_string()).unwrap_or_default());
    fields
}

/// Three fields; empty where nothing is known.
fn spread(spread: Option<Spread>) -> [String; 3] {
    spread.map_or_else(Default::default, |Spread { min, median, max }| {
        [min, median, max].map(|number| number.to_string())
    })
}
