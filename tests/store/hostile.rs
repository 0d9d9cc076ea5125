//! Logs that ask for more memory than they have bytes.

use crate::allocations::peak_of;
use crate::entries::*;
use joedb::journal::Journal;
use joedb::replay::{Range, Tolerance, replay};
use joedb::store::{Conflict, Limits, Store};
use joedb::{Encoder, Entry, FieldId, FieldType, RecordId, TableId, Type, Value, Vector, Version};

const MEBIBYTE: usize = 1024 * 1024;

fn too_many(conflict: Result<(), Conflict>) -> (u64, u64) {
    match conflict {
        Err(Conflict::TooManyRows { found, limit, .. }) => (found, limit),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_billion_rows_in_a_few_bytes_are_refused_before_they_take_memory() {
    let mut store = persons(Limits::for_log(60));
    let peak = peak_of(|| {
        assert_eq!(too_many(store.apply(&insert_vector(1, 0, 1_000_000_000))), (1_000_000_000, 16_777_696));
    });
    assert!(peak < 1000, "{peak} bytes");
}

#[test]
fn a_raised_limit_takes_a_billion_rows_in_an_eighth_of_their_number_of_bytes() {
    let mut store = persons(Limits { rows: 1_000_000_000 });
    let peak = peak_of(|| store.apply(&insert_vector(1, 0, 1_000_000_000)).unwrap());
    assert!(peak < 130 * MEBIBYTE, "{peak} bytes");
    assert_eq!(store.table(TableId(1)).unwrap().len(), 1_000_000_000);
    let said = store.apply(&insert_vector(1, 1_000_000_000, 1)).unwrap_err().to_string();
    let expected = "1000000001 rows or unset values without bytes behind them found with table \"person\", at most \
                    1000000000 expected";
    assert_eq!(said, expected);
}

#[test]
fn record_ids_far_away_are_refused_before_they_take_memory() {
    let peak = peak_of(|| {
        let mut store = persons(Limits::default());
        for record in [1 << 30, 1 << 60, (1 << 61) - 2] {
            assert_eq!(too_many(store.apply(&insert(1, record))), (record.cast_unsigned(), 16_777_216));
            assert!(matches!(store.apply(&insert_vector(1, record, 1)), Err(Conflict::TooManyRows { .. })));
        }
        store.apply(&insert(1, 1_000_000)).unwrap();
        assert_eq!(records(&store, 1), [1_000_000]);
    });
    assert!(peak < MEBIBYTE, "{peak} bytes");
}

#[test]
fn counts_that_overflow_or_that_no_memory_holds_are_refused() {
    let mut store = persons(Limits::NONE);
    for count in [1 << 61, u64::MAX - 1, u64::MAX] {
        assert!(matches!(store.apply(&insert_vector(1, 5, count)), Err(Conflict::Nonsense(_))));
        assert!(matches!(store.apply(&delete_vector(1, 5, count)), Err(Conflict::Nonsense(_))));
    }
    for entry in [insert_vector(1, 0, (1 << 61) - 1), insert(1, (1 << 61) - 2)] {
        assert!(matches!(store.apply(&entry), Err(Conflict::NoMemory { .. })));
    }
    assert_eq!(records(&store, 1), [0; 0]);
}

#[test]
fn there_are_no_more_tables_and_fields_than_ids() {
    let mut store = Store::default();
    for number in 1..=u16::MAX {
        store.apply(&create_table(&format!("t{number}"))).unwrap();
        store.apply(&add_field(1, &format!("f{number}"), FieldType::Plain(Type::Int8))).unwrap();
    }
    let refused = "no id is left: at most 65535 tables, and fields of a table, expected";
    assert_eq!(store.apply(&create_table("one_more")).unwrap_err().to_string(), refused);
    assert_eq!(store.tables().count(), 65_535);
    let field = add_field(1, "one_more", FieldType::Plain(Type::Int8));
    assert_eq!(store.apply(&field).unwrap_err().to_string(), refused);
    store.apply(&insert(65_535, 0)).unwrap();
    assert_eq!(records(&store, 65_535), [0]);
}

/// Rows cost an eighth of a byte, but a value behind them needs the values before it.
#[test]
fn values_that_were_never_set_count_too() {
    let mut store = persons(Limits { rows: 1500 });
    store.apply(&insert_vector(1, 0, 1000)).unwrap();
    assert_eq!(too_many(store.apply(&update(1, 999, 2, Value::Int64(1)))), (1999, 1500));
    store.apply(&update(1, 500, 2, Value::Int64(1))).unwrap();
    assert_eq!(too_many(store.apply(&update(1, 502, 2, Value::Int64(1)))), (1501, 1500));
    // What was set one after the other has bytes behind it.
    for record in 501..1000 {
        store.apply(&update(1, record, 2, Value::Int64(1))).unwrap();
    }
}

#[test]
fn what_no_bytes_stand_behind_takes_at_most_32_bytes_for_each() {
    let rows = 1 << 20;
    let mut store = persons(Limits { rows });
    let fields = ["a", "b", "c"].map(|name| add_field(1, name, FieldType::Plain(Type::Blob)));
    apply(&mut store, &fields).unwrap();
    store.apply(&insert_vector(1, 0, rows / 4)).unwrap();
    let blob = Value::Blob(joedb::store::Blobs::NULL);
    // A hundred records, far from each other, in each field.
    let last = i64::try_from(rows / 4).unwrap() - 1;
    for field in 3..=5 {
        for record in (0..=100).map(|part| last * part / 100) {
            store.apply(&update(1, record, field, blob)).unwrap();
        }
    }
    assert!(matches!(store.apply(&update(1, last, 2, Value::Int64(0))), Err(Conflict::TooManyRows { .. })));
    assert!(store.memory() as u64 <= 32 * rows, "{}", store.memory());
}

/// Otherwise a few bytes, often enough, would take hours.
#[test]
fn rows_that_are_deleted_and_inserted_again_count_again() {
    let mut store = persons(Limits { rows: 2500 });
    let entries = [insert_vector(1, 0, 1000), delete_vector(1, 0, 1000)];
    apply(&mut store, &entries).unwrap();
    apply(&mut store, &entries).unwrap();
    assert_eq!(too_many(store.apply(&entries[0])), (3000, 2500));
}

/// Logs of a megabyte that get as much memory out of their bytes as there is to get.
fn greedy_logs() -> Vec<(&'static str, Encoder)> {
    let mut logs = Vec::new();
    let mut log = |name, write: &dyn Fn(&mut Encoder, u64)| {
        let mut encoder = Encoder::new(Version::V5);
        let all = Type::ALL.map(|plain| match plain {
            Type::Reference => FieldType::References(TableId(1)),
            plain => FieldType::Plain(plain),
        });
        encoder.push(&create_table("t"));
        for (name, field_type) in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].iter().zip(all) {
            encoder.push(&add_field(1, name, field_type));
        }
        (0..)
            .take_while(|step| {
                write(&mut encoder, *step);
                encoder.position() < MEBIBYTE as u64
            })
            .for_each(drop);
        logs.push((name, encoder));
    };
    log("tables", &|log, step| log.push(&create_table(&format!("t{step}"))));
    log("fields", &|log, step| {
        log.push(&add_field(1, &format!("f{step}"), FieldType::Plain(Type::Blob)));
    });
    log("strings of no bytes", &|log, step| {
        log.push(&insert(1, step.cast_signed()));
        log.push(&update(1, step.cast_signed(), 1, Value::String(b"")));
    });
    log("strings that grow", &|log, step| {
        if step == 0 {
            log.push(&insert(1, 0));
        }
        log.push(&update(1, 0, 1, Value::String(&vec![b'x'; usize::try_from(step % 1000).unwrap()])));
    });
    for (name, value, field) in [
        ("references", Value::Reference(RecordId::NULL), 4),
        ("blobs", joedb::Value::Blob(joedb::store::Blobs::NULL), 10),
    ] {
        log(name, &|log, step| {
            let mut values = Vector::new(value.value_type());
            (0..1000).for_each(|_| values.push(&value).unwrap());
            log.push(&insert_vector(1, step.cast_signed() * 1000, 1000));
            let (table, field) = (TableId(1), FieldId(field));
            let first = RecordId(step.cast_signed() * 1000);
            log.push(&Entry::UpdateVector { table, first, field, values: values.values() });
        });
    }
    logs
}

#[test]
fn what_bytes_stand_behind_takes_at_most_32_bytes_for_each() {
    for (name, log) in greedy_logs() {
        let file = log.file();
        let mut journal = Journal::from_bytes(file.clone()).unwrap();
        let end = journal.size();
        let mut store = Store::new(Limits::for_log(end));
        let peak = peak_of(|| {
            let range = Range::up_to(end);
            replay(&mut journal, range, Tolerance::Strict, &mut store, &mut |_| {}).unwrap();
        });
        println!("{name}: {:.1} bytes for each byte", peak as f64 / file.len() as f64);
        assert!(peak <= 32 * file.len(), "{name}: {peak} bytes for {}", file.len());
    }
}
