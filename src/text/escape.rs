//! Strings of a log as quoted text, in the reference's way and in a way that is safe on a terminal.

use super::Output;
use super::append::Append;
use super::output::SLACK;
use super::plain::{BLOCK, Plain};
use super::room::Room;

/// Which bytes are copied as they are, and which are written as `\ooo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As joedb 10 writes strings: anything that is shaped like UTF-8 is copied, overlong forms too.
    Reference,
    /// As joedb 9 writes strings: the same, but a `?` after a `?` is left alone.
    Reference9,
    /// Only valid UTF-8 without control characters is copied. C1 controls and the marks that change the
    /// direction of text are escaped too: a terminal obeys them. joedb reads it back to the same bytes.
    Safe,
}

/// Appends `bytes` in double quotes.
pub fn quoted(out: &mut Output<'_>, bytes: &[u8], escape: Escape) {
    out.byte(b'"');
    escaped(out, bytes, escape);
    out.byte(b'"');
}

/// Appends `bytes` without the quotes.
pub fn escaped(out: &mut Output<'_>, bytes: &[u8], escape: Escape) {
    copied(out, bytes, PLAIN, |room, at| {
        let spelled = spelled(room, bytes.get(at..).unwrap_or_default());
        if spelled > 0 { spelled } else { special(room, bytes, at, escape) }
    });
}

/// What is written for a byte and how long that is, where it depends on nothing else; no bytes where it does: question
/// marks, and what may begin a character of several bytes.
static SPELLINGS: [([u8; 4], usize); 256] = {
    let mut spellings = [([0; 4], 0); 256];
    let (mut rest, mut byte) = (spellings.as_mut_slice(), 0_u8);
    while let [place, further @ ..] = rest {
        *place = match byte {
            b'?' | 0xc0..=0xf7 => ([0; 4], 0),
            b'"' | b'\\' => ([b'\\', byte, 0, 0], 2),
            b' '..=b'~' => ([byte, 0, 0, 0], 1),
            _ => (octal_digits(byte), 4),
        };
        (rest, byte) = (further, byte.wrapping_add(1));
    }
    spellings
};

/// Writes the bytes that `rest` begins with, up to one that takes a closer look, and returns how many. Where many bytes
/// are special, what is next cannot be foreseen: nothing here branches on it.
#[inline(always)]
fn spelled(room: &mut Room<'_>, rest: &[u8]) -> usize {
    /// As many as surely fit.
    const TOGETHER: usize = SLACK / 2;
    let mut count = 0_usize;
    for &byte in rest.iter().take(TOGETHER) {
        let (text, length) = SPELLINGS.get(usize::from(byte)).copied().unwrap_or_default();
        if length == 0 {
            break;
        }
        room.block(&text, length);
        count = count.wrapping_add(1);
    }
    count
}

/// Bytes that are copied whatever follows.
pub(crate) const PLAIN: Plain = Plain::without(*b"\"?\\");

/// Appends `bytes`, plain ones as they are. What stands at any other, `special` writes, in a few bytes, and says how many of
/// `bytes` that were.
#[inline(always)]
pub(crate) fn copied(
    out: &mut Output<'_>,
    bytes: &[u8],
    plain: Plain,
    mut special: impl FnMut(&mut Room<'_>, usize) -> usize,
) {
    let mut at = 0_usize;
    while at < bytes.len() {
        // It fits: room is asked for before every step.
        out.in_room(|room| {
            while room.is_spacious()
                && let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty())
            {
                let run = plain_run(room, rest, plain);
                at = at.wrapping_add(run);
                if run == 0 {
                    at = at.wrapping_add(special(room, at).max(1));
                }
            }
            Some(())
        });
        out.breathe();
    }
}

/// Appends the plain bytes that `rest` begins with, as many as one look shows, and returns how many.
#[inline(always)]
fn plain_run(room: &mut Room<'_>, rest: &[u8], plain: Plain) -> usize {
    if let Some(block) = rest.first_chunk().filter(|block| plain.is_block(block, BLOCK)) {
        room.block(block, BLOCK);
        return BLOCK;
    }
    let mut word = [0; 8];
    match rest.first_chunk() {
        Some(whole) => word = *whole,
        // Zeros are not plain.
        None => word.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte),
    }
    let run = plain.run(word);
    room.block(&word, run);
    run
}

/// Writes what stands at a byte that takes a closer look and returns how many bytes that were.
#[inline(always)]
fn special(room: &mut Room<'_>, bytes: &[u8], at: usize, escape: Escape) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(&byte) = rest.first() else { return 0 };
    // joedb's strings can be pasted into C++, where two question marks may begin a trigraph.
    if byte == b'?' {
        let follows = at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'?');
        room.block(b"\\", usize::from(follows && escape != Escape::Reference9));
        room.byte(b'?');
        return 1;
    }
    let length = match escape {
        Escape::Safe => safe_character(rest),
        Escape::Reference | Escape::Reference9 => utf8_shape(rest),
    };
    if length == 0 {
        octal(room, byte);
    }
    character(room, rest, length);
    length
}

/// Appends the first `length` bytes of `rest`, at most 4.
#[inline(always)]
pub(crate) fn character(room: &mut Room<'_>, rest: &[u8], length: usize) {
    match rest.first_chunk::<4>() {
        Some(bytes) => room.block(bytes, length),
        None => room.bytes(rest.get(..length).unwrap_or_default()),
    }
}

/// Appends a string as the reference's `joedb_to_json` writes it between quotes: control bytes are `\u00xx`, and at the
/// first byte that is not of the shape of UTF-8 the text ends in a sentence that says so.
pub fn reference_json(out: &mut Output<'_>, bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        let length = match byte {
            0x80.. => utf8_shape(rest),
            _ => 1,
        };
        match byte {
            _ if length == 0 => return out.bytes(b"!!! This string is not utf8 !!!"),
            b'"' | b'\\' => out.bytes(&[b'\\', byte]),
            ..0x20 | 0x7f => out.text(format_args!("\\u{byte:04x}")),
            _ => out.bytes(rest.get(..length).unwrap_or_default()),
        }
        out.breathe();
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// What becomes of line feeds and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// They stay.
    Kept,
    /// They are escaped like other control characters.
    Escaped,
}

/// Appends text for a terminal that may hold anything: what a terminal would obey and what is no UTF-8 is written as
/// `\ooo`.
pub fn for_terminal(out: &mut Output<'_>, bytes: &[u8], lines: Lines) {
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b'\n' | b'\t' if lines == Lines::Kept => 1,
            0x20..=0x7e => 1,
            _ => safe_character(rest),
        };
        match rest.get(..length) {
            Some(character) if length > 0 => out.bytes(character),
            _ => octal(out, byte),
        }
        rest = rest.get(length.max(1)..).unwrap_or_default();
    }
}

fn octal(out: &mut impl Append, byte: u8) {
    out.block(&octal_digits(byte), 4);
}

const fn octal_digits(byte: u8) -> [u8; 4] {
    [b'\\', b'0' | (byte >> 6), b'0' | ((byte >> 3) & 7), b'0' | (byte & 7)]
}

/// The length of what the reference takes for a character: a lead byte and as many continuation bytes as it
/// asks for. 0 where there is none, and for `ed` before a byte with the bits 80 and 20 (a surrogate).
fn utf8_shape(bytes: &[u8]) -> usize {
    let length = lead_length(bytes);
    let Some(character) = bytes.get(..length) else { return 0 };
    let Some((&lead, continuation)) = character.split_first() else { return 0 };
    let surrogate = lead == 0xed && continuation.first().is_some_and(|byte| byte & 0xa0 == 0xa0);
    if surrogate || !continuation.iter().all(|byte| byte & 0xc0 == 0x80) { 0 } else { length }
}

fn lead_length(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 0,
    }
}

/// The length of the valid, harmless UTF-8 character that `bytes` begins with, if it is no ASCII; 0 where there is none.
#[inline(always)]
pub(crate) const fn safe_character(bytes: &[u8]) -> usize {
    match *bytes {
        // C1 controls, and the marks of `is_obeyed_by_terminals`.
        [0xc2, 0x80..=0x9f, ..] | [0xd8, 0x9c, ..] => 0,
        [0xe2, 0x80, 0x8e | 0x8f | 0xa8..=0xae, ..] | [0xe2, 0x81, 0xa6..=0xa9, ..] => 0,
        [0xc2..=0xdf, 0x80..=0xbf, ..] => 2,
        // Neither overlong nor a surrogate, as RFC 3629 has it.
        [0xe0, 0xa0..=0xbf, 0x80..=0xbf, ..]
        | [0xe1..=0xec | 0xee | 0xef, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xed, 0x80..=0x9f, 0x80..=0xbf, ..] => 3,
        [0xf0, 0x90..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf1..=0xf3, 0x80..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf4, 0x80..=0x8f, 0x80..=0xbf, 0x80..=0xbf, ..] => 4,
        _ => 0,
    }
}

/// Whether `bytes` are UTF-8 of which a terminal obeys nothing but line feeds and tabs.
#[must_use]
pub(crate) fn is_harmless(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        let length = match (rest.first_chunk().map(|word| HARMLESS.run(*word)), byte) {
            (Some(run @ 1..), _) => run,
            (_, b'\n' | b'\t' | b' '..=b'~') => 1,
            (_, 0x80..) => safe_character(rest),
            _ => 0,
        };
        if length == 0 {
            return false;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}

/// All of printable ASCII; the bytes named are none of it.
const HARMLESS: Plain = Plain::without([0; 3]);

/// Control characters, and the marks that reorder the text around them.
#[must_use]
pub fn is_obeyed_by_terminals(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(bytes: &[u8]) -> String {
        let mut out = Output::memory();
        quoted(&mut out, bytes, Escape::Reference);
        String::from_utf8_lossy(out.as_bytes()).into_owned()
    }

    fn safe(bytes: &[u8]) -> Vec<u8> {
        let mut out = Output::memory();
        escaped(&mut out, bytes, Escape::Safe);
        out.as_bytes().to_vec()
    }

    #[test]
    fn quotes_backslashes_controls_and_repeated_question_marks_are_escaped() {
        assert_eq!(reference(b"a\"\\\n\x7f???"), r#""a\"\\\012\177?\?\?""#);
    }

    #[test]
    fn surrogates_are_octal_and_their_tail_is_judged_by_itself() {
        assert_eq!(reference(b"\xed\xa0\x80x"), r#""\355\240\200x""#);
        assert_eq!(reference("\u{d7ff}".as_bytes()), "\"\u{d7ff}\"");
    }

    #[test]
    fn a_cut_character_is_octal() {
        assert_eq!(reference(b"\xe2\x82"), r#""\342\202""#);
        assert_eq!(reference(b"\xe2\x82A"), r#""\342\202A""#);
        assert_eq!(reference(b"\xff\x80"), r#""\377\200""#);
    }

    /// Printed by joedb_to_json.
    #[test]
    fn the_references_json_ends_where_a_string_is_no_utf8() {
        let json = |bytes: &[u8]| {
            let mut out = Output::memory();
            reference_json(&mut out, bytes);
            out.as_bytes().to_vec()
        };
        let passing = [
            &b"\xc0\x80"[..],
            b"\xe0\x80\x80",
            b"\xf0\x80\x80\x80",
            b"\xf7\xbf\xbf\xbf",
            b"\xef\xbf\xbe",
            b"/",
        ];
        for bytes in passing {
            assert_eq!(json(bytes), bytes);
        }
        for bytes in [&b"\xed\xa0\x80"[..], b"\xf8\x88\x80", b"\xc3", b"\xe2\x82", b"\x80", b"\xe2\x28\xa1"] {
            assert_eq!(json(&[b"ab", bytes, b"yz"].concat()), b"ab!!! This string is not utf8 !!!");
        }
        assert_eq!(json(b"\0\x1f\"\\\x7f"), br#"\u0000\u001f\"\\\u007f"#);
    }

    #[test]
    fn a_character_is_safe_if_it_is_valid_and_no_terminal_obeys_it() {
        let expected = |bytes: &[u8]| {
            let length = lead_length(bytes);
            let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
            let character = text.and_then(|text| text.chars().next());
            if character.is_some_and(|c| !is_obeyed_by_terminals(c)) { length } else { 0 }
        };
        for lead in 0x80..=u8::MAX {
            for second in 0..=u8::MAX {
                for third in [0x00, 0x7f, 0x80, 0x8d, 0x8e, 0x8f, 0x90, 0xa7, 0xa8, 0xae, 0xaf, 0xbf, 0xc0] {
                    for fourth in [0x7f, 0x80, 0xbf, 0xc0] {
                        let bytes = [lead, second, third, fourth];
                        for length in 1..=4 {
                            assert_eq!(
                                safe_character(&bytes[..length]),
                                expected(&bytes[..length]),
                                "{bytes:x?}"
                            );
                        }
                    }
                }
            }
        }
        for character in '\u{80}'..='\u{ffff}' {
            let text = character.to_string();
            assert_eq!(safe_character(text.as_bytes()), expected(text.as_bytes()), "{text:?}");
            assert_eq!(is_harmless(text.as_bytes()), !is_obeyed_by_terminals(character));
        }
    }

    #[test]
    fn every_byte_is_escaped_at_every_place_of_a_text_of_any_length() {
        for byte in 0..=u8::MAX {
            for length in 1..40 {
                for place in [0, 7, 8, 15, 16, length - 1].into_iter().filter(|place| *place < length) {
                    let mut text = vec![b'a'; length];
                    text[place] = byte;
                    let alone = safe(&[byte]);
                    let expected = [&text[..place], &alone, &text[place + 1..]].concat();
                    assert_eq!(safe(&text), expected);
                }
            }
        }
        assert_eq!(safe(&[b'\n'; 100_000]), b"\\012".repeat(100_000));
    }

    #[test]
    fn safe_text_has_no_control_characters_in_any_disguise() {
        assert_eq!(safe("é\u{9b}31m".as_bytes()), "é\\302\\23331m".as_bytes());
        assert_eq!(safe("\u{202e}".as_bytes()), b"\\342\\200\\256");
        assert_eq!(safe(b"\xc0\x9b\x1b["), b"\\300\\233\\033[");
    }
}
