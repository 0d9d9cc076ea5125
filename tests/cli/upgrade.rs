//! Files of version 4 become files of version 5.

use crate::log::{Log, Sample, signed};
use crate::scene::{Scene, convert, corpus_files, dumped, logdump};
use crate::tables::{Held, tables, tables_at};
use joedb::{BlobPosition, Entry, RecordId, Type, Value, Version};
use predicates::str::{contains, is_empty};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that an upgrade makes of these bytes.
fn upgraded(scene: &Scene, bytes: &[u8]) -> Vec<u8> {
    let (input, output) = (scene.file("old.joedb", bytes), scene.path("new.joedb"));
    convert().args(["--force", "--upgrade"]).args([&input, &output]).assert().success().stderr(is_empty());
    fs::read(output).unwrap()
}

fn version_4_files() -> Vec<PathBuf> {
    corpus_files("v4")
}

// ---- What is in it -----------------------------------------------------------------------------------------

#[test]
fn the_tables_of_every_version_4_file_are_the_same_afterwards_value_by_value() {
    let mut values = 0;
    for path in version_4_files() {
        let old = fs::read(&path).unwrap();
        let new = upgraded(&Scene::new(), &old);
        let found = tables(&new);
        assert!(found == tables(&old), "{}", path.display());
        let rows = found.values().flat_map(|table| table.values.values());
        values += rows.map(Vec::len).sum::<usize>();
    }
    assert!(values > 3000, "{values} values were compared");
}

#[test]
fn the_reference_reads_what_was_made_as_it_did_when_this_was_recorded() {
    for path in version_4_files() {
        let scene = Scene::new();
        upgraded(&scene, &fs::read(&path).unwrap());
        let recorded = fs::read_to_string(path.with_extension("upgraded.dump")).unwrap();
        assert_eq!(dumped(&["-q", "--compat"], &scene.path("new.joedb")), recorded, "{}", path.display());
        logdump().args(["--check", "--require", "hard"]).arg(scene.path("new.joedb")).assert().success();
    }
}

/// Every kind of entry, positions apart, is still there.
#[test]
fn the_log_itself_is_the_same_too() {
    for path in version_4_files() {
        let scene = Scene::new();
        upgraded(&scene, &fs::read(&path).unwrap());
        let kinds = |path: &Path| {
            let dump = dumped(&["-q"], path);
            dump.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<String>>()
        };
        assert_eq!(kinds(&scene.path("new.joedb")), kinds(&path), "{}", path.display());
    }
}

/// Blob values, and blobs so far behind that positions need more bytes in version 5 than in version 4.
fn with_blobs() -> Log {
    let mut log = Log::of(Version::V4);
    log.table("t").field(1, "b", Type::Blob).insert_vector(1, 0, 5);
    let mut at = Vec::new();
    for data in [&b"first"[..], b"", &[7; 40]] {
        at.push(log.end() + 1);
        log.blob(data);
    }
    let blob = |position| Value::Blob(BlobPosition { position, size: None });
    log.update(1, 0, 1, blob(at[0])).update(1, 1, 1, blob(at[1])).update(1, 2, 1, blob(at[2]));
    log.update(1, 3, 1, blob(0)).update(1, 4, 1, blob(at[0]));
    log.push(&Entry::EndOfFile);
    log
}

#[test]
fn blob_values_get_the_position_and_the_size_of_their_data() {
    let old = with_blobs().clean();
    let new = upgraded(&Scene::new(), &old);
    let found = tables(&new);
    let expected =
        [&b"first"[..], b"", &[7; 40], b"", b"first"].map(|data| vec![Held::Blob(Some(data.to_vec()))]);
    assert_eq!(found["t"].values.values().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(found, tables(&old));
}

#[test]
fn vectors_of_blob_values_follow_too() {
    let mut log = Log::of(Version::V4);
    log.table("t").field(1, "b", Type::Blob).insert_vector(1, 0, 2);
    let at = log.end() + 1;
    log.blob(b"data");
    let bytes = log.clean();
    // An update_vector of blobs, spelled by hand: opcode, table, record (from 1), field, count, two values.
    let entry = [0xa8, 1, 1, 1, 2, 0x20, u8::try_from(at).unwrap(), 0];
    let end = bytes.len() as u64 + entry.len() as u64;
    let head = joedb::Head::hard(Version::V4, end).to_bytes();
    let old = [&head[..], &bytes[41..], &entry].concat();
    let new = upgraded(&Scene::new(), &old);
    let expected = [&b"data"[..], b""].map(|data| vec![Held::Blob(Some(data.to_vec()))]);
    assert_eq!(tables(&new)["t"].values.values().cloned().collect::<Vec<_>>(), expected);
}

#[test]
fn records_and_null_keep_their_meaning() {
    let mut log = Log::of(Version::V4);
    log.table("t").reference(1, "r", 1).insert_vector(1, 0, 2);
    log.update(1, 0, 1, Value::Reference(RecordId(1))).update(1, 1, 1, Value::Reference(RecordId::NULL));
    log.push(&Entry::EndOfFile);
    let scene = Scene::new();
    upgraded(&scene, &log.clean());
    let dump = dumped(&["-q"], &scene.path("new.joedb"));
    assert!(dump.contains("update t 0 r 1\nupdate t 1 r -1\n"), "{dump}");
}

#[test]
fn a_blob_value_that_points_nowhere_is_an_error_with_its_position_and_a_way_out() {
    let scene = Scene::new();
    let mut log = Log::of(Version::V4);
    log.table("t").field(1, "b", Type::Blob).insert(1, 0);
    let at = log.end();
    log.update(1, 0, 1, Value::Blob(BlobPosition { position: 4000, size: None }));
    let old = scene.file("old.joedb", &log.clean());
    let says = format!(
        "old.joedb: position {at} ({at:#x}): update_last blob entry: blob value 4000 found, position and size within a \
         blob before it expected; joedb_logdump --blob dumps the log as commands"
    );
    for option in ["--quiet", "--dry-run"] {
        let upgrade = [option, "--upgrade"];
        convert()
            .args(upgrade)
            .args([&old, &scene.path("new")])
            .assert()
            .code(4)
            .stderr(contains(says.clone()));
    }
    assert_eq!(scene.names(), ["old.joedb"]);
    // The way out.
    let text = dumped(&["-q", "--blob"], &old).replace("b 4000", "b 0,0");
    let edited = scene.file("edited.joedbi", text.as_bytes());
    convert().args([&edited, &scene.path("new")]).assert().success();
}

// ---- How much of it ----------------------------------------------------------------------------------------

#[test]
fn a_tail_is_left_out_as_recovery_leaves_it_out_and_any_cut_can_be_asked_for() {
    let scene = Scene::new();
    let sample = Sample::of(Version::V4);
    let (first, end) = (sample.first, sample.end());
    let old = scene.file("old.joedb", &sample.dirty());
    let cuts: [(&[&str], u64); 5] = [
        (&[], first),
        (&["--to", "last-entry"], end),
        (&["--to", "timestamp"], first - 1),
        (&["--until", "42"], 49),
        (&["--ignore-header"], end),
    ];
    for (options, cut) in cuts {
        let output = scene.path("new.joedb");
        convert().args(["--force", "--upgrade"]).args(options).args([&old, &output]).assert().success();
        let expected = tables_at(&sample.dirty(), cut);
        assert_eq!(tables(&fs::read(&output).unwrap()), expected, "{options:?}");
    }
    assert_eq!(fs::read(&old).unwrap(), sample.dirty());
}

#[test]
fn damage_before_the_cut_is_an_error_that_names_the_cut_that_works() {
    let scene = Scene::new();
    let sample = Sample::of(Version::V4);
    let mut bytes = sample.clean();
    bytes[usize::try_from(sample.first).unwrap()] = 0xff;
    let old = scene.file("old.joedb", &bytes);
    let says = contains(format!("--to last-entry would keep the log up to {}", sample.first));
    convert().arg("--upgrade").args([&old, &scene.path("new")]).assert().code(4).stderr(says);
    assert_eq!(scene.names(), ["old.joedb"]);
}

#[test]
fn a_file_of_version_5_has_nothing_to_upgrade() {
    let scene = Scene::new();
    let old = scene.file("a.joedb", &Sample::new().clean());
    let says = contains("a.joedb: version 5 found, 4 expected: there is nothing to upgrade");
    convert()
        .arg("--upgrade")
        .args([&old, &scene.path("new")])
        .assert()
        .code(4)
        .stdout(is_empty())
        .stderr(says);
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn what_means_nothing_for_an_upgrade_is_wrong_usage() {
    let scene = Scene::new();
    let old = scene.file("a.joedb", &Sample::of(Version::V4).clean());
    let text = scene.file("a.joedbi", b"valid_data\n");
    let options: [&[&str]; 5] = [
        &["--in-place"],
        &["--undo"],
        &["--no-verify"],
        &["--save-tail", "tail"],
        &["--keep-blob-positions"],
    ];
    for options in options {
        convert().arg("--upgrade").args(options).args([&old, &scene.path("new")]).assert().code(2);
    }
    convert()
        .arg("--upgrade")
        .args([&text, &scene.path("new")])
        .assert()
        .code(2)
        .stderr(contains("--upgrade, --pack and --merge are for"));
    convert().arg("--upgrade").args([&old, &old]).assert().code(2);
    assert_eq!(scene.names(), ["a.joedb", "a.joedbi"]);
}

// ---- What is said ------------------------------------------------------------------------------------------

#[test]
fn the_receipt_says_what_was_read_written_and_left_out() {
    let scene = Scene::new();
    let sample = Sample::of(Version::V4);
    let (input, output) = (scene.file("old.joedb", &sample.dirty()), scene.path("new.joedb"));
    let [name, new, cut] =
        [input.display().to_string(), output.display().to_string(), sample.first.to_string()];
    let read = format!("{name}, version 4 up to {cut} ({:#x}), 35 bytes (6 entries, 1 row): ", sample.first);
    let left = format!("left out behind {cut} ({:#x}): 23 bytes (3 entries, 1 row)\n", sample.first);
    let plan = format!(
        "plan: {read}would write 35 bytes (6 entries, 1 row) in {new}\n{left}nothing was written (--dry-run)\n"
    );
    convert().args(["--upgrade", "--dry-run"]).args([&input, &output]).assert().success().stdout(plan);
    assert_eq!(scene.names(), ["old.joedb"]);
    let run = convert().arg("--upgrade").args([&input, &output]).output().unwrap();
    let crc = crc32fast::hash(&fs::read(&output).unwrap()[41..]);
    let line =
        format!("{read}wrote 35 bytes (6 entries, 1 row) in {new} (CRC-32 {crc:08x}, read back)\n{left}");
    assert_eq!(String::from_utf8(run.stdout).unwrap(), line);
    let again = convert().arg("--upgrade").args([&input, &output]).assert().code(1);
    again.stderr(contains("it exists already; --force replaces it"));
}

#[test]
fn as_json_it_is_one_object() {
    let scene = Scene::new();
    let (input, output) = (scene.file("old.joedb", &with_blobs().clean()), scene.path("new.joedb"));
    let run = convert().args(["--upgrade", "--format", "json"]).args([&input, &output]).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let size = fs::metadata(&output).unwrap().len();
    assert_eq!((&found["job"], &found["dry_run"]), (&"upgrade".into(), &false.into()));
    assert_eq!((&found["plan"]["version"], &found["receipt"]["size"]), (&4.into(), &size.into()));
    assert_eq!(found["written"], found["receipt"]["written"]);
}

#[test]
fn standard_input_is_upgraded_too() {
    let scene = Scene::new();
    let output = scene.path("new.joedb");
    let run = convert().args(["--upgrade", "-"]).arg(&output).write_stdin(with_blobs().clean()).assert();
    run.success().stdout(contains("came through a pipe and were read from a temporary copy"));
    assert_eq!(tables(&fs::read(output).unwrap()), tables(&with_blobs().clean()));
}

#[cfg(unix)]
#[test]
fn the_output_has_the_mode_of_the_input() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    let input = scene.file("old.joedb", &with_blobs().clean());
    fs::set_permissions(&input, fs::Permissions::from_mode(0o640)).unwrap();
    convert().arg("--upgrade").args([&input, &scene.path("new")]).assert().success();
    assert_eq!(scene.path("new").metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_pending_checkpoint_is_used_if_it_is_asked_for() {
    let scene = Scene::new();
    let sample = Sample::of(Version::V4);
    let (first, end) = (signed(sample.first), signed(sample.end()));
    let bytes = sample.log.with_slots([first, first, end, 0]);
    let old = scene.file("old.joedb", &bytes);
    convert().args(["--upgrade", "--to", "pending"]).args([&old, &scene.path("new")]).assert().success();
    assert_eq!(tables(&fs::read(scene.path("new")).unwrap()), tables_at(&bytes, sample.end()));
}
