//! The strings of one field.

use super::conflict::Refusal;
use super::limits::Allowance;
use super::slot::{Place, Slot, has_length};
use crate::codec::Cursor;
use crate::value::Values;
use std::ops::Range;

/// Strings of any bytes: eight bytes for each, and an arena for those that are longer than seven.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    slots: Vec<Slot>,
    arena: Vec<u8>,
    /// Bytes of the arena that no slot points to.
    dead: usize,
}

/// The bytes of a length in the arena.
const LENGTH: usize = size_of::<u64>();

impl Strings {
    /// How many strings there are; those of later records are empty.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The string at `index`.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> &[u8] {
        self.slots.get(index).map_or(&[], |slot| self.text(slot))
    }

    /// All strings in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.slots.iter().map(|slot| self.text(slot))
    }

    fn text<'s>(&'s self, slot: &'s Slot) -> &'s [u8] {
        match slot.place() {
            Place::Slot(length) => slot.bytes().get(..length).unwrap_or_default(),
            Place::Arena(..) => self.arena.get(self.stored(*slot)).unwrap_or_default(),
            Place::BehindLength(_) => {
                let stored = self.arena.get(self.stored(*slot)).unwrap_or_default();
                stored.get(LENGTH..).unwrap_or_default()
            }
        }
    }

    /// What a slot takes of the arena: nothing, or a string, its length included.
    fn stored(&self, slot: Slot) -> Range<usize> {
        match slot.place() {
            Place::Slot(_) => 0..0,
            Place::Arena(offset, length) => offset..offset.saturating_add(length),
            Place::BehindLength(offset) => {
                let length = self.arena.get(offset..).and_then(|rest| rest.first_chunk());
                let length = length.map_or(0, |bytes| u64::from_le_bytes(*bytes));
                let length = usize::try_from(length).unwrap_or(0).saturating_add(LENGTH);
                offset..offset.saturating_add(length)
            }
        }
    }

    /// Makes empty strings up to `length`.
    #[inline]
    pub(super) fn reach(&mut self, length: usize, allowance: &mut Allowance) -> Result<(), Refusal> {
        allowance.reach(&mut self.slots, length)
    }

    /// Puts a string at `index`, which is at most behind the last one.
    #[inline]
    pub(super) fn put(&mut self, index: usize, text: &[u8]) {
        if index < self.slots.len() {
            self.replace(index, text);
        } else {
            let slot = Slot::holding(text).unwrap_or_else(|| append(&mut self.arena, text));
            self.slots.push(slot);
        }
    }

    /// Puts the strings of a vector, which stand in a log behind their lengths, from `start` on, which is at most behind
    /// the last one.
    pub(super) fn put_all(&mut self, start: usize, values: &Values<'_>) {
        let count = usize::try_from(values.count()).unwrap_or(usize::MAX);
        let existing = self.slots.len().saturating_sub(start).min(count);
        let mut cursor = Cursor::new(values.bytes);
        for index in (start..).take(existing) {
            self.replace(index, cursor.string().unwrap_or_default());
        }
        let arena = &mut self.arena;
        self.slots.extend((existing..count).map(|_| next_slot(&mut cursor, arena)));
    }

    /// Replaces the string at `index`. A string in the arena is overwritten by one that fits into its place.
    fn replace(&mut self, index: usize, text: &[u8]) {
        let old = self.slots.get(index).map_or(0..0, |slot| self.stored(*slot));
        let slot = match Slot::holding(text) {
            Some(slot) => {
                self.dead = self.dead.saturating_add(old.len());
                slot
            }
            None => self.overwrite(old.clone(), text).unwrap_or_else(|| {
                self.dead = self.dead.saturating_add(old.len());
                append(&mut self.arena, text)
            }),
        };
        if let Some(place) = self.slots.get_mut(index) {
            *place = slot;
        }
        self.sweep();
    }

    /// Puts a string that is too long for a slot in the place of another, if it fits.
    fn overwrite(&mut self, old: Range<usize>, text: &[u8]) -> Option<Slot> {
        let length = stored_length(text);
        let taken = length.as_slice().as_flattened();
        let (start, place) = (old.start, self.arena.get_mut(old)?);
        let (before, rest) = place.split_at_mut_checked(taken.len())?;
        let (string, unused) = rest.split_at_mut_checked(text.len())?;
        before.copy_from_slice(taken);
        string.copy_from_slice(text);
        self.dead = self.dead.saturating_add(unused.len());
        Some(Slot::pointing(start, text))
    }

    /// Writes the arena anew where more of it is dead than alive. That takes a pass over the slots and what is alive,
    /// which is less than what died since the last time, so that no sequence of updates is quadratic.
    #[inline]
    fn sweep(&mut self) {
        let alive = self.arena.len().saturating_sub(self.dead);
        let slots = self.slots.len().saturating_mul(size_of::<Slot>());
        if self.dead > alive.saturating_add(slots) {
            self.rewrite(alive);
        }
    }

    #[cold]
    fn rewrite(&mut self, alive: usize) {
        let mut arena = Vec::with_capacity(alive);
        let mut slots = std::mem::take(&mut self.slots);
        for slot in &mut slots {
            let stored = self.arena.get(self.stored(*slot)).unwrap_or_default();
            if !stored.is_empty() {
                *slot = slot.moved(arena.len());
                arena.extend_from_slice(stored);
            }
        }
        *self = Strings { slots, arena, dead: 0 };
    }

    /// The memory taken, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.slots.capacity().saturating_mul(size_of::<Slot>()).saturating_add(self.arena.capacity())
    }
}

/// Puts a string that is too long for a slot at the end of an arena.
fn append(arena: &mut Vec<u8>, text: &[u8]) -> Slot {
    let slot = Slot::pointing(arena.len(), text);
    arena.extend_from_slice(stored_length(text).as_slice().as_flattened());
    arena.extend_from_slice(text);
    slot
}

/// The slot of the next string of a log. A short one is taken from the word behind its length, without a look at each
/// byte. Lengths were checked when the log was decoded.
#[inline(always)]
fn next_slot(cursor: &mut Cursor<'_>, arena: &mut Vec<u8>) -> Slot {
    if let Some(&[length, ref word @ ..]) = cursor.rest().first_chunk::<9>()
        && let Some(slot) = Slot::holding_word(u64::from_le_bytes(*word), length)
        && cursor.take(u64::from(length).saturating_add(1)).is_ok()
    {
        return slot;
    }
    let text = cursor.string().unwrap_or_default();
    Slot::holding(text).unwrap_or_else(|| append(arena, text))
}

/// What stands before a string in the arena.
fn stored_length(text: &[u8]) -> Option<[u8; LENGTH]> {
    has_length(text).then(|| (text.len() as u64).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limits;
    use super::*;
    use proptest::prelude::*;

    impl Strings {
        /// What is counted is true, and no more than half of the arena, and the slots, is dead.
        fn assert_counted(&self) {
            let alive: usize = self.slots.iter().map(|slot| self.stored(*slot).len()).sum();
            assert_eq!(self.arena.len(), alive + self.dead);
            assert!(self.dead <= alive + 8 * self.slots.len());
        }
    }

    /// Lengths on both sides of each limit of a slot.
    fn any_length() -> impl Strategy<Value = usize> {
        prop_oneof![0..12_usize, 250..260_usize, 261..600_usize]
    }

    proptest! {
        #[test]
        fn strings_are_what_was_put_last(
            puts in proptest::collection::vec((0..20_usize, any_length(), any::<u8>()), 0..200),
        ) {
            let (mut strings, mut model) = (Strings::default(), vec![Vec::new(); 20]);
            strings.reach(20, &mut Allowance::new(Limits::NONE)).unwrap();
            for (index, length, byte) in puts {
                model[index] = (0..length).map(|n| byte.wrapping_add(n as u8)).collect();
                strings.put(index, &model[index]);
                strings.assert_counted();
            }
            let found: Vec<&[u8]> = (0..20).map(|index| strings.get(index)).collect();
            prop_assert_eq!(found, model);
        }
    }

    proptest! {
        #[test]
        fn strings_of_a_vector_are_put_as_one_by_one(
            before in proptest::collection::vec(any_length(), 0..10),
            lengths in proptest::collection::vec(any_length(), 0..40),
            start in 0..10_usize,
        ) {
            let text = |length: usize| (0..length).map(|n| n as u8).collect::<Vec<u8>>();
            let mut strings = Strings::default();
            (0..).zip(&before).for_each(|(index, &length)| strings.put(index, &text(length)));
            let (mut expected, start) = (strings.clone(), start.min(before.len()));
            let mut vector = crate::Vector::new(crate::Type::String);
            for (index, &length) in (start..).zip(&lengths) {
                vector.push(&crate::Value::String(&text(length))).unwrap();
                expected.put(index, &text(length));
            }
            strings.put_all(start, &vector.values());
            strings.assert_counted();
            prop_assert!(strings.iter().eq(expected.iter()));
        }
    }

    #[test]
    fn a_string_that_fits_overwrites_the_old_one_until_most_is_dead() {
        let mut strings = Strings::default();
        let arena = [(600, 608), (600, 608), (300, 608), (299, 608), (255, 263), (254, 263), (300, 571)];
        for (length, expected) in arena {
            strings.put(0, &vec![b'x'; length]);
            assert_eq!((strings.get(0).len(), strings.arena.len()), (length, expected));
        }
    }

    #[test]
    fn strings_that_grow_and_shrink_forever_take_no_more_than_twice_their_bytes() {
        let mut strings = Strings::default();
        for round in 0..10_000 {
            strings.put(round % 10, &vec![b'x'; 8 + round % 300]);
            assert!(strings.arena.len() <= 2 * 10 * 316 + 80);
        }
    }

    #[test]
    fn skipped_strings_are_empty() {
        let mut strings = Strings::default();
        strings.reach(3, &mut Allowance::new(Limits::NONE)).unwrap();
        strings.put(3, b"a string in the arena");
        let found: Vec<&[u8]> = strings.iter().collect();
        assert_eq!(found, [&b""[..], b"", b"", b"a string in the arena"]);
        assert_eq!(strings.get(4), b"");
    }
}
