//! The undo file: what brings a file back that was cut in place.

use crate::codec::Cursor;
use crate::head::{HEAD_LENGTH, HEAD_SIZE};
use crate::text::Position;
use serde::Serialize;

/// The length of the head of an undo file; the removed bytes follow it.
pub const UNDO_HEAD: u64 = 128;

/// Where the mark stands that says that putting back has begun.
pub(super) const BEGUN_AT: u64 = 127;

const MAGIC: &[u8; 8] = b"joedbUND";
const VERSION: u32 = 1;

/// The head of an undo file, version 1. Integers are little-endian.
///
/// ```text
///   0  "joedbUND"
///   8  u32  version = 1
///  12  u32  CRC-32 of the bytes 16 to 126
///  16  u64  size of the file before the cut
///  24  u64  size after it: the position of the cut
///  32  41 bytes: the head before
///  73  41 bytes: the head after
/// 114  u32  CRC-32 of the removed bytes
/// 118  u32  CRC-32 of the kept bytes, from 41 up to the cut
/// 122  u8   1 if that was computed, 0 if the cut was made without verifying
/// 123  zeros
/// 127  u8   1 once putting back has begun: the bytes behind the cut are no others than its own from then on
/// 128  the removed bytes: size before - size after of them, then the end
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UndoHead {
    /// The size of the file before the cut.
    pub old_size: u64,
    /// The size after it.
    pub new_size: u64,
    /// The head before.
    #[serde(skip)]
    pub old_head: [u8; HEAD_LENGTH],
    /// The head after.
    #[serde(skip)]
    pub new_head: [u8; HEAD_LENGTH],
    /// The CRC-32 of the removed bytes.
    pub removed_crc: u32,
    /// The CRC-32 of the kept bytes, if they were verified.
    pub kept_crc: Option<u32>,
    /// Whether putting back has begun.
    pub begun: bool,
}

/// Why a file is no undo file that can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoHeadError {
    /// Too short, or without its signature.
    #[error("no undo file: \"joedbUND\" and a head of 128 bytes expected")]
    NoUndo,
    /// Written by other tools than these.
    #[error("undo file of version {0} found, 1 expected")]
    Version(u32),
    /// The head is damaged.
    #[error("the undo file is damaged: its head has CRC-32 {found:08x}, {expected:08x} expected")]
    Damaged {
        /// The checksum of what is there.
        found: u32,
        /// The checksum that stands in it.
        expected: u32,
    },
    /// The sizes make no sense together.
    #[error("the undo file is damaged: sizes {} and {} found", Position(*old), Position(*new))]
    Sizes {
        /// The size before.
        old: u64,
        /// The size after.
        new: u64,
    },
}

impl UndoHead {
    /// How many bytes were removed.
    #[must_use]
    pub const fn removed(&self) -> u64 {
        self.old_size.saturating_sub(self.new_size)
    }

    /// The head as it stands in a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend(self.old_size.to_le_bytes());
        body.extend(self.new_size.to_le_bytes());
        body.extend(self.old_head);
        body.extend(self.new_head);
        body.extend(self.removed_crc.to_le_bytes());
        body.extend(self.kept_crc.unwrap_or(0).to_le_bytes());
        body.push(self.kept_crc.is_some().into());
        body.extend([0; 4]);
        let crc = crc32fast::hash(&body);
        let begun = [u8::from(self.begun)];
        [&MAGIC[..], &VERSION.to_le_bytes(), &crc.to_le_bytes(), &body, &begun].concat()
    }

    /// Reads a head.
    ///
    /// # Errors
    /// [`UndoHeadError`].
    pub fn parse(bytes: &[u8]) -> Result<UndoHead, UndoHeadError> {
        let short = |_| UndoHeadError::NoUndo;
        let mut cursor = Cursor::new(bytes);
        if cursor.array().map_err(short)? != *MAGIC {
            return Err(UndoHeadError::NoUndo);
        }
        let version = u32::from_le_bytes(cursor.array().map_err(short)?);
        if version != VERSION {
            return Err(UndoHeadError::Version(version));
        }
        let expected = u32::from_le_bytes(cursor.array().map_err(short)?);
        let body = cursor.take(BEGUN_AT.saturating_sub(16)).map_err(short)?;
        let begun = cursor.byte().map_err(short)? != 0;
        let found = crc32fast::hash(body);
        if found != expected {
            return Err(UndoHeadError::Damaged { found, expected });
        }
        UndoHead::of_body(body, begun)
    }

    fn of_body(body: &[u8], begun: bool) -> Result<UndoHead, UndoHeadError> {
        let short = |_| UndoHeadError::NoUndo;
        let mut cursor = Cursor::new(body);
        let head = UndoHead {
            old_size: u64::from_le_bytes(cursor.array().map_err(short)?),
            new_size: u64::from_le_bytes(cursor.array().map_err(short)?),
            old_head: cursor.array().map_err(short)?,
            new_head: cursor.array().map_err(short)?,
            removed_crc: u32::from_le_bytes(cursor.array().map_err(short)?),
            kept_crc: Some(u32::from_le_bytes(cursor.array().map_err(short)?)),
            begun,
        };
        let verified = cursor.byte().map_err(short)? != 0;
        if head.new_size < HEAD_SIZE || head.new_size > head.old_size {
            return Err(UndoHeadError::Sizes { old: head.old_size, new: head.new_size });
        }
        Ok(UndoHead { kept_crc: head.kept_crc.filter(|_| verified), ..head })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: UndoHead = UndoHead {
        old_size: 300,
        new_size: 200,
        old_head: [1; HEAD_LENGTH],
        new_head: [2; HEAD_LENGTH],
        removed_crc: 7,
        kept_crc: Some(9),
        begun: false,
    };

    #[test]
    fn a_head_has_128_bytes_and_reads_back() {
        for head in [HEAD, UndoHead { kept_crc: None, ..HEAD }, UndoHead { begun: true, ..HEAD }] {
            assert_eq!(head.to_bytes().len() as u64, UNDO_HEAD);
            assert_eq!(UndoHead::parse(&head.to_bytes()), Ok(head));
        }
    }

    #[test]
    fn every_changed_byte_but_the_mark_is_noticed() {
        for index in 0..usize::try_from(BEGUN_AT).unwrap() {
            let mut bytes = HEAD.to_bytes();
            bytes[index] ^= 0x10;
            assert!(UndoHead::parse(&bytes).is_err(), "byte {index}");
        }
    }
}
