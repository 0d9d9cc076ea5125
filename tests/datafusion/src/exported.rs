//! What joedb_convert wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program.
pub(crate) struct Convert(PathBuf);

impl Convert {
    pub(crate) fn new(program: PathBuf) -> Convert {
        Convert(program)
    }

    /// Exports the tables of a log into a directory: the names of their files.
    pub(crate) fn tables(
        &self,
        log: &Path,
        output: &Path,
        options: &[&str],
    ) -> BTreeMap<String, Vec<String>> {
        let receipt = self.run(log, output, options);
        let named = |table: &serde_json::Value| (text(&table["name"]), names(&table["files"]));
        receipt["tables"].as_array().unwrap().iter().map(named).collect()
    }

    /// Exports a log; the receipt.
    pub(crate) fn run(&self, log: &Path, output: &Path, options: &[&str]) -> serde_json::Value {
        let mut command = Command::new(&self.0);
        command.args(["-q", "--format", "json"]).args(options).arg(log).arg(output);
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn names(value: &serde_json::Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(text).collect()
}
