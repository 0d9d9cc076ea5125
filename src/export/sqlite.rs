//! A SQLite database: a table a table, made in one transaction.
//!
//! | joedb | SQLite |
//! |---|---|
//! | the id of a record | `__id`, the primary key |
//! | int8, int16, int32, int64 | INTEGER |
//! | boolean | INTEGER, 1 or 0 |
//! | float32, float64 | REAL, with the same bits once a float32 is narrowed. SQLite has no NaN: it is TEXT, spelled as in commands (`nan`, `-nan`, `nan(0x7fc00001)`); and it keeps no sign of a zero |
//! | string | TEXT; one that is no UTF-8, or holds a NUL, is a BLOB of the same bytes |
//! | references | INTEGER, null where it is null, and a foreign key. If a value refers to a record that does not exist, or the table does not exist or is not exported, all values stay and the column is no foreign key, so that `PRAGMA foreign_key_check` finds nothing |
//! | blob | BLOB with the data; null where it was never set, or is not in this log |
//!
//! Names that SQLite cannot hold or tell apart get the table's or field's id and two underscores before them. At most 1999
//! fields a table and 1,000,000,000 bytes a value.

use super::blob_data::{Data, check_length, find, unreadable};
use super::error::ExportError;
use super::pace::Pace;
use super::state::{Selection, text};
use super::summary::{Exported, ExportedTable, Remarks};
use crate::entry::{RecordId, TableId};
use crate::recovery::temporary::{io_error, sync_directory};
use crate::recovery::{Supervisor, Temporary};
use crate::sink::BlobReader;
use crate::sink::sql::column_type;
use crate::sink::sql_names::{Scope, is_reserved_field, is_reserved_table};
use crate::storage::{Existing, File, FileDirectory, ReadAt as _, Storage as _};
use crate::store::{Field, Table};
use crate::text::{Output, float};
use crate::value::{FieldType, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, MAIN_DB, OpenFlags, Statement};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// What it holds.
    pub exported: Exported,
    /// Its size in bytes.
    pub bytes: u64,
    /// Attributes that it should have, and does not.
    pub warnings: Vec<String>,
}

/// The most columns that SQLite allows, unless it is compiled otherwise.
const COLUMNS: usize = 2000;

/// Blobs above this size are written piece by piece.
const LARGE: u64 = 1024 * 1024;

/// Makes a database of tables. It is made under a temporary name beside `output`, synced, opened again and its rows counted,
/// and then renamed; with the owner, the mode and the extended attributes of `attributes_of`, or readable by its owner alone.
///
/// # Errors
/// [`ExportError`]; nothing is left behind then.
pub fn write(
    selection: &Selection<'_>,
    output: &Path,
    existing: Existing,
    attributes_of: Option<&File>,
    supervisor: &mut dyn Supervisor,
) -> Result<Database, ExportError> {
    let mut temporary = Temporary::beside(&FileDirectory, output)?;
    let exported = Author::new(selection, temporary.path(), supervisor)?.write()?;
    let file = &mut temporary.file;
    let warnings = attributes_of.map_or_else(Vec::new, |source| file.copy_attributes(source));
    file.sync().map_err(io_error(output, "syncing"))?;
    let bytes = file.size().map_err(io_error(output, "asking for the size"))?;
    file.drop_cache();
    count_again(temporary.path(), output, &exported)?;
    temporary.rename(output, existing)?;
    // From here on the output is there, even if the directory cannot be synced.
    sync_directory(&FileDirectory, output)?;
    Ok(Database { exported, bytes, warnings })
}

/// Opens a database without locks among threads: it has one.
fn open(path: &Path, flags: OpenFlags) -> Result<Connection, ExportError> {
    Ok(Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

/// The rows of every table, as they come back from the disk.
fn count_again(path: &Path, output: &Path, exported: &Exported) -> Result<(), ExportError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    for table in &exported.tables {
        let name = table.renamed.as_deref().unwrap_or(&table.name);
        let count = format!("SELECT count(*) FROM \"{name}\"");
        let found: i64 = connection.query_row(&count, [], |row| row.get(0))?;
        if u64::try_from(found).ok() != Some(table.rows) {
            let error = io::Error::other(format!("{found} rows of {name} found, {} expected", table.rows));
            return Err(io_error(output, "reading back")(error).into());
        }
    }
    Ok(())
}

/// A table on its way, with the names that it has in SQLite.
struct Draft<'s> {
    table: Table<'s>,
    name: String,
    columns: Vec<Column<'s>>,
}

/// A field of it.
struct Column<'s> {
    field: Field<'s>,
    name: String,
    /// The table that it can be a foreign key of.
    target: Option<TableId>,
}

struct Author<'a, 's> {
    selection: &'a Selection<'s>,
    connection: Connection,
    pace: Pace<'a>,
}

impl<'a, 's> Author<'a, 's> {
    fn new(
        selection: &'a Selection<'s>,
        path: &Path,
        supervisor: &'a mut dyn Supervisor,
    ) -> Result<Author<'a, 's>, ExportError> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // The file has its name only once it is whole and synced, so that SQLite need not be able to roll back.
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
             PRAGMA foreign_keys = OFF; BEGIN",
        )?;
        Ok(Author { selection, connection, pace: Pace::new(supervisor, selection.rows()) })
    }

    fn write(mut self) -> Result<Exported, ExportError> {
        let mut exported = Exported::default();
        let drafts = drafts(self.selection)?;
        let names: HashMap<TableId, &str> =
            drafts.iter().map(|draft| (draft.table.id(), &*draft.name)).collect();
        for draft in &drafts {
            self.connection.execute_batch(&declaration(draft, &names))?;
        }
        for draft in &drafts {
            exported.tables.push(self.fill(draft)?);
        }
        self.connection.execute_batch("COMMIT")?;
        self.connection.close().map_err(|(_, error)| error)?;
        Ok(exported)
    }

    fn fill(&mut self, draft: &Draft<'s>) -> Result<ExportedTable, ExportError> {
        let mut statement = self.connection.prepare(&insertion(draft))?;
        let blobs = self.selection.blobs();
        let mut row =
            Row { draft, blobs, text: Output::memory(), data: Vec::new(), remarks: Remarks::default() };
        for record in draft.table.records() {
            statement.raw_bind_parameter(1, record.0)?;
            let mut large = Vec::new();
            for (parameter, column) in (2_usize..).zip(&draft.columns) {
                if let Some(found) = row.bind(&mut statement, parameter, column, record)? {
                    large.push((column, found));
                }
            }
            statement.raw_execute()?;
            for (column, (position, size)) in large {
                fill_blob(&self.connection, draft, column, record, (blobs, position, size))?;
            }
            self.pace.row()?;
        }
        let (name, rows) = (text(draft.table.name()), draft.table.len());
        let renamed = (draft.name != name).then(|| draft.name.clone());
        let mut remarks = row.remarks;
        remarks.dangling_references = dangling(self.selection, &draft.table);
        Ok(ExportedTable { name, renamed, rows, files: Vec::new(), remarks })
    }
}

fn drafts<'s>(selection: &Selection<'s>) -> Result<Vec<Draft<'s>>, ExportError> {
    let mut tables = Scope::default();
    let named = |table: &Table<'s>| {
        let name = text(&tables.add(table.id(), table.id().0, table.name(), is_reserved_table));
        let mut fields = Scope::default();
        let columns = table.fields().map(|field| {
            let name = text(&fields.add(field.id(), field.id().0, field.name(), is_reserved_field));
            Column { field, name, target: foreign_key(selection, table, &field) }
        });
        Draft { table: *table, name, columns: columns.collect() }
    };
    let drafts: Vec<Draft<'s>> = selection.tables().iter().map(named).collect();
    let too_wide = drafts.iter().find(|draft| draft.columns.len() >= COLUMNS);
    too_wide.map_or(Ok(()), |draft| {
        let (table, found) = (text(draft.table.name()), draft.columns.len());
        Err(ExportError::TooManyFields { table, found, limit: COLUMNS.saturating_sub(1) })
    })?;
    Ok(drafts)
}

/// The table of which a field is a foreign key: one that is exported, and has every record that is referred to.
fn foreign_key(selection: &Selection<'_>, table: &Table<'_>, field: &Field<'_>) -> Option<TableId> {
    let FieldType::References(target) = field.field_type() else { return None };
    let is_whole = selection.contains(target) && dangling_in(selection, table, field) == 0;
    is_whole.then_some(target)
}

/// How many references of a table are to records that do not exist.
fn dangling(selection: &Selection<'_>, table: &Table<'_>) -> u64 {
    table.fields().map(|field| dangling_in(selection, table, &field)).fold(0, u64::saturating_add)
}

fn dangling_in(selection: &Selection<'_>, table: &Table<'_>, field: &Field<'_>) -> u64 {
    let FieldType::References(target) = field.field_type() else { return 0 };
    let target = selection.store().table(target);
    let is_dangling = |record: &RecordId| match field.value(*record) {
        Some(Value::Reference(to)) => !to.is_null() && !target.is_some_and(|target| target.contains(to)),
        _ => false,
    };
    table.records().filter(is_dangling).count() as u64
}

/// The names of a draft are letters, digits and underscores, so that quotes around them are enough.
fn declaration(draft: &Draft<'_>, names: &HashMap<TableId, &str>) -> String {
    let mut sql = format!("CREATE TABLE \"{}\"(\"__id\" INTEGER PRIMARY KEY", draft.name);
    for Column { field, name, target } in &draft.columns {
        let declared = field.field_type().value_type().map_or("", column_type);
        // Collecting into a string does not fail.
        let _ = write!(sql, ", \"{name}\" {declared}");
        if let Some(target) = target.and_then(|target| names.get(&target)) {
            let _ = write!(sql, " REFERENCES \"{target}\"(\"__id\")");
        }
    }
    sql.push(')');
    sql
}

fn insertion(draft: &Draft<'_>) -> String {
    format!("INSERT INTO \"{}\" VALUES(?{})", draft.name, ",?".repeat(draft.columns.len()))
}

/// What the values of a row need on their way.
struct Row<'a, 's> {
    draft: &'a Draft<'s>,
    blobs: &'a BlobReader,
    text: Output<'static>,
    data: Vec<u8>,
    remarks: Remarks,
}

impl Row<'_, '_> {
    /// Binds a value. Returns where the data of a large blob is, of which only the room is bound.
    #[inline]
    fn bind(
        &mut self,
        statement: &mut Statement<'_>,
        parameter: usize,
        column: &Column<'_>,
        record: RecordId,
    ) -> Result<Option<(u64, u64)>, ExportError> {
        let value = match column.field.value(record) {
            None => ValueRef::Null,
            Some(Value::String(string)) => {
                check_length(&self.draft.table, &column.field, record, string.len() as u64)?;
                self.string(string)
            }
            Some(Value::Int8(number)) => ValueRef::Integer(number.into()),
            Some(Value::Int16(number)) => ValueRef::Integer(number.into()),
            Some(Value::Int32(number)) => ValueRef::Integer(number.into()),
            Some(Value::Int64(number)) => ValueRef::Integer(number),
            Some(Value::Boolean(truth)) => ValueRef::Integer(truth.into()),
            Some(Value::Reference(record)) if record.is_null() => ValueRef::Null,
            Some(Value::Reference(record)) => ValueRef::Integer(record.0),
            Some(Value::Float32(number)) => self.real(number),
            Some(Value::Float64(number)) => self.real(number),
            Some(Value::Blob(blob)) => match find(self.blobs, blob) {
                Data::None => ValueRef::Null,
                Data::Elsewhere => {
                    self.remarks.blobs_elsewhere = self.remarks.blobs_elsewhere.saturating_add(1);
                    ValueRef::Null
                }
                Data::Here(position, size) => {
                    check_length(&self.draft.table, &column.field, record, size)?;
                    if size > LARGE {
                        statement.raw_bind_parameter(parameter, ToSqlOutput::ZeroBlob(size))?;
                        return Ok(Some((position, size)));
                    }
                    self.data.clear();
                    let data = &mut self.data;
                    let read = self.blobs.pieces(position, size, &mut |piece| data.extend_from_slice(piece));
                    read.map_err(|error| unreadable(&self.draft.table, &column.field, record, error))?;
                    ValueRef::Blob(&self.data)
                }
            },
        };
        statement.raw_bind_parameter(parameter, ToSqlOutput::Borrowed(value))?;
        Ok(None)
    }

    fn string<'v>(&mut self, string: &'v [u8]) -> ValueRef<'v> {
        if std::str::from_utf8(string).is_ok() && memchr::memchr(0, string).is_none() {
            return ValueRef::Text(string);
        }
        self.remarks.strings_not_utf8 = self.remarks.strings_not_utf8.saturating_add(1);
        ValueRef::Blob(string)
    }

    fn real<F: float::Float>(&mut self, number: F) -> ValueRef<'_> {
        let double = number.double();
        if double.is_nan() {
            self.remarks.not_numbers = self.remarks.not_numbers.saturating_add(1);
            self.text.clear();
            float::lossless(&mut self.text, number);
            return ValueRef::Text(self.text.as_bytes());
        }
        if double == 0.0 && double.is_sign_negative() {
            self.remarks.negative_zeros = self.remarks.negative_zeros.saturating_add(1);
        }
        ValueRef::Real(double)
    }
}

/// Puts the data of a large blob into the room that was made for it.
fn fill_blob(
    connection: &Connection,
    draft: &Draft<'_>,
    column: &Column<'_>,
    record: RecordId,
    (blobs, position, size): (&BlobReader, u64, u64),
) -> Result<(), ExportError> {
    let (table, field) = (draft.name.as_str(), column.name.as_str());
    let mut blob = connection.blob_open(MAIN_DB, table, field, record.0, false)?;
    let mut written = Ok(());
    let read = blobs.pieces(position, size, &mut |piece| {
        if written.is_ok() {
            written = blob.write_all(piece);
        }
    });
    read.map_err(|error| unreadable(&draft.table, &column.field, record, error))?;
    written?;
    Ok(blob.close()?)
}
