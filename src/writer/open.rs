//! Opening a file for writing: locks, head, tail, and what the log has been up to.

use super::checkpointer::{Checkpointer, Found};
use super::error::OpenError;
use super::pieces::PieceWriter;
use super::places::Places;
use super::{Encoder, Writer};
use crate::decode::Context;
use crate::entry::Located;
use crate::head::{HEAD_SIZE, Head, Version};
use crate::journal::{self, Bookmark, Flow, Journal, SourceError, Visitor, Walk};
use crate::recovery::{ApplyError, Plan, PlanOptions, Target, Temporary, Unattended, apply_in_place, plan};
use crate::relocation::Relocation;
use crate::schema::Schema;
use crate::sense::Damage;
use crate::storage::{
    Directory, Existing, File, FileDirectory, Mode, ReadAt as _, Region, Storage, numbered_names,
};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// What becomes of a file that does not end at its checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recovery {
    /// It is refused.
    #[default]
    Refuse,
    /// It is cut at its current checkpoint, hard or soft, as joedb would read it: what an aborted transaction left goes.
    /// The result is hard-checkpointed.
    Overwrite,
    /// It is cut at its hard checkpoint, soft commits included: for after a power failure, which soft ones need not have
    /// survived.
    Hard,
}

/// What becomes of the bytes that are cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Undo {
    /// They are kept in FILE.undo, FILE.undo.2 and so on, which `joedb_convert --undo` puts back.
    #[default]
    Beside,
    /// They are kept in a file of this name, which must not exist.
    At(PathBuf),
    /// They are lost.
    None,
}

/// How the file is kept from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locks {
    /// The lock of the tail has to be free.
    #[default]
    AtOnce,
    /// The lock of the tail is waited for.
    Wait,
    /// No locks: for file systems that have none. Nothing then keeps other writers out, or readers from a half-written
    /// head.
    None,
}

/// Who carries out asynchronous hard checkpoints, and writes the entries of long transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// A thread for each of the two, which is started with the first one.
    #[default]
    Thread,
    /// The caller, by [`Writer::advance`]: for programs without threads, and for tests of every order of steps.
    ByHand,
}

/// How a file is opened for writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What becomes of a file that does not end at its checkpoint.
    pub recovery: Recovery,
    /// What becomes of bytes that are cut off.
    pub undo: Undo,
    /// How the file is kept from others.
    pub locks: Locks,
    /// Who carries out asynchronous hard checkpoints, and writes the entries of long transactions.
    pub background: Background,
}

/// Starts the thread of a writer. It is a pointer, so that a storage that stays on its thread can be written too.
pub(super) type Spawn<S> = fn(Arc<Checkpointer<S>>, S) -> io::Result<JoinHandle<()>>;

/// The same for the thread that writes the entries of long transactions.
pub(super) type SpawnPieces<S> = fn(PieceWriter, S) -> io::Result<JoinHandle<()>>;

fn spawn_pieces<S: Storage + Send + 'static>(pieces: PieceWriter, file: S) -> io::Result<JoinHandle<()>> {
    Builder::new().name("joedb-entries".to_owned()).spawn(move || pieces.serve(file))
}

fn spawn<S: Storage + Send + 'static>(
    checkpointer: Arc<Checkpointer<S>>,
    mut file: S,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name("joedb-checkpoint".to_owned()).spawn(move || checkpointer.serve(&mut file))
}

impl Writer<File> {
    /// Makes a new file. It appears under its name only when it is whole, and it, its head and its name are durable.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Recover`] with [`ApplyError::Exists`] if the name is taken.
    pub fn create(path: &Path, options: &Options) -> Result<Writer<File>, OpenError> {
        Ok(Writer::create_in(&FileDirectory, path, options)?.with_thread(options))
    }

    /// Opens a file, and keeps other writers out as long as it lives. An empty file is given a head.
    ///
    /// The whole log is read once: entries depend on those before them.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, options: &Options) -> Result<Writer<File>, OpenError> {
        let file = File::open_writable(path).map_err(OpenError::io("opening"))?;
        Ok(Writer::open_in(&FileDirectory, path, file, options)?.with_thread(options))
    }
}

impl<S: Storage + 'static> Writer<S> {
    /// As [`Writer::create`], in any directory. Asynchronous hard checkpoints are by hand.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn create_in<D: Directory<File = S>>(
        directory: &D,
        path: &Path,
        options: &Options,
    ) -> Result<Writer<S>, OpenError> {
        let mut temporary = Temporary::beside(directory, path)?;
        let file = temporary.file.try_clone().map_err(OpenError::io("opening"))?;
        lock_tail(&file, options.locks)?;
        write_head(&mut temporary.file)?;
        temporary.rename(path, Existing::Refuse)?;
        if let Err(error) = directory.sync(path) {
            // A name that may not last must not be found by the next one who opens it.
            let _ = directory.remove(path);
            return Err(OpenError::io("syncing its directory")(error));
        }
        Writer::assemble(file, Places::of_new_file(), true, options.locks, Log::new())
    }

    /// As [`Writer::open`], for a file of any directory. Asynchronous hard checkpoints are by hand.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_in<D: Directory<File = S>>(
        directory: &D,
        path: &Path,
        mut file: S,
        options: &Options,
    ) -> Result<Writer<S>, OpenError> {
        lock_tail(&file, options.locks)?;
        match begin(directory, path, &mut file, options) {
            Ok((places, settled, log)) => Writer::assemble(file, places, settled, options.locks, log),
            Err(error) => {
                // Other handles of the file may live on: those of the caller, or of a process that starts just now.
                if options.locks != Locks::None {
                    let _ = file.unlock(Region::Tail);
                }
                Err(error)
            }
        }
    }

    /// `settled`: the head is on the disk as it is seen.
    fn assemble(
        file: S,
        places: Places,
        settled: bool,
        locks: Locks,
        log: Log,
    ) -> Result<Writer<S>, OpenError> {
        let head = file.try_clone().map_err(OpenError::io("opening"))?;
        let locks = locks != Locks::None;
        Ok(Writer {
            file,
            encoder: Encoder::resume(Version::V5, log.position, log.context),
            schema: log.schema,
            relocation: Relocation::default(),
            checkpointer: Arc::new(Checkpointer::new(head, Found { places, settled, locks })),
            background: None,
            thread: None,
            spawn_pieces: None,
            pieces: None,
            is_long: false,
            settled,
            locks,
        })
    }
}

impl<S: Storage + Send + 'static> Writer<S> {
    pub(super) fn with_thread(mut self, options: &Options) -> Writer<S> {
        let threads = options.background == Background::Thread;
        self.background = threads.then_some(spawn::<S>);
        self.spawn_pieces = threads.then_some(spawn_pieces::<S>);
        self
    }
}

/// Gives a file whose tail is locked a head if it has nothing yet; otherwise reads it. What comes back with the log is
/// whether its head is on the disk as it is seen.
fn begin<D: Directory>(
    directory: &D,
    path: &Path,
    file: &mut D::File,
    options: &Options,
) -> Result<(Places, bool, Log), OpenError>
where
    D::File: 'static,
{
    // Whoever made the file may not have lived to make its name durable.
    directory.sync(path).map_err(OpenError::io("syncing its directory"))?;
    if file.size().map_err(OpenError::io("asking for the size"))? == 0 {
        write_head(file)?;
        return Ok((Places::of_new_file(), true, Log::new()));
    }
    let mut journal = admit(directory, path, file, options)?;
    let places = Places::of_head(journal.head(), journal.checkpoints());
    let mut log = Log::new();
    log.follow(&mut journal, places.current())?;
    Ok((places, false, log))
}

pub(super) fn lock_tail<S: Storage>(file: &S, locks: Locks) -> Result<(), OpenError> {
    let taken = match locks {
        Locks::None => return Ok(()),
        Locks::AtOnce => file.try_lock(Region::Tail, Mode::Exclusive),
        Locks::Wait => file.lock(Region::Tail, Mode::Exclusive).map(|()| true),
    };
    match taken {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenError::Locked),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Err(OpenError::NoLocks(error)),
        Err(error) => Err(OpenError::io("locking the tail")(error)),
    }
}

fn write_head<S: Storage>(file: &mut S) -> Result<(), OpenError> {
    let head = Head::hard(Version::V5, HEAD_SIZE).to_bytes();
    file.write_at(&head, 0).map_err(OpenError::io("writing the head"))?;
    file.sync().map_err(OpenError::io("syncing"))
}

/// Reads the head of a file whose tail is locked, and recovers the file where that was asked for. What comes back ends
/// at its current checkpoint.
pub(super) fn admit<D: Directory>(
    directory: &D,
    path: &Path,
    file: &mut D::File,
    options: &Options,
) -> Result<Journal, OpenError>
where
    D::File: 'static,
{
    let with_locks = options.locks != Locks::None;
    if with_locks {
        file.lock(Region::Head, Mode::Exclusive).map_err(OpenError::io("locking the head"))?;
    }
    let admitted = admit_locked(directory, path, file, options);
    if with_locks {
        file.unlock(Region::Head).map_err(OpenError::io("unlocking the head"))?;
    }
    admitted
}

fn admit_locked<D: Directory>(
    directory: &D,
    path: &Path,
    file: &mut D::File,
    options: &Options,
) -> Result<Journal, OpenError>
where
    D::File: 'static,
{
    let mut journal = read(file)?;
    if journal.version() == Version::V4 {
        return Err(OpenError::Version4);
    }
    let checkpoint = journal.checkpoints().current()?;
    let (size, hard) = (journal.size(), journal.checkpoints().hard.position);
    let target = match options.recovery {
        Recovery::Hard if size > hard => Target::Hard,
        _ if size == checkpoint => return Ok(journal),
        Recovery::Refuse => return Err(OpenError::DirtyTail { size, checkpoint }),
        Recovery::Overwrite | Recovery::Hard => Target::Checkpoint,
    };
    let plan = plan(&mut journal, target, PlanOptions { verify: true, allow_empty: true }, &mut |_| {})?;
    cut(&plan, path, file, directory, &options.undo)?;
    read(file)
}

fn read<S: Storage + 'static>(file: &S) -> Result<Journal, OpenError> {
    let clone = file.try_clone().map_err(OpenError::io("opening"))?;
    Journal::of_storage(Box::new(clone)).map_err(|error| match error {
        journal::OpenError::Io(error) => OpenError::io("reading the head")(error),
        journal::OpenError::Head(error) => error.into(),
        journal::OpenError::CutShort(error) => error.into(),
    })
}

fn cut<D: Directory>(
    plan: &Plan,
    path: &Path,
    file: &mut D::File,
    directory: &D,
    undo: &Undo,
) -> Result<(), OpenError> {
    let mut apply = |undo: Option<&Path>| apply_in_place(plan, path, file, directory, undo, &mut Unattended);
    match undo {
        Undo::None => apply(None).map(drop)?,
        Undo::At(name) => apply(Some(name)).map(drop)?,
        Undo::Beside => {
            for name in numbered_names(path, ".undo") {
                match apply(Some(&name)) {
                    Err(ApplyError::Exists(_)) => {}
                    applied => return applied.map(drop).map_err(OpenError::from),
                }
            }
        }
    }
    Ok(())
}

/// What a log has been up to: where it ends, and what its next entry depends on.
pub(super) struct Log {
    pub(super) position: u64,
    pub(super) context: Context,
    pub(super) schema: Schema,
}

impl Log {
    pub(super) fn new() -> Log {
        Log { position: HEAD_SIZE, context: Context::START, schema: Schema::new() }
    }

    /// Reads on up to `end`.
    pub(super) fn follow(&mut self, journal: &mut Journal, end: u64) -> Result<(), OpenError> {
        let mut learner = Learner { schema: &mut self.schema, damage: None };
        let bookmark = Bookmark::at(journal.version(), self.position, self.context);
        let mut entries = journal.entries_from(&bookmark, end);
        let walked = entries.walk(&mut learner)?;
        (self.position, self.context) = (entries.position(), entries.context());
        match (learner.damage, walked) {
            (Some(damage), _) => Err(damage.into()),
            (None, Walk::Undecodable(error)) => Err(Damage::from(error).into()),
            (None, Walk::End | Walk::Stopped) => Ok(()),
        }
    }
}

struct Learner<'s> {
    schema: &'s mut Schema,
    damage: Option<Damage>,
}

impl Visitor for Learner<'_> {
    type Error = SourceError;

    #[inline]
    fn entry(&mut self, located: &Located<'_>) -> Result<Flow, SourceError> {
        if let Err(nonsense) = self.schema.check(&located.entry) {
            let kind = located.entry.kind();
            self.damage = Some(Damage::Nonsense { position: located.position, kind, nonsense });
            return Ok(Flow::Stop);
        }
        if located.entry.is_schema() {
            self.schema.apply(&located.entry);
        }
        Ok(Flow::Continue)
    }
}
