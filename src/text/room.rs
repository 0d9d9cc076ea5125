//! Room for a few lines: appended to without a look at whether it has to grow.

use super::append::Append;
use super::output::{Output, SLACK};
use super::plain::{BLOCK, Plain};
use std::fmt;

/// Bytes behind an output that can be filled. How far they are stands in a register, nothing is asked of what is left, and
/// nothing is called in between: a part of a line is a few instructions so.
///
/// What does not fit is lost; then all of it is taken back, see [`Output::in_room`].
pub(crate) struct Room<'a> {
    place: &'a mut [u8; SIZE + SLACK],
    used: usize,
}

/// So many bytes fit. A power of two: where a block goes is cut down to less.
pub(crate) const SIZE: usize = 8192;

/// Texts up to this length are looked at block by block.
const SHORT: usize = SIZE / 2;

impl Output<'_> {
    /// Lets `fill` append what fits into a room. `None`, and nothing appended, if it did not fit, or if `fill` wants nothing
    /// kept.
    #[inline(always)]
    pub(crate) fn in_room<R>(&mut self, fill: impl FnOnce(&mut Room<'_>) -> Option<R>) -> Option<R> {
        let mut room = Room { place: self.place()?, used: 0 };
        let result = room.whole(fill)?;
        let used = room.used;
        self.advance(used);
        Some(result)
    }
}

impl Room<'_> {
    /// Lets `fill` append. `None`, and nothing appended, if it did not fit, or if `fill` wants nothing kept.
    #[inline(always)]
    pub(crate) fn whole<R>(&mut self, fill: impl FnOnce(&mut Self) -> Option<R>) -> Option<R> {
        let before = self.used;
        let result = fill(self).filter(|_| self.used <= SIZE);
        if result.is_none() {
            self.used = before;
        }
        result
    }

    /// Lets `fill` append to it under another name. Whoever is called, and not copied to the place of the call, sees that one,
    /// and how far this room is used stays in a register.
    #[inline(always)]
    pub(crate) fn apart<R>(&mut self, fill: impl FnOnce(&mut Room<'_>) -> R) -> R {
        let mut other = Room { place: self.place, used: self.used };
        let result = fill(&mut other);
        self.used = other.used;
        result
    }

    /// Whether half of it is left, which is enough for a line of the usual lengths.
    #[inline(always)]
    pub(crate) const fn is_half_empty(&self) -> bool {
        self.used < SIZE / 2
    }

    /// Whether a few more characters fit.
    #[inline(always)]
    pub(crate) const fn is_spacious(&self) -> bool {
        self.used < SIZE - 2 * SLACK
    }

    /// As [`Room::plain`], in quotes; `None` instead of `false`, and for a text that is long.
    #[inline(always)]
    pub(crate) fn quoted(&mut self, quote: u8, ahead: &[u8], length: usize, plain: Plain) -> Option<()> {
        self.byte(quote);
        let is_plain = length <= SHORT && self.plain(ahead, length, plain);
        self.byte(quote);
        is_plain.then_some(())
    }

    /// Appends the first `length` bytes of `ahead` if all of them are plain. What follows them is looked at and not kept,
    /// so that a short text is a block or two. `false`, and anything appended, otherwise, and near the end of `ahead`.
    #[inline(always)]
    pub(crate) fn plain(&mut self, ahead: &[u8], length: usize, plain: Plain) -> bool {
        let mut done = 0_usize;
        while done < length {
            let Some(block) = ahead.get(done..).and_then(|rest| rest.first_chunk()) else { return false };
            let left = length.wrapping_sub(done);
            if !plain.is_block(block, left) {
                return false;
            }
            self.block(block, left.min(BLOCK));
            done = done.wrapping_add(BLOCK);
        }
        true
    }
}

impl Append for Room<'_> {
    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        let end = self.used.saturating_add(bytes.len());
        if let Some(place) = self.place.get_mut(self.used..end) {
            place.copy_from_slice(bytes);
        }
        self.used = end;
    }

    #[inline(always)]
    fn block<const N: usize>(&mut self, block: &[u8; N], length: usize) {
        const { assert!(N <= SLACK) };
        let start = self.used % SIZE;
        if let Some(place) = self.place.get_mut(start..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            *place = *block;
        }
        self.used = self.used.wrapping_add(length);
    }
}

impl fmt::Write for Room<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appends so many bytes, and says whether they are kept.
    fn fill(out: &mut Output<'_>, bytes: usize, wanted: bool) -> bool {
        let kept = out.in_room(|room| {
            room.bytes(&vec![b'x'; bytes]);
            wanted.then_some(())
        });
        kept.is_some()
    }

    #[test]
    fn what_does_not_fit_is_taken_back_as_a_whole() {
        let mut out = Output::memory();
        out.bytes(b"kept ");
        assert!(fill(&mut out, SIZE, true));
        for blocks in [SIZE / 16 + 1, 3 * SIZE / 16, 100 * SIZE] {
            let result = out.in_room(|room| {
                (0..blocks).for_each(|_| room.block(b"0123456789abcdef", 16));
                Some(())
            });
            assert_eq!((result, out.len()), (None, SIZE + 5), "{blocks}");
        }
        assert!(!fill(&mut out, SIZE + 1, true) && !fill(&mut out, 1, false));
        out.bytes(b"z");
        assert!(out.as_bytes().starts_with(b"kept x") && out.as_bytes().ends_with(b"xz"));
    }

    #[test]
    fn text_is_appended_where_all_of_it_is_plain() {
        for length in 0..60_usize {
            for bad in 0..70_usize {
                let mut ahead = [b'a'; 96];
                ahead[bad] = b'!';
                let mut out = Output::memory();
                let plain =
                    out.in_room(|room| room.plain(&ahead, length, Plain::without([b'!'; 3])).then_some(()));
                assert_eq!(plain.is_some(), bad >= length, "{bad} in {length}");
                assert_eq!(out.len(), if plain.is_some() { length } else { 0 });
            }
        }
    }
}
