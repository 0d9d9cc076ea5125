//! The values of one field, by their type.

use super::bits::Bits;
use super::blobs::{Blobs, PackedBlob};
use super::conflict::Refusal;
use super::limits::Allowance;
use super::strings::Strings;
use crate::codec::{Cursor, Short};
use crate::entry::RecordId;
use crate::value::{Type, Value, Values};

/// The values of a field for the records from 0 up to the highest one that was ever set; those of later records are
/// the default of the type. Records that are not in use have values too: what they held when they were deleted.
#[derive(Clone, Debug)]
pub enum Column {
    /// Any bytes; by default none.
    String(Strings),
    /// By default 0.
    Int8(Vec<i8>),
    /// By default 0.
    Int16(Vec<i16>),
    /// By default 0.
    Int32(Vec<i32>),
    /// By default 0.
    Int64(Vec<i64>),
    /// By default 0.
    Float32(Vec<f32>),
    /// By default 0.
    Float64(Vec<f64>),
    /// By default false.
    Boolean(Bits),
    /// By default null.
    Reference(Vec<RecordId>),
    /// By default [`Blobs::NULL`].
    Blob(Blobs),
}

impl Column {
    pub(super) fn new(value_type: Type) -> Column {
        match value_type {
            Type::String => Column::String(Strings::default()),
            Type::Int8 => Column::Int8(Vec::new()),
            Type::Int16 => Column::Int16(Vec::new()),
            Type::Int32 => Column::Int32(Vec::new()),
            Type::Int64 => Column::Int64(Vec::new()),
            Type::Float32 => Column::Float32(Vec::new()),
            Type::Float64 => Column::Float64(Vec::new()),
            Type::Boolean => Column::Boolean(Bits::default()),
            Type::Reference => Column::Reference(Vec::new()),
            Type::Blob => Column::Blob(Blobs::default()),
        }
    }

    /// The type of the values.
    #[must_use]
    pub const fn value_type(&self) -> Type {
        match self {
            Column::String(_) => Type::String,
            Column::Int8(_) => Type::Int8,
            Column::Int16(_) => Type::Int16,
            Column::Int32(_) => Type::Int32,
            Column::Int64(_) => Type::Int64,
            Column::Float32(_) => Type::Float32,
            Column::Float64(_) => Type::Float64,
            Column::Boolean(_) => Type::Boolean,
            Column::Reference(_) => Type::Reference,
            Column::Blob(_) => Type::Blob,
        }
    }

    /// How many values there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Column::String(values) => values.len(),
            Column::Int8(values) => values.len(),
            Column::Int16(values) => values.len(),
            Column::Int32(values) => values.len(),
            Column::Int64(values) => values.len(),
            Column::Float32(values) => values.len(),
            Column::Float64(values) => values.len(),
            Column::Boolean(values) => values.len(),
            Column::Reference(values) => values.len(),
            Column::Blob(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of the record with this index.
    #[must_use]
    pub fn get(&self, index: usize) -> Value<'_> {
        match self {
            Column::String(values) => Value::String(values.get(index)),
            Column::Int8(values) => Value::Int8(or_default(values, index)),
            Column::Int16(values) => Value::Int16(or_default(values, index)),
            Column::Int32(values) => Value::Int32(or_default(values, index)),
            Column::Int64(values) => Value::Int64(or_default(values, index)),
            Column::Float32(values) => Value::Float32(or_default(values, index)),
            Column::Float64(values) => Value::Float64(or_default(values, index)),
            Column::Boolean(values) => Value::Boolean(values.get(index)),
            Column::Reference(values) => Value::Reference(or_default(values, index)),
            Column::Blob(values) => Value::Blob(values.get(index)),
        }
    }

    /// Sets the value of the record with this index.
    // See `Store::apply`.
    #[inline(always)]
    pub(super) fn set(
        &mut self,
        index: usize,
        value: &Value<'_>,
        allowance: &mut Allowance,
    ) -> Result<(), Refusal> {
        match (self, *value) {
            (Column::String(values), Value::String(text)) => {
                values.reach(index, allowance)?;
                values.put(index, text);
            }
            (Column::Int8(values), Value::Int8(number)) => put(values, index, number, allowance)?,
            (Column::Int16(values), Value::Int16(number)) => put(values, index, number, allowance)?,
            (Column::Int32(values), Value::Int32(number)) => put(values, index, number, allowance)?,
            (Column::Int64(values), Value::Int64(number)) => put(values, index, number, allowance)?,
            (Column::Float32(values), Value::Float32(number)) => put(values, index, number, allowance)?,
            (Column::Float64(values), Value::Float64(number)) => put(values, index, number, allowance)?,
            (Column::Boolean(values), Value::Boolean(truth)) => {
                values.reach(index, allowance)?;
                values.put(index, truth);
            }
            (Column::Reference(values), Value::Reference(record)) => put(values, index, record, allowance)?,
            (Column::Blob(values), Value::Blob(blob)) => put(values.packed(), index, blob.into(), allowance)?,
            _ => return Err(Refusal::Nonsense),
        }
        Ok(())
    }

    /// Sets the values of the records from this index on.
    pub(super) fn set_all(
        &mut self,
        start: usize,
        values: &Values<'_>,
        allowance: &mut Allowance,
    ) -> Result<(), Refusal> {
        self.reach(start, allowance)?;
        match (self, values.value_type()) {
            (Column::String(column), Type::String) => column.put_all(start, values),
            (Column::Int8(column), Type::Int8) => copy(column, start, values, i8::from_le_bytes),
            (Column::Int16(column), Type::Int16) => copy(column, start, values, i16::from_le_bytes),
            (Column::Int32(column), Type::Int32) => copy(column, start, values, i32::from_le_bytes),
            (Column::Int64(column), Type::Int64) => copy(column, start, values, i64::from_le_bytes),
            (Column::Float32(column), Type::Float32) => copy(column, start, values, f32::from_le_bytes),
            (Column::Float64(column), Type::Float64) => copy(column, start, values, f64::from_le_bytes),
            (Column::Boolean(column), Type::Boolean) => column.copy(start, values.bytes)?,
            (Column::Reference(column), Type::Reference) => {
                replace(column, start, each(values, Cursor::compact).map(RecordId::from_stored));
            }
            (Column::Blob(column), Type::Blob) => {
                replace(column.packed(), start, values.iter().filter_map(PackedBlob::of));
            }
            _ => return Err(Refusal::Nonsense),
        }
        Ok(())
    }

    /// Makes values up to `length`, with the default of the type.
    fn reach(&mut self, length: usize, allowance: &mut Allowance) -> Result<(), Refusal> {
        match self {
            Column::String(values) => values.reach(length, allowance),
            Column::Int8(values) => allowance.reach(values, length),
            Column::Int16(values) => allowance.reach(values, length),
            Column::Int32(values) => allowance.reach(values, length),
            Column::Int64(values) => allowance.reach(values, length),
            Column::Float32(values) => allowance.reach(values, length),
            Column::Float64(values) => allowance.reach(values, length),
            Column::Boolean(values) => values.reach(length, allowance),
            Column::Reference(values) => allowance.reach(values, length),
            Column::Blob(values) => allowance.reach(values.packed(), length),
        }
    }

    /// The memory taken, in bytes.
    pub(super) fn memory(&self) -> usize {
        match self {
            Column::String(values) => values.memory(),
            Column::Int8(values) => memory(values),
            Column::Int16(values) => memory(values),
            Column::Int32(values) => memory(values),
            Column::Int64(values) => memory(values),
            Column::Float32(values) => memory(values),
            Column::Float64(values) => memory(values),
            Column::Boolean(values) => values.memory(),
            Column::Reference(values) => memory(values),
            Column::Blob(values) => values.memory(),
        }
    }
}

pub(super) fn or_default<T: Copy + Default>(values: &[T], index: usize) -> T {
    values.get(index).copied().unwrap_or_default()
}

pub(super) fn memory<T>(values: &Vec<T>) -> usize {
    values.capacity().saturating_mul(size_of::<T>())
}

/// Sets a value, and makes those before it that do not exist.
#[inline]
fn put<T: Copy + Default>(
    values: &mut Vec<T>,
    index: usize,
    value: T,
    allowance: &mut Allowance,
) -> Result<(), Refusal> {
    if let Some(place) = values.get_mut(index) {
        *place = value;
        return Ok(());
    }
    allowance.reach(values, index)?;
    values.push(value);
    Ok(())
}

/// The values of a vector, whose lengths were checked when it was decoded.
fn each<'v, T>(
    values: &Values<'v>,
    read: impl Fn(&mut Cursor<'v>) -> Result<T, Short>,
) -> impl Iterator<Item = T> {
    let mut cursor = Cursor::new(values.bytes);
    (0..values.count()).map_while(move |_| read(&mut cursor).ok())
}

/// Replaces values from `start`, which is at most the end, by others, and goes on behind the end.
fn replace<T: Copy + Default>(values: &mut Vec<T>, start: usize, mut new: impl Iterator<Item = T>) {
    let places = values.get_mut(start..).unwrap_or_default();
    places.iter_mut().zip(new.by_ref()).for_each(|(place, value)| *place = value);
    values.extend(new);
}

/// As [`replace`], by values of a fixed size.
fn copy<T: Copy + Default, const N: usize>(
    values: &mut Vec<T>,
    start: usize,
    new: &Values<'_>,
    read: impl Fn([u8; N]) -> T,
) {
    let (chunks, _) = new.bytes.as_chunks::<N>();
    replace(values, start, chunks.iter().map(|chunk| read(*chunk)));
}
