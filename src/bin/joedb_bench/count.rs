//! What another program left behind: how many rows are in it.

use crate::case::Case;
use anyhow::{Context as _, ensure};
use joedb::journal::{Access, Journal};
use joedb::text::file_name;
use joedb::{Entry, Head};
use rusqlite::Connection;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// The kind of a file whose rows can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Joedb,
    Sqlite,
}

/// Counts the rows of the file that a command was told to make, and fails unless they are as many as were asked for.
/// `false` if the file is of a kind that cannot be counted.
pub(crate) fn what_was_told(file: &Path, case: Case, rows: u64) -> anyhow::Result<bool> {
    ensure!(file.exists(), "no file {} found", file_name(file));
    match kind(file)? {
        Some(kind) => count(file, kind, case, rows).map(|()| true),
        None => Ok(false),
    }
}

/// The same of the only file in a directory that can be counted. `false` if there is none, or if nobody knows which.
pub(crate) fn what_was_left(directory: &Path, case: Case, rows: u64) -> anyhow::Result<bool> {
    let mut countable = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_file() {
            countable.extend(kind(&path)?.map(|kind| (path, kind)));
        }
    }
    match countable.as_slice() {
        [(file, kind)] => count(file, *kind, case, rows).map(|()| true),
        _ => Ok(false),
    }
}

fn count(file: &Path, kind: Kind, case: Case, rows: u64) -> anyhow::Result<()> {
    let (found, place) = match kind {
        Kind::Joedb if case.ends_hard() => (rows_of_joedb(file, true)?, " below the hard checkpoint"),
        Kind::Joedb => (rows_of_joedb(file, false)?, ""),
        Kind::Sqlite => (rows_of_sqlite(file)?, ""),
    };
    ensure!(found == rows, "{found} rows found{place}, {rows} expected");
    Ok(())
}

fn kind(path: &Path) -> io::Result<Option<Kind>> {
    let mut beginning = Vec::new();
    File::open(path)?.take(joedb::HEAD_SIZE).read_to_end(&mut beginning)?;
    Ok(match Head::parse(&beginning) {
        Ok(_) => Some(Kind::Joedb),
        Err(_) if beginning.starts_with(b"SQLite format 3\0") => Some(Kind::Sqlite),
        Err(_) => None,
    })
}

/// The rows of all tables, as the log has them up to its hard or its current checkpoint.
fn rows_of_joedb(path: &Path, hard: bool) -> anyhow::Result<u64> {
    let mut journal = Journal::open(path, Access::Window)?;
    let current = journal.checkpoints().current()?;
    let end = if hard { journal.checkpoints().hard.position } else { current };
    let mut entries = journal.entries(end);
    let mut rows = 0_u64;
    while let Some(located) = entries.next()? {
        rows = match located.entry {
            Entry::Insert { .. } => rows.checked_add(1),
            Entry::InsertVector { count, .. } => rows.checked_add(count),
            Entry::Delete { .. } => rows.checked_sub(1),
            Entry::DeleteVector { count, .. } => rows.checked_sub(count),
            _ => Some(rows),
        }
        .context("more rows than can be counted")?;
    }
    Ok(rows)
}

/// The rows of all tables.
fn rows_of_sqlite(path: &Path) -> anyhow::Result<u64> {
    const TABLES: &str =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let connection = Connection::open(path)?;
    let mut statement = connection.prepare(TABLES)?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut rows = 0_u64;
    for name in names {
        let count = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        let found: i64 = connection.query_row(&count, [], |row| row.get(0))?;
        rows = rows.saturating_add(found.unsigned_abs());
    }
    Ok(rows)
}
