//! Names of files for tables.

use super::state::text;
use crate::sink::sql_names::Scope;
use crate::store::Table;

/// Longer names are cut: file systems take 255 bytes, and more is put behind.
const LONGEST: usize = 200;

/// A name for each table: its own, or where a file system could not hold it or tell it from another, behind the id and two
/// underscores, or cut.
pub(super) fn file_names(tables: &[Table<'_>]) -> Vec<String> {
    let mut scope = Scope::default();
    let name = |table: &Table<'_>| {
        let name = table.name().get(..LONGEST).unwrap_or(table.name());
        text(&scope.add(table.id(), table.id().0, name, is_reserved))
    };
    tables.iter().map(name).collect()
}

/// Names of devices on Windows, whatever is behind them.
fn is_reserved(lower: &[u8]) -> bool {
    let is_numbered = |rest: &[u8]| matches!(rest, [b'0'..=b'9']);
    match lower {
        b"con" | b"prn" | b"aux" | b"nul" => true,
        [b'c', b'o', b'm', rest @ ..] | [b'l', b'p', b't', rest @ ..] => is_numbered(rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;
    use crate::store::Store;

    #[test]
    fn names_that_a_file_system_cannot_hold_or_tell_apart_are_changed() {
        let long = "x".repeat(300);
        let mut store = Store::default();
        for name in ["price", "PRICE", "nul", "Com1", "com", "com10", &long, &format!("{long}y")] {
            store.apply(&Entry::CreateTable { name: name.as_bytes() }).unwrap();
        }
        let tables: Vec<Table<'_>> = store.tables().collect();
        let (cut, other) = ("x".repeat(200), format!("_8__{}", "x".repeat(200)));
        let expected = ["price", "_2__PRICE", "_3__nul", "_4__Com1", "com", "com10", &cut, &other];
        assert_eq!(file_names(&tables), expected);
    }
}
