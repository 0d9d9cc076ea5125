//! What can be wrong with a line, and where.

use crate::blob_map::BlobError;
use crate::schema::Nonsense;
use crate::text::{Bytes, quoted};
use crate::value::Type;
use std::fmt;

/// A place in a text: line and column, both counted from 1, the columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// Something stands where something else has to stand.
    #[error("{found} found, {expected} expected")]
    Unexpected {
        /// What stands there.
        found: Found,
        /// What would have been read.
        expected: Expected,
    },
    /// The command reads, and makes no sense here.
    #[error(transparent)]
    Nonsense(#[from] Nonsense),
    /// A blob value points to nothing that was read, or nobody knows to what.
    #[error(
        "{0} (joedb_logdump --blob dumps the blobs too; --keep-blob-positions is for values that point into another \
         file)"
    )]
    Blob(#[from] BlobError),
}

/// What stands where something else is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing more.
    EndOfLine,
    /// This text.
    Text(Vec<u8>),
    /// So much data.
    Bytes(u64),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::EndOfLine => f.write_str("the end of the line"),
            Found::Text(text) => f.write_str(&quoted(text)),
            Found::Bytes(bytes) => Bytes(*bytes).fmt(f),
        }
    }
}

/// What a line is expected to hold at some place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The name of a command.
    Command,
    /// The name of a table that exists.
    Table,
    /// The name of a field that its table has.
    Field,
    /// A name that is given.
    NewName,
    /// A type as `add_field` names it.
    Type,
    /// The id of a record.
    Record,
    /// How many records or values.
    Count,
    /// A value of this type, which is not a string.
    Value(Type),
    /// Another value of a vector.
    ValueOf {
        /// Which one, counted from 1.
        number: u64,
        /// How many there have to be.
        count: u64,
    },
    /// A string.
    String,
    /// Quotes around a string.
    Quotes,
    /// The quote at the end of a string.
    ClosingQuote,
    /// What may follow a backslash.
    Escape,
    /// What has to follow a quoted string.
    Space,
    /// Seconds since 1970.
    Seconds,
    /// The date that these seconds are, or nothing.
    Date(String),
    /// Position and size of a blob, and nothing else.
    Announcement,
    /// As much data as the line `# Blob:` says.
    Announced(u64),
    /// JSON: any value.
    Json,
    /// An object.
    Object,
    /// A list of values.
    List,
    /// The name of a member, in quotes.
    Key,
    /// What stands between a name and its value.
    Colon,
    /// A comma, or the end of a list or an object.
    CommaOr(char),
    /// A member that is not there.
    Member(&'static str),
    /// A member that is not there already.
    OtherMember,
    /// A member that entries of this kind have.
    KnownMember,
    /// The kind of an entry.
    Kind,
    /// A number of digits alone.
    Number,
    /// This number, which follows from the rest of the entry.
    Same(u64),
    /// The type that the field has.
    TypeOfField(Type),
    /// A string, or any bytes in base64.
    Bytes,
    /// Bytes in base64, with their padding.
    Base64,
    /// A blob value.
    BlobObject,
    /// As much data as the member `size` says.
    Size(u64),
    /// What may follow a backslash in a string of JSON.
    JsonEscape,
    /// A control character by its escape.
    EscapeOfControl,
    /// UTF-8.
    Utf8,
    /// Nothing more.
    EndOfLine,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::Command => "a command such as insert_into or update",
            Expected::Table => "the name of a table",
            Expected::Field => "the name of a field of this table",
            Expected::NewName => "a new name",
            Expected::Type => {
                "a type (string, blob, boolean, int8, int16, int32, int64, float32, float64, references TABLE)"
            }
            Expected::Record => "a record, 0 or above",
            Expected::Count => "a count",
            Expected::Value(value_type) => value_text(*value_type),
            Expected::ValueOf { number, count } => return write!(f, "value {number} of {count}"),
            Expected::String => "a string",
            Expected::Quotes => "double quotes around a string with this character",
            Expected::ClosingQuote => "a double quote at the end of this string",
            Expected::Escape => r#"\", \\, \?, \ooo (octal, at most \377) or \xhh"#,
            Expected::Space => "a space or the end of the line behind the string",
            Expected::Seconds => "seconds since 1970",
            Expected::Date(date) => return write!(f, "{date}, or nothing,"),
            Expected::Announcement => "position,size of the blob, and nothing else,",
            Expected::Announced(size) => {
                return write!(f, "{} as the line # Blob: before it says,", Bytes(*size));
            }
            Expected::EndOfLine => "the end of the line",
            Expected::CommaOr(end) => return write!(f, "a comma or {end}"),
            Expected::Member(name) => return write!(f, "the member \"{name}\""),
            Expected::Same(number) => return write!(f, "{number}, or nothing,"),
            Expected::TypeOfField(value_type) => {
                return write!(f, "\"{}\", the type of this field,", value_type.name());
            }
            Expected::Size(size) => {
                return write!(f, "{} as the member \"size\" says,", Bytes(*size));
            }
            expected => json_text(expected),
        })
    }
}

const fn json_text(expected: &Expected) -> &'static str {
    match expected {
        Expected::Object => "an object",
        Expected::List => "a list of values",
        Expected::Key => "the name of a member in double quotes",
        Expected::Colon => "a colon",
        Expected::OtherMember => "a member that is not there already",
        Expected::KnownMember => "a member that entries of this kind have",
        Expected::Kind => "a kind of entry such as \"insert_into\" or \"update\"",
        Expected::Number => "a number of digits alone",
        Expected::Bytes => "a string, or {\"base64\":\"...\"}",
        Expected::Base64 => "base64 with its padding",
        Expected::BlobObject => "a blob value: {\"position\":...,\"size\":...}",
        Expected::JsonEscape => {
            r#"\", \\, \/, \b, \f, \n, \r, \t or a whole character as \u and four digits"#
        }
        Expected::EscapeOfControl => r"an escape such as \n or \u0000 for this character",
        Expected::Utf8 => "UTF-8, or {\"base64\":\"...\"} for other bytes",
        _ => "a value of JSON",
    }
}

const fn value_text(value_type: Type) -> &'static str {
    match value_type {
        Type::String => "a string",
        Type::Int8 => "an int8 (-128 to 127)",
        Type::Int16 => "an int16 (-32768 to 32767)",
        Type::Int32 => "an int32 (-2147483648 to 2147483647)",
        Type::Int64 => "an int64 (-9223372036854775808 to 9223372036854775807)",
        Type::Reference => "a record, or -1 for none,",
        Type::Boolean => "true or false",
        Type::Float32 => "a float32 (decimal, inf, -inf, nan, or nan(0x...) with its bits)",
        Type::Float64 => "a float64 (decimal, inf, -inf, nan, or nan(0x...) with its bits)",
        Type::Blob => "a blob value: position,size",
    }
}

/// A mistake, and the byte of the line at which it stands. Boxed, for lines without one are read by the million.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(super) at: usize,
    pub(super) mistake: Box<Mistake>,
}

impl Trouble {
    #[cold]
    pub(crate) fn new(at: usize, mistake: impl Into<Mistake>) -> Trouble {
        Trouble { at, mistake: Box::new(mistake.into()) }
    }

    #[cold]
    pub(crate) fn unexpected(at: usize, found: &[u8], expected: Expected) -> Trouble {
        let found = if found.is_empty() { Found::EndOfLine } else { Found::Text(found.to_vec()) };
        Trouble::new(at, Mistake::Unexpected { found, expected })
    }

    /// Where this is in a text, if it is about line number `number`.
    #[cold]
    pub(super) fn place(&self, number: u64, line: &[u8]) -> Place {
        let before = line.get(..self.at).unwrap_or(line);
        // A byte of the form 10xxxxxx continues a character.
        let characters = before.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() as u64;
        Place { line: number, column: characters.saturating_add(1) }
    }
}
