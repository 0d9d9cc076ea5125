//! Integers in decimal, as a block of bytes that is stored at once.
//!
//! Dumps are mostly numbers of few digits. Four digits are taken from a table, eight are stored as one word, and a block
//! is appended in one store, where a library returns a slice whose length the copy has to look at.

use super::Output;

/// The decimal digits of a number, to be appended more than once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits {
    /// The text, lowest byte first, and anything behind it. Words, because they are read as words: a processor waits where
    /// what was just stored in pieces is read as a whole.
    words: [u64; 3],
    /// How long the text is.
    pub(super) length: usize,
}

/// An integer that has decimal digits.
pub trait Decimal {
    /// Whether it is negative, and how far it is from zero.
    fn parts(self) -> (bool, u64);
}

impl Decimal for u64 {
    #[inline(always)]
    fn parts(self) -> (bool, u64) {
        (false, self)
    }
}

impl Decimal for i64 {
    #[inline(always)]
    fn parts(self) -> (bool, u64) {
        (self < 0, self.unsigned_abs())
    }
}

macro_rules! through {
    ($wide:ty: $($narrow:ty),*) => {$(
        impl Decimal for $narrow {
            #[inline(always)]
            fn parts(self) -> (bool, u64) {
                <$wide>::from(self).parts()
            }
        }
    )*};
}

through!(u64: u8, u16, u32);
through!(i64: i8, i16, i32);

impl Decimal for usize {
    #[inline(always)]
    fn parts(self) -> (bool, u64) {
        (false, self as u64)
    }
}

/// Numbers below this have at most eight digits, which are made together.
pub(super) const FEW: u64 = 100_000_000;

/// The four digits of each number below 10^4, the first one in the lowest byte. 40 KB, most of which a processor keeps near:
/// half the time of making digits by multiplication, and of taking two at a time from a small table.
static FOUR: [u32; 10_000] = {
    let mut four = [0; 10_000];
    let (mut rest, mut number) = (four.as_mut_slice(), 0_u32);
    while let [place, further @ ..] = rest {
        let digits = [number / 1000, number / 100 % 10, number / 10 % 10, number % 10];
        let [thousands, hundreds, tens, ones] = digits;
        *place = ZEROS_OF_FOUR | thousands | (hundreds << 8) | (tens << 16) | (ones << 24);
        (rest, number) = (further, number.wrapping_add(1));
    }
    four
};

const ZEROS_OF_FOUR: u32 = 0x3030_3030;

const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Numbers below this have at most four digits.
pub(super) const FOURS: u64 = 10_000;

#[inline(always)]
fn four(number: u64) -> u32 {
    let digits = usize::try_from(number).ok().and_then(|number| FOUR.get(number));
    digits.copied().unwrap_or_default()
}

/// The eight digits of a number below 10^8, the first one in the lowest byte.
#[inline(always)]
fn eight(number: u64) -> u64 {
    u64::from(four(number / FOURS)) | (u64::from(four(number % FOURS)) << 32)
}

/// The digits of a number below 10^4, and how many they are.
#[inline(always)]
pub(super) fn fewer(number: u64) -> ([u8; 4], usize) {
    let digits = four(number);
    let leading = ((digits ^ ZEROS_OF_FOUR) | (1 << 24)).trailing_zeros() & 0x18;
    let text = digits.wrapping_shr(leading).to_le_bytes();
    (text, 4_usize.wrapping_sub((leading / 8) as usize))
}

/// The digits of a number below 10^8, and how many they are.
#[inline(always)]
pub(super) fn few(number: u64) -> ([u8; 8], usize) {
    let digits = eight(number);
    // A zero has one digit.
    let leading = ((digits ^ ZEROS) | (1 << 56)).trailing_zeros() & 0x38;
    let text = digits.wrapping_shr(leading).to_le_bytes();
    (text, 8_usize.wrapping_sub((leading / 8) as usize))
}

/// All eight digits of a number below 10^8.
#[inline(always)]
pub(super) fn all(number: u64) -> [u8; 8] {
    eight(number).to_le_bytes()
}

impl Default for Digits {
    fn default() -> Digits {
        Digits::of(0)
    }
}

impl Digits {
    /// The digits of a number.
    #[inline(always)]
    pub(crate) fn of(number: u64) -> Digits {
        if number < FEW {
            let (word, length) = few(number);
            Digits { words: [u64::from_le_bytes(word), 0, 0], length }
        } else if number < FEW * FEW {
            Digits::of_more(number)
        } else {
            Digits::of_many(number)
        }
    }

    /// Of nine to sixteen digits.
    fn of_more(number: u64) -> Digits {
        let ((first, length), behind) = (few(number / FEW), eight(number % FEW));
        let bits = u32::try_from(length).unwrap_or(8).wrapping_mul(8);
        let word = u64::from_le_bytes(first) | behind.checked_shl(bits).unwrap_or(0);
        let rest = behind.wrapping_shr(u64::BITS.wrapping_sub(bits));
        Digits { words: [word, rest, 0], length: length.wrapping_add(8) }
    }

    #[cold]
    fn of_many(number: u64) -> Digits {
        let mut text = Output::memory();
        text.integer(number);
        let mut bytes = text.as_bytes().chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(place, byte)| *place = *byte);
            u64::from_le_bytes(word)
        });
        let mut next = || bytes.next().unwrap_or(0);
        Digits { words: [next(), next(), next()], length: text.len() }
    }

    /// All of them, if they are few.
    #[inline(always)]
    pub(super) fn word(&self) -> Option<[u8; 8]> {
        let [word, ..] = self.words;
        (self.length <= 8).then_some(word.to_le_bytes())
    }

    #[inline(always)]
    pub(super) fn block(&self) -> [u8; 24] {
        let mut block = [0; 24];
        for (place, word) in block.as_chunks_mut::<8>().0.iter_mut().zip(self.words) {
            *place = word.to_le_bytes();
        }
        block
    }
}

/// A number below 2^63, in decimal, that grows by little: all but its last four digits are made once for ten thousand
/// numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grouped {
    /// The number without its last four digits, which are zeros here.
    base: u64,
    /// The digits before those.
    digits: Digits,
    /// What is left of the number, below 10^4.
    low: u64,
}

impl Grouped {
    /// Makes it this number.
    #[inline(always)]
    pub(crate) fn look_up(&mut self, number: u64) {
        self.low = number.wrapping_sub(self.base);
        if self.low >= FOURS {
            let (high, low) = (number / FOURS, number % FOURS);
            *self = Grouped { base: number.wrapping_sub(low), digits: Digits::of(high), low };
        }
    }

    /// The first digits, and the last four; `None` for the first where there are no more than four, which begin with zeros
    /// then.
    #[inline(always)]
    pub(super) fn parts(&self) -> Option<(&Digits, [u8; 4])> {
        (self.base > 0).then(|| (&self.digits, four(self.low).to_le_bytes()))
    }

    /// The number, if it has no more than four digits.
    #[inline(always)]
    pub(super) const fn low(&self) -> u64 {
        self.low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::append::Append as _;

    fn text(number: impl Decimal + Copy) -> String {
        let mut out = Output::memory();
        out.integer(number);
        let (negative, magnitude) = number.parts();
        let digits = Digits::of(magnitude);
        assert_eq!(out.as_bytes()[usize::from(negative)..], digits.block()[..digits.length]);
        String::from_utf8(out.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn every_length_and_both_ends_are_those_of_the_standard_library() {
        let mut number = 1_u64;
        for _ in 0..20 {
            for near in [number.wrapping_sub(1), number, number.wrapping_add(1), number.wrapping_mul(7)] {
                assert_eq!(text(near), near.to_string());
                assert_eq!(text(near.cast_signed()), near.cast_signed().to_string());
            }
            number = number.wrapping_mul(10);
        }
        assert_eq!(text(u64::MAX), u64::MAX.to_string());
        assert_eq!([text(i64::MIN), text(i64::MAX)], [i64::MIN.to_string(), i64::MAX.to_string()]);
        assert_eq!([text(i8::MIN), text(u16::MAX)], ["-128", "65535"]);
    }

    #[test]
    fn all_numbers_of_up_to_five_digits_and_a_part_of_the_others() {
        for number in (0..100_000).chain((100_000..FEW + 1_000_000).step_by(9973)) {
            assert_eq!(text(number), number.to_string());
        }
    }

    #[test]
    fn a_number_that_grows_or_falls_by_little_or_much_is_that_of_the_standard_library() {
        let mut grouped = Grouped::default();
        let mut number = 0_u64;
        for step in (0..40_000).chain([9_999, 10_000, 123_456_789, 1 << 40, 1, u64::MAX / 4]) {
            for number in [number, number.saturating_sub(1), number] {
                grouped.look_up(number);
                let mut out = Output::memory();
                out.grouped(&grouped);
                assert_eq!(out.as_bytes(), number.to_string().as_bytes());
            }
            number = number.wrapping_add(step % 19).wrapping_add(if step > 9_000 { step } else { 0 });
        }
    }

    proptest::proptest! {
        #[test]
        fn any_number_is_that_of_the_standard_library(number: i64) {
            proptest::prop_assert_eq!(text(number), number.to_string());
        }
    }
}
