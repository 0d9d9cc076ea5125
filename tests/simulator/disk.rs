//! What a disk may hold: what is durable, and what was issued since and may or may not have arrived.
//!
//! Nothing of this knows joedb. A [`Disk`] is a [`State`] and the [`Operation`]s done to it; [`Disk::each_state`] shows
//! what may be found when the power is back, and [`Disk::issued`] what a crash of the program alone leaves.

use crate::choices::{Random, each_choice};
use crate::file::{File, Uncertainty};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// What is found after a crash: every name, and the bytes under it.
pub(crate) type State = BTreeMap<PathBuf, Vec<u8>>;

/// A file, whatever names it has.
pub(crate) type Inode = usize;

/// Disks write sectors whole: those of disks old and new, and of memory that keeps only eight bytes together.
const SECTORS: [usize; 3] = [512, 4096, 8];

/// What unwritten bytes read as.
const FILLS: [u8; 2] = [0, 0xa5];

/// What a program asked of the system.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Write {
        file: Inode,
        position: usize,
        bytes: Vec<u8>,
    },
    SetSize {
        file: Inode,
        size: usize,
    },
    Sync {
        file: Inode,
    },
    SyncData {
        file: Inode,
    },
    /// Of either kind.
    FailedSync {
        file: Inode,
    },
    Name(NameChange),
    SyncDirectory,
    FailedSyncDirectory,
    /// Refused by the system, without any effect.
    Refused,
}

impl Operation {
    /// Whether it asks for durability.
    pub(crate) const fn is_sync(&self) -> bool {
        matches!(self, Operation::Sync { .. } | Operation::SyncData { .. } | Operation::SyncDirectory)
    }

    pub(crate) const fn is_failed_sync(&self) -> bool {
        matches!(self, Operation::FailedSync { .. } | Operation::FailedSyncDirectory)
    }

    /// Whether it changes what a reader sees, if only to the same again.
    pub(crate) const fn is_change(&self) -> bool {
        matches!(self, Operation::Write { .. } | Operation::SetSize { .. } | Operation::Name(_))
    }
}

/// A change of a directory.
#[derive(Clone, Debug, Hash)]
pub(crate) enum NameChange {
    Create { name: PathBuf, file: Inode },
    Rename { from: PathBuf, to: PathBuf, file: Inode },
    Remove { name: PathBuf, file: Inode },
}

type Names = BTreeMap<PathBuf, Inode>;

impl NameChange {
    fn apply(&self, names: &mut Names) {
        match self {
            NameChange::Create { name, file } => {
                names.insert(name.clone(), *file);
            }
            NameChange::Rename { from, to, file } => {
                remove(names, from, *file);
                names.insert(to.clone(), *file);
            }
            NameChange::Remove { name, file } => remove(names, name, *file),
        }
    }

    /// The name that a file gets.
    fn gives(&self) -> Option<(&Path, Inode)> {
        match self {
            NameChange::Create { name, file } | NameChange::Rename { to: name, file, .. } => {
                Some((name, *file))
            }
            NameChange::Remove { .. } => None,
        }
    }
}

fn remove(names: &mut Names, name: &Path, file: Inode) {
    if names.get(name) == Some(&file) {
        names.remove(name);
    }
}

/// Whether a name is one that recovery gives to unfinished files. Nobody ever reads them again.
pub(crate) fn is_temporary(name: &Path) -> bool {
    name.to_string_lossy().starts_with(".joedb-") && name.extension().is_some_and(|end| end == "tmp")
}

/// What became of a change of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fate {
    /// The next sync makes it durable.
    Pending,
    /// A failed sync dropped it: it may have arrived, and no later sync makes it durable.
    Dropped,
    /// It has arrived, and one before it may not have.
    Durable,
}

/// Files and a directory, as far as they are durable, and what is pending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: Names,
    changes: Vec<(NameChange, Fate)>,
}

impl Disk {
    pub(crate) fn new(state: &State) -> Disk {
        let files = state.values().map(|bytes| File::durable(bytes)).collect();
        let names = state.keys().cloned().zip(0..).collect();
        Disk { files, names, changes: Vec::new() }
    }

    fn file(&mut self, file: Inode) -> &mut File {
        // A wrong program may use a file before it is made.
        let count = self.files.len().max(file + 1);
        self.files.resize_with(count, File::default);
        &mut self.files[file]
    }

    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Write { file, position, bytes } => self.file(*file).write(*position, bytes),
            Operation::SetSize { file, size } => self.file(*file).set_size(*size),
            Operation::Sync { file } => self.file(*file).sync(),
            Operation::SyncData { file } => self.file(*file).sync_data(),
            Operation::FailedSync { file } => self.file(*file).fail_to_sync(),
            Operation::Name(change) => self.changes.push((change.clone(), Fate::Pending)),
            Operation::SyncDirectory => self.sync_directory(),
            Operation::FailedSyncDirectory => self.settle_names(Fate::Dropped),
            Operation::Refused => {}
        }
    }

    fn settle_names(&mut self, fate: Fate) {
        let pending = self.changes.iter_mut().filter(|(_, fate)| *fate == Fate::Pending);
        pending.for_each(|(_, now)| *now = fate);
    }

    fn sync_directory(&mut self) {
        self.settle_names(Fate::Durable);
        let durable = self.changes.iter().take_while(|(_, fate)| *fate == Fate::Durable).count();
        for (change, _) in self.changes.drain(..durable) {
            change.apply(&mut self.names);
        }
    }

    /// Whether all names that a file has, or may get by what is pending, are temporary: then it does not matter what
    /// it holds, and it is shown empty.
    pub(crate) fn is_hidden(&self, file: Inode) -> bool {
        let names = self.names.iter().map(|(name, file)| (name.as_path(), *file));
        let given = self.changes.iter().filter_map(|(change, _)| change.gives());
        names.chain(given).filter(|(_, named)| *named == file).all(|(name, _)| is_temporary(name))
    }

    /// A number for what the disk may hold now. Runs that began differently often come to be the same.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.names, &self.changes).hash(&mut hasher);
        for (file, content) in self.files.iter().enumerate().filter(|(file, _)| !self.is_hidden(*file)) {
            (file, content.may_hold()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// What is there when the program alone crashes.
    pub(crate) fn issued(&self) -> State {
        let mut names = self.names.clone();
        self.changes.iter().for_each(|(change, _)| change.apply(&mut names));
        let content = |file: Inode| self.files.get(file).map(File::issued).unwrap_or_default();
        let shown = |file: Inode| if self.is_hidden(file) { Vec::new() } else { content(file) };
        names.into_iter().map(|(name, file)| (name, shown(file))).collect()
    }

    /// Shows what the disk may hold after a power failure, with sectors of each size.
    pub(crate) fn each_state(&self, random: &mut Random, visit: &mut dyn FnMut(State)) {
        let hidden: Vec<bool> = (0..self.files.len()).map(|file| self.is_hidden(file)).collect();
        let uncertain =
            self.files.iter().zip(&hidden).filter(|(file, hidden)| !*hidden && !file.is_certain());
        let longest = uncertain.map(|(file, _)| file.longest()).max().unwrap_or(0);
        for (index, &sector) in SECTORS.iter().enumerate() {
            // All sectors that are larger than the files are the same.
            if sector < longest || SECTORS[..index].iter().all(|&earlier| earlier < longest) {
                self.each_state_of(sector, &hidden, random, visit);
            }
        }
    }

    fn each_state_of(
        &self,
        sector: usize,
        hidden: &[bool],
        random: &mut Random,
        visit: &mut dyn FnMut(State),
    ) {
        let of_file = |(file, hidden): (&File, &bool)| {
            if *hidden { Uncertainty::hidden() } else { file.uncertainty(sector) }
        };
        let files: Vec<Uncertainty> = self.files.iter().zip(hidden).map(of_file).collect();
        let fills = if files.iter().any(Uncertainty::has_unwritten) { FILLS.len() } else { 1 };
        let mut radices = vec![fills];
        radices.extend(self.changes.iter().map(|(_, fate)| if *fate == Fate::Durable { 1 } else { 2 }));
        radices.extend(files.iter().flat_map(Uncertainty::radices));
        each_choice(&radices, random, &mut |choice| visit(self.state(&files, choice)));
    }

    fn state(&self, files: &[Uncertainty], choice: &[usize]) -> State {
        let (own, mut choice) = choice.split_at(1 + self.changes.len());
        let mut names = self.names.clone();
        for ((change, fate), arrived) in self.changes.iter().zip(&own[1..]) {
            if *fate == Fate::Durable || *arrived == 1 {
                change.apply(&mut names);
            }
        }
        let contents: Vec<Vec<u8>> =
            files.iter().map(|file| file.content(&mut choice, FILLS[own[0]])).collect();
        let content = |file: Inode| contents.get(file).cloned().unwrap_or_default();
        names.into_iter().map(|(name, file)| (name, content(file))).collect()
    }
}
