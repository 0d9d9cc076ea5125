//! Version 4 to 5.

use crate::anew::upgraded;
use crate::entries::{each, shown};
use crate::loadable::any_loadable_log;
use crate::tables::{tables, tables_at};
use joedb::{Entry, Version};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_entry_stays_but_the_mark_at_the_end_and_the_tables_are_the_same(
        log in any_loadable_log(&[Version::V4], 150),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = *cut.get(&log.boundaries);
        let new = upgraded(&log.bytes, cut).unwrap();
        prop_assert_eq!(tables(&new), tables_at(&log.bytes, cut));
        let entries = |bytes, end| {
            each(bytes, end, |located| match located.entry {
                Entry::EndOfFile => None,
                ref entry => Some(shown(entry)),
            })
        };
        prop_assert_eq!(entries(&new, new.len() as u64), entries(&log.bytes, cut));
    }
}
