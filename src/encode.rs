//! Encoding: entries in, the bytes that a joedb writer produces for them out.

use crate::codec::write_compact;
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
    body: Vec<u8>,
    /// How many bytes of entries stood before those of `body`.
    forgotten: u64,
}

impl Encoder {
    /// An encoder for an empty log.
    #[must_use]
    pub const fn new(version: Version) -> Encoder {
        Encoder { version, context: Context::START, body: Vec::new(), forgotten: 0 }
    }

    /// The entries so far, without the head.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The position behind the last entry.
    #[must_use]
    pub const fn position(&self) -> u64 {
        HEAD_SIZE.saturating_add(self.forgotten).saturating_add(self.body.len() as u64)
    }

    /// Forgets the bytes of the entries so far, which the caller keeps elsewhere; the position stays.
    pub(crate) fn forget_body(&mut self) {
        self.forgotten = self.forgotten.saturating_add(self.body.len() as u64);
        self.body.clear();
    }

    /// A whole file: a head that is hard-checkpointed to the end, and the entries.
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        self.file_with(Head::hard(self.version, self.position()))
    }

    /// A whole file with a head of the caller's.
    #[must_use]
    pub fn file_with(&self, head: Head) -> Vec<u8> {
        [&head.to_bytes()[..], &self.body].concat()
    }

    /// Appends an entry. Version 4 has no `delete_vector` and version 5 no end-of-file mark: the caller keeps
    /// them apart.
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
                self.body.extend(seconds.to_le_bytes());
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
        let mut bytes = Vec::new();
        values.iter().for_each(|value| write_value(&mut bytes, value, self.version));
        let count = values.len() as u64;
        let values = Values { value_type, count, bytes: &bytes, version: self.version };
        self.push(&Entry::UpdateVector { table, first, field, values });
    }

    fn opcode(&mut self, kind: Kind) {
        self.body.push(kind.opcode());
    }

    fn compact(&mut self, number: u64) {
        write_compact(&mut self.body, number);
    }

    fn string(&mut self, text: &[u8]) {
        self.compact(text.len() as u64);
        self.body.extend_from_slice(text);
    }

    fn named(&mut self, kind: Kind, name: &[u8]) {
        self.opcode(kind);
        self.string(name);
    }

    fn of_table(&mut self, kind: Kind, table: TableId) {
        self.opcode(kind);
        self.compact(table.0.into());
    }

    fn records(&mut self, kind: Kind, table: TableId, record: RecordId) {
        self.of_table(kind, table);
        self.compact(record.stored());
    }

    fn add_field(&mut self, table: TableId, name: &[u8], field_type: FieldType) {
        self.of_table(Kind::AddField, table);
        self.string(name);
        self.body.push(match field_type {
            FieldType::Plain(plain) => plain.id(),
            FieldType::References(_) => Type::Reference.id(),
            FieldType::Null => 0,
            FieldType::Unknown(id) => id,
        });
        if let FieldType::References(target) = field_type {
            self.compact(target.0.into());
        }
    }

    fn insert(&mut self, table: TableId, record: RecordId) {
        match self.insert_form(table, record) {
            InsertForm::Append => self.opcode(Kind::Append),
            InsertForm::InsertInto => self.records(Kind::InsertInto, table, record),
        }
    }

    fn insert_form(&self, table: TableId, record: RecordId) -> InsertForm {
        let follows = table == self.context.table && record == self.context.record.next();
        if follows { InsertForm::Append } else { InsertForm::InsertInto }
    }

    fn update(&mut self, table: TableId, record: RecordId, field: FieldId, value: &Value<'_>) {
        let value_type = value.value_type();
        match self.update_form(table, record, field) {
            UpdateForm::Last => {
                self.opcode(Kind::UpdateLast(value_type));
                self.compact(field.0.into());
            }
            UpdateForm::Next => self.opcode(Kind::UpdateNext(value_type)),
            UpdateForm::Update => {
                self.records(Kind::Update(value_type), table, record);
                self.compact(field.0.into());
            }
        }
        self.value(value);
    }

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

    fn value(&mut self, value: &Value<'_>) {
        write_value(&mut self.body, value, self.version);
    }

    fn values(&mut self, values: &Values<'_>) {
        // Numbers have one encoding; a length, an id or a truth value may have been spelled in another way.
        if values.value_type.is_fixed_size() && values.value_type != Type::Boolean {
            self.body.extend_from_slice(values.bytes);
        } else {
            values.iter().for_each(|value| self.value(&value));
        }
    }
}

/// Appends a value as a writer encodes it.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value<'_>, version: Version) {
    match *value {
        Value::String(text) => {
            write_compact(out, text.len() as u64);
            out.extend_from_slice(text);
        }
        Value::Int32(number) => out.extend(number.to_le_bytes()),
        Value::Int64(number) => out.extend(number.to_le_bytes()),
        Value::Reference(record) => write_compact(out, record.stored()),
        Value::Boolean(truth) => out.push(truth.into()),
        Value::Float32(number) => out.extend(number.to_le_bytes()),
        Value::Float64(number) => out.extend(number.to_le_bytes()),
        Value::Int8(number) => out.extend(number.to_le_bytes()),
        Value::Int16(number) => out.extend(number.to_le_bytes()),
        Value::Blob(BlobPosition { position, size }) => {
            write_compact(out, position);
            if version == Version::V5 {
                write_compact(out, size.unwrap_or(0));
            }
        }
    }
}
