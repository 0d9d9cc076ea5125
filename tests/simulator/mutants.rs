//! Programs that are wrong: what a run would have recorded if it had left out a sync or done things in another order.

use crate::disk::{NameChange, Operation};
use std::mem::discriminant;

/// The places of the operations like this one, in order.
fn places(journal: &[Operation], is_wanted: impl Fn(&Operation) -> bool) -> Vec<usize> {
    (0..journal.len()).filter(|&place| is_wanted(&journal[place])).collect()
}

fn is_sync(operation: &Operation) -> bool {
    matches!(operation, Operation::Sync { .. } | Operation::SyncDirectory)
}

const fn is_write(operation: &Operation) -> bool {
    matches!(operation, Operation::Write { .. } | Operation::SetSize { .. })
}

const fn is_rename(operation: &Operation) -> bool {
    matches!(operation, Operation::Name(NameChange::Rename { .. }))
}

/// One sync is left out: each in turn.
pub(crate) fn without_a_sync(journal: &[Operation]) -> Vec<Vec<Operation>> {
    let without = |place: usize| [&journal[..place], &journal[place + 1..]].concat();
    places(journal, is_sync).into_iter().map(without).collect()
}

/// A write or a change of length and the next one change places: each pair in turn. The syncs stay where they are.
pub(crate) fn with_writes_swapped(journal: &[Operation]) -> Vec<Vec<Operation>> {
    let writes = places(journal, is_write);
    let swapped = |pair: &[usize]| {
        let mut journal = journal.to_vec();
        journal.swap(pair[0], pair[1]);
        journal
    };
    writes.windows(2).map(swapped).collect()
}

/// A file gets its name before its content is synced: each rename in turn.
pub(crate) fn with_a_rename_too_early(journal: &[Operation]) -> Vec<Vec<Operation>> {
    let early = |place: usize| {
        let sync = journal[..place]
            .iter()
            .rposition(|earlier| discriminant(earlier) == discriminant(&Operation::Sync { file: 0 }));
        let mut journal = journal.to_vec();
        let rename = journal.remove(place);
        journal.insert(sync.unwrap(), rename);
        journal
    };
    places(journal, is_rename).into_iter().map(early).collect()
}
