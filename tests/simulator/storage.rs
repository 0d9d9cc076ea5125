//! A storage and a directory that record every operation, and fail where they are told to.

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
    /// The program is killed: this and all that follows is never asked of the system.
    Killed,
}

pub(crate) const FAULTS: [Fault; 3] = [Fault::Short, Fault::NoSpace, Fault::InputOutput];

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Fault::Short => io::ErrorKind::WriteZero.into(),
            Fault::NoSpace => io::ErrorKind::StorageFull.into(),
            Fault::InputOutput | Fault::Killed => io::Error::other("input/output error"),
        }
    }

    fn written(self, length: usize) -> usize {
        match self {
            Fault::Short => length / 2,
            Fault::NoSpace => length.saturating_sub(1),
            Fault::InputOutput | Fault::Killed => 0,
        }
    }
}

/// What a running program sees, and what it did.
#[derive(Debug, Default)]
struct World {
    files: Vec<Vec<u8>>,
    names: BTreeMap<PathBuf, Inode>,
    journal: Vec<Operation>,
    fault: Option<(usize, Fault)>,
}

impl World {
    /// The fault that the next operation has.
    fn fault(&self) -> Option<Fault> {
        let (at, fault) = self.fault?;
        (at == self.journal.len()).then_some(fault)
    }

    /// Records an operation, or what is left of it if it fails.
    fn record(&mut self, operation: Operation, failed: Operation) -> io::Result<()> {
        let fault = self.fault();
        if fault == Some(Fault::Killed) {
            return Err(Fault::Killed.error());
        }
        self.journal.push(if fault.is_some() { failed } else { operation });
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn change_name(&mut self, change: NameChange) -> io::Result<()> {
        self.record(Operation::Name(change), Operation::Refused)
    }

    fn write(&mut self, file: Inode, position: usize, bytes: &[u8]) {
        let content = &mut self.files[file];
        content.resize(content.len().max(position + bytes.len()), 0);
        content[position..position + bytes.len()].copy_from_slice(bytes);
    }

    fn inode(&self, name: &Path) -> io::Result<Inode> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A directory whose operations are recorded; clones are the same directory.
#[derive(Clone, Debug)]
pub(crate) struct SimDirectory(Rc<RefCell<World>>);

impl SimDirectory {
    /// A directory that holds these files, durably.
    pub(crate) fn new(state: &State, fault: Option<(usize, Fault)>) -> SimDirectory {
        let names = state.keys().cloned().zip(0..).collect();
        let files = state.values().cloned().collect();
        SimDirectory(Rc::new(RefCell::new(World { files, names, journal: Vec::new(), fault })))
    }

    pub(crate) fn open(&self, name: &Path) -> SimStorage {
        let file = self.0.borrow().inode(name).unwrap();
        SimStorage { world: Rc::clone(&self.0), file }
    }

    /// The program is started again; what it did before is still in memory, and pending.
    pub(crate) fn start_again(&self) {
        self.0.borrow_mut().fault = None;
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
        self.0.borrow_mut().record(Operation::SyncDirectory, Operation::FailedSyncDirectory)
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
        let (mut world, file, position) = (self.world.borrow_mut(), self.file, offset(position)?);
        let written = world.fault().map_or(bytes.len(), |fault| fault.written(bytes.len()));
        let bytes = &bytes[..written];
        let write = Operation::Write { file, position, bytes: bytes.to_vec() };
        if !bytes.is_empty() {
            world.write(file, position, bytes);
        }
        world.record(write.clone(), if bytes.is_empty() { Operation::Refused } else { write })
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        let (mut world, file, size) = (self.world.borrow_mut(), self.file, offset(size)?);
        world.record(Operation::SetSize { file, size }, Operation::Refused)?;
        world.files[file].resize(size, 0);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let file = self.file;
        self.world.borrow_mut().record(Operation::Sync { file }, Operation::FailedSync { file })
    }

    /// A length that is needed to read the data becomes durable with it.
    fn sync_data(&mut self) -> io::Result<()> {
        self.sync()
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
