//! Values as joedb commands write them.

use super::mistake::{Expected, Trouble};
use super::words::Word;
use crate::codec::COMPACT_MAX;
use crate::entry::RecordId;
use crate::value::{BlobPosition, Type, Value};

/// A value that is one word: any but a string.
#[inline]
pub(super) fn value<'a>(word: Word<'a>, value_type: Type) -> Result<Value<'a>, Trouble> {
    read(word.bytes, value_type).ok_or_else(|| word.unexpected(Expected::Value(value_type)))
}

/// The same, without a mistake.
#[inline]
pub(crate) fn read(word: &[u8], value_type: Type) -> Option<Value<'_>> {
    Some(match value_type {
        Type::Int64 => Value::Int64(signed(word)?),
        Type::Int32 => Value::Int32(signed(word)?.try_into().ok()?),
        Type::Int16 => Value::Int16(signed(word)?.try_into().ok()?),
        Type::Int8 => Value::Int8(signed(word)?.try_into().ok()?),
        Type::Reference => Value::Reference(reference(word)?),
        Type::Boolean => Value::Boolean(boolean(word)?),
        Type::Float32 => Value::Float32(float32(word)?),
        Type::Float64 => Value::Float64(float64(word)?),
        Type::Blob => Value::Blob(blob(word)?),
        Type::String => Value::String(word),
    })
}

/// A decimal number, of digits alone.
#[inline]
pub(crate) fn unsigned(digits: &[u8]) -> Option<u64> {
    /// So many digits fit whatever they are.
    const SAFE: usize = 19;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |byte: &u8| u64::from(byte & 0xf);
    if digits.len() <= SAFE {
        return Some(
            digits.iter().fold(0, |number: u64, byte| number.wrapping_mul(10).wrapping_add(digit(byte))),
        );
    }
    digits.iter().try_fold(0, |number: u64, byte| number.checked_mul(10)?.checked_add(digit(byte)))
}

/// A decimal number, negative ones with a `-`.
#[inline]
pub(super) fn signed(word: &[u8]) -> Option<i64> {
    match word.strip_prefix(b"-") {
        Some(digits) => 0_i64.checked_sub_unsigned(unsigned(digits)?),
        None => i64::try_from(unsigned(word)?).ok(),
    }
}

/// A record that the log can hold; -1 is none.
fn reference(word: &[u8]) -> Option<RecordId> {
    let record = RecordId(signed(word)?);
    (record.0 >= -1 && record.stored() <= COMPACT_MAX).then_some(record)
}

/// joedb 9 writes 0 and 1.
fn boolean(word: &[u8]) -> Option<bool> {
    match word {
        b"true" | b"1" => Some(true),
        b"false" | b"0" => Some(false),
        _ => None,
    }
}

/// `position,size`.
pub(super) fn blob(word: &[u8]) -> Option<BlobPosition> {
    let comma = word.iter().position(|&byte| byte == b',')?;
    let (position, size) = (unsigned(word.get(..comma)?)?, unsigned(word.get(comma..)?.get(1..)?)?);
    let is_in_range = position <= COMPACT_MAX && size <= COMPACT_MAX;
    is_in_range.then_some(BlobPosition { position, size: Some(size) })
}

fn float64(word: &[u8]) -> Option<f64> {
    match Special::of(word) {
        Some(Special::Nan) => Some(f64::from_bits(0x7ff8_0000_0000_0000)),
        Some(Special::Infinity) => Some(f64::INFINITY),
        Some(Special::Negative(rest)) => float64(rest).map(|number| -number),
        Some(Special::Bits(bits)) => Some(f64::from_bits(bits)).filter(|number| number.is_nan()),
        None => decimal(word)?.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

fn float32(word: &[u8]) -> Option<f32> {
    match Special::of(word) {
        Some(Special::Nan) => Some(f32::from_bits(0x7fc0_0000)),
        Some(Special::Infinity) => Some(f32::INFINITY),
        Some(Special::Negative(rest)) => float32(rest).map(|number| -number),
        Some(Special::Bits(bits)) => {
            Some(f32::from_bits(u32::try_from(bits).ok()?)).filter(|number| number.is_nan())
        }
        None => decimal(word)?.parse().ok().filter(|number: &f32| number.is_finite()),
    }
}

/// The forms of a float that are no decimal number.
enum Special<'a> {
    /// The usual one: quiet, without a payload.
    Nan,
    Infinity,
    /// `-nan` or `-inf`: what follows the sign.
    Negative(&'a [u8]),
    /// `nan(0x…)`: all its bits.
    Bits(u64),
}

impl Special<'_> {
    #[inline]
    fn of(word: &[u8]) -> Option<Special<'_>> {
        match word {
            [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => None,
            b"nan" => Some(Special::Nan),
            b"inf" => Some(Special::Infinity),
            b"-nan" | b"-inf" => word.get(1..).map(Special::Negative),
            _ => bits(word.strip_prefix(b"nan(0x")?.strip_suffix(b")")?).map(Special::Bits),
        }
    }
}

fn bits(digits: &[u8]) -> Option<u64> {
    let is_hexadecimal = digits.iter().all(u8::is_ascii_hexdigit);
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|_| is_hexadecimal)
}

/// A word that begins as a decimal number does: words such as `infinity` are none.
#[inline]
fn decimal(word: &[u8]) -> Option<&str> {
    let begins = matches!(word, [b'0'..=b'9' | b'.', ..] | [b'-', b'0'..=b'9' | b'.', ..]);
    std::str::from_utf8(word).ok().filter(|_| begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(word: &str, value_type: Type) -> Option<Value<'_>> {
        read(word.as_bytes(), value_type)
    }

    #[test]
    fn integers_reach_to_their_limits_and_no_further() {
        let limits = [
            (Type::Int8, "-128", "127", "-129", "128"),
            (Type::Int16, "-32768", "32767", "-32769", "32768"),
            (Type::Int32, "-2147483648", "2147483647", "-2147483649", "2147483648"),
            (
                Type::Int64,
                "-9223372036854775808",
                "9223372036854775807",
                "-9223372036854775809",
                "9223372036854775808",
            ),
            (Type::Reference, "-1", "2305843009213693950", "-2", "2305843009213693951"),
        ];
        for (value_type, least, most, below, above) in limits {
            assert!(
                reads(least, value_type).is_some() && reads(most, value_type).is_some(),
                "{value_type:?}"
            );
            assert_eq!((reads(below, value_type), reads(above, value_type)), (None, None), "{value_type:?}");
        }
        assert_eq!(unsigned(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(unsigned(b"18446744073709551616"), None);
        assert_eq!(unsigned(b"0000000000000000000000000000000000000007"), Some(7));
    }

    /// Each of them is a number for the reference.
    #[test]
    fn what_only_begins_as_a_number_is_none() {
        for word in ["", "-", "+5", "12x", "0x10", "1.5", "--1", " 1", "1e3", "\u{663}"] {
            assert_eq!(reads(word, Type::Int64), None, "{word}");
        }
        for word in ["", "-", "+1.5", "1.5f", "0x10", "1_0", ".", "-.", "1e", "infinity", "NaN", "-+1", "1,5"]
        {
            assert_eq!(reads(word, Type::Float64), None, "{word}");
            assert_eq!(reads(word, Type::Float32), None, "{word}");
        }
        for word in ["", "5", "5,", ",5", "-1,2", "5,7,9", "1,2305843009213693952"] {
            assert_eq!(reads(word, Type::Blob), None, "{word}");
        }
        for word in ["", "yes", "TRUE", "2"] {
            assert_eq!(reads(word, Type::Boolean), None, "{word}");
        }
    }

    #[test]
    fn a_float_that_would_become_infinite_is_refused() {
        assert_eq!((reads("1e400", Type::Float64), reads("3.5e38", Type::Float32)), (None, None));
        assert_eq!(reads("3.40282e+38", Type::Float32), Some(Value::Float32(3.40282e38)));
    }

    #[test]
    fn every_nan_has_its_bits() {
        let bits = |word: &str| match (reads(word, Type::Float64), reads(word, Type::Float32)) {
            (Some(Value::Float64(wide)), Some(Value::Float32(narrow))) => (wide.to_bits(), narrow.to_bits()),
            other => panic!("{word}: {other:?}"),
        };
        assert_eq!(bits("nan"), (0x7ff8_0000_0000_0000, 0x7fc0_0000));
        assert_eq!(bits("-nan"), (0xfff8_0000_0000_0000, 0xffc0_0000));
        assert_eq!(bits("-inf"), (0xfff0_0000_0000_0000, 0xff80_0000));
        let signalling = "nan(0xfff0000000000001)";
        assert!(
            matches!(reads(signalling, Type::Float64), Some(Value::Float64(it)) if it.to_bits() == 0xfff0_0000_0000_0001)
        );
        assert_eq!(reads(signalling, Type::Float32), None);
        for word in
            ["nan(0x7ff0000000000000)", "nan(0x)", "nan(0x+7ff8000000000001)", "nan()", "-nan(0x7fc00001)"]
        {
            assert_eq!((reads(word, Type::Float64), reads(word, Type::Float32)), (None, None), "{word}");
        }
    }
}
