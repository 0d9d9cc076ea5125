//! The README is true: every `console` block is run, and prints what it says.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A command of a block, and what the README says it prints.
struct Step {
    command: String,
    expected: String,
}

fn steps(readme: &str) -> Vec<Step> {
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(|block| block.split("$ ").skip(1)).map(step).collect()
}

fn step(text: &str) -> Step {
    let (command, expected) = text.split_once('\n').unwrap_or((text, ""));
    Step { command: command.to_owned(), expected: expected.to_owned() }
}

fn run(command: &str, directory: &Path) -> String {
    let programs = assert_cmd::cargo::cargo_bin("joedb_logdump");
    let path = std::env::join_paths(
        [programs.parent().unwrap().to_path_buf()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .env("PATH", path.unwrap())
        .current_dir(directory)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A block may leave lines out with `...`; what stands before and after them has to be there.
fn agrees(found: &str, expected: &str) -> bool {
    let (first, rest) = expected.split_once("...\n").unwrap_or((expected, ""));
    let whole = first.len() == expected.len();
    let Some(found) = found.strip_prefix(first) else { return false };
    if whole { found.is_empty() } else { found.ends_with(rest) }
}

#[test]
fn every_console_block_prints_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("fixtures")).unwrap();
    for entry in fs::read_dir(root.join("fixtures")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, directory.path().join("fixtures").join(path.file_name().unwrap())).unwrap();
        }
    }
    let steps = steps(&readme);
    assert!(steps.len() >= 8, "only {} commands", steps.len());
    for step in steps {
        let found = run(&step.command, directory.path());
        assert!(
            agrees(&found, &step.expected),
            "$ {}\n{found}\n--- the README says ---\n{}",
            step.command,
            step.expected
        );
    }
}
