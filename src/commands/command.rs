//! One command: a line in, an entry out.

use super::Language;
use super::mistake::{Expected, Found, Mistake, Trouble};
use super::values::{self, unsigned};
use super::words::{Word, Words};
use crate::blob_map::{BlobMap, BlobPointers};
use crate::buffer::Buffer;
use crate::encode::write_value;
use crate::entry::{Entry, FieldId, InsertForm, RecordId, TableId, UpdateForm};
use crate::head::Version;
use crate::schema::Schema;
use crate::sink::LeftOut;
use crate::text::time::Utc;
use crate::value::{BlobPosition, FieldType, Type, Value, Values};

/// What the lines before leave to those after them, but for the schema.
#[derive(Debug, Default)]
pub(super) struct State {
    recent: Recent,
    pointers: BlobPointers,
    /// The blobs that were read, at the positions that the text says.
    blobs: BlobMap,
    /// What the last line `# Blob:` says; the blob has yet to come.
    announced: Option<BlobPosition>,
    /// The blobs that did not come.
    left_out: LeftOut,
}

/// The table and the field of the last command: the next one is likely to be about the same table, and the field
/// after that one.
#[derive(Debug, Default)]
struct Recent {
    table: TableId,
    field: FieldId,
}

/// Where strings and vectors go that do not stand in the line as they do in the log.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) text: Vec<u8>,
    pub(crate) values: Buffer,
}

impl State {
    pub(super) fn new(pointers: BlobPointers) -> State {
        State { pointers, ..State::default() }
    }

    fn leave_out(&mut self) {
        if let Some(BlobPosition { size: Some(size), .. }) = self.announced.take() {
            self.left_out.blobs = self.left_out.blobs.saturating_add(1);
            self.left_out.bytes = self.left_out.bytes.saturating_add(size);
        }
    }

    /// A remark, or what a dump says of the blob that follows.
    fn comment(&mut self, mut words: Words<'_>) -> Result<(), Trouble> {
        let (hash, label) = (words.word(), words.word());
        let begins_with_digit = words.peek().is_some_and(|byte| byte.is_ascii_digit());
        if hash.bytes != b"#" || label.bytes != b"Blob:" || !begins_with_digit {
            return Ok(());
        }
        let announcement = words.remainder();
        let blob = values::blob(announcement.bytes);
        self.leave_out();
        self.announced = Some(blob.ok_or_else(|| announcement.unexpected(Expected::Announcement))?);
        Ok(())
    }
}

impl Language for State {
    /// A blank line and a comment hold no entry.
    #[inline]
    fn read<'a>(
        &mut self,
        line: &'a [u8],
        schema: &Schema,
        scratch: &'a mut Scratch,
    ) -> Result<Option<Entry<'a>>, Trouble> {
        let mut words = Words::new(line);
        match words.peek() {
            None => Ok(None),
            Some(b'#') => self.comment(words).map(|()| None),
            Some(_) => Operands { words, schema, state: self }.command(scratch).map(Some),
        }
    }

    fn left_out(mut self) -> LeftOut {
        // One that was announced and did not come before the end of the text.
        self.leave_out();
        self.left_out
    }
}

/// The operands of a command.
struct Operands<'a, 's> {
    words: Words<'a>,
    schema: &'s Schema,
    state: &'s mut State,
}

impl<'a> Operands<'a, '_> {
    #[inline]
    fn command(mut self, scratch: &'a mut Scratch) -> Result<Entry<'a>, Trouble> {
        let command = self.words.word();
        if self.state.announced.is_some() && command.bytes != b"write_blob" {
            self.state.leave_out();
        }
        let entry = match command.bytes {
            b"update" => self.update(&mut scratch.text),
            b"insert_into" => self.insert_into(),
            b"update_vector" => self.update_vector(scratch),
            b"insert_vector" => self.insert_vector(),
            b"delete_from" => self.delete_from(),
            b"delete_vector" => self.delete_vector(),
            b"write_blob" => self.write_blob(&mut scratch.text),
            b"comment" => self.words.string(&mut scratch.text).map(|text| Entry::Comment { text }),
            b"timestamp" => self.timestamp(),
            b"valid_data" => Ok(Entry::ValidData),
            b"custom" => self.words.string(&mut scratch.text).map(|name| Entry::Custom { name }),
            b"create_table" => self.create_table(),
            b"drop_table" => self.drop_table(),
            b"rename_table" => self.rename_table(),
            b"add_field" => self.add_field(),
            b"drop_field" => self.drop_field(),
            b"rename_field" => self.rename_field(),
            _ => Err(command.unexpected(Expected::Command)),
        }?;
        self.words.end()?;
        Ok(entry)
    }

    // ---- Data ----------------------------------------------------------------------------------------------

    #[inline]
    fn update(&mut self, text: &'a mut Vec<u8>) -> Result<Entry<'a>, Trouble> {
        let table = self.table()?;
        let record = self.record()?;
        let (field, value_type) = self.field(table)?;
        let value = self.value(value_type, text)?;
        Ok(Entry::Update { table, record, field, value, form: UpdateForm::Update })
    }

    fn update_vector(&mut self, scratch: &'a mut Scratch) -> Result<Entry<'a>, Trouble> {
        let Scratch { text, values } = scratch;
        let table = self.table()?;
        let first = self.record()?;
        let (field, value_type) = self.field(table)?;
        let (count, at) = self.count()?;
        values.clear();
        for number in 1..=count {
            if self.words.peek().is_none() {
                return Err(self.words.word().unexpected(Expected::ValueOf { number, count }));
            }
            let value = self.value(value_type, text)?;
            write_value(values, &value, Version::V5);
        }
        let (bytes, version) = (values.bytes(), Version::V5);
        let values = Values { value_type, count, bytes, version, shortest: true };
        self.checked(Entry::UpdateVector { table, first, field, values }, at)
    }

    #[inline]
    fn insert_into(&mut self) -> Result<Entry<'a>, Trouble> {
        let (table, record) = (self.table()?, self.record()?);
        // A new record is likely to get its values from the first field on.
        self.state.recent.field = FieldId(0);
        Ok(Entry::Insert { table, record, form: InsertForm::InsertInto })
    }

    fn delete_from(&mut self) -> Result<Entry<'a>, Trouble> {
        Ok(Entry::Delete { table: self.table()?, record: self.record()? })
    }

    fn insert_vector(&mut self) -> Result<Entry<'a>, Trouble> {
        let (table, first) = (self.table()?, self.record()?);
        let (count, at) = self.count()?;
        self.checked(Entry::InsertVector { table, first, count }, at)
    }

    fn delete_vector(&mut self) -> Result<Entry<'a>, Trouble> {
        let (table, first) = (self.table()?, self.record()?);
        let (count, at) = self.count()?;
        self.checked(Entry::DeleteVector { table, first, count }, at)
    }

    /// A blob is at the position that the line before it says: at 0, which no value means, if there is none.
    fn write_blob(&mut self, text: &'a mut Vec<u8>) -> Result<Entry<'a>, Trouble> {
        self.words.peek();
        let at = self.words.at();
        let data = self.words.string(text)?;
        let Some(announced) = self.state.announced.take() else {
            return Ok(Entry::Blob { position: 0, data });
        };
        let (position, found) = (announced.position, data.len() as u64);
        if let Some(size) = announced.size.filter(|&size| size != found) {
            let (found, expected) = (Found::Bytes(found), Expected::Announced(size));
            return Err(Trouble::new(at, Mistake::Unexpected { found, expected }));
        }
        if self.state.pointers == BlobPointers::Follow {
            let inserted = self.state.blobs.insert(position, found, position, position);
            inserted.map_err(|error| Trouble::new(at, error))?;
        }
        Ok(Entry::Blob { position, data })
    }

    fn timestamp(&mut self) -> Result<Entry<'a>, Trouble> {
        let word = self.words.word();
        let seconds = values::signed(word.bytes).ok_or_else(|| word.unexpected(Expected::Seconds))?;
        let date = self.words.remainder();
        // A date that was edited without its seconds would change nothing.
        if !date.bytes.is_empty() && !Utc::from_seconds(seconds).is_written(date.bytes) {
            let expected = Utc::from_seconds(seconds).to_string();
            return Err(date.unexpected(Expected::Date(expected)));
        }
        Ok(Entry::Timestamp { seconds })
    }

    // ---- Schema --------------------------------------------------------------------------------------------

    fn create_table(&mut self) -> Result<Entry<'a>, Trouble> {
        let name = self.new_name()?;
        self.checked(Entry::CreateTable { name: name.bytes }, name.at)
    }

    fn drop_table(&mut self) -> Result<Entry<'a>, Trouble> {
        Ok(Entry::DropTable { table: self.table()? })
    }

    fn rename_table(&mut self) -> Result<Entry<'a>, Trouble> {
        let (table, name) = (self.table()?, self.new_name()?);
        self.checked(Entry::RenameTable { table, name: name.bytes }, name.at)
    }

    fn add_field(&mut self) -> Result<Entry<'a>, Trouble> {
        let (table, name) = (self.table()?, self.new_name()?);
        let field_type = self.field_type()?;
        self.checked(Entry::AddField { table, name: name.bytes, field_type }, name.at)
    }

    fn drop_field(&mut self) -> Result<Entry<'a>, Trouble> {
        let table = self.table()?;
        let (field, _) = self.field(table)?;
        Ok(Entry::DropField { table, field })
    }

    fn rename_field(&mut self) -> Result<Entry<'a>, Trouble> {
        let table = self.table()?;
        let (field, _) = self.field(table)?;
        let name = self.new_name()?;
        self.checked(Entry::RenameField { table, field, name: name.bytes }, name.at)
    }

    // ---- Operands ------------------------------------------------------------------------------------------

    #[inline]
    fn table(&mut self) -> Result<TableId, Trouble> {
        let name = self.words.word();
        let recent = self.schema.table(self.state.recent.table);
        if recent.is_some_and(|table| table.name() == name.bytes) {
            return Ok(self.state.recent.table);
        }
        let table = self.schema.table_named(name.bytes);
        let table = table.ok_or_else(|| name.unexpected(Expected::Table))?;
        self.state.recent = Recent { table, field: FieldId(0) };
        Ok(table)
    }

    /// A field of `table` and the type of its values.
    #[inline]
    fn field(&mut self, table: TableId) -> Result<(FieldId, Type), Trouble> {
        let name = self.words.word();
        let fields = self.schema.table(table);
        let next = FieldId(self.state.recent.field.0.saturating_add(1));
        let is_next = fields.and_then(|fields| fields.field(next)).is_some_and(|it| it.name() == name.bytes);
        let found =
            if is_next { Some(next) } else { fields.and_then(|fields| fields.field_named(name.bytes)) };
        let value_type = |field| fields?.field(field)?.field_type().value_type();
        let found = found.and_then(|field| Some((field, value_type(field)?)));
        let (field, value_type) = found.ok_or_else(|| name.unexpected(Expected::Field))?;
        self.state.recent.field = field;
        Ok((field, value_type))
    }

    fn new_name(&mut self) -> Result<Word<'a>, Trouble> {
        let name = self.words.word();
        if name.bytes.is_empty() { Err(name.unexpected(Expected::NewName)) } else { Ok(name) }
    }

    fn field_type(&mut self) -> Result<FieldType, Trouble> {
        let name = self.words.word();
        if name.bytes == b"references" {
            return self.table().map(FieldType::References);
        }
        let mut plain = Type::ALL.into_iter().filter(|&known| known != Type::Reference);
        let found = plain.find(|known| known.name().as_bytes() == name.bytes);
        found.map(FieldType::Plain).ok_or_else(|| name.unexpected(Expected::Type))
    }

    #[inline]
    fn record(&mut self) -> Result<RecordId, Trouble> {
        let word = self.words.word();
        let record = unsigned(word.bytes).filter(|&record| record < crate::COMPACT_MAX);
        let record = record.ok_or_else(|| word.unexpected(Expected::Record))?;
        Ok(RecordId(record.cast_signed()))
    }

    /// A count, and where it stands.
    fn count(&mut self) -> Result<(u64, usize), Trouble> {
        let word = self.words.word();
        let count = unsigned(word.bytes).ok_or_else(|| word.unexpected(Expected::Count))?;
        Ok((count, word.at))
    }

    #[inline]
    fn value<'t>(&mut self, value_type: Type, text: &'t mut Vec<u8>) -> Result<Value<'t>, Trouble>
    where
        'a: 't,
    {
        if value_type == Type::String {
            return self.words.string(text).map(Value::String);
        }
        let word = self.words.word();
        let value = values::value(word, value_type)?;
        if let Value::Blob(blob) = value
            && self.state.pointers == BlobPointers::Follow
        {
            self.state.blobs.find(blob).map_err(|error| Trouble::new(word.at, error))?;
        }
        Ok(value)
    }

    /// An entry that makes sense here; what does not, does not because of the word at `at`.
    fn checked(&self, entry: Entry<'a>, at: usize) -> Result<Entry<'a>, Trouble> {
        match self.schema.check(&entry) {
            Ok(()) => Ok(entry),
            Err(nonsense) => Err(Trouble::new(at, nonsense)),
        }
    }
}
