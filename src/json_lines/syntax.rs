//! JSON as it stands in a line: where values begin and end. What they mean comes later.

use crate::commands::{Expected, Trouble};
use memchr::memchr2;

/// A part of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'a> {
    pub(super) bytes: &'a [u8],
    /// Where it begins in the line.
    pub(super) at: usize,
}

impl Span<'_> {
    /// A mistake about this part.
    #[cold]
    pub(super) fn unexpected(&self, expected: Expected) -> Trouble {
        Trouble::unexpected(self.at, self.bytes, expected)
    }
}

/// Objects in a list in an object: nothing that is written here is deeper.
const DEEPEST: u32 = 3;

/// What of a line is not read yet.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(line: &'a [u8]) -> Cursor<'a> {
        Cursor { line, at: 0 }
    }

    /// For the inside of a part of a line.
    pub(super) fn within(line: &'a [u8], span: Span<'_>) -> Cursor<'a> {
        let end = span.at.saturating_add(span.bytes.len());
        Cursor { line: line.get(..end).unwrap_or_default(), at: span.at }
    }

    fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    const fn step(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// The next byte that is no white space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r') = self.line.get(self.at) {
            self.step(1);
        }
        self.line.get(self.at).copied()
    }

    /// What is next, for a mistake: a word, or one character.
    pub(super) fn next(&mut self) -> Span<'a> {
        self.peek();
        let rest = self.rest();
        let is_of_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.');
        let word = rest.iter().take_while(|byte| is_of_word(byte)).count();
        let character = std::str::from_utf8(rest).ok().and_then(|text| text.chars().next());
        let length = word.max(character.map_or(1, char::len_utf8));
        Span { bytes: rest.get(..length).unwrap_or(rest), at: self.at }
    }

    #[cold]
    fn unexpected(&mut self, expected: Expected) -> Trouble {
        self.next().unexpected(expected)
    }

    /// Passes over a character if it is next.
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.step(1);
        }
        is_next
    }

    pub(super) fn expect(&mut self, byte: u8, expected: Expected) -> Result<(), Trouble> {
        if self.takes(byte) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The end of the line.
    pub(super) fn end(&mut self) -> Result<(), Trouble> {
        if self.peek().is_none() { Ok(()) } else { Err(self.unexpected(Expected::EndOfLine)) }
    }

    /// A value, which is looked at only so far as to find its end.
    pub(super) fn value(&mut self) -> Result<Span<'a>, Trouble> {
        self.value_in(0)
    }

    fn value_in(&mut self, depth: u32) -> Result<Span<'a>, Trouble> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'"') => return self.string(),
            Some(b'{') if depth < DEEPEST => self.object(depth.saturating_add(1))?,
            Some(b'[') if depth < DEEPEST => self.list(depth.saturating_add(1))?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        }
        Ok(Span { bytes: self.line.get(start..self.at).unwrap_or_default(), at: start })
    }

    fn word(&mut self) -> Result<(), Trouble> {
        let words: [&[u8]; 3] = [b"true", b"false", b"null"];
        let next = self.next();
        if !words.contains(&next.bytes) {
            return Err(next.unexpected(Expected::Json));
        }
        self.step(next.bytes.len());
        Ok(())
    }

    /// Digits, without a zero before others; a fraction; an exponent.
    fn number(&mut self) -> Result<(), Trouble> {
        let word = self.next();
        if !is_number(word.bytes) {
            return Err(word.unexpected(Expected::Json));
        }
        self.step(word.bytes.len());
        Ok(())
    }

    fn list(&mut self, depth: u32) -> Result<(), Trouble> {
        self.step(1);
        if self.takes(b']') {
            return Ok(());
        }
        loop {
            self.value_in(depth)?;
            if self.takes(b']') {
                return Ok(());
            }
            self.expect(b',', Expected::CommaOr(']'))?;
        }
    }

    fn object(&mut self, depth: u32) -> Result<(), Trouble> {
        self.step(1);
        if self.takes(b'}') {
            return Ok(());
        }
        loop {
            self.key()?;
            self.value_in(depth)?;
            if self.takes(b'}') {
                return Ok(());
            }
            self.expect(b',', Expected::CommaOr('}'))?;
        }
    }

    /// The name of a member, and its colon. The quotes belong to it.
    pub(super) fn key(&mut self) -> Result<Span<'a>, Trouble> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(Expected::Key));
        }
        let key = self.string()?;
        self.expect(b':', Expected::Colon)?;
        Ok(key)
    }

    /// A string with its quotes; its escapes are looked at when it is read.
    fn string(&mut self) -> Result<Span<'a>, Trouble> {
        let start = self.at;
        self.step(1);
        loop {
            let Some(length) = memchr2(b'"', b'\\', self.rest()) else {
                let bytes = self.line.get(start..).unwrap_or_default();
                return Err(Trouble::unexpected(start, bytes, Expected::ClosingQuote));
            };
            self.step(length);
            if self.rest().first() == Some(&b'"') {
                self.step(1);
                return Ok(Span { bytes: self.line.get(start..self.at).unwrap_or_default(), at: start });
            }
            self.step(2);
        }
    }
}

/// Whether a word is a number of JSON.
fn is_number(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let digits = |word: &[u8]| word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(word);
    let has_zero_before = whole > 1 && word.first() == Some(&b'0');
    let mut rest = word.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        rest = fraction.get(length..).unwrap_or_default();
        if length == 0 {
            return false;
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let signless =
            exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
        let length = digits(signless);
        return whole > 0 && !has_zero_before && length > 0 && length == signless.len();
    }
    whole > 0 && !has_zero_before && rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_json() {
        for number in ["0", "-0", "10", "1.5", "-0.25", "1e3", "1E+3", "1.5e-300", "0e0"] {
            assert!(is_number(number.as_bytes()), "{number}");
        }
        for word in
            ["", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "1.5.2", "0x1", "1_0", "nan", "1e3x"]
        {
            assert!(!is_number(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn the_end_of_any_value_is_found_as_another_parser_finds_it() {
        let values = [
            "\"a \\\" } ] \\\\\"",
            "[]",
            "[1,2 , 3]",
            "{}",
            "{\"a\" : [ {\"b\":null} ] }",
            "true",
            "false",
            "-1.5e3",
            "[[[]]]",
            "\"\\u0041\"",
        ];
        for value in values {
            let line = format!(" {value} rest");
            let mut cursor = Cursor::new(line.as_bytes());
            assert_eq!(cursor.value().unwrap().bytes, value.as_bytes());
            assert!(serde_json::from_str::<serde_json::Value>(value).is_ok(), "{value}");
        }
        let mistakes = [
            "",
            "[1,]",
            "[1 2]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "tru",
            "truee",
            "\"x",
            "[",
            "{",
            "[[[[]]]]",
            "01",
            "'a'",
        ];
        for text in mistakes {
            let mut cursor = Cursor::new(text.as_bytes());
            assert!(cursor.value().is_err(), "{text}");
        }
    }
}
