//! Writing a log: entries, and the checkpoints that say how far they are good.
//!
//! ```
//! use joedb::writer::{Options, Writer};
//! use joedb::{Entry, Journal, Access};
//! # let directory = tempfile::tempdir()?;
//! # let path = &directory.path().join("prices.joedb");
//!
//! let mut writer = Writer::create(path, &Options::default())?;
//! writer.write(&Entry::CreateTable { name: b"price" })?;
//! writer.soft_checkpoint()?; // survives a crash of this program
//! writer.hard_checkpoint()?; // survives a power failure
//! drop(writer);
//!
//! let mut journal = Journal::open(path, Access::Window)?;
//! assert_eq!(journal.checkpoints().hard.position, 48);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Checkpoints
//!
//! A **soft** checkpoint at `p` writes the entries, then `-p` into a place of the pair that does not hold the hard
//! checkpoint, in turns, so that the one before stays beside it. A **hard** checkpoint at `p` is four steps:
//!
//! ```text
//! 1  p into the place of that pair that does not hold the current soft checkpoint
//! 2  sync: the entries, and the first copy
//! 3  p into the other place: from here on readers find it
//! 4  sync: the second copy; only now it is reported, and the pairs change their roles
//! ```
//!
//! At any moment one pair is complete, durable and untouched, so the last hard checkpoint survives whatever happens to
//! the new one. Until step 3 the current soft checkpoint stands in its place, so a crash of the program before it loses
//! no soft commit. Places are aligned words of eight bytes; the death of a program does not cut a write of one, and what
//! a power failure leaves of one is, whatever it is, not a pair.
//!
//! # Asynchronous hard checkpoints
//!
//! [`Writer::hard_checkpoint_async`] writes a soft checkpoint at once, and a thread does the rest:
//!
//! ```text
//! 0  sync: the entries, while soft checkpoints go on in turns
//! 1  close: no soft checkpoint from here; the first copy, of the latest soft position
//! 2  sync: what was written during step 0
//! 3  the second copy
//! 4  sync; open: soft checkpoints go on in the other pair; all requests up to that position are done
//! ```
//!
//! That soft checkpoints have to wait during steps 1 to 4 cannot be helped with four places. Let `g` be the hard
//! checkpoint, durable in its pair, and let the other pair become `p p`. Up to the moment when `p p` is durable the pair
//! of `g` may not be touched. In the moment when the other pair becomes `p p` all four places are taken, so a reader
//! finds `p`, and a soft checkpoint above `p` would vanish: `p` has to be at or above every soft checkpoint. But before
//! that moment everything up to `p` has to be synced, so between the beginning of that sync and that moment there is
//! no soft checkpoint. And until `p p` is durable there is no place for one: in its own pair it would undo it.
//!
//! So the waiting is made short instead. Step 0 takes most of what is to be synced while soft checkpoints go on, and
//! after step 4 they are left alone for twice as long as the round took, unless somebody waits for a hard one. Requests
//! that come meanwhile are served together by the next round. The lock of the head is held for each single write, never
//! across a sync.
//!
//! # Long transactions
//!
//! From the second full buffer of a transaction on, a thread writes the entries while the program makes the next ones, and
//! asks the system to begin bringing them to the disk, so that a sync at the end finds most of it done. Every flush and
//! every checkpoint waits for the writes first, so that the thread changes nothing but the time, and the place where a failed
//! write is reported: one of the next calls.
//!
//! # Failures
//!
//! Nothing counts as written before a sync has succeeded. After the first write or sync that fails the writer is
//! poisoned: every later call says so, and the pair that was good before is still. After a failed sync the kernel may
//! have dropped the bytes that it could not write and show them all the same; a later sync then proves nothing. So
//! opening the file again begins with writing the head once more and a sync, and the first hard checkpoint writes
//! once more what was committed softly before.
//!
//! A full disk is such a failure. A limit for the size of files (`RLIMIT_FSIZE`) is one only where the program ignores
//! SIGXFSZ; otherwise the system kills it, which the file survives as it survives any crash.
//!
//! # Dropping a writer
//!
//! Entries behind the last checkpoint are written to the file and stay there without one: a dirty tail, as after a
//! crash, which `joedb_logdump --tail` shows and the next opener is told of. [`Writer::uncommitted`] says how many
//! bytes that would be, and [`Writer::close`] says how many it were. What was requested of
//! [`Writer::hard_checkpoint_async`] is completed first.

mod checkpointer;
mod error;
mod open;
mod pending;
mod pieces;
mod places;
mod shared;
mod sink;

pub use error::{OpenError, WriteError};
pub use open::{Background, Locks, Options, Recovery, Undo};
pub use pending::PendingCheckpoint;
pub use shared::{SharedWriter, Transaction};

use crate::decode::Context;
use crate::encode::Encoder;
use crate::entry::Entry;
use crate::relocation::Relocation;
use crate::schema::{Nonsense, Schema};
use crate::storage::{File, Region, Storage};
use crate::value::BlobPosition;
use checkpointer::Checkpointer;
use open::{Spawn, SpawnPieces};
use pieces::Pieces;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

/// So many bytes of entries are gathered before they are written; with [`Background::Thread`] by a thread, from the second
/// buffer of a transaction on. Buffers grow to powers of two: the last entry that fits has to end before the next one.
const BUFFER: usize = 255 * 1024;

/// Writes a log. It alone writes to the file as long as it exists; for taking turns see [`SharedWriter`].
#[derive(Debug)]
pub struct Writer<S: Storage = File> {
    file: S,
    encoder: Encoder,
    schema: Schema,
    /// Where the blobs of a log that is replayed into this one went.
    relocation: Relocation,
    checkpointer: Arc<Checkpointer<S>>,
    background: Option<Spawn<S>>,
    thread: Option<JoinHandle<()>>,
    spawn_pieces: Option<SpawnPieces<S>>,
    pieces: Option<Pieces>,
    /// Whether a buffer of this transaction was written already.
    is_long: bool,
    /// Whether the head is ready for the log to grow.
    settled: bool,
    locks: bool,
}

impl<S: Storage> Writer<S> {
    /// Appends an entry, in the shortest form that the context allows, and returns its position. It reaches the file
    /// at the next checkpoint, or when enough has gathered.
    ///
    /// # Errors
    /// [`WriteError::Nonsense`] for an entry that does not fit the schema: nothing is written, and the writer goes on.
    /// Which records exist is not looked at. Otherwise [`WriteError::Io`] and [`WriteError::Poisoned`].
    #[inline(always)]
    pub fn write(&mut self, entry: &Entry<'_>) -> Result<u64, WriteError> {
        if self.checkpointer.has_failed() {
            self.checkpointer.check()?;
        }
        self.check(entry)?;
        let position = self.encoder.position();
        self.encoder.push(entry);
        if entry.is_schema() {
            self.schema.apply(entry);
        }
        if self.encoder.gathered() >= BUFFER {
            self.spill()?;
        }
        Ok(position)
    }

    #[inline(always)]
    fn check(&self, entry: &Entry<'_>) -> Result<(), Nonsense> {
        match entry {
            Entry::EndOfFile => Err(Nonsense::MisplacedEnd),
            _ => self.schema.check(entry),
        }
    }

    /// Appends a blob, and returns the value that points to it.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn write_blob(&mut self, data: &[u8]) -> Result<BlobPosition, WriteError> {
        let size = data.len() as u64;
        self.write(&Entry::Blob { data, position: 0 })?;
        // The data are the last bytes of the entry, and may have been written already.
        Ok(BlobPosition { position: self.position().saturating_sub(size), size: Some(size) })
    }

    /// Writes the entries that have gathered. Nothing is promised about them before a checkpoint.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::Poisoned`].
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.checkpointer.check()?;
        self.finish_pieces()?;
        self.is_long = false;
        self.write_gathered()
    }

    /// A full buffer is written here, or where the transaction is a long one, by a thread.
    #[cold]
    fn spill(&mut self) -> Result<(), WriteError> {
        self.checkpointer.check()?;
        let Some(spawn) = self.spawn_pieces.filter(|_| self.is_long) else {
            self.is_long = true;
            return self.write_gathered();
        };
        self.settle()?;
        self.send_piece(spawn).map_err(|error| self.checkpointer.fail("writing entries", error))
    }

    fn send_piece(&mut self, spawn: SpawnPieces<S>) -> io::Result<()> {
        let pieces = match &mut self.pieces {
            Some(pieces) => pieces,
            None => {
                let file = self.file.try_clone()?;
                self.pieces.insert(Pieces::start(|writer| spawn(writer, file))?)
            }
        };
        let empty = pieces.buffer()?;
        let (bytes, position) = self.encoder.take_body(empty);
        pieces.write(bytes, position)
    }

    fn finish_pieces(&mut self) -> Result<(), WriteError> {
        let finished = self.pieces.as_mut().map_or(Ok(()), Pieces::finish);
        finished.map_err(|error| self.checkpointer.fail("writing entries", error))
    }

    fn write_gathered(&mut self) -> Result<(), WriteError> {
        if self.encoder.body().is_empty() {
            return Ok(());
        }
        self.settle()?;
        let start = self.encoder.position().saturating_sub(self.encoder.body().len() as u64);
        let written = self.file.write_at(self.encoder.body(), start);
        written.map_err(|error| self.checkpointer.fail("writing entries", error))?;
        self.encoder.clear();
        Ok(())
    }

    fn settle(&mut self) -> Result<(), WriteError> {
        if !self.settled {
            self.checkpointer.settle()?;
            self.settled = true;
        }
        Ok(())
    }

    /// Writes a soft checkpoint behind the last entry and returns its position: from then on readers find the entries,
    /// and they survive a crash of this program, not of the machine. Without new entries nothing is done.
    ///
    /// It waits while an asynchronous hard checkpoint is completed.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::Poisoned`].
    pub fn soft_checkpoint(&mut self) -> Result<u64, WriteError> {
        self.flush()?;
        let position = self.position();
        let by_hand = self.thread.is_none();
        self.checkpointer.soft(position, by_hand.then_some(&mut self.file))?;
        Ok(position)
    }

    /// Writes a hard checkpoint behind the last entry and returns its position: from then on the entries survive a
    /// power failure. Without new entries the file is synced all the same.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::Poisoned`].
    pub fn hard_checkpoint(&mut self) -> Result<u64, WriteError> {
        self.flush()?;
        self.settle()?;
        let position = self.position();
        if self.thread.is_some() && position > self.hard() {
            self.checkpointer.request(position)?;
            self.checkpointer.wait_for(position)?;
        } else {
            self.checkpointer.hard_now(position, &mut self.file)?;
        }
        Ok(position)
    }

    /// Writes a soft checkpoint behind the last entry, and asks for a hard one, which a thread carries out: see
    /// "Asynchronous hard checkpoints" above. With [`Background::ByHand`], [`Writer::advance`] does.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::Poisoned`]; errors of the hard checkpoint are told by what is returned, and
    /// by every later call.
    pub fn hard_checkpoint_async(&mut self) -> Result<PendingCheckpoint<S>, WriteError> {
        let position = self.soft_checkpoint()?;
        // A hard checkpoint that was found in the file counts only once it is known to be on the disk.
        self.settle()?;
        if position > self.hard() {
            self.start_thread()?;
            self.checkpointer.request(position)?;
        }
        Ok(PendingCheckpoint::new(Arc::clone(&self.checkpointer), position, self.background.is_none()))
    }

    fn start_thread(&mut self) -> Result<(), WriteError> {
        let Some(spawn) = self.background.filter(|_| self.thread.is_none()) else { return Ok(()) };
        let checkpointer = Arc::clone(&self.checkpointer);
        checkpointer.start();
        let started = self.file.try_clone().and_then(|file| spawn(checkpointer, file));
        self.thread = Some(started.map_err(|error| self.checkpointer.fail("starting a thread", error))?);
        Ok(())
    }

    /// Carries out the next step of an asynchronous hard checkpoint, and says whether there was one. Only with
    /// [`Background::ByHand`]: otherwise the thread does, and this does nothing.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::Poisoned`].
    pub fn advance(&mut self) -> Result<bool, WriteError> {
        if self.background.is_some() { Ok(false) } else { self.checkpointer.advance(&mut self.file) }
    }

    /// The position behind the last entry, in bytes from the beginning of the file.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.encoder.position()
    }

    /// The current checkpoint: what readers find.
    #[must_use]
    pub fn current(&self) -> u64 {
        self.checkpointer.current()
    }

    /// The hard checkpoint.
    #[must_use]
    pub fn hard(&self) -> u64 {
        self.checkpointer.hard()
    }

    /// How many bytes of entries lie behind the current checkpoint: what would become a dirty tail if the program
    /// ended here.
    #[must_use]
    pub fn uncommitted(&self) -> u64 {
        self.position().saturating_sub(self.current())
    }

    /// The tables and fields as they stand behind the last entry.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The context of the next entry.
    #[must_use]
    pub const fn context(&self) -> Context {
        self.encoder.context()
    }

    /// Ends writing, and returns [`Writer::uncommitted`]. What was requested of [`Writer::hard_checkpoint_async`] is
    /// completed first.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::Poisoned`].
    pub fn close(mut self) -> Result<u64, WriteError> {
        self.finish_requests();
        self.flush()?;
        Ok(self.uncommitted())
    }

    fn finish_requests(&mut self) {
        match self.thread.take() {
            Some(thread) => {
                self.checkpointer.stop();
                // A thread that panicked has nothing to say that the checkpointer does not know.
                let _ = thread.join();
            }
            // The failure is noted, and told to whoever asks.
            None => drop(self.checkpointer.drive(&mut self.file)),
        }
    }
}

impl<S: Storage> Drop for Writer<S> {
    fn drop(&mut self) {
        self.finish_requests();
        // An error leaves less of the tail than there could be, and a tail promises nothing.
        let _ = self.flush();
        // Where that failed, pieces may still be on their way.
        self.pieces = None;
        if self.locks {
            // Handles may keep the file open for longer than the writer lives.
            let _ = self.file.unlock(Region::Tail);
        }
    }
}
