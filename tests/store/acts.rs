//! Entries about two tables, of which many make no sense or are refused.

use crate::entries::*;
use joedb::store::{Conflict, Store};
use joedb::{BlobPosition, Entry, FieldId, FieldType, RecordId, TableId, Type, Value, Vector};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A value that owns its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Plain(Type, u64, Vec<u8>);

impl Plain {
    pub(crate) fn value(&self) -> Value<'_> {
        let Plain(value_type, bits, text) = self;
        let number = bits.cast_signed();
        match value_type {
            Type::String => Value::String(text),
            Type::Int8 => Value::Int8(number as i8),
            Type::Int16 => Value::Int16(number as i16),
            Type::Int32 => Value::Int32(number as i32),
            Type::Int64 => Value::Int64(number),
            Type::Float32 => Value::Float32(f32::from_bits(*bits as u32)),
            Type::Float64 => Value::Float64(f64::from_bits(*bits)),
            Type::Boolean => Value::Boolean(bits & 1 == 1),
            Type::Reference => Value::Reference(RecordId((bits >> 3).cast_signed() - 1)),
            Type::Blob => Value::Blob(BlobPosition { position: bits >> 3, size: Some(bits >> 4) }),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Act {
    CreateTable(String),
    RenameTable(u16, String),
    DropTable(u16),
    AddField(u16, String, Type),
    RenameField(u16, u16, String),
    DropField(u16, u16),
    /// From a record, so many, and whether that is a vector.
    Insert(u16, i64, i64, bool),
    Delete(u16, i64, i64, bool),
    Update(u16, i64, u16, Plain),
    UpdateVector(u16, i64, u16, Vec<Plain>),
}

impl Act {
    pub(crate) fn table(&self) -> u16 {
        match *self {
            Act::CreateTable(_) => 0,
            Act::RenameTable(table, _)
            | Act::DropTable(table)
            | Act::AddField(table, ..)
            | Act::RenameField(table, ..)
            | Act::DropField(table, _)
            | Act::Insert(table, ..)
            | Act::Delete(table, ..)
            | Act::Update(table, ..)
            | Act::UpdateVector(table, ..) => table,
        }
    }

    pub(crate) fn apply(&self, store: &mut Store) -> Result<(), Conflict> {
        let table = TableId(self.table());
        match self {
            Act::CreateTable(name) => store.apply(&create_table(name)),
            Act::RenameTable(_, name) => store.apply(&Entry::RenameTable { table, name: name.as_bytes() }),
            Act::DropTable(_) => store.apply(&Entry::DropTable { table }),
            Act::AddField(table, name, value_type) => {
                store.apply(&add_field(*table, name, declared(*value_type, *table)))
            }
            Act::RenameField(_, field, name) => {
                store.apply(&Entry::RenameField { table, field: FieldId(*field), name: name.as_bytes() })
            }
            Act::DropField(_, field) => store.apply(&Entry::DropField { table, field: FieldId(*field) }),
            Act::Insert(table, record, _, false) => store.apply(&insert(*table, *record)),
            Act::Insert(table, first, count, true) => {
                store.apply(&insert_vector(*table, *first, count.cast_unsigned()))
            }
            Act::Delete(table, record, _, false) => store.apply(&delete(*table, *record)),
            Act::Delete(table, first, count, true) => {
                store.apply(&delete_vector(*table, *first, count.cast_unsigned()))
            }
            Act::Update(table, record, field, new) => {
                store.apply(&update(*table, *record, *field, new.value()))
            }
            Act::UpdateVector(_, first, field, new) => {
                let value_type = new.first().map_or(Type::Int8, |value| value.value().value_type());
                let mut values = Vector::new(value_type);
                new.iter().for_each(|value| values.push(&value.value()).unwrap());
                let (first, field) = (RecordId(*first), FieldId(*field));
                store.apply(&Entry::UpdateVector { table, first, field, values: values.values() })
            }
        }
    }
}

fn declared(value_type: Type, table: u16) -> FieldType {
    match value_type {
        Type::Reference => FieldType::References(TableId(table)),
        plain => FieldType::Plain(plain),
    }
}

fn any_table() -> impl Strategy<Value = u16> {
    prop_oneof![9 => 1..=2_u16, 1 => 0..=4_u16]
}

fn any_record() -> impl Strategy<Value = i64> {
    prop_oneof![20 => 0..12_i64, 1 => -1..90_i64]
}

fn any_field() -> impl Strategy<Value = u16> {
    1..=11_u16
}

fn any_name() -> impl Strategy<Value = String> {
    "[a-m]"
}

fn any_type() -> impl Strategy<Value = Type> {
    select(Type::ALL.to_vec())
}

/// The type that a field was given at the beginning, most of the time.
fn fitting_type(field: u16) -> impl Strategy<Value = Type> {
    let given = Type::ALL[usize::from(field.saturating_sub(1)) % Type::ALL.len()];
    prop_oneof![12 => Just(given), 1 => any_type()]
}

/// Numbers at their limits, and NaNs that carry something.
fn any_bits() -> impl Strategy<Value = u64> {
    select(vec![0, 1, 2, u64::MAX, 1 << 63, 0x7ff8_0000_dead_beef, 0x7fa0_0001, 77])
}

fn any_text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..12), vec(any::<u8>(), 250..260)]
}

prop_compose! {
    fn any_update()(field in any_field())(
        table in any_table(),
        record in any_record(),
        field in Just(field),
        value_type in fitting_type(field),
        (bits, text) in (any_bits(), any_text()),
    ) -> Act {
        Act::Update(table, record, field, Plain(value_type, bits, text))
    }
}

prop_compose! {
    fn any_update_vector()(field in any_field())(
        table in any_table(),
        first in any_record(),
        field in Just(field),
        value_type in fitting_type(field),
        values in vec((any_bits(), any_text()), 0..6),
    ) -> Act {
        let values = values.into_iter().map(|(bits, text)| Plain(value_type, bits, text));
        Act::UpdateVector(table, first, field, values.collect())
    }
}

fn any_of_schema() -> impl Strategy<Value = Act> {
    let (table, field, name) = (any_table, any_field, any_name);
    prop_oneof![
        any_name().prop_map(Act::CreateTable),
        (table(), name()).prop_map(|(table, name)| Act::RenameTable(table, name)),
        // The tables with many fields stay.
        (3..=5_u16).prop_map(Act::DropTable),
        (table(), name(), any_type()).prop_map(|(table, name, a_type)| Act::AddField(table, name, a_type)),
        (table(), field(), name()).prop_map(|(table, field, name)| Act::RenameField(table, field, name)),
        (table(), field()).prop_map(|(table, field)| Act::DropField(table, field)),
    ]
}

pub(crate) fn any_act() -> impl Strategy<Value = Act> {
    let of_records = || (any_table(), any_record());
    let insert = |((table, record), count, vector)| Act::Insert(table, record, count, vector);
    let delete = |((table, record), count, vector)| Act::Delete(table, record, count, vector);
    prop_oneof![
        4 => any_of_schema(),
        9 => (of_records(), Just(1), Just(false)).prop_map(insert),
        3 => (of_records(), 0..80_i64, Just(true)).prop_map(insert),
        4 => (of_records(), Just(1), Just(false)).prop_map(delete),
        2 => (of_records(), 0..9_i64, Just(true)).prop_map(delete),
        20 => any_update(),
        8 => any_update_vector(),
    ]
}

/// Two tables with a field of each type, so that most entries have something to do.
pub(crate) fn beginning() -> Vec<Act> {
    let names: Vec<String> = ('n'..='w').map(String::from).collect();
    let fields = |table| {
        let with_types = names.clone().into_iter().zip(Type::ALL);
        with_types.map(move |(name, value_type)| Act::AddField(table, name, value_type))
    };
    [Act::CreateTable("x".to_owned()), Act::CreateTable("y".to_owned())]
        .into_iter()
        .chain(fields(1))
        .chain(fields(2))
        .collect()
}
