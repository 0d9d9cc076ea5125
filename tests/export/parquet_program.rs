//! `joedb_convert` as it is built with Parquet.

use assert_cmd::assert::Assert;
use predicates::str::contains;
use std::fs;
use std::path::Path;

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
