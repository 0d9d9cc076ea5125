//! The tables of a log at a cut, and which of them are exported.

use crate::entry::TableId;
use crate::journal::{Journal, SourceError};
use crate::replay::{Interruption, Range, ReplayError, Tolerance, replay};
use crate::sink::BlobReader;
use crate::storage::ReadAt;
use crate::store::{Limits, Store, Table, Unloadable};
use crate::text::quoted;

/// Why the tables of a log could not be had.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The log could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It does not decode, or make sense, up to the cut.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
    /// An entry contradicts those before it, or asks for more rows than the limits allow.
    #[error(transparent)]
    Unloadable(#[from] Unloadable),
}

/// A table that was asked for, and that the log does not have at its cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no table {} found, one of these expected: {}", quoted(found.as_bytes()), tables.join(", "))]
pub struct NoSuchTable {
    /// The name that was asked for.
    pub found: String,
    /// The names that there are.
    pub tables: Vec<String>,
}

/// The tables of a log at a cut, and where the data of its blobs is.
pub struct State {
    store: Store,
    blobs: BlobReader,
}

impl State {
    /// Plays a log up to `cut`, a position between two entries. `data` is the file of the log, from which the data of
    /// blobs is read later. `watch` is told the position reached about every megabyte.
    ///
    /// # Errors
    /// [`StateError`], each but of the source with its position.
    pub fn load(
        journal: &mut Journal,
        cut: u64,
        limits: Limits,
        data: Box<dyn ReadAt + Send + Sync>,
        watch: &mut dyn FnMut(u64),
    ) -> Result<State, StateError> {
        let mut store = Store::new(limits);
        match replay(journal, Range::up_to(cut), Tolerance::Strict, &mut store, watch) {
            Ok(replayed) => replayed.interruption.map_or(Ok(()), |interruption| Err(interruption.into())),
            Err(ReplayError::Source(error)) => Err(StateError::from(error)),
            Err(ReplayError::Sink(unloadable)) => Err(unloadable.into()),
        }?;
        Ok(State { store, blobs: BlobReader::new(data, cut) })
    }

    /// The tables.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// All tables.
    #[must_use]
    pub fn all(&self) -> Selection<'_> {
        Selection { store: &self.store, tables: self.store.tables().collect(), blobs: &self.blobs }
    }

    /// The tables with these names, in the order of their ids; all of them where no name is given.
    ///
    /// # Errors
    /// [`NoSuchTable`] of the first name that no table has.
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Selection<'_>, NoSuchTable> {
        let mut selection = self.all();
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        if names.is_empty() {
            return Ok(selection);
        }
        if let Some(missing) = names.iter().find(|name| self.store.table_named(name.as_bytes()).is_none()) {
            let tables = selection.tables.iter().map(|table| text(table.name())).collect();
            return Err(NoSuchTable { found: (*missing).to_owned(), tables });
        }
        selection.tables.retain(|table| names.iter().any(|name| name.as_bytes() == table.name()));
        Ok(selection)
    }
}

/// Tables that are exported.
pub struct Selection<'s> {
    store: &'s Store,
    tables: Vec<Table<'s>>,
    blobs: &'s BlobReader,
}

impl<'s> Selection<'s> {
    /// The tables, in the order of their ids.
    #[must_use]
    pub fn tables(&self) -> &[Table<'s>] {
        &self.tables
    }

    /// All tables of the log, selected or not.
    #[must_use]
    pub const fn store(&self) -> &'s Store {
        self.store
    }

    /// Whether a table is among them.
    #[must_use]
    pub fn contains(&self, id: TableId) -> bool {
        self.tables.iter().any(|table| table.id() == id)
    }

    /// How many rows they have together.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(Table::len).fold(0, u64::saturating_add)
    }

    pub(super) const fn blobs(&self) -> &'s BlobReader {
        self.blobs
    }
}

/// A name, which is an identifier in every log that was played strictly, as text.
pub(super) fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
