//! The example database of the fixtures: people and the cities they live in.

use joedb::head::Head;
use joedb::{
    Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value, Version,
};

const CITY: TableId = TableId(1);
const CITY_NAME: FieldId = FieldId(1);
pub(crate) const PERSON: TableId = TableId(2);
const FIRST_NAME: FieldId = FieldId(1);
pub(crate) const LAST_NAME: FieldId = FieldId(2);
pub(crate) const AGE: FieldId = FieldId(3);
pub(crate) const HOME: FieldId = FieldId(4);

pub(crate) const LILLE: RecordId = RecordId(0);
pub(crate) const TOKYO: RecordId = RecordId(1);

const SCHEMA: [Entry<'static>; 7] = [
    Entry::CreateTable { name: b"city" },
    Entry::AddField { table: CITY, name: b"name", field_type: FieldType::Plain(Type::String) },
    Entry::CreateTable { name: b"person" },
    Entry::AddField { table: PERSON, name: b"first_name", field_type: FieldType::Plain(Type::String) },
    Entry::AddField { table: PERSON, name: b"last_name", field_type: FieldType::Plain(Type::String) },
    Entry::AddField { table: PERSON, name: b"age", field_type: FieldType::Plain(Type::Int32) },
    Entry::AddField { table: PERSON, name: b"home", field_type: FieldType::References(CITY) },
];

/// 2025-04-18 18:13:20 UTC, when the first transaction ends; the others follow a minute apart.
const FIRST_COMMIT: i64 = 1_745_000_000;

/// A log as a program writes it: a schema, then transactions that end with `timestamp` and `valid_data`.
pub(crate) struct Log {
    version: Version,
    pub(crate) entries: Encoder,
    commits: i64,
}

impl Log {
    pub(crate) fn new(version: Version) -> Log {
        let mut entries = Encoder::new(version);
        SCHEMA.iter().for_each(|entry| entries.push(entry));
        Log { version, entries, commits: 0 }
    }

    pub(crate) fn update(&mut self, table: TableId, record: RecordId, field: FieldId, value: Value<'_>) {
        self.entries.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update });
    }

    fn insert(&mut self, table: TableId, record: RecordId) {
        self.entries.push(&Entry::Insert { table, record, form: InsertForm::InsertInto });
    }

    pub(crate) fn city(&mut self, record: RecordId, name: &str) {
        self.insert(CITY, record);
        self.update(CITY, record, CITY_NAME, Value::String(name.as_bytes()));
    }

    pub(crate) fn person(&mut self, record: i64, names: [&str; 2], age: i32, home: RecordId) {
        let (record, [first, last]) = (RecordId(record), names);
        self.insert(PERSON, record);
        self.update(PERSON, record, FIRST_NAME, Value::String(first.as_bytes()));
        self.update(PERSON, record, LAST_NAME, Value::String(last.as_bytes()));
        self.update(PERSON, record, AGE, Value::Int32(age));
        self.update(PERSON, record, HOME, Value::Reference(home));
    }

    pub(crate) fn comment(&mut self, text: &str) {
        self.entries.push(&Entry::Comment { text: text.as_bytes() });
    }

    /// Ends a transaction and returns where it ends.
    pub(crate) fn commit(&mut self) -> u64 {
        self.entries.push(&Entry::Timestamp { seconds: FIRST_COMMIT + 60 * self.commits });
        self.entries.push(&Entry::ValidData);
        self.commits += 1;
        self.entries.position()
    }

    pub(crate) fn position(&self) -> u64 {
        self.entries.position()
    }

    /// A whole file, with these numbers in the checkpoint places of its head.
    pub(crate) fn file(&self, slots: [i64; 4]) -> Vec<u8> {
        self.entries.file_with(Head::with_slots(self.version, slots))
    }
}

/// A log of three transactions, and where each of them ends.
pub(crate) fn three_transactions(version: Version) -> (Log, [u64; 3]) {
    let mut log = Log::new(version);
    log.city(LILLE, "Lille");
    log.city(TOKYO, "東京");
    let first = log.commit();
    log.person(0, ["Rémi", "Durand"], 41, LILLE);
    log.person(1, ["Hanako", "Satō"], 38, TOKYO);
    let second = log.commit();
    log.person(2, ["Jeanne", "\"la\" Martin"], 29, LILLE);
    log.update(PERSON, RecordId(0), HOME, Value::Reference(TOKYO));
    let third = log.commit();
    (log, [first, second, third])
}
