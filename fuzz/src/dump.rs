//! A dump in every form: what is printed is harmless, well formed, and the same however entries are taken.

use super::input::{Choices, LARGEST, file};
use super::one_by_one::OneByOne;
use super::sql::assert_nothing_injected;
use super::terminal::assert_harmless;
use joedb::Journal;
use joedb::replay::{Range, Replayed, Tolerance, replay};
use joedb::sink::{BlobReader, Commands, Fidelity, Format, JsonLines, Raw, Sink, Sql, Style, TextSink};
use joedb::storage::memory::MemoryFile;
use std::io::{self, Write};

/// The bytes are a file; the last eight choose what is printed of it.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    let bytes = file(data);
    let mut choices = Choices::at_end_of(data, 8);
    let flags = choices.byte();
    let version = journal(&bytes).version();
    let range = any_range(&bytes, flags & 1 == 1, &mut choices);
    for fidelity in [Fidelity::Lossless, Fidelity::Reference] {
        let style = Style {
            version,
            fidelity,
            blob_data: flags & 2 == 0,
            positions: flags & 12 == 12,
            schema_only: flags & 48 == 48,
        };
        let dump = Dump { bytes: &bytes, range, style };
        dump.commands();
        dump.raw();
        dump.sql();
        dump.json();
    }
}

fn journal(bytes: &[u8]) -> Journal {
    Journal::from_bytes(bytes.to_vec()).expect("a head")
}

/// Everything, or any positions, which need not be boundaries.
fn any_range(bytes: &[u8], is_part: bool, choices: &mut Choices<'_>) -> Range {
    if !is_part {
        return Range::up_to(bytes.len() as u64);
    }
    let mut any = || 41 + choices.below(bytes.len() - 40) as u64;
    let mut bounds = [any(), any(), any()];
    bounds.sort_unstable();
    let [from, until, limit] = bounds;
    Range { from, until, limit }
}

/// Keeps the first mebibyte and then fails, so that a dump of 2^60 records comes to an end.
#[derive(Default)]
struct Kept(Vec<u8>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > 1 << 20 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was printed, and how it ended; `None` where it was too much.
type Printed = (Vec<u8>, Option<Replayed>);

struct Dump<'a> {
    bytes: &'a [u8],
    range: Range,
    style: Style,
}

impl Dump<'_> {
    fn is_lossless(&self) -> bool {
        self.style.fidelity == Fidelity::Lossless
    }

    fn blobs(&self) -> Option<BlobReader> {
        let file = MemoryFile::new(self.bytes.to_vec());
        Some(BlobReader::new(Box::new(file), self.bytes.len() as u64))
    }

    fn play<S: Sink<Error = io::Error>>(&self, sink: &mut S, tolerance: Tolerance) -> Option<Replayed> {
        replay(&mut journal(self.bytes), self.range, tolerance, sink, &mut |_| {}).ok()
    }

    /// Printed once with entries taken together and once one by one, which has to be the same.
    fn print<F: Format>(&self, format: impl Fn() -> F, reference: Tolerance) -> Printed {
        let tolerance = if self.is_lossless() { Tolerance::Strict } else { reference };
        let (mut together, mut one_by_one) = (Kept::default(), Kept::default());
        let replayed = self.play(&mut TextSink::new(format(), self.style, &mut together), tolerance);
        let sink = TextSink::new(format(), self.style, &mut one_by_one);
        let expected = self.play(&mut OneByOne(sink), tolerance);
        assert_eq!(replayed, expected, "it ends in another way");
        if replayed.is_some() {
            assert!(together.0 == one_by_one.0, "entries taken together print otherwise");
        }
        (together.0, replayed)
    }

    fn commands(&self) {
        let printed = self.print(|| Commands::new(self.style, self.blobs()), Tolerance::Reference);
        self.assert_lines(&printed);
    }

    fn raw(&self) {
        let printed = self.print(|| Raw::new(self.style, self.blobs()), Tolerance::ReferenceRaw);
        self.assert_lines(&printed);
    }

    fn sql(&self) {
        let (text, replayed) = self.print(|| Sql::new(self.style, self.blobs()), Tolerance::Reference);
        if self.is_lossless() && replayed.is_some() {
            assert_nothing_injected(assert_harmless(&text));
        }
    }

    fn json(&self) {
        let (text, replayed) = self.print(|| JsonLines::new(self.style), Tolerance::Strict);
        let Some(replayed) = replayed else { return };
        let text = assert_harmless(&text);
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
            assert!(value["position"].is_u64() && value["kind"].is_string(), "{line}");
        }
        if !self.style.schema_only && self.is_lossless() {
            assert_eq!(text.lines().count() as u64, replayed.entries, "an object an entry");
        }
    }

    /// A line an entry, at most, and one for the data of a blob: no name and no string begins another.
    fn assert_lines(&self, (text, replayed): &Printed) {
        let Some(replayed) = replayed else { return };
        if !self.is_lossless() {
            return;
        }
        let text = assert_harmless(text);
        let lines = text.lines().count() as u64;
        let each = 1 + u64::from(self.style.positions) + u64::from(self.style.blob_data);
        assert!(lines <= replayed.entries * each + 1, "{lines} lines of {} entries", replayed.entries);
    }
}
