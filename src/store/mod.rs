//! The tables that a log leaves behind: an in-memory store, by column.
//!
//! A [`Store`] takes entries as a [`Sink`], or one by one, and holds names, types, the records in use and their
//! values. An entry that contradicts it is a [`Conflict`]: a record that does not exist, or exists already.
//!
//! ```
//! use joedb::replay::{Range, Tolerance, replay};
//! use joedb::store::{Column, Limits, Store};
//! use joedb::{Access, Journal, Value};
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clean.joedb").as_ref();
//!
//! let mut journal = Journal::open(path, Access::Window)?;
//! let mut store = Store::new(Limits::for_log(journal.size()));
//! let end = journal.checkpoints().current()?;
//! replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut store, &mut |_| {})?;
//!
//! // Row by row:
//! let city = store.table_named(b"city").expect("the fixture has cities");
//! let name = city.fields().next().expect("they have a name");
//! let names: Vec<_> = city.records().filter_map(|record| city.value(record, name.id())).collect();
//! assert_eq!(names, [Value::String("Lille".as_bytes()), Value::String("東京".as_bytes())]);
//!
//! // Or a whole column at once:
//! let person = store.table_named(b"person").expect("the fixture has persons");
//! for field in person.fields() {
//!     if let Some(Column::Int32(ages)) = field.column() {
//!         assert_eq!(ages, &[41, 38, 29]);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it takes
//!
//! Numbers take their own size, booleans a bit, references 8 bytes, blob positions 16, strings of up to 7 bytes 8 and
//! longer ones 8 and their length; a record takes a bit more. A field takes nothing up to its first update, and then
//! reaches to the highest record that was ever set. What strings leave behind in their arena is swept out once it is
//! more than half. Columns grow by reallocation, for which Linux moves their pages and copies nothing, so that ten
//! million rows of a four-byte string and an int64 take 16.3 bytes each at the peak of the process, all included.
//! [`Limits`] bounds what a hostile log can ask for.

mod ahead;
mod bits;
mod blobs;
mod column;
mod conflict;
mod limits;
mod loading;
mod numbering;
mod records;
mod rows;
mod slot;
mod strings;
mod table;

pub use bits::Bits;
pub use blobs::Blobs;
pub use column::Column;
pub use conflict::{Cell, Conflict, FieldName, TableName, Unloadable};
pub use limits::Limits;
pub use loading::{LoadError, Loading};
pub use numbering::Numbering;
pub use strings::Strings;
pub use table::{Field, Table};

use crate::decode::Context;
use crate::entry::{Entry, FieldId, Located, TableId};
use crate::schema::{self, Nonsense, Schema};
use crate::sink::{Run, Sink};
use crate::value::FieldType;
use conflict::Refusal;
use limits::Allowance;
use rows::{Rows, place};

/// The tables of a log, as they stand after some entry.
///
/// ```
/// use joedb::store::{Conflict, Limits, Store};
/// use joedb::{Entry, InsertForm, RecordId, TableId};
///
/// let mut store = Store::new(Limits::default());
/// let table = TableId(1);
/// store.apply(&Entry::CreateTable { name: b"price" })?;
/// store.apply(&Entry::InsertVector { table, first: RecordId(0), count: 3 })?;
/// store.apply(&Entry::Delete { table, record: RecordId(1) })?;
/// let records: Vec<_> = store.tables().flat_map(|table| table.records()).collect();
/// assert_eq!(records, [RecordId(0), RecordId(2)]);
///
/// let again = Entry::Insert { table, record: RecordId(2), form: InsertForm::InsertInto };
/// assert!(matches!(store.apply(&again), Err(Conflict::InsertedTwice { .. })));
/// # Ok::<(), Conflict>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    schema: Schema,
    /// By id, dropped ones gone.
    tables: Vec<Option<Rows>>,
    allowance: Allowance,
    /// What an entry before the played part of a log met with, until it can be said.
    skipped: Option<Box<Unloadable>>,
}

impl Default for Store {
    fn default() -> Store {
        Store::new(Limits::default())
    }
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(limits: Limits) -> Store {
        let allowance = Allowance::new(limits);
        Store { schema: Schema::new(), tables: Vec::new(), allowance, skipped: None }
    }

    /// The tables and fields.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The tables, in the order of their ids.
    pub fn tables(&self) -> impl Iterator<Item = Table<'_>> {
        self.schema.tables().filter_map(|(id, schema)| Some(Table { id, schema, rows: self.rows(id)? }))
    }

    /// The table with this id, if it exists.
    #[must_use]
    pub fn table(&self, id: TableId) -> Option<Table<'_>> {
        Some(Table { id, schema: self.schema.table(id)?, rows: self.rows(id)? })
    }

    /// The table with this name, if it exists.
    #[must_use]
    pub fn table_named(&self, name: &[u8]) -> Option<Table<'_>> {
        self.table(self.schema.table_named(name)?)
    }

    /// The memory that all rows take, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.tables.iter().flatten().map(Rows::memory).fold(0, usize::saturating_add)
    }

    fn rows(&self, id: TableId) -> Option<&Rows> {
        self.tables.get(place(id.0)?)?.as_ref()
    }

    #[inline]
    fn rows_mut(&mut self, id: TableId) -> Result<(&mut Rows, &mut Allowance), Refusal> {
        let rows = place(id.0).and_then(|place| self.tables.get_mut(place));
        Ok((rows.and_then(Option::as_mut).ok_or(Refusal::Nonsense)?, &mut self.allowance))
    }

    /// Takes an entry in. What is not about tables changes nothing, nor does an update of no values.
    ///
    /// A field of a type that does not exist, or that refers to a table that does not exist, is taken as the reference
    /// takes it; [`Sense`](crate::sense::Sense) refuses it.
    ///
    /// # Errors
    /// [`Conflict`], and nothing was changed.
    // Where the kind of entry and the type of its value are known, only their own arms are left of it: a third less time
    // for an update.
    #[inline(always)]
    pub fn apply(&mut self, entry: &Entry<'_>) -> Result<(), Conflict> {
        self.take(entry).map_err(|refusal| self.conflict(entry, refusal))
    }

    #[inline(always)]
    fn take(&mut self, entry: &Entry<'_>) -> Result<(), Refusal> {
        match *entry {
            Entry::Update { table, record, field, ref value, .. } => {
                let (rows, allowance) = self.rows_mut(table)?;
                rows.update(record, field, value, allowance)
            }
            Entry::Insert { table, record, .. } => {
                let (rows, allowance) = self.rows_mut(table)?;
                rows.records.insert(record, allowance)
            }
            Entry::UpdateVector { ref values, .. } if values.is_empty() => Ok(()),
            Entry::UpdateVector { table, first, field, ref values } => {
                let (rows, allowance) = self.rows_mut(table)?;
                rows.update_vector(first, field, values, allowance)
            }
            Entry::InsertVector { table, first, count } => {
                let (rows, allowance) = self.rows_mut(table)?;
                rows.records.insert_vector(first, count, allowance)
            }
            Entry::Delete { table, record } => self.rows_mut(table)?.0.records.delete(record),
            Entry::DeleteVector { table, first, count } => {
                self.rows_mut(table)?.0.records.delete_vector(first, count)
            }
            _ if entry.is_schema() => self.take_schema(entry),
            _ => Ok(()),
        }
    }

    fn take_schema(&mut self, entry: &Entry<'_>) -> Result<(), Refusal> {
        if let Err(nonsense) = self.schema.check(entry)
            && !is_taken(entry, &nonsense)
        {
            return Err(Refusal::Nonsense);
        }
        match *entry {
            Entry::CreateTable { .. } => self.tables.push(Some(Rows::default())),
            Entry::DropTable { table } => {
                let slot = place(table.0).and_then(|place| self.tables.get_mut(place));
                *slot.ok_or(Refusal::Nonsense)? = None;
            }
            Entry::AddField { table, field_type, .. } => {
                let column = field_type.value_type().map(Column::new);
                self.rows_mut(table)?.0.columns.push(column);
            }
            Entry::DropField { table, field } => {
                let columns = &mut self.rows_mut(table)?.0.columns;
                let slot = place(field.0).and_then(|place| columns.get_mut(place));
                *slot.ok_or(Refusal::Nonsense)? = None;
            }
            _ => {}
        }
        self.schema.apply(entry);
        Ok(())
    }

    /// What stood against an entry, in full.
    #[cold]
    fn conflict(&self, entry: &Entry<'_>, refusal: Refusal) -> Conflict {
        if let Err(nonsense) = self.schema.check(entry) {
            return nonsense.into();
        }
        let (id, field) = subject(entry);
        let table = self.table_name(id);
        match (refusal, field) {
            (Refusal::InUse(record), _) => Conflict::InsertedTwice { table, record },
            (Refusal::TooMany { asked }, _) => {
                Conflict::TooManyRows { table, found: asked, limit: self.allowance.limit() }
            }
            (Refusal::NoMemory, _) => Conflict::NoMemory { table },
            (Refusal::NotInUse(record), Some(field)) => {
                Conflict::NothingToUpdate { table, field: self.field_name(id, field), record }
            }
            (Refusal::NotInUse(record), None) => Conflict::NothingToDelete { table, record },
            // What is left is a field whose type has no values.
            (Refusal::Nonsense, field) => Nonsense::NoType { found: self.type_id(id, field) }.into(),
        }
    }

    fn type_id(&self, table: TableId, field: Option<FieldId>) -> u8 {
        let field = field.and_then(|field| self.schema.field(table, field));
        match field.map(schema::Field::field_type) {
            Some(FieldType::Unknown(id)) => id,
            _ => 0,
        }
    }

    fn table_name(&self, id: TableId) -> TableName {
        TableName { id, name: self.schema.table(id).map_or_else(Box::default, |table| table.name().into()) }
    }

    fn field_name(&self, table: TableId, id: FieldId) -> FieldName {
        let field = self.schema.field(table, id);
        FieldName { id, name: field.map_or_else(Box::default, |field| field.name().into()) }
    }

    /// The error of an entry that was skipped.
    #[inline]
    fn settle(&mut self) -> Result<(), Unloadable> {
        self.skipped.take().map_or(Ok(()), |unloadable| Err(*unloadable))
    }

    /// As [`Store::apply`], with the position in the error.
    #[inline]
    fn apply_located(&mut self, located: &Located<'_>) -> Result<(), Unloadable> {
        self.apply(&located.entry).map_err(|conflict| Unloadable {
            position: located.position,
            kind: located.entry.kind(),
            conflict,
        })
    }
}

/// The table, and the field, that an entry is about.
fn subject(entry: &Entry<'_>) -> (TableId, Option<FieldId>) {
    match *entry {
        Entry::Update { table, field, .. } | Entry::UpdateVector { table, field, .. } => (table, Some(field)),
        Entry::Insert { table, .. }
        | Entry::InsertVector { table, .. }
        | Entry::Delete { table, .. }
        | Entry::DeleteVector { table, .. } => (table, None),
        _ => (TableId(0), None),
    }
}

/// Whether a new field is taken although it makes no sense: it has no values, or refers to a table that is not there.
fn is_taken(entry: &Entry<'_>, nonsense: &Nonsense) -> bool {
    match (entry, nonsense) {
        (Entry::AddField { .. }, Nonsense::NoType { .. }) => true,
        (Entry::AddField { table, .. }, Nonsense::NoTable { found, .. }) => found != table,
        _ => false,
    }
}

/// Plays a log from its beginning; what precedes the range that is played is taken in too.
impl Sink for Store {
    type Error = Unloadable;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), Unloadable> {
        Ok(())
    }

    fn skip(&mut self, located: &Located<'_>, _: &Schema) {
        if self.skipped.is_none() {
            self.skipped = self.apply_located(located).err().map(Box::new);
        }
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>, _: &Schema) -> Result<(), Unloadable> {
        self.settle()?;
        self.apply_located(located)
    }

    fn run(&mut self, bytes: &[u8], _: u64, context: &mut Context, _: &Schema) -> Result<Run, Unloadable> {
        self.settle()?;
        Ok(self.take_ahead(bytes, context))
    }

    fn end(&mut self, _: u64, _: bool) -> Result<(), Unloadable> {
        self.settle()
    }
}
