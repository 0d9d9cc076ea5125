//! SQLite, as fast as it goes with the durability that a case asks for: prepared statements, and the text as a literal.

use crate::contender::{Contender, Cost};
use crate::statistics::Spread;
use anyhow::ensure;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Statement};
use std::path::Path;

const CREATE: &str = "CREATE TABLE benchmark(name TEXT, value INTEGER)";
const INSERT: &str = "INSERT INTO benchmark VALUES('TOTO', ?1)";
const COUNT: &str = "SELECT count(*), sum(name = 'TOTO'), sum(value) FROM benchmark";

const WAL_FULL: &[(&str, &str)] = &[("journal_mode", "WAL"), ("synchronous", "FULL")];
const WAL_NORMAL: &[(&str, &str)] = &[("journal_mode", "WAL"), ("synchronous", "NORMAL")];

/// 18 bytes a row in a file of 100 million rows.
const COST: Cost = Cost { disk: 24, memory: 0 };

pub(crate) const BULK: Contender = Contender {
    name: "SQLite",
    setup: "one transaction, rollback journal, synchronous=FULL (the defaults)",
    cost: COST,
    log: None,
    work: |file, rows| insert_at_once(&create(file, &[])?, rows),
    check,
};

pub(crate) const BULK_TUNED: Contender = Contender {
    name: "SQLite, big pages",
    setup: "the same with page_size=32768, the fastest found that is as durable",
    cost: COST,
    log: None,
    work: |file, rows| insert_at_once(&create(file, &[("page_size", "32768")])?, rows),
    check,
};

pub(crate) const COMMIT_HARD: Contender = Contender {
    name: "SQLite",
    setup: "a transaction a row, rollback journal, synchronous=FULL (the defaults)",
    cost: COST,
    log: None,
    work: |file, rows| insert_each(&create(file, &[])?, rows),
    check,
};

pub(crate) const COMMIT_HARD_WAL: Contender = Contender {
    name: "SQLite, WAL",
    setup: "a transaction a row, journal_mode=WAL, synchronous=FULL: as durable",
    cost: COST,
    log: None,
    work: |file, rows| insert_each(&create(file, WAL_FULL)?, rows),
    check,
};

pub(crate) const COMMIT_SOFT: Contender = Contender {
    name: "SQLite, WAL",
    setup: "a transaction a row, journal_mode=WAL, synchronous=NORMAL",
    cost: COST,
    log: None,
    work: |file, rows| {
        let connection = create(file, WAL_NORMAL)?;
        // A soft commit of joedb ends without a sync, too.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        insert_each(&connection, rows)
    },
    check,
};

pub(crate) const COMMIT_ASYNC: Contender = Contender {
    name: "SQLite, WAL",
    setup: "a transaction a row, journal_mode=WAL, synchronous=NORMAL; durable at the end",
    cost: COST,
    log: None,
    work: |file, rows| insert_each(&create(file, WAL_NORMAL)?, rows),
    check,
};

/// A new database.
fn create(file: &Path, pragmas: &[(&str, &str)]) -> anyhow::Result<Connection> {
    let connection = Connection::open(file)?;
    for (name, value) in pragmas {
        connection.pragma_update(None, name, value)?;
    }
    Ok(connection)
}

fn insert_at_once(connection: &Connection, rows: u64) -> anyhow::Result<Option<Spread>> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(CREATE)?;
    insert(&mut transaction.prepare(INSERT)?, rows)?;
    transaction.commit()?;
    Ok(None)
}

/// Without BEGIN every statement is a transaction.
fn insert_each(connection: &Connection, rows: u64) -> anyhow::Result<Option<Spread>> {
    connection.execute_batch(CREATE)?;
    insert(&mut connection.prepare(INSERT)?, rows)?;
    Ok(None)
}

/// Binds and steps without rusqlite's conveniences, which cost time.
fn insert(statement: &mut Statement<'_>, rows: u64) -> rusqlite::Result<()> {
    for row in 0..rows.cast_signed() {
        statement.raw_bind_parameter(1, row)?;
        statement.raw_execute()?;
    }
    Ok(())
}

fn check(file: &Path, rows: u64) -> anyhow::Result<()> {
    let connection = Connection::open(file)?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let found: (i64, i64, i64) = connection.query_row(COUNT, [], row)?;
    let rows = rows.cast_signed();
    let expected = (rows, rows, rows * (rows - 1) / 2);
    ensure!(found == expected, "count, names and sum: {found:?} found, {expected:?} expected");
    Ok(())
}
