//! Where entries go: to a new file, or for a plan nowhere.

use crate::Watch;
use crate::args::Args;
use crate::outcome::Failure;
use joedb::new_journal::{Draft, NewJournal, NewJournalError, Receipt};
use joedb::recovery::{Outputs, Share};
use joedb::sink::Sink;
use joedb::storage::{File, FileDirectory};
use joedb::{BlobPointers, Located, Schema};

/// A file that appears when it is finished, or a draft of it.
pub(crate) enum Destination<'a> {
    Draft(Draft),
    File(Box<NewJournal<'a, FileDirectory>>),
}

impl<'a> Destination<'a> {
    /// A draft with `--dry-run`.
    pub(crate) fn open(
        args: &Args,
        outputs: &Outputs,
        pointers: BlobPointers,
        watch: &'a mut Watch,
    ) -> Result<Destination<'a>, Failure> {
        if args.dry_run {
            return Ok(Destination::Draft(Draft::new(pointers)));
        }
        let (output, existing) = (&outputs.output, outputs.existing);
        let journal = NewJournal::create(&FileDirectory, output, existing, pointers, watch)?;
        Ok(Destination::File(Box::new(journal)))
    }

    /// What was written, and the receipt if it was.
    pub(crate) fn finish(self, attributes_of: Option<&File>) -> Result<(Share, Option<Receipt>), Failure> {
        match self {
            Destination::Draft(draft) => Ok((draft.written(), None)),
            Destination::File(journal) => {
                let receipt = journal.finish(attributes_of)?;
                Ok((receipt.written, Some(receipt)))
            }
        }
    }
}

impl Sink for Destination<'_> {
    type Error = NewJournalError;

    fn begin(&mut self, position: u64, empty: bool) -> Result<(), NewJournalError> {
        match self {
            Destination::Draft(draft) => draft.begin(position, empty),
            Destination::File(journal) => journal.begin(position, empty),
        }
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> Result<(), NewJournalError> {
        match self {
            Destination::Draft(draft) => draft.entry(located, schema),
            Destination::File(journal) => journal.entry(located, schema),
        }
    }

    fn end(&mut self, position: u64, whole: bool) -> Result<(), NewJournalError> {
        match self {
            Destination::Draft(draft) => draft.end(position, whole),
            Destination::File(journal) => journal.end(position, whole),
        }
    }
}
