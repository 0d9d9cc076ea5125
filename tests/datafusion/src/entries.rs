//! The entries of a log as rows.

use crate::exported::Convert;
use crate::session::Session;
use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use joedb::Journal;
use std::fs;
use std::path::Path;

/// An entry: its position, its length, its kind.
type Entry = (i64, i64, String);

/// Asserts that DataFusion finds each entry of a log in one file and, among those of a fleet, in partitions; how many were
/// compared.
pub(crate) fn compare(convert: &Convert, log: &Path, bytes: &[u8], directory: &Path) -> u64 {
    fs::create_dir(directory).unwrap();
    let expected = entries(bytes);
    let rows_of_a_partition = (expected.len() / 3 + 1).to_string();
    let (one, many) = (directory.join("one.parquet"), directory.join("many.parquet"));
    convert.run(log, &one, &["--entries"]);
    convert.run(log, &many, &["--entries", "--partition-rows", &rows_of_a_partition]);
    let session = Session::new();
    session.add("one", &one);
    session.add("many", &many);
    for table in ["one", "many"] {
        assert!(found(&session, table) == expected, "{table}: other entries");
    }
    2 * expected.len() as u64
}

/// The entries of a log up to its checkpoint.
fn entries(bytes: &[u8]) -> Vec<Entry> {
    let mut journal = Journal::from_bytes(bytes.to_vec()).unwrap();
    let end = journal.checkpoints().current().unwrap();
    let (mut entries, mut walk) = (Vec::new(), journal.entries(end));
    while let Some(located) = walk.next().unwrap() {
        let kind = located.entry.kind().name().to_owned();
        entries.push((located.position.cast_signed(), located.length.cast_signed(), kind));
    }
    entries
}

fn found(session: &Session, table: &str) -> Vec<Entry> {
    let answer = session.ask(&format!("SELECT position, length, kind FROM {table} ORDER BY position"));
    let mut entries = Vec::new();
    for batch in answer {
        let [positions, lengths] = [0, 1].map(|column| batch.column(column).as_primitive::<Int64Type>());
        let kinds = cast(batch.column(2), &DataType::Utf8).unwrap();
        let kinds = kinds.as_string::<i32>().iter().map(|kind| kind.unwrap().to_owned());
        let rows = positions.values().iter().zip(lengths.values()).zip(kinds);
        entries.extend(rows.map(|((position, length), kind)| (*position, *length, kind)));
    }
    entries
}
