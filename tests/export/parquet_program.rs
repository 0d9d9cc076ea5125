//! `joedb_convert` as it is built with Parquet.

use crate::caught::Caught;
use assert_cmd::assert::Assert;
use joedb::{Encoder, Entry, FieldType, Head, InsertForm, RecordId, TableId, Type, Version};
use nix::sys::signal::Signal;
use predicates::str::contains;
use std::fs;
use std::path::Path;
use std::process::Command;

fn exported(directory: &Path, arguments: &[&str]) -> Assert {
    let mut convert = assert_cmd::cargo::cargo_bin_cmd!("joedb_convert");
    convert.current_dir(directory).args(arguments).assert().success()
}

#[test]
fn the_output_is_a_file_for_one_table_or_the_entries_and_else_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clean.joedb");
    fs::copy(fixture, root.join("a.joedb")).unwrap();
    let names = |name: &str| {
        let files = fs::read_dir(root.join(name)).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    exported(root, &["a.joedb", "o.parquet"]).stdout(contains("2 tables of 5 rows as Parquet"));
    assert_eq!(names("o.parquet"), ["city.parquet", "person.parquet"]);
    exported(root, &["--partition-rows", "2", "--table", "person", "a.joedb", "p.parquet"]);
    assert_eq!(names("p.parquet"), ["person-00000.parquet", "person-00001.parquet"]);
    exported(root, &["--entries", "a.joedb", "e.parquet"]).stdout(contains("33 entries as Parquet"));
    exported(root, &["--table", "city", "a.joedb", "city.parquet"]).stdout(contains("1 table of 2 rows"));
    for file in ["e.parquet", "city.parquet", "o.parquet/city.parquet"] {
        assert!(fs::read(root.join(file)).unwrap().starts_with(b"PAR1"));
    }
    exported(root, &["--entries", "--partition-rows", "30", "a.joedb", "f.parquet"]);
    assert_eq!(names("f.parquet"), ["entries-00000.parquet", "entries-00001.parquet"]);
}

/// A log of so many rows, each an entry of one byte, that they are not written before a look at the output.
fn large_log() -> Vec<u8> {
    const APPEND: u8 = 0x08;
    let (mut log, table) = (Encoder::new(Version::V5), TableId(1));
    log.push(&Entry::CreateTable { name: b"t" });
    log.push(&Entry::AddField { table, name: b"n", field_type: FieldType::Plain(Type::Int64) });
    log.push(&Entry::Insert { table, record: RecordId(0), form: InsertForm::InsertInto });
    let rows = vec![APPEND; 32 * 1024 * 1024];
    let head = Head::hard(Version::V5, log.position() + rows.len() as u64);
    [&log.file_with(head)[..], &rows].concat()
}

/// An export in the middle of its work.
fn caught(input: &Path, options: &[&str], output: &Path) -> Caught {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("joedb_convert"));
    command.arg("--force").args(options).arg(input).arg(output);
    Caught::writing(&mut command, output.parent().unwrap())
}

#[test]
fn a_signal_in_the_middle_leaves_an_earlier_output_and_nothing_else() {
    let source = tempfile::tempdir().unwrap();
    let input = source.path().join("a.joedb");
    fs::write(&input, large_log()).unwrap();
    let (one_file, directory) = ("out.parquet", "out.parquet/t.parquet");
    let exports: [(&[&str], &str); 5] = [
        (&["--table=t"], one_file),
        (&["--entries"], one_file),
        (&[], directory),
        (&["--partition-rows=1000"], directory),
        (&["--entries", "--partition-rows=1000"], directory),
    ];
    for (options, earlier) in exports {
        for (signal, code) in [(Signal::SIGTERM, Some(143)), (Signal::SIGKILL, None)] {
            let scene = tempfile::tempdir().unwrap();
            let (output, earlier) = (scene.path().join("out.parquet"), scene.path().join(earlier));
            fs::create_dir_all(earlier.parent().unwrap()).unwrap();
            fs::write(&earlier, b"precious").unwrap();
            let ended = caught(&input, options, &output).go_on_with(signal);
            assert_eq!(ended.code, code, "{options:?}: {ended:?}");
            assert_eq!(fs::read(&earlier).unwrap(), b"precious");
            let left = fs::read_dir(scene.path()).unwrap().count();
            assert!(left == 1 || signal == Signal::SIGKILL, "{options:?}: {left} files are left");
        }
    }
}
