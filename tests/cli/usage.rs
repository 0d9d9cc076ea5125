//! Help, wrong usage, and files that cannot be read.

use crate::log::Sample;
use crate::scene::{Scene, bench, convert, is_root, logdump};
use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn help_has_a_short_and_a_long_form_with_exit_status_and_examples() {
    for mut program in [logdump(), convert(), bench()] {
        program.arg("-h").assert().success().stdout(contains("Usage:").and(contains("EXAMPLES").not()));
    }
    for mut program in [logdump(), convert(), bench()] {
        let sections = contains("EXIT STATUS").and(contains("EXAMPLES")).and(contains("CAVEATS"));
        program.arg("--help").assert().success().stdout(sections);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    for mut program in [logdump(), convert(), bench()] {
        program.arg("--version").assert().success().stdout(contains(env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().clean());
    let wrong: [&[&str]; 17] = [
        &[],
        &["--follow", "--load"],
        &["--header", "--load"],
        &["--compare", "a.joedb", "--load"],
        &["--max-rows", "5"],
        &["--load", "--max-rows", "-1"],
        &["--no-such-option"],
        &["--raw", "--sql"],
        &["--header", "--check"],
        &["--compat", "--json"],
        &["--compat", "--check"],
        &["--require", "clean"],
        &["--check", "--require", "perfect"],
        &["--format", "json"],
        &["--from", "here"],
        &["--tail", "--from", "41"],
        &["--tail=soft"],
    ];
    for options in wrong {
        logdump().args(options).assert().code(2).stdout(is_empty()).stderr(is_empty().not());
        if !options.is_empty() {
            logdump().args(options).arg(&file).assert().code(2).stdout(is_empty()).stderr(contains("error"));
        }
    }
}

/// A requirement that nobody looks at would always be met.
#[test]
fn the_options_of_check_are_wrong_usage_in_every_other_form() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().dirty());
    for form in ["--header", "--raw", "--sql", "--json"] {
        for option in ["--require=hard", "--format=json", "--wide"] {
            logdump().args([form, option]).arg(&file).assert().code(2).stdout(is_empty());
        }
    }
}

#[test]
fn what_cannot_be_generated_is_wrong_usage() {
    for mut program in [logdump(), convert(), bench()] {
        let message = contains("--generate: \"cake\" found, man, bash, elvish");
        program.args(["--generate", "cake"]).assert().code(2).stdout(is_empty()).stderr(message);
    }
}

#[test]
fn wrong_usage_of_convert_exits_with_2() {
    let scene = Scene::new();
    let input = scene.file("a.joedb", &Sample::new().clean());
    let wrong: [&[&str]; 6] = [
        &["--to", "nowhere"],
        &["--to", "-1"],
        &["--until", "x"],
        &["--until", "50", "--to", "hard"],
        &["--ignore-header", "--to", "hard"],
        &["--format", "table"],
    ];
    for options in wrong {
        let output = scene.path("out");
        convert().args(options).arg(&input).arg(output).assert().code(2).stderr(contains("error"));
    }
    convert().arg(&input).assert().code(2);
    assert_eq!(scene.names(), ["a.joedb"]);
}

#[test]
fn a_dump_takes_one_file_only() {
    let scene = Scene::new();
    let file = scene.file("a.joedb", &Sample::new().clean());
    let expected =
        contains("2 files found, one FILE expected; only --header, --check and --index take several");
    logdump().args([&file, &file]).assert().code(2).stdout(is_empty()).stderr(expected);
}

#[test]
fn a_file_that_is_not_there_or_is_no_file_exits_with_1_in_every_mode() {
    let scene = Scene::new();
    let absent = scene.path("absent");
    let reasons = [
        (absent.as_path(), "No such file or directory"),
        (scene.directory(), "it is a directory"),
        ("/dev/null".as_ref(), "it is neither a regular file nor a block device"),
    ];
    for (path, reason) in reasons {
        let name = path.to_str().unwrap();
        for mode in [&[][..], &["--header"], &["--check"], &["--json"], &["--tail"], &["--ignore-header"]] {
            let says = starts_with("joedb_logdump: ").and(contains(name)).and(contains(reason));
            logdump().args(mode).arg(path).assert().code(1).stdout(is_empty()).stderr(says);
        }
        let says = starts_with("joedb_convert: ").and(contains(name)).and(contains(reason));
        convert().arg(path).arg(scene.path("out")).assert().code(1).stdout(is_empty()).stderr(says);
    }
    assert!(scene.names().is_empty());
}

#[test]
fn a_file_that_may_not_be_read_exits_with_1() {
    if is_root() {
        return;
    }
    let scene = Scene::new();
    let file = scene.file("secret.joedb", &Sample::new().clean());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    logdump().arg(&file).assert().code(1).stderr(contains("Permission denied"));
    convert().arg(&file).arg(scene.path("out")).assert().code(1).stderr(contains("Permission denied"));
}
