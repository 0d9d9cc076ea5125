//! Several programs that take turns in writing one file.

use super::open::{Log, Options, admit, lock_tail};
use super::places::Places;
use super::{Encoder, OpenError, WriteError, Writer};
use crate::head::{HEAD_SIZE, Version};
use crate::storage::{Directory, File, FileDirectory, Region, Storage};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

/// A file that is written by several programs in turn: each holds the lock of the tail for a [`Transaction`].
///
/// ```
/// use joedb::Entry;
/// use joedb::writer::{Options, SharedWriter, Writer};
/// # let directory = tempfile::tempdir()?;
/// # let path = &directory.path().join("prices.joedb");
///
/// Writer::create(path, &Options::default())?;
/// let mut one = SharedWriter::open(path, &Options::default())?;
/// let mut other = SharedWriter::open(path, &Options::default())?;
/// let mut transaction = one.transaction()?;
/// transaction.write(&Entry::CreateTable { name: b"price" })?;
/// transaction.soft_checkpoint()?;
/// transaction.end()?;
/// assert!(other.transaction()?.schema().table_named(b"price").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SharedWriter<D: Directory = FileDirectory> {
    writer: Writer<D::File>,
    directory: D,
    path: PathBuf,
    options: Options,
}

impl SharedWriter<FileDirectory> {
    /// Opens a file. The lock of the tail is held while it is read, and given back.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, options: &Options) -> Result<SharedWriter, OpenError> {
        let file = File::open_writable(path).map_err(OpenError::io("opening"))?;
        let mut shared = SharedWriter::open_in(FileDirectory, path, file, options)?;
        shared.writer = shared.writer.with_thread(options);
        Ok(shared)
    }
}

impl<D: Directory> SharedWriter<D>
where
    D::File: 'static,
{
    /// As [`SharedWriter::open`], for a file of any directory.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_in(
        directory: D,
        path: &Path,
        file: D::File,
        options: &Options,
    ) -> Result<SharedWriter<D>, OpenError> {
        let mut writer = Writer::open_in(&directory, path, file, options)?;
        writer.release()?;
        Ok(SharedWriter { writer, directory, path: path.to_path_buf(), options: options.clone() })
    }

    /// Takes the lock of the tail, at once or waiting as the options say, and reads what others have committed since.
    ///
    /// # Errors
    /// [`OpenError`]: among others for a dirty tail that another program left.
    pub fn transaction(&mut self) -> Result<Transaction<'_, D::File>, OpenError> {
        let writer = &mut self.writer;
        lock_tail(&writer.file, self.options.locks)?;
        writer.locks = self.options.locks != super::Locks::None;
        let caught_up = catch_up(writer, &self.directory, &self.path, &self.options);
        // Made before the result is looked at: it gives the lock back.
        let transaction = Transaction { writer };
        caught_up.map(|()| transaction)
    }
}

fn catch_up<D: Directory>(
    writer: &mut Writer<D::File>,
    directory: &D,
    path: &Path,
    options: &Options,
) -> Result<(), OpenError>
where
    D::File: 'static,
{
    let mut journal = admit(directory, path, &mut writer.file, options)?;
    let places = Places::of_head(journal.head(), journal.checkpoints());
    let (known, found) = (writer.encoder.position(), places.current());
    if found < known {
        return Err(OpenError::WentBack { known, found });
    }
    let mut log = Log {
        position: known,
        context: writer.encoder.context(),
        schema: std::mem::take(&mut writer.schema),
    };
    let followed = log.follow(&mut journal, found);
    writer.schema = log.schema;
    writer.encoder = Encoder::resume(Version::V5, log.position, log.context);
    followed?;
    writer.settled = writer.checkpointer.take_over(places);
    Ok(())
}

/// A turn in writing a shared file. Everything that a [`Writer`] does can be done.
///
/// What lies behind the last checkpoint when it ends, or is dropped, is taken back: the file ends at its checkpoint
/// for the next program. Asynchronous hard checkpoints are completed before the turn ends.
#[derive(Debug)]
pub struct Transaction<'w, S: Storage + 'static = File> {
    writer: &'w mut Writer<S>,
}

impl<S: Storage> Transaction<'_, S> {
    /// Ends the turn, and returns how many bytes of entries were taken back.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::Poisoned`].
    pub fn end(self) -> Result<u64, WriteError> {
        let uncommitted = self.writer.uncommitted();
        self.writer.end_turn()?;
        Ok(uncommitted)
    }
}

impl<S: Storage> Deref for Transaction<'_, S> {
    type Target = Writer<S>;

    fn deref(&self) -> &Writer<S> {
        self.writer
    }
}

impl<S: Storage> DerefMut for Transaction<'_, S> {
    fn deref_mut(&mut self) -> &mut Writer<S> {
        self.writer
    }
}

impl<S: Storage> Drop for Transaction<'_, S> {
    fn drop(&mut self) {
        // The failure is noted, and told by the next call.
        let _ = self.writer.end_turn();
    }
}

impl<S: Storage> Writer<S> {
    /// Does nothing the second time.
    fn end_turn(&mut self) -> Result<(), WriteError> {
        self.finish_requests();
        // The failure is noted; once it is gone, nothing is written beside whoever has the next turn.
        let _ = self.finish_pieces();
        self.pieces = None;
        let taken_back = if self.uncommitted() > 0 { self.take_back() } else { Ok(()) };
        self.release().map_err(|error| match error {
            OpenError::Io { action, error } => self.checkpointer.fail(action, error),
            other => self.checkpointer.fail("unlocking the tail", std::io::Error::other(other)),
        })?;
        taken_back
    }

    /// Cuts off what has no checkpoint. What was learned from it is learned anew, from the beginning.
    fn take_back(&mut self) -> Result<(), WriteError> {
        let written = self.position().saturating_sub(self.encoder.body().len() as u64);
        let current = self.current();
        let Log { position, context, schema } = Log::new();
        self.encoder = Encoder::resume(Version::V5, position, context);
        self.schema = schema;
        self.checkpointer.check()?;
        if written > current.max(HEAD_SIZE) {
            let cut = self.file.set_size(current);
            return cut.map_err(|error| self.checkpointer.fail("taking back entries", error));
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), OpenError> {
        if std::mem::replace(&mut self.locks, false) {
            self.file.unlock(Region::Tail).map_err(OpenError::io("unlocking the tail"))?;
        }
        Ok(())
    }
}
