//! Other programs in the same tables.

use crate::contender::RESULT;
use joedb::text::visible;
use std::ffi::OsString;

/// A command that a user wants to see beside our own contenders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct External {
    /// What is shown: nothing in it is obeyed by a terminal.
    name: String,
    command: String,
}

impl External {
    /// Reads `NAME=COMMAND`.
    pub(crate) fn parse(text: &str) -> Result<External, String> {
        match text.split_once('=') {
            Some((name, command)) if !name.trim().is_empty() && !command.trim().is_empty() => {
                Ok(External { name: visible(name.trim().as_bytes()), command: command.to_owned() })
            }
            _ => Err("NAME=COMMAND expected".to_owned()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the command can tell apart what it is to do.
    pub(crate) fn knows_case(&self) -> bool {
        self.command.contains("{case}")
    }

    /// Whether the command was told where to write.
    pub(crate) fn knows_file(&self) -> bool {
        self.command.contains("{file}")
    }

    /// The command as the shell gets it, for a case or for a job on a log that grows. What stands for the placeholders
    /// needs no quoting.
    pub(crate) fn script(&self, work: &str, rows: u64) -> String {
        let command = self.command.replace("{rows}", &rows.to_string());
        command.replace("{file}", RESULT).replace("{case}", work)
    }

    /// The program and its arguments.
    pub(crate) fn command(&self, work: &str, rows: u64) -> Vec<OsString> {
        ["sh", "-c", &self.script(work, rows)].map(OsString::from).into()
    }
}
