//! Counts over all that an index covers.

use crate::entry::{Entry, FieldId, Kind, Located, TableId};
use std::collections::BTreeMap;

/// So many of the largest entries are known.
pub const LARGEST: usize = 10;

/// How many there are of something, and the bytes of their entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Amount {
    fn add(&mut self, count: u64, bytes: u64) {
        self.count = self.count.saturating_add(count);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// What was counted of a table, dropped or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableTotals {
    /// The entries that speak of it.
    pub entries: Amount,
    /// Records that were inserted.
    pub inserted: u64,
    /// Records that were deleted.
    pub deleted: u64,
}

/// An entry that is among the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LargeEntry {
    /// Its length in bytes.
    pub length: u64,
    /// Where it begins.
    pub position: u64,
    /// Its kind.
    pub kind: Kind,
    /// The table that it speaks of.
    pub table: Option<TableId>,
}

/// Counts from the first entry to the last one that an index covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Entries by opcode.
    pub kinds: BTreeMap<u8, Amount>,
    /// By table.
    pub tables: BTreeMap<TableId, TableTotals>,
    /// Values that were set, by field.
    pub fields: BTreeMap<(TableId, FieldId), Amount>,
    /// The largest entries, the largest first; of equal ones the first.
    pub largest: Vec<LargeEntry>,
}

/// The same while it is counted: by place instead of by search, for that is done with every entry.
pub(super) struct Counting {
    kinds: Vec<Amount>,
    tables: Vec<CountedTable>,
    largest: Vec<LargeEntry>,
    /// What an entry has to be longer than to be among the largest.
    bar: u64,
}

#[derive(Clone, Default)]
struct CountedTable {
    totals: TableTotals,
    fields: Vec<Amount>,
}

/// The place of an id, room being made for it.
fn at<T: Clone + Default>(list: &mut Vec<T>, id: usize) -> Option<&mut T> {
    if id >= list.len() {
        list.resize(id.saturating_add(1), T::default());
    }
    list.get_mut(id)
}

impl Counting {
    /// Goes on from `totals`.
    pub(super) fn of(totals: &Totals) -> Counting {
        let mut counting = Counting {
            kinds: vec![Amount::default(); 256],
            tables: Vec::new(),
            largest: totals.largest.clone(),
            bar: 0,
        };
        for (&opcode, &amount) in &totals.kinds {
            at(&mut counting.kinds, opcode.into()).into_iter().for_each(|kind| *kind = amount);
        }
        for (&table, &found) in &totals.tables {
            at(&mut counting.tables, table.0.into()).into_iter().for_each(|table| table.totals = found);
        }
        for (&(table, field), &amount) in &totals.fields {
            let fields = at(&mut counting.tables, table.0.into()).map(|table| &mut table.fields);
            fields
                .and_then(|fields| at(fields, field.0.into()))
                .into_iter()
                .for_each(|field| *field = amount);
        }
        counting.raise_bar();
        counting
    }

    /// Counts an entry that makes sense.
    pub(super) fn count(&mut self, located: &Located<'_>) {
        let (entry, length) = (&located.entry, located.length);
        if let Some(kind) = self.kinds.get_mut(usize::from(entry.kind().opcode())) {
            kind.add(1, length);
        }
        if length > self.bar {
            self.keep_large(located);
        }
        let Some(table) = table_of(entry).and_then(|table| at(&mut self.tables, table.0.into())) else {
            return;
        };
        table.totals.entries.add(1, length);
        let totals = &mut table.totals;
        match *entry {
            Entry::Insert { .. } => totals.inserted = totals.inserted.saturating_add(1),
            Entry::InsertVector { count, .. } => totals.inserted = totals.inserted.saturating_add(count),
            Entry::Delete { .. } => totals.deleted = totals.deleted.saturating_add(1),
            Entry::DeleteVector { count, .. } => totals.deleted = totals.deleted.saturating_add(count),
            Entry::Update { field, .. } => table.set(field, 1, length),
            Entry::UpdateVector { field, ref values, .. } => table.set(field, values.count(), length),
            _ => {}
        }
    }

    #[cold]
    fn keep_large(&mut self, located: &Located<'_>) {
        let (kind, table) = (located.entry.kind(), table_of(&located.entry));
        let large = LargeEntry { length: located.length, position: located.position, kind, table };
        let place = self.largest.partition_point(|other| other.length >= large.length);
        self.largest.insert(place, large);
        self.largest.truncate(LARGEST);
        self.raise_bar();
    }

    fn raise_bar(&mut self) {
        let is_full = self.largest.len() >= LARGEST;
        self.bar = self.largest.last().filter(|_| is_full).map_or(0, |last| last.length);
    }

    pub(super) fn totals(&self) -> Totals {
        let is_counted = |amount: &Amount| *amount != Amount::default();
        let kinds = (0..=u8::MAX).zip(self.kinds.iter().copied()).filter(|(_, amount)| is_counted(amount));
        let tables = (0..=u16::MAX).map(TableId).zip(&self.tables);
        let tables = tables.filter(|(_, table)| is_counted(&table.totals.entries));
        let fields = tables.clone().flat_map(|(id, table)| {
            let fields = (0..=u16::MAX).map(FieldId).zip(table.fields.iter().copied());
            fields.filter(|(_, amount)| is_counted(amount)).map(move |(field, amount)| ((id, field), amount))
        });
        Totals {
            kinds: kinds.collect(),
            fields: fields.collect(),
            tables: tables.map(|(id, table)| (id, table.totals)).collect(),
            largest: self.largest.clone(),
        }
    }
}

impl CountedTable {
    fn set(&mut self, field: FieldId, count: u64, bytes: u64) {
        if let Some(field) = at(&mut self.fields, field.0.into()) {
            field.add(count, bytes);
        }
    }
}

/// The table that an entry names by its id.
pub(super) fn table_of(entry: &Entry<'_>) -> Option<TableId> {
    match *entry {
        Entry::DropTable { table }
        | Entry::RenameTable { table, .. }
        | Entry::AddField { table, .. }
        | Entry::DropField { table, .. }
        | Entry::RenameField { table, .. }
        | Entry::Insert { table, .. }
        | Entry::InsertVector { table, .. }
        | Entry::Delete { table, .. }
        | Entry::DeleteVector { table, .. }
        | Entry::Update { table, .. }
        | Entry::UpdateVector { table, .. } => Some(table),
        _ => None,
    }
}
