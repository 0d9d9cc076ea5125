//! Values on their way into a log.

use crate::buffer::Buffer;
use crate::encode::write_value;
use crate::head::Version;
use crate::value::{Type, Value, Values};

/// Values of one type that are not in a log yet, encoded: what an `update_vector` takes.
///
/// ```
/// use joedb::{Encoder, Entry, FieldId, OwnedValues, RecordId, TableId, Type, Value, Version};
///
/// let mut prices = OwnedValues::new(Type::Int64, Version::V5);
/// for price in [12, 15, 9] {
///     prices.push(&Value::Int64(price))?;
/// }
/// let values = prices.values();
/// assert_eq!(values.count(), 3);
/// let entry = Entry::UpdateVector { table: TableId(1), first: RecordId(0), field: FieldId(1), values };
/// Encoder::new(Version::V5).push(&entry);
/// # Ok::<(), joedb::WrongType>(())
/// ```
#[derive(Clone, Debug)]
pub struct OwnedValues {
    version: Version,
    value_type: Type,
    count: u64,
    bytes: Buffer,
}

/// A value of another type than the values before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value of type {} found, {} expected", found.name(), expected.name())]
pub struct WrongType {
    /// The type of the vector.
    pub expected: Type,
    /// The type of the value.
    pub found: Type,
}

impl OwnedValues {
    /// No values yet, of this type, for a log of this version.
    #[must_use]
    pub const fn new(value_type: Type, version: Version) -> OwnedValues {
        OwnedValues { version, value_type, count: 0, bytes: Buffer::new() }
    }

    /// Appends a value.
    ///
    /// # Errors
    /// [`WrongType`]; nothing is appended then.
    #[inline]
    pub fn push(&mut self, value: &Value<'_>) -> Result<(), WrongType> {
        if value.value_type() != self.value_type {
            return Err(WrongType { expected: self.value_type, found: value.value_type() });
        }
        write_value(&mut self.bytes, value, self.version);
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// The values, as an entry holds them.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        let OwnedValues { version, value_type, count, bytes } = self;
        Values { version: *version, value_type: *value_type, count: *count, bytes: bytes.bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back_as_they_were_pushed() {
        let texts =
            [&b"TOTO"[..], b"", b"a longer text than fits a byte of length: thirty-two bytes and more"];
        let mut strings = OwnedValues::new(Type::String, Version::V5);
        texts.iter().for_each(|text| strings.push(&Value::String(text)).unwrap());
        assert!(strings.values().iter().eq(texts.map(Value::String)));
        assert_eq!((strings.values().count(), strings.values().value_type()), (3, Type::String));
    }

    #[test]
    fn a_value_of_another_type_is_refused_and_leaves_nothing_behind() {
        let mut numbers = OwnedValues::new(Type::Int64, Version::V5);
        let error = WrongType { expected: Type::Int64, found: Type::Int32 };
        assert_eq!(numbers.push(&Value::Int32(7)), Err(error));
        assert_eq!(error.to_string(), "a value of type int32 found, int64 expected");
        assert!(numbers.values().is_empty());
        assert_eq!(numbers.values().iter().count(), 0);
    }
}
