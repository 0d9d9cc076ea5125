//! The types and values that entries hold (FORMAT.md, section 4).

use crate::codec::Cursor;
use crate::entry::{RecordId, TableId};
use crate::head::Version;
use serde::Serialize;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Type {
    /// Any bytes.
    String = 1,
    /// 4 bytes.
    Int32 = 2,
    /// 8 bytes.
    Int64 = 3,
    /// The id of a record of some table.
    Reference = 4,
    /// 1 byte.
    Boolean = 5,
    /// 4 bytes, IEEE 754.
    Float32 = 6,
    /// 8 bytes, IEEE 754.
    Float64 = 7,
    /// 1 byte.
    Int8 = 8,
    /// 2 bytes.
    Int16 = 9,
    /// Where the data of a blob entry stands.
    Blob = 10,
}

impl Type {
    /// All types, in the order of their ids and of the update opcodes.
    pub const ALL: [Type; 10] = [
        Type::String,
        Type::Int32,
        Type::Int64,
        Type::Reference,
        Type::Boolean,
        Type::Float32,
        Type::Float64,
        Type::Int8,
        Type::Int16,
        Type::Blob,
    ];

    /// The type with this id in the log; `None` for 0 (null) and for unknown ids.
    #[must_use]
    pub const fn from_id(id: u8) -> Option<Type> {
        Some(match id {
            1 => Type::String,
            2 => Type::Int32,
            3 => Type::Int64,
            4 => Type::Reference,
            5 => Type::Boolean,
            6 => Type::Float32,
            7 => Type::Float64,
            8 => Type::Int8,
            9 => Type::Int16,
            10 => Type::Blob,
            _ => return None,
        })
    }

    /// The type's id in the log.
    #[must_use]
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// joedb's name of the type in `update_…` commands: `reference` for references.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Type::String => "string",
            Type::Int32 => "int32",
            Type::Int64 => "int64",
            Type::Reference => "reference",
            Type::Boolean => "boolean",
            Type::Float32 => "float32",
            Type::Float64 => "float64",
            Type::Int8 => "int8",
            Type::Int16 => "int16",
            Type::Blob => "blob",
        }
    }

    /// The fewest bytes that a value takes in the log.
    #[must_use]
    pub const fn least_size(self, version: Version) -> u64 {
        match self {
            Type::String | Type::Reference | Type::Boolean | Type::Int8 => 1,
            Type::Int16 => 2,
            Type::Int32 | Type::Float32 => 4,
            Type::Int64 | Type::Float64 => 8,
            Type::Blob => match version {
                Version::V4 => 1,
                Version::V5 => 2,
            },
        }
    }

    /// Whether every value takes [`Type::least_size`] bytes.
    #[must_use]
    pub const fn is_fixed_size(self) -> bool {
        !matches!(self, Type::String | Type::Reference | Type::Blob)
    }
}

/// The type of a field as `add_field` declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// A type but for a reference.
    Plain(Type),
    /// References to records of this table.
    References(TableId),
    /// Type 0, which no writer declares.
    Null,
    /// An id above 10: damage.
    Unknown(u8),
}

impl FieldType {
    /// The type of the field's values; `None` where it can have none.
    #[must_use]
    pub const fn value_type(self) -> Option<Type> {
        match self {
            FieldType::Plain(plain) => Some(plain),
            FieldType::References(_) => Some(Type::Reference),
            FieldType::Null | FieldType::Unknown(_) => None,
        }
    }
}

/// Where a blob's data stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct BlobPosition {
    /// Version 5: the position of the data. Version 4: the position of the compact length before the data.
    pub position: u64,
    /// Version 5: the number of bytes. Version 4 does not store it.
    pub size: Option<u64>,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Any bytes.
    String(&'a [u8]),
    /// An integer of 32 bits.
    Int32(i32),
    /// An integer of 64 bits.
    Int64(i64),
    /// A record, or null.
    Reference(RecordId),
    /// A truth value.
    Boolean(bool),
    /// A number of 32 bits.
    Float32(f32),
    /// A number of 64 bits.
    Float64(f64),
    /// An integer of 8 bits.
    Int8(i8),
    /// An integer of 16 bits.
    Int16(i16),
    /// Where a blob stands.
    Blob(BlobPosition),
}

impl Value<'_> {
    /// The type of the value.
    #[must_use]
    pub const fn value_type(&self) -> Type {
        match self {
            Value::String(_) => Type::String,
            Value::Int32(_) => Type::Int32,
            Value::Int64(_) => Type::Int64,
            Value::Reference(_) => Type::Reference,
            Value::Boolean(_) => Type::Boolean,
            Value::Float32(_) => Type::Float32,
            Value::Float64(_) => Type::Float64,
            Value::Int8(_) => Type::Int8,
            Value::Int16(_) => Type::Int16,
            Value::Blob(_) => Type::Blob,
        }
    }
}

/// The values of an `update_vector`, still in the bytes of the log. Their lengths have been checked.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    pub(crate) value_type: Type,
    pub(crate) count: u64,
    pub(crate) bytes: &'a [u8],
    pub(crate) version: Version,
    /// The bytes are known to be those that a writer of this version writes: they are copied as they are.
    pub(crate) shortest: bool,
}

impl PartialEq for Values<'_> {
    fn eq(&self, other: &Values<'_>) -> bool {
        let parts = |values: &Values<'_>| (values.value_type, values.count, values.version);
        parts(self) == parts(other) && self.bytes == other.bytes
    }
}

impl<'a> Values<'a> {
    /// The type of all the values.
    #[must_use]
    pub const fn value_type(&self) -> Type {
        self.value_type
    }

    /// How many values there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The values, decoded one by one.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let Values { value_type, count, bytes, version, .. } = *self;
        let mut cursor = Cursor::new(bytes);
        // The lengths were checked when the entry was decoded, so that no value is short.
        (0..count).map_while(move |_| crate::decode::value(&mut cursor, value_type, version).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_ids_are_those_of_the_format_page() {
        for (index, value_type) in Type::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(value_type.id()), index + 1);
            assert_eq!(Type::from_id(value_type.id()), Some(value_type));
        }
    }
}
