//! Values as the test holds them, the extremes of every type, and random ones.

use super::random::Random;
use joedb::{BlobPosition, RecordId, Type, Value};

/// A value. Floats are their bits, so that equal means the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum {
    String(Vec<u8>),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    /// -1 is null.
    Reference(i64),
    Boolean(bool),
    Single(u32),
    Double(u64),
    Blob {
        position: u64,
        size: u64,
    },
}

impl Datum {
    /// As the encoder takes it.
    pub(crate) fn value(&self) -> Value<'_> {
        match *self {
            Datum::String(ref bytes) => Value::String(bytes),
            Datum::Int8(number) => Value::Int8(number),
            Datum::Int16(number) => Value::Int16(number),
            Datum::Int32(number) => Value::Int32(number),
            Datum::Int64(number) => Value::Int64(number),
            Datum::Reference(record) => Value::Reference(RecordId(record)),
            Datum::Boolean(truth) => Value::Boolean(truth),
            Datum::Single(bits) => Value::Float32(f32::from_bits(bits)),
            Datum::Double(bits) => Value::Float64(f64::from_bits(bits)),
            Datum::Blob { position, size } => Value::Blob(BlobPosition { position, size: Some(size) }),
        }
    }
}

/// The highest record that a reference can name: 61 bits hold it plus one.
pub(crate) const LAST_RECORD: i64 = (1 << 61) - 2;

/// What each type can hold at its ends, and what has ever gone wrong. Blobs are made where their data is written.
pub(crate) fn extremes(of: Type) -> Vec<Datum> {
    match of {
        Type::String => strings().into_iter().map(Datum::String).collect(),
        Type::Int8 => [i8::MIN, -1, 0, 1, i8::MAX].map(Datum::Int8).into(),
        Type::Int16 => [i16::MIN, -1, 0, 1, i16::MAX].map(Datum::Int16).into(),
        Type::Int32 => [i32::MIN, -1, 0, 1, i32::MAX].map(Datum::Int32).into(),
        Type::Int64 => int64s().map(Datum::Int64).into(),
        Type::Reference => {
            [-1, 0, 30, 31, 32, 8190, 8191, LAST_RECORD - 1, LAST_RECORD].map(Datum::Reference).into()
        }
        Type::Boolean => [true, false].map(Datum::Boolean).into(),
        Type::Float32 => singles().into_iter().map(Datum::Single).collect(),
        Type::Float64 => doubles().into_iter().map(Datum::Double).collect(),
        Type::Blob => Vec::new(),
    }
}

/// With those that a double does not hold.
const fn int64s() -> [i64; 8] {
    [i64::MIN, i64::MIN + 1, -(1 << 53) - 1, -1, 0, 1, (1 << 53) + 1, i64::MAX]
}

fn with_negatives<T: Copy>(bits: &[T], negative: impl Fn(T) -> T) -> Vec<T> {
    bits.iter().flat_map(|&bits| [bits, negative(bits)]).collect()
}

/// Zero, subnormal ends, normal ends, infinity, NaN quiet and signalling with payloads, all with both signs.
fn singles() -> Vec<u32> {
    let ends = [0, 1, 0x007f_ffff, 0x0080_0000, 0x7f7f_ffff, 0x7f80_0000];
    let nans = [0x7f80_0001, 0x7fa5_5aa5, 0x7fbf_ffff, 0x7fc0_0000, 0x7fc0_0001, 0x7fff_ffff];
    let others = [1.0_f32, 0.1, 7.038_531e-26, 1e10, 16_777_216.0, 16_777_217.0].map(f32::to_bits);
    with_negatives(&[&ends[..], &nans, &others].concat(), |bits| bits | 1 << 31)
}

fn doubles() -> Vec<u64> {
    let ends = [0, 1, 0x000f_ffff_ffff_ffff, 0x0010_0000_0000_0000, 0x7fef_ffff_ffff_ffff, 0x7ff0 << 48];
    let nans = [(0x7ff0 << 48) | 1, 0x7ff4_5aa5_5aa5_5aa5, 0x7ff8 << 48, (0x7ff8 << 48) | 1, u64::MAX >> 1];
    let others = [1.0_f64, 0.1, 123_456.75, 1e15, 1e16, 1e17, 1e300, 1e-300, 377.271_013_778_593_3];
    with_negatives(&[&ends[..], &nans, &others.map(f64::to_bits)].concat(), |bits| bits | 1 << 63)
}

/// Bytes that are text to nobody, text that is an attack on somebody, and very long ones.
fn strings() -> Vec<Vec<u8>> {
    let texts = TEXTS.iter().map(|text| text.as_bytes().to_vec());
    let broken = BROKEN.iter().map(|bytes| bytes.to_vec());
    let single = (0..=u8::MAX).map(|byte| vec![byte]);
    let all = (0..=u8::MAX).collect();
    // Digits behind a byte that is written as digits.
    let before_digits = (0..=u8::MAX).map(|byte| vec![b'x', byte, b'1', b'2', b'3', b'a']);
    let long = [b'x', 0xff, b'\'', b'\0'].map(|byte| vec![byte; 1 << 20]);
    let long_text = "é🙂'\"\\\n".repeat(100_000).into_bytes();
    texts
        .chain(broken)
        .chain(single)
        .chain([all])
        .chain(before_digits)
        .chain(long)
        .chain([long_text])
        .collect()
}

const TEXTS: [&str; 27] = [
    "",
    " ",
    "it's",
    "''",
    "\"quoted\"",
    "back\\slash",
    "\\012\\x41\\",
    "two\nlines\r\nand\ttabs",
    "'); DROP TABLE extremes; --",
    "-- no comment /* nor this */",
    "$(reboot) `reboot` %s %n {}",
    "NULL",
    "null",
    "nan",
    "9e999",
    "12",
    "-0.0",
    "X'00'",
    "true",
    "a\0b",
    "\u{1b}[2J\u{9b}31m\u{7f}",
    "\u{202e}gpj.exe\u{2066}\u{2028}\u{feff}",
    "é東京🙂\u{ffff}\u{10ffff}",
    "e\u{301}",
    "??/??=???",
    "{\"base64\":\"/wA=\"}",
    "\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fffd}\u{10000}",
];

/// What is no UTF-8: continuation bytes alone, characters cut after each byte, overlong forms, surrogates, numbers above
/// the last character, bytes that never occur.
const BROKEN: [&[u8]; 25] = [
    b"\x80",
    b"\xbf\xbf",
    b"a\x80b",
    b"\xc3",
    b"\xc3(",
    b"\xe2\x82",
    b"\xe2\x82A",
    b"\xf0\x9f",
    b"\xf0\x9f\x98",
    b"\xf0\x9f\x98\"",
    b"\xc0\x80",
    b"\xc0\xaf",
    b"\xc1\xbf",
    b"\xe0\x80\xaf",
    b"\xe0\x9f\xbf",
    b"\xf0\x80\x80\xaf",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xed\xa0\xbd\xed\xb8\x82",
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xfe\xff\x00a",
    b"\xff\xfea\x00",
    b"valid \xc3\xa9 and then \xff not",
];

/// A value of which every bit is random, as far as its type has such; strings are short.
pub(crate) fn random(of: Type, random: &mut Random) -> Datum {
    let bytes = random.bits().to_le_bytes();
    let [b0, b1, b2, b3, ..] = bytes;
    match of {
        Type::String => Datum::String(random_string(random)),
        Type::Int8 => Datum::Int8(b0.cast_signed()),
        Type::Int16 => Datum::Int16(i16::from_le_bytes([b0, b1])),
        Type::Int32 => Datum::Int32(i32::from_le_bytes([b0, b1, b2, b3])),
        Type::Int64 => Datum::Int64(i64::from_le_bytes(bytes)),
        Type::Reference => {
            // Of any length that a compact number can have.
            let record = (u64::from_le_bytes(bytes) >> 3) >> random.below(61);
            Datum::Reference(record.cast_signed().min(LAST_RECORD + 1) - 1)
        }
        Type::Boolean => Datum::Boolean(b0 & 1 == 1),
        Type::Float32 => Datum::Single(u32::from_le_bytes([b0, b1, b2, b3])),
        Type::Float64 => Datum::Double(u64::from_le_bytes(bytes)),
        Type::Blob => Datum::Blob { position: 0, size: 0 },
    }
}

/// Any bytes, or characters of all lengths.
fn random_string(random: &mut Random) -> Vec<u8> {
    let length = random.below(24);
    if random.below(2) == 0 {
        return random.bytes(length);
    }
    let highest = random.pick(&[0x7f_u64, 0x7ff, 0xffff, 0x10_ffff]);
    let character = |_| char::from_u32(u32::try_from(random.bits() % highest).unwrap());
    (0..length).filter_map(character).collect::<String>().into_bytes()
}
