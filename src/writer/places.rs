//! Which of the four places of the head a checkpoint goes to: the rules, without any input or output.
//!
//! ```text
//! the good pair            holds the hard checkpoint; nothing is written to it
//! the other pair           soft checkpoints take turns in its two places
//! a hard checkpoint at p   first copy: the place of the other pair that does not hold the current soft checkpoint
//!                          sync; second copy: the other place; sync; then the pairs change their roles
//! ```

use crate::head::{Checkpoints, HEAD_SIZE, Head};

/// A pair of places, 0 or 1.
type Pair = u8;

/// What stands in the head, and what the next checkpoint may overwrite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    slots: [i64; 4],
    /// The pair that holds the hard checkpoint.
    good: Pair,
    /// The hard checkpoint.
    hard: u64,
    /// The current soft checkpoint and its place, if it is above the hard one.
    soft: Option<(u64, u8)>,
    /// Which place of the other pair the next soft checkpoint takes: 0 or 1.
    next: u8,
}

impl Places {
    /// The head of a file that was just made: the first checkpoints go to pair 1 (FORMAT.md, section 2).
    pub(super) const fn of_new_file() -> Places {
        Places { slots: [HEAD_SIZE.cast_signed(); 4], good: 0, hard: HEAD_SIZE, soft: None, next: 1 }
    }

    /// The places of a head that was read. A believed soft checkpoint makes the opposite pair the good one.
    pub(super) fn of_head(head: &Head, checkpoints: &Checkpoints) -> Places {
        let soft = checkpoints.soft.map(|soft| (soft.position, soft.slot));
        let (good, next) = match soft {
            Some((_, slot)) => (1 ^ (slot >> 1), 1 ^ (slot & 1)),
            None => (checkpoints.hard.pair.unwrap_or(1), 1),
        };
        Places { slots: head.slots(), good, hard: checkpoints.hard.position, soft, next }
    }

    pub(super) const fn slots(&self) -> [i64; 4] {
        self.slots
    }

    pub(super) const fn hard(&self) -> u64 {
        self.hard
    }

    /// The position that a reader finds.
    pub(super) fn current(&self) -> u64 {
        self.soft.map_or(self.hard, |(position, _)| position)
    }

    fn value(&self, slot: u8) -> i64 {
        self.slots.get(usize::from(slot)).copied().unwrap_or_default()
    }

    /// One of the two places of the pair that is not the good one.
    const fn place(&self, side: u8) -> u8 {
        ((1 ^ self.good) << 1) | (side & 1)
    }

    /// The places whose values must not stay, for they could be taken for a checkpoint once the log has grown: soft
    /// ones past the end of the file, and copies of a hard checkpoint that was never completed.
    pub(super) fn misleading(&self) -> Vec<u8> {
        let current = self.current().cast_signed();
        let kept = self.soft.map(|(_, slot)| slot);
        let own = |slot: u8| slot >> 1 == self.good && self.value(slot) == self.hard.cast_signed();
        let promises = |slot: u8| self.value(slot).checked_abs().is_some_and(|value| value > current);
        (0..4).filter(|&slot| !own(slot) && Some(slot) != kept && promises(slot)).collect()
    }

    /// The place and the value of a soft checkpoint.
    pub(super) const fn soft_checkpoint(&self, position: u64) -> (u8, i64) {
        (self.place(self.next), position.cast_signed().wrapping_neg())
    }

    /// The place of the first copy of a hard checkpoint: the one whose twin, once this copy is written, makes no pair
    /// yet, and that is not needed by the current soft checkpoint.
    pub(super) fn first_copy(&self, position: u64) -> u8 {
        let needed = self.soft.map(|(_, slot)| slot);
        let [even, odd] = [self.place(0), self.place(1)];
        let stale = self.value(odd) == position.cast_signed();
        if needed == Some(even) || (needed.is_none() && stale) { odd } else { even }
    }

    /// The place of the second copy.
    pub(super) const fn second_copy(first: u8) -> u8 {
        first ^ 1
    }

    /// Takes in that `value` was written to a place.
    pub(super) fn written(&mut self, slot: u8, value: i64) {
        if let Some(place) = self.slots.get_mut(usize::from(slot)) {
            *place = value;
        }
        if let Some(position) = value.checked_neg().and_then(|position| u64::try_from(position).ok())
            && position > self.current()
        {
            self.soft = Some((position, slot));
            self.next = 1 ^ (slot & 1);
        }
    }

    /// Takes in that both copies of a hard checkpoint are durable: the pairs change their roles.
    pub(super) const fn completed(&mut self, position: u64) {
        self.good ^= 1;
        self.hard = position;
        self.soft = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Version;

    fn places(slots: [i64; 4], size: u64) -> Places {
        let head = Head::with_slots(Version::V5, slots);
        Places::of_head(&head, &head.checkpoints(size))
    }

    fn soft(places: &mut Places, position: u64) -> u8 {
        let (slot, value) = places.soft_checkpoint(position);
        places.written(slot, value);
        slot
    }

    fn hard(places: &mut Places, position: u64) -> [u8; 2] {
        let first = places.first_copy(position);
        let second = Places::second_copy(first);
        places.written(first, position.cast_signed());
        places.written(second, position.cast_signed());
        places.completed(position);
        [first, second]
    }

    #[test]
    fn the_first_checkpoints_of_a_new_file_go_to_pair_1_and_of_a_reopened_one_to_pair_0() {
        assert_eq!(soft(&mut Places::of_new_file(), 50), 3);
        assert_eq!(hard(&mut Places::of_new_file(), 50), [2, 3]);
        assert_eq!(soft(&mut places([41; 4], 41), 50), 1);
        assert_eq!(hard(&mut places([41; 4], 41), 50), [0, 1]);
    }

    #[test]
    fn soft_checkpoints_alternate_across_hard_ones_and_openings() {
        let mut new = Places::of_new_file();
        assert_eq!([soft(&mut new, 50), soft(&mut new, 51), soft(&mut new, 52)], [3, 2, 3]);
        assert_eq!(hard(&mut new, 52), [2, 3]);
        assert_eq!([soft(&mut new, 53), soft(&mut new, 54)], [0, 1]);
        assert_eq!(new.slots(), [-53, -54, 52, 52]);
        assert_eq!(soft(&mut places(new.slots(), 54), 55), 0);
    }

    #[test]
    fn a_believed_soft_checkpoint_makes_the_opposite_pair_the_good_one() {
        let mut found = places([100, 100, 120, -110], 130);
        assert_eq!((found.good, found.current()), (0, 110));
        assert_eq!(soft(&mut found, 125), 2);
    }

    #[test]
    fn the_first_copy_never_takes_the_place_of_the_current_soft_checkpoint() {
        for slots in [[41, 41, -50, -60], [41, 41, -60, -50]] {
            let found = places(slots, 60);
            let first = found.first_copy(60);
            assert_eq!(found.value(Places::second_copy(first)), -60);
        }
    }

    #[test]
    fn a_first_copy_that_was_left_behind_is_not_completed_before_the_sync() {
        for slots in [[60, 41, 50, 50], [41, 60, 50, 50]] {
            let mut found = places(slots, 60);
            let first = found.first_copy(60);
            found.written(first, 60);
            assert_eq!(Head::with_slots(Version::V5, found.slots()).checkpoints(60).hard.position, 50);
        }
    }

    #[test]
    fn values_that_a_longer_log_would_make_true_are_misleading() {
        assert_eq!(places([50, 50, 70, -80], 60).misleading(), [2, 3]);
        assert_eq!(places([50, 50, -55, -45], 60).misleading(), [] as [u8; 0]);
        assert_eq!(places([50, 50, i64::MIN, 70], 60).misleading(), [3]);
        assert_eq!(places([41; 4], 41).misleading(), [] as [u8; 0]);
    }

    /// Every sequence of checkpoints: the good pair stays as it is, and a reader never sees the position go back.
    #[test]
    fn no_sequence_touches_the_good_pair_or_goes_back() {
        for choices in 0..3_u32.pow(7) {
            let mut places = Places::of_new_file();
            let mut position = HEAD_SIZE;
            for step in 0..7 {
                position += 1;
                let kind = choices / 3_u32.pow(step) % 3;
                if kind < 2 {
                    write_checked(&mut places, position, None);
                }
                if kind > 0 {
                    let first = places.first_copy(position);
                    write_checked(&mut places, position, Some(first));
                    write_checked(&mut places, position, Some(Places::second_copy(first)));
                    places.completed(position);
                }
                assert_eq!(places, Places { next: places.next, ..read(&places, position) });
            }
        }
    }

    fn read(places: &Places, size: u64) -> Places {
        self::places(places.slots(), size)
    }

    fn write_checked(places: &mut Places, position: u64, copy: Option<u8>) {
        let before = places.clone();
        let (slot, value) = match copy {
            Some(slot) => (slot, position.cast_signed()),
            None => places.soft_checkpoint(position),
        };
        places.written(slot, value);
        let good = |places: &Places| [0, 1].map(|side| places.value(before.good << 1 | side));
        assert_eq!(good(places), good(&before));
        assert!(read(places, position).current() >= before.current());
    }
}
