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

/// The first entries in which two histories differ, as joedb commands; `None` for a history that has ended.
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

    /// Where two histories part, if they do.
    #[must_use]
    pub fn difference(&self, other: &History) -> Option<Difference> {
        let (mut schema, mut number) = (Schema::new(), 1);
        let mut commands = Commands::new(Style::new(Version::V5), None);
        let (mut ours, mut theirs) = (self.iter(), other.iter());
        loop {
            let pair = [ours.next(), theirs.next()];
            let entry = match pair {
                [None, None] => return None,
                [Some(one), Some(other)] if one.entry == other.entry => one.entry,
                _ => {
                    let entries = pair.map(|entry| Some(shown(&mut commands, &entry?, &schema)));
                    return Some(Difference { number, entries });
                }
            };
            schema.apply(&entry);
            number = u64::saturating_add(number, 1);
        }
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

    #[test]
    fn the_first_entries_that_differ_are_shown_as_commands() {
        let one = history(&[b"a", b"b"]);
        assert_eq!((one.difference(&one), one.len()), (None, 2));
        let text = |name: &str| Some(format!("create_table {name}"));
        let difference = one.difference(&history(&[b"a", b"c", b"b"])).unwrap();
        assert_eq!(difference, Difference { number: 2, entries: [text("b"), text("c")] });
        let difference = history(&[b"a"]).difference(&one).unwrap();
        assert_eq!(difference, Difference { number: 2, entries: [None, text("b")] });
    }
}
