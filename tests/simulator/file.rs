//! A file on a disk: the versions that each of its sectors may have, and the lengths that it may have.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::ops::Range;

/// What the next sync writes is remembered for so many bytes together: no system has smaller pages, and with larger
/// ones a sync only makes more durable.
const PAGE: usize = 8;

/// Bytes on the disk; `None` where nothing was ever written.
type Image = Vec<Option<u8>>;

/// What a file was at some time, and further bytes that it had before or has after.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
struct Version {
    image: Image,
    size: usize,
}

/// A file. Its versions run from the durable one to the one that a reader sees.
///
/// A crash may leave each sector, and the length, as they are in any of them. A sync makes what changed since the last
/// one the same in all. A failed sync forgets what changed, as systems do that mark their pages clean: a reader goes on
/// to see it, and later syncs do nothing for it unless it is written again.
#[derive(Clone, Debug)]
pub(crate) struct File {
    versions: Vec<Version>,
    changed_pages: BTreeSet<usize>,
    size_changed: bool,
}

impl Default for File {
    fn default() -> File {
        File::durable(&[])
    }
}

fn zero(image: &mut Image, range: Range<usize>) {
    image.iter_mut().take(range.end).skip(range.start).for_each(|place| *place = Some(0));
}

impl File {
    pub(crate) fn durable(bytes: &[u8]) -> File {
        let version = Version { image: bytes.iter().copied().map(Some).collect(), size: bytes.len() };
        File { versions: vec![version], changed_pages: BTreeSet::new(), size_changed: false }
    }

    /// What a reader sees.
    fn last(&self) -> &Version {
        &self.versions[self.versions.len() - 1]
    }

    pub(crate) fn write(&mut self, position: usize, bytes: &[u8]) {
        let mut next = self.last().clone();
        let end = position + bytes.len();
        next.image.resize(next.image.len().max(end), None);
        zero(&mut next.image, next.size..position);
        for (place, byte) in next.image.iter_mut().skip(position).zip(bytes) {
            *place = Some(*byte);
        }
        let changed = next.size.min(position)..end;
        next.size = next.size.max(end);
        self.size_changed |= next.size != self.last().size;
        self.push(next, changed);
    }

    /// Cutting a file fills the rest of its last sector with zeros, which may arrive although the length does not.
    pub(crate) fn set_size(&mut self, size: usize) {
        let mut next = self.last().clone();
        next.image.resize(next.image.len().max(size), None);
        let changed = next.size.min(size)..next.size.max(size);
        zero(&mut next.image, changed.clone());
        next.size = size;
        self.size_changed = true;
        self.push(next, changed);
    }

    fn push(&mut self, next: Version, changed: Range<usize>) {
        self.changed_pages.extend(changed.start / PAGE..changed.end.div_ceil(PAGE));
        for version in &mut self.versions {
            version.image.resize(next.image.len(), None);
        }
        self.versions.push(next);
    }

    pub(crate) fn sync(&mut self) {
        self.settle_pages();
        self.settle_size();
        self.forget_equals();
    }

    /// A length that is needed to read the data becomes durable with it, a cut does not.
    pub(crate) fn sync_data(&mut self) {
        self.settle_pages();
        if self.last().size >= self.versions[0].size {
            self.settle_size();
        }
        self.forget_equals();
    }

    pub(crate) fn fail_to_sync(&mut self) {
        self.changed_pages.clear();
        self.size_changed = false;
    }

    fn settle_pages(&mut self) {
        let last = self.last().image.clone();
        for page in std::mem::take(&mut self.changed_pages) {
            let range = last.len().min(page * PAGE)..last.len().min((page + 1) * PAGE);
            for version in &mut self.versions {
                version.image[range.clone()].copy_from_slice(&last[range.clone()]);
            }
        }
    }

    fn settle_size(&mut self) {
        let size = self.last().size;
        if std::mem::take(&mut self.size_changed) {
            self.versions.iter_mut().for_each(|version| version.size = size);
        }
    }

    fn forget_equals(&mut self) {
        self.versions.dedup();
        let longest = self.longest();
        self.versions.iter_mut().for_each(|version| version.image.truncate(longest));
    }

    /// What it may hold now, as something to be hashed; what a later sync would do is no part of it.
    pub(crate) fn may_hold(&self) -> impl Hash {
        &self.versions
    }

    pub(crate) const fn is_certain(&self) -> bool {
        self.versions.len() == 1
    }

    /// The largest of the lengths that it may have.
    pub(crate) fn longest(&self) -> usize {
        self.versions.iter().map(|version| version.size).max().unwrap_or(0)
    }

    /// The content that a reader sees.
    pub(crate) fn issued(&self) -> Vec<u8> {
        let Version { image, size } = self.last();
        image.iter().take(*size).map(|byte| byte.unwrap_or(0)).collect()
    }

    pub(crate) fn uncertainty(&self, sector: usize) -> Uncertainty {
        let last = self.last().image.clone();
        let mut lengths: Vec<usize> = self.versions.iter().map(|version| version.size).collect();
        lengths.dedup();
        let ranges = (0..last.len()).step_by(sector).map(|start| start..last.len().min(start + sector));
        let sectors = ranges.filter_map(|range| self.sector(range)).collect();
        Uncertainty { last, sectors, lengths }
    }

    /// `None` where it is certain.
    fn sector(&self, range: Range<usize>) -> Option<Sector> {
        let start = range.start;
        let mut versions: Vec<Image> =
            self.versions.iter().map(|version| version.image[range.clone()].to_vec()).collect();
        versions.dedup();
        (versions.len() > 1).then_some(Sector { start, versions })
    }
}

/// A sector with more than one version, oldest first.
struct Sector {
    start: usize,
    versions: Vec<Image>,
}

/// What a file may hold.
pub(crate) struct Uncertainty {
    last: Image,
    sectors: Vec<Sector>,
    lengths: Vec<usize>,
}

impl Uncertainty {
    /// Of a file that nobody reads.
    pub(crate) fn hidden() -> Uncertainty {
        Uncertainty { last: Vec::new(), sectors: Vec::new(), lengths: vec![0] }
    }

    pub(crate) fn has_unwritten(&self) -> bool {
        let versions = self.sectors.iter().flat_map(|sector| &sector.versions);
        versions.chain([&self.last]).flatten().any(Option::is_none)
    }

    /// Of how many versions of each sector, and of how many lengths, [`Uncertainty::content`] has to choose.
    pub(crate) fn radices(&self) -> impl Iterator<Item = usize> {
        self.sectors.iter().map(|sector| sector.versions.len()).chain([self.lengths.len()])
    }

    /// Takes its choices from the front of `choice`.
    pub(crate) fn content(&self, choice: &mut &[usize], fill: u8) -> Vec<u8> {
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
