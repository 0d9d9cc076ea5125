//! joedb: the journal alone, and the journal with the tables that a joedb program keeps in memory.

use crate::contender::{Check, Contender, Cost, Work};
use crate::delays::Requests;
use crate::statistics::Spread;
use anyhow::ensure;
use joedb::journal::{Access, Journal};
use joedb::store::{Limits, Store};
use joedb::writer::{Options, Writer};
use joedb::{Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value, Vector};
use std::path::Path;
use std::time::Instant;

const TABLE: TableId = TableId(1);
const NAME: FieldId = FieldId(1);
const VALUE: FieldId = FieldId(2);
const TEXT: &[u8] = b"TOTO";

const SCHEMA: [Entry<'static>; 3] = [
    Entry::CreateTable { name: b"benchmark" },
    Entry::AddField { table: TABLE, name: b"name", field_type: FieldType::Plain(Type::String) },
    Entry::AddField { table: TABLE, name: b"value", field_type: FieldType::Plain(Type::Int64) },
];

/// So many values go into one `update_vector`: more would only take memory, here and in the writer.
const VECTOR_LENGTH: usize = 65_536;

/// In a log each row is `append`, `update_last` of a string and `update_last` of a number: 18 bytes.
const DISK: u64 = 18;

/// What the tables take of a row: 16 bytes and a bit, and the columns grow by doubling.
const TABLES: u64 = 24;

/// What a request for a hard checkpoint takes until it is done.
const REQUESTS: u64 = 64;

const fn alone(work: Work, check: Check, memory: u64) -> Contender {
    let setup = "writes the file and keeps nothing in memory; no joedb program does that";
    let cost = Cost { disk: DISK, memory };
    Contender { name: "journal alone", setup, cost, log: None, work, check }
}

const fn with_tables(work: Work, check: Check, memory: u64) -> Contender {
    let setup = "writes the file and keeps all rows in memory, as a joedb program does";
    let cost = Cost { disk: DISK, memory };
    Contender { name: "joedb with tables", setup, cost, log: None, work, check }
}

pub(crate) const BULK_ALONE: Contender = alone(bulk::<Nothing>, check_hard, 0);
pub(crate) const BULK: Contender = with_tables(bulk::<Store>, check_hard, TABLES);

pub(crate) const VECTOR_ALONE: Contender = alone(vector::<Nothing>, check_hard, 0);
pub(crate) const VECTOR: Contender = with_tables(vector::<Store>, check_hard, TABLES);

pub(crate) const COMMIT_HARD_ALONE: Contender = alone(commit_hard::<Nothing>, check_hard, 0);
pub(crate) const COMMIT_HARD: Contender = with_tables(commit_hard::<Store>, check_hard, TABLES);

pub(crate) const COMMIT_SOFT_ALONE: Contender = alone(commit_soft::<Nothing>, check_soft, 0);
pub(crate) const COMMIT_SOFT: Contender = with_tables(commit_soft::<Store>, check_soft, TABLES);

pub(crate) const COMMIT_ASYNC_ALONE: Contender = alone(commit_async::<Nothing>, check_hard, REQUESTS);
pub(crate) const COMMIT_ASYNC: Contender = with_tables(commit_async::<Store>, check_hard, REQUESTS + TABLES);

/// What a program keeps of the entries that it writes.
trait Tables {
    fn empty() -> Self;
    fn apply(&mut self, entry: &Entry<'_>) -> anyhow::Result<()>;
}

/// Nothing: the journal alone.
struct Nothing;

impl Tables for Nothing {
    fn empty() -> Nothing {
        Nothing
    }

    #[inline(always)]
    fn apply(&mut self, _: &Entry<'_>) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Tables for Store {
    fn empty() -> Store {
        Store::new(Limits::NONE)
    }

    #[inline(always)]
    fn apply(&mut self, entry: &Entry<'_>) -> anyhow::Result<()> {
        Ok(Store::apply(self, entry)?)
    }
}

/// A file that is written, and what is kept of it.
struct Database<T> {
    writer: Writer,
    tables: T,
}

impl<T: Tables> Database<T> {
    fn create(file: &Path) -> anyhow::Result<Database<T>> {
        let writer = Writer::create(file, &Options::default())?;
        let mut database = Database { writer, tables: T::empty() };
        SCHEMA.iter().try_for_each(|entry| database.write(entry))?;
        Ok(database)
    }

    #[inline(always)]
    fn write(&mut self, entry: &Entry<'_>) -> anyhow::Result<()> {
        self.tables.apply(entry)?;
        self.writer.write(entry)?;
        Ok(())
    }

    #[inline(always)]
    fn insert(&mut self, row: i64) -> anyhow::Result<()> {
        let (table, record) = (TABLE, RecordId(row));
        self.write(&Entry::Insert { table, record, form: InsertForm::Append })?;
        self.update(record, NAME, Value::String(TEXT))?;
        self.update(record, VALUE, Value::Int64(row))
    }

    #[inline(always)]
    fn update(&mut self, record: RecordId, field: FieldId, value: Value<'_>) -> anyhow::Result<()> {
        self.write(&Entry::Update { table: TABLE, record, field, value, form: UpdateForm::Last })
    }

    /// Sets a field of all rows, in vectors.
    fn update_vectors(
        &mut self,
        field: FieldId,
        rows: i64,
        value: impl Fn(i64) -> Value<'static>,
    ) -> anyhow::Result<()> {
        let mut vector = Vector::new(value(0).value_type());
        for first in (0..rows).step_by(VECTOR_LENGTH) {
            let end = rows.min(first + VECTOR_LENGTH as i64);
            vector.clear();
            (first..end).try_for_each(|row| vector.push(&value(row)))?;
            let (first, values) = (RecordId(first), vector.values());
            self.write(&Entry::UpdateVector { table: TABLE, first, field, values })?;
        }
        Ok(())
    }
}

fn bulk<T: Tables>(file: &Path, rows: u64) -> anyhow::Result<Option<Spread>> {
    let mut database = Database::<T>::create(file)?;
    (0..rows.cast_signed()).try_for_each(|row| database.insert(row))?;
    database.writer.hard_checkpoint()?;
    Ok(None)
}

fn vector<T: Tables>(file: &Path, rows: u64) -> anyhow::Result<Option<Spread>> {
    let mut database = Database::<T>::create(file)?;
    database.write(&Entry::InsertVector { table: TABLE, first: RecordId(0), count: rows })?;
    database.update_vectors(NAME, rows.cast_signed(), |_| Value::String(TEXT))?;
    database.update_vectors(VALUE, rows.cast_signed(), Value::Int64)?;
    database.writer.hard_checkpoint()?;
    Ok(None)
}

fn commit_hard<T: Tables>(file: &Path, rows: u64) -> anyhow::Result<Option<Spread>> {
    let mut database = Database::<T>::create(file)?;
    for row in 0..rows.cast_signed() {
        database.insert(row)?;
        database.writer.hard_checkpoint()?;
    }
    Ok(None)
}

fn commit_soft<T: Tables>(file: &Path, rows: u64) -> anyhow::Result<Option<Spread>> {
    let mut database = Database::<T>::create(file)?;
    for row in 0..rows.cast_signed() {
        database.insert(row)?;
        database.writer.soft_checkpoint()?;
    }
    Ok(None)
}

fn commit_async<T: Tables>(file: &Path, rows: u64) -> anyhow::Result<Option<Spread>> {
    let mut database = Database::<T>::create(file)?;
    let mut requests = Requests::default();
    for row in 0..rows.cast_signed() {
        database.insert(row)?;
        let asked = Instant::now();
        requests.add(asked, database.writer.hard_checkpoint_async()?);
        requests.settle()?;
    }
    Ok(Some(requests.wait()?))
}

fn check_hard(file: &Path, rows: u64) -> anyhow::Result<()> {
    let journal = Journal::open(file, Access::Window)?;
    let end = journal.checkpoints().hard.position;
    check(journal, end, rows)
}

fn check_soft(file: &Path, rows: u64) -> anyhow::Result<()> {
    let journal = Journal::open(file, Access::Window)?;
    let end = journal.checkpoints().current()?;
    check(journal, end, rows)
}

/// Reads the log up to a checkpoint, which has to be its end, and counts.
fn check(mut journal: Journal, end: u64, rows: u64) -> anyhow::Result<()> {
    ensure!(end == journal.size(), "a checkpoint at {end} found, at {} expected", journal.size());
    let mut found = Found::default();
    let mut entries = journal.entries(end);
    while let Some(located) = entries.next()? {
        found.count(&located.entry);
    }
    let sum = i128::from(rows) * (i128::from(rows) - 1) / 2;
    let expected = Found { rows, names: rows, values: rows, sum };
    ensure!(found == expected, "{found:?} found, {expected:?} expected");
    Ok(())
}

/// What stands in a log.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    rows: u64,
    names: u64,
    values: u64,
    sum: i128,
}

impl Found {
    fn count(&mut self, entry: &Entry<'_>) {
        match entry {
            Entry::Insert { .. } => self.rows += 1,
            Entry::InsertVector { count, .. } => self.rows += count,
            Entry::Update { value, .. } => self.count_value(value),
            Entry::UpdateVector { values, .. } => values.iter().for_each(|value| self.count_value(&value)),
            _ => {}
        }
    }

    fn count_value(&mut self, value: &Value<'_>) {
        match value {
            Value::String(text) => self.names += u64::from(*text == TEXT),
            Value::Int64(number) => {
                self.values += 1;
                self.sum += i128::from(*number);
            }
            _ => {}
        }
    }
}
