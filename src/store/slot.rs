//! Eight bytes for a string: all of it, or where it is.

/// A string of up to seven bytes, or a pointer to a longer one in an arena. The last byte says which:
///
/// | last byte | the other seven |
/// |---|---|
/// | 0 to 7 | the string, of that length |
/// | 8 to 254 | the offset in the arena of a string of that length |
/// | 255 | the offset of a string that stands behind its length, which takes eight bytes |
///
/// Offsets of 56 bits reach further than any memory. A slot of zeros is the empty string.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot([u8; 8]);

/// The longest string that fits into a slot.
const INLINE: u8 = 7;
/// The last byte where the length stands in the arena.
const LONG: u8 = u8::MAX;

/// Where the string of a slot is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In the slot: its first bytes, so many.
    Slot(usize),
    /// In the arena, at an offset and with a length.
    Arena(usize, usize),
    /// In the arena, at an offset and behind its length.
    BehindLength(usize),
}

impl Slot {
    /// The slot that holds a short string itself.
    #[inline]
    pub(super) fn holding(text: &[u8]) -> Option<Slot> {
        let length = u8::try_from(text.len()).ok().filter(|&length| length <= INLINE)?;
        let [a, b, c, d, e, f, g, _] = packed(text).to_le_bytes();
        Some(Slot([a, b, c, d, e, f, g, length]))
    }

    /// The slot that holds the first `length` bytes of a word, lowest first; `None` if they are too many for one.
    #[inline(always)]
    pub(super) fn holding_word(word: u64, length: u8) -> Option<Slot> {
        let behind = u64::MAX.wrapping_shl(u32::from(length).wrapping_mul(u8::BITS));
        (length <= INLINE).then(|| Slot(((word & !behind) | (u64::from(length) << 56)).to_le_bytes()))
    }

    /// The slot of a longer string that is in the arena at `offset`, behind its length if [`has_length`] says so.
    pub(super) fn pointing(offset: usize, text: &[u8]) -> Slot {
        Slot([0, 0, 0, 0, 0, 0, 0, u8::try_from(text.len()).unwrap_or(LONG)]).moved(offset)
    }

    /// The slot of the same string at another offset.
    pub(super) fn moved(self, offset: usize) -> Slot {
        let ([.., last], [a, b, c, d, e, f, g, _]) = (self.0, (offset as u64).to_le_bytes());
        Slot([a, b, c, d, e, f, g, last])
    }

    #[inline]
    pub(super) fn place(self) -> Place {
        let [a, b, c, d, e, f, g, last] = self.0;
        if last <= INLINE {
            return Place::Slot(last.into());
        }
        let offset = u64::from_le_bytes([a, b, c, d, e, f, g, 0]);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        if last == LONG { Place::BehindLength(offset) } else { Place::Arena(offset, last.into()) }
    }

    pub(super) const fn bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// Whether a string in the arena stands behind its length.
pub(super) fn has_length(text: &[u8]) -> bool {
    text.len() >= usize::from(LONG)
}

/// Up to seven bytes as a number. A slot that is put together byte by byte and then stored as a whole would wait for
/// the bytes to arrive: that took a third of the time of an update.
#[inline]
fn packed(text: &[u8]) -> u64 {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else {
        return text.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte));
    };
    // Of four to seven bytes, the first four and the last four overlap in bytes that are the same.
    let shift = text.len().saturating_sub(4).saturating_mul(8);
    u64::from(u32::from_le_bytes(*first)) | (u64::from(u32::from_le_bytes(*last)) << (shift % 64))
}
