//! `--index`, and every mode that uses it.

use crate::scene::{Scene, convert, dumped, logdump, whole_corpus};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, is_empty};
use std::fs;
use std::path::{Path, PathBuf};

/// A fixture, beside its index.
fn indexed(scene: &Scene, name: &str) -> PathBuf {
    let path = scene.file(name, &fs::read(fixture(name)).unwrap());
    logdump().args(["-q", "--index"]).arg(&path).assert().code(0).stdout(is_empty()).stderr(is_empty());
    path
}

/// What a run prints on both outputs, and its exit code.
fn run(options: &[&str], path: &Path) -> (String, String, Option<i32>) {
    let output = logdump().args(options).arg(path).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// A position that is a boundary, and one that is none, in the middle of the log.
fn positions(path: &Path) -> Vec<String> {
    let positions = dumped(&["-q", "--json"], path);
    let positions =
        positions.lines().filter_map(|line| line.strip_prefix("{\"position\":")?.split(',').next());
    let positions: Vec<&str> = positions.collect();
    let picked = [positions.len() / 3, positions.len() / 2, positions.len().saturating_sub(1)];
    let picked = picked.iter().filter_map(|&index| positions.get(index)).map(|position| position.to_string());
    picked.flat_map(|position| [(position.parse::<u64>().unwrap() + 1).to_string(), position]).collect()
}

#[test]
fn every_mode_prints_with_an_index_what_it_prints_without() {
    let modes: [&[&str]; 9] = [
        &["--tail"],
        &["--tail=hard", "--json"],
        &["--schema-only"],
        &["--schema-only", "--sql"],
        &["--schema-only", "--json"],
        &["--schema-only", "--compat"],
        &["--check", "--quick", "--format", "json", "-q"],
        &["--stats", "--format", "json"],
        &["--stats"],
    ];
    let forms: [&[&str]; 4] = [&[], &["--sql"], &["--raw", "--compat"], &["--json"]];
    for file in whole_corpus() {
        let scene = Scene::new();
        let path = scene.file("app.joedb", &fs::read(&file).unwrap());
        let froms: Vec<String> =
            positions(&path).iter().map(|position| format!("--from={position}")).collect();
        let parts =
            froms.iter().flat_map(|from| forms.iter().map(move |form| [&[from.as_str()], *form].concat()));
        let all: Vec<Vec<&str>> = modes.iter().map(|mode| mode.to_vec()).chain(parts).collect();
        let cold: Vec<_> = all.iter().map(|options| run(options, &path)).collect();
        run(&["-q", "--index"], &path);
        for (options, cold) in all.iter().zip(cold) {
            assert_eq!(run(options, &path), cold, "{} {options:?}", file.display());
        }
    }
}

#[test]
fn a_check_prints_with_an_index_what_it_prints_without_but_for_what_it_could_not_see() {
    for file in whole_corpus() {
        let scene = Scene::new();
        let path = scene.file("app.joedb", &fs::read(&file).unwrap());
        for options in [&["--check", "--format", "json"][..], &["--check", "--load", "--format", "json"]] {
            let (cold, warnings, code) = run(&[options, &["--no-index"]].concat(), &path);
            run(&["-q", "--index"], &path);
            let warm = run(options, &path);
            assert_eq!((&warm.1, warm.2), (&warnings, code), "{}", file.display());
            let not_checked = |text: &str| {
                let mut json: serde_json::Value = serde_json::from_str(text).unwrap();
                (json["not_checked"].take(), json)
            };
            let ((cold_spots, cold), (warm_spots, warm)) = (not_checked(&cold), not_checked(&warm.0));
            assert_eq!(warm, cold, "{}", file.display());
            let is_indexed = scene.path("app.joedb.index").exists();
            assert_eq!(warm_spots != cold_spots, is_indexed, "{}: {warm_spots}", file.display());
            let compared = warm_spots.as_str().unwrap().contains("was compared with its checksums");
            assert_eq!(compared, is_indexed, "{}: {warm_spots}", file.display());
        }
    }
}

#[test]
fn an_index_is_made_and_brought_up_to_date() {
    let scene = Scene::new();
    let path = scene.file("app.joedb", &fs::read(fixture("crashed.joedb")).unwrap());
    let line = "app.joedb.index covers the log up to 223 (0xdf) in 1 block; new in it: ";
    for new in ["182 bytes\n", "0 bytes\n"] {
        let made = logdump().arg("--index").arg(&path).assert().code(0).stderr(is_empty());
        made.stdout(contains(format!("{line}{new}")));
    }
    let anew = logdump().args(["--index", "--no-index"]).arg(&path).assert().code(0);
    anew.stdout(contains(format!("{line}182 bytes\n")));
    assert_eq!(scene.names(), ["app.joedb", "app.joedb.index"]);
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

#[test]
fn who_may_read_the_log_may_read_its_index_and_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    let path = scene.file("app.joedb", &fs::read(fixture("clean.joedb")).unwrap());
    for mode in [0o600, 0o640, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        run(&["-q", "--index"], &path);
        let found = fs::metadata(scene.path("app.joedb.index")).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode);
    }
}

#[test]
fn a_bit_that_was_turned_over_is_a_finding_with_the_byte_that_was_there() {
    let scene = Scene::new();
    let path = indexed(&scene, "clean.joedb");
    let mut bytes = fs::read(&path).unwrap();
    let lille = bytes.windows(5).position(|five| five == b"Lille").unwrap();
    bytes[lille] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let check = logdump().args(["--check"]).arg(&path).assert().code(4);
    let expected = format!("the byte at {lille} (0x{lille:x})\nis 4d and was 4c");
    let joined = |text: &str| text.replace('\n', " ");
    let output = String::from_utf8(check.get_output().stdout.clone()).unwrap();
    assert!(output.contains("bytes changed since they were indexed"), "{output}");
    assert!(joined(&output).contains(&joined(&expected)), "{output}");
    assert!(joined(&output).contains("of city, person. They still decode"), "{output}");
    assert!(!joined(&output).contains("cannot be seen"), "{output}");
    let look = format!("joedb_logdump --from 41 --until 251 {}", path.display());
    assert!(output.contains(&format!("\n  next: {look}\n")), "{output}");
    let shown = logdump().args(["--from", "41", "--until", "251"]).arg(&path).assert().code(0);
    shown.stdout(contains("Mille"));
    // What was not indexed cannot be compared.
    logdump().args(["--check", "--no-index"]).arg(&path).assert().code(0);
    let quick = logdump().args(["--check", "--quick"]).arg(&path).assert().code(0);
    quick.stderr(
        contains("app.joedb.index: not used: the bytes from").or(contains("clean.joedb.index: not used")),
    );
}

#[test]
fn no_cut_behind_changed_bytes_is_safe_and_those_before_them_are_as_they_were() {
    let scene = Scene::new();
    let path = indexed(&scene, "clean_soft.joedb");
    let report = || -> serde_json::Value {
        let check = logdump().args(["--check", "--format", "json"]).arg(&path).output().unwrap();
        serde_json::from_slice(&check.stdout).unwrap()
    };
    let good = fs::read(&path).unwrap();
    let turned = |word: &[u8], bits: u8| {
        let position = good.windows(word.len()).position(|bytes| bytes == word).unwrap();
        let mut bytes = good.clone();
        bytes[position] ^= bits;
        fs::write(&path, bytes).unwrap();
        report()
    };
    let safeties = |report: &serde_json::Value| -> Vec<String> {
        let cuts = report["cuts"].as_array().unwrap().iter();
        cuts.map(|cut| format!("{} {}", cut["name"].as_str().unwrap(), cut["safety"].as_str().unwrap()))
            .collect()
    };
    // Where a single bit explains the change, it is known on which side of the hard checkpoint it lies.
    let behind = safeties(&turned(b"Hanako", 1));
    assert!(
        behind.contains(&"hard safe".to_owned()) && behind.contains(&"soft risk".to_owned()),
        "{behind:?}"
    );
    let changed = turned(b"Lille", 3);
    assert_eq!(changed["verdict"], "changed-bytes");
    assert!(safeties(&changed).iter().all(|safety| safety.ends_with(" risk")), "{changed}");
    let sentence = changed["findings"][0]["sentence"].as_str().unwrap();
    assert!(sentence.contains("Every cut behind them keeps them, and is a risk."), "{sentence}");
    assert!(!sentence.contains("  "), "{sentence}");
}

#[test]
fn a_quick_check_never_says_plain_clean_with_an_index_or_without() {
    let scene = Scene::new();
    let path = scene.file("clean.joedb", &fs::read(fixture("clean.joedb")).unwrap());
    let quick = ["--check", "--quick", "--format", "line", "--require", "clean"];
    for note in ["without an index all of it is read", ""] {
        let check = logdump().args(quick).arg(&path).assert().code(0).stderr(contains(note));
        check.stdout(format!("{}: clean as far as it was read\n", path.display()));
        run(&["-q", "--index"], &path);
    }
}

#[test]
fn an_index_that_is_of_no_use_is_told_of_and_changes_nothing() {
    let scene = Scene::new();
    let path = indexed(&scene, "clean.joedb");
    let index = scene.path("clean.joedb.index");
    let good = fs::read(&index).unwrap();
    let mut unknown = good.clone();
    unknown[8] = 2;
    let other = indexed(&scene, "crashed.joedb");
    let useless = [
        (good[..good.len() - 1].to_vec(), "bytes found"),
        (unknown, "version 2 found, 1 expected"),
        (b"no index".to_vec(), "no index"),
        (fs::read(other.with_file_name("crashed.joedb.index")).unwrap(), "not used"),
        (Vec::new(), "no index"),
    ];
    for (bytes, why) in useless {
        for options in [&["--from=126"][..], &["--schema-only"], &["--stats"], &["--check"], &["--tail"]] {
            fs::write(&index, &bytes).unwrap();
            let warm = run(options, &path);
            let cold = run(&[options, &["--no-index"]].concat(), &path);
            assert_eq!((&warm.0, warm.2), (&cold.0, cold.2), "{why}: {options:?}");
            assert!(warm.1.contains(why), "{options:?}: {}", warm.1);
        }
    }
}

#[test]
fn a_file_of_the_name_of_an_index_that_is_none_stays_where_it_is() {
    let scene = Scene::new();
    let path = scene.file("app.joedb", &fs::read(fixture("torn_tail.joedb")).unwrap());
    let book = scene.file("app.joedb.index", b"a cookery book");
    let refused = logdump().arg("--index").arg(&path).assert().code(1);
    refused.stderr(contains("app.joedb.index: it is there already and is no index; move it away"));
    convert().args(["-q", "--in-place", "--no-undo"]).arg(&path).assert().code(0);
    assert_eq!(fs::read(book).unwrap(), b"a cookery book");
}

#[test]
fn whatever_writes_a_log_takes_its_index_away() {
    let scene = Scene::new();
    let path = indexed(&scene, "torn_tail.joedb");
    let index = scene.path("torn_tail.joedb.index");
    convert().args(["-q", "--in-place"]).arg(&path).assert().code(0);
    assert!(!index.exists(), "--in-place");
    run(&["-q", "--index"], &path);
    convert().args(["-q", "--undo"]).arg(&path).assert().code(0);
    assert!(!index.exists(), "--undo");
    let output = indexed(&scene, "clean.joedb");
    convert().args(["-q", "--force"]).arg(&path).arg(&output).assert().code(0);
    assert!(!scene.path("clean.joedb.index").exists(), "--force");
    fs::write(scene.path("new.joedb.index"), b"joedbIDX of an older file").unwrap();
    let text = scene.file("new.joedbi", b"create_table city\n");
    convert().arg("-q").arg(text).arg(scene.path("new.joedb")).assert().code(0);
    assert!(!scene.path("new.joedb.index").exists(), "a new file");
}

#[test]
fn cuts_that_only_the_entries_know_are_found_with_an_index_as_without() {
    for cut in ["valid-data", "timestamp", "last-entry", "time:2025-04-18T18:14:00Z"] {
        let scene = Scene::new();
        let path = indexed(&scene, "crashed.joedb");
        let outputs = [&["--no-index"][..], &[]].map(|options| {
            let plan = convert()
                .args(["--dry-run", "--force", "--format", "json", "--no-verify", "--to", cut])
                .args(options)
                .args([&path, &scene.path("out.joedb")])
                .assert()
                .code(0);
            let plan = plan.get_output().stdout.clone();
            convert()
                .args(["-q", "--force", "--no-verify", "--to", cut])
                .args(options)
                .args([&path, &scene.path("out.joedb")])
                .assert()
                .code(0);
            (plan, fs::read(scene.path("out.joedb")).unwrap())
        });
        assert_eq!(outputs[0], outputs[1], "{cut}");
    }
}

#[test]
fn an_index_stands_beside_a_file_of_its_own_only() {
    let scene = Scene::new();
    let path = indexed(&scene, "clean.joedb");
    let part = logdump().args(["--index", "--offset", "0"]).arg(&path).assert().code(2);
    part.stderr(contains("a file of its own expected"));
    logdump().args(["--index", "-"]).pipe_stdin(&path).unwrap().assert().code(2);
}

#[test]
fn statistics_tell_kinds_tables_fields_and_what_is_dead() {
    let scene = Scene::new();
    let text = b"create_table city\nadd_field city name string\ninsert_into city 0\ninsert_into city 1\n\
                 update city 0 name \"a\"\nupdate city 1 name \"b\"\nupdate city 1 name \"c\"\ndelete_from city 0\ntimestamp 5\n";
    let text = scene.file("city.joedbi", text);
    let path = scene.path("city.joedb");
    convert().arg("-q").args([&text, &path]).assert().code(0);
    let json: serde_json::Value =
        serde_json::from_str(&dumped(&["--stats", "--format", "json"], &path)).unwrap();
    assert_eq!((&json["entries"], &json["rows"]), (&9.into(), &2.into()));
    let field = &json["tables"][0]["fields"][0];
    // Three values were set, one row is left: two values are dead.
    let dead = field["bytes"].as_u64().unwrap() * 2 / 3;
    assert_eq!((&field["name"], &field["values"]), (&"name".into(), &3.into()));
    assert_eq!(json["dead_bytes_estimated"], dead);
    assert_eq!(json["time"]["first"], 5);
    assert_eq!(json["largest"][0]["kind"], "timestamp");
    let table = dumped(&["--stats"], &path);
    assert!(table.contains("9 entries, 2 rows inserted") && table.contains("1970-01-01"), "{table}");
}

/// Under a limit of memory, what a mode prints beside `index`, and its exit code.
fn in_little_memory(mode: &[&str], path: &Path) -> (String, Option<i32>) {
    let mut command = std::process::Command::new("bash");
    command
        .args(["-c", "ulimit -v 163840; exec \"$0\" \"$@\""])
        .arg(assert_cmd::cargo::cargo_bin!("joedb_logdump"));
    let output = command.args(mode).arg(path).output().unwrap();
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code())
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_file_in_the_place_of_an_index_takes_no_memory_whatever_its_head_says() {
    const LENGTH: u64 = 1 << 33;
    let scene = Scene::new();
    let log = scene.file("app.joedb", &fs::read(fixture("clean.joedb")).unwrap());
    // Both are sparse: they take no room on the disk.
    fs::File::options().write(true).open(&log).unwrap().set_len(LENGTH / 32).unwrap();
    let version = 1_u32.to_le_bytes();
    let right = [b"joedbIDX", &version[..], &[0; 4], &LENGTH.to_le_bytes()].concat();
    let wrong = [b"joedbIDX", &version[..], &[0; 12]].concat();
    for (head, why) in
        [(right, "out of memory"), (wrong, "8589934592 bytes found, 0 expected"), (vec![], "no index")]
    {
        let index = scene.file("app.joedb.index", &head);
        fs::File::options().write(true).open(&index).unwrap().set_len(LENGTH).unwrap();
        for mode in [&["--schema-only"][..], &["--from", "97", "--until", "106"]] {
            let (said, code) = in_little_memory(mode, &log);
            assert!(said.contains(&format!("app.joedb.index: not used: {why}")), "{mode:?}: {said}");
            assert_eq!(code, Some(0), "{mode:?}: {said}");
        }
    }
}

#[test]
fn what_is_no_index_is_said_to_be_in_the_way_for_it_is_not_replaced() {
    let scene = Scene::new();
    let log = scene.file("app.joedb", &fs::read(fixture("clean.joedb")).unwrap());
    scene.file("app.joedb.index", b"a cookery book");
    let advice = "not used: no index: \"joedbIDX\" and a head expected\n  move it away, so that an index can be made\n";
    logdump().arg("--schema-only").arg(&log).assert().code(0).stderr(contains(advice));
    logdump().arg("--index").arg(&log).assert().code(1).stderr(contains("is no index; move it away"));
}

#[test]
fn the_statistics_fit_80_columns_where_time_passed() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clean.joedb");
    let mut stats = logdump();
    stats.current_dir(fixture.parent().unwrap()).args(["--stats", "clean.joedb"]);
    let text = String::from_utf8(stats.output().unwrap().stdout).unwrap();
    assert!(text.contains("2025-04-18 18:13:20 GMT to 2025-04-18 18:15:20 GMT"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
