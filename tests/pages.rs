//! The committed manual pages are those of the programs.

use assert_cmd::Command;
use std::fs;
use std::path::Path;

fn generated(program: &str, what: &str) -> String {
    let output = Command::cargo_bin(program).unwrap().args(["--generate", what]).assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

/// With UPDATE_PAGES=1 the pages are written instead.
fn compare(program: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("man/{program}.1"));
    let page = generated(program, "man");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(page == committed, "{} is stale: UPDATE_PAGES=1 cargo test --test pages", path.display());
}

#[test]
fn the_page_of_joedb_logdump_is_fresh() {
    compare("joedb_logdump");
}

#[test]
fn the_page_of_joedb_convert_is_fresh() {
    compare("joedb_convert");
}

#[test]
fn the_page_of_joedb_bench_is_fresh() {
    compare("joedb_bench");
}

#[test]
fn every_option_stands_in_the_page() {
    for program in ["joedb_logdump", "joedb_convert", "joedb_bench"] {
        let page = generated(program, "man").replace('\\', "");
        let help = Command::cargo_bin(program).unwrap().arg("--help").assert().success();
        let help = String::from_utf8(help.get_output().stdout.clone()).unwrap();
        let options =
            help.lines().filter_map(|line| line.trim().split("--").nth(1).filter(|_| line.starts_with("  ")));
        let options = options.filter(|option| !option.starts_with(' '));
        let names: Vec<&str> =
            options.filter_map(|option| option.split([' ', '=', '[', ',', ':', '\'']).next()).collect();
        assert!(names.len() > 8, "{names:?}");
        for name in names {
            assert!(page.contains(&format!("--{name}")), "{program} --{name}");
        }
    }
}

#[test]
fn completions_know_the_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(generated("joedb_logdump", shell).contains("ignore-header"), "{shell}");
        assert!(generated("joedb_convert", shell).contains("save-tail"), "{shell}");
        assert!(generated("joedb_bench", shell).contains("external"), "{shell}");
    }
}

#[test]
fn help_fits_80_columns() {
    for program in ["joedb_logdump", "joedb_convert", "joedb_bench"] {
        let help = Command::cargo_bin(program).unwrap().arg("--help").assert().success();
        let help = String::from_utf8(help.get_output().stdout.clone()).unwrap();
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{program}: {line}");
        }
    }
}

#[test]
fn an_unknown_page_is_wrong_usage() {
    let output = Command::cargo_bin("joedb_convert").unwrap().args(["--generate", "nope"]).assert().code(2);
    output.stderr(
        "joedb_convert: --generate: \"nope\" found, man, bash, elvish, fish, powershell or zsh expected\n",
    );
}
