//! The recorded output of the reference tools, byte for byte.

use joedb::follow::{Follower, Live};
use joedb::head::{HEAD_SIZE, Head};
use joedb::journal::{Access, Flow, HeadReading, Journal};
use joedb::replay::{Range, Replayed, Tolerance, replay};
use joedb::sink::{BlobReader, Commands, Fidelity, Format, Raw, Sink, Sql, Style, TextSink};
use joedb::storage::memory::MemoryFile;
use joedb::storage::{File, Presence, ReadAt, Storage as _};
use joedb::{Encoder, Located, Schema, Version};
use std::fs;
use std::path::{Path, PathBuf};

/// The corpus, and beside the checkout a newer one where there is one.
fn corpora() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [root.join("fixtures/corpus"), root.join("../shared/corpus")];
    places.into_iter().filter(|place| place.is_dir()).collect()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folders = corpora().into_iter().map(|corpus| corpus.join(folder));
    let mut found: Vec<PathBuf> = folders
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "joedb"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no files in {folder}");
    found
}

#[derive(Clone, Copy)]
enum Form {
    Commands,
    Raw,
    Sql,
}

fn print<F: Format>(
    journal: &mut Journal,
    end: u64,
    style: Style,
    format: F,
    text: &mut Vec<u8>,
) -> Replayed {
    let mut sink = TextSink::new(format, style, text);
    replay(journal, Range::up_to(end), Tolerance::Reference, &mut sink, &mut |_| {}).unwrap()
}

/// What a dump prints, and how it ended.
fn dump(
    path: &Path,
    access: Access,
    form: Form,
    whole_file: bool,
    change: impl Fn(&mut Style),
) -> (Vec<u8>, Replayed) {
    let mut journal = Journal::open(path, access).unwrap();
    let end = if whole_file { journal.size() } else { journal.checkpoints().current().unwrap() };
    let mut style = Style { fidelity: Fidelity::Reference, ..Style::new(journal.version()) };
    change(&mut style);
    let blobs = Some(BlobReader::new(Box::new(File::open(path).unwrap()), end));
    let mut text = Vec::new();
    let replayed = match form {
        Form::Commands => print(&mut journal, end, style, Commands::new(style, blobs), &mut text),
        Form::Raw => print(&mut journal, end, style, Raw::new(style, blobs), &mut text),
        Form::Sql => print(&mut journal, end, style, Sql::new(style, blobs), &mut text),
    };
    (text, replayed)
}

fn compare(path: &Path, extension: &str, form: Form, change: impl Fn(&mut Style) + Copy) {
    let Ok(expected) = fs::read(path.with_extension(extension)) else { return };
    for access in [Access::Map, Access::Window] {
        let (found, replayed) = dump(path, access, form, false, change);
        assert_same(path, extension, &found, &expected);
        assert_eq!(replayed.interruption, None, "{}", path.display());
    }
}

fn assert_same(path: &Path, extension: &str, found: &[u8], expected: &[u8]) {
    if found == expected {
        return;
    }
    let lines = found.split(|&byte| byte == b'\n').zip(expected.split(|&byte| byte == b'\n'));
    let first = lines.enumerate().find(|(_, (found, expected))| found != expected);
    let (number, (found, expected)) = first.unwrap_or((0, (found, expected)));
    panic!(
        "{} .{extension} line {}:\n   found {}\nexpected {}",
        path.display(),
        number + 1,
        String::from_utf8_lossy(found),
        String::from_utf8_lossy(expected)
    );
}

#[test]
fn every_dump_of_a_whole_log_equals_the_reference() {
    for path in files("valid") {
        compare(&path, "dump", Form::Commands, |_| {});
        compare(&path, "raw", Form::Raw, |_| {});
        compare(&path, "sql", Form::Sql, |_| {});
        compare(&path, "schema", Form::Commands, |style| style.schema_only = true);
        compare(&path, "checkpoints", Form::Commands, |style| style.positions = true);
        compare(&path, "blob", Form::Commands, |style| style.blob_data = true);
        compare(&path, "blob_raw", Form::Raw, |style| style.blob_data = true);
        compare(&path, "blob_sql", Form::Sql, |style| style.blob_data = true);
    }
}

/// A log in memory whose checkpoint the test moves.
#[derive(Clone)]
struct Stepped(MemoryFile);

impl Stepped {
    fn checkpoint(&self, position: u64) {
        self.0.clone().write_at(&Head::hard(Version::V5, position).to_bytes(), 0).unwrap();
    }
}

impl Live for Stepped {
    fn read_head(&self) -> std::io::Result<HeadReading> {
        let mut bytes = vec![0; 41];
        self.0.read_full_at(&mut bytes, 0)?;
        Ok(HeadReading { bytes, size: self.0.size()?, locked: true })
    }

    fn presence(&self) -> std::io::Result<Presence> {
        Ok(Presence::Same)
    }

    fn reader(&self) -> std::io::Result<Box<dyn ReadAt>> {
        Ok(Box::new(self.0.clone()))
    }
}

fn followed<F: Format>(bytes: &[u8], checkpoints: &[u64], style: Style, format: F) -> Vec<u8> {
    let log = Stepped(MemoryFile::new(bytes.to_vec()));
    log.checkpoint(HEAD_SIZE);
    let mut follower = Follower::new(log.clone(), HEAD_SIZE).unwrap();
    let mut text = Vec::new();
    let mut sink = TextSink::new(format, style, &mut text);
    for &position in checkpoints {
        log.checkpoint(position);
        follower.round(&mut sink, &mut |_| Flow::Continue).unwrap();
        assert_eq!(follower.position(), position);
    }
    drop(sink);
    text
}

#[test]
fn a_log_that_is_followed_from_checkpoint_to_checkpoint_prints_what_the_reference_does() {
    for path in files("valid") {
        let bytes = fs::read(&path).unwrap();
        let list = fs::read_to_string(path.with_extension("entries")).unwrap();
        let boundaries: Vec<u64> = list.lines().map(|line| line.parse().unwrap()).collect();
        let style = Style { fidelity: Fidelity::Reference, ..Style::new(Version::V5) };
        for step in [1, 2, 7, 50] {
            let last = boundaries.last().copied();
            let mut stops: Vec<u64> = boundaries.iter().copied().step_by(step).chain(last).collect();
            stops.dedup();
            let raw = followed(&bytes, &stops, style, Raw::new(style, None));
            assert_same(&path, "raw", &raw, &fs::read(path.with_extension("raw")).unwrap());
            // The empty line at the end of a dump is left out, for there may be more.
            let dump = followed(&bytes, &stops, style, Commands::new(style, None));
            let expected = fs::read(path.with_extension("dump")).unwrap();
            assert_same(&path, "dump", &[&dump[..], b"\n"].concat(), &expected);
        }
    }
}

#[test]
fn every_dump_of_version_4_equals_the_old_reference() {
    for path in files("v4") {
        compare(&path, "dump", Form::Commands, |_| {});
        compare(&path, "raw", Form::Raw, |_| {});
    }
}

#[test]
fn every_dump_of_a_crashed_log_equals_the_reference() {
    for path in files("crash").into_iter().chain(files("real")) {
        compare(&path, "dump", Form::Commands, |_| {});
        let Ok(expected) = fs::read(path.with_extension("ignore_header.dump")) else { continue };
        let (found, _) = dump(&path, Access::Map, Form::Commands, true, |_| {});
        assert_same(&path, "ignore_header.dump", &found, &expected);
    }
}

#[test]
fn every_head_of_the_table_gives_the_checkpoint_that_the_reference_chooses() {
    for corpus in corpora() {
        let table = fs::read_to_string(corpus.join("headers.tsv")).unwrap();
        let mut rows = 0;
        for line in table.lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [c0, c1, c2, c3, version, signature, size, expected] = columns[..] else { panic!("{line}") };
            let mut bytes = Vec::new();
            for slot in [c0, c1, c2, c3] {
                bytes.extend(slot.parse::<i64>().unwrap().to_le_bytes());
            }
            bytes.extend(version.parse::<u32>().unwrap().to_le_bytes());
            bytes.extend(signature.as_bytes());
            let size: u64 = size.parse().unwrap();
            let found = Head::parse(&bytes).ok().and_then(|head| head.checkpoints(size).current().ok());
            assert_eq!(found, expected.parse().ok(), "{line}");
            rows += 1;
        }
        assert!(rows >= 280);
    }
}

/// Encodes what it is given.
struct Encoding(Encoder);

impl Sink for Encoding {
    type Error = std::convert::Infallible;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), Self::Error> {
        Ok(())
    }

    fn entry(&mut self, located: &Located<'_>, _: &Schema) -> Result<(), Self::Error> {
        self.0.push(&located.entry);
        Ok(())
    }

    fn end(&mut self, _: u64, _: bool) -> Result<(), Self::Error> {
        Ok(())
    }
}

fn encoded(path: &Path) -> (Vec<u8>, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let mut journal = Journal::from_bytes(bytes.clone()).unwrap();
    let end = journal.checkpoints().current().unwrap();
    let mut encoding = Encoding(Encoder::new(Version::V5));
    replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut encoding, &mut |_| {}).unwrap();
    (encoding.0.body().to_vec(), bytes[41..].to_vec())
}

#[test]
fn encoding_the_entries_of_a_canonical_file_gives_its_bytes() {
    for corpus in corpora() {
        let list = fs::read_to_string(corpus.join("valid/CANONICAL")).unwrap();
        for name in list.lines() {
            let (found, expected) = encoded(&corpus.join("valid").join(name));
            assert!(found == expected, "{name}");
        }
    }
}

#[test]
fn the_boundaries_are_those_of_the_corpus() {
    for path in files("valid") {
        let list = fs::read_to_string(path.with_extension("entries")).unwrap();
        let expected: Vec<u64> = list.lines().map(|line| line.parse().unwrap()).collect();
        let mut journal = Journal::open(&path, Access::Map).unwrap();
        let end = journal.size();
        let mut entries = journal.entries(end);
        let mut found = vec![entries.position()];
        while let Some(located) = entries.next().unwrap() {
            found.push(located.end());
        }
        assert_eq!(found, expected, "{}", path.display());
    }
}
