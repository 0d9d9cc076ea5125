//! Strings of a log as quoted text, in the reference's way and in a way that is safe on a terminal.

use super::Output;
use super::plain::Plain;

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

/// Pieces that are looked at between two calls of [`Output::breathe`].
const PIECE: usize = 64 * 1024;

/// Appends `bytes` in double quotes.
pub fn quoted(out: &mut Output<'_>, bytes: &[u8], escape: Escape) {
    out.byte(b'"');
    escaped(out, bytes, escape);
    out.byte(b'"');
}

/// Appends `bytes` without the quotes.
pub fn escaped(out: &mut Output<'_>, bytes: &[u8], escape: Escape) {
    let mut rest = bytes;
    let mut previous = 0;
    while let Some(&byte) = rest.first() {
        let plain = PLAIN.run(rest.get(..PIECE).unwrap_or(rest));
        if plain > 0 {
            let (run, after) = rest.split_at(plain);
            out.bytes(run);
            out.breathe();
            previous = run.last().copied().unwrap_or(0);
            rest = after;
            continue;
        }
        let taken = special(out, rest, byte, previous, escape);
        out.breathe();
        previous = byte;
        rest = rest.get(taken..).unwrap_or_default();
    }
}

/// Bytes that are copied whatever follows.
pub(crate) const PLAIN: Plain = Plain::without(*b"\"?\\");

/// Writes what `rest` begins with and returns how many bytes that were.
fn special(out: &mut Output<'_>, rest: &[u8], byte: u8, previous: u8, escape: Escape) -> usize {
    match byte {
        b'"' | b'\\' => out.bytes(&[b'\\', byte]),
        // joedb's strings can be pasted into C++, where two question marks may begin a trigraph.
        b'?' if previous == b'?' && escape != Escape::Reference9 => out.bytes(b"\\?"),
        b'?' => out.byte(b'?'),
        0x80.. => {
            let length = match escape {
                Escape::Safe => safe_character(rest),
                Escape::Reference | Escape::Reference9 => utf8_shape(rest),
            };
            match rest.get(..length) {
                Some(character) if length > 0 => out.bytes(character),
                _ => octal(out, byte),
            }
            return length.max(1);
        }
        _ => octal(out, byte),
    }
    1
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

fn octal(out: &mut Output<'_>, byte: u8) {
    let digit = |shift: u32| b'0' | ((byte >> shift) & 7);
    out.bytes(&[b'\\', digit(6), digit(3), digit(0)]);
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

/// The length of the valid, harmless UTF-8 character that `bytes` begins with; 0 where there is none.
fn safe_character(bytes: &[u8]) -> usize {
    let length = lead_length(bytes);
    let character = bytes.get(..length).and_then(|character| std::str::from_utf8(character).ok());
    match character.and_then(|text| text.chars().next()) {
        Some(character) if !is_obeyed_by_terminals(character) => length,
        _ => 0,
    }
}

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

    #[test]
    fn safe_text_has_no_control_characters_in_any_disguise() {
        assert_eq!(safe("é\u{9b}31m".as_bytes()), "é\\302\\23331m".as_bytes());
        assert_eq!(safe("\u{202e}".as_bytes()), b"\\342\\200\\256");
        assert_eq!(safe(b"\xc0\x9b\x1b["), b"\\300\\233\\033[");
    }
}
