//! A new directory is whole or not there, and takes nothing away that an export did not make.

use joedb::export::NewDirectory;
use joedb::recovery::{ApplyError, Unattended};
use joedb::storage::Existing;
use std::fs;
use std::io::Write as _;
use std::path::Path;

fn make(path: &Path, existing: Existing, names: &[&str]) -> Result<(), ApplyError> {
    let mut directory = NewDirectory::create(path, existing, "csv")?;
    for name in names {
        let mut file = directory.file(name)?;
        file.write_all(name.as_bytes()).unwrap();
        directory.finish_file(file, None, &mut Unattended)?;
    }
    let written = directory.finish(None)?;
    assert_eq!(written.bytes, names.iter().map(|name| name.len() as u64).sum::<u64>());
    Ok(())
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn its_files_appear_all_at_once_and_for_its_owner_alone() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    let directory = NewDirectory::create(&path, Existing::Refuse, "csv").unwrap();
    drop(directory.file("a.csv").unwrap());
    assert!(!path.exists());
    drop(directory);
    assert!(names(root.path()).is_empty());
    make(&path, Existing::Refuse, &["a.csv", "b.csv"]).unwrap();
    assert_eq!(
        (names(root.path()), names(&path)),
        (vec!["out".into()], vec!["a.csv".into(), "b.csv".into()])
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(path.join("a.csv").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_an_export_left_is_replaced_if_that_is_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    make(&path, Existing::Refuse, &["a.csv"]).unwrap();
    assert!(matches!(make(&path, Existing::Refuse, &["b.csv"]), Err(ApplyError::Exists(_))));
    assert_eq!(names(&path), ["a.csv"]);
    make(&path, Existing::Replace, &["b.csv"]).unwrap();
    assert_eq!((names(root.path()), names(&path)), (vec!["out".into()], vec!["b.csv".into()]));
}

#[test]
fn anything_else_is_never_replaced() {
    let root = tempfile::tempdir().unwrap();
    let (file, foreign, nested) = (root.path().join("f"), root.path().join("g"), root.path().join("h"));
    fs::write(&file, "dear").unwrap();
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("letter.txt"), "dear").unwrap();
    fs::create_dir_all(nested.join("a.csv")).unwrap();
    for path in [&file, &foreign, &nested] {
        let refused = make(path, Existing::Replace, &["b.csv"]).unwrap_err().to_string();
        assert!(refused.contains("choose another name"), "{refused}");
    }
    assert_eq!(names(root.path()), ["f", "g", "h"]);
    assert_eq!(names(&foreign), ["letter.txt"]);
}

#[test]
#[cfg(unix)]
fn a_link_under_its_name_is_not_followed() {
    let root = tempfile::tempdir().unwrap();
    let (elsewhere, path) = (root.path().join("elsewhere"), root.path().join("out"));
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    for existing in [Existing::Refuse, Existing::Replace] {
        make(&path, existing, &["b.csv"]).unwrap_err();
    }
    assert!(names(&elsewhere).is_empty());
}
