//! What can be typed.

use crate::case::Case;
use crate::external::External;
use crate::outcome::{Failure, failure};
use anyhow::anyhow;
use clap::builder::PossibleValue;
use clap::{Parser, ValueEnum};
use joedb::Outcome;
use std::collections::HashSet;
use std::path::PathBuf;

/// Measure writing joedb files beside SQLite, and reading them, in one run, on your disk
///
/// The contenders take turns, each run in a process of its own; what was written is read back and counted after each.
#[derive(Debug, Parser)]
#[command(name = "joedb_bench", version, max_term_width = 80)]
pub(crate) struct Args {
    /// What to measure; several may be given.
    #[arg(value_enum, value_name = "CASE", default_value = "all")]
    cases: Vec<Selected>,

    /// How many rows, in every case; by default each case has its own number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_ROWS))]
    rows: Option<u64>,

    /// How often each contender runs.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,

    /// Where the files go: the disk that is measured.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,

    /// The form of the results.
    #[arg(long, value_name = "FORM", default_value = "table")]
    pub(crate) format: Form,

    /// Draw the results into this file, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Another program to run in turn with the others; may be repeated.
    #[arg(long, value_name = "NAME=COMMAND", value_parser = External::parse)]
    external: Vec<External>,

    /// The numbers of rows of joedb's own documentation: 100,000,000, each committed hard 10,000, softly 1,000,000. Logs
    /// that are read have 10,000,000, the largest that grows 1,000,000,000.
    #[arg(long, conflicts_with = "rows")]
    paper: bool,

    /// Keep what the last run of each contender wrote.
    #[arg(long)]
    pub(crate) keep: bool,

    /// No progress; errors are still shown.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// The sum of the values of so many rows fits 64 bits.
const MOST_ROWS: u64 = 1_000_000_000;

/// The form of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people, 80 columns wide.
    Table,
    /// One object with everything, each single run included.
    Json,
    /// A line for each contender of each case, with what it ran on.
    Csv,
    /// Tables for a document.
    Markdown,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Selected {
    One(Case),
    All,
    Reading,
}

impl Selected {
    fn includes(self, case: Case) -> bool {
        match self {
            Selected::One(one) => one == case,
            Selected::All => Case::WRITING.contains(&case),
            Selected::Reading => Case::READING.contains(&case),
        }
    }
}

impl ValueEnum for Selected {
    fn value_variants<'a>() -> &'a [Selected] {
        &[
            Selected::One(Case::Bulk),
            Selected::One(Case::Vector),
            Selected::One(Case::CommitHard),
            Selected::One(Case::CommitSoft),
            Selected::One(Case::CommitAsync),
            Selected::All,
            Selected::One(Case::Dump),
            Selected::One(Case::Check),
            Selected::One(Case::Load),
            Selected::One(Case::Recover),
            Selected::Reading,
            Selected::One(Case::Growth),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Selected::One(case) => PossibleValue::new(case.name()).help(case.title()),
            Selected::All => PossibleValue::new("all").help("all of these, which write"),
            Selected::Reading => PossibleValue::new("reading").help("dump, check, load and recover"),
        })
    }
}

/// A case, and who takes part with how many rows.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) case: Case,
    pub(crate) rows: u64,
    pub(crate) external: Vec<External>,
}

impl Plan {
    /// What tells its files and its runs from those of other plans.
    pub(crate) fn name(&self) -> String {
        match self.case {
            Case::Growth => format!("{}-{}", self.case.name(), self.rows),
            case => case.name().to_owned(),
        }
    }
}

impl Args {
    /// What is to be run.
    pub(crate) fn plans(&self) -> Result<Vec<Plan>, Failure> {
        let cases = self.selected();
        self.refuse_same_names(&cases)?;
        self.refuse_same_work(&cases)?;
        let of_rows = |case, rows| Plan { case, rows, external: self.external.clone() };
        let of_case = |case: Case| case.steps(self.rows_of(case)).into_iter().map(move |rows| (case, rows));
        Ok(cases.into_iter().flat_map(of_case).map(|(case, rows)| of_rows(case, rows)).collect())
    }

    /// Each case once, in the order of the documentation.
    fn selected(&self) -> Vec<Case> {
        let is_selected = |case: &Case| self.cases.iter().any(|selected| selected.includes(*case));
        Case::all().filter(is_selected).collect()
    }

    fn rows_of(&self, case: Case) -> u64 {
        self.rows.unwrap_or(if self.paper { case.paper_rows() } else { case.rows() })
    }

    /// Two rows of one name could not be told apart.
    fn refuse_same_names(&self, cases: &[Case]) -> Result<(), Failure> {
        let own = cases.iter().flat_map(|case| case.contenders()).map(|contender| contender.name);
        let mut taken: HashSet<&str> = own.collect();
        match self.external.iter().find(|external| !taken.insert(external.name())) {
            Some(external) => {
                Err(wrong(format!("--external: the name {} is taken; choose another", external.name())))
            }
            None => Ok(()),
        }
    }

    /// A command that does not know what it is to do would do the same everywhere.
    fn refuse_same_work(&self, cases: &[Case]) -> Result<(), Failure> {
        let everywhere = match cases {
            [Case::Growth] => "check, dump and recover; {case} tells it which of them".to_owned(),
            [] | [_] => return Ok(()),
            cases => format!("all {} cases; choose one case", cases.len()),
        };
        match self.external.iter().find(|external| !external.knows_case()) {
            Some(external) => Err(wrong(format!(
                "--external {}: the command has no {{case}}, so it would do the same in {everywhere}",
                external.name()
            ))),
            None => Ok(()),
        }
    }
}

fn wrong(message: String) -> Failure {
    failure(Outcome::Usage, anyhow!(message))
}
