//! A log as it stands at some point: the history of its schema, its newest data, and where its blobs are.
//!
//! ```
//! use joedb::snapshot::Snapshot;
//! use joedb::store::Limits;
//! use joedb::{Encoder, Entry, Journal, Version};
//!
//! let mut log = Encoder::new(Version::V5);
//! log.push(&Entry::CreateTable { name: b"city" });
//! log.push(&Entry::ValidData);
//! let mut journal = Journal::from_bytes(log.file())?;
//!
//! let end = journal.checkpoints().current()?;
//! let snapshot = Snapshot::of(&mut journal, end, Limits::for_log(end), &mut |_| {})?;
//! assert_eq!(snapshot.history().len(), 1);
//! assert!(snapshot.store().table_named(b"city").is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod history;

pub(crate) use archive::Archive;
pub use archive::BlobData;
pub use history::{Difference, History};

use crate::blob_map::BlobError;
use crate::entry::{Entry, Located};
use crate::journal::{Journal, SourceError};
use crate::replay::{Interruption, Range, ReplayError, Tolerance, replay};
use crate::schema::Schema;
use crate::sink::Sink;
use crate::store::{Limits, Store, Unloadable};
use crate::text::Position;

/// A log at some point. The tables are in memory, the data of blobs is not.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) history: History,
    pub(crate) store: Store,
    pub(crate) archive: Archive,
}

/// Why there is no snapshot of a log.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The log could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It is damaged, or the point is inside an entry.
    #[error(transparent)]
    Interruption(#[from] Interruption),
    /// An entry cannot be loaded.
    #[error(transparent)]
    Unloadable(#[from] Unloadable),
    /// Nobody knows which blob is meant where this one stands.
    #[error("position {}: blob entry: {error}", Position(*position))]
    Blob {
        /// Where the entry stands.
        position: u64,
        /// Why.
        error: BlobError,
    },
}

impl Snapshot {
    /// The state of a log behind the entries up to `end`. `watch` is told the position reached about every megabyte.
    ///
    /// Memory: the tables as a [`Store`] holds them, with `limits`, and about 40 bytes a blob.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn of(
        journal: &mut Journal,
        end: u64,
        limits: Limits,
        watch: &mut dyn FnMut(u64),
    ) -> Result<Snapshot, SnapshotError> {
        let (history, store, archive) = (History::default(), Store::new(limits), Archive::of_log(end));
        let mut snapshot = Snapshot { history, store, archive };
        let played = replay(journal, Range::up_to(end), Tolerance::Strict, &mut snapshot, watch);
        let interruption = match played {
            Ok(played) => played.interruption,
            Err(ReplayError::Source(error)) => return Err(error.into()),
            Err(ReplayError::Sink(error)) => return Err(error),
        };
        interruption.map_or(Ok(snapshot), |interruption| Err(interruption.into()))
    }

    /// The tables.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// How many blobs the log has, whether or not a record points to them.
    #[must_use]
    pub fn blobs(&self) -> u64 {
        self.archive.total().0
    }

    /// How the tables and fields came to be.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }
}

/// Gathers what a log leaves behind.
impl Sink for Snapshot {
    type Error = SnapshotError;

    fn begin(&mut self, _: u64, _: bool) -> Result<(), SnapshotError> {
        Ok(())
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> Result<(), SnapshotError> {
        if let Entry::Blob { position, data } = located.entry {
            return self
                .archive
                .insert(located.position, position, data.len() as u64)
                .map_err(|error| SnapshotError::Blob { position: located.position, error });
        }
        if located.entry.is_schema() {
            self.history.push(&located.entry);
        }
        Ok(self.store.entry(located, schema)?)
    }

    fn end(&mut self, position: u64, whole: bool) -> Result<(), SnapshotError> {
        Ok(self.store.end(position, whole)?)
    }
}
