//! Values as JSON Lines write them.

use super::members::Members;
use super::syntax::Span;
use crate::commands::{Expected, Trouble, read_word, unsigned};
use crate::value::{BlobPosition, Type, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// A string with its quotes, read.
pub(super) fn string<'a>(span: Span<'a>) -> Result<Cow<'a, [u8]>, Trouble> {
    let inner = span.bytes.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\""));
    let Some(inner) = inner.filter(|_| span.bytes.len() > 1) else {
        return Err(span.unexpected(Expected::String));
    };
    if let Some(offset) = inner.iter().position(u8::is_ascii_control) {
        return Err(character(span, offset).unexpected(Expected::EscapeOfControl));
    }
    if let Err(error) = std::str::from_utf8(inner) {
        return Err(character(span, error.valid_up_to()).unexpected(Expected::Utf8));
    }
    if inner.contains(&b'\\') { unescaped(span, inner).map(Cow::Owned) } else { Ok(Cow::Borrowed(inner)) }
}

/// One byte inside the quotes of a string.
fn character<'a>(span: Span<'a>, offset: usize) -> Span<'a> {
    let offset = offset.saturating_add(1);
    let bytes = span.bytes.get(offset..offset.saturating_add(1)).unwrap_or_default();
    Span { bytes, at: span.at.saturating_add(offset) }
}

fn unescaped(span: Span<'_>, inner: &[u8]) -> Result<Vec<u8>, Trouble> {
    let (mut text, mut rest) = (Vec::with_capacity(inner.len()), inner);
    while let Some(plain) = memchr::memchr(b'\\', rest) {
        text.extend_from_slice(rest.get(..plain).unwrap_or_default());
        let escaped = rest.get(plain.saturating_add(1)..).unwrap_or_default();
        let Some((decoded, length)) = escape(escaped) else {
            let offset = inner.len().saturating_sub(escaped.len());
            return Err(character(span, offset.saturating_sub(1)).unexpected(Expected::JsonEscape));
        };
        text.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escaped.get(length..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    Ok(text)
}

/// What stands behind a backslash, and how many bytes it takes. Half a surrogate pair is no character.
fn escape(escaped: &[u8]) -> Option<(char, usize)> {
    Some(match escaped.first()? {
        b'n' => ('\n', 1),
        b't' => ('\t', 1),
        b'r' => ('\r', 1),
        b'b' => ('\u{8}', 1),
        b'f' => ('\u{c}', 1),
        &byte @ (b'"' | b'\\' | b'/') => (char::from(byte), 1),
        b'u' => {
            let first = unit(escaped.get(1..)?)?;
            let second = escaped.get(5..).and_then(|rest| unit(rest.strip_prefix(b"\\u")?));
            match (char::decode_utf16([first]).next()?, second) {
                (Ok(character), _) => (character, 5),
                (Err(_), Some(second)) => (char::decode_utf16([first, second]).next()?.ok()?, 11),
                (Err(_), None) => return None,
            }
        }
        _ => return None,
    })
}

/// Four hexadecimal digits.
fn unit(digits: &[u8]) -> Option<u16> {
    let digits = digits.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Any bytes: a string, or an object with them in base64.
pub(super) fn bytes<'a>(line: &'a [u8], span: Span<'a>) -> Result<Cow<'a, [u8]>, Trouble> {
    if span.bytes.first() == Some(&b'"') {
        return string(span);
    }
    let mut members = Members::of_value(line, span, Expected::Bytes)?;
    let encoded = members.take("base64")?;
    members.end()?;
    let text = string(encoded)?;
    STANDARD.decode(text).map(Cow::Owned).map_err(|_| encoded.unexpected(Expected::Base64))
}

/// A number of digits alone.
pub(super) fn number(span: Span<'_>) -> Result<u64, Trouble> {
    unsigned(span.bytes).ok_or_else(|| span.unexpected(Expected::Number))
}

/// A value of any type but a string; that of version 4's blobs has no size.
pub(super) fn value<'a>(line: &'a [u8], span: Span<'a>, value_type: Type) -> Result<Value<'a>, Trouble> {
    let unexpected = || span.unexpected(Expected::Value(value_type));
    let read = match (value_type, span.bytes) {
        (Type::Blob, _) => return blob(line, span).map(Value::Blob),
        (Type::Reference, b"null") => Some(Value::Reference(crate::RecordId::NULL)),
        (Type::Boolean, b"true" | b"false") => read_word(span.bytes, value_type),
        (Type::Boolean | Type::String, _) => None,
        (Type::Float32 | Type::Float64, [b'{', ..]) => return float(line, span, value_type),
        (_, [b'-' | b'0'..=b'9', ..]) => read_word(span.bytes, value_type),
        _ => None,
    };
    read.ok_or_else(unexpected)
}

/// A float that is no number of JSON.
fn float<'a>(line: &'a [u8], span: Span<'a>, value_type: Type) -> Result<Value<'a>, Trouble> {
    let mut members = Members::of_value(line, span, Expected::Value(value_type))?;
    let word = members.take("float")?;
    members.end()?;
    let read = match string(word)? {
        Cow::Borrowed(text) => read_word(text, value_type),
        // None of its words needs an escape.
        Cow::Owned(_) => None,
    };
    read.ok_or_else(|| word.unexpected(Expected::Value(value_type)))
}

fn blob(line: &[u8], span: Span<'_>) -> Result<BlobPosition, Trouble> {
    let mut members = Members::of_value(line, span, Expected::BlobObject)?;
    let compact = |span: Span<'_>| match number(span)? {
        number if number <= crate::COMPACT_MAX => Ok(number),
        _ => Err(span.unexpected(Expected::Number)),
    };
    let position = compact(members.take("position")?)?;
    let size = members.get("size").map(compact).transpose()?;
    members.end()?;
    Ok(BlobPosition { position, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<u8>> {
        string(Span { bytes: text.as_bytes(), at: 0 }).ok().map(Cow::into_owned)
    }

    #[test]
    fn strings_read_as_another_parser_reads_them() {
        let texts = [
            r#""""#,
            r#""plain é🙂""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""\u0041\u00e9\ud83d\ude42x""#,
            r#""\ud83d""#,
            r#""\ud83dx\ude42""#,
            r#""\ude42""#,
            r#""\x41""#,
            r#""\u00g0""#,
            r#""\u004""#,
            r#""\u+041""#,
            "\"\t\"",
            "\"",
            "7",
            r#""\ud83d\u0041""#,
        ];
        for text in texts {
            let expected = serde_json::from_str::<String>(text).ok().map(String::into_bytes);
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
