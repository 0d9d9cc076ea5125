//! What an index tells of a log, by kind, table and field, for people and for programs.

use super::totals::{Amount, TableTotals};
use super::{Block, Index};
use crate::entry::{Entry, FieldId, Kind, TableId};
use crate::head::HEAD_SIZE;
use crate::schema::Schema;
use crate::value::Type;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The version of the JSON form; it rises when a member changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// So many steps of growth are told at most.
const STEPS: usize = 10;

/// What a log holds up to its checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// 1.
    pub schema_version: u32,
    /// Bytes of the log, without the head.
    pub bytes: u64,
    /// Entries of all kinds.
    pub entries: u64,
    /// Records inserted, whatever became of them.
    pub rows: u64,
    /// The position up to which it was counted.
    pub end: u64,
    /// By kind of entry, the largest first.
    pub kinds: Vec<KindStatistics>,
    /// By table, in the order of their ids, dropped ones too.
    pub tables: Vec<TableStatistics>,
    /// The largest entries, the largest first.
    pub largest: Vec<LargestEntry>,
    /// The first and the last timestamp.
    pub time: Option<Span>,
    /// How many bytes a new journal without overwritten, deleted and dropped values would save: estimated, for each field,
    /// as if all its values had the same length, and no row had none.
    pub dead_bytes_estimated: u64,
    /// How the log grew, in steps of about the same number of bytes.
    pub growth: Vec<Growth>,
}

/// Entries of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindStatistics {
    /// joedb's name, with the type of an update.
    pub kind: String,
    /// How many.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What the log holds of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableStatistics {
    /// Its id.
    pub id: TableId,
    /// Its name, the last one it had.
    pub name: String,
    /// Whether it was dropped.
    pub dropped: bool,
    /// Entries that speak of it.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records inserted.
    pub rows_inserted: u64,
    /// Records deleted.
    pub rows_deleted: u64,
    /// Bytes of values that were overwritten, deleted or dropped, estimated.
    pub dead_bytes_estimated: u64,
    /// Its fields, in the order of their ids, dropped ones too.
    pub fields: Vec<FieldStatistics>,
}

/// What the log holds of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldStatistics {
    /// Its id.
    pub id: FieldId,
    /// Its name, the last one it had.
    pub name: String,
    /// Whether it, or its table, was dropped.
    pub dropped: bool,
    /// How many values were set.
    pub values: u64,
    /// The bytes of the entries that set them.
    pub bytes: u64,
    /// As [`TableStatistics::dead_bytes_estimated`].
    pub dead_bytes_estimated: u64,
}

/// One of the largest entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LargestEntry {
    /// Where it begins.
    pub position: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Its kind, with the type of an update.
    pub kind: String,
    /// The table that it speaks of.
    pub table: Option<String>,
}

/// A span of time, in seconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The first timestamp of the log.
    pub first: i64,
    /// The last one.
    pub last: i64,
}

/// A step of growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Growth {
    /// The position that it ends at.
    pub end: u64,
    /// Bytes that were added in it.
    pub bytes: u64,
    /// Entries that were added.
    pub entries: u64,
    /// Records that were inserted.
    pub rows: u64,
    /// Its timestamps, if it has any.
    pub time: Option<Span>,
}

/// The names that tables and fields had last, whether or not they were dropped.
#[derive(Default)]
pub(super) struct Names {
    tables: BTreeMap<TableId, String>,
    fields: BTreeMap<(TableId, FieldId), String>,
    /// The fields that hold blobs.
    of_blobs: BTreeSet<(TableId, FieldId)>,
}

impl Names {
    /// And the schema at the end.
    pub(super) fn of(index: &Index) -> (Names, Schema) {
        let (mut names, mut schema) = (Names::default(), Schema::new());
        for located in index.schema_entries() {
            names.take(&located.entry, &schema);
            schema.apply(&located.entry);
        }
        (names, schema)
    }

    pub(super) fn table(&self, id: TableId) -> Option<&str> {
        self.tables.get(&id).map(String::as_str)
    }

    /// Names are identifiers, for all of these entries make sense.
    fn take(&mut self, entry: &Entry<'_>, schema: &Schema) {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        match *entry {
            Entry::CreateTable { name } => {
                self.tables.extend(schema.next_table().map(|table| (table, text(name))));
            }
            Entry::RenameTable { table, name } => drop(self.tables.insert(table, text(name))),
            Entry::AddField { table, name, field_type } => {
                let Some(field) = schema.next_field(table) else { return };
                self.fields.insert((table, field), text(name));
                if field_type.value_type() == Some(Type::Blob) {
                    self.of_blobs.insert((table, field));
                }
            }
            Entry::RenameField { table, field, name } => {
                self.fields.insert((table, field), text(name));
            }
            _ => {}
        }
    }
}

impl Index {
    /// What is known of the log without reading it.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let (names, schema) = Names::of(self);
        let mut tables: Vec<TableStatistics> = names
            .tables
            .iter()
            .map(|(&id, name)| self.table_statistics(id, name.clone(), &names, &schema))
            .collect();
        let blobs = self.dead_blobs(&tables, &names);
        let dead = tables.iter().map(|table| table.dead_bytes_estimated).fold(blobs, u64::saturating_add);
        tables.sort_by_key(|table| table.id);
        Statistics {
            schema_version: SCHEMA_VERSION,
            bytes: self.end().saturating_sub(HEAD_SIZE),
            entries: self.entries(),
            rows: self.blocks().iter().fold(0, |sum, block| sum.saturating_add(block.tally.rows)),
            end: self.end(),
            kinds: self.kind_statistics(),
            largest: self.largest_entries(&names),
            tables,
            time: span(self.blocks()),
            dead_bytes_estimated: dead,
            growth: self.growth(),
        }
    }

    fn kind_statistics(&self) -> Vec<KindStatistics> {
        let named = self.totals().kinds.iter().filter_map(|(&opcode, amount)| {
            let kind = Kind::from_opcode(opcode, self.version())?.to_string();
            Some(KindStatistics { kind, entries: amount.count, bytes: amount.bytes })
        });
        let mut kinds: Vec<KindStatistics> = named.collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.bytes));
        kinds
    }

    fn table_statistics(&self, id: TableId, name: String, names: &Names, schema: &Schema) -> TableStatistics {
        let TableTotals { entries, inserted, deleted } =
            self.totals().tables.get(&id).copied().unwrap_or_default();
        let dropped = schema.table(id).is_none();
        let rows = if dropped { 0 } else { inserted.saturating_sub(deleted) };
        let of_table = names.fields.range((id, FieldId(0))..=(id, FieldId(u16::MAX)));
        let fields: Vec<FieldStatistics> = of_table
            .map(|(&(table, field), name)| {
                let amount = self.totals().fields.get(&(table, field)).copied().unwrap_or_default();
                let dropped = schema.field(table, field).is_none();
                let dead = dead_bytes(amount, if dropped { 0 } else { rows });
                let Amount { count: values, bytes } = amount;
                FieldStatistics {
                    id: field,
                    name: name.clone(),
                    dropped,
                    values,
                    bytes,
                    dead_bytes_estimated: dead,
                }
            })
            .collect();
        let dead = fields.iter().map(|field| field.dead_bytes_estimated).fold(0, u64::saturating_add);
        TableStatistics {
            id,
            name,
            dropped,
            entries: entries.count,
            bytes: entries.bytes,
            rows_inserted: inserted,
            rows_deleted: deleted,
            dead_bytes_estimated: dead,
            fields,
        }
    }

    /// Blobs that no value points to any more: as large a part of them as of the values that point to blobs.
    fn dead_blobs(&self, tables: &[TableStatistics], names: &Names) -> u64 {
        let blobs = self.totals().kinds.get(&Kind::Blob.opcode()).copied().unwrap_or_default();
        let (mut pointers, mut dead) = (0_u64, 0_u64);
        for table in tables {
            for field in &table.fields {
                if names.of_blobs.contains(&(table.id, field.id)) {
                    pointers = pointers.saturating_add(field.bytes);
                    dead = dead.saturating_add(field.dead_bytes_estimated);
                }
            }
        }
        share(blobs.bytes, dead, pointers)
    }

    fn largest_entries(&self, names: &Names) -> Vec<LargestEntry> {
        let large = self.totals().largest.iter().map(|large| LargestEntry {
            position: large.position,
            length: large.length,
            kind: large.kind.to_string(),
            table: large.table.and_then(|table| names.tables.get(&table).cloned()),
        });
        large.collect()
    }

    fn growth(&self) -> Vec<Growth> {
        let step = self.blocks().len().div_ceil(STEPS).max(1);
        self.blocks().chunks(step).map(grown).collect()
    }
}

fn grown(blocks: &[Block]) -> Growth {
    let sum = |of: fn(&Block) -> u64| blocks.iter().map(of).fold(0, u64::saturating_add);
    Growth {
        end: blocks.last().map_or(HEAD_SIZE, Block::end),
        bytes: sum(|block| block.length),
        entries: sum(|block| block.tally.entries),
        rows: sum(|block| block.tally.rows),
        time: span(blocks),
    }
}

fn span(blocks: &[Block]) -> Option<Span> {
    let mut found = blocks.iter().filter_map(|block| block.timestamps);
    let first = found.next()?;
    let last = found.next_back().unwrap_or(first);
    Some(Span { first: first.first, last: last.last })
}

/// Of a field's values no more live than there are rows.
fn dead_bytes(Amount { count, bytes }: Amount, rows: u64) -> u64 {
    share(bytes, count.saturating_sub(rows), count)
}

/// As large a part of `whole` as `part` is of `of`.
fn share(whole: u64, part: u64, of: u64) -> u64 {
    let product = u128::from(whole).saturating_mul(part.into());
    product.checked_div(of.into()).and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
}
