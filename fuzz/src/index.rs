//! A log and an index of it: what is read with one is what is read without, bytes that changed are found, and one that
//! lies does no harm.

use super::input::{Choices, LARGEST, file};
use super::support::journal;
use joedb::diagnosis::{Question, survey};
use joedb::index::{self, FormatError, Index, Rot};
use joedb::replay::{Range, Tolerance, replay};
use joedb::sink::{JsonLines, Sql, Style, TextSink};

/// Blocks so small that the smallest logs have several.
const SMALL: u64 = 24;

/// The bytes in front of what the checksum of an index covers, and the place of its length.
const SUMMED_FROM: usize = 16;

/// The bytes are a file; the last ones choose what is asked for, and what is changed.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    let bytes = file(data);
    let mut choices = Choices::at_end_of(data, 16);
    let empty = Index::with_block_size(journal(&bytes).version(), SMALL);
    let built = empty.extend(&mut journal(&bytes), &mut |_| {}).expect("memory can be read");
    assert_reads_alike(&built.index, &bytes, &mut choices);
    assert_changes_are_found(&built.index, &bytes, &mut choices);
    let stored = built.index.to_bytes();
    assert_eq!(Index::parse(&stored).as_ref(), Ok(&built.index));
    assert_lies_do_no_harm(stored, &bytes, &mut choices);
}

fn assert_reads_alike(index: &Index, bytes: &[u8], choices: &mut Choices<'_>) {
    let size = bytes.len() as u64;
    index.verify(&mut journal(bytes)).expect("it is of this log");
    let from = 41 + choices.below(bytes.len()) as u64 % (size - 40);
    let range = Range { from, ..Range::up_to(size) };
    assert!(shown(Some(index), bytes, range) == shown(None, bytes, range), "from {from}");
    let question = Question { positions: vec![from], time: Some(0), ..Question::default() };
    let whole = survey(&mut journal(bytes), &question, &mut |_| {}).expect("memory can be read");
    let quick = index.survey(&mut journal(bytes), &question, &mut |_| {}).expect("memory can be read");
    assert_eq!(quick, Some(whole));
}

/// What is printed of a part of a log.
fn shown(index: Option<&Index>, bytes: &[u8], range: Range) -> Vec<u8> {
    let (mut journal, mut text) = (journal(bytes), Vec::new());
    let style = Style::new(journal.version());
    let mut sink = TextSink::new(JsonLines::new(style), style, &mut text);
    let replayed = match index {
        Some(index) => index::replay(index, &mut journal, range, Tolerance::Strict, &mut sink, &mut |_| {}),
        None => replay(&mut journal, range, Tolerance::Strict, &mut sink, &mut |_| {}),
    };
    replayed.expect("it fits");
    text
}

/// A byte that changed in what is covered is noticed, whatever it was.
fn assert_changes_are_found(index: &Index, bytes: &[u8], choices: &mut Choices<'_>) {
    let covered = usize::try_from(index.end()).unwrap_or(0).saturating_sub(41);
    if covered == 0 {
        return;
    }
    let mut changed = bytes.to_vec();
    changed[41 + choices.below(covered)] ^= choices.byte().max(1);
    let rot = index.changed(&mut journal(&changed), &mut |_| {}).expect("memory can be read");
    if let Rot::Blocks(blocks) = &rot {
        assert_eq!(index.findings(blocks).len(), blocks.len());
    }
    assert_ne!(rot, Rot::None);
}

/// Changed bytes are no index, or with a checksum that is right a wrong one that does no harm.
fn assert_lies_do_no_harm(stored: Vec<u8>, bytes: &[u8], choices: &mut Choices<'_>) {
    let mut lies = stored.clone();
    for _ in 0..=choices.below(3) {
        let place = SUMMED_FROM + 8 + choices.below(lies.len() - SUMMED_FROM - 8);
        lies[place] = choices.byte();
    }
    if lies != stored {
        assert!(matches!(Index::parse(&lies), Err(FormatError::Damaged { .. })));
    }
    let crc = crc32fast::hash(&lies[SUMMED_FROM..]);
    lies[SUMMED_FROM - 4..SUMMED_FROM].copy_from_slice(&crc.to_le_bytes());
    if let Ok(index) = Index::parse(&lies) {
        use_all(&index, bytes);
    }
}

/// Everything that an index is used for.
fn use_all(index: &Index, bytes: &[u8]) {
    let (mut journal, size) = (journal(bytes), bytes.len() as u64);
    let _ = (index.verify(&mut journal), index.statistics(), index.to_bytes());
    let _ = index.survey(&mut journal, &Question { time: Some(0), ..Question::default() }, &mut |_| {});
    if let Ok(Rot::Blocks(blocks)) = index.changed(&mut journal, &mut |_| {}) {
        let _ = index.findings(&blocks);
    }
    for position in [41, size / 2, u64::MAX] {
        let _ = index.entries_at(&mut journal, position).map(|mut entries| entries.next().is_ok());
        let (style, mut text) = (Style::new(journal.version()), Vec::new());
        let mut sink = TextSink::new(Sql::new(style, None), style, &mut text);
        let range = Range { from: position.min(size), ..Range::up_to(size) };
        let _ = index::replay_schema(index, &mut journal, range, Tolerance::Strict, &mut sink, &mut |_| {});
    }
    let _ = index.clone().extend(&mut journal, &mut |_| {});
}
