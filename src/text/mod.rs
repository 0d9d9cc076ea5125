//! How bytes, numbers, times and file names become text that is safe to show.

pub(crate) mod append;
pub mod decimal;
pub mod escape;
pub mod float;
pub mod output;
pub(crate) mod plain;
pub(crate) mod room;
pub mod shell;
pub mod time;

pub use output::Output;

use std::fmt;

/// A byte position, shown in decimal and in hexadecimal: `46 (0x2e)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:x})", self.0, self.0)
    }
}

/// A number of bytes in words: `1 byte`, `2 bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "byte" } else { "bytes" })
    }
}

/// `bytes` in double quotes, escaped so that a terminal shows them and does not obey them.
///
/// At most the first 64 bytes are shown: this is for messages, not for data.
#[must_use]
pub fn quoted(bytes: &[u8]) -> String {
    const SHOWN: usize = 64;
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    let mut text = Output::memory();
    escape::quoted(&mut text, shown, escape::Escape::Safe);
    if shown.len() < bytes.len() {
        text.bytes(b"...");
    }
    String::from_utf8_lossy(text.as_bytes()).into_owned()
}

/// A file name as text for a message, on one line: what a terminal would obey and what is no UTF-8 is escaped.
#[must_use]
pub fn file_name(path: &std::path::Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

/// Text for one line of a terminal: what it would obey and what is no UTF-8 is escaped, quotes are left alone.
#[must_use]
pub fn visible(bytes: &[u8]) -> String {
    let mut text = Output::memory();
    escape::for_terminal(&mut text, bytes, escape::Lines::Escaped);
    String::from_utf8_lossy(text.as_bytes()).into_owned()
}

/// JSON with everything escaped that a terminal would obey: JSON itself leaves DEL, the C1 controls and the marks of
/// direction as they are.
#[must_use]
pub fn visible_json(json: &str) -> String {
    let escaped = |c: char| match escape::is_obeyed_by_terminals(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    json.chars().map(escaped).collect()
}
