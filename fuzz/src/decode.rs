//! The decoder against a second one, and against the encoder.

use super::input::LARGEST;
use super::model;
use joedb::{Context, Decoder, Encoder, Entry, Located, RecordId, Version};

/// The first byte chooses the version, the others are the body of a log.
pub fn run(data: &[u8]) {
    let Some((&version, body)) = data.split_first() else { return };
    let version = if version % 2 == 0 { Version::V5 } else { Version::V4 };
    if body.len() > LARGEST {
        return;
    }
    let mut decoder = Decoder::new(version);
    let (mut position, mut rest) = (41, body);
    while !rest.is_empty() {
        let before = decoder.context();
        let expected = model::entry(version == Version::V5, as_in_log(before), rest);
        let decoded = decoder.decode(rest, position);
        let found = decoded.as_ref().ok().map(|located| (located.length, as_in_log(decoder.context())));
        assert_eq!(found, expected, "at {position}: {decoded:?}");
        let Ok(located) = decoded else {
            assert_eq!(decoder.context(), before, "an error moved the context");
            break;
        };
        assert_eq!(located.position, position);
        let length = usize::try_from(located.length).expect("it lies in memory");
        assert_is_spelled_by_the_encoder(&located, before, version);
        assert_needs_all_its_bytes(&rest[..length], before, version);
        (position, rest) = (located.end(), &rest[length..]);
    }
}

/// The context as the second decoder has it.
fn as_in_log(context: Context) -> model::Context {
    let Context { table, record: RecordId(record), field } = context;
    let record = u64::try_from(record + 1).expect("no record before null");
    model::Context { table: table.0.into(), record, field: field.0.into() }
}

/// What the encoder writes is no longer than what was read, and means the same.
fn assert_is_spelled_by_the_encoder(located: &Located<'_>, context: Context, version: Version) {
    let spelled = spell(&located.entry, located.position, context, version);
    assert!(spelled.len() as u64 <= located.length, "{located:?} became longer: {spelled:?}");
    let mut decoder = Decoder::resume(version, context);
    let again = decoder.decode(&spelled, located.position).expect("what was encoded decodes");
    assert_eq!(again.length, spelled.len() as u64);
    // Bytes, since a NaN is not equal to itself.
    assert_eq!(spell(&again.entry, again.position, context, version), spelled, "{located:?}");
    let same_kind = std::mem::discriminant(&again.entry) == std::mem::discriminant(&located.entry);
    assert!(same_kind, "{:?} became {:?}", located.entry, again.entry);
}

fn spell(entry: &Entry<'_>, position: u64, context: Context, version: Version) -> Vec<u8> {
    let mut encoder = Encoder::resume(version, position, context);
    encoder.push(entry);
    encoder.body().to_vec()
}

/// With any byte less it is cut, and the error asks for more bytes than there are and no more than it has.
fn assert_needs_all_its_bytes(bytes: &[u8], context: Context, version: Version) {
    let lengths = [bytes.len() - 1, bytes.len() / 2, 1];
    for length in lengths.into_iter().filter(|&length| length > 0 && length < bytes.len()) {
        let error = Decoder::resume(version, context).decode(&bytes[..length], 41).expect_err("it is cut");
        let needed = error.bytes_needed().expect("more bytes help");
        assert!(needed > length as u64 && needed <= bytes.len() as u64, "{error}: {needed} of {length}");
    }
}
