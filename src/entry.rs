//! The entries of a log, borrowed from its bytes (FORMAT.md, sections 4 and 5).

use crate::head::Version;
use crate::value::{FieldType, Type, Value, Values};
use serde::Serialize;

/// The id of a table: 1 for the first table of a file, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct TableId(pub u16);

/// The id of a field: 1 for the first field of its table, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct FieldId(pub u16);

/// The id of a record in version 5's numbering: the first record is 0, null is -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RecordId(pub i64);

impl RecordId {
    /// No record.
    pub const NULL: RecordId = RecordId(-1);

    /// The record that a number of the log stands for; both versions write id + 1 of version 5's numbering.
    pub(crate) const fn from_stored(stored: u64) -> RecordId {
        RecordId(stored.cast_signed().wrapping_sub(1))
    }

    /// The number that the log holds for this record.
    pub(crate) const fn stored(self) -> u64 {
        self.0.wrapping_add(1).cast_unsigned()
    }

    /// The record after this one; compact numbers keep ids far below the end of `i64`.
    #[must_use]
    pub const fn next(self) -> RecordId {
        RecordId(self.0.wrapping_add(1))
    }

    /// Whether this is no record.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 < 0
    }
}

/// What a reference is before it is set.
impl Default for RecordId {
    fn default() -> RecordId {
        RecordId::NULL
    }
}

/// How the log spelled an insertion of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertForm {
    /// `insert_into`, with table and record.
    InsertInto,
    /// `append`: the record after the context's, in its table.
    Append,
}

/// How the log spelled an update of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateForm {
    /// `update`, with table, record and field.
    Update,
    /// `update_last`: table and record of the context.
    Last,
    /// `update_next`: table and field of the context, the record after its record.
    Next,
}

/// One entry of the log, with what the context supplies filled in.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "the fields are the operands that FORMAT.md, section 5, lists by these names"
)]
pub enum Entry<'a> {
    /// A new table; it gets the next id.
    CreateTable { name: &'a [u8] },
    /// The end of a table.
    DropTable { table: TableId },
    /// Another name for a table.
    RenameTable { table: TableId, name: &'a [u8] },
    /// A new field; it gets the next id of its table.
    AddField { table: TableId, name: &'a [u8], field_type: FieldType },
    /// The end of a field.
    DropField { table: TableId, field: FieldId },
    /// Another name for a field.
    RenameField { table: TableId, field: FieldId, name: &'a [u8] },
    /// One new record.
    Insert { table: TableId, record: RecordId, form: InsertForm },
    /// `count` new records from `first`.
    InsertVector { table: TableId, first: RecordId, count: u64 },
    /// The end of one record.
    Delete { table: TableId, record: RecordId },
    /// The end of `count` records from `first`.
    DeleteVector { table: TableId, first: RecordId, count: u64 },
    /// One new value.
    Update { table: TableId, record: RecordId, field: FieldId, value: Value<'a>, form: UpdateForm },
    /// New values of one field, of consecutive records from `first`.
    UpdateVector { table: TableId, first: RecordId, field: FieldId, values: Values<'a> },
    /// Data that a blob value may point to; `position` is that of the first byte of the data.
    Blob { position: u64, data: &'a [u8] },
    /// A remark of the program.
    Comment { text: &'a [u8] },
    /// A moment, in seconds since 1970, UTC.
    Timestamp { seconds: i64 },
    /// A call of a function of the program.
    Custom { name: &'a [u8] },
    /// The data is consistent here.
    ValidData,
    /// Version 4's mark before its checkpoint.
    EndOfFile,
}

impl Entry<'_> {
    /// What kind of entry this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Entry::CreateTable { .. } => Kind::CreateTable,
            Entry::DropTable { .. } => Kind::DropTable,
            Entry::RenameTable { .. } => Kind::RenameTable,
            Entry::AddField { .. } => Kind::AddField,
            Entry::DropField { .. } => Kind::DropField,
            Entry::RenameField { .. } => Kind::RenameField,
            Entry::Insert { form: InsertForm::InsertInto, .. } => Kind::InsertInto,
            Entry::Insert { form: InsertForm::Append, .. } => Kind::Append,
            Entry::InsertVector { .. } => Kind::InsertVector,
            Entry::Delete { .. } => Kind::DeleteFrom,
            Entry::DeleteVector { .. } => Kind::DeleteVector,
            Entry::Update { value, form, .. } => match form {
                UpdateForm::Update => Kind::Update(value.value_type()),
                UpdateForm::Last => Kind::UpdateLast(value.value_type()),
                UpdateForm::Next => Kind::UpdateNext(value.value_type()),
            },
            Entry::UpdateVector { values, .. } => Kind::UpdateVector(values.value_type()),
            Entry::Blob { .. } => Kind::Blob,
            Entry::Comment { .. } => Kind::Comment,
            Entry::Timestamp { .. } => Kind::Timestamp,
            Entry::Custom { .. } => Kind::Custom,
            Entry::ValidData => Kind::ValidData,
            Entry::EndOfFile => Kind::EndOfFile,
        }
    }

    /// Whether the entry belongs to the schema: what `--schema-only` prints.
    #[must_use]
    pub const fn is_schema(&self) -> bool {
        matches!(
            self,
            Entry::CreateTable { .. }
                | Entry::DropTable { .. }
                | Entry::RenameTable { .. }
                | Entry::AddField { .. }
                | Entry::DropField { .. }
                | Entry::RenameField { .. }
                | Entry::Custom { .. }
        )
    }
}

/// The kinds of entries, by joedb's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of FORMAT.md, section 5")]
pub enum Kind {
    CreateTable,
    DropTable,
    RenameTable,
    AddField,
    DropField,
    RenameField,
    InsertInto,
    Append,
    InsertVector,
    DeleteFrom,
    DeleteVector,
    Update(Type),
    UpdateLast(Type),
    UpdateNext(Type),
    UpdateVector(Type),
    Blob,
    Comment,
    Timestamp,
    Custom,
    ValidData,
    EndOfFile,
}

impl Kind {
    /// The kind that an opcode stands for, in a log of this version; `None` for what is not an entry.
    #[must_use]
    pub fn from_opcode(opcode: u8, version: Version) -> Option<Kind> {
        Some(match opcode {
            0x00 if version == Version::V4 => Kind::EndOfFile,
            0x01 => Kind::CreateTable,
            0x02 => Kind::DropTable,
            0x03 => Kind::AddField,
            0x04 => Kind::DropField,
            0x05 => Kind::InsertInto,
            0x06 => Kind::DeleteFrom,
            0x08 => Kind::Append,
            0x0a => Kind::Comment,
            0x0b => Kind::Timestamp,
            0x0c => Kind::RenameTable,
            0x0d => Kind::RenameField,
            0x0e => Kind::ValidData,
            0x0f => Kind::InsertVector,
            0x10 => Kind::Custom,
            0x13 => Kind::Blob,
            0x14 if version == Version::V5 => Kind::DeleteVector,
            0x81..=0xa8 => {
                let number = opcode.wrapping_sub(0x81);
                let value_type = Type::from_id((number / 4).wrapping_add(1))?;
                match number % 4 {
                    0 => Kind::Update(value_type),
                    1 => Kind::UpdateLast(value_type),
                    2 => Kind::UpdateNext(value_type),
                    _ => Kind::UpdateVector(value_type),
                }
            }
            _ => return None,
        })
    }

    /// The opcode that a writer uses for this kind.
    #[must_use]
    pub const fn opcode(self) -> u8 {
        match self {
            Kind::EndOfFile => 0x00,
            Kind::CreateTable => 0x01,
            Kind::DropTable => 0x02,
            Kind::AddField => 0x03,
            Kind::DropField => 0x04,
            Kind::InsertInto => 0x05,
            Kind::DeleteFrom => 0x06,
            Kind::Append => 0x08,
            Kind::Comment => 0x0a,
            Kind::Timestamp => 0x0b,
            Kind::RenameTable => 0x0c,
            Kind::RenameField => 0x0d,
            Kind::ValidData => 0x0e,
            Kind::InsertVector => 0x0f,
            Kind::Custom => 0x10,
            Kind::Blob => 0x13,
            Kind::DeleteVector => 0x14,
            Kind::Update(value_type) => update_opcode(value_type, 0),
            Kind::UpdateLast(value_type) => update_opcode(value_type, 1),
            Kind::UpdateNext(value_type) => update_opcode(value_type, 2),
            Kind::UpdateVector(value_type) => update_opcode(value_type, 3),
        }
    }

    /// The type of the values of an update.
    #[must_use]
    pub const fn value_type(self) -> Option<Type> {
        match self {
            Kind::Update(value_type)
            | Kind::UpdateLast(value_type)
            | Kind::UpdateNext(value_type)
            | Kind::UpdateVector(value_type) => Some(value_type),
            _ => None,
        }
    }

    /// joedb's name of the kind, without the type of an update.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::CreateTable => "create_table",
            Kind::DropTable => "drop_table",
            Kind::RenameTable => "rename_table",
            Kind::AddField => "add_field",
            Kind::DropField => "drop_field",
            Kind::RenameField => "rename_field",
            Kind::InsertInto => "insert_into",
            Kind::Append => "append",
            Kind::InsertVector => "insert_vector",
            Kind::DeleteFrom => "delete_from",
            Kind::DeleteVector => "delete_vector",
            Kind::Update(_) => "update",
            Kind::UpdateLast(_) => "update_last",
            Kind::UpdateNext(_) => "update_next",
            Kind::UpdateVector(_) => "update_vector",
            Kind::Blob => "blob",
            Kind::Comment => "comment",
            Kind::Timestamp => "timestamp",
            Kind::Custom => "custom",
            Kind::ValidData => "valid_data",
            Kind::EndOfFile => "end_of_file",
        }
    }
}

const fn update_opcode(value_type: Type, form: u8) -> u8 {
    // Ids run from 1 to 10, so the highest is 0x81 + 4 * 9 + 3.
    value_type.id().wrapping_sub(1).wrapping_mul(4).wrapping_add(0x81).wrapping_add(form)
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        self.value_type().map_or(Ok(()), |value_type| write!(f, " {}", value_type.name()))
    }
}

/// An entry and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located<'a> {
    /// The position of its opcode, in bytes from the beginning of the file.
    pub position: u64,
    /// Its length in bytes, opcode included.
    pub length: u64,
    /// What it says.
    pub entry: Entry<'a>,
}

impl Located<'_> {
    /// The position after the entry: the next boundary.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.position.saturating_add(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_opcode_that_reads_back_to_it() {
        for version in [Version::V4, Version::V5] {
            for opcode in 0..=255 {
                if let Some(kind) = Kind::from_opcode(opcode, version) {
                    assert_eq!(kind.opcode(), opcode);
                }
            }
        }
        assert_eq!(Kind::from_opcode(0xa8, Version::V5), Some(Kind::UpdateVector(Type::Blob)));
        assert_eq!(Kind::from_opcode(0xa9, Version::V5), None);
    }

    #[test]
    fn reserved_opcodes_are_no_entries() {
        for opcode in [0x00, 0x07, 0x09, 0x11, 0x12] {
            assert_eq!(Kind::from_opcode(opcode, Version::V5), None);
        }
        assert_eq!(Kind::from_opcode(0x14, Version::V4), None);
    }
}
