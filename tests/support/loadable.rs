//! Random logs that can be loaded, of two tables at least: one with a field of each type, and one that refers to it.

use super::logs::{Act, Author, Log, Step, any_marks, any_step, follow};
use joedb::replay::{Range, Tolerance, replay};
use joedb::store::Store;
use joedb::{Entry, FieldType, Journal, RecordId, TableId, Type, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Any log of up to `steps` entries, but for the few that it begins with, of one of these versions.
pub(crate) fn any_loadable_log(versions: &[Version], steps: usize) -> impl Strategy<Value = Log> {
    (select(versions.to_vec()), any_steps(steps), any_marks()).prop_map(|(version, steps, marks)| {
        let mut author = author(version);
        steps.into_iter().for_each(|step| write(&mut author, step));
        author.finish(&marks)
    })
}

/// So many logs, each of either version and checkpointed to its end, whose schemas have the same history. What lies between
/// the entries of that is each log's own.
pub(crate) fn any_logs_of_one_schema(logs: usize, steps: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let versions = vec(select(vec![Version::V4, Version::V5]), logs);
    // Which log each step belongs to, or all of them.
    let owners = vec(0..=logs, 4 * 64);
    (versions, any_steps(steps), owners).prop_map(move |(versions, steps, owners)| {
        let steps: Vec<(Step, usize)> = steps.into_iter().zip(owners.into_iter().cycle()).collect();
        (0..).zip(versions).map(|(log, version)| of_one(log, logs, version, &steps)).collect()
    })
}

fn of_one(log: usize, all: usize, version: Version, steps: &[(Step, usize)]) -> Vec<u8> {
    let mut author = author(version);
    for (step, owner) in steps {
        if step.act.is_of_schema() || *owner == log || *owner == all {
            write(&mut author, step.clone());
        }
    }
    author.entries.file()
}

/// Steps of which most insert and update, so that there is something left in the end.
fn any_steps(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    let inserting = |mut step: Step| {
        if !step.number.is_multiple_of(8)
            && !matches!(step.act, Act::Update | Act::UpdateVector | Act::Blob | Act::Delete)
        {
            step.act =
                [Act::Insert, Act::InsertVector, Act::Update][usize::from(step.number.to_le_bytes()[2]) % 3];
        }
        step
    };
    vec(any_step().prop_map(inserting), 0..=steps).prop_map(follow)
}

/// Carries a step out; what changes or deletes a record finds one.
fn write(author: &mut Author, mut step: Step) {
    if matches!(step.act, Act::Update | Act::UpdateVector | Act::Delete) {
        step.record = present(author, &step);
    }
    author.write(&step);
}

/// A record of the table that a step is about, or where there is none, any.
fn present(author: &Author, step: &Step) -> RecordId {
    let table = author.table(step).and_then(|table| author.store.as_ref()?.table(table));
    let records: Vec<RecordId> = table.iter().flat_map(|table| table.records()).collect();
    let chosen = usize::from(step.number.to_le_bytes()[1]).checked_rem(records.len());
    chosen.map_or(step.record, |chosen| records[chosen])
}

/// An author who writes only what can be loaded, and has made two tables.
fn author(version: Version) -> Author {
    let mut author = Author::new(version);
    let (table, field_type) = (TableId(2), FieldType::References(TableId(1)));
    author.push(&Entry::CreateTable { name: b"U" });
    author.push(&Entry::AddField { table, name: b"R", field_type });
    author.push(&Entry::AddField { table, name: b"S", field_type: FieldType::Plain(Type::String) });
    author.store = Some(loaded(author.entries.file()));
    author
}

fn loaded(bytes: Vec<u8>) -> Store {
    let (mut journal, mut store) = (Journal::from_bytes(bytes).unwrap(), Store::default());
    let all = Range::up_to(journal.size());
    replay(&mut journal, all, Tolerance::Strict, &mut store, &mut |_| {}).unwrap();
    store
}

impl Act {
    const fn is_of_schema(self) -> bool {
        use Act::*;
        matches!(self, CreateTable | DropTable | RenameTable | AddField | DropField | RenameField | Custom)
    }
}
