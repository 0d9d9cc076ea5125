//! Parquet, read back with the parquet crate.

use crate::sample::{Tables, assert_same, logs, null_blobs, state};
use crate::tables::{Held, Rows};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array as _, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use joedb::export::parquet::{Entries, PartitionedEntries, Partitions, write_directory, write_table};
use joedb::export::{Exported, NewDirectory};
use joedb::recovery::Unattended;
use joedb::replay::{Range, Tolerance, replay};
use joedb::storage::Existing;
use joedb::{
    Encoder, Entry, FieldId, FieldType, InsertForm, Journal, RecordId, TableId, Type, UpdateForm, Value,
    Version,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU64;
use std::path::Path;

fn made(bytes: &[u8], partitions: Partitions, path: &Path) -> Exported {
    let mut directory = NewDirectory::create(path, Existing::Refuse, "parquet").unwrap();
    let exported = write_directory(&state(bytes).all(), &mut directory, partitions, None, &mut Unattended);
    directory.finish(None).unwrap();
    exported.unwrap()
}

fn batches(path: &Path) -> Vec<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    builder.build().unwrap().map(Result::unwrap).collect()
}

/// The rows of a file, with names and types as the columns' metadata have them.
fn read(path: &Path, into: &mut Rows) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    let columns = builder.schema().fields().iter().skip(1);
    into.fields = columns.map(|column| (column.name().clone(), column.metadata()["joedb"].clone())).collect();
    for batch in builder.build().unwrap() {
        let batch = batch.unwrap();
        let ids = batch.column(0).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter().skip(1).zip(&into.fields);
            let values = values.map(|(column, (_, declared))| held(declared, column, row)).collect();
            assert_eq!(into.values.insert(ids.value(row), values), None);
        }
    }
}

fn held(declared: &str, column: &ArrayRef, row: usize) -> Held {
    match declared {
        "int8" => Held::Number(column.as_primitive::<Int8Type>().value(row).into()),
        "int16" => Held::Number(column.as_primitive::<Int16Type>().value(row).into()),
        "int32" => Held::Number(column.as_primitive::<Int32Type>().value(row).into()),
        "int64" => Held::Number(column.as_primitive::<Int64Type>().value(row)),
        "boolean" => Held::Number(column.as_boolean().value(row).into()),
        "float32" => Held::Bits(column.as_primitive::<Float32Type>().value(row).to_bits().into()),
        "float64" => Held::Bits(column.as_primitive::<Float64Type>().value(row).to_bits()),
        "string" if *column.data_type() == DataType::Utf8 => {
            Held::Text(column.as_string::<i32>().value(row).as_bytes().to_vec())
        }
        "string" => Held::Text(column.as_binary::<i32>().value(row).to_vec()),
        "blob" if column.is_null(row) => Held::Blob(None),
        "blob" => Held::Blob(Some(column.as_binary::<i32>().value(row).to_vec())),
        _ if column.is_null(row) => Held::Reference(-1),
        _ => Held::Reference(column.as_primitive::<Int64Type>().value(row)),
    }
}

fn read_all(path: &Path, exported: &Exported) -> Tables {
    let mut tables = BTreeMap::new();
    for table in &exported.tables {
        let mut rows = Rows::default();
        for file in &table.files {
            read(&path.join(file), &mut rows);
        }
        for (_, declared) in &mut rows.fields {
            *declared = declared.replace("references a dropped table", "references ?");
        }
        tables.insert(table.name.clone(), rows);
    }
    tables
}

#[test]
fn every_log_comes_back_value_by_value() {
    let directory = tempfile::tempdir().unwrap();
    for (number, (name, bytes)) in logs().into_iter().enumerate() {
        let path = directory.path().join(number.to_string());
        let exported = made(&bytes, Partitions::None, &path);
        assert_same(&name, &bytes, &read_all(&path, &exported), null_blobs);
    }
}

#[test]
fn partitions_have_so_many_rows_and_are_the_table_together() {
    let directory = tempfile::tempdir().unwrap();
    for (number, (name, bytes)) in logs().into_iter().enumerate().take(4) {
        let path = directory.path().join(number.to_string());
        let exported = made(&bytes, Partitions::Rows(NonZeroU64::new(10).unwrap()), &path);
        for table in &exported.tables {
            assert_eq!(table.files.len() as u64, table.rows.div_ceil(10).max(1));
            assert_eq!(table.files[0], format!("{}-00000.parquet", table.name));
            for (index, file) in (0..).zip(&table.files) {
                let rows: usize = batches(&path.join(file)).iter().map(RecordBatch::num_rows).sum();
                assert_eq!(rows as u64, (table.rows - 10 * index).min(10));
            }
        }
        assert_same(&name, &bytes, &read_all(&path, &exported), null_blobs);
    }
}

#[test]
fn one_table_goes_to_a_writer() {
    let (_, bytes) = logs().swap_remove(0);
    let (state, mut written) = (state(&bytes), Vec::new());
    let selection = state.select(&["order"]).unwrap();
    let exported = write_table(&selection, &selection.tables()[0], &mut written, &mut Unattended).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(written)).unwrap();
    assert_eq!(builder.metadata().file_metadata().num_rows().unsigned_abs(), exported.rows);
}

/// Two records, of which a field of either type has a NaN, and one has none.
fn with_nan() -> Vec<u8> {
    let (mut log, table) = (Encoder::new(Version::V5), TableId(1));
    log.push(&Entry::CreateTable { name: b"t" });
    for (name, plain) in [("single", Type::Float32), ("double", Type::Float64), ("number", Type::Float64)] {
        log.push(&Entry::AddField { table, name: name.as_bytes(), field_type: FieldType::Plain(plain) });
    }
    log.push(&Entry::InsertVector { table, first: RecordId(0), count: 2 });
    let values = [Value::Float32(f32::NAN), Value::Float64(f64::NAN), Value::Float64(2.0)];
    for (field, value) in (1..).map(FieldId).zip(values) {
        let (record, form) = (RecordId(1), UpdateForm::Update);
        log.push(&Entry::Update { table, record, field, value, form });
    }
    log.file()
}

/// The columns of which a file tells least and greatest.
fn with_statistics(path: &Path) -> Vec<String> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    let columns = builder.metadata().row_group(0).columns().iter();
    let with =
        columns.filter(|column| column.statistics().is_some() || column.column_index_offset().is_some());
    with.map(|column| column.column_path().string()).collect()
}

/// Least and greatest are of the other values then, and readers take them for those of all.
#[test]
fn a_column_with_a_nan_has_no_statistics() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tables");
    made(&with_nan(), Partitions::None, &path);
    assert_eq!(with_statistics(&path.join("t.parquet")), ["__id", "number"]);
    let mut journal = Journal::from_bytes(with_nan()).unwrap();
    let (end, entries) = (journal.size(), directory.path().join("entries.parquet"));
    let mut sink = Entries::new(fs::File::create(&entries).unwrap()).unwrap();
    replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut sink, &mut |_| {}).unwrap();
    sink.finish().unwrap();
    let columns = with_statistics(&entries);
    assert!(columns.contains(&"value_int64".to_owned()), "{columns:?}");
    assert!(!columns.contains(&"value_float64".to_owned()), "{columns:?}");
}

/// A log with an entry of each kind that holds something of its own.
fn every_kind() -> Encoder {
    let mut log = Encoder::new(Version::V5);
    let (table, field, record) = (TableId(1), FieldId(1), RecordId(5));
    let types = [Type::String, Type::Float32, Type::Int64, Type::Boolean, Type::Blob];
    log.push(&Entry::CreateTable { name: b"t" });
    for (name, plain) in ["s", "f", "i", "b", "d"].into_iter().zip(types) {
        log.push(&Entry::AddField { table, name: name.as_bytes(), field_type: FieldType::Plain(plain) });
    }
    log.push(&Entry::Insert { table, record, form: InsertForm::InsertInto });
    let blob = joedb::BlobPosition { position: 0, size: Some(0) };
    let values = [
        Value::String("é".as_bytes()),
        Value::String(b"\xff"),
        Value::Float32(0.1),
        Value::Int64(i64::MIN),
        Value::Boolean(true),
        Value::Blob(blob),
    ];
    for (field, value) in [1, 1, 2, 3, 4, 5].map(FieldId).into_iter().zip(values) {
        log.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update });
    }
    log.push(&Entry::RenameField { table, field, name: b"text" });
    log.push(&Entry::Timestamp { seconds: 1_745_000_000 });
    log.push(&Entry::Blob { position: 0, data: b"data" });
    log.push(&Entry::InsertVector { table, first: RecordId(6), count: 2 });
    log.push(&Entry::ValidData);
    log
}

/// A row of the table of entries, with a dash for what is null.
fn line(batch: &RecordBatch, row: usize) -> String {
    let cell = |column: &ArrayRef| match column.data_type() {
        _ if column.is_null(row) => "-".to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Binary => format!("{:?}", column.as_binary::<i32>().value(row)),
        _ => column.as_string::<i32>().value(row).to_owned(),
    };
    batch.columns().iter().map(cell).collect::<Vec<String>>().join(" ")
}

#[test]
fn an_entry_is_a_row_with_all_that_it_holds() {
    let mut journal = Journal::from_bytes(every_kind().file()).unwrap();
    let (end, mut written) = (journal.size(), Vec::new());
    let mut entries = Entries::new(&mut written).unwrap();
    replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut entries, &mut |_| {}).unwrap();
    assert_eq!(entries.entries(), 18);
    entries.finish().unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(written)).unwrap();
    let batch = builder.build().unwrap().next().unwrap().unwrap();
    let lines: Vec<String> = (0..batch.num_rows()).map(|row| line(&batch, row)).collect();
    assert_eq!(
        lines,
        [
            "41 3 create_table 1 - - - - - - t - - - -",
            "44 5 add_field 1 t - - 1 - string s - - - -",
            "49 5 add_field 1 t - - 2 - float32 f - - - -",
            "54 5 add_field 1 t - - 3 - int64 i - - - -",
            "59 5 add_field 1 t - - 4 - boolean b - - - -",
            "64 5 add_field 1 t - - 5 - blob d - - - -",
            "69 3 insert_into 1 t 5 - - - - - - - - -",
            "72 5 update_last 1 t 5 - 1 s string é - - - -",
            "77 4 update_last 1 t 5 - 1 s string - - - [255] -",
            "81 6 update_last 1 t 5 - 2 f float32 0.1 - 0.10000000149011612 - -",
            "87 10 update_last 1 t 5 - 3 i int64 -9223372036854775808 -9223372036854775808 - - -",
            "97 3 update_last 1 t 5 - 4 b boolean true 1 - - -",
            "100 4 update_last 1 t 5 - 5 d blob {\"position\":0,\"size\":0} 0 - - 0",
            "104 8 rename_field 1 t - - 1 s - text - - - -",
            "112 9 timestamp - - - - - - - 2025-04-18T18:13:20Z 1745000000 - - -",
            "121 6 blob - - - - - - - - 123 - - 4",
            "127 4 insert_vector 1 t 6 2 - - - - - - - -",
            "131 1 valid_data - - - - - - - - - - - -",
        ]
    );
}

#[test]
fn entries_in_partitions_are_all_entries() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("entries");
    let mut journal = Journal::from_bytes(every_kind().file()).unwrap();
    let end = journal.size();
    let mut made = NewDirectory::create(&path, Existing::Refuse, "parquet").unwrap();
    let (partitions, mut supervisor) = (Partitions::Rows(NonZeroU64::new(9).unwrap()), Unattended);
    let mut entries = PartitionedEntries::new(&mut made, partitions, None, &mut supervisor);
    replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut entries, &mut |_| {}).unwrap();
    let written = entries.finish().unwrap();
    made.finish(None).unwrap();
    assert_eq!(written.files, ["entries-00000.parquet", "entries-00001.parquet"]);
    let rows = written.files.iter().flat_map(|file| batches(&path.join(file)));
    assert_eq!((written.entries, rows.map(|batch| batch.num_rows()).sum()), (18, 18_usize));
}
