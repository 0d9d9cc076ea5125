//! Undo files that anybody may have made: they put back what they hold into the file that they belong to, or nothing.

use super::input::{Choices, LARGEST};
use joedb::recovery::{UNDO_HEAD, Unattended, UndoHead, undo};
use joedb::storage::memory::MemoryFile;
use std::path::Path;

/// The length of a file in two bytes, the file, and the undo file; and once more with an undo file whose checksums
/// are right.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    let mut choices = Choices(data);
    let length = choices.below(usize::from(u16::MAX));
    let file = choices.bytes(length);
    let undo_file = choices.0;
    assert_head_reads_back(undo_file);
    assert_undoes_or_leaves_alone(file, undo_file);
    if let Some(right) = with_right_checksums(file, undo_file) {
        assert_head_reads_back(&right);
        assert_undoes_or_leaves_alone(file, &right);
    }
}

fn assert_head_reads_back(bytes: &[u8]) {
    if let Ok(head) = UndoHead::parse(bytes) {
        assert!(head.new_size >= 41 && head.new_size <= head.old_size);
        assert_eq!(UndoHead::parse(&head.to_bytes()), Ok(head));
    }
}

/// The layout is that of the documentation of [`UndoHead`].
fn with_right_checksums(file: &[u8], undo_file: &[u8]) -> Option<Vec<u8>> {
    let mut right = undo_file.to_vec();
    let (head, removed) = right.split_at_mut_checked(usize::try_from(UNDO_HEAD).ok()?)?;
    head[..8].copy_from_slice(b"joedbUND");
    head[8..12].copy_from_slice(&1_u32.to_le_bytes());
    head[114..118].copy_from_slice(&crc32(removed).to_le_bytes());
    let new_size = u64::from_le_bytes(head[24..32].try_into().ok()?);
    if let Some(kept) = usize::try_from(new_size).ok().and_then(|end| file.get(41..end)) {
        head[118..122].copy_from_slice(&crc32(kept).to_le_bytes());
    }
    let checksum = crc32(&head[16..127]).to_le_bytes();
    head[12..16].copy_from_slice(&checksum);
    Some(right)
}

/// CRC-32 as in zlib, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc));
    !bytes.iter().fold(u32::MAX, byte)
}

fn assert_undoes_or_leaves_alone(before: &[u8], undo_bytes: &[u8]) {
    let (mut file, mut undo_file) = (MemoryFile::new(before.to_vec()), MemoryFile::new(undo_bytes.to_vec()));
    let mut run =
        || undo(Path::new("log"), &mut file, Path::new("log.undo"), &mut undo_file, &mut Unattended);
    let done = run();
    if done.is_ok() {
        assert_eq!(run().expect("it is undone already").put_back, 0);
    }
    let after = file.bytes();
    match done {
        Ok(_) => {
            let head = UndoHead::parse(undo_bytes).expect("it was read");
            let cut = usize::try_from(head.new_size).expect("it lies in memory");
            assert_eq!(after.len() as u64, head.old_size);
            assert!(after[..41] == head.old_head && after[41..cut] == before[41..cut]);
            assert!(after[cut..] == undo_bytes[128..]);
        }
        Err(error) => assert!(after == before, "{error}"),
    }
    let marked = undo_file.bytes();
    assert_eq!(marked.len(), undo_bytes.len());
    let mark = marked.iter().zip(undo_bytes).position(|(now, before)| now != before);
    assert!(mark.is_none_or(|at| at == 127), "the undo file was changed at {mark:?}");
}
