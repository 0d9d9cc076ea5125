//! Random access: entries from any position, and by their number.

use crate::logs::any_log;
use crate::{checkpointed, indexed, journal};
use proptest::prelude::*;

proptest! {
    #[test]
    fn entries_begin_at_any_position_and_at_any_number(log in any_log(40)) {
        let end = *log.boundaries.last().unwrap();
        let whole = checkpointed(&log.bytes, log.version, end);
        let (index, mut journal) = (indexed(&whole), journal(&whole));
        let mut all = Vec::new();
        let mut entries = journal.entries(index.end());
        while let Some(located) = entries.next().unwrap() {
            all.push((located.position, located.end(), format!("{:?}", located.entry)));
        }
        for (number, (position, end, text)) in all.iter().enumerate() {
            for asked in *position..*end {
                let mut entries = index.entries_at(&mut journal, asked).unwrap();
                let found = entries.next().unwrap().unwrap();
                prop_assert_eq!((found.position, format!("{:?}", found.entry)), (*position, text.clone()));
            }
            let mut entries = index.entries_from_number(&mut journal, number as u64).unwrap();
            prop_assert_eq!(entries.position(), *position);
            prop_assert_eq!(format!("{:?}", entries.next().unwrap().unwrap().entry), text.clone());
        }
        prop_assert_eq!(index.entries(), all.len() as u64);
        for beyond in [index.end(), u64::MAX] {
            prop_assert!(index.entries_at(&mut journal, beyond).unwrap().next().unwrap().is_none());
        }
        prop_assert!(index.entries_from_number(&mut journal, u64::MAX).unwrap().next().unwrap().is_none());
    }
}
