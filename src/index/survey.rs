//! The survey of a log of which only what is new is read, and a few blocks.

use super::block::Block;
use super::{Index, Timestamps};
use crate::diagnosis::{Boundary, Question, Stretch, Survey, Tally, of_interest, survey_stretches};
use crate::head::HEAD_SIZE;
use crate::journal::{Journal, SourceError};
use std::collections::BTreeSet;

impl Index {
    /// As [`survey`](crate::diagnosis::survey), from what is indexed: of that only blocks are read that hold a position
    /// asked about, the last `valid_data`, or the last `timestamp`. What is in it is the same, checksums included, as long
    /// as the log is as it was indexed. `None` where it is seen that it is not, or where the question is one that needs
    /// every entry.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn survey(
        &self,
        journal: &mut Journal,
        question: &Question,
        watch: &mut dyn FnMut(u64),
    ) -> Result<Option<Survey>, SourceError> {
        if question.load.is_some() || self.fits(journal).is_err() {
            return Ok(None);
        }
        let asked = of_interest(journal.checkpoints()).chain(question.positions.iter().copied());
        let mut wanted: BTreeSet<usize> = asked.filter_map(|position| self.block_around(position)).collect();
        let Some(found) = self.survey_blocks(journal, question, &wanted, watch)? else { return Ok(None) };
        let known = wanted.len();
        wanted.extend(self.blocks_of_marks(question, &found));
        // What is new has all marks mostly, and no other block is read then.
        if wanted.len() == known {
            Ok(Some(found))
        } else {
            self.survey_blocks(journal, question, &wanted, watch)
        }
    }

    /// A survey of some blocks, and of what is new.
    fn survey_blocks(
        &self,
        journal: &mut Journal,
        question: &Question,
        wanted: &BTreeSet<usize>,
        watch: &mut dyn FnMut(u64),
    ) -> Result<Option<Survey>, SourceError> {
        let mut stretches = Vec::new();
        let (mut tally, mut crc) = (Tally::default(), crc32fast::hash(&[]));
        for (number, block) in self.blocks().iter().enumerate() {
            if wanted.contains(&number) {
                let before = Boundary { position: block.position, tally, crc };
                let (sense, context) = (self.sense_at(journal, block.position), block.context);
                stretches.push(Stretch { sense, context, before, end: block.end() });
            }
            (tally, crc) = (tally.and(&block.tally), block.crc_so_far);
        }
        let before = Boundary { position: self.end(), tally, crc };
        let (sense, context) = (self.sense_at(journal, self.end()), self.context);
        stretches.push(Stretch { sense, context, before, end: journal.size() });
        survey_stretches(journal, question, stretches, watch)
    }

    /// The numbers of the blocks that hold the last of each thing that is looked for, as far as it is not in what is new.
    fn blocks_of_marks(&self, question: &Question, found: &Survey) -> impl Iterator<Item = usize> {
        let is_new = |boundary: Option<Boundary>| boundary.is_some_and(|it| it.position > self.end());
        let last = |is_wanted: &dyn Fn(&Block) -> bool| self.blocks().iter().rposition(is_wanted);
        let is_early = |timestamps: Timestamps| question.time.is_some_and(|time| timestamps.earliest <= time);
        let last_timestamp = found.last_timestamp.map(|(boundary, _)| boundary);
        let marks = [
            (found.last_valid_data, last(&|block| block.last_valid_data.is_some())),
            (last_timestamp, last(&|block| block.timestamps.is_some())),
            (found.last_before, last(&|block| block.timestamps.is_some_and(is_early))),
        ];
        let old = marks.map(|(new, old)| if is_new(new) { None } else { old });
        old.into_iter().flatten()
    }

    /// The number of the block that holds the entry which ends at `position` or is around it.
    fn block_around(&self, position: u64) -> Option<usize> {
        let number = self.blocks().partition_point(|block| block.end() < position);
        let is_covered = position > HEAD_SIZE && position <= self.end();
        is_covered.then_some(number)
    }
}
