//! CSV, parsed by the csv crate.

use crate::sample::{Tables, assert_same, logs, null_blobs, state};
use crate::tables::{Held, Rows};
use joedb::export::NewDirectory;
use joedb::export::csv::write_directory;
use joedb::recovery::Unattended;
use joedb::storage::Existing;
use std::fs;
use std::path::Path;

fn made(bytes: &[u8], path: &Path) {
    let mut directory = NewDirectory::create(path, Existing::Refuse, "csv").unwrap();
    write_directory(&state(bytes).all(), &mut directory, None, &mut Unattended).unwrap();
    directory.finish(None).unwrap();
}

/// The tables of a directory, with the types that the log declares.
fn read(path: &Path, declared: &Tables) -> Tables {
    assert_eq!(fs::read_dir(path).unwrap().count(), declared.len());
    let table = |(name, rows): (&String, &Rows)| {
        let mut reader = csv::Reader::from_path(path.join(format!("{name}.csv"))).unwrap();
        let head = reader.byte_headers().unwrap().clone();
        let names = rows.fields.iter().map(|(name, _)| name.as_bytes());
        assert!(head.iter().eq(std::iter::once(&b"__id"[..]).chain(names)));
        let row = |line: csv::ByteRecord| {
            let values = rows.fields.iter().zip(line.iter().skip(1));
            let id = std::str::from_utf8(&line[0]).unwrap().parse().unwrap();
            (id, values.map(|((_, declared), value)| held(declared, value)).collect())
        };
        let values = reader.byte_records().map(|line| row(line.unwrap())).collect();
        (name.clone(), Rows { fields: rows.fields.clone(), values })
    };
    declared.iter().map(table).collect()
}

fn held(declared: &str, value: &[u8]) -> Held {
    let text = std::str::from_utf8(value).unwrap_or_default();
    match declared {
        "string" => Held::Text(value.to_vec()),
        "boolean" => Held::Number(text.parse::<bool>().unwrap().into()),
        "float32" => Held::Bits(match nan(text, 0x7fc0_0000, 31) {
            Some(bits) => bits,
            None => text.parse::<f32>().unwrap().to_bits().into(),
        }),
        "float64" => {
            Held::Bits(nan(text, 0x7ff8 << 48, 63).unwrap_or_else(|| text.parse::<f64>().unwrap().to_bits()))
        }
        "blob" if value.is_empty() => Held::Blob(None),
        "blob" => Held::Blob(Some(hex(text.strip_prefix("\\x").unwrap()))),
        reference if reference.starts_with("references") && text.is_empty() => Held::Reference(-1),
        reference if reference.starts_with("references") => Held::Reference(text.parse().unwrap()),
        _ => Held::Number(text.parse().unwrap()),
    }
}

fn nan(text: &str, usual: u64, sign: u32) -> Option<u64> {
    match text {
        "nan" => Some(usual),
        "-nan" => Some(usual | 1 << sign),
        _ => u64::from_str_radix(text.strip_prefix("nan(0x")?.strip_suffix(')')?, 16).ok(),
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn every_log_comes_back_value_by_value() {
    let directory = tempfile::tempdir().unwrap();
    for (number, (name, bytes)) in logs().into_iter().enumerate() {
        let path = directory.path().join(number.to_string());
        made(&bytes, &path);
        let found = read(&path, &crate::tables::tables(&bytes));
        assert_same(&name, &bytes, &found, null_blobs);
    }
}
