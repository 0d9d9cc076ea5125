//! One object: a line in, an entry out.

use super::members::Members;
use super::syntax::{Cursor, Span};
use super::values;
use crate::blob_map::{BlobError, BlobMap, BlobPointers};
use crate::buffer::Buffer;
use crate::commands::{Expected, Found, Language, Mistake, Scratch, Trouble};
use crate::encode::write_value;
use crate::entry::{Entry, FieldId, InsertForm, RecordId, TableId, UpdateForm};
use crate::head::Version;
use crate::schema::Schema;
use crate::sink::LeftOut;
use crate::text::time::Utc;
use crate::value::{FieldType, Type, Value, Values};
use std::borrow::Cow;

/// What the lines before leave to those after them, but for the schema.
#[derive(Debug, Default)]
pub(super) struct State {
    pointers: BlobPointers,
    /// The blobs that were read, at the positions that the text says.
    blobs: BlobMap,
    /// Blobs without their data.
    left_out: LeftOut,
}

impl State {
    pub(super) fn new(pointers: BlobPointers) -> State {
        State { pointers, ..State::default() }
    }
}

impl Language for State {
    fn read<'a>(
        &mut self,
        line: &'a [u8],
        schema: &Schema,
        scratch: &'a mut Scratch,
    ) -> Result<Option<Entry<'a>>, Trouble> {
        if Cursor::new(line).peek().is_none() {
            return Ok(None);
        }
        let mut members = Members::of_line(line)?;
        let position = members.get("position").map(values::number).transpose()?.unwrap_or(0);
        members.get("length").map(values::number).transpose()?;
        let mut operands = Operands { line, members, schema, state: self, position };
        let entry = operands.entry(scratch)?;
        operands.members.end()?;
        Ok(entry)
    }

    fn left_out(self) -> LeftOut {
        self.left_out
    }
}

/// The members of an entry.
struct Operands<'a, 's> {
    line: &'a [u8],
    members: Members<'a>,
    schema: &'s Schema,
    state: &'s mut State,
    /// Where the entry stood.
    position: u64,
}

impl<'a> Operands<'a, '_> {
    /// `None` for a blob that is left out.
    fn entry(&mut self, scratch: &'a mut Scratch) -> Result<Option<Entry<'a>>, Trouble> {
        let kind = self.members.take("kind")?;
        let name = values::string(kind)?;
        if name.as_ref() == b"blob" {
            return self.blob(&mut scratch.text);
        }
        let entry = match name.as_ref() {
            b"update" | b"update_last" | b"update_next" => self.update(&mut scratch.text),
            b"insert_into" | b"append" => {
                let (table, record) = (self.table()?, self.record()?);
                Ok(Entry::Insert { table, record, form: InsertForm::InsertInto })
            }
            b"update_vector" => self.update_vector(&mut scratch.values),
            b"insert_vector" => {
                let (table, first, (count, at)) = (self.table()?, self.record()?, self.count()?);
                self.checked(Entry::InsertVector { table, first, count }, at)
            }
            b"delete_from" => Ok(Entry::Delete { table: self.table()?, record: self.record()? }),
            b"delete_vector" => {
                let (table, first, (count, at)) = (self.table()?, self.record()?, self.count()?);
                self.checked(Entry::DeleteVector { table, first, count }, at)
            }
            b"comment" => self.bytes("text", &mut scratch.text).map(|(text, _)| Entry::Comment { text }),
            b"custom" => self.bytes("name", &mut scratch.text).map(|(name, _)| Entry::Custom { name }),
            b"timestamp" => self.timestamp(),
            b"valid_data" => Ok(Entry::ValidData),
            b"end_of_file" => Ok(Entry::EndOfFile),
            _ => self.schema_entry(kind, &name, &mut scratch.text),
        };
        entry.map(Some)
    }

    fn schema_entry(
        &mut self,
        kind: Span<'a>,
        name: &[u8],
        text: &'a mut Vec<u8>,
    ) -> Result<Entry<'a>, Trouble> {
        match name {
            b"create_table" => {
                let next = self.schema.next_table().map(|table| table.0);
                self.agrees("table_id", next)?;
                let (name, at) = self.bytes("table", text)?;
                self.checked(Entry::CreateTable { name }, at)
            }
            b"drop_table" => Ok(Entry::DropTable { table: self.table()? }),
            b"rename_table" => {
                let table = self.table()?;
                let (name, at) = self.bytes("name", text)?;
                self.checked(Entry::RenameTable { table, name }, at)
            }
            b"add_field" => self.add_field(text),
            b"drop_field" => {
                let table = self.table()?;
                Ok(Entry::DropField { table, field: self.field(table)?.0 })
            }
            b"rename_field" => {
                let table = self.table()?;
                let field = self.field(table)?.0;
                let (name, at) = self.bytes("name", text)?;
                self.checked(Entry::RenameField { table, field, name }, at)
            }
            _ => Err(kind.unexpected(Expected::Kind)),
        }
    }

    // ---- Data ----------------------------------------------------------------------------------------------

    fn update(&mut self, text: &'a mut Vec<u8>) -> Result<Entry<'a>, Trouble> {
        let (table, record) = (self.table()?, self.record()?);
        let (field, value_type) = self.field(table)?;
        self.agrees_on_type(value_type)?;
        let value = self.members.take("value")?;
        let value = match value_type {
            Type::String => Value::String(kept(values::bytes(self.line, value)?, text)),
            _ => self.value(value, value_type)?,
        };
        Ok(Entry::Update { table, record, field, value, form: UpdateForm::Update })
    }

    fn update_vector(&mut self, encoded: &'a mut Buffer) -> Result<Entry<'a>, Trouble> {
        let (table, first) = (self.table()?, self.record()?);
        let (field, value_type) = self.field(table)?;
        self.agrees_on_type(value_type)?;
        let list = self.members.take("values")?;
        encoded.clear();
        let count = self.values(list, value_type, encoded)?;
        self.agrees("count", Some(count))?;
        let (bytes, version) = (encoded.bytes(), Version::V5);
        let values = Values { value_type, count, bytes, version, shortest: true };
        self.checked(Entry::UpdateVector { table, first, field, values }, list.at)
    }

    /// Encodes the values of a list, and counts them.
    fn values(&mut self, list: Span<'a>, value_type: Type, encoded: &mut Buffer) -> Result<u64, Trouble> {
        let mut cursor = Cursor::within(self.line, list);
        cursor.expect(b'[', Expected::List)?;
        let mut count: u64 = 0;
        while cursor.peek() != Some(b']') {
            if count > 0 {
                cursor.expect(b',', Expected::CommaOr(']'))?;
            }
            let value = cursor.value()?;
            match value_type {
                Type::String => {
                    let text = values::bytes(self.line, value)?;
                    write_value(encoded, &Value::String(&text), Version::V5);
                }
                _ => write_value(encoded, &self.value(value, value_type)?, Version::V5),
            }
            count = count.saturating_add(1);
        }
        Ok(count)
    }

    /// A blob value is one that has a size and points to a blob before it, or is to be kept.
    fn value(&self, span: Span<'a>, value_type: Type) -> Result<Value<'a>, Trouble> {
        let value = values::value(self.line, span, value_type)?;
        let Value::Blob(blob) = value else { return Ok(value) };
        let found = match self.state.pointers {
            BlobPointers::Keep if blob.size.is_some() => Ok(blob),
            BlobPointers::Keep => Err(BlobError::Unknown(blob)),
            BlobPointers::Follow => self.state.blobs.find(blob),
        };
        found.map(Value::Blob).map_err(|error| Trouble::new(span.at, error))
    }

    /// A blob is where the text says that it was: at 0, which no value means, if it does not say so.
    fn blob(&mut self, text: &'a mut Vec<u8>) -> Result<Option<Entry<'a>>, Trouble> {
        let position = self.members.get("data_position").map(values::number).transpose()?.unwrap_or(0);
        let size = self.members.get("size");
        let Some(span) = self.members.get("data") else {
            let bytes = values::number(self.members.take("size")?)?;
            let LeftOut { blobs, bytes: before } = self.state.left_out;
            self.state.left_out =
                LeftOut { blobs: blobs.saturating_add(1), bytes: before.saturating_add(bytes) };
            return Ok(None);
        };
        let data = kept(values::bytes(self.line, span)?, text);
        let found = data.len() as u64;
        if let Some(size) = size.map(values::number).transpose()?.filter(|&size| size != found) {
            let (found, expected) = (Found::Bytes(found), Expected::Size(size));
            return Err(Trouble::new(span.at, Mistake::Unexpected { found, expected }));
        }
        if self.state.pointers == BlobPointers::Follow && position > 0 {
            let length_at = self.position.saturating_add(1);
            let inserted = self.state.blobs.insert(position, found, length_at, position);
            inserted.map_err(|error| Trouble::new(span.at, error))?;
        }
        Ok(Some(Entry::Blob { position, data }))
    }

    fn timestamp(&mut self) -> Result<Entry<'a>, Trouble> {
        let span = self.members.take("seconds")?;
        let Value::Int64(seconds) = values::value(self.line, span, Type::Int64)? else {
            return Err(span.unexpected(Expected::Seconds));
        };
        // A date that was edited without its seconds would change nothing.
        if let Some(utc) = self.members.get("utc") {
            let expected = Utc::from_seconds(seconds).rfc3339().to_string();
            if values::string(utc)?.as_ref() != expected.as_bytes() {
                return Err(utc.unexpected(Expected::Date(expected)));
            }
        }
        Ok(Entry::Timestamp { seconds })
    }

    // ---- Schema --------------------------------------------------------------------------------------------

    fn add_field(&mut self, text: &'a mut Vec<u8>) -> Result<Entry<'a>, Trouble> {
        let table = self.table()?;
        let next = self.schema.next_field(table).map(|field| field.0);
        self.agrees("field_id", next)?;
        let field_type = self.field_type()?;
        let (name, at) = self.bytes("field", text)?;
        self.checked(Entry::AddField { table, name, field_type }, at)
    }

    fn field_type(&mut self) -> Result<FieldType, Trouble> {
        let span = self.members.take("type")?;
        let name = values::string(span)?;
        if name.as_ref() == b"references" {
            return self.table_by("references", "references_id").map(FieldType::References);
        }
        let mut plain = Type::ALL.into_iter().filter(|&known| known != Type::Reference);
        let found = plain.find(|known| known.name().as_bytes() == name.as_ref());
        found.map(FieldType::Plain).ok_or_else(|| span.unexpected(Expected::Type))
    }

    // ---- Operands ------------------------------------------------------------------------------------------

    fn table(&mut self) -> Result<TableId, Trouble> {
        self.table_by("table", "table_id")
    }

    /// A table by name, by id, or by both where they agree.
    fn table_by(&mut self, name: &'static str, id: &'static str) -> Result<TableId, Trouble> {
        let Some(span) = self.members.get(name) else {
            let span = self.members.get(id).map_or_else(|| self.members.take(name), Ok)?;
            let table = u16::try_from(values::number(span)?).map(TableId).ok();
            let table = table.filter(|&table| self.schema.table(table).is_some());
            return table.ok_or_else(|| span.unexpected(Expected::Table));
        };
        let table = self.schema.table_named(&values::bytes(self.line, span)?);
        let table = table.ok_or_else(|| span.unexpected(Expected::Table))?;
        self.agrees(id, Some(table.0))?;
        Ok(table)
    }

    /// A field of `table` and the type of its values.
    fn field(&mut self, table: TableId) -> Result<(FieldId, Type), Trouble> {
        let fields = self.schema.table(table);
        let value_type = |field| Some((field, fields?.field(field)?.field_type().value_type()?));
        let Some(span) = self.members.get("field") else {
            let span = self.members.get("field_id").map_or_else(|| self.members.take("field"), Ok)?;
            let field = u16::try_from(values::number(span)?).map(FieldId).ok();
            return field.and_then(value_type).ok_or_else(|| span.unexpected(Expected::Field));
        };
        let name = values::bytes(self.line, span)?;
        let found = fields.and_then(|fields| fields.field_named(&name)).and_then(value_type);
        let (field, value_type) = found.ok_or_else(|| span.unexpected(Expected::Field))?;
        self.agrees("field_id", Some(field.0))?;
        Ok((field, value_type))
    }

    fn record(&mut self) -> Result<RecordId, Trouble> {
        let span = self.members.take("record")?;
        let record = crate::commands::unsigned(span.bytes).filter(|&record| record < crate::COMPACT_MAX);
        record.map(|record| RecordId(record.cast_signed())).ok_or_else(|| span.unexpected(Expected::Record))
    }

    /// A count, and where it stands.
    fn count(&mut self) -> Result<(u64, usize), Trouble> {
        let span = self.members.take("count")?;
        Ok((values::number(span)?, span.at))
    }

    /// Bytes, and where they stand.
    fn bytes(&mut self, name: &'static str, text: &'a mut Vec<u8>) -> Result<(&'a [u8], usize), Trouble> {
        let span = self.members.take(name)?;
        Ok((kept(values::bytes(self.line, span)?, text), span.at))
    }

    /// A number that follows from the rest may be missing, and may not be another one.
    fn agrees(&mut self, name: &'static str, expected: Option<impl Into<u64>>) -> Result<(), Trouble> {
        let Some((span, expected)) = self.members.get(name).zip(expected.map(Into::into)) else {
            return Ok(());
        };
        if values::number(span)? == expected {
            Ok(())
        } else {
            Err(span.unexpected(Expected::Same(expected)))
        }
    }

    fn agrees_on_type(&mut self, value_type: Type) -> Result<(), Trouble> {
        let Some(span) = self.members.get("type") else { return Ok(()) };
        let is_same = values::string(span)?.as_ref() == value_type.name().as_bytes();
        if is_same { Ok(()) } else { Err(span.unexpected(Expected::TypeOfField(value_type))) }
    }

    /// An entry that makes sense here; what does not, does not because of what stands at `at`.
    fn checked(&self, entry: Entry<'a>, at: usize) -> Result<Entry<'a>, Trouble> {
        match self.schema.check(&entry) {
            Ok(()) => Ok(entry),
            Err(nonsense) => Err(Trouble::new(at, nonsense)),
        }
    }
}

/// Bytes that last as long as the line, or are put where they do.
fn kept<'a>(bytes: Cow<'a, [u8]>, text: &'a mut Vec<u8>) -> &'a [u8] {
    match bytes {
        Cow::Borrowed(bytes) => bytes,
        Cow::Owned(bytes) => {
            *text = bytes;
            text
        }
    }
}
