//! Decoding: the bytes of a log in, entries with their positions and lengths out.
//!
//! Nothing is allocated: strings, blobs and vectors are borrowed, and every length is checked against the bytes
//! that are left before anything is made of it.

use crate::codec::{COMPACT_MAX, Cursor, Short};
use crate::entry::{Entry, FieldId, InsertForm, Kind, Located, RecordId, TableId, UpdateForm};
use crate::head::Version;
use crate::text::{Bytes, Position};
use crate::value::{BlobPosition, FieldType, Type, Value, Values};

/// What `append`, `update_last` and `update_next` leave out: it runs through the whole log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The table of the last insertion or update.
    pub table: TableId,
    /// Its record.
    pub record: RecordId,
    /// The field of the last update.
    pub field: FieldId,
}

impl Context {
    /// The context at position 41.
    pub const START: Context = Context { table: TableId(0), record: RecordId::NULL, field: FieldId(0) };

    /// What `entry` makes of the context.
    #[inline]
    pub(crate) fn follow(&mut self, entry: &Entry<'_>) {
        match *entry {
            Entry::Insert { table, record, .. } | Entry::InsertVector { table, first: record, .. } => {
                self.table = table;
                self.record = record;
            }
            Entry::Update { table, record, field, .. }
            | Entry::UpdateVector { table, first: record, field, .. } => {
                *self = Context { table, record, field };
            }
            _ => {}
        }
    }
}

/// Why the bytes at a position are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The byte is no opcode of this version.
    #[error("byte 0x{0:02x} found, an opcode expected")]
    NoOpcode(u8),
    /// An operand needs more bytes than there are.
    #[error("{} expected, {} left", Bytes(*needed), Bytes(*left))]
    Cut {
        /// Bytes that the operand needs.
        needed: u64,
        /// Bytes from the operand to the end.
        left: u64,
    },
    /// A table or field id that no writer gives.
    #[error("id {0} found, at most 65535 expected")]
    LargeId(u64),
}

/// Bytes that do not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("position {}: {}entry at {}: {fault}", Position(*at), kind.map_or(String::new(), |kind| format!("{kind} ")), Position(*position))]
pub struct DecodeError {
    /// Where the entry begins, in bytes from the beginning of the file.
    pub position: u64,
    /// Where the operand stands that could not be read.
    pub at: u64,
    /// The kind of entry, where its opcode could be read.
    pub kind: Option<Kind>,
    /// What is wrong.
    pub fault: Fault,
}

impl DecodeError {
    /// The same error where `left` bytes are left from the beginning of the entry to the end of the log.
    #[must_use]
    pub(crate) const fn with_left(mut self, left: u64) -> DecodeError {
        if let Fault::Cut { needed, .. } = self.fault {
            let left = left.saturating_sub(self.at.saturating_sub(self.position));
            self.fault = Fault::Cut { needed, left };
        }
        self
    }

    /// How many bytes from the beginning of the entry would be needed to read on; `None` where more do not help.
    #[must_use]
    pub const fn bytes_needed(&self) -> Option<u64> {
        match self.fault {
            Fault::Cut { needed, .. } => Some(self.at.saturating_sub(self.position).saturating_add(needed)),
            _ => None,
        }
    }
}

/// Turns bytes into entries; it holds the format version and the context, and nothing else.
///
/// ```
/// use joedb::{Decoder, Entry, Version};
///
/// let mut decoder = Decoder::new(Version::V5);
/// let located = decoder.decode(b"\x01\x05price...", 41)?;
/// assert_eq!(located.entry, Entry::CreateTable { name: b"price" });
/// assert_eq!(located.end(), 48);
/// # Ok::<(), joedb::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    version: Version,
    context: Context,
}

impl Decoder {
    /// A decoder for the beginning of a log.
    #[must_use]
    pub const fn new(version: Version) -> Decoder {
        Decoder::resume(version, Context::START)
    }

    /// A decoder for what follows entries that left `context`.
    #[must_use]
    pub const fn resume(version: Version, context: Context) -> Decoder {
        Decoder { version, context }
    }

    /// The context after the last entry.
    #[must_use]
    pub const fn context(&self) -> Context {
        self.context
    }

    /// The version of the entries.
    pub(crate) const fn version(&self) -> Version {
        self.version
    }

    /// The operands of the `update_vector` that `bytes` begin with, and how many bytes stand before its values, which need
    /// not be there.
    pub(crate) fn vector_head(&self, bytes: &[u8]) -> Option<(VectorHead, usize)> {
        let mut operands = Operands { cursor: Cursor::new(bytes), decoder: self, position: 0 };
        let Kind::UpdateVector(value_type) = Kind::from_opcode(operands.cursor.byte().ok()?, self.version)?
        else {
            return None;
        };
        let head = operands.vector_head(value_type).ok()?;
        Some((head, operands.cursor.offset()))
    }

    /// The context, to be moved behind entries that somebody else decodes.
    pub(crate) const fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    /// Decodes the entry that `bytes` begin with. `position` is where they stand in the file.
    ///
    /// The context changes only where the entry decodes.
    ///
    /// # Errors
    /// [`DecodeError`] where they are no entry, or not all of one.
    // Once an entry, in the loop of every walk.
    #[inline(always)]
    pub fn decode<'a>(&mut self, bytes: &'a [u8], position: u64) -> Result<Located<'a>, DecodeError> {
        let mut operands = Operands { cursor: Cursor::new(bytes), decoder: self, position };
        match operands.entry() {
            Ok(entry) => {
                let length = operands.cursor.offset() as u64;
                self.context.follow(&entry);
                Ok(Located { position, length, entry })
            }
            Err(failure) => Err(failure.locate(bytes, position, self.version)),
        }
    }
}

/// The operands of an `update_vector`, but for the values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorHead {
    pub(crate) table: TableId,
    pub(crate) first: RecordId,
    pub(crate) field: FieldId,
    pub(crate) value_type: Type,
    /// How many values there are.
    pub(crate) count: u64,
}

/// What went wrong at an offset into the entry.
#[derive(Clone, Copy)]
enum Failure {
    Short(Short),
    LargeId { offset: usize, id: u64 },
    NoOpcode(u8),
}

impl From<Short> for Failure {
    fn from(short: Short) -> Failure {
        Failure::Short(short)
    }
}

impl Failure {
    #[cold]
    fn locate(self, bytes: &[u8], position: u64, version: Version) -> DecodeError {
        let (offset, fault) = match self {
            Failure::Short(Short { offset, needed }) => {
                (offset, Fault::Cut { needed, left: bytes.len().saturating_sub(offset) as u64 })
            }
            Failure::LargeId { offset, id } => (offset, Fault::LargeId(id)),
            Failure::NoOpcode(byte) => (0, Fault::NoOpcode(byte)),
        };
        let kind = bytes.first().and_then(|&opcode| Kind::from_opcode(opcode, version));
        DecodeError { position, at: position.saturating_add(offset as u64), kind, fault }
    }
}

struct Operands<'a, 'd> {
    cursor: Cursor<'a>,
    decoder: &'d Decoder,
    position: u64,
}

impl<'a> Operands<'a, '_> {
    // The entry is built where it is used: copying it out of a call costs more than decoding it.
    #[inline(always)]
    fn entry(&mut self) -> Result<Entry<'a>, Failure> {
        let opcode = self.cursor.byte()?;
        let version = self.decoder.version;
        Ok(match Kind::from_opcode(opcode, version).ok_or(Failure::NoOpcode(opcode))? {
            Kind::CreateTable => Entry::CreateTable { name: self.cursor.string()? },
            Kind::DropTable => Entry::DropTable { table: self.table()? },
            Kind::RenameTable => Entry::RenameTable { table: self.table()?, name: self.cursor.string()? },
            Kind::AddField => self.add_field()?,
            Kind::DropField => Entry::DropField { table: self.table()?, field: self.field()? },
            Kind::RenameField => {
                Entry::RenameField { table: self.table()?, field: self.field()?, name: self.cursor.string()? }
            }
            Kind::InsertInto => {
                Entry::Insert { table: self.table()?, record: self.record()?, form: InsertForm::InsertInto }
            }
            Kind::Append => {
                let Context { table, record, .. } = self.decoder.context;
                Entry::Insert { table, record: record.next(), form: InsertForm::Append }
            }
            Kind::InsertVector => Entry::InsertVector {
                table: self.table()?,
                first: self.record()?,
                count: self.cursor.compact()?,
            },
            Kind::DeleteFrom => Entry::Delete { table: self.table()?, record: self.record()? },
            Kind::DeleteVector => Entry::DeleteVector {
                table: self.table()?,
                first: self.record()?,
                count: self.cursor.compact()?,
            },
            Kind::Update(value_type) => {
                let (table, record) = (self.table()?, self.record()?);
                let field = self.field()?;
                self.update(table, record, field, value_type, UpdateForm::Update)?
            }
            Kind::UpdateLast(value_type) => {
                let Context { table, record, .. } = self.decoder.context;
                let field = self.field()?;
                self.update(table, record, field, value_type, UpdateForm::Last)?
            }
            Kind::UpdateNext(value_type) => {
                let Context { table, record, field } = self.decoder.context;
                self.update(table, record.next(), field, value_type, UpdateForm::Next)?
            }
            Kind::UpdateVector(value_type) => self.update_vector(value_type)?,
            Kind::Blob => self.blob()?,
            Kind::Comment => Entry::Comment { text: self.cursor.string()? },
            Kind::Timestamp => Entry::Timestamp { seconds: i64::from_le_bytes(self.cursor.array()?) },
            Kind::Custom => Entry::Custom { name: self.cursor.string()? },
            Kind::ValidData => Entry::ValidData,
            Kind::EndOfFile => Entry::EndOfFile,
        })
    }

    #[inline]
    fn update(
        &mut self,
        table: TableId,
        record: RecordId,
        field: FieldId,
        value_type: Type,
        form: UpdateForm,
    ) -> Result<Entry<'a>, Failure> {
        let value = value(&mut self.cursor, value_type, self.decoder.version)?;
        Ok(Entry::Update { table, record, field, value, form })
    }

    fn add_field(&mut self) -> Result<Entry<'a>, Failure> {
        let (table, name) = (self.table()?, self.cursor.string()?);
        let id = self.cursor.byte()?;
        let field_type = match Type::from_id(id) {
            Some(Type::Reference) => FieldType::References(self.table()?),
            Some(plain) => FieldType::Plain(plain),
            None if id == 0 => FieldType::Null,
            None => FieldType::Unknown(id),
        };
        Ok(Entry::AddField { table, name, field_type })
    }

    fn vector_head(&mut self, value_type: Type) -> Result<VectorHead, Failure> {
        let (table, first) = (self.table()?, self.record()?);
        let field = self.field()?;
        Ok(VectorHead { table, first, field, value_type, count: self.cursor.compact()? })
    }

    fn update_vector(&mut self, value_type: Type) -> Result<Entry<'a>, Failure> {
        let VectorHead { table, first, field, count, .. } = self.vector_head(value_type)?;
        let bytes = self.vector_bytes(value_type, count)?;
        let version = self.decoder.version;
        let values = Values { value_type, count, bytes, version, shortest: false };
        Ok(Entry::UpdateVector { table, first, field, values })
    }

    /// The bytes of `count` values. The count is held against the bytes that are left before the values are
    /// walked, so that a count of 2^61 costs nothing.
    fn vector_bytes(&mut self, value_type: Type, count: u64) -> Result<&'a [u8], Failure> {
        let version = self.decoder.version;
        let least = count.saturating_mul(value_type.least_size(version));
        if value_type.is_fixed_size() || least > self.cursor.left() as u64 {
            return Ok(self.cursor.take(least)?);
        }
        let start = self.cursor;
        for _ in 0..count {
            value(&mut self.cursor, value_type, version)?;
        }
        let length = self.cursor.offset().saturating_sub(start.offset());
        Ok(start.rest().get(..length).unwrap_or_default())
    }

    fn blob(&mut self) -> Result<Entry<'a>, Failure> {
        let size = self.cursor.compact()?;
        let position = self.position.saturating_add(self.cursor.offset() as u64);
        Ok(Entry::Blob { position, data: self.cursor.take(size)? })
    }

    #[inline]
    fn record(&mut self) -> Result<RecordId, Failure> {
        Ok(RecordId::from_stored(self.cursor.compact()?))
    }

    #[inline]
    fn table(&mut self) -> Result<TableId, Failure> {
        self.id().map(TableId)
    }

    #[inline]
    fn field(&mut self) -> Result<FieldId, Failure> {
        self.id().map(FieldId)
    }

    #[inline]
    fn id(&mut self) -> Result<u16, Failure> {
        let offset = self.cursor.offset();
        let id = self.cursor.compact()?;
        u16::try_from(id).map_err(|_| Failure::LargeId { offset, id })
    }
}

/// One value from the front of the cursor.
#[inline(always)]
pub(crate) fn value<'a>(
    cursor: &mut Cursor<'a>,
    value_type: Type,
    version: Version,
) -> Result<Value<'a>, Short> {
    Ok(match value_type {
        Type::String => Value::String(cursor.string()?),
        Type::Int32 => Value::Int32(i32::from_le_bytes(cursor.array()?)),
        Type::Int64 => Value::Int64(i64::from_le_bytes(cursor.array()?)),
        Type::Reference => Value::Reference(RecordId::from_stored(cursor.compact()?)),
        Type::Boolean => Value::Boolean(cursor.byte()? != 0),
        Type::Float32 => Value::Float32(f32::from_le_bytes(cursor.array()?)),
        Type::Float64 => Value::Float64(f64::from_le_bytes(cursor.array()?)),
        Type::Int8 => Value::Int8(i8::from_le_bytes(cursor.array()?)),
        Type::Int16 => Value::Int16(i16::from_le_bytes(cursor.array()?)),
        Type::Blob => {
            let position = cursor.compact()?;
            let size = if version == Version::V5 { Some(cursor.compact()?) } else { None };
            Value::Blob(BlobPosition { position, size })
        }
    })
}

/// What an insertion or an update of one record is about, and the type of its value: all that stands before it.
#[inline(always)]
pub(crate) fn simple_target(cursor: &mut Cursor<'_>, before: Context) -> Option<(Context, Option<Type>)> {
    let mut now = before;
    let value_type = match Kind::from_opcode(cursor.byte().ok()?, Version::V5)? {
        Kind::Append => {
            now.record = before.record.next();
            None
        }
        Kind::InsertInto => {
            now.table = TableId(simple_id(cursor)?);
            now.record = RecordId::from_stored(cursor.compact().ok()?);
            None
        }
        Kind::UpdateLast(value_type) => {
            now.field = FieldId(simple_id(cursor)?);
            Some(value_type)
        }
        Kind::UpdateNext(value_type) => {
            now.record = before.record.next();
            Some(value_type)
        }
        Kind::Update(value_type) => {
            now.table = TableId(simple_id(cursor)?);
            now.record = RecordId::from_stored(cursor.compact().ok()?);
            now.field = FieldId(simple_id(cursor)?);
            Some(value_type)
        }
        _ => return None,
    };
    let is_record = u64::try_from(now.record.0).is_ok_and(|record| record < COMPACT_MAX);
    is_record.then_some((now, value_type))
}

#[inline(always)]
fn simple_id(cursor: &mut Cursor<'_>) -> Option<u16> {
    u16::try_from(cursor.compact().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Entry<'_>, DecodeError> {
        Decoder::new(Version::V5).decode(bytes, 100).map(|located| located.entry)
    }

    #[test]
    fn the_context_fills_in_what_short_forms_leave_out() {
        let mut decoder = Decoder::new(Version::V5);
        decoder.decode(b"\x05\x03\x01", 41).unwrap();
        let append = decoder.decode(b"\x08", 44).unwrap().entry;
        assert_eq!(
            append,
            Entry::Insert { table: TableId(3), record: RecordId(1), form: InsertForm::Append }
        );
        decoder.decode(b"\xa2\x02\x07\x00", 45).unwrap();
        let next = decoder.decode(b"\xa3\x09\x00", 49).unwrap().entry;
        let expected = Entry::Update {
            table: TableId(3),
            record: RecordId(2),
            field: FieldId(2),
            value: Value::Int16(9),
            form: UpdateForm::Next,
        };
        assert_eq!(next, expected);
    }

    #[test]
    fn an_error_leaves_the_context_alone() {
        let mut decoder = Decoder::new(Version::V5);
        assert!(decoder.decode(b"\x85\x01\x01\x01\x00", 41).is_err());
        assert_eq!(decoder.context(), Context::START);
    }

    #[test]
    fn a_cut_string_names_position_kind_found_and_expected() {
        let error = decode(b"\x81\x01\x01\x01\x09hi").unwrap_err();
        assert_eq!(error.fault, Fault::Cut { needed: 9, left: 2 });
        assert_eq!(error.bytes_needed(), Some(14));
        assert_eq!(
            error.to_string(),
            "position 105 (0x69): update string entry at 100 (0x64): 9 bytes expected, 2 bytes left"
        );
    }

    #[test]
    fn a_count_of_2_to_the_61_is_refused_before_it_is_walked() {
        for opcode in [0x84, 0x88, 0x90, 0xa8] {
            let mut bytes = vec![opcode, 1, 1, 1];
            bytes.extend([0xff; 8]);
            bytes.extend([0; 100]);
            assert!(matches!(decode(&bytes).unwrap_err().fault, Fault::Cut { left: 100, .. }));
        }
    }

    #[test]
    fn an_id_above_16_bits_is_damage() {
        let error = decode(b"\x02\x41\x00\x00").unwrap_err();
        assert_eq!((error.at, error.fault), (101, Fault::LargeId(65536)));
    }

    #[test]
    fn zero_is_no_opcode_in_version_5_and_the_end_in_version_4() {
        assert_eq!(decode(b"\x00").unwrap_err().fault, Fault::NoOpcode(0));
        assert_eq!(Decoder::new(Version::V4).decode(b"\x00", 41).unwrap().entry, Entry::EndOfFile);
    }

    #[test]
    fn a_blob_knows_where_its_data_stands() {
        assert_eq!(decode(b"\x13\x02ab"), Ok(Entry::Blob { position: 102, data: b"ab" }));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_no_entry_is_longer_than_its_bytes(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64),
        ) {
            for version in [Version::V4, Version::V5] {
                if let Ok(located) = Decoder::new(version).decode(&bytes, 41) {
                    proptest::prop_assert!(located.length as usize <= bytes.len());
                }
            }
        }

        #[test]
        fn a_cut_entry_asks_for_no_more_than_it_has(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..64),
        ) {
            if let Ok(located) = Decoder::new(Version::V5).decode(&bytes, 41) {
                let length = located.length as usize;
                for cut in 0..length {
                    let error = Decoder::new(Version::V5).decode(&bytes[..cut], 41).unwrap_err();
                    proptest::prop_assert!(error.bytes_needed().unwrap() as usize <= length);
                }
            }
        }
    }
}
