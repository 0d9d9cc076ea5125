//! JSON without loss, parsed by serde_json.

use crate::sample::{Tables, assert_same, logs, state};
use crate::tables::{Held, Rows};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use joedb::export::json::write;
use joedb::recovery::Unattended;
use serde_json::Value;

fn written(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let exported = write(&state(bytes).all(), &mut text, &mut Unattended).unwrap();
    assert_eq!(exported.rows(), state(bytes).all().rows());
    text
}

/// The tables of a text, by a reader that takes them for what the documentation says.
fn read(text: &[u8]) -> Tables {
    let json: Value = serde_json::from_slice(text).unwrap();
    let tables = json["tables"].as_object().unwrap();
    tables.iter().map(|(name, table)| (name.clone(), rows(table))).collect()
}

fn rows(table: &Value) -> Rows {
    // serde_json gives members in the order of their names, the log in that of their ids.
    let mut fields: Vec<(&String, &Value)> = table["fields"].as_object().unwrap().iter().collect();
    fields.sort_by_key(|(_, field)| field["id"].as_u64().unwrap());
    let types = fields.iter().map(|(name, field)| ((*name).clone(), declared(field)));
    let row = |row: &Value| {
        let values = fields.iter().map(|(name, field)| held(field, &row[name.as_str()]));
        assert_eq!(row.as_object().unwrap().len(), fields.len() + 1);
        (row["__id"].as_i64().unwrap(), values.collect())
    };
    Rows { fields: types.collect(), values: table["rows"].as_array().unwrap().iter().map(row).collect() }
}

fn declared(field: &Value) -> String {
    match field["type"].as_str().unwrap() {
        "references" => format!("references {}", field["references"].as_str().unwrap_or("?")),
        plain => plain.to_owned(),
    }
}

fn base64(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn held(field: &Value, value: &Value) -> Held {
    match field["type"].as_str().unwrap() {
        "string" => Held::Text(
            value.as_str().map_or_else(|| base64(&value["base64"]), |text| text.as_bytes().to_vec()),
        ),
        "boolean" => Held::Number(value.as_bool().unwrap().into()),
        "references" => Held::Reference(if value.is_null() { -1 } else { value.as_i64().unwrap() }),
        "float32" => Held::Bits(single(value).into()),
        "float64" => Held::Bits(double(value)),
        "blob" if value.is_null() => Held::Blob(Some(Vec::new())),
        "blob" if value["data"].is_null() => Held::Blob(None),
        "blob" => Held::Blob(Some(base64(&value["data"]))),
        _ => Held::Number(value.as_i64().unwrap()),
    }
}

fn single(value: &Value) -> u32 {
    match value["float"].as_str() {
        Some("nan") => 0x7fc0_0000,
        Some("-nan") => 0xffc0_0000,
        Some("inf") => 0x7f80_0000,
        Some("-inf") => 0xff80_0000,
        Some(bits) => u32::from_str_radix(&bits["nan(0x".len()..bits.len() - 1], 16).unwrap(),
        None => (value.as_f64().unwrap() as f32).to_bits(),
    }
}

fn double(value: &Value) -> u64 {
    match value["float"].as_str() {
        Some("nan") => 0x7ff8 << 48,
        Some("-nan") => 0xfff8 << 48,
        Some("inf") => 0x7ff0 << 48,
        Some("-inf") => 0xfff0 << 48,
        Some(bits) => u64::from_str_radix(&bits["nan(0x".len()..bits.len() - 1], 16).unwrap(),
        None => value.as_f64().unwrap().to_bits(),
    }
}

#[test]
fn every_log_of_the_corpus_comes_back_value_by_value() {
    for (name, bytes) in logs() {
        assert_same(&name, &bytes, &read(&written(&bytes)), Held::clone);
    }
}

#[test]
fn tables_that_were_not_asked_for_are_left_out_and_one_that_does_not_exist_is_named() {
    let (_, bytes) = logs().swap_remove(0);
    let state = state(&bytes);
    let mut text = Vec::new();
    write(&state.select(&["order"]).unwrap(), &mut text, &mut Unattended).unwrap();
    assert_eq!(read(&text).keys().collect::<Vec<_>>(), ["order"]);
    let refused = state.select(&["order", "nothing"]).err().unwrap().to_string();
    assert_eq!(refused, r#"no table "nothing" found, one of these expected: price, order"#);
}

#[test]
fn nothing_that_a_terminal_obeys_is_in_the_text() {
    for (name, bytes) in logs() {
        let text = String::from_utf8(written(&bytes)).unwrap();
        let obeyed = text.chars().find(|&c| c != '\n' && joedb::text::escape::is_obeyed_by_terminals(c));
        assert_eq!(obeyed, None, "{name}");
    }
}
