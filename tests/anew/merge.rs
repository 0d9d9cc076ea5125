//! Several logs as one, against a model that knows only what their tables hold.

use crate::anew::{merged, snapshot};
use crate::entries::{each, history};
use crate::loadable::any_logs_of_one_schema;
use crate::support::journal;
use crate::tables::{Held, Rows, tables};
use joedb::Entry;
use joedb::merge::Merged;
use joedb::schema::Schema;
use joedb::store::Limits;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Tables = BTreeMap<String, Rows>;

/// By the name of a table, a number of ids.
type Ids = BTreeMap<String, i64>;

/// What becomes of logs.
#[derive(Default)]
struct Model {
    tables: Tables,
    /// The first id of the next log.
    next: Ids,
    logs: u64,
    cleared: u64,
}

impl Model {
    fn add(&mut self, bytes: &[u8]) {
        let log = tables(bytes);
        let own = if self.logs == 0 { ever_inserted(bytes, &log) } else { up_to_the_last_record(&log) };
        for (name, rows) in log {
            let first = self.next.get(&name).copied().unwrap_or(0);
            for (record, mut values) in rows.values {
                for (value, (_, declared)) in values.iter_mut().zip(&rows.fields) {
                    self.translate(value, declared, &own);
                }
                self.tables.entry(name.clone()).or_default().values.insert(first + record, values);
            }
            self.tables.entry(name).or_default().fields = rows.fields;
        }
        own.iter().for_each(|(name, ids)| *self.next.entry(name.clone()).or_default() += ids);
        self.logs += 1;
    }

    /// A reference to a table that was dropped is only a number.
    fn translate(&mut self, value: &mut Held, declared: &str, own: &Ids) {
        let Held::Reference(to) = value else { return };
        let target = declared.strip_prefix("references ").unwrap();
        let Some(&ids) = own.get(target).filter(|_| *to >= 0) else { return };
        if *to < ids {
            *to += self.next.get(target).copied().unwrap_or(0);
        } else {
            *to = -1;
            self.cleared += 1;
        }
    }
}

fn up_to_the_last_record(log: &Tables) -> Ids {
    let last = |rows: &Rows| rows.values.keys().last().map_or(0, |last| last + 1);
    log.iter().map(|(name, rows)| (name.clone(), last(rows))).collect()
}

/// Up to the last record that there ever was.
fn ever_inserted(bytes: &[u8], log: &Tables) -> Ids {
    let (mut schema, mut ends) = (Schema::new(), BTreeMap::new());
    let inserted = each(bytes, bytes.len() as u64, |located| {
        schema.apply(&located.entry);
        match located.entry {
            Entry::Insert { table, record, .. } => Some((table, record.0 + 1)),
            Entry::InsertVector { table, first, count } if count > 0 => {
                Some((table, first.0 + count.cast_signed()))
            }
            _ => None,
        }
    });
    for (table, end) in inserted {
        let highest = ends.entry(table).or_insert(0);
        *highest = end.max(*highest);
    }
    let end = |name: &str| ends.get(&schema.table_named(name.as_bytes()).unwrap()).copied().unwrap_or(0);
    log.keys().map(|name| (name.clone(), end(name))).collect()
}

proptest! {
    #[test]
    fn rows_come_one_behind_the_other_and_references_and_blobs_follow(
        logs in (2..=3_usize).prop_flat_map(|logs| any_logs_of_one_schema(logs, 200)),
    ) {
        let mut model = Model::default();
        logs.iter().for_each(|bytes| model.add(bytes));
        let state = |bytes: &[u8]| snapshot(bytes, bytes.len() as u64, Limits::default()).unwrap();
        let (found, counted) = merged(logs.iter().map(|bytes| (state(bytes), &bytes[..])).collect()).unwrap();
        prop_assert_eq!(tables(&found), model.tables);
        prop_assert_eq!(counted, Merged { logs: model.logs, references_cleared: model.cleared });
        let size = journal(&found).size();
        prop_assert_eq!(history(&found, size), history(&logs[0], logs[0].len() as u64));
    }
}
