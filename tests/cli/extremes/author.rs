//! Writes the log, and keeps in mind what was written.

use super::data::{Datum, LAST_RECORD, extremes, random};
use super::random::Random;
use joedb::{Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Version};
use std::collections::BTreeMap;

/// What an entry says, and in which form. Tables and fields are numbered from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    CreateTable(&'static str),
    AddField { table: u16, name: &'static str, of: Type },
    Insert { table: u16, record: i64, append: bool },
    InsertVector { table: u16, first: i64, count: u64 },
    Delete { table: u16, record: i64 },
    DeleteVector { table: u16, first: i64, count: u64 },
    Update { place: Place, form: Form, value: Datum },
    UpdateVector { place: Place, of: Type, values: Vec<Datum> },
    Blob { data_at: u64, data: Vec<u8> },
    Comment(Vec<u8>),
    Timestamp(i64),
    ValidData,
    Custom(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) table: u16,
    pub(crate) record: i64,
    pub(crate) field: u16,
}

/// In which form an update stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Update,
    Last,
    Next,
}

/// An entry, and where it begins and ends.
pub(crate) struct Written {
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) act: Act,
}

/// The rows of a table, by record; of each, what was set, by field.
pub(crate) type Rows = BTreeMap<i64, BTreeMap<u16, Datum>>;

/// A log and its model.
pub(crate) struct Book {
    pub(crate) file: Vec<u8>,
    pub(crate) written: Vec<Written>,
    pub(crate) tables: [Rows; 2],
}

/// Two tables, both with a field for each type, in the order of the types.
pub(crate) const TABLES: [&str; 2] = ["extremes", "others"];

pub(crate) const FIELDS: [&str; 10] = [
    "a_string",
    "an_int32",
    "an_int64",
    "a_reference",
    "a_boolean",
    "a_single",
    "a_double",
    "an_int8",
    "an_int16",
    "a_blob",
];

/// The log that all tests of extremes are about: the same on every run.
pub(crate) fn book() -> Book {
    let mut author = Author::new(Random::new(20_260_131));
    author.schema();
    author.blobs();
    author.extremes();
    author.edges();
    author.vectors();
    for record in 0..50_000 {
        author.random_row(record);
    }
    author.finish()
}

struct Author {
    encoder: Encoder,
    random: Random,
    written: Vec<Written>,
    tables: [Rows; 2],
    blobs: Vec<Datum>,
    /// Table, record and field of the last entry that had them: FORMAT.md, section 5.
    context: Place,
}

impl Author {
    fn new(random: Random) -> Author {
        let context = Place { table: 0, record: -1, field: 0 };
        let blobs = vec![Datum::Blob { position: 0, size: 0 }];
        let (written, tables) = (Vec::new(), [Rows::new(), Rows::new()]);
        Author { encoder: Encoder::new(Version::V5), random, written, tables, blobs, context }
    }

    fn finish(self) -> Book {
        Book { file: self.encoder.file(), written: self.written, tables: self.tables }
    }

    fn write(&mut self, act: Act, entry: &Entry<'_>) {
        let begin = self.encoder.position();
        self.encoder.push(entry);
        self.written.push(Written { begin, end: self.encoder.position(), act });
    }

    fn rows(&mut self, table: u16) -> &mut Rows {
        &mut self.tables[usize::from(table) - 1]
    }

    // ---- Parts of the log ----------------------------------------------------------------------------------

    fn schema(&mut self) {
        for (table, name) in (1..).zip(TABLES) {
            self.write(Act::CreateTable(name), &Entry::CreateTable { name: name.as_bytes() });
            for (name, of) in FIELDS.into_iter().zip(Type::ALL) {
                let field_type = match of {
                    Type::Reference => FieldType::References(TableId(1)),
                    plain => FieldType::Plain(plain),
                };
                let entry = Entry::AddField { table: TableId(table), name: name.as_bytes(), field_type };
                self.write(Act::AddField { table, name, of }, &entry);
            }
        }
        self.write(Act::Custom("a_function"), &Entry::Custom { name: b"a_function" });
        self.write(Act::ValidData, &Entry::ValidData);
    }

    /// Of no bytes, of each byte, of sizes around the ends of a compact number's lengths, and of many bytes.
    fn blobs(&mut self) {
        for size in [0, 1, 31, 32, 8191, 8192, 1 << 20] {
            let data = self.random.bytes(size);
            self.blob(data);
        }
        self.blob((0..=u8::MAX).collect());
    }

    fn blob(&mut self, data: Vec<u8>) {
        let size = data.len() as u64;
        let entry = Entry::Blob { position: 0, data: &data };
        let begin = self.encoder.position();
        self.encoder.push(&entry);
        let end = self.encoder.position();
        let data_at = end - size;
        self.written.push(Written { begin, end, act: Act::Blob { data_at, data: data.clone() } });
        self.blobs.push(Datum::Blob { position: data_at, size });
    }

    /// Each extreme in a row of its own, and again in the comment before it.
    fn extremes(&mut self) {
        let mut record = 100_000;
        for (field, of) in (1..).zip(Type::ALL) {
            let values = if of == Type::Blob { self.blobs.clone() } else { extremes(of) };
            for value in values {
                if let Datum::String(text) = &value {
                    self.comment(text.clone());
                }
                self.insert(1, record);
                self.update(Place { table: 1, record, field }, value);
                record += 2;
            }
        }
    }

    /// The ends of what records and times can be.
    fn edges(&mut self) {
        for record in [LAST_RECORD - 4, LAST_RECORD - 2, LAST_RECORD] {
            self.insert(2, record);
            self.update(Place { table: 2, record, field: 3 }, Datum::Int64(record));
        }
        self.insert_vector(1, LAST_RECORD - 9, 10);
        self.delete_vector(1, LAST_RECORD - 8, 3);
        self.delete(1, LAST_RECORD);
        self.insert_vector(1, 500_000, 0);
        self.delete_vector(1, 500_000, 0);
        self.insert_vector(1, 600_000, 5000);
        self.delete_vector(1, 600_001, 4998);
        // From the year -9999 to 9999, and where 32 bits end.
        for seconds in [-377_705_116_800, -1, 0, 1, i64::from(i32::MAX) + 1, 253_402_300_799] {
            self.write(Act::Timestamp(seconds), &Entry::Timestamp { seconds });
        }
    }

    /// A vector of the extremes of each type, one of no values, and one of many.
    fn vectors(&mut self) {
        for (field, of) in (1..).zip(Type::ALL) {
            let short = |value: &Datum| !matches!(value, Datum::String(text) if text.len() > 1000);
            let mut values = if of == Type::Blob { self.blobs.clone() } else { extremes(of) };
            values.retain(short);
            let first = 1_000_000 * i64::from(field);
            self.insert_vector(2, first, 2000);
            let place = |record| Place { table: 2, record, field };
            self.update_vector(place(first), of, values);
            let many = (0..1000).map(|_| self.any(of)).collect();
            self.update_vector(place(first + 1000), of, many);
            self.update_vector(place(first), of, Vec::new());
            // Its context is that of the vector's first record.
            let value = self.any(of);
            self.update(place(first + 1), value);
        }
    }

    /// A row as programs write them: some fields of it, or a column going down, now and then an older row, a deletion.
    fn random_row(&mut self, record: i64) {
        let table = self.random.pick(&[1, 1, 1, 2]);
        self.insert(table, record);
        for _ in 0..self.random.below(4) {
            self.random_update(Place { table, record, field: 0 });
        }
        let older = i64::try_from(self.random.below(usize::try_from(record + 1).unwrap())).unwrap();
        match self.random.below(40) {
            0 => self.delete(table, older),
            1 => self.random_update(Place { table, record: older, field: 0 }),
            2 => self.column(table, older),
            3 => {
                let text = self.random.bytes(12);
                self.comment(text);
            }
            _ => {}
        }
    }

    fn random_update(&mut self, place: Place) {
        let index = self.random.below(FIELDS.len());
        let value = self.any(Type::ALL[index]);
        self.update(Place { field: u16::try_from(index + 1).unwrap(), ..place }, value);
    }

    fn column(&mut self, table: u16, first: i64) {
        for record in first..first + 5 {
            let value = self.any(Type::Float64);
            self.update(Place { table, record, field: 7 }, value);
        }
    }

    fn any(&mut self, of: Type) -> Datum {
        match of {
            // Long ones are rare.
            Type::Blob => self.random.pick(&self.blobs[..4]),
            _ => random(of, &mut self.random),
        }
    }

    // ---- Entries -------------------------------------------------------------------------------------------

    fn insert(&mut self, table: u16, record: i64) {
        let append = table == self.context.table && record == self.context.record + 1;
        (self.context.table, self.context.record) = (table, record);
        self.rows(table).insert(record, BTreeMap::new());
        let entry =
            Entry::Insert { table: TableId(table), record: RecordId(record), form: InsertForm::InsertInto };
        self.write(Act::Insert { table, record, append }, &entry);
    }

    fn insert_vector(&mut self, table: u16, first: i64, count: u64) {
        (self.context.table, self.context.record) = (table, first);
        self.rows(table).extend((first..first + count.cast_signed()).map(|record| (record, BTreeMap::new())));
        let entry = Entry::InsertVector { table: TableId(table), first: RecordId(first), count };
        self.write(Act::InsertVector { table, first, count }, &entry);
    }

    fn delete(&mut self, table: u16, record: i64) {
        self.rows(table).remove(&record);
        let entry = Entry::Delete { table: TableId(table), record: RecordId(record) };
        self.write(Act::Delete { table, record }, &entry);
    }

    fn delete_vector(&mut self, table: u16, first: i64, count: u64) {
        self.rows(table).retain(|record, _| !(first..first + count.cast_signed()).contains(record));
        let entry = Entry::DeleteVector { table: TableId(table), first: RecordId(first), count };
        self.write(Act::DeleteVector { table, first, count }, &entry);
    }

    fn form(&self, place: Place) -> Form {
        let Place { table, record, field } = self.context;
        if place.table == table && place.record == record {
            Form::Last
        } else if place.table == table && place.field == field && place.record == record + 1 {
            Form::Next
        } else {
            Form::Update
        }
    }

    /// A record that does not exist is updated in vain.
    fn update(&mut self, place: Place, value: Datum) {
        let form = self.form(place);
        self.context = place;
        self.set(place, value.clone());
        let Place { table, record, field } = place;
        let (table, record, field) = (TableId(table), RecordId(record), FieldId(field));
        let entry = Entry::Update { table, record, field, value: value.value(), form: UpdateForm::Update };
        self.write(Act::Update { place, form, value: value.clone() }, &entry);
    }

    fn set(&mut self, place: Place, value: Datum) {
        if let Some(row) = self.rows(place.table).get_mut(&place.record) {
            row.insert(place.field, value);
        }
    }

    fn update_vector(&mut self, place: Place, of: Type, values: Vec<Datum>) {
        let begin = self.encoder.position();
        let Place { table, record, field } = place;
        let held: Vec<joedb::Value<'_>> = values.iter().map(Datum::value).collect();
        self.encoder.push_vector(TableId(table), RecordId(record), FieldId(field), of, &held);
        for (record, value) in (record..).zip(&values) {
            self.set(Place { record, ..place }, value.clone());
        }
        self.context = place;
        let act = Act::UpdateVector { place, of, values };
        self.written.push(Written { begin, end: self.encoder.position(), act });
    }

    fn comment(&mut self, text: Vec<u8>) {
        let entry = Entry::Comment { text: &text };
        self.write(Act::Comment(text.clone()), &entry);
    }
}

#[test]
fn the_log_is_large_and_has_every_form() {
    let book = book();
    let rows: usize = book.tables.iter().map(BTreeMap::len).sum();
    let forms: std::collections::BTreeSet<Form> = book
        .written
        .iter()
        .filter_map(|written| match written.act {
            Act::Update { form, .. } => Some(form),
            _ => None,
        })
        .collect();
    assert_eq!(forms, [Form::Update, Form::Last, Form::Next].into());
    assert!(rows > 50_000 && book.written.len() > 100_000, "{rows} rows, {} entries", book.written.len());
}
