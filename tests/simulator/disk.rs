//! What a disk may hold: what is durable, and what was issued since and may or may not have arrived.

use crate::choices::{Random, each_choice};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What is found when the power is back: every name, and the bytes under it.
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
    FailedSync {
        file: Inode,
    },
    Name(NameChange),
    SyncDirectory,
    FailedSyncDirectory,
    /// Refused by the system, without any effect.
    Refused,
}

/// A change of a directory.
#[derive(Clone, Debug)]
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
}

fn remove(names: &mut Names, name: &Path, file: Inode) {
    if names.get(name) == Some(&file) {
        names.remove(name);
    }
}

/// Bytes on the disk; `None` where nothing was ever written.
type Image = Vec<Option<u8>>;

#[derive(Clone, Debug)]
enum Change {
    Write { position: usize, bytes: Vec<u8> },
    SetSize { size: usize },
}

impl Change {
    fn size_after(&self, size: usize) -> usize {
        match self {
            Change::Write { position, bytes } => size.max(position + bytes.len()),
            Change::SetSize { size } => *size,
        }
    }

    /// The sectors after this change. Cutting a file fills the rest of its last sector with zeros, which may arrive
    /// although the length does not.
    fn apply(&self, image: &mut Image, size: usize) {
        match self {
            Change::Write { position, bytes } => {
                zero(image, size..*position);
                for (place, byte) in image.iter_mut().skip(*position).zip(bytes) {
                    *place = Some(*byte);
                }
            }
            Change::SetSize { size: new } => zero(image, size.min(*new)..size.max(*new)),
        }
    }
}

fn zero(image: &mut Image, range: Range<usize>) {
    image.iter_mut().take(range.end).skip(range.start).for_each(|place| *place = Some(0));
}

#[derive(Clone, Debug, Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// After a failed sync nothing may be assumed durable, even if a later one succeeds.
    failed: bool,
}

impl File {
    fn sync(&mut self) {
        if !self.failed {
            self.durable = self.issued();
            self.pending.clear();
        }
    }

    /// The content that a reader sees.
    fn issued(&self) -> Vec<u8> {
        let (images, lengths) = self.history();
        let last = images.last().into_iter().flatten().take(lengths.last().copied().unwrap_or(0));
        last.map(|byte| byte.unwrap_or(0)).collect()
    }

    /// The sectors and the length: as they are durable, and after each pending change.
    fn history(&self) -> (Vec<Image>, Vec<usize>) {
        let mut lengths = vec![self.durable.len()];
        for change in &self.pending {
            lengths.push(change.size_after(lengths[lengths.len() - 1]));
        }
        let mut image: Image = self.durable.iter().copied().map(Some).collect();
        image.resize(lengths.iter().copied().max().unwrap_or(0), None);
        let mut images = vec![image.clone()];
        for (change, size) in self.pending.iter().zip(&lengths) {
            change.apply(&mut image, *size);
            images.push(image.clone());
        }
        (images, lengths)
    }

    fn uncertainty(&self, sector: usize) -> Uncertainty {
        let (images, mut lengths) = self.history();
        let last = images[images.len() - 1].clone();
        let ranges = (0..last.len()).step_by(sector).map(|start| start..last.len().min(start + sector));
        let sectors = ranges.map(|range| versions(&images, range)).filter(|sector| sector.versions.len() > 1);
        let sectors = sectors.collect();
        let unwritten = images.iter().flatten().any(Option::is_none);
        lengths.dedup();
        Uncertainty { last, sectors, lengths, unwritten }
    }
}

/// A sector with more than one version, oldest first.
struct Sector {
    start: usize,
    versions: Vec<Image>,
}

fn versions(images: &[Image], range: Range<usize>) -> Sector {
    let start = range.start;
    let mut versions: Vec<Image> = images.iter().map(|image| image[range.clone()].to_vec()).collect();
    versions.dedup();
    Sector { start, versions }
}

/// What a file may hold.
struct Uncertainty {
    last: Image,
    sectors: Vec<Sector>,
    lengths: Vec<usize>,
    unwritten: bool,
}

impl Uncertainty {
    fn radices(&self) -> impl Iterator<Item = usize> {
        self.sectors.iter().map(|sector| sector.versions.len()).chain([self.lengths.len()])
    }

    /// Takes its choices from the front of `choice`.
    fn content(&self, choice: &mut &[usize], fill: u8) -> Vec<u8> {
        let (own, rest) = choice.split_at(self.sectors.len() + 1);
        *choice = rest;
        let mut image = self.last.clone();
        for (sector, &version) in self.sectors.iter().zip(own) {
            let bytes = &sector.versions[version];
            image[sector.start..sector.start + bytes.len()].copy_from_slice(bytes);
        }
        image.truncate(self.lengths[own[self.sectors.len()]]);
        image.into_iter().map(|byte| byte.unwrap_or(fill)).collect()
    }
}

/// Files and a directory, as far as they are durable, and what is pending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: Names,
    pending: Vec<NameChange>,
    failed: bool,
}

impl Disk {
    pub(crate) fn new(state: &State) -> Disk {
        let files = state.values().map(|bytes| File { durable: bytes.clone(), ..File::default() }).collect();
        let names = state.keys().cloned().zip(0..).collect();
        Disk { files, names, ..Disk::default() }
    }

    fn file(&mut self, file: Inode) -> &mut File {
        // A wrong program may use a file before it is made.
        let count = self.files.len().max(file + 1);
        self.files.resize_with(count, File::default);
        &mut self.files[file]
    }

    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Write { file, position, bytes } => {
                let (position, bytes) = (*position, bytes.clone());
                self.file(*file).pending.push(Change::Write { position, bytes });
            }
            Operation::SetSize { file, size } => {
                self.file(*file).pending.push(Change::SetSize { size: *size });
            }
            Operation::Sync { file } => self.file(*file).sync(),
            Operation::FailedSync { file } => self.file(*file).failed = true,
            Operation::Name(change) => self.pending.push(change.clone()),
            Operation::SyncDirectory => self.sync_directory(),
            Operation::FailedSyncDirectory => self.failed = true,
            Operation::Refused => {}
        }
    }

    fn sync_directory(&mut self) {
        if !self.failed {
            self.pending.iter().for_each(|change| change.apply(&mut self.names));
            self.pending.clear();
        }
    }

    /// What is there when the program alone crashes.
    pub(crate) fn issued(&self) -> State {
        let mut names = self.names.clone();
        self.pending.iter().for_each(|change| change.apply(&mut names));
        names.into_iter().map(|(name, file)| (name, self.issued_file(file))).collect()
    }

    fn issued_file(&self, file: Inode) -> Vec<u8> {
        self.files.get(file).map(File::issued).unwrap_or_default()
    }

    /// Shows what the disk may hold after a power failure, with sectors of each size.
    pub(crate) fn each_state(&self, random: &mut Random, visit: &mut dyn FnMut(State)) {
        SECTORS.into_iter().for_each(|sector| self.each_state_of(sector, random, visit));
    }

    fn each_state_of(&self, sector: usize, random: &mut Random, visit: &mut dyn FnMut(State)) {
        let files: Vec<Uncertainty> = self.files.iter().map(|file| file.uncertainty(sector)).collect();
        let fills = if files.iter().any(|file| file.unwritten) { FILLS.len() } else { 1 };
        let mut radices = vec![fills];
        radices.extend(self.pending.iter().map(|_| 2));
        radices.extend(files.iter().flat_map(Uncertainty::radices));
        each_choice(&radices, random, &mut |choice| visit(self.state(&files, choice)));
    }

    fn state(&self, files: &[Uncertainty], choice: &[usize]) -> State {
        let (own, mut choice) = choice.split_at(1 + self.pending.len());
        let mut names = self.names.clone();
        let arrived = self.pending.iter().zip(&own[1..]).filter(|(_, arrived)| **arrived == 1);
        arrived.for_each(|(change, _)| change.apply(&mut names));
        let contents: Vec<Vec<u8>> =
            files.iter().map(|file| file.content(&mut choice, FILLS[own[0]])).collect();
        let content = |file: Inode| contents.get(file).cloned().unwrap_or_default();
        names.into_iter().map(|(name, file)| (name, content(file))).collect()
    }
}
