//! A log of what is left.

use crate::anew::{merged, packed, snapshot};
use crate::entries::{each, history};
use crate::loadable::any_loadable_log;
use crate::logs::Log;
use crate::tables::{tables, tables_at};
use joedb::store::Limits;
use joedb::{Entry, Version};
use proptest::prelude::*;

fn any_log() -> impl Strategy<Value = Log> {
    any_loadable_log(&[Version::V4, Version::V5], 150)
}

/// What is left of a log at a cut, or at its end.
fn packed_at(bytes: &[u8], end: u64) -> Vec<u8> {
    packed(&snapshot(bytes, end, Limits::default()).unwrap(), bytes).unwrap()
}

fn packed_again(bytes: &[u8]) -> Vec<u8> {
    packed_at(bytes, bytes.len() as u64)
}

proptest! {
    #[test]
    fn at_any_entry_the_tables_stay_the_same_and_a_second_time_changes_nothing(
        log in any_log(),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = *cut.get(&log.boundaries);
        let new = packed_at(&log.bytes, cut);
        prop_assert_eq!(tables(&new), tables_at(&log.bytes, cut));
        prop_assert!(packed_again(&new) == new);
    }

    #[test]
    fn the_history_of_the_schema_comes_first_with_the_very_bytes_that_it_had(log in any_log()) {
        let end = *log.boundaries.last().unwrap();
        let (new, expected) = (packed_at(&log.bytes, end), history(&log.bytes, end));
        let size = new.len() as u64;
        prop_assert!(new[41..].starts_with(&expected));
        prop_assert_eq!(history(&new, size), expected);
    }

    #[test]
    fn nothing_is_written_that_is_not_there_in_the_end(log in any_log()) {
        let new = packed_at(&log.bytes, *log.boundaries.last().unwrap());
        let rows: usize = tables(&new).values().map(|rows| rows.values.len()).sum();
        let inserted: Vec<u64> = each(&new, new.len() as u64, |located| match located.entry {
            Entry::Insert { .. } => Some(1),
            Entry::InsertVector { count, .. } => Some(count),
            Entry::Delete { .. }
            | Entry::DeleteVector { .. }
            | Entry::Comment { .. }
            | Entry::Timestamp { .. }
            | Entry::ValidData
            | Entry::EndOfFile => panic!("{located:?}"),
            _ => None,
        });
        prop_assert_eq!(inserted.iter().sum::<u64>(), rows as u64);
    }

    #[test]
    fn merged_with_nothing_a_log_is_packed(log in any_log()) {
        let end = *log.boundaries.last().unwrap();
        let state = snapshot(&log.bytes, end, Limits::default()).unwrap();
        let (found, counted) = merged(vec![(state, &log.bytes)]).unwrap();
        let dangling = counted.references_cleared > 0;
        prop_assert!(dangling || found == packed_at(&log.bytes, end));
    }
}
