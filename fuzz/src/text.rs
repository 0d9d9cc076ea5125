//! joedb commands: any text is read or refused with its place, and what was read comes back the same.

use super::language::{Language, Mistake, New};
use super::support::journal;
use joedb::BlobPointers;
use joedb::commands::play;
use joedb::replay::{Range, Tolerance, replay};
use joedb::sink::{BlobReader, Commands, Style, TextSink};
use joedb::storage::memory::MemoryFile;

/// The bytes are joedb commands, or a file whose dump is.
pub fn run(data: &[u8]) {
    Language { show: text_of, play: load }.run(data);
}

fn load(text: &[u8], pointers: BlobPointers, new: &mut New<'_>) -> Result<(), Mistake> {
    play(text, pointers, new, &mut |_| {}).map(drop)
}

/// The dump, as long as the log makes sense, with the data of blobs.
fn text_of(bytes: &[u8], end: u64) -> Vec<u8> {
    let mut journal = journal(bytes);
    let style = Style { blob_data: true, ..Style::new(journal.version()) };
    let blobs = BlobReader::new(Box::new(MemoryFile::new(bytes.to_vec())), end);
    let mut text = Vec::new();
    let mut sink = TextSink::new(Commands::new(style, Some(blobs)), style, &mut text);
    replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut sink, &mut |_| {}).expect("it fits");
    text
}
