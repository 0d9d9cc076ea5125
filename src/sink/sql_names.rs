//! Names that SQLite can hold.
//!
//! SQLite does not tell upper from lower case in names, reserves those that begin with `sqlite_`, and has names of its
//! own for the number of a row; joedb does none of that. Such a name gets its id and two underscores before it, which no
//! name of joedb can hold.

use crate::entry::{FieldId, TableId};
use std::collections::{HashMap, HashSet};

/// Names that had to change, and all names in use in lower case.
#[derive(Clone, Default)]
pub(super) struct SqlNames {
    pub(super) tables: Scope<TableId>,
    pub(super) fields: HashMap<TableId, Scope<FieldId>>,
}

#[derive(Clone)]
pub(crate) struct Scope<Id> {
    changed: HashMap<Id, Box<[u8]>>,
    in_use: HashSet<Box<[u8]>>,
}

impl<Id> Default for Scope<Id> {
    fn default() -> Scope<Id> {
        Scope { changed: HashMap::new(), in_use: HashSet::new() }
    }
}

impl<Id: std::hash::Hash + Eq + Copy> Scope<Id> {
    /// Takes a name in, and returns the one to use.
    pub(crate) fn add(&mut self, id: Id, number: u16, name: &[u8], reserved: fn(&[u8]) -> bool) -> Box<[u8]> {
        let lower: Box<[u8]> = name.to_ascii_lowercase().into();
        if !reserved(&lower) && self.in_use.insert(lower) {
            return name.into();
        }
        let changed: Box<[u8]> = [format!("_{number}__").as_bytes(), name].concat().into();
        self.in_use.insert(changed.to_ascii_lowercase().into());
        self.changed.insert(id, changed.clone());
        changed
    }

    pub(super) fn remove(&mut self, id: Id, name: &[u8]) {
        let used = self.changed.remove(&id).unwrap_or_else(|| name.into());
        self.in_use.remove(used.to_ascii_lowercase().as_slice());
    }

    pub(super) fn get<'a>(&'a self, id: Id, name: &'a [u8]) -> &'a [u8] {
        if self.changed.is_empty() { name } else { self.changed.get(&id).map_or(name, |changed| changed) }
    }
}

/// Names that SQLite keeps for its own tables.
pub(crate) fn is_reserved_table(lower: &[u8]) -> bool {
    lower.starts_with(b"sqlite_")
}

/// Names under which SQLite knows the number of a row.
pub(crate) fn is_reserved_field(lower: &[u8]) -> bool {
    matches!(lower, b"rowid" | b"oid" | b"_rowid_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sqlite_cannot_tell_apart_get_their_id() {
        let mut scope = Scope::default();
        assert_eq!(*scope.add(TableId(1), 1, b"Price", is_reserved_table), *b"Price");
        assert_eq!(*scope.add(TableId(2), 2, b"price", is_reserved_table), *b"_2__price");
        assert_eq!(*scope.add(TableId(3), 3, b"sqlite_x", is_reserved_table), *b"_3__sqlite_x");
        scope.remove(TableId(1), b"Price");
        assert_eq!(*scope.add(TableId(4), 4, b"PRICE", is_reserved_table), *b"PRICE");
        assert_eq!(scope.get(TableId(2), b"price"), b"_2__price");
    }
}
