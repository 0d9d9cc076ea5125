//! Every value of a table.

use crate::session::Session;
use crate::tables::{Held, Rows};
use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};

/// Asserts that a table is the same row by row; how many values were compared.
pub(crate) fn compare(session: &Session, name: &str, expected: &Rows) -> u64 {
    let ids = ("__id".to_owned(), String::new());
    let columns: Vec<(String, String)> = std::iter::once(&ids).chain(&expected.fields).cloned().collect();
    let dropped = |(name, declared): (String, String)| (name, declared.replace("a dropped table", "?"));
    let found: Vec<(String, String)> = session.columns(name).into_iter().map(dropped).collect();
    assert_eq!(found, columns, "{name}");
    let (mut rows, mut values) = (expected.values.iter(), 0);
    for batch in session.ask(&format!(r#"SELECT * FROM "{name}" ORDER BY "__id""#)) {
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let found = batch.columns().iter().skip(1).zip(&expected.fields);
        let found: Vec<Vec<Held>> = found.map(|(column, (_, declared))| held(declared, column)).collect();
        for (row, (id, expected)) in (0..batch.num_rows()).zip(&mut rows) {
            assert_eq!(ids.value(row), *id, "{name}");
            let found: Vec<Held> = found.iter().map(|column| column[row].clone()).collect();
            let expected: Vec<Held> = expected.iter().map(null_blob).collect();
            assert_eq!(found, expected, "{name} {id}");
            values += found.len() as u64;
        }
    }
    assert_eq!(rows.next(), None, "{name}: rows are missing");
    values
}

/// A blob that was never set, and one that is elsewhere, are null in Parquet.
fn null_blob(held: &Held) -> Held {
    match held {
        Held::Blob(Some(data)) if data.is_empty() => Held::Blob(None),
        other => other.clone(),
    }
}

/// The values of a column, whose type has to be the one that fits what it is in joedb.
fn held(declared: &str, column: &ArrayRef) -> Vec<Held> {
    let rows = 0..column.len();
    let numbers = || cast(column, &DataType::Int64).unwrap();
    let bytes = || cast(column, &DataType::BinaryView).unwrap();
    match (declared, column.data_type()) {
        ("int8", DataType::Int8)
        | ("int16", DataType::Int16)
        | ("int32", DataType::Int32)
        | ("int64", DataType::Int64)
        | ("boolean", DataType::Boolean) => {
            let numbers = numbers();
            rows.map(|row| Held::Number(numbers.as_primitive::<Int64Type>().value(row))).collect()
        }
        ("float32", DataType::Float32) => {
            let floats = column.as_primitive::<Float32Type>();
            rows.map(|row| Held::Bits(floats.value(row).to_bits().into())).collect()
        }
        ("float64", DataType::Float64) => {
            let floats = column.as_primitive::<Float64Type>();
            rows.map(|row| Held::Bits(floats.value(row).to_bits())).collect()
        }
        ("string", DataType::Utf8View | DataType::BinaryView) => {
            let bytes = bytes();
            rows.map(|row| Held::Text(bytes.as_binary_view().value(row).to_vec())).collect()
        }
        ("blob", DataType::BinaryView) => {
            let data = column.as_binary_view();
            rows.map(|row| data.is_valid(row).then(|| data.value(row).to_vec()))
                .map(|data| null_blob(&Held::Blob(data)))
                .collect()
        }
        (_, DataType::Int64) if declared.starts_with("references ") => {
            let records = column.as_primitive::<Int64Type>();
            rows.map(|row| Held::Reference(if records.is_null(row) { -1 } else { records.value(row) }))
                .collect()
        }
        (declared, found) => panic!("{found} found for {declared}"),
    }
}
