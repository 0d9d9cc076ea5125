//! The 41-byte head: first the bytes as they are, then what may be believed of them.
//!
//! ```text
//! version 5            version 4
//!  0  i64 slot 0        0  "joedb"
//!  8  i64 slot 1        5  u32 version = 4
//! 16  i64 slot 2        9  i64 slot 0
//! 24  i64 slot 3       17  i64 slot 1
//! 32  u32 version = 5  25  i64 slot 2
//! 36  "joedb"          33  i64 slot 3
//! ```
//!
//! Slots 0 and 1 are pair 0, slots 2 and 3 are pair 1 (FORMAT.md, section 2). A [`Head`] is only what the
//! bytes say; [`Head::checkpoints`] picks out the checkpoints, and [`Checkpoints::current`] is the single
//! place that decides how far a log of a given size may be believed.

use crate::text::Position;
use serde::Serialize;

/// The number of bytes of the head, and so the position of the first entry.
pub const HEAD_SIZE: u64 = 41;

/// [`HEAD_SIZE`] as the length of an array.
pub const HEAD_LENGTH: usize = 41;

const SIGNATURE: &[u8; 5] = b"joedb";

/// A version of the file format that these tools read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "u32")]
pub enum Version {
    /// Written by joedb 9 and older: no soft checkpoints, records counted from 1.
    V4,
    /// Written by joedb 10.
    V5,
}

impl Version {
    /// The number that stands in the head.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Version::V4 => 4,
            Version::V5 => 5,
        }
    }
}

impl From<Version> for u32 {
    fn from(version: Version) -> u32 {
        version.number()
    }
}

/// Why 41 bytes are not the head of a joedb file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The file has no bytes at all.
    #[error("the file is empty: 0 bytes found, a head of 41 bytes expected")]
    Empty,
    /// The file ends inside the head.
    #[error("the head is cut: {length} bytes found, 41 expected")]
    Cut {
        /// The length of the file in bytes.
        length: u64,
    },
    /// Neither version's signature stands at its place.
    #[error(
        "no joedb signature: {} found at position 36 (0x24), \"joedb\" expected \
         (a brotli-compressed joedb file has to be decompressed with joedb's own tools first)",
        crate::text::quoted(found)
    )]
    NotJoedb {
        /// The five bytes at position 36.
        found: [u8; 5],
    },
    /// The signature is there, the version is none of those known.
    #[error("unknown format version: {found} found at position {}, {expected} expected", Position(*at))]
    UnknownVersion {
        /// Where the version stands.
        at: u64,
        /// The version found.
        found: u32,
        /// The versions that would be read.
        expected: &'static str,
    },
}

/// What the bytes of a head say, before anything of it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    version: Version,
    slots: [i64; 4],
}

impl Head {
    /// A head whose four checkpoint places hold `position`: clean, hard-checkpointed, opened by joedb as it is.
    #[must_use]
    pub fn hard(version: Version, position: u64) -> Head {
        Head { version, slots: [position.cast_signed(); 4] }
    }

    /// A head with these four checkpoint places; for tests and for crashed files made on purpose.
    #[must_use]
    pub const fn with_slots(version: Version, slots: [i64; 4]) -> Head {
        Head { version, slots }
    }

    /// Reads a head from the beginning of a file; `bytes` may be longer than the head.
    ///
    /// # Errors
    /// [`HeadError`] for fewer than 41 bytes, a missing signature, an unknown version.
    pub fn parse(bytes: &[u8]) -> Result<Head, HeadError> {
        let Some(head) = bytes.first_chunk::<HEAD_LENGTH>() else {
            return Err(match bytes.len() {
                0 => HeadError::Empty,
                length => HeadError::Cut { length: length as u64 },
            });
        };
        // Where the signature stands tells the layouts apart before the version is looked at.
        if array_at::<5>(head, 36) == *SIGNATURE {
            Head::of_layout(head, Version::V5, 32, 0)
        } else if array_at::<5>(head, 0) == *SIGNATURE {
            Head::of_layout(head, Version::V4, 5, 9)
        } else {
            Err(HeadError::NotJoedb { found: array_at(head, 36) })
        }
    }

    fn of_layout(
        head: &[u8; HEAD_LENGTH],
        version: Version,
        version_at: usize,
        slots_at: usize,
    ) -> Result<Head, HeadError> {
        let found = u32::from_le_bytes(array_at(head, version_at));
        if found != version.number() {
            let expected = match version {
                Version::V4 => "4 (or a head of version 5)",
                Version::V5 => "5 (or a head of version 4)",
            };
            return Err(HeadError::UnknownVersion { at: version_at as u64, found, expected });
        }
        Ok(Head { version, slots: read_slots(head, slots_at) })
    }

    /// The four numbers at version 5's places in any 41 bytes, and the version and signature found there:
    /// what the reference's `--header` prints of a file that is no joedb file.
    #[must_use]
    pub fn numbers(head: &[u8; HEAD_LENGTH]) -> ([i64; 4], u32, [u8; 5]) {
        (read_slots(head, 0), u32::from_le_bytes(array_at(head, 32)), array_at(head, 36))
    }

    /// The head as it stands in a file.
    #[must_use]
    pub fn to_bytes(self) -> [u8; HEAD_LENGTH] {
        let mut bytes = Vec::with_capacity(HEAD_LENGTH);
        if self.version == Version::V4 {
            bytes.extend_from_slice(SIGNATURE);
            bytes.extend_from_slice(&self.version.number().to_le_bytes());
        }
        self.slots.iter().for_each(|slot| bytes.extend_from_slice(&slot.to_le_bytes()));
        if self.version == Version::V5 {
            bytes.extend_from_slice(&self.version.number().to_le_bytes());
            bytes.extend_from_slice(SIGNATURE);
        }
        array_at(&bytes, 0)
    }

    /// The format version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The four checkpoint places, as they stand in the file.
    #[must_use]
    pub const fn slots(&self) -> [i64; 4] {
        self.slots
    }

    /// What may be believed of the four places in a file of `size` bytes.
    #[must_use]
    pub fn checkpoints(&self, size: u64) -> Checkpoints {
        let hard = self.hard_checkpoint();
        let (soft, soft_past_end) = match self.version {
            Version::V4 => (None, None),
            Version::V5 => self.soft_checkpoints(hard.position, size),
        };
        Checkpoints { size, hard, soft, soft_past_end, pending: self.pending_checkpoint(hard.position) }
    }

    /// For each pair, whether it holds a hard checkpoint: two equal copies of a position.
    #[must_use]
    pub fn valid_pairs(&self) -> [bool; 2] {
        self.pairs().map(|pair| pair.is_some())
    }

    fn pairs(&self) -> [Option<u64>; 2] {
        let [first, second, third, fourth] = self.slots;
        [(first, second), (third, fourth)].map(|(one, other)| position(one).filter(|_| one == other))
    }

    fn hard_checkpoint(&self) -> Hard {
        let none = Hard { position: HEAD_SIZE, pair: None };
        let hard = |pair, position: Option<u64>| position.map(|position| Hard { position, pair: Some(pair) });
        let [zero, one] = self.pairs();
        // `max_by_key` keeps the last of equals: on a tie pair 1 holds the checkpoint.
        [hard(0, zero), hard(1, one)].into_iter().flatten().max_by_key(|hard| hard.position).unwrap_or(none)
    }

    /// The highest soft value above `hard` that lies within `size` bytes, and the highest that does not.
    fn soft_checkpoints(&self, hard: u64, size: u64) -> (Option<Slot>, Option<Slot>) {
        // i64::MIN has no negation, and so is no position.
        let values = self.numbered(|slot| position(slot.checked_neg()?));
        let above = || values.into_iter().flatten().filter(|soft| soft.position > hard);
        (
            highest(above().filter(|soft| soft.position <= size)),
            highest(above().filter(|soft| soft.position > size)),
        )
    }

    fn pending_checkpoint(&self, hard: u64) -> Option<Slot> {
        let values = self.numbered(position);
        // A pair with equal copies is no higher than `hard`, so what is above it has a differing twin.
        highest(values.into_iter().flatten().filter(|slot| slot.position > hard))
    }

    fn numbered(&self, read: impl Fn(i64) -> Option<u64>) -> [Option<Slot>; 4] {
        let mut number = 0;
        self.slots.map(|slot| {
            let found = read(slot).map(|position| Slot { position, slot: number });
            number = u8::wrapping_add(number, 1);
            found
        })
    }
}

/// A number of the head as a checkpoint position; values below 41 are none.
fn position(value: i64) -> Option<u64> {
    u64::try_from(value).ok().filter(|&position| position >= HEAD_SIZE)
}

fn highest(slots: impl IntoIterator<Item = Slot>) -> Option<Slot> {
    slots.into_iter().max_by_key(|slot| slot.position)
}

/// `N` bytes from `at`; zeros stand for what is missing, which callers exclude by the lengths they pass.
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

fn read_slots(head: &[u8; HEAD_LENGTH], at: usize) -> [i64; 4] {
    [0_usize, 8, 16, 24].map(|slot| i64::from_le_bytes(array_at(head, at.saturating_add(slot))))
}

/// The hard checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hard {
    /// Up to where the log survives a power failure, in bytes from the beginning of the file.
    pub position: u64,
    /// The pair whose copies are equal; `None` where neither pair is valid, and 41 stands in.
    pub pair: Option<u8>,
}

/// A checkpoint that stands in one place only: a soft or a pending one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// The checkpoint, in bytes from the beginning of the file.
    pub position: u64,
    /// The place it stands in, 0 to 3.
    pub slot: u8,
}

/// What a head says of a log in a file of a known size. See FORMAT.md, section 2, "Checkpoints of version 5".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Checkpoints {
    /// The size of the file that the checkpoints were checked against, in bytes.
    pub size: u64,
    /// The hard checkpoint. It may lie past the end of a file that was cut: see [`Checkpoints::current`].
    pub hard: Hard,
    /// The soft checkpoint that is believed: above the hard one and within the file.
    pub soft: Option<Slot>,
    /// The highest soft checkpoint past the end of the file: its data never reached the disk.
    pub soft_past_end: Option<Slot>,
    /// A hard checkpoint of which only one copy was written.
    pub pending: Option<Slot>,
}

/// The hard checkpoint lies past the end of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file was cut short: {} bytes found, {} expected by its hard checkpoint", Position(*size), Position(*hard))]
pub struct CutShort {
    /// The size of the file in bytes.
    pub size: u64,
    /// The hard checkpoint.
    pub hard: u64,
}

impl Checkpoints {
    /// The position up to which joedb reads the log: the higher of the hard and the soft checkpoint.
    ///
    /// # Errors
    /// [`CutShort`] where the hard checkpoint lies past the end of the file.
    pub fn current(&self) -> Result<u64, CutShort> {
        if self.hard.position > self.size {
            return Err(CutShort { size: self.size, hard: self.hard.position });
        }
        Ok(self.claimed())
    }

    /// The higher of the hard and the soft checkpoint, whether or not the file is that long.
    #[must_use]
    pub fn claimed(&self) -> u64 {
        self.soft.map_or(self.hard.position, |soft| soft.position.max(self.hard.position))
    }

    /// A pending hard checkpoint that promises more than the current one.
    #[must_use]
    pub fn pending_above_current(&self) -> Option<Slot> {
        self.pending.filter(|pending| pending.position > self.claimed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoints(slots: [i64; 4], size: u64) -> Checkpoints {
        Head::with_slots(Version::V5, slots).checkpoints(size)
    }

    #[test]
    fn a_half_written_pair_is_pending_and_the_other_pair_holds() {
        let found = checkpoints([2510, 2474, 2492, 2492], 2510);
        assert_eq!(found.hard, Hard { position: 2492, pair: Some(1) });
        assert_eq!(found.pending, Some(Slot { position: 2510, slot: 0 }));
        assert_eq!(found.current(), Ok(2492));
    }

    #[test]
    fn a_soft_value_below_the_hard_checkpoint_is_a_leftover() {
        let found = checkpoints([41, -50, 60, 60], 60);
        assert_eq!((found.soft, found.current()), (None, Ok(60)));
    }

    #[test]
    fn a_pending_write_over_the_last_soft_value_falls_back() {
        assert_eq!(checkpoints([100, 100, 120, -110], 130).current(), Ok(110));
        assert_eq!(checkpoints([53, -49, 41, 41], 53).current(), Ok(49));
    }

    #[test]
    fn a_soft_value_past_the_end_is_reported_and_not_believed() {
        let found = checkpoints([2202, 2202, -3907, -2422], 3900);
        assert_eq!(found.soft, Some(Slot { position: 2422, slot: 3 }));
        assert_eq!(found.soft_past_end, Some(Slot { position: 3907, slot: 2 }));
    }

    #[test]
    fn extreme_numbers_are_no_checkpoints() {
        let found = checkpoints([i64::MIN, i64::MIN, 0, 40], 100);
        assert_eq!((found.hard.pair, found.soft, found.pending), (None, None, None));
        assert_eq!(found.current(), Ok(HEAD_SIZE));
    }

    #[test]
    fn on_a_tie_pair_1_holds_the_checkpoint() {
        assert_eq!(checkpoints([50, 50, 50, 50], 50).hard.pair, Some(1));
        assert_eq!(checkpoints([50, 50, 41, 41], 50).hard.pair, Some(0));
    }

    #[test]
    fn a_head_survives_the_way_through_bytes_in_both_versions() {
        for version in [Version::V4, Version::V5] {
            let head = Head::with_slots(version, [41, -60, i64::MIN, i64::MAX]);
            assert_eq!(Head::parse(&head.to_bytes()), Ok(head));
        }
    }

    #[test]
    fn a_version_4_negative_value_is_no_soft_checkpoint() {
        let found = Head::with_slots(Version::V4, [-60, 41, 41, 41]).checkpoints(60);
        assert_eq!((found.soft, found.current()), (None, Ok(41)));
    }

    #[test]
    fn too_few_bytes_are_named_as_such() {
        assert_eq!(Head::parse(b""), Err(HeadError::Empty));
        assert_eq!(Head::parse(&[0; 40]), Err(HeadError::Cut { length: 40 }));
        assert!(matches!(Head::parse(&[0; 41]), Err(HeadError::NotJoedb { .. })));
    }
}
