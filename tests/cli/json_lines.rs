//! `--json`: an object an entry, with everything that the entry holds.

use crate::log::{Log, Sample};
use crate::scene::{Scene, dumped, singles, whole_corpus};
use joedb::{BlobPosition, Entry, FieldId, RecordId, TableId, Type, Value as Held, Version};
use serde_json::{Value, json};
use std::path::Path;

fn lines(options: &[&str], path: &Path) -> Vec<Value> {
    let text = dumped(&[&["--json", "-q"], options].concat(), path);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The objects of a log that is written to a file first.
fn objects(options: &[&str], log: &Log) -> Vec<Value> {
    let scene = Scene::new();
    lines(options, &scene.file("a.joedb", &log.clean()))
}

#[test]
fn positions_and_lengths_chain_from_41_to_the_checkpoint() {
    for path in whole_corpus() {
        let mut position = 41;
        for object in lines(&[], &path) {
            assert_eq!(object["position"], position, "{}", path.display());
            assert!(object["kind"].is_string());
            position += object["length"].as_u64().unwrap();
        }
        let journal = joedb::Journal::open(&path, joedb::Access::Window).unwrap();
        assert_eq!(position, journal.checkpoints().current().unwrap(), "{}", path.display());
    }
}

#[test]
fn every_kind_of_entry_has_its_operands() {
    let mut log = Sample::new().log;
    log.reference(1, "friend", 1).rename_field(1, 1, "first_name").update(
        1,
        0,
        2,
        Held::Reference(RecordId(1)),
    );
    log.insert_vector(1, 2, 3)
        .delete_vector(1, 2, 3)
        .push(&Entry::Delete { table: TableId(1), record: RecordId(1) });
    log.drop_field(1, 2).rename_table(1, "human").push(&Entry::Custom { name: b"f" }).drop_table(1);
    let expected = [
        json!({"kind": "create_table", "table_id": 1, "table": "person"}),
        json!({"kind": "add_field", "table_id": 1, "table": "person", "field_id": 1, "field": "name", "type": "string"}),
        json!({"kind": "insert_into", "table_id": 1, "table": "person", "record": 0}),
        json!({"kind": "update_last", "type": "string", "table_id": 1, "table": "person", "record": 0, "field_id": 1,
               "field": "name", "value": "Ann"}),
        json!({"kind": "timestamp", "seconds": 1_745_000_000, "utc": "2025-04-18T18:13:20Z"}),
        json!({"kind": "valid_data"}),
        json!({"kind": "append", "table_id": 1, "table": "person", "record": 1}),
        json!({"kind": "update_last", "type": "string", "table_id": 1, "table": "person", "record": 1, "field_id": 1,
               "field": "name", "value": "Bob"}),
        json!({"kind": "comment", "text": "the second one"}),
        json!({"kind": "add_field", "table_id": 1, "table": "person", "field_id": 2, "field": "friend",
               "type": "references", "references_id": 1, "references": "person"}),
        json!({"kind": "rename_field", "table_id": 1, "table": "person", "field_id": 1, "field": "name",
               "name": "first_name"}),
        json!({"kind": "update", "type": "reference", "table_id": 1, "table": "person", "record": 0, "field_id": 2,
               "field": "friend", "value": 1}),
        json!({"kind": "insert_vector", "table_id": 1, "table": "person", "record": 2, "count": 3}),
        json!({"kind": "delete_vector", "table_id": 1, "table": "person", "record": 2, "count": 3}),
        json!({"kind": "delete_from", "table_id": 1, "table": "person", "record": 1}),
        json!({"kind": "drop_field", "table_id": 1, "table": "person", "field_id": 2, "field": "friend"}),
        json!({"kind": "rename_table", "table_id": 1, "table": "person", "name": "human"}),
        json!({"kind": "custom", "name": "f"}),
        json!({"kind": "drop_table", "table_id": 1, "table": "human"}),
    ];
    let found = objects(&[], &log);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.into_iter().zip(expected) {
        assert_eq!(without_place(found), expected);
    }
}

fn without_place(mut object: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    members.remove("position");
    members.remove("length");
    object
}

/// The values of an `update` of each type.
fn values_of(field_type: Type, values: &[Held<'_>]) -> Vec<Value> {
    let mut log = Log::new();
    log.table("t").field(1, "f", field_type).insert(1, 0);
    for &value in values {
        log.update(1, 0, 1, value);
    }
    objects(&[], &log).into_iter().skip(3).map(|mut object| object["value"].take()).collect()
}

#[test]
fn numbers_that_json_does_not_know_are_tagged() {
    let bits = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN, f64::from_bits(0x7ff0_0000_0000_0001)];
    let expected =
        ["inf", "-inf", "nan", "-nan", "nan(0x7ff0000000000001)"].map(|text| json!({"float": text}));
    assert_eq!(values_of(Type::Float64, &bits.map(Held::Float64)), expected);
    let found = values_of(Type::Float32, &[Held::Float32(f32::from_bits(0x7fc0_0001))]);
    assert_eq!(found, [json!({"float": "nan(0x7fc00001)"})]);
}

#[test]
fn single_floats_keep_their_bits_as_json_numbers() {
    let numbers = singles();
    let held: Vec<Held<'_>> = numbers.iter().copied().map(Held::Float32).collect();
    for (number, found) in numbers.iter().zip(values_of(Type::Float32, &held)) {
        assert_eq!((found.as_f64().unwrap() as f32).to_bits(), number.to_bits(), "{number:e}");
    }
}

/// serde_json does not read numbers to the last bit, so they are parsed as the text they are.
#[test]
fn doubles_keep_their_bits_as_json_numbers() {
    let scene = Scene::new();
    let numbers = crate::scene::doubles();
    let mut log = Log::new();
    log.table("t").field(1, "f", Type::Float64).insert(1, 0);
    for &number in &numbers {
        log.update(1, 0, 1, Held::Float64(number));
    }
    let text = dumped(&["--json"], &scene.file("a.joedb", &log.clean()));
    for (line, number) in text.lines().skip(3).zip(numbers) {
        let (_, value) = line.rsplit_once(':').unwrap();
        let found: f64 = value.trim_end_matches('}').parse().unwrap();
        assert_eq!(found.to_bits(), number.to_bits(), "{line}");
    }
}

#[test]
fn text_is_text_and_other_bytes_are_tagged() {
    let texts = ["", "it's \"x\" \\", "two\nlines\t\r\0", "\u{9b}\u{202e}é🙂\u{7f}"];
    let found = values_of(Type::String, &texts.map(|text| Held::String(text.as_bytes())));
    assert_eq!(found, texts.map(|text| json!(text)));
    let found = values_of(Type::String, &[Held::String(b"\xff\x00")]);
    assert_eq!(found, [json!({"base64": "/wA="})]);
}

#[test]
fn null_truth_and_blob_values_have_their_own_form() {
    assert_eq!(values_of(Type::Boolean, &[true, false].map(Held::Boolean)), [json!(true), json!(false)]);
    let blob = Held::Blob(BlobPosition { position: 43, size: Some(4) });
    assert_eq!(values_of(Type::Blob, &[blob]), [json!({"position": 43, "size": 4})]);
    let mut log = Log::new();
    log.table("t").reference(1, "r", 1).insert(1, 0).update(1, 0, 1, Held::Reference(RecordId::NULL));
    assert_eq!(objects(&[], &log)[3]["value"], Value::Null);
}

#[test]
fn the_data_of_a_blob_is_base64_on_request() {
    let mut log = Log::new();
    log.blob(b"four");
    let object = json!({"kind": "blob", "data_position": 43, "size": 4});
    assert_eq!(objects(&[], &log).into_iter().map(without_place).collect::<Vec<_>>(), [object]);
    assert_eq!(objects(&["--blob"], &log)[0]["data"], json!({"base64": "Zm91cg=="}));
}

#[test]
fn the_values_of_a_vector_are_an_array() {
    let mut encoder = joedb::Encoder::new(Version::V5);
    encoder.push(&Entry::CreateTable { name: b"t" });
    let field_type = joedb::FieldType::Plain(Type::Int16);
    encoder.push(&Entry::AddField { table: TableId(1), name: b"f", field_type });
    for values in [&[Held::Int16(7), Held::Int16(-8)][..], &[]] {
        encoder.push_vector(TableId(1), RecordId(3), FieldId(1), Type::Int16, values);
    }
    let scene = Scene::new();
    let found = lines(&[], &scene.file("a.joedb", &encoder.file()));
    assert_eq!(
        (&found[2]["record"], &found[2]["count"], &found[2]["values"]),
        (&json!(3), &json!(2), &json!([7, -8]))
    );
    assert_eq!((&found[3]["count"], &found[3]["values"]), (&json!(0), &json!([])));
}

#[test]
fn schema_only_and_ranges_apply_to_json_too() {
    let sample = Sample::new();
    let kinds = |options: &[&str]| -> Vec<String> {
        let objects = objects(options, &sample.log);
        objects.iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&["--schema-only"]), ["create_table", "add_field"]);
    assert_eq!(kinds(&["--from", &sample.first.to_string()]), ["append", "update_last", "comment"]);
}
