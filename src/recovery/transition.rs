//! Changing a head in place, so that a crash at any byte leaves a file that reads to the old or to the new cut.
//!
//! A head is more than one disk write can be trusted to change: a crash may leave the first bytes of a write, or
//! with small sectors the last ones. So the four places are changed one after the other, each write followed by a
//! sync, and the order is searched for: every head on the way, and every head that a torn write can leave, is read
//! as a reader would, and must give the old or the new checkpoint. The high byte of a place is a step of its own,
//! for it holds the sign: a torn write over a soft checkpoint could otherwise leave another soft one.

use super::apply::ApplyError;
use super::temporary::io_error;
use crate::head::{CutShort, Head};
use crate::storage::Storage;
use std::collections::VecDeque;
use std::iter;
use std::path::Path;

/// One write of a transition.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HeadWrite {
    /// Where in the file.
    position: u64,
    /// What; at most eight bytes, but for the head as it is found.
    bytes: Vec<u8>,
}

/// The four places of a head on the way.
type Slots = [i64; 4];

/// The bits of an `i64` below its high byte.
const LOW: i64 = 0x00ff_ffff_ffff_ffff;

struct Way {
    old: Head,
    new: Head,
    size: u64,
    /// What a reader may find on the way: the old cut, or the new one.
    allowed: [Result<u64, CutShort>; 2],
}

impl Way {
    fn new(old: Head, new: Head, size: u64) -> Way {
        let allowed = [old, new].map(|head| head.checkpoints(size).current());
        Way { old, new, size, allowed }
    }

    /// What a place may hold on the way: the old value, the same with a high byte of zero, which is no soft checkpoint
    /// any more, the new value with a high byte of zero, which is none yet, and the new value.
    fn values(&self, slot: usize) -> [i64; 4] {
        let value = |head: &Head| head.slots().get(slot).copied().unwrap_or(0);
        let (old, new) = (value(&self.old), value(&self.new));
        [old, old & LOW, new & LOW, new]
    }

    fn head(&self, slots: Slots) -> Head {
        Head::with_slots(self.new.version(), slots)
    }

    /// Whether a reader of these places would read to the old or to the new cut.
    fn is_safe(&self, slots: Slots) -> bool {
        self.allowed.contains(&self.head(slots).checkpoints(self.size).current())
    }

    /// Whether every head that a torn write of one place can leave is safe: the first bytes written, or the last.
    fn survives_tearing(&self, from: Slots, slot: usize, to: i64) -> bool {
        let old = from.get(slot).copied().unwrap_or(0).to_le_bytes();
        let new = to.to_le_bytes();
        let torn = |mix: [u8; 8]| self.is_safe(with(from, slot, i64::from_le_bytes(mix)));
        let joined = |first: &[u8; 8], last: &[u8; 8], at: usize| {
            let mut mix = *first;
            for (index, byte) in mix.iter_mut().enumerate().skip(at) {
                *byte = last.get(index).copied().unwrap_or(*byte);
            }
            mix
        };
        // A cut between bytes that stay the same leaves what another cut leaves.
        let changes = |&at: &usize| old.get(at) != new.get(at);
        (0..8)
            .filter(changes)
            .all(|at| torn(joined(&new, &old, at.saturating_add(1))) && torn(joined(&old, &new, at)))
    }

    /// The heads one write of one place away.
    fn next(&self, from: Slots) -> Vec<Slots> {
        let mut next = Vec::new();
        for (slot, current) in from.into_iter().enumerate() {
            let changes = self.values(slot).into_iter().filter(|&value| value != current);
            let safe = changes.filter(|&value| self.survives_tearing(from, slot, value));
            next.extend(safe.map(|value| with(from, slot, value)));
        }
        next
    }

    /// The shortest way, by breadth first through at most 256 heads.
    fn search(&self) -> Option<Vec<Slots>> {
        let mut seen: Vec<(Slots, Option<usize>)> = vec![(self.old.slots(), None)];
        let mut queue = VecDeque::from([0]);
        while let Some(index) = queue.pop_front() {
            let (slots, _) = *seen.get(index)?;
            if slots == self.new.slots() {
                return Some(trace(&seen, index));
            }
            for next in self.next(slots) {
                if !seen.iter().any(|(known, _)| *known == next) {
                    queue.push_back(seen.len());
                    seen.push((next, Some(index)));
                }
            }
        }
        None
    }

    fn writes(&self, way: &[Slots]) -> Vec<HeadWrite> {
        let pairs = way.iter().zip(way.iter().skip(1));
        pairs.filter_map(|(&from, &to)| difference(self.head(from), self.head(to))).collect()
    }
}

fn with(mut slots: Slots, slot: usize, value: i64) -> Slots {
    slots.iter_mut().skip(slot).take(1).for_each(|place| *place = value);
    slots
}

fn trace(seen: &[(Slots, Option<usize>)], mut index: usize) -> Vec<Slots> {
    let mut way = Vec::new();
    while let Some(&(slots, before)) = seen.get(index) {
        way.push(slots);
        match before {
            Some(before) => index = before,
            None => break,
        }
    }
    way.reverse();
    way
}

/// The bytes that change between two heads; `None` where there are none.
fn difference(from: Head, to: Head) -> Option<HeadWrite> {
    let (from, to) = (from.to_bytes(), to.to_bytes());
    let changed = |(_, (one, other)): &(usize, (&u8, &u8))| one != other;
    let mut positions = from.iter().zip(&to).enumerate().filter(changed).map(|(index, _)| index);
    let first = positions.next()?;
    let last = positions.next_back().unwrap_or(first);
    Some(HeadWrite { position: first as u64, bytes: to.get(first..=last)?.to_vec() })
}

/// The writes that turn `old` into `new` in a file of `size` bytes; each has to be synced before the next one.
/// `None` where no safe way exists.
fn transition(old: Head, new: Head, size: u64) -> Option<Vec<HeadWrite>> {
    let way = Way::new(old, new, size);
    way.search().map(|found| way.writes(&found))
}

/// Says, before anything is written, that a head cannot be changed as [`change_head`] would.
pub(super) fn require_way(path: &Path, old: Head, new: Head, size: u64) -> Result<(), ApplyError> {
    writes(path, old, new, size).map(drop)
}

fn writes(path: &Path, old: Head, new: Head, size: u64) -> Result<Vec<HeadWrite>, ApplyError> {
    transition(old, new, size).ok_or_else(|| ApplyError::NoSafeWay { path: path.to_path_buf() })
}

/// Syncs a file that is changed in place.
pub(super) fn sync<S: Storage>(file: &mut S, path: &Path) -> Result<(), ApplyError> {
    file.sync().map_err(|error| ApplyError::NotSynced { path: path.to_path_buf(), error })
}

/// Changes the head of a file of `size` bytes. Every write is synced before the next one: the order is what makes them
/// safe. The head as it stands is written once more before, and synced with all that was written until then: where an
/// earlier run failed to sync, what is read of it need not be on the disk.
pub(super) fn change_head<S: Storage>(
    file: &mut S,
    path: &Path,
    old: Head,
    new: Head,
    size: u64,
) -> Result<(), ApplyError> {
    let found = HeadWrite { position: 0, bytes: old.to_bytes().to_vec() };
    for write in iter::once(found).chain(writes(path, old, new, size)?) {
        file.write_at(&write.bytes, write.position).map_err(io_error(path, "writing the head"))?;
        sync(file, path)?;
    }
    Ok(())
}

/// Whether `found` is a head that a transition from or to `old` and `new` may have left behind: every byte is that of
/// one of the two, or the high byte of a place that was cleared on the way.
pub(super) fn lies_between(found: Head, old: Head, new: Head) -> bool {
    let heads = [found, old, new];
    let same_version = heads.iter().all(|head| head.version() == new.version());
    same_version
        && (0..4).all(|slot| {
            let [found, old, new] =
                heads.map(|head| head.slots().get(slot).copied().unwrap_or(0).to_le_bytes());
            let bytes = found.iter().zip(old.iter().zip(&new)).enumerate();
            bytes
                .into_iter()
                .all(|(index, (byte, (old, new)))| byte == old || byte == new || (index == 7 && *byte == 0))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Version;
    use crate::storage::memory::MemoryFile;
    use crate::storage::{Mode, ReadAt, Region};
    use std::io;

    const VALUES: [i64; 5] = [41, 60, 120, -100, -130];
    const SIZE: u64 = 120;

    fn heads() -> impl Iterator<Item = Head> {
        let count = VALUES.len();
        (0..count.pow(4)).map(move |number| {
            let digit = |place: u32| VALUES[number / count.pow(place) % count];
            Head::with_slots(Version::V5, [digit(0), digit(1), digit(2), digit(3)])
        })
    }

    /// The independent check: after every byte of every write, from its first on and from its last, read the file.
    fn check(old: Head, new: Head) {
        let writes = transition(old, new, SIZE);
        let writes = writes.unwrap_or_else(|| panic!("no way from {:?} to {:?}", old.slots(), new.slots()));
        let read = |head: Head| head.checkpoints(SIZE).current();
        let allowed = [read(old), read(new)];
        let mut bytes = old.to_bytes();
        for HeadWrite { position, bytes: write } in &writes {
            let start = usize::try_from(*position).unwrap();
            let indices: [Vec<usize>; 2] = [(0..write.len()).collect(), (0..write.len()).rev().collect()];
            let mut torn = [bytes; 2];
            for (torn, indices) in torn.iter_mut().zip(indices) {
                for index in indices {
                    torn[start + index] = write[index];
                    let found = read(Head::parse(torn).unwrap());
                    assert!(allowed.contains(&found), "{:?} -> {:?}: {found:?}", old.slots(), new.slots());
                }
            }
            bytes = torn[0];
        }
        assert_eq!(bytes, new.to_bytes());
    }

    #[test]
    fn every_head_can_be_cut_anywhere_and_brought_back() {
        for head in heads() {
            for cut in [41, 60, 110] {
                let new = Head::hard(Version::V5, cut);
                check(head, new);
                check(new, head);
            }
        }
    }

    /// What a file is asked to do, as far as it matters to the disk.
    #[derive(Debug, PartialEq, Eq)]
    enum Call {
        Write { position: u64, bytes: Vec<u8> },
        Sync,
    }

    #[derive(Default)]
    struct Recorder {
        file: MemoryFile,
        calls: Vec<Call>,
        fails_to_sync: bool,
    }

    impl ReadAt for Recorder {
        fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
            self.file.read_at(buffer, position)
        }

        fn size(&self) -> io::Result<u64> {
            self.file.size()
        }
    }

    impl Storage for Recorder {
        fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
            self.calls.push(Call::Write { position, bytes: bytes.to_vec() });
            self.file.write_at(bytes, position)
        }

        fn set_size(&mut self, size: u64) -> io::Result<()> {
            self.file.set_size(size)
        }

        fn sync(&mut self) -> io::Result<()> {
            self.calls.push(Call::Sync);
            if self.fails_to_sync { Err(io::Error::other("input/output error")) } else { Ok(()) }
        }

        fn sync_data(&mut self) -> io::Result<()> {
            self.sync()
        }

        fn try_lock(&self, _: Region, _: Mode) -> io::Result<bool> {
            Ok(true)
        }

        fn unlock(&self, _: Region) -> io::Result<()> {
            Ok(())
        }

        fn try_clone(&self) -> io::Result<Recorder> {
            Ok(Recorder { file: self.file.clone(), calls: Vec::new(), fails_to_sync: self.fails_to_sync })
        }
    }

    /// A head that an earlier run may have left when its sync failed, and the one that is wanted.
    fn left_and_wanted() -> [Head; 2] {
        [Head::with_slots(Version::V5, [-60, 41, 41, 41]), Head::hard(Version::V5, 50)]
    }

    #[test]
    fn the_head_is_written_and_synced_as_it_was_found_before_it_changes() {
        let ([old, new], mut file) = (left_and_wanted(), Recorder::default());
        change_head(&mut file, Path::new("log"), old, new, 60).unwrap();
        let found = Call::Write { position: 0, bytes: old.to_bytes().to_vec() };
        assert_eq!(file.calls[..2], [found, Call::Sync]);
        assert!(file.calls.len() > 2 && file.calls.chunks(2).all(|pair| pair[1] == Call::Sync));
        assert_eq!(file.file.bytes(), new.to_bytes());
    }

    #[test]
    fn a_sync_that_fails_ends_the_run_and_says_that_reading_proves_nothing() {
        let ([old, new], mut file) =
            (left_and_wanted(), Recorder { fails_to_sync: true, ..Recorder::default() });
        let error = change_head(&mut file, Path::new("log"), old, new, 60).unwrap_err();
        assert!(matches!(error, ApplyError::NotSynced { .. }));
        assert!(error.to_string().starts_with("log: syncing: input/output error; what reads back now"));
        assert_eq!(file.calls.len(), 2);
    }
}
