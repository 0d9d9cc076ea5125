//! SQL, taken apart by its own rules: what is not quoted has to be one of the words that a dump consists of.

const WORDS: [&str; 44] = [
    "ADD",
    "ALL",
    "ALTER",
    "AND",
    "AS",
    "BEGIN",
    "BETWEEN",
    "BIGINT",
    "BLOB",
    "BY",
    "CAST",
    "COLUMN",
    "COMMIT",
    "CREATE",
    "DELETE",
    "DROP",
    "FROM",
    "INSERT",
    "INTEGER",
    "INTO",
    "KEY",
    "NULL",
    "OFF",
    "ON",
    "PRAGMA",
    "PRIMARY",
    "REAL",
    "RECURSIVE",
    "REFERENCES",
    "RENAME",
    "SELECT",
    "SET",
    "SMALLINT",
    "TABLE",
    "TEXT",
    "TO",
    "TRANSACTION",
    "UNION",
    "UPDATE",
    "VALUES",
    "WHERE",
    "WITH",
    "X",
    "foreign_keys",
];

/// Panics at anything that a name or a value of the log could have brought in.
pub fn assert_nothing_injected(text: &str) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' | '\'' => behind_quoted(&rest[1..], first),
            '-' if rest.starts_with("--") => rest.split_once('\n').map_or("", |(_, rest)| rest),
            '/' if rest.starts_with("/*") => rest.split_once("*/").expect("a comment ends").1,
            _ if first.is_ascii_alphanumeric() => behind_word(rest),
            _ => {
                assert!(" \n(),;=.+-/<*".contains(first), "{first:?} stands outside of quotes: {text}");
                &rest[1..]
            }
        };
    }
}

/// A quote inside of quotes is doubled, so pairs of them are strings that touch.
fn behind_quoted(rest: &str, quote: char) -> &str {
    rest.split_once(quote).expect("what is quoted ends").1
}

fn behind_word(rest: &str) -> &str {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_.".contains(character);
    let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let is_number = word.starts_with(|first: char| first.is_ascii_digit());
    assert!(is_number || WORDS.contains(&word), "{word:?} stands outside of quotes");
    rest
}
