//! How the tables and fields of a log came to be.

use crate::compare::shown;
use crate::decode::Decoder;
use crate::encode::Encoder;
use crate::entry::{Entry, Located};
use crate::head::{HEAD_SIZE, Version};
use crate::schema::Schema;
use crate::sink::{Commands, Style};

/// The entries of a log that belong to its schema, calls of custom functions among them: what a program recognises its
/// schema by.
#[derive(Clone, Debug)]
pub struct History {
    entries: Encoder,
    count: u64,
}

/// Entries at the same place of two histories that differ, as joedb commands; `None` for a history that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which entry it is, counted from 1.
    pub number: u64,
    /// The entry of either.
    pub entries: [Option<String>; 2],
}

impl Default for History {
    fn default() -> History {
        History { entries: Encoder::new(Version::V5), count: 0 }
    }
}

impl History {
    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The entries, at the positions that they have in a log of version 5 that begins with them.
    pub fn iter(&self) -> impl Iterator<Item = Located<'_>> {
        let (mut decoder, mut position) = (Decoder::new(Version::V5), HEAD_SIZE);
        let mut rest = self.entries.body();
        std::iter::from_fn(move || {
            // What was encoded here decodes up to its end.
            let located = decoder.decode(rest, position).ok()?;
            rest = rest.get(usize::try_from(located.length).ok()?..)?;
            position = located.end();
            Some(located)
        })
    }

    /// Where two histories differ, entry by entry.
    pub fn differences(&self, other: &History) -> impl Iterator<Item = Difference> {
        let mut commands = Commands::new(Style::new(Version::V5), None);
        let (mut our_schema, mut their_schema) = (Schema::new(), Schema::new());
        let (mut ours, mut theirs) = (self.iter(), other.iter());
        let pairs = std::iter::from_fn(move || {
            let pair = [ours.next(), theirs.next()];
            let (is_over, is_same) = match &pair {
                [Some(one), Some(other)] => (false, one.entry == other.entry),
                [None, None] => (true, true),
                _ => (false, false),
            };
            let mut shown = |entry: &Option<Located<'_>>, schema: &mut Schema| {
                let entry = entry.as_ref()?;
                let shown = (!is_same).then(|| shown(&mut commands, entry, schema));
                schema.apply(&entry.entry);
                shown
            };
            let [one, other] = &pair;
            let entries = [shown(one, &mut our_schema), shown(other, &mut their_schema)];
            (!is_over).then_some((is_same, entries))
        });
        let numbered = (1..).zip(pairs);
        numbered
            .filter_map(|(number, (is_same, entries))| (!is_same).then_some(Difference { number, entries }))
    }

    pub(super) fn push(&mut self, entry: &Entry<'_>) {
        self.entries.push(entry);
        self.count = self.count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(names: &[&[u8]]) -> History {
        let mut history = History::default();
        names.iter().for_each(|name| history.push(&Entry::CreateTable { name }));
        history
    }

    fn differences(one: &History, other: &History) -> Vec<Difference> {
        one.differences(other).collect()
    }

    #[test]
    fn the_entries_that_differ_are_shown_as_commands() {
        let one = history(&[b"a", b"b"]);
        assert_eq!((differences(&one, &one), one.len()), (Vec::new(), 2));
        let text = |name: &str| Some(format!("create_table {name}"));
        let difference = |number, entries| Difference { number, entries };
        let found = differences(&one, &history(&[b"a", b"c", b"b"]));
        assert_eq!(found, [difference(2, [text("b"), text("c")]), difference(3, [None, text("b")])]);
        assert_eq!(differences(&history(&[b"a"]), &one), [difference(2, [None, text("b")])]);
    }

    /// Each side names what it has named itself.
    #[test]
    fn an_entry_is_shown_with_the_names_of_its_own_history() {
        let (mut one, mut other) = (history(&[b"a"]), history(&[b"b"]));
        let table = crate::TableId(1);
        one.push(&Entry::DropTable { table });
        other.push(&Entry::RenameTable { table, name: b"c" });
        let found = differences(&one, &other).pop().unwrap();
        let expected = ["drop_table a", "rename_table b c"].map(|text| Some(text.to_owned()));
        assert_eq!(found, Difference { number: 2, entries: expected });
    }
}
