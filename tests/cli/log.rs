//! Logs that tests write entry by entry.

use joedb::{
    Encoder, Entry, FieldId, FieldType, Head, InsertForm, RecordId, TableId, Type, UpdateForm, Value, Version,
};

/// A log, and the positions between its entries.
pub(crate) struct Log {
    version: Version,
    encoder: Encoder,
    boundaries: Vec<u64>,
}

impl Log {
    pub(crate) fn new() -> Log {
        Log::of(Version::V5)
    }

    pub(crate) fn of(version: Version) -> Log {
        Log { version, encoder: Encoder::new(version), boundaries: vec![41] }
    }

    pub(crate) fn push(&mut self, entry: &Entry<'_>) -> &mut Log {
        self.encoder.push(entry);
        self.boundaries.push(self.encoder.position());
        self
    }

    pub(crate) fn table(&mut self, name: &str) -> &mut Log {
        self.push(&Entry::CreateTable { name: name.as_bytes() })
    }

    pub(crate) fn rename_table(&mut self, table: u16, name: &str) -> &mut Log {
        self.push(&Entry::RenameTable { table: TableId(table), name: name.as_bytes() })
    }

    pub(crate) fn drop_table(&mut self, table: u16) -> &mut Log {
        self.push(&Entry::DropTable { table: TableId(table) })
    }

    pub(crate) fn field(&mut self, table: u16, name: &str, field_type: Type) -> &mut Log {
        self.typed_field(table, name, FieldType::Plain(field_type))
    }

    pub(crate) fn reference(&mut self, table: u16, name: &str, target: u16) -> &mut Log {
        self.typed_field(table, name, FieldType::References(TableId(target)))
    }

    fn typed_field(&mut self, table: u16, name: &str, field_type: FieldType) -> &mut Log {
        self.push(&Entry::AddField { table: TableId(table), name: name.as_bytes(), field_type })
    }

    pub(crate) fn rename_field(&mut self, table: u16, field: u16, name: &str) -> &mut Log {
        let (table, field) = (TableId(table), FieldId(field));
        self.push(&Entry::RenameField { table, field, name: name.as_bytes() })
    }

    pub(crate) fn drop_field(&mut self, table: u16, field: u16) -> &mut Log {
        self.push(&Entry::DropField { table: TableId(table), field: FieldId(field) })
    }

    pub(crate) fn insert(&mut self, table: u16, record: i64) -> &mut Log {
        let (table, record) = (TableId(table), RecordId(record));
        self.push(&Entry::Insert { table, record, form: InsertForm::InsertInto })
    }

    pub(crate) fn insert_vector(&mut self, table: u16, first: i64, count: u64) -> &mut Log {
        self.push(&Entry::InsertVector { table: TableId(table), first: RecordId(first), count })
    }

    pub(crate) fn delete(&mut self, table: u16, record: i64) -> &mut Log {
        self.push(&Entry::Delete { table: TableId(table), record: RecordId(record) })
    }

    pub(crate) fn delete_vector(&mut self, table: u16, first: i64, count: u64) -> &mut Log {
        self.push(&Entry::DeleteVector { table: TableId(table), first: RecordId(first), count })
    }

    pub(crate) fn update(&mut self, table: u16, record: i64, field: u16, value: Value<'_>) -> &mut Log {
        let (table, record, field) = (TableId(table), RecordId(record), FieldId(field));
        self.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update })
    }

    pub(crate) fn comment(&mut self, text: &[u8]) -> &mut Log {
        self.push(&Entry::Comment { text })
    }

    /// A blob; its data ends where the entry does.
    pub(crate) fn blob(&mut self, data: &[u8]) -> &mut Log {
        self.push(&Entry::Blob { position: 0, data })
    }

    /// The end of the last entry.
    pub(crate) fn end(&self) -> u64 {
        self.encoder.position()
    }

    /// The positions between the entries, 41 and the end included.
    pub(crate) fn boundaries(&self) -> &[u64] {
        &self.boundaries
    }

    /// The file, hard-checkpointed to its end.
    pub(crate) fn clean(&self) -> Vec<u8> {
        self.hard_at(self.end())
    }

    /// The file with a hard checkpoint at `position`, so that what follows is its tail.
    pub(crate) fn hard_at(&self, position: u64) -> Vec<u8> {
        self.encoder.file_with(Head::hard(self.version, position))
    }

    /// The file with these four checkpoint places.
    pub(crate) fn with_slots(&self, slots: [i64; 4]) -> Vec<u8> {
        self.encoder.file_with(Head::with_slots(self.version, slots))
    }
}

/// Two transactions of a log: tests crash the second one.
pub(crate) struct Sample {
    pub(crate) log: Log,
    /// The end of the first transaction.
    pub(crate) first: u64,
}

impl Sample {
    pub(crate) fn new() -> Sample {
        Sample::of(Version::V5)
    }

    pub(crate) fn of(version: Version) -> Sample {
        let mut log = Sample::first_transaction(version);
        let first = log.end();
        log.insert(1, 1).update(1, 1, 1, Value::String(b"Bob")).comment(b"the second one");
        Sample { log, first }
    }

    /// The log before the second transaction.
    pub(crate) fn first_transaction(version: Version) -> Log {
        let mut log = Log::of(version);
        log.table("person").field(1, "name", Type::String).insert(1, 0);
        log.update(1, 0, 1, Value::String(b"Ann"));
        log.push(&Entry::Timestamp { seconds: 1_745_000_000 }).push(&Entry::ValidData);
        log
    }

    /// The end of the second transaction, and of the file.
    pub(crate) fn end(&self) -> u64 {
        self.log.end()
    }

    /// Hard-checkpointed to its end.
    pub(crate) fn clean(&self) -> Vec<u8> {
        self.log.clean()
    }

    /// Never hard-checkpointed, softly to its end.
    pub(crate) fn soft(&self) -> Vec<u8> {
        self.log.with_slots([41, 41, -signed(self.end()), 41])
    }

    /// The second transaction was not finished.
    pub(crate) fn dirty(&self) -> Vec<u8> {
        self.log.hard_at(self.first)
    }

    /// The first transaction is hard, the second one soft.
    pub(crate) fn hard_then_soft(&self) -> Vec<u8> {
        let first = signed(self.first);
        self.log.with_slots([-signed(self.end()), 41, first, first])
    }

    /// The hard checkpoint of the second transaction has one copy.
    pub(crate) fn pending(&self) -> Vec<u8> {
        let first = signed(self.first);
        self.log.with_slots([signed(self.end()), 41, first, first])
    }
}

/// A position as the head holds it.
pub(crate) fn signed(position: u64) -> i64 {
    position.cast_signed()
}
