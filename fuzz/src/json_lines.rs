//! JSON Lines: any text is read or refused with its place, and what was read comes back the same.

use super::language::{Language, Mistake, New};
use super::support::journal;
use joedb::BlobPointers;
use joedb::json_lines::play;
use joedb::replay::{Range, Tolerance, replay};
use joedb::sink::{JsonLines, Style, TextSink};

/// The bytes are JSON Lines, or a file that is shown so.
pub fn run(data: &[u8]) {
    Language { show: text_of, play: load }.run(data);
}

fn load(text: &[u8], pointers: BlobPointers, new: &mut New<'_>) -> Result<(), Mistake> {
    play(text, pointers, new, &mut |_| {}).map(drop)
}

/// The entries, as long as the log makes sense, with the data of blobs.
fn text_of(bytes: &[u8], end: u64) -> Vec<u8> {
    let mut journal = journal(bytes);
    let style = Style { blob_data: true, ..Style::new(journal.version()) };
    let mut text = Vec::new();
    let mut sink = TextSink::new(JsonLines::new(style), style, &mut text);
    replay(&mut journal, Range::up_to(end), Tolerance::Strict, &mut sink, &mut |_| {}).expect("it fits");
    text
}
