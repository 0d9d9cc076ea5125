//! The logs that the cases of reading read: they are made anew for each run, always the same.

use crate::contender::Cost;
use joedb::writer::Writer;
use joedb::{Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value, Vector};

/// A kind of log.
pub(crate) trait Log {
    /// What it is called in the tables.
    const NAME: &'static str;
    /// What stands in it.
    const SETUP: &'static str;
    /// What a row takes at most: the log and a copy of it on the disk, its tables in memory.
    const COST: Cost;

    /// Writes all of it.
    fn fill(writer: &mut Writer, rows: u64) -> anyhow::Result<()>;
}

const TABLE: TableId = TableId(1);
const FIRST: FieldId = FieldId(1);

/// So many values go into one vector.
const VECTOR_LENGTH: u64 = 65_536;

/// The data of a blob.
const BLOB: usize = 4096;

/// So many rows of other logs are a blob here.
const ROWS_OF_A_BLOB: u64 = 32;

pub(crate) struct Narrow;
pub(crate) struct Wide;
pub(crate) struct Strings;
pub(crate) struct Vectors;
pub(crate) struct Blobs;
pub(crate) struct Updates;

impl Log for Narrow {
    const NAME: &'static str = "narrow";
    const SETUP: &'static str = "rows of an int64, 11 bytes each";
    const COST: Cost = Cost { disk: 22, memory: 20 };

    fn fill(writer: &mut Writer, rows: u64) -> anyhow::Result<()> {
        create(writer, &[Type::Int64])?;
        (0..rows.cast_signed()).try_for_each(|row| {
            insert(writer, row)?;
            update(writer, row, FIRST, Value::Int64(row))
        })
    }
}

impl Log for Wide {
    const NAME: &'static str = "wide";
    const SETUP: &'static str =
        "rows of 16 fields, int32, int64, float64 and short strings in turn, 138 bytes each";
    const COST: Cost = Cost { disk: 280, memory: 240 };

    fn fill(writer: &mut Writer, rows: u64) -> anyhow::Result<()> {
        create(writer, &[Type::Int32, Type::Int64, Type::Float64, Type::String].repeat(4))?;
        let mut random = Random::default();
        for row in 0..rows.cast_signed() {
            insert(writer, row)?;
            for group in 0..4 {
                let (number, field) = (random.next(), |index: u16| FieldId(group * 4 + index));
                update(writer, row, field(1), Value::Int32(number as i32))?;
                update(writer, row, field(2), Value::Int64(row))?;
                update(writer, row, field(3), Value::Float64(number as f64 / 1e6))?;
                update(writer, row, field(4), Value::String(&number.to_le_bytes().map(letter)[..5]))?;
            }
        }
        Ok(())
    }
}

impl Log for Strings {
    const NAME: &'static str = "strings";
    const SETUP: &'static str = "rows of two strings of 8 to 71 bytes, 86 bytes each";
    const COST: Cost = Cost { disk: 180, memory: 220 };

    fn fill(writer: &mut Writer, rows: u64) -> anyhow::Result<()> {
        create(writer, &[Type::String, Type::String])?;
        let mut random = Random::default();
        let text: Vec<u8> = (0..16).flat_map(|_| random.next().to_le_bytes().map(letter)).collect();
        for row in 0..rows.cast_signed() {
            insert(writer, row)?;
            for field in [1, 2] {
                let number = random.next() as usize;
                let start = number / 64 % 57;
                let string = text.get(start..start + 8 + number % 64).unwrap_or_default();
                update(writer, row, FieldId(field), Value::String(string))?;
            }
        }
        Ok(())
    }
}

impl Log for Vectors {
    const NAME: &'static str = "vectors";
    const SETUP: &'static str = "an int64 and a float64 in vectors of 65,536, 16 bytes a row";
    const COST: Cost = Cost { disk: 32, memory: 34 };

    fn fill(writer: &mut Writer, rows: u64) -> anyhow::Result<()> {
        create(writer, &[Type::Int64, Type::Float64])?;
        writer.write(&Entry::InsertVector { table: TABLE, first: RecordId(0), count: rows })?;
        let mut random = Random::default();
        fill_vectors(writer, FIRST, Type::Int64, rows, Value::Int64)?;
        fill_vectors(writer, FieldId(2), Type::Float64, rows, |_| Value::Float64(random.next() as f64 / 1e6))
    }
}

impl Log for Blobs {
    const NAME: &'static str = "blobs";
    const SETUP: &'static str = "a blob of 4,096 bytes for every 32 rows of the other logs";
    const COST: Cost = Cost { disk: 260, memory: 2 };

    fn fill(writer: &mut Writer, rows: u64) -> anyhow::Result<()> {
        create(writer, &[Type::Blob])?;
        let mut random = Random::default();
        let data: Vec<u8> = (0..BLOB / 8).flat_map(|_| random.next().to_le_bytes()).collect();
        for row in 0..rows.div_ceil(ROWS_OF_A_BLOB).cast_signed() {
            insert(writer, row)?;
            let blob = writer.write_blob(&data)?;
            update(writer, row, FIRST, Value::Blob(blob))?;
        }
        Ok(())
    }
}

impl Log for Updates {
    const NAME: &'static str = "updates";
    const SETUP: &'static str = "an int64 and a short string of any row set anew, 14 bytes a row";
    const COST: Cost = Cost { disk: 60, memory: 40 };

    fn fill(writer: &mut Writer, rows: u64) -> anyhow::Result<()> {
        create(writer, &[Type::Int64, Type::String])?;
        writer.write(&Entry::InsertVector { table: TABLE, first: RecordId(0), count: rows })?;
        let mut random = Random::default();
        for _ in 0..rows {
            let number = random.next();
            let row = (number % rows).cast_signed();
            if number & (1 << 40) == 0 {
                update(writer, row, FIRST, Value::Int64(number.cast_signed()))?;
            } else {
                update(writer, row, FieldId(2), Value::String(&number.to_le_bytes().map(letter)[..6]))?;
            }
        }
        Ok(())
    }
}

fn create(writer: &mut Writer, types: &[Type]) -> anyhow::Result<()> {
    writer.write(&Entry::CreateTable { name: b"benchmark" })?;
    for (number, &value_type) in types.iter().enumerate() {
        let (name, field_type) = (format!("field{number}"), FieldType::Plain(value_type));
        writer.write(&Entry::AddField { table: TABLE, name: name.as_bytes(), field_type })?;
    }
    Ok(())
}

fn insert(writer: &mut Writer, row: i64) -> anyhow::Result<()> {
    let (table, record, form) = (TABLE, RecordId(row), InsertForm::Append);
    writer.write(&Entry::Insert { table, record, form })?;
    Ok(())
}

fn update(writer: &mut Writer, row: i64, field: FieldId, value: Value<'_>) -> anyhow::Result<()> {
    let (table, record, form) = (TABLE, RecordId(row), UpdateForm::Last);
    writer.write(&Entry::Update { table, record, field, value, form })?;
    Ok(())
}

/// Sets a field of all rows, in vectors.
fn fill_vectors(
    writer: &mut Writer,
    field: FieldId,
    value_type: Type,
    rows: u64,
    mut value: impl FnMut(i64) -> Value<'static>,
) -> anyhow::Result<()> {
    let mut vector = Vector::new(value_type);
    for first in (0..rows).step_by(VECTOR_LENGTH as usize) {
        vector.clear();
        let end = rows.min(first + VECTOR_LENGTH);
        (first..end).try_for_each(|row| vector.push(&value(row.cast_signed())))?;
        let (first, values) = (RecordId(first.cast_signed()), vector.values());
        writer.write(&Entry::UpdateVector { table: TABLE, first, field, values })?;
    }
    Ok(())
}

const fn letter(byte: u8) -> u8 {
    b'a' + byte % 26
}

/// Numbers that look random and are always the same (Marsaglia's xorshift).
struct Random(u64);

impl Default for Random {
    fn default() -> Random {
        Random(0x9e37_79b9_7f4a_7c15)
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
