//! The tables and fields of a log, by id, through renames and drops.

use crate::entry::{Entry, FieldId, RecordId, TableId};
use crate::text::quoted;
use crate::value::{FieldType, Type};
use std::collections::HashMap;

/// An entry that decodes and still cannot come from a healthy writer (FORMAT.md, end of section 5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    /// No table has this id, or it was dropped.
    #[error("table {} found, {expected} expected", found.0)]
    NoTable {
        /// The id in the entry.
        found: TableId,
        /// What would have made sense.
        expected: Expected,
    },
    /// The table has no field with this id, or it was dropped.
    #[error("field {} of table {} found, {expected} expected", found.0, table.0)]
    NoField {
        /// The table.
        table: TableId,
        /// The id in the entry.
        found: FieldId,
        /// What would have made sense.
        expected: Expected,
    },
    /// A name that is in use.
    #[error("name {} found, one that is not in use expected", quoted(found))]
    NameInUse {
        /// The name.
        found: Vec<u8>,
    },
    /// A name that is no identifier.
    #[error(
        "name {} found, letters, digits and single underscores, not a digit first, expected",
        quoted(found)
    )]
    NoIdentifier {
        /// The name.
        found: Vec<u8>,
    },
    /// A field of a type that does not exist.
    #[error("type {found} found, 1 to 10 expected")]
    NoType {
        /// The id of the type.
        found: u8,
    },
    /// A value of another type than its field.
    #[error("a value of type {} found, {} expected for field {} of table {}", found.name(), expected.name(), field.0, table.0)]
    OtherType {
        /// The table.
        table: TableId,
        /// The field.
        field: FieldId,
        /// The type of the value.
        found: Type,
        /// The type of the field.
        expected: Type,
    },
    /// Null where a record is needed.
    #[error("the null record found, a record expected")]
    NullRecord,
    /// A vector of records that leaves the range of record ids.
    #[error("{count} records from {} found, ids below 2^61 expected", first.0)]
    TooManyRecords {
        /// The first record.
        first: RecordId,
        /// How many.
        count: u64,
    },
    /// Version 4's end-of-file mark before the end.
    #[error(
        "an end-of-file mark found, an entry expected: the mark is legal only as the last byte before a checkpoint"
    )]
    MisplacedEnd,
    /// An entry behind version 4's end-of-file mark.
    #[error("an entry behind the end-of-file mark found, the end of the log expected")]
    BehindEnd,
    /// More tables or fields than ids.
    #[error("no id is left: at most 65535 tables, and fields of a table, expected")]
    NoIdLeft,
}

/// The ids that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// None at all.
    Nothing,
    /// 1 to this one, without those dropped.
    UpTo(u16),
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Expected::Nothing => f.write_str("none yet"),
            Expected::UpTo(1) => f.write_str("1 (unless dropped)"),
            Expected::UpTo(last) => write!(f, "1 to {last} (but those dropped)"),
        }
    }
}

fn expected(count: usize) -> Expected {
    match u16::try_from(count) {
        Ok(0) => Expected::Nothing,
        Ok(last) => Expected::UpTo(last),
        Err(_) => Expected::UpTo(u16::MAX),
    }
}

/// A field that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: Box<[u8]>,
    field_type: FieldType,
}

impl Field {
    /// The name; an identifier, unless the schema was told to take anything.
    #[must_use]
    pub const fn name(&self) -> &[u8] {
        &self.name
    }

    /// The type.
    #[must_use]
    pub const fn field_type(&self) -> FieldType {
        self.field_type
    }
}

/// What the place of no field takes, in [`Schema::takes`]: every table takes records.
pub(crate) const RECORDS: u8 = u8::MAX;

/// What a field takes, in [`Schema::takes`], that does not exist or can have no value.
const NOTHING: u8 = 0;

/// A table that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    name: Box<[u8]>,
    fields: Vec<Option<Field>>,
    names: HashMap<Box<[u8]>, FieldId>,
    takes: Vec<u8>,
}

impl Table {
    /// The name; an identifier, unless the schema was told to take anything.
    #[must_use]
    pub const fn name(&self) -> &[u8] {
        &self.name
    }

    /// The field with this id, if it exists.
    #[inline]
    #[must_use]
    pub fn field(&self, id: FieldId) -> Option<&Field> {
        self.fields.get(index(id.0)?)?.as_ref()
    }

    /// The field with this name.
    #[must_use]
    pub fn field_named(&self, name: &[u8]) -> Option<FieldId> {
        self.names.get(name).copied()
    }

    /// The fields that exist, in the order of their ids.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        numbered(&self.fields).map(|(id, field)| (FieldId(id), field))
    }
}

/// The tables of a log as they stand after some entry.
///
/// [`Schema::check`] says whether an entry makes sense, [`Schema::apply`] takes it in. Ids are never reused, so
/// a dropped table or field leaves a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    tables: Vec<Option<Table>>,
    names: HashMap<Box<[u8]>, TableId>,
}

/// Ids count from 1.
#[inline]
fn index(id: u16) -> Option<usize> {
    usize::from(id).checked_sub(1)
}

fn numbered<T>(slots: &[Option<T>]) -> impl Iterator<Item = (u16, &T)> {
    (1..=u16::MAX).zip(slots).filter_map(|(id, slot)| Some((id, slot.as_ref()?)))
}

fn next_id(count: usize) -> Result<u16, Nonsense> {
    u16::try_from(count).ok().and_then(|count| count.checked_add(1)).ok_or(Nonsense::NoIdLeft)
}

/// Whether `name` consists of letters, digits and single underscores, and does not begin with a digit.
#[must_use]
pub fn is_identifier(name: &[u8]) -> bool {
    let Some(first) = name.first() else { return false };
    !first.is_ascii_digit()
        && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.windows(2).any(|pair| pair == b"__")
}

impl Schema {
    /// The schema of an empty log.
    #[must_use]
    pub fn new() -> Schema {
        Schema::default()
    }

    /// The table with this id, if it exists.
    #[inline]
    #[must_use]
    pub fn table(&self, id: TableId) -> Option<&Table> {
        self.tables.get(index(id.0)?)?.as_ref()
    }

    /// The field with this id, if it exists.
    #[inline]
    #[must_use]
    pub fn field(&self, table: TableId, field: FieldId) -> Option<&Field> {
        self.table(table)?.field(field)
    }

    /// What the fields of a table take, by their ids: the id of a type each. Field 0, which is none, takes [`RECORDS`].
    /// Empty where there is no such table.
    #[inline]
    pub(crate) fn takes(&self, table: TableId) -> &[u8] {
        self.table(table).map_or(&[], |table| &table.takes)
    }

    /// The tables that exist, in the order of their ids.
    pub fn tables(&self) -> impl Iterator<Item = (TableId, &Table)> {
        numbered(&self.tables).map(|(id, table)| (TableId(id), table))
    }

    /// The table with this name.
    #[must_use]
    pub fn table_named(&self, name: &[u8]) -> Option<TableId> {
        self.names.get(name).copied()
    }

    /// The id that the next table will have.
    #[must_use]
    pub fn next_table(&self) -> Option<TableId> {
        next_id(self.tables.len()).ok().map(TableId)
    }

    /// The id that the next field of `table` will have.
    #[must_use]
    pub fn next_field(&self, table: TableId) -> Option<FieldId> {
        next_id(self.table(table)?.fields.len()).ok().map(FieldId)
    }

    /// Whether `entry` makes sense here. Which records exist is not looked at.
    ///
    /// # Errors
    /// [`Nonsense`] where no healthy writer can have written it.
    // See `Sense::check`.
    #[inline(always)]
    pub fn check(&self, entry: &Entry<'_>) -> Result<(), Nonsense> {
        match *entry {
            Entry::Update { table, record, field, ref value, .. } => {
                self.check_value(table, field, value.value_type())?;
                check_records(record, 1)
            }
            Entry::Insert { table, record, .. } | Entry::Delete { table, record } => {
                self.existing(table)?;
                check_records(record, 1)
            }
            Entry::UpdateVector { table, first, field, ref values } => {
                self.check_value(table, field, values.value_type())?;
                check_records(first, values.count())
            }
            Entry::InsertVector { table, first, count } | Entry::DeleteVector { table, first, count } => {
                self.existing(table)?;
                check_records(first, count)
            }
            Entry::Blob { .. }
            | Entry::Comment { .. }
            | Entry::Timestamp { .. }
            | Entry::ValidData
            | Entry::EndOfFile
            | Entry::Custom { .. } => Ok(()),
            _ => self.check_schema_entry(entry),
        }
    }

    fn check_schema_entry(&self, entry: &Entry<'_>) -> Result<(), Nonsense> {
        match *entry {
            Entry::CreateTable { name } => {
                next_id(self.tables.len())?;
                self.check_table_name(name)
            }
            Entry::DropTable { table } => self.existing(table).map(drop),
            Entry::RenameTable { table, name } => {
                self.existing(table)?;
                self.check_table_name(name)
            }
            Entry::AddField { table, name, field_type } => {
                let existing = self.existing(table)?;
                next_id(existing.fields.len())?;
                check_new_name(name, existing.names.contains_key(name))?;
                self.check_field_type(field_type)
            }
            Entry::DropField { table, field } => self.existing_field(table, field).map(drop),
            Entry::RenameField { table, field, name } => {
                self.existing_field(table, field)?;
                check_new_name(name, self.existing(table)?.names.contains_key(name))
            }
            _ => Ok(()),
        }
    }

    fn check_table_name(&self, name: &[u8]) -> Result<(), Nonsense> {
        check_new_name(name, self.names.contains_key(name))
    }

    fn check_field_type(&self, field_type: FieldType) -> Result<(), Nonsense> {
        match field_type {
            FieldType::Plain(_) => Ok(()),
            FieldType::References(table) => self.existing(table).map(drop),
            FieldType::Null => Err(Nonsense::NoType { found: 0 }),
            FieldType::Unknown(found) => Err(Nonsense::NoType { found }),
        }
    }

    #[inline(always)]
    fn check_value(&self, table: TableId, field: FieldId, found: Type) -> Result<(), Nonsense> {
        if self.takes(table).get(usize::from(field.0)) == Some(&found.id()) {
            return Ok(());
        }
        self.check_declared(table, field, found)
    }

    /// What is wrong with a value of a type that the field does not take; nothing, where the field has no type.
    #[cold]
    fn check_declared(&self, table: TableId, field: FieldId, found: Type) -> Result<(), Nonsense> {
        let declared = self.existing_field(table, field)?.field_type.value_type();
        match declared {
            Some(expected) if expected != found => Err(Nonsense::OtherType { table, field, found, expected }),
            _ => Ok(()),
        }
    }

    #[inline]
    fn existing(&self, id: TableId) -> Result<&Table, Nonsense> {
        self.table(id).ok_or_else(|| Nonsense::NoTable { found: id, expected: expected(self.tables.len()) })
    }

    #[inline]
    fn existing_field(&self, table: TableId, id: FieldId) -> Result<&Field, Nonsense> {
        let fields = self.existing(table)?;
        let missing = || Nonsense::NoField { table, found: id, expected: expected(fields.fields.len()) };
        fields.field(id).ok_or_else(missing)
    }

    /// Takes `entry` in. An entry that makes no sense changes nothing where it has nothing to change; a name
    /// that [`Schema::check`] would refuse is taken as it is, so that a dump can follow damaged logs.
    pub fn apply(&mut self, entry: &Entry<'_>) {
        match *entry {
            Entry::CreateTable { name } => self.create_table(name),
            Entry::DropTable { table } => self.drop_table(table),
            Entry::RenameTable { table, name } => self.rename_table(table, name),
            Entry::AddField { table, name, field_type } => {
                if let Some(table) = self.table_mut(table) {
                    table.add_field(name, field_type);
                }
            }
            Entry::DropField { table, field } => {
                if let Some(table) = self.table_mut(table) {
                    table.drop_field(field);
                }
            }
            Entry::RenameField { table, field, name } => {
                if let Some(table) = self.table_mut(table) {
                    table.rename_field(field, name);
                }
            }
            _ => {}
        }
    }

    fn table_mut(&mut self, id: TableId) -> Option<&mut Table> {
        self.tables.get_mut(index(id.0)?)?.as_mut()
    }

    fn create_table(&mut self, name: &[u8]) {
        if let Some(id) = self.next_table() {
            self.names.insert(name.into(), id);
            self.tables.push(Some(Table::new(name)));
        }
    }

    fn drop_table(&mut self, id: TableId) {
        let slot = index(id.0).and_then(|index| self.tables.get_mut(index));
        if let Some(table) = slot.and_then(Option::take) {
            self.names.remove(&table.name);
        }
    }

    fn rename_table(&mut self, id: TableId, name: &[u8]) {
        let Some(table) = self.table_mut(id) else { return };
        let old = std::mem::replace(&mut table.name, name.into());
        self.names.remove(&old);
        self.names.insert(name.into(), id);
    }
}

impl Table {
    fn new(name: &[u8]) -> Table {
        Table { name: name.into(), fields: Vec::new(), names: HashMap::new(), takes: vec![RECORDS] }
    }

    fn add_field(&mut self, name: &[u8], field_type: FieldType) {
        if let Ok(id) = next_id(self.fields.len()) {
            self.names.insert(name.into(), FieldId(id));
            self.fields.push(Some(Field { name: name.into(), field_type }));
            self.takes.push(field_type.value_type().map_or(NOTHING, Type::id));
        }
    }

    fn drop_field(&mut self, id: FieldId) {
        let slot = index(id.0).and_then(|index| self.fields.get_mut(index));
        if let Some(field) = slot.and_then(Option::take) {
            self.names.remove(&field.name);
            self.takes.iter_mut().skip(id.0.into()).take(1).for_each(|takes| *takes = NOTHING);
        }
    }

    fn rename_field(&mut self, id: FieldId, name: &[u8]) {
        let slot = index(id.0).and_then(|index| self.fields.get_mut(index));
        let Some(field) = slot.and_then(Option::as_mut) else { return };
        let old = std::mem::replace(&mut field.name, name.into());
        self.names.remove(&old);
        self.names.insert(name.into(), id);
    }
}

fn check_new_name(name: &[u8], in_use: bool) -> Result<(), Nonsense> {
    if !is_identifier(name) {
        return Err(Nonsense::NoIdentifier { found: name.to_vec() });
    }
    if in_use { Err(Nonsense::NameInUse { found: name.to_vec() }) } else { Ok(()) }
}

/// Record ids are compact numbers minus one, so the last of a vector must stay below 2^61.
#[inline]
fn check_records(first: RecordId, count: u64) -> Result<(), Nonsense> {
    if first.is_null() {
        return Err(Nonsense::NullRecord);
    }
    let end = first.0.cast_unsigned().checked_add(count);
    if end.is_none_or(|end| end > crate::codec::COMPACT_MAX) {
        return Err(Nonsense::TooManyRecords { first, count });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{InsertForm, UpdateForm};
    use crate::value::Value;

    fn schema(entries: &[Entry<'_>]) -> Schema {
        let mut schema = Schema::new();
        for entry in entries {
            schema.check(entry).unwrap();
            schema.apply(entry);
        }
        schema
    }

    const PRICE: Entry<'static> = Entry::CreateTable { name: b"price" };
    const NOTE: Entry<'static> =
        Entry::AddField { table: TableId(1), name: b"note", field_type: FieldType::Plain(Type::Int16) };

    #[test]
    fn ids_are_never_reused_and_names_are() {
        let mut schema = schema(&[PRICE, Entry::DropTable { table: TableId(1) }, PRICE]);
        assert_eq!(schema.table_named(b"price"), Some(TableId(2)));
        assert!(schema.table(TableId(1)).is_none());
        schema.apply(&Entry::RenameTable { table: TableId(2), name: b"cost" });
        assert_eq!(schema.table_named(b"price"), None);
        assert_eq!(schema.table(TableId(2)).unwrap().name(), b"cost");
    }

    #[test]
    fn entries_that_no_healthy_writer_writes_are_refused() {
        let schema = schema(&[PRICE, NOTE]);
        let refused = [
            (PRICE, "name \"price\" found, one that is not in use expected"),
            (NOTE, "name \"note\" found, one that is not in use expected"),
            (Entry::DropTable { table: TableId(2) }, "table 2 found, 1 (unless dropped) expected"),
            (
                Entry::DropField { table: TableId(1), field: FieldId(0) },
                "field 0 of table 1 found, 1 (unless dropped) expected",
            ),
            (
                Entry::CreateTable { name: b"1a\x1b" },
                "name \"1a\\033\" found, letters, digits and single underscores, not a digit first, expected",
            ),
            (
                Entry::AddField { table: TableId(1), name: b"x", field_type: FieldType::Unknown(11) },
                "type 11 found, 1 to 10 expected",
            ),
            (
                Entry::Insert { table: TableId(1), record: RecordId::NULL, form: InsertForm::InsertInto },
                "the null record found, a record expected",
            ),
            (
                Entry::InsertVector { table: TableId(1), first: RecordId(1), count: u64::MAX },
                "18446744073709551615 records from 1 found, ids below 2^61 expected",
            ),
            (
                Entry::Update {
                    table: TableId(1),
                    record: RecordId(0),
                    field: FieldId(1),
                    value: Value::Int64(0),
                    form: UpdateForm::Update,
                },
                "a value of type int64 found, int16 expected for field 1 of table 1",
            ),
        ];
        for (entry, message) in refused {
            assert_eq!(schema.check(&entry).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn identifiers_are_letters_digits_and_single_underscores() {
        for name in [&b"a"[..], b"_a", b"A_1", b"a_"] {
            assert!(is_identifier(name));
        }
        for name in [&b""[..], b"1a", b"a__b", b"a b", "é".as_bytes(), b"a\n"] {
            assert!(!is_identifier(name));
        }
    }
}
