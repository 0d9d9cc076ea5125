//! The head and the choice of checkpoints, against FORMAT.md, section 2.

use super::input::Choices;
use joedb::head::{Checkpoints, Head, HeadError, Version};

/// The bytes as the beginning of a file; and four checkpoint places that they choose among those that matter.
pub fn run(data: &[u8]) {
    let (head, behind) = data.split_at(data.len().min(41));
    assert_parses_as_the_format_says(data);
    if let Ok(head) = Head::parse(data) {
        assert_eq!(head.to_bytes(), data[..41]);
        // A size of its own, so that short inputs are heads of long files too.
        for size in [data.len() as u64, Choices(behind).word()] {
            assert_chooses_as_the_format_says(head, size);
        }
    }
    let mut choices = Choices(head);
    let version = if choices.byte() % 2 == 0 { Version::V5 } else { Version::V4 };
    let size = 41 + u64::from(choices.byte());
    let slots = [(); 4].map(|()| any_slot(&mut choices, size));
    assert_chooses_as_the_format_says(Head::with_slots(version, slots), size);
}

fn any_slot(choices: &mut Choices<'_>, size: u64) -> i64 {
    let size = size.cast_signed();
    let any = choices.word().cast_signed();
    let near = any.rem_euclid(8);
    match choices.byte() % 10 {
        0 => 0,
        1 => near + 38,
        2 => -(near + 38),
        3 => size + near - 4,
        4 => -(size + near - 4),
        5 => i64::MIN + near,
        6 => i64::MAX - near,
        7 => any.rem_euclid(size),
        8 => -any.rem_euclid(size),
        _ => any,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn assert_parses_as_the_format_says(data: &[u8]) {
    let found = Head::parse(data);
    match data.len() {
        0 => return assert_eq!(found, Err(HeadError::Empty)),
        length @ 1..41 => return assert_eq!(found, Err(HeadError::Cut { length: length as u64 })),
        _ => {}
    }
    let version = if &data[36..41] == b"joedb" {
        (u32_at(data, 32) == 5).then_some(Version::V5)
    } else if &data[..5] == b"joedb" {
        (u32_at(data, 5) == 4).then_some(Version::V4)
    } else {
        None
    };
    assert_eq!(found.map(|head| head.version()).ok(), version);
}

/// The choice, in the words of the format.
fn assert_chooses_as_the_format_says(head: Head, size: u64) {
    let Checkpoints { hard, soft, soft_past_end, pending, .. } = head.checkpoints(size);
    let slots = head.slots().map(i128::from);
    let (size, first) = (i128::from(size), 41_i128);
    let pairs = [[slots[0], slots[1]], [slots[2], slots[3]]];
    let is_valid = |pair: &[i128; 2]| pair[0] == pair[1] && pair[0] >= first;
    assert_eq!(head.valid_pairs(), [is_valid(&pairs[0]), is_valid(&pairs[1])]);

    // The highest of two equal copies; on a tie, pair 1.
    let best = pairs.iter().enumerate().filter(|(_, pair)| is_valid(pair)).max_by_key(|(_, pair)| pair[0]);
    let position = best.map_or(first, |(_, pair)| pair[0]);
    let expected = best.and_then(|(pair, _)| u8::try_from(pair).ok());
    assert_eq!((i128::from(hard.position), hard.pair), (position, expected));

    // A negative value in any slot, above the hard checkpoint, and within the file.
    let highest = |of: &dyn Fn(usize) -> Option<i128>| (0..4).filter_map(of).max();
    let is_version_5 = head.version() == Version::V5;
    let soft_at = |slot: usize| Some(-slots[slot]).filter(|&soft| is_version_5 && soft > position);
    // i64::MIN has no negation in 64 bits.
    let soft_at = |slot| soft_at(slot).filter(|&soft| i64::try_from(soft).is_ok());
    let within = highest(&|slot| soft_at(slot).filter(|&soft| soft <= size));
    let past = highest(&|slot| soft_at(slot).filter(|&soft| soft > size));
    assert_eq!(soft.map(|soft| i128::from(soft.position)), within);
    assert_eq!(soft_past_end.map(|soft| i128::from(soft.position)), past);
    for found in [soft, soft_past_end].into_iter().flatten() {
        assert_eq!(slots[usize::from(found.slot)], -i128::from(found.position));
    }

    // A copy above the hard checkpoint whose twin differs.
    let unpaired = |slot: usize| {
        Some(slots[slot]).filter(|&copy| copy > position && copy >= first && copy != slots[slot ^ 1])
    };
    assert_eq!(pending.map(|pending| i128::from(pending.position)), highest(&unpaired));

    // A hard checkpoint past the end is an error.
    let current = head.checkpoints(size.try_into().expect("it was one")).current();
    let expected = (position <= size).then(|| within.unwrap_or(first).max(position));
    assert_eq!(current.ok().map(i128::from), expected);
}
