//! Logs of the shapes that programs leave, some four megabytes each.

use joedb::{
    Decoder, Encoder, Entry, FieldId, FieldType, HEAD_SIZE, InsertForm, RecordId, TableId, Type, UpdateForm,
    Value, Version,
};

const SIZE: usize = 4_000_000;

const TABLE: TableId = TableId(1);
const NAME: FieldId = FieldId(1);
const AMOUNT: FieldId = FieldId(2);

/// What a log is full of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Rows of a short string and a number, as joedb's own benchmark has them.
    Rows,
    /// Rows of a string of up to 200 bytes.
    Strings,
    /// Numbers of records in no order.
    Updates,
    /// Vectors of 1000 numbers.
    Vectors,
    /// Vectors of 1000 strings.
    StringVectors,
    /// Blobs of 100,000 bytes.
    Blobs,
}

pub(crate) const SHAPES: [Shape; 6] =
    [Shape::Rows, Shape::Strings, Shape::Updates, Shape::Vectors, Shape::StringVectors, Shape::Blobs];

/// A log of one shape.
pub(crate) fn log(shape: Shape) -> Encoder {
    let mut log = Encoder::new(Version::V5);
    log.push(&Entry::CreateTable { name: b"city" });
    for (name, plain) in [(&b"name"[..], Type::String), (b"amount", Type::Int64)] {
        log.push(&Entry::AddField { table: TABLE, name, field_type: FieldType::Plain(plain) });
    }
    log.push(&insert(0));
    for number in 1.. {
        if log.body().len() >= SIZE {
            break;
        }
        add(&mut log, shape, number);
    }
    log
}

/// The same as a file.
pub(crate) fn file(shape: Shape) -> Vec<u8> {
    log(shape).file()
}

/// Shows every entry of a log to `visit`.
pub(crate) fn decode<'a>(mut bytes: &'a [u8], mut visit: impl FnMut(&Entry<'a>)) {
    let (mut decoder, mut position) = (Decoder::new(Version::V5), HEAD_SIZE);
    while !bytes.is_empty() {
        let located = decoder.decode(bytes, position).unwrap();
        position = located.end();
        bytes = bytes.get(usize::try_from(located.length).unwrap()..).unwrap();
        visit(&located.entry);
    }
}

fn add(log: &mut Encoder, shape: Shape, number: i64) {
    match shape {
        Shape::Rows => {
            log.push(&insert(number));
            log.push(&update(number, NAME, Value::String(b"TOTO")));
            log.push(&update(number, AMOUNT, Value::Int64(number)));
        }
        Shape::Strings => {
            let text = [b'x'; 200];
            let length = scattered(number) % text.len();
            log.push(&insert(number));
            log.push(&update(number, NAME, Value::String(text.get(..length).unwrap_or_default())));
        }
        Shape::Updates => {
            let record = i64::try_from(scattered(number) % 100_000).unwrap();
            log.push(&update(record, AMOUNT, Value::Int64(number)));
        }
        Shape::Vectors => vector(log, AMOUNT, Type::Int64, &[Value::Int64(number); 1000]),
        Shape::StringVectors => vector(log, NAME, Type::String, &[Value::String(b"TOTO"); 1000]),
        Shape::Blobs => log.push(&Entry::Blob { position: 0, data: &[b'x'; 100_000] }),
    }
}

fn insert(number: i64) -> Entry<'static> {
    Entry::Insert { table: TABLE, record: RecordId(number), form: InsertForm::Append }
}

fn update(number: i64, field: FieldId, value: Value<'_>) -> Entry<'_> {
    Entry::Update { table: TABLE, record: RecordId(number), field, value, form: UpdateForm::Update }
}

fn vector(log: &mut Encoder, field: FieldId, value_type: Type, values: &[Value<'_>]) {
    log.push_vector(TABLE, RecordId(0), field, value_type, values);
}

/// A number that looks like chance, the same in every run.
fn scattered(number: i64) -> usize {
    usize::try_from(number.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap()
}
