//! Indexes that were made to do harm: their checksum is right, and they lie.

use crate::logs::any_log;
use crate::{indexed, journal};
use joedb::diagnosis::Question;
use joedb::index::{self, Index};
use joedb::replay::{Range, Tolerance};
use joedb::sink::{Sql, Style, TextSink};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Pick;

/// The bytes of an index with length and checksum as they have to be.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.len() as u64;
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    let crc = crc32fast::hash(&bytes[16..]);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Everything that an index is used for. What comes out is wrong where the index is; nothing panics, hangs, or fills the
/// memory.
fn use_all(index: &Index, log: &[u8]) {
    let mut journal = journal(log);
    let _ = (index.verify(&mut journal), index.statistics(), index.to_bytes());
    let _ = index.survey(&mut journal, &Question { time: Some(0), ..Question::default() }, &mut |_| {});
    if let Ok(index::Rot::Blocks(blocks)) = index.changed(&mut journal, &mut |_| {}) {
        let _ = index.findings(&blocks);
    }
    for position in [41, log.len() as u64 / 2, u64::MAX] {
        let _ = index.entries_at(&mut journal, position).map(|mut entries| entries.next().is_ok());
        let _ = index.entries_from_number(&mut journal, position).map(|mut entries| entries.next().is_ok());
        let (style, mut text) = (Style::new(journal.version()), Vec::new());
        let mut sink = TextSink::new(Sql::new(style, None), style, &mut text);
        let range = Range { from: position.min(log.len() as u64), ..Range::up_to(log.len() as u64) };
        let _ = index::replay(index, &mut journal, range, Tolerance::Strict, &mut sink, &mut |_| {});
        let _ = index::replay_schema(index, &mut journal, range, Tolerance::Strict, &mut sink, &mut |_| {});
    }
    let _ = index.clone().extend(&mut journal, &mut |_| {});
}

proptest! {
    #[test]
    fn an_index_that_lies_does_no_harm(
        log in any_log(30),
        changes in vec((any::<Pick>(), any::<u8>()), 1..4),
        cut in any::<Pick>(),
    ) {
        let mut bytes = indexed(&log.bytes).to_bytes();
        for (place, byte) in changes {
            let place = 24 + place.index(bytes.len() - 24);
            bytes[place] = byte;
        }
        let length = 24 + cut.index(bytes.len() * 4).min(bytes.len() - 24);
        bytes.truncate(length);
        if let Ok(index) = Index::parse(&sealed(bytes)) {
            use_all(&index, &log.bytes);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_of_indexes_panic(bytes in any::<Vec<u8>>()) {
        let head = [&b"joedbIDX"[..], &1_u32.to_le_bytes(), &[0; 12], &5_u32.to_le_bytes()].concat();
        let _ = Index::parse(&sealed([head, bytes.clone()].concat()));
        let _ = Index::parse(&bytes);
    }
}
