//! Entries passed over straight from their bytes: insertions and updates of one record, nearly all of a long log.
//!
//! What such an entry is about, and how long it is, stands in its first 32 bytes. They are looked at as one array, so
//! that a single comparison with the end of the bytes does for each entry, and numbers are taken from words of eight
//! bytes. Whatever is not of this kind, not right, or near the end of the bytes is left to the way that all entries can
//! go, which says what it is.

use crate::codec::{COMPACT_MAX, compact_of_word};
use crate::decode::Context;
use crate::entry::{FieldId, Kind, RecordId, TableId};
use crate::head::Version;
use crate::schema::{RECORDS, Schema};
use crate::value::Type;

/// Entries that were passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// How many bytes they have.
    pub(crate) bytes: usize,
    /// How many they are.
    pub(crate) entries: u64,
    /// How many of them insert a record.
    pub(crate) rows: u64,
}

/// Passes over entries of version 5 from the first of `bytes` on, as long as they are of the kind above, decode, and
/// make sense in `schema`. `context` is moved behind them.
pub(crate) fn skip(bytes: &[u8], context: &mut Context, schema: &Schema) -> Skipped {
    let mut skipped = Skipped::default();
    let mut takes = schema.takes(context.table);
    let mut front = bytes.first_chunk();
    while let Some(step) = front.and_then(|front| step(front, *context)) {
        if step.context.table != context.table {
            takes = schema.takes(step.context.table);
        }
        let Some(end) = skipped.bytes.checked_add(step.length) else { break };
        front = bytes.get(end..).and_then(<[u8]>::first_chunk);
        if front.is_none() || !step.makes_sense(takes) {
            break;
        }
        skipped.bytes = end;
        skipped.entries = skipped.entries.wrapping_add(1);
        skipped.rows = skipped.rows.wrapping_add(u64::from(step.writes == RECORDS));
        *context = step.context;
    }
    skipped
}

/// The first bytes of an entry. No opcode, table, record, field, blob position and blob size together are longer, unless
/// they are written in more bytes than they need.
type Front = [u8; 32];

/// An entry, before it is known whether it makes sense.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    /// What it makes of the context.
    pub(crate) context: Context,
    /// The field that it writes; 0 where it inserts.
    pub(crate) field: FieldId,
    /// The type of what it writes, or [`RECORDS`].
    pub(crate) writes: u8,
    /// Where its value begins, a string without its length.
    pub(crate) value: usize,
    /// How many bytes it has; they need not be there.
    pub(crate) length: usize,
}

impl Step {
    /// Whether its record is neither null nor behind the last one.
    #[inline(always)]
    pub(crate) fn is_record(&self) -> bool {
        u64::try_from(self.context.record.0).is_ok_and(|record| record < COMPACT_MAX)
    }

    /// Whether a table takes it, given what its fields take.
    #[inline(always)]
    fn makes_sense(&self, takes: &[u8]) -> bool {
        self.is_record() && takes.get(usize::from(self.field.0)) == Some(&self.writes)
    }
}

/// The entry of version 5 that `front` begins with, if it inserts or updates one record.
#[inline(always)]
pub(crate) fn step(front: &Front, before: Context) -> Option<Step> {
    let [opcode, ..] = *front;
    let mut operands = Operands { front, at: 1 };
    let mut context = before;
    let kind = Kind::from_opcode(opcode, Version::V5)?;
    match kind {
        Kind::Append => context.record = before.record.next(),
        Kind::InsertInto => {
            context.table = TableId(operands.id()?);
            context.record = RecordId::from_stored(operands.compact()?);
        }
        Kind::UpdateLast(_) => context.field = FieldId(operands.id()?),
        Kind::UpdateNext(_) => context.record = before.record.next(),
        Kind::Update(_) => {
            context.table = TableId(operands.id()?);
            context.record = RecordId::from_stored(operands.compact()?);
            context.field = FieldId(operands.id()?);
        }
        _ => return None,
    }
    let Some(value_type) = kind.value_type() else {
        let (value, length) = (operands.at, operands.at);
        return Some(Step { kind, context, field: FieldId(0), writes: RECORDS, value, length });
    };
    let size = operands.size(value_type)?;
    let value = operands.at;
    let length = value.checked_add(size)?;
    Some(Step { kind, context, field: context.field, writes: value_type.id(), value, length })
}

/// The operands of an entry, from `at` on.
struct Operands<'a> {
    front: &'a Front,
    at: usize,
}

impl Operands<'_> {
    #[inline(always)]
    fn compact(&mut self) -> Option<u64> {
        let word = self.front.get(self.at..)?.first_chunk()?;
        let (number, length) = compact_of_word(*word);
        self.at = self.at.wrapping_add(length);
        Some(number)
    }

    #[inline(always)]
    fn id(&mut self) -> Option<u16> {
        u16::try_from(self.compact()?).ok()
    }

    /// The bytes of a value, which may end behind the front. Passes over the length of a string.
    #[inline(always)]
    fn size(&mut self, value_type: Type) -> Option<usize> {
        Some(match value_type {
            Type::String => usize::try_from(self.compact()?).ok()?,
            Type::Reference => self.size_of_compacts(1)?,
            Type::Blob => self.size_of_compacts(2)?,
            Type::Int8 | Type::Boolean => 1,
            Type::Int16 => 2,
            Type::Int32 | Type::Float32 => 4,
            Type::Int64 | Type::Float64 => 8,
        })
    }

    #[inline(always)]
    fn size_of_compacts(&self, count: usize) -> Option<usize> {
        let mut ahead = Operands { front: self.front, at: self.at };
        for _ in 0..count {
            ahead.compact()?;
        }
        Some(ahead.at.wrapping_sub(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Decoder;
    use crate::encode::Encoder;
    use crate::entry::{Entry, InsertForm, UpdateForm};
    use crate::head::HEAD_SIZE;
    use crate::value::{BlobPosition, FieldType, Value};
    use proptest::prelude::*;

    /// Two tables with a field of each type, the last of the second one dropped.
    fn schema_entries() -> Vec<Entry<'static>> {
        let mut entries = Vec::new();
        for (table, name) in [(TableId(1), &b"a"[..]), (TableId(2), b"b")] {
            entries.push(Entry::CreateTable { name });
            for value_type in Type::ALL {
                let field_type = match value_type {
                    Type::Reference => FieldType::References(table),
                    plain => FieldType::Plain(plain),
                };
                entries.push(Entry::AddField { table, name: value_type.name().as_bytes(), field_type });
            }
        }
        entries.push(Entry::DropField { table: TableId(2), field: FieldId(10) });
        entries
    }

    fn schema() -> Schema {
        let mut schema = Schema::new();
        schema_entries().iter().for_each(|entry| schema.apply(entry));
        schema
    }

    /// As [`skip`], entry by entry, up to the position that it reached.
    fn one_by_one(bytes: &[u8], context: &mut Context, schema: &Schema, end: usize) -> Skipped {
        let mut decoder = Decoder::resume(Version::V5, *context);
        let mut skipped = Skipped::default();
        while skipped.bytes < end {
            let located = decoder.decode(&bytes[skipped.bytes..], 0).unwrap();
            assert_eq!(schema.check(&located.entry), Ok(()));
            skipped.bytes += located.length as usize;
            skipped.entries += 1;
            skipped.rows += u64::from(matches!(located.entry, Entry::Insert { .. }));
        }
        *context = decoder.context();
        skipped
    }

    /// Bytes that are often what they have to be: an opcode of the simple kinds, ids of one or two bytes, anything.
    fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
        let opcode = prop_oneof![Just(0x05), Just(0x08), 0x81..=0xa8_u8];
        let operand = prop_oneof![0..4_u8, Just(0x20), any::<u8>()];
        let piece = (opcode, proptest::collection::vec(operand, 0..10));
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| {
            pieces.into_iter().flat_map(|(opcode, operands)| [vec![opcode], operands].concat()).collect()
        })
    }

    fn value(value_type: Type, number: u64) -> Value<'static> {
        match value_type {
            Type::String => Value::String(&[b'x'; 300][..(number % 300) as usize]),
            Type::Int32 => Value::Int32(number as i32),
            Type::Int64 => Value::Int64(number as i64),
            Type::Reference => Value::Reference(RecordId((number >> 4) as i64)),
            Type::Boolean => Value::Boolean(number.is_multiple_of(2)),
            Type::Float32 => Value::Float32(number as f32),
            Type::Float64 => Value::Float64(number as f64),
            Type::Int8 => Value::Int8(number as i8),
            Type::Int16 => Value::Int16(number as i16),
            Type::Blob => {
                Value::Blob(BlobPosition { position: number >> 4, size: Some(number.rotate_left(32) >> 4) })
            }
        }
    }

    /// A number of any length, and places that often are those of the entry before.
    fn any_entry() -> impl Strategy<Value = Entry<'static>> {
        (any::<bool>(), 1..3_u16, 0..64_u32, any::<u64>(), 0..10_usize).prop_map(
            |(inserts, table, shift, number, of_type)| {
                let (table, record) = (TableId(table), RecordId(((number >> shift) >> 4) as i64));
                let value_type = Type::ALL[if table.0 == 2 { of_type % 9 } else { of_type }];
                let field = FieldId(value_type.id().into());
                let (value, form) = (value(value_type, number >> shift), UpdateForm::Update);
                match inserts {
                    true => Entry::Insert { table, record, form: InsertForm::Append },
                    false => Entry::Update { table, record, field, value, form },
                }
            },
        )
    }

    proptest! {
        #[test]
        fn of_any_bytes_only_entries_that_decode_and_make_sense_are_passed_over(bytes in any_bytes()) {
            let schema = schema();
            let start = Context { table: TableId(1), record: RecordId(3), field: FieldId(2) };
            let (mut context, mut expected) = (start, start);
            let skipped = skip(&bytes, &mut context, &schema);
            prop_assert_eq!(skipped, one_by_one(&bytes, &mut expected, &schema, skipped.bytes));
            prop_assert_eq!(context, expected);
        }

        #[test]
        fn what_a_writer_writes_is_passed_over_but_for_the_last_bytes(
            entries in proptest::collection::vec(any_entry(), 1..40),
        ) {
            let mut encoder = Encoder::new(Version::V5);
            schema_entries().iter().chain(&entries).for_each(|entry| encoder.push(entry));
            let (file, schema) = (encoder.file(), schema());
            let mut prelude = Encoder::new(Version::V5);
            schema_entries().iter().for_each(|entry| prelude.push(entry));
            let bytes = &file[prelude.position() as usize..];
            let (mut context, mut expected) = (Context::START, Context::START);
            let skipped = skip(bytes, &mut context, &schema);
            prop_assert_eq!(skipped, one_by_one(bytes, &mut expected, &schema, skipped.bytes));
            prop_assert_eq!(context, expected);
            let mut decoder = Decoder::resume(Version::V5, context);
            let next = decoder.decode(&bytes[skipped.bytes..], HEAD_SIZE).map(|located| located.length as usize);
            let left = bytes.len() - skipped.bytes;
            prop_assert!(left < 32 || next.unwrap() + 32 > left, "{} left", left);
        }
    }

    #[test]
    fn entries_that_make_no_sense_are_not_passed_over() {
        let last = RecordId((COMPACT_MAX - 1) as i64);
        let context = Context { table: TableId(1), record: last, field: FieldId(1) };
        let refused: [&[u8]; 7] = [
            b"\x05\x03\x01",             // no such table
            b"\x05\x01\x00",             // the null record
            b"\x08",                     // behind the last record
            b"\x81\x01\x01\x00\x01x",    // field 0
            b"\x81\x01\x01\x0b\x01x",    // no such field
            b"\xa5\x02\x01\x0a\x01\x01", // a dropped field
            b"\x85\x01\x01\x01\0\0\0\0", // a value of another type
        ];
        for bytes in refused {
            let bytes = [bytes, &[0; 40]].concat();
            assert_eq!(skip(&bytes, &mut context.clone(), &schema()), Skipped::default(), "{bytes:x?}");
        }
    }
}
