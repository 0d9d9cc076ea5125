//! An index that is made in steps is the one that is made at once, and says what a naive reader finds.

use crate::logs::{Log, any_log};
use crate::{SMALL, checkpointed, indexed, journal};
use joedb::index::Index;
use joedb::{Entry, Journal};
use proptest::prelude::*;
use proptest::sample::Index as Pick;

/// An index of the log as it grew: it was checkpointed at each of these boundaries.
fn in_steps(log: &Log, stops: &[u64]) -> Index {
    let mut index = Index::with_block_size(log.version, SMALL);
    for &stop in stops {
        let bytes = checkpointed(&log.bytes, log.version, stop);
        let built = index.extend(&mut journal(&bytes), &mut |_| {}).unwrap();
        assert_eq!((built.damage, built.index.end()), (None, covered(log, stop)));
        index = Index::parse(&built.index.to_bytes()).unwrap();
    }
    index
}

/// Version 4's end-of-file mark, which is one byte in front of a checkpoint, is never covered.
fn covered(log: &Log, stop: u64) -> u64 {
    let last = log.bytes.get(usize::try_from(stop).unwrap() - 1);
    let is_mark = log.version == joedb::Version::V4
        && last == Some(&0)
        && log.boundaries.contains(&(stop - 1))
        && stop > 41;
    if is_mark { stop - 1 } else { stop }
}

/// All entries of a log, counted one by one.
fn count(journal: &mut Journal, end: u64) -> (u64, u64) {
    let (mut entries, mut rows) = (0, 0);
    let mut reader = journal.entries(end);
    while let Some(located) = reader.next().unwrap() {
        entries += 1;
        rows += match located.entry {
            Entry::Insert { .. } => 1,
            Entry::InsertVector { count, .. } => count,
            _ => 0,
        };
    }
    (entries, rows)
}

proptest! {
    #[test]
    fn an_index_made_in_steps_is_the_one_made_at_once(log in any_log(60), picks in any::<Vec<Pick>>()) {
        let mut stops: Vec<u64> = picks.iter().map(|pick| *pick.get(&log.boundaries)).collect();
        stops.push(*log.boundaries.last().unwrap());
        stops.sort_unstable();
        let whole = checkpointed(&log.bytes, log.version, *log.boundaries.last().unwrap());
        prop_assert_eq!(in_steps(&log, &stops), indexed(&whole));
    }

    #[test]
    fn blocks_end_at_boundaries_and_their_bytes_and_counts_are_those_of_the_log(log in any_log(60)) {
        let whole = checkpointed(&log.bytes, log.version, *log.boundaries.last().unwrap());
        let (index, mut journal) = (indexed(&whole), journal(&whole));
        let mut position = 41;
        for block in index.blocks() {
            prop_assert_eq!(block.position, position);
            position = block.end();
            prop_assert!(log.boundaries.contains(&position));
            let bytes = &whole[usize::try_from(block.position).unwrap()..usize::try_from(position).unwrap()];
            prop_assert_eq!(block.crc, crc32fast::hash(bytes));
            prop_assert_eq!(block.crc_so_far, crc32fast::hash(&whole[41..usize::try_from(position).unwrap()]));
            let shares: u64 = block.tables.iter().map(|share| share.rows).sum();
            prop_assert_eq!(shares, block.tally.rows);
        }
        let (entries, rows) = count(&mut journal, index.end());
        let statistics = index.statistics();
        prop_assert_eq!((statistics.entries, statistics.rows), (entries, rows));
        prop_assert_eq!(statistics.kinds.iter().map(|kind| kind.entries).sum::<u64>(), entries);
        prop_assert_eq!(statistics.kinds.iter().map(|kind| kind.bytes).sum::<u64>(), index.end() - 41);
        prop_assert_eq!(statistics.growth.iter().map(|step| step.bytes).sum::<u64>(), index.end() - 41);
        prop_assert_eq!(statistics.time.map(|time| time.last), log.seconds.last().copied());
        prop_assert_eq!(index.schema_at(index.end()).tables().count(), statistics.tables.iter().filter(|table| !table.dropped).count());
    }
}

#[test]
fn an_index_of_a_log_that_is_damaged_covers_what_comes_before() {
    let mut bytes = b"\x01\x05price\x0e".to_vec();
    bytes.push(0xff);
    let file = checkpointed(&[vec![0; 41], bytes].concat(), joedb::Version::V5, 50);
    let built = Index::build(&mut journal(&file), &mut |_| {}).unwrap();
    assert_eq!(built.index.end(), 49);
    assert_eq!(built.damage.unwrap().position(), 49);
}
