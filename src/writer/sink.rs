//! A writer as the place where a log is replayed to.

use super::{WriteError, Writer};
use crate::blob_map::BlobPointers;
use crate::entry::{Entry, Located};
use crate::relocation::Relocation;
use crate::schema::Schema;
use crate::sink::Sink;
use crate::storage::Storage;

impl<S: Storage> Writer<S> {
    /// What becomes of the blob values of logs that are replayed into this writer from here on. By default they follow
    /// their data.
    pub const fn set_blob_pointers(&mut self, pointers: BlobPointers) {
        self.relocation.set_pointers(pointers);
    }
}

/// Appends a log, or a part of one, of either version. Ids are written as they are, so the schema has to go on where
/// that of the log begins; blob values follow their data, see [`Writer::set_blob_pointers`].
///
/// Of a log that is followed ([`crate::follow`]) every checkpoint becomes a soft one here. Otherwise nothing is
/// checkpointed: that is for the caller, who knows whether all of it was played.
impl<S: Storage> Sink for Writer<S> {
    type Error = WriteError;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), WriteError> {
        self.relocation.restart();
        Ok(())
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>, _: &Schema) -> Result<(), WriteError> {
        // Version 5 has no such mark.
        if matches!(located.entry, Entry::EndOfFile) {
            return Ok(());
        }
        if !Relocation::concerns(&located.entry) {
            return self.write(&located.entry).map(drop);
        }
        // Taken out so that an entry can borrow from it.
        let mut relocation = std::mem::take(&mut self.relocation);
        let written = relocation.entry(&located.entry).map_err(WriteError::from);
        let written = written.and_then(|entry| self.write(&entry));
        let noted = written.and_then(|_| Ok(relocation.note(located, self.position())?));
        self.relocation = relocation;
        noted
    }

    fn pause(&mut self, _: u64) -> Result<(), WriteError> {
        self.soft_checkpoint().map(drop)
    }

    fn end(&mut self, _: u64, _: bool) -> Result<(), WriteError> {
        Ok(())
    }
}
