//! The writer, through its public face: what it writes, what it refuses, and what others see of it.

mod canonical;
mod checkpoints;
mod long;
mod opening;
mod processes;
mod replayed;
mod shared;

use joedb::writer::{Background, Options, Writer};
use joedb::{Access, Entry, Head, Journal};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A directory of its own for a test, and a file in it.
struct Scene {
    directory: TempDir,
}

impl Scene {
    fn new() -> Scene {
        Scene { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("log.joedb")
    }

    fn create(&self) -> Writer {
        Writer::create(&self.path(), &Options::default()).unwrap()
    }

    fn open(&self) -> Writer {
        Writer::open(&self.path(), &Options::default()).unwrap()
    }

    fn slots(&self) -> [i64; 4] {
        Head::parse(&self.bytes()).unwrap().slots()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    /// The entries that a reader finds: comments, by their text.
    fn comments(&self) -> Vec<String> {
        comments(&self.path())
    }
}

/// Recorded logs.
fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus")
}

fn by_hand() -> Options {
    Options { background: Background::ByHand, ..Options::default() }
}

fn comment<S: joedb::storage::Storage>(writer: &mut Writer<S>, text: &str) {
    writer.write(&Entry::Comment { text: text.as_bytes() }).unwrap();
}

fn comments(path: &Path) -> Vec<String> {
    let mut journal = Journal::open(path, Access::Window).unwrap();
    let end = journal.checkpoints().current().unwrap();
    let mut entries = journal.entries(end);
    let mut found = Vec::new();
    while let Some(located) = entries.next().unwrap() {
        match located.entry {
            Entry::Comment { text } => found.push(String::from_utf8(text.to_vec()).unwrap()),
            other => found.push(format!("{other:?}")),
        }
    }
    found
}
