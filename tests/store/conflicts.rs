//! What a store refuses.

use crate::entries::*;
use joedb::store::{Conflict, Limits, Store};
use joedb::{Entry, FieldId, FieldType, RecordId, TableId, Type, Value, Vector};

/// A store of three persons, of whom the second was deleted.
fn three_persons() -> Store {
    let mut store = persons(Limits::default());
    apply(&mut store, &[insert_vector(1, 0, 3), delete(1, 1)]).unwrap();
    store
}

/// What is said of an entry, which must not change anything.
fn refused(store: &mut Store, entry: &Entry<'_>) -> String {
    let before = format!("{:?}", (store.schema(), store.tables().collect::<Vec<_>>()));
    let conflict = store.apply(entry).unwrap_err();
    let after = format!("{:?}", (store.schema(), store.tables().collect::<Vec<_>>()));
    assert_eq!(before, after, "{conflict}");
    conflict.to_string()
}

fn ages(count: i64) -> Vector {
    let mut ages = Vector::new(Type::Int64);
    (0..count).for_each(|age| ages.push(&Value::Int64(age)).unwrap());
    ages
}

fn update_vector(table: u16, first: i64, field: u16, values: &Vector) -> Entry<'_> {
    let (table, first, field) = (TableId(table), RecordId(first), FieldId(field));
    Entry::UpdateVector { table, first, field, values: values.values() }
}

#[test]
fn a_record_that_does_not_exist_is_not_deleted() {
    let mut store = three_persons();
    for record in [1, 3, 1 << 60] {
        let expected =
            format!("no record {record} in table \"person\" found, one expected that can be deleted");
        assert_eq!(refused(&mut store, &delete(1, record)), expected);
    }
}

#[test]
fn a_record_that_does_not_exist_is_not_updated() {
    let mut store = three_persons();
    for record in [1, 3, 1 << 60] {
        let expected = format!(
            "no record {record} in table \"person\" found, one expected whose field \"age\" can be set"
        );
        assert_eq!(refused(&mut store, &update(1, record, 2, Value::Int64(1))), expected);
    }
}

#[test]
fn a_record_that_exists_is_not_inserted() {
    let mut store = three_persons();
    let expected = "record 2 in table \"person\" found, none expected before it is inserted";
    assert_eq!(refused(&mut store, &insert(1, 2)), expected);
}

#[test]
fn a_vector_over_a_hole_names_the_first_record_of_the_hole() {
    let mut store = three_persons();
    let ages = ages(3);
    let vectors = [(delete_vector(1, 0, 3), 1), (update_vector(1, 0, 2, &ages), 1)];
    for (vector, record) in vectors.into_iter().chain([
        (delete_vector(1, 2, 2), 3),
        (update_vector(1, 2, 2, &ages), 3),
        (delete_vector(1, 0, 1 << 60), 1),
        (delete_vector(1, 5, 0), 5),
    ]) {
        let said = refused(&mut store, &vector);
        assert!(said.starts_with(&format!("no record {record} in table \"person\" found, ")), "{said}");
    }
}

#[test]
fn a_vector_over_existing_records_names_the_first_of_them() {
    let mut store = three_persons();
    for (vector, record) in [(insert_vector(1, 1, 9), 2), (insert_vector(1, 0, 1 << 60), 0)] {
        let expected =
            format!("record {record} in table \"person\" found, none expected before it is inserted");
        assert_eq!(refused(&mut store, &vector), expected);
    }
}

#[test]
fn vectors_of_nothing_change_nothing() {
    let mut store = three_persons();
    let none = ages(0);
    let vectors = [
        insert_vector(1, 1, 0),
        insert_vector(1, 1 << 40, 0),
        delete_vector(1, 3, 0),
        update_vector(1, 1 << 40, 2, &none),
    ];
    apply(&mut store, &vectors).unwrap();
    assert_eq!(records(&store, 1), [0, 2]);
    assert_eq!(store.table(TableId(1)).unwrap().end(), RecordId(3));
}

#[test]
fn what_makes_no_sense_is_refused_with_the_words_of_the_schema() {
    let mut store = three_persons();
    let strings = Vector::new(Type::String);
    let mut one = strings.clone();
    one.push(&Value::String(b"x")).unwrap();
    let entries = [
        (insert(2, 0), "table 2 found, 1 (unless dropped) expected"),
        (insert(0, 0), "table 0 found, 1 (unless dropped) expected"),
        (insert(1, -1), "the null record found, a record expected"),
        (insert_vector(1, -1, 0), "the null record found, a record expected"),
        (update(1, 0, 3, Value::Int64(1)), "field 3 of table 1 found, 1 to 2 (but those dropped) expected"),
        (
            update(1, 0, 2, Value::Int8(1)),
            "a value of type int8 found, int64 expected for field 2 of table 1",
        ),
        (update_vector(1, 0, 2, &one), "a value of type string found, int64 expected for field 2 of table 1"),
        (create_table("person"), "name \"person\" found, one that is not in use expected"),
        (Entry::DropTable { table: TableId(2) }, "table 2 found, 1 (unless dropped) expected"),
        (
            Entry::DropField { table: TableId(1), field: FieldId(0) },
            "field 0 of table 1 found, 1 to 2 (but those dropped) expected",
        ),
    ];
    for (entry, expected) in entries {
        assert_eq!(refused(&mut store, &entry), expected);
    }
}

/// As in the reference, which has no such check.
#[test]
fn a_field_of_no_type_or_no_table_is_taken_and_has_no_values() {
    let mut store = three_persons();
    let fields = [
        add_field(1, "nothing", FieldType::Null),
        add_field(1, "eleven", FieldType::Unknown(11)),
        add_field(1, "elsewhere", FieldType::References(TableId(9))),
    ];
    apply(&mut store, &fields).unwrap();
    assert_eq!(value(&store, 1, 0, 3), None);
    assert_eq!(value(&store, 1, 0, 5), Some(Value::Reference(RecordId::NULL)));
    assert_eq!(refused(&mut store, &update(1, 0, 4, Value::Int64(1))), "type 11 found, 1 to 10 expected");
    apply(&mut store, &[update(1, 0, 5, Value::Reference(RecordId(7)))]).unwrap();
    let elsewhere = add_field(9, "a", FieldType::Plain(Type::Int8));
    assert_eq!(refused(&mut store, &elsewhere), "table 9 found, 1 (unless dropped) expected");
}

#[test]
fn a_hostile_name_is_escaped_in_the_message() {
    let mut store = Store::default();
    let rename = Entry::RenameTable { table: TableId(1), name: b"\x1b[2J\n" };
    store.apply(&create_table("t")).unwrap();
    // The schema itself takes any name when it is told to; a store does not.
    assert!(matches!(store.apply(&rename), Err(Conflict::Nonsense(_))));
    let conflict = store.apply(&rename).unwrap_err().to_string();
    assert!(conflict.contains(r"\033[2J\012"), "{conflict}");
}
