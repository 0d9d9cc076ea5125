//! DataFusion reads the Parquet files of joedb_convert, by SQL alone, and finds in them what the library's store holds:
//! every table, every value, aggregates, joins and filters of them, and every entry of the log. Its own log of 400 thousand
//! rows comes first, then those that are given.
//!
//! ```sh
//! cargo build --features parquet --bin joedb_convert
//! cargo run --manifest-path tests/datafusion/Cargo.toml -- target/debug/joedb_convert fixtures/clean.joedb
//! ```

mod aggregates;
mod entries;
mod exported;
mod large;
mod session;
mod values;

#[path = "../../cli/extremes/random.rs"]
#[expect(dead_code, reason = "shared by several tests, none of which uses all of it")]
mod random;
#[path = "../../support/tables.rs"]
mod tables;

use exported::Convert;
use session::Session;
use std::fs;
use std::path::{Path, PathBuf};
use tables::{Rows, tables};

/// What was found to be the same.
#[derive(Default)]
struct Same {
    logs: u64,
    rows: u64,
    values: u64,
    aggregates: u64,
    entries: u64,
}

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let convert = Convert::new(arguments.next().expect("the path of joedb_convert expected"));
    let directory = tempfile::tempdir().unwrap();
    let large = directory.path().join("large.joedb");
    fs::write(&large, large::log()).unwrap();
    let mut same = Same::default();
    for log in std::iter::once(large).chain(arguments) {
        println!("{}", log.display());
        compare(&convert, &log, &mut same);
    }
    let Same { logs, rows, values, aggregates, entries } = same;
    println!(
        "DataFusion {}: {logs} logs, {rows} rows, {values} values, {aggregates} aggregates, {entries} entries: all as in the logs",
        datafusion::DATAFUSION_VERSION
    );
}

/// Every export of a log.
fn compare(convert: &Convert, log: &Path, same: &mut Same) {
    let directory = tempfile::tempdir().unwrap();
    let output = |name: &str| directory.path().join(name);
    let bytes = fs::read(log).unwrap();
    let expected = tables(&bytes);
    let rows_of_a_partition = (expected.values().map(Rows::len).max().unwrap_or(0) / 4 + 1).to_string();
    for (name, options) in
        [("tables.parquet", &[][..]), ("partitions.parquet", &["--partition-rows", &rows_of_a_partition][..])]
    {
        let exported = convert.tables(log, &output(name), options);
        let session = Session::of_tables(&output(name), &exported);
        assert!(expected.keys().eq(exported.keys()), "other tables");
        for (name, rows) in &expected {
            same.values += values::compare(&session, name, rows);
            same.aggregates += aggregates::compare(&session, name, rows, &expected);
            same.rows += rows.values.len() as u64;
        }
    }
    same.entries += entries::compare(convert, log, &bytes, &output("entries"));
    same.logs += 1;
}

impl Rows {
    fn len(&self) -> usize {
        self.values.len()
    }
}
