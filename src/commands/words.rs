//! A line, read word by word and string by string.

use super::mistake::{Expected, Trouble};
use memchr::memchr2;

/// What of a line is not read yet.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    line: &'a [u8],
    at: usize,
}

/// What stands between spaces, and where in the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl Word<'_> {
    /// A mistake about this word.
    #[cold]
    pub(super) fn unexpected(&self, expected: Expected) -> Trouble {
        Trouble::unexpected(self.at, self.bytes, expected)
    }
}

impl<'a> Words<'a> {
    /// A line without its end; white space before the first word and behind the last one does not count.
    pub(super) fn new(line: &'a [u8]) -> Words<'a> {
        let indent = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        Words { line: line.trim_ascii_end(), at: indent }
    }

    /// The byte that the next word begins with.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        while self.line.get(self.at) == Some(&b' ') {
            self.step(1);
        }
        self.line.get(self.at).copied()
    }

    /// Where the next byte stands in the line.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The next word; an empty one at the end of the line.
    #[inline]
    pub(super) fn word(&mut self) -> Word<'a> {
        self.peek();
        let (rest, at) = (self.rest(), self.at);
        let length = rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len());
        self.step(length);
        Word { bytes: rest.get(..length).unwrap_or_default(), at }
    }

    /// Everything to the end of the line, as one word.
    pub(super) fn remainder(&mut self) -> Word<'a> {
        self.peek();
        let word = Word { bytes: self.rest(), at: self.at };
        self.at = self.line.len();
        word
    }

    /// A string in quotes, or a word; `text` is where its bytes go if they do not stand in the line as they are.
    #[inline]
    pub(super) fn string<'t>(&mut self, text: &'t mut Vec<u8>) -> Result<&'t [u8], Trouble>
    where
        'a: 't,
    {
        match self.peek() {
            Some(b'"') => self.quoted(text),
            Some(_) => self.bare(),
            None => Err(Trouble::unexpected(self.at, b"", Expected::String)),
        }
    }

    fn bare(&mut self) -> Result<&'a [u8], Trouble> {
        let word = self.word();
        let special = |byte: &u8| matches!(byte, b'"' | b'\\') || byte.is_ascii_control();
        match word.bytes.iter().position(special) {
            None => Ok(word.bytes),
            Some(index) => {
                let found = word.bytes.get(index..).and_then(|rest| rest.get(..1)).unwrap_or_default();
                Err(Trouble::unexpected(word.at.saturating_add(index), found, Expected::Quotes))
            }
        }
    }

    #[inline]
    fn quoted<'t>(&mut self, text: &'t mut Vec<u8>) -> Result<&'t [u8], Trouble>
    where
        'a: 't,
    {
        let opening = self.at;
        self.step(1);
        let plain = self.plain(opening)?;
        if self.rest().first() == Some(&b'"') {
            self.close()?;
            return Ok(plain);
        }
        text.clear();
        text.extend_from_slice(plain);
        while self.rest().first() == Some(&b'\\') {
            text.push(self.escape()?);
            text.extend_from_slice(self.plain(opening)?);
        }
        self.close()?;
        Ok(text)
    }

    /// What stands as it is before the next quote or backslash, of a string that began at `opening`.
    #[inline]
    fn plain(&mut self, opening: usize) -> Result<&'a [u8], Trouble> {
        let rest = self.rest();
        let Some(length) = memchr2(b'"', b'\\', rest) else {
            let begun = self.line.get(opening..).unwrap_or_default();
            return Err(Trouble::unexpected(opening, begun, Expected::ClosingQuote));
        };
        self.step(length);
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// Passes the closing quote, behind which the next word needs a space.
    #[inline]
    fn close(&mut self) -> Result<(), Trouble> {
        self.step(1);
        match self.rest().first() {
            None | Some(b' ') => Ok(()),
            Some(_) => Err(Trouble::unexpected(self.at, self.rest(), Expected::Space)),
        }
    }

    /// The byte that a backslash and what follows it stand for.
    fn escape(&mut self) -> Result<u8, Trouble> {
        const LONGEST: usize = 4;
        let rest = self.rest();
        let (byte, length) = match *rest {
            [_, byte @ (b'"' | b'\\' | b'?'), ..] => (byte, 2),
            [_, high @ b'0'..=b'3', middle @ b'0'..=b'7', low @ b'0'..=b'7', ..] => {
                ((high & 3) << 6 | (middle & 7) << 3 | (low & 7), 4)
            }
            [_, b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (nibble(high) << 4 | nibble(low), 4)
            }
            _ => {
                let found = rest.get(..LONGEST).unwrap_or(rest);
                return Err(Trouble::unexpected(self.at, found, Expected::Escape));
            }
        };
        self.step(length);
        Ok(byte)
    }

    /// Nothing but the end of the line may follow.
    #[inline]
    pub(super) fn end(&mut self) -> Result<(), Trouble> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.remainder().unexpected(Expected::EndOfLine)),
        }
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn step(&mut self, length: usize) {
        self.at = self.at.saturating_add(length);
    }
}

/// The value of a hexadecimal digit.
const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit.wrapping_sub(b'0'),
        // Bit 5 makes a letter small.
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(line: &str) -> Result<Vec<u8>, String> {
        let (mut words, mut text) = (Words::new(line.as_bytes()), Vec::new());
        let found = words.string(&mut text).map(<[u8]>::to_vec);
        found.map_err(|trouble| format!("{} {}", trouble.at, trouble.mistake))
    }

    #[test]
    fn every_escape_that_a_dump_prints_is_one_byte() {
        let all = r#""\"\\\?\000\012\377\x00\xfF?""#;
        assert_eq!(string(all).unwrap(), b"\"\\?\0\n\xff\0\xff?");
    }

    #[test]
    fn a_string_without_escapes_is_not_copied() {
        let mut text = Vec::new();
        assert_eq!(Words::new(b"  \"a \xff b\"").string(&mut text).unwrap(), b"a \xff b");
        assert_eq!(text.capacity(), 0);
    }

    #[test]
    fn a_word_is_a_string_up_to_the_next_space() {
        let (mut words, mut text) = (Words::new("é?  next ".as_bytes()), Vec::new());
        assert_eq!(words.string(&mut text).unwrap(), "é?".as_bytes());
        assert_eq!((words.word().bytes, words.word().bytes), (&b"next"[..], &b""[..]));
    }

    /// The reference reads each of these as something.
    #[test]
    fn doubtful_strings_are_refused_where_the_doubt_begins() {
        let refused = [
            (r#""a\nb""#, 2, r#""\\nb\"" found"#),
            (r#""\400""#, 1, r#""\\400" found"#),
            (r#""\12""#, 1, r#""\\12\"" found"#),
            (r#""\x4""#, 1, r#""\\x4\"" found"#),
            (r#""\"#, 1, r#""\\" found"#),
            (r#""ab"#, 0, r#""\"ab" found, a double quote at the end"#),
            (r#""a"b"#, 3, r#""b" found, a space or the end"#),
            (r#"a"b"#, 1, r#""\"" found, double quotes around"#),
            (r"a\041", 1, r#""\\" found, double quotes around"#),
            ("a\tb", 1, r#""\011" found, double quotes around"#),
            (" ", 1, "the end of the line found, a string expected"),
        ];
        for (line, at, message) in refused {
            let error = string(line).unwrap_err();
            assert!(error.starts_with(&format!("{at} {message}")), "{line}: {error}");
        }
    }
}
