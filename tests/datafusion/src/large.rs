//! A log of many rows.

use crate::random::Random;
use joedb::{
    BlobPosition, Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value,
    Version,
};

/// Orders, each of a customer; there are a tenth as many of these.
const ORDERS: i64 = 450_000;

const CUSTOMER: TableId = TableId(1);
const ORDER: TableId = TableId(2);

/// The file.
pub(crate) fn log() -> Vec<u8> {
    let (mut log, mut random) = (Encoder::new(Version::V5), Random::new(8));
    schema(&mut log);
    for customer in 0..ORDERS / 10 {
        insert(&mut log, CUSTOMER, customer);
        let name = format!("customer {customer} é");
        update(&mut log, CUSTOMER, customer, 1, Value::String(name.as_bytes()));
    }
    for order in 0..ORDERS {
        insert(&mut log, ORDER, order);
        write_order(&mut log, order, &mut random);
        if order % 7 == 6 {
            log.push(&Entry::Delete { table: ORDER, record: RecordId(order - 3) });
        }
        if order % 100 == 0 {
            log.push(&Entry::Delete { table: CUSTOMER, record: RecordId(order / 100) });
        }
    }
    log.file()
}

fn schema(log: &mut Encoder) {
    let mut table = |name: &str, table, fields: &[(&str, FieldType)]| {
        log.push(&Entry::CreateTable { name: name.as_bytes() });
        for (name, field_type) in fields {
            log.push(&Entry::AddField { table, name: name.as_bytes(), field_type: *field_type });
        }
    };
    table("customer", CUSTOMER, &[("name", FieldType::Plain(Type::String))]);
    let fields = [
        ("of", FieldType::References(CUSTOMER)),
        ("item", FieldType::Plain(Type::String)),
        ("cents", FieldType::Plain(Type::Int64)),
        ("pieces", FieldType::Plain(Type::Int8)),
        ("weight", FieldType::Plain(Type::Float64)),
        ("share", FieldType::Plain(Type::Float32)),
        ("is_paid", FieldType::Plain(Type::Boolean)),
        ("scan", FieldType::Plain(Type::Blob)),
    ];
    table("order", ORDER, &fields);
}

fn write_order(log: &mut Encoder, order: i64, random: &mut Random) {
    let (bits, other) = (random.bits(), random.bits());
    let item = format!("item {}", bits % 1000);
    let size = random.below(12);
    let data = random.bytes(size);
    let blob = (order % 10 == 0).then(|| blob(log, &data));
    let customer = i64::try_from(bits % (ORDERS.unsigned_abs() / 10)).unwrap();
    let values = [
        Value::Reference(if other % 9 == 0 { RecordId::NULL } else { RecordId(customer) }),
        Value::String(item.as_bytes()),
        Value::Int64(other.cast_signed()),
        Value::Int8(other.to_le_bytes()[0].cast_signed()),
        Value::Float64(f64::from_bits(bits)),
        Value::Float32(f32::from_bits(u32::try_from(bits >> 32).unwrap())),
        Value::Boolean(other % 3 == 0),
    ];
    for (field, value) in (1..).zip(values.into_iter().chain(blob)) {
        update(log, ORDER, order, field, value);
    }
}

/// Writes a blob, and points to it.
fn blob(log: &mut Encoder, data: &[u8]) -> Value<'static> {
    log.push(&Entry::Blob { position: 0, data });
    let size = data.len() as u64;
    Value::Blob(BlobPosition { position: log.position() - size, size: Some(size) })
}

fn insert(log: &mut Encoder, table: TableId, record: i64) {
    log.push(&Entry::Insert { table, record: RecordId(record), form: InsertForm::InsertInto });
}

fn update(log: &mut Encoder, table: TableId, record: i64, field: u16, value: Value<'_>) {
    let (record, field) = (RecordId(record), FieldId(field));
    log.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update });
}
