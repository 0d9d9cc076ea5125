//! A storage and a directory that record every operation, and fail where they are told to.
//!
//! [`SimDirectory::journal`] is what [`crate::crash::Crashes`] needs.

use crate::disk::{Inode, NameChange, Operation, State};
use joedb::storage::{Directory, Existing, Mode, ReadAt, Region, Storage};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Half of a write is done.
    Short,
    /// All of a write is done but its last byte.
    NoSpace,
    /// Nothing is done; a failed sync drops what was pending while reads still show it.
    InputOutput,
    /// The program is killed when so many bytes of a write are done: all that follows is never asked of the system.
    Killed(usize),
}

/// Those that a program hears of.
pub(crate) const FAULTS: [Fault; 3] = [Fault::Short, Fault::NoSpace, Fault::InputOutput];

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Fault::Short => io::ErrorKind::WriteZero.into(),
            Fault::NoSpace => io::ErrorKind::StorageFull.into(),
            Fault::InputOutput | Fault::Killed(_) => io::Error::other("input/output error"),
        }
    }

    /// How many bytes of a write of `length` are done.
    fn written(self, length: usize) -> usize {
        match self {
            Fault::Short => length / 2,
            Fault::NoSpace => length.saturating_sub(1),
            Fault::InputOutput => 0,
            Fault::Killed(bytes) => bytes.min(length),
        }
    }
}

/// What a running program sees, and what it did.
#[derive(Debug, Default)]
struct World {
    files: Vec<Vec<u8>>,
    names: BTreeMap<PathBuf, Inode>,
    journal: Vec<Operation>,
    /// The operation that fails, by how many come before it.
    fault: Option<(usize, Fault)>,
    is_dead: bool,
    /// The sync that a wrong program leaves out, by how many come before it.
    left_out: Option<usize>,
    syncs: usize,
    /// Whether an aligned word of eight bytes is written whole or not at all, as the kernel copies it in one step.
    whole_words: bool,
}

impl World {
    /// The fault that the next operation has.
    fn fault(&self) -> Option<Fault> {
        if self.is_dead {
            return Some(Fault::Killed(0));
        }
        let (at, fault) = self.fault?;
        (at == self.journal.len()).then_some(fault)
    }

    /// Records an operation, or what is left of it if it fails.
    fn record(&mut self, operation: Operation, failed: Operation) -> io::Result<()> {
        let Some(fault) = self.fault() else {
            self.journal.push(operation);
            return Ok(());
        };
        self.is_dead |= matches!(fault, Fault::Killed(_));
        // Nothing at all is done by a program that is dead, but for the part of a write.
        if !self.is_dead || failed.is_change() {
            self.journal.push(failed);
        }
        Err(fault.error())
    }

    fn sync(&mut self, operation: Operation, failed: Operation) -> io::Result<()> {
        self.syncs += 1;
        let is_left_out = self.left_out == Some(self.syncs - 1);
        if is_left_out { Ok(()) } else { self.record(operation, failed) }
    }

    fn change_name(&mut self, change: NameChange) -> io::Result<()> {
        self.record(Operation::Name(change), Operation::Refused)
    }

    fn write(&mut self, file: Inode, position: usize, bytes: &[u8]) -> io::Result<()> {
        let is_whole = self.whole_words && bytes.len() == 8 && position.is_multiple_of(8);
        let part = |fault: Fault| if is_whole { 0 } else { fault.written(bytes.len()) };
        let written = self.fault().map_or(bytes.len(), part);
        let bytes = bytes[..written].to_vec();
        let content = &mut self.files[file];
        if !bytes.is_empty() {
            content.resize(content.len().max(position + written), 0);
            content[position..position + written].copy_from_slice(&bytes);
        }
        let write = Operation::Write { file, position, bytes };
        self.record(write.clone(), if written > 0 { write } else { Operation::Refused })
    }

    fn inode(&self, name: &Path) -> io::Result<Inode> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A directory whose operations are recorded; clones are the same directory.
#[derive(Clone, Debug)]
pub(crate) struct SimDirectory(Rc<RefCell<World>>);

impl SimDirectory {
    /// A directory that holds these files, durably. The operation that fails is counted from 0.
    pub(crate) fn new(state: &State, fault: Option<(usize, Fault)>) -> SimDirectory {
        let names = state.keys().cloned().zip(0..).collect();
        let files = state.values().cloned().collect();
        SimDirectory(Rc::new(RefCell::new(World { files, names, fault, ..World::default() })))
    }

    pub(crate) fn open(&self, name: &Path) -> SimStorage {
        let file = self.0.borrow().inode(name).unwrap();
        SimStorage { world: Rc::clone(&self.0), file }
    }

    /// The program is started again; what it did before is still in memory, and pending.
    pub(crate) fn start_again(&self) {
        let mut world = self.0.borrow_mut();
        (world.fault, world.is_dead) = (None, false);
    }

    /// From now on aligned words of eight bytes are written whole or not at all.
    pub(crate) fn keep_words_whole(&self) {
        self.0.borrow_mut().whole_words = true;
    }

    /// From now on the sync with this number, from 0, does nothing and says that it did.
    pub(crate) fn leave_out_sync(&self, number: usize) {
        let mut world = self.0.borrow_mut();
        (world.left_out, world.syncs) = (Some(number), 0);
    }

    /// What was done so far.
    pub(crate) fn journal(&self) -> Vec<Operation> {
        self.0.borrow().journal.clone()
    }

    /// What a program sees now.
    pub(crate) fn state(&self) -> State {
        let world = self.0.borrow();
        world.names.iter().map(|(name, file)| (name.clone(), world.files[*file].clone())).collect()
    }
}

impl Directory for SimDirectory {
    type File = SimStorage;

    fn create_new(&self, name: &Path) -> io::Result<SimStorage> {
        let mut world = self.0.borrow_mut();
        if world.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = world.files.len();
        world.change_name(NameChange::Create { name: name.to_path_buf(), file })?;
        world.files.push(Vec::new());
        world.names.insert(name.to_path_buf(), file);
        Ok(SimStorage { world: Rc::clone(&self.0), file })
    }

    fn open(&self, name: &Path) -> io::Result<SimStorage> {
        let file = self.0.borrow().inode(name)?;
        Ok(SimStorage { world: Rc::clone(&self.0), file })
    }

    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        if existing == Existing::Refuse && world.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = world.inode(from)?;
        world.change_name(NameChange::Rename { from: from.to_path_buf(), to: to.to_path_buf(), file })?;
        world.names.remove(from);
        world.names.insert(to.to_path_buf(), file);
        Ok(())
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        let mut world = self.0.borrow_mut();
        let file = world.inode(name)?;
        world.change_name(NameChange::Remove { name: name.to_path_buf(), file })?;
        world.names.remove(name);
        Ok(())
    }

    fn sync(&self, _: &Path) -> io::Result<()> {
        self.0.borrow_mut().sync(Operation::SyncDirectory, Operation::FailedSyncDirectory)
    }
}

/// A file whose operations are recorded.
#[derive(Clone, Debug)]
pub(crate) struct SimStorage {
    world: Rc<RefCell<World>>,
    file: Inode,
}

fn offset(position: u64) -> io::Result<usize> {
    usize::try_from(position).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl ReadAt for SimStorage {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let world = self.world.borrow();
        let rest = world.files[self.file].get(offset(position)?..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.world.borrow().files[self.file].len() as u64)
    }
}

impl Storage for SimStorage {
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.world.borrow_mut().write(self.file, offset(position)?, bytes)
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        let (mut world, file, size) = (self.world.borrow_mut(), self.file, offset(size)?);
        world.record(Operation::SetSize { file, size }, Operation::Refused)?;
        world.files[file].resize(size, 0);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let file = self.file;
        self.world.borrow_mut().sync(Operation::Sync { file }, Operation::FailedSync { file })
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let file = self.file;
        self.world.borrow_mut().sync(Operation::SyncData { file }, Operation::FailedSync { file })
    }

    fn try_lock(&self, _: Region, _: Mode) -> io::Result<bool> {
        Ok(true)
    }

    fn unlock(&self, _: Region) -> io::Result<()> {
        Ok(())
    }

    fn try_clone(&self) -> io::Result<SimStorage> {
        Ok(self.clone())
    }
}
