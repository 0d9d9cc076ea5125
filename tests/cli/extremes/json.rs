//! `--json`, entry by entry.

use super::author::{Act, FIELDS, Form, Place, TABLES, Written, book};
use super::data::Datum;
use crate::scene::{Scene, dumped};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use joedb::Type;
use serde_json::{Map, Value, json};

fn kind(act: &Act) -> &'static str {
    match act {
        Act::CreateTable(_) => "create_table",
        Act::AddField { .. } => "add_field",
        Act::Insert { append: false, .. } => "insert_into",
        Act::Insert { append: true, .. } => "append",
        Act::InsertVector { .. } => "insert_vector",
        Act::Delete { .. } => "delete_from",
        Act::DeleteVector { .. } => "delete_vector",
        Act::Update { form: Form::Update, .. } => "update",
        Act::Update { form: Form::Last, .. } => "update_last",
        Act::Update { form: Form::Next, .. } => "update_next",
        Act::UpdateVector { .. } => "update_vector",
        Act::Blob { .. } => "blob",
        Act::Comment(_) => "comment",
        Act::Timestamp(_) => "timestamp",
        Act::ValidData => "valid_data",
        Act::Custom(_) => "custom",
    }
}

/// A string, or bytes in base64 where they are no text.
fn bytes(value: &Value) -> Vec<u8> {
    if let Some(text) = value.as_str() {
        return text.as_bytes().to_vec();
    }
    let bytes = STANDARD.decode(value["base64"].as_str().unwrap()).unwrap();
    assert!(std::str::from_utf8(&bytes).is_err(), "text in base64: {value}");
    bytes
}

/// The bits of a double, or of a float that JSON does not know.
fn double(value: &Value, usual_nan: u64, infinity: u64, sign: u32) -> Result<u64, f64> {
    let Some(text) = value["float"].as_str() else { return Err(value.as_f64().unwrap()) };
    let (sign, text) = text.strip_prefix('-').map_or((0, text), |rest| (1 << sign, rest));
    Ok(match text {
        "inf" => sign | infinity,
        "nan" => sign | usual_nan,
        bits => {
            u64::from_str_radix(bits.strip_prefix("nan(0x").unwrap().strip_suffix(')').unwrap(), 16).unwrap()
        }
    })
}

fn integer<T: TryFrom<i64, Error: std::fmt::Debug>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).unwrap()
}

fn datum(of: Type, value: &Value) -> Datum {
    match of {
        Type::String => Datum::String(bytes(value)),
        Type::Int8 => Datum::Int8(integer(value)),
        Type::Int16 => Datum::Int16(integer(value)),
        Type::Int32 => Datum::Int32(integer(value)),
        Type::Int64 => Datum::Int64(integer(value)),
        Type::Reference => Datum::Reference(if value.is_null() { -1 } else { integer(value) }),
        Type::Boolean => Datum::Boolean(value.as_bool().unwrap()),
        Type::Float32 => Datum::Single(match double(value, 0x7fc0_0000, 0x7f80_0000, 31) {
            Ok(bits) => u32::try_from(bits).unwrap(),
            Err(number) => (number as f32).to_bits(),
        }),
        Type::Float64 => {
            let read = double(value, 0x7ff8 << 48, 0x7ff0 << 48, 63);
            Datum::Double(read.unwrap_or_else(f64::to_bits))
        }
        Type::Blob => {
            let [position, size] = ["position", "size"].map(|name| value[name].as_u64().unwrap());
            Datum::Blob { position, size }
        }
    }
}

fn type_of(value: &Datum) -> Type {
    value.value().value_type()
}

/// The members of an object beside those that hold values.
fn expected(written: &Written) -> Map<String, Value> {
    let table = |table: &u16| json!({"table_id": table, "table": TABLES[usize::from(*table) - 1]});
    let records = |table_id: &u16, first: &i64, count: u64| json!({"record": first, "count": count, "table_id": table_id, "table": TABLES[usize::from(*table_id) - 1]});
    let place = |place: &Place, of: Type| {
        let field = FIELDS[usize::from(place.field) - 1];
        let mut object =
            json!({"record": place.record, "field_id": place.field, "field": field, "type": of.name()});
        join(&mut object, table(&place.table));
        object
    };
    let mut object = match &written.act {
        Act::CreateTable(name) => table(&(1 + u16::from(*name == TABLES[1]))),
        Act::AddField { table: id, name, of } => {
            let field_id = 1 + FIELDS.iter().position(|field| field == name).unwrap();
            let mut object = json!({"field_id": field_id, "field": name, "type": of.name()});
            if *of == Type::Reference {
                join(&mut object, json!({"type": "references", "references_id": 1, "references": TABLES[0]}));
            }
            join(&mut object, table(id));
            object
        }
        Act::Insert { table: id, record, .. } | Act::Delete { table: id, record } => {
            let mut object = json!({"record": record});
            join(&mut object, table(id));
            object
        }
        Act::InsertVector { table, first, count } | Act::DeleteVector { table, first, count } => {
            records(table, first, *count)
        }
        Act::Update { place: at, value, .. } => place(at, type_of(value)),
        Act::UpdateVector { place: at, of, values } => {
            let mut object = place(at, *of);
            join(&mut object, json!({"count": values.len()}));
            object
        }
        Act::Blob { data_at, data } => json!({"data_position": data_at, "size": data.len()}),
        Act::Timestamp(seconds) => json!({"seconds": seconds}),
        Act::Custom(name) => json!({"name": name}),
        Act::Comment(_) | Act::ValidData => json!({}),
    };
    let Written { begin, end, .. } = written;
    join(&mut object, json!({"position": begin, "length": end - begin, "kind": kind(&written.act)}));
    object.as_object().unwrap().clone()
}

fn join(object: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("{more}") };
    object.as_object_mut().unwrap().extend(more);
}

/// Takes the values out of an object and compares them; what is left are operands.
fn assert_values(written: &Written, object: &mut Map<String, Value>) {
    match &written.act {
        Act::Update { value, .. } => {
            assert_eq!(datum(type_of(value), &object.remove("value").unwrap()), *value);
        }
        Act::UpdateVector { of, values, .. } => {
            let found = object.remove("values").unwrap();
            let found: Vec<Datum> = found.as_array().unwrap().iter().map(|value| datum(*of, value)).collect();
            assert_eq!(found, *values);
        }
        Act::Comment(text) => assert_eq!(bytes(&object.remove("text").unwrap()), *text),
        Act::Blob { data, .. } => {
            let found = object.remove("data").unwrap();
            assert_eq!(STANDARD.decode(found["base64"].as_str().unwrap()).unwrap(), *data);
        }
        // The date is tested where dates are.
        Act::Timestamp(_) => assert!(object.remove("utc").is_some_and(|date| date.is_string())),
        _ => {}
    }
}

#[test]
fn every_entry_comes_back_from_json() {
    let (scene, book) = (Scene::new(), book());
    let text = dumped(&["-q", "--json", "--blob"], &scene.file("a.joedb", &book.file));
    assert_eq!(text.lines().count(), book.written.len());
    for (line, written) in text.lines().zip(&book.written) {
        let mut object: Map<String, Value> = serde_json::from_str(line).unwrap();
        assert_values(written, &mut object);
        assert_eq!(object, expected(written));
    }
}
