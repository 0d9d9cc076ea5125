//! Encoding: entries in, the bytes that a joedb writer produces for them out.

use crate::buffer::Buffer;
use crate::codec::compact_word;
use crate::decode::Context;
use crate::entry::{Entry, FieldId, InsertForm, Kind, RecordId, TableId, UpdateForm};
use crate::head::{HEAD_SIZE, Head, Version};
use crate::value::{BlobPosition, FieldType, Type, Value, Values};

/// Appends entries to a log in memory, with the shortest spelling that the context allows: `append`,
/// `update_last` or `update_next` where FORMAT.md, section 5, says so. Which of them the given entry was spelled
/// with does not matter.
///
/// ```
/// use joedb::{Encoder, Entry, Version};
///
/// let mut encoder = Encoder::new(Version::V5);
/// encoder.push(&Entry::CreateTable { name: b"price" });
/// assert_eq!(encoder.body(), b"\x01\x05price");
/// assert_eq!(encoder.position(), 48);
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    version: Version,
    context: Context,
    /// Where the first byte of the body stands.
    start: u64,
    body: Buffer,
}

impl Encoder {
    /// An encoder for an empty log.
    #[must_use]
    pub const fn new(version: Version) -> Encoder {
        Encoder::resume(version, HEAD_SIZE, Context::START)
    }

    /// An encoder for a log that has entries up to `position`, which left `context`.
    #[must_use]
    pub const fn resume(version: Version, position: u64, context: Context) -> Encoder {
        Encoder { version, context, start: position, body: Buffer::new() }
    }

    /// Forgets the bytes of the entries so far, which stand somewhere else now: the log goes on behind them.
    pub fn clear(&mut self) {
        self.start = self.position();
        self.body.clear();
    }

    /// The bytes of the entries so far and where they stand, in exchange for an empty buffer: the log goes on behind
    /// them.
    pub(crate) fn take_body(&mut self, empty: Buffer) -> (Buffer, u64) {
        let end = self.position();
        let start = std::mem::replace(&mut self.start, end);
        (std::mem::replace(&mut self.body, empty), start)
    }

    /// The context of the next entry.
    #[must_use]
    pub const fn context(&self) -> Context {
        self.context
    }

    /// The entries so far, or since [`Encoder::clear`], without the head.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.bytes()
    }

    /// How many bytes they are.
    #[inline]
    pub(crate) const fn gathered(&self) -> usize {
        self.body.len()
    }

    /// The position behind the last entry.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.start.saturating_add(self.body.len() as u64)
    }

    /// The whole file of a log that was never cleared: a head that is hard-checkpointed to the end, and the entries.
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        self.file_with(Head::hard(self.version, self.position()))
    }

    /// The same with a head of the caller's.
    #[must_use]
    pub fn file_with(&self, head: Head) -> Vec<u8> {
        [&head.to_bytes()[..], self.body.bytes()].concat()
    }

    /// Appends an entry. Version 4 has no `delete_vector` and version 5 no end-of-file mark: the caller keeps
    /// them apart.
    // Where the kind of entry is known, only its own arm is left of it.
    #[inline(always)]
    pub fn push(&mut self, entry: &Entry<'_>) {
        match *entry {
            Entry::CreateTable { name } => self.named(Kind::CreateTable, name),
            Entry::DropTable { table } => self.of_table(Kind::DropTable, table),
            Entry::RenameTable { table, name } => {
                self.of_table(Kind::RenameTable, table);
                self.string(name);
            }
            Entry::AddField { table, name, field_type } => self.add_field(table, name, field_type),
            Entry::DropField { table, field } => {
                self.of_table(Kind::DropField, table);
                self.compact(field.0.into());
            }
            Entry::RenameField { table, field, name } => {
                self.of_table(Kind::RenameField, table);
                self.compact(field.0.into());
                self.string(name);
            }
            Entry::Insert { table, record, .. } => self.insert(table, record),
            Entry::Delete { table, record } => self.records(Kind::DeleteFrom, table, record),
            Entry::InsertVector { table, first, count } => {
                self.records(Kind::InsertVector, table, first);
                self.compact(count);
            }
            Entry::DeleteVector { table, first, count } => {
                self.records(Kind::DeleteVector, table, first);
                self.compact(count);
            }
            Entry::Update { table, record, field, ref value, .. } => self.update(table, record, field, value),
            Entry::UpdateVector { table, first, field, ref values } => {
                self.records(Kind::UpdateVector(values.value_type()), table, first);
                self.compact(field.0.into());
                self.compact(values.count());
                self.values(values);
            }
            Entry::Blob { data, .. } => self.named(Kind::Blob, data),
            Entry::Comment { text } => self.named(Kind::Comment, text),
            Entry::Custom { name } => self.named(Kind::Custom, name),
            Entry::Timestamp { seconds } => {
                self.opcode(Kind::Timestamp);
                self.body.word(seconds.cast_unsigned(), 8);
            }
            Entry::ValidData => self.opcode(Kind::ValidData),
            Entry::EndOfFile => self.opcode(Kind::EndOfFile),
        }
        self.context.follow(entry);
    }

    /// Appends an `update_vector` of values that are not in a log yet. All are of `value_type`.
    pub fn push_vector(
        &mut self,
        table: TableId,
        first: RecordId,
        field: FieldId,
        value_type: Type,
        values: &[Value<'_>],
    ) {
        let mut encoded = Encoder::new(self.version);
        values.iter().for_each(|value| encoded.value(value));
        let count = values.len() as u64;
        let (bytes, version) = (encoded.body.bytes(), self.version);
        let values = Values { value_type, count, bytes, version, shortest: true };
        self.push(&Entry::UpdateVector { table, first, field, values });
    }

    fn values(&mut self, values: &Values<'_>) {
        if values.shortest && values.version == self.version {
            return self.body.slice(values.bytes);
        }
        match values.value_type() {
            // Their bytes are the same in every version; any nonzero byte is true, but only 1 is written.
            Type::Boolean | Type::String | Type::Reference | Type::Blob => {
                values.iter().for_each(|value| self.value(&value));
            }
            _ => self.body.slice(values.bytes),
        }
    }

    #[inline(always)]
    fn opcode(&mut self, kind: Kind) {
        self.body.word(kind.opcode().into(), 1);
    }

    #[inline(always)]
    fn compact(&mut self, number: u64) {
        write_compact(&mut self.body, number);
    }

    #[inline(always)]
    fn string(&mut self, text: &[u8]) {
        self.compact(text.len() as u64);
        self.body.slice(text);
    }

    fn named(&mut self, kind: Kind, name: &[u8]) {
        self.opcode(kind);
        self.string(name);
    }

    #[inline(always)]
    fn of_table(&mut self, kind: Kind, table: TableId) {
        self.opcode_and_id(kind, table.0);
    }

    /// An id takes at most three bytes, so that both fit into a word.
    #[inline(always)]
    fn opcode_and_id(&mut self, kind: Kind, id: u16) {
        let (word, length) = compact_word(id.into());
        self.body.word((word << 8) | u64::from(kind.opcode()), length.saturating_add(1));
    }

    #[inline(always)]
    fn records(&mut self, kind: Kind, table: TableId, record: RecordId) {
        self.of_table(kind, table);
        self.compact(record.stored());
    }

    fn add_field(&mut self, table: TableId, name: &[u8], field_type: FieldType) {
        self.of_table(Kind::AddField, table);
        self.string(name);
        let id = match field_type {
            FieldType::Plain(plain) => plain.id(),
            FieldType::References(_) => Type::Reference.id(),
            FieldType::Null => 0,
            FieldType::Unknown(id) => id,
        };
        self.body.word(id.into(), 1);
        if let FieldType::References(target) = field_type {
            self.compact(target.0.into());
        }
    }

    #[inline(always)]
    fn insert(&mut self, table: TableId, record: RecordId) {
        match self.insert_form(table, record) {
            InsertForm::Append => self.opcode(Kind::Append),
            InsertForm::InsertInto => self.records(Kind::InsertInto, table, record),
        }
    }

    #[inline(always)]
    fn insert_form(&self, table: TableId, record: RecordId) -> InsertForm {
        let follows = table == self.context.table && record == self.context.record.next();
        if follows { InsertForm::Append } else { InsertForm::InsertInto }
    }

    #[inline(always)]
    fn update(&mut self, table: TableId, record: RecordId, field: FieldId, value: &Value<'_>) {
        let value_type = value.value_type();
        match self.update_form(table, record, field) {
            UpdateForm::Last => self.opcode_and_id(Kind::UpdateLast(value_type), field.0),
            UpdateForm::Next => self.opcode(Kind::UpdateNext(value_type)),
            UpdateForm::Update => {
                self.records(Kind::Update(value_type), table, record);
                self.compact(field.0.into());
            }
        }
        self.value(value);
    }

    #[inline(always)]
    fn update_form(&self, table: TableId, record: RecordId, field: FieldId) -> UpdateForm {
        let Context { table: last_table, record: last_record, field: last_field } = self.context;
        if table == last_table && record == last_record {
            UpdateForm::Last
        } else if table == last_table && field == last_field && record == last_record.next() {
            UpdateForm::Next
        } else {
            UpdateForm::Update
        }
    }

    #[inline(always)]
    fn value(&mut self, value: &Value<'_>) {
        write_value(&mut self.body, value, self.version);
    }
}

/// Appends a value as a writer encodes it.
#[inline(always)]
pub(crate) fn write_value(out: &mut Buffer, value: &Value<'_>, version: Version) {
    match *value {
        Value::String(text) => {
            write_compact(out, text.len() as u64);
            out.slice(text);
        }
        Value::Int32(number) => out.word(number.cast_unsigned().into(), 4),
        Value::Int64(number) => out.word(number.cast_unsigned(), 8),
        Value::Reference(record) => write_compact(out, record.stored()),
        Value::Boolean(truth) => out.word(truth.into(), 1),
        Value::Float32(number) => out.word(number.to_bits().into(), 4),
        Value::Float64(number) => out.word(number.to_bits(), 8),
        Value::Int8(number) => out.word(number.cast_unsigned().into(), 1),
        Value::Int16(number) => out.word(number.cast_unsigned().into(), 2),
        Value::Blob(BlobPosition { position, size }) => {
            write_compact(out, position);
            if version == Version::V5 {
                write_compact(out, size.unwrap_or(0));
            }
        }
    }
}

#[inline(always)]
fn write_compact(out: &mut Buffer, number: u64) {
    let (word, length) = compact_word(number);
    out.word(word, length);
}

/// Values for an `update_vector`, gathered one by one in the bytes of a log.
///
/// ```
/// use joedb::{Entry, FieldId, RecordId, TableId, Type, Value, Vector};
///
/// let mut prices = Vector::new(Type::Int64);
/// for price in 0..1000 {
///     prices.push(&Value::Int64(price))?;
/// }
/// let (table, first, field) = (TableId(1), RecordId(0), FieldId(1));
/// let entry = Entry::UpdateVector { table, first, field, values: prices.values() };
/// assert_eq!(prices.values().count(), 1000);
/// # let _ = entry;
/// # Ok::<(), joedb::OtherType>(())
/// ```
#[derive(Clone, Debug)]
pub struct Vector {
    value_type: Type,
    count: u64,
    encoder: Encoder,
}

/// A value of another type than the vector it was meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value of type {} found, {} expected for this vector", found.name(), expected.name())]
pub struct OtherType {
    /// The type of the value.
    pub found: Type,
    /// The type of the vector.
    pub expected: Type,
}

impl Vector {
    /// No values yet, all of which will be of this type.
    #[must_use]
    pub const fn new(value_type: Type) -> Vector {
        Vector { value_type, count: 0, encoder: Encoder::new(Version::V5) }
    }

    /// Appends a value.
    ///
    /// # Errors
    /// [`OtherType`]; nothing is appended then.
    // Where the type is known, only its own arm is left of it.
    #[inline(always)]
    pub fn push(&mut self, value: &Value<'_>) -> Result<(), OtherType> {
        let found = value.value_type();
        if found != self.value_type {
            return Err(OtherType { found, expected: self.value_type });
        }
        self.encoder.value(value);
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// How many bytes the values take.
    #[inline]
    #[must_use]
    pub const fn size(&self) -> usize {
        self.encoder.gathered()
    }

    /// Forgets the values, and keeps the room.
    pub fn clear(&mut self) {
        self.encoder.clear();
        self.count = 0;
    }

    /// The values, as an entry takes them.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        let Vector { value_type, count, ref encoder } = *self;
        let (bytes, version) = (encoder.body(), encoder.version);
        Values { value_type, count, bytes, version, shortest: true }
    }
}
