//! Bytes that changed, in words.

use super::changed::{Changed, Decodes, Flip};
use super::statistics::Names;
use super::{Index, LARGEST};
use crate::diagnosis::{Advice, Finding, FindingId};
use crate::entry::TableId;
use crate::text::Position;

/// So many findings and so many tables are named; a person needs no more of them.
const SHOWN: usize = LARGEST;

impl Index {
    /// What is to be said of blocks that changed: a finding for each, up to ten, and one for all others.
    #[must_use]
    pub fn findings(&self, changed: &[Changed]) -> Vec<Finding> {
        let names = Names::of(self).0;
        let finding = |position, sentence, block: &Changed| {
            let (id, advice) = (FindingId::ChangedBytes, look_at(block));
            Finding { id, position: Some(position), sentence, advice }
        };
        let shown = changed.iter().take(SHOWN);
        let mut findings: Vec<Finding> = shown
            .map(|block| {
                let position = block.flip.map_or(block.position, |flip| flip.position);
                finding(position, sentence(block, &names), block)
            })
            .collect();
        if let Some(next) = changed.get(SHOWN) {
            let more = changed.len().saturating_sub(SHOWN);
            let sentence = format!("{more} more blocks have other bytes than those that were indexed.");
            findings.push(finding(next.position, sentence, next));
        }
        findings
    }
}

/// What still decodes of a block. A new index would forget what was in it.
const fn look_at(block: &Changed) -> Advice {
    let until = match block.decodes {
        Decodes::Alike | Decodes::Otherwise => block.end,
        Decodes::Not { until } => until,
    };
    Advice::LookAtEntries { from: block.position, until }
}

fn sentence(block: &Changed, names: &Names) -> String {
    let Changed { position, end, found, expected, entries, .. } = *block;
    let (from, until) = (Position(position), Position(end));
    let noun = if entries == 1 { "entry" } else { "entries" };
    format!(
        "Bytes from {from} to {until} are not those that were indexed (CRC-32 {found:08x} found, {expected:08x} \
         expected): {entries} {noun}{}. {}{} Nothing changes in front of a checkpoint: the disk or another program did \
         that. Every cut behind them keeps them, and is a risk. Take what is lost from a backup; only if the change was \
         meant, make a new index (--index --no-index).",
        tables(&block.tables, names),
        decodes(block.decodes),
        block.flip.map_or_else(String::new, flip),
    )
}

fn tables(tables: &[TableId], names: &Names) -> String {
    let mut named: Vec<&str> = tables.iter().take(SHOWN).filter_map(|table| names.table(*table)).collect();
    if named.is_empty() {
        return String::new();
    }
    if tables.len() > SHOWN {
        named.push("others");
    }
    format!(" of {}", named.join(", "))
}

fn decodes(decodes: Decodes) -> String {
    match decodes {
        Decodes::Alike => "They still decode, into as many entries of the same tables.".to_owned(),
        Decodes::Otherwise => "They still decode, into other entries.".to_owned(),
        Decodes::Not { until } => format!("They decode up to {} only.", Position(until)),
    }
}

fn flip(Flip { position, found, expected }: Flip) -> String {
    let at = Position(position);
    format!(" A single bit explains it: the byte at {at} is {found:02x} and was {expected:02x}.")
}
