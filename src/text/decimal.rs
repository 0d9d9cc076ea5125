//! Integers in decimal, as a block of bytes that is stored at once.
//!
//! Dumps are mostly numbers of few digits. Eight digits are made in one word, without a table or a loop, and a block
//! is appended in one store, where a library returns a slice whose length the copy has to look at.

/// Decimal digits, with a sign where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    /// The text, and anything behind it.
    pub(super) block: [u8; BLOCK],
    /// How long the text is.
    pub(super) length: usize,
}

/// The longest text is that of `i64::MIN`, 20 bytes; its last word begins at the thirteenth.
const BLOCK: usize = 24;

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

const EIGHT_DIGITS: u64 = 100_000_000;

/// The eight digits of a number below 10^8, the first one in the lowest byte. Two, then four, then eight numbers are
/// divided at once, in lanes of one word; the factors are 100 and 10 as fractions of a power of two, exact for numbers
/// of four and of two digits.
#[inline(always)]
const fn eight(number: u64) -> u64 {
    let (high, low) = (number / 10_000, number % 10_000);
    let fours = high | (low << 32);
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (twos.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
    tens | (twos.wrapping_sub(tens.wrapping_mul(10)) << 8)
}

const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Some digits: the first ones of a word, lowest byte first.
pub(super) type Word = ([u8; 8], usize);

/// A number below 10^8.
#[inline(always)]
fn few(number: u64) -> Word {
    let digits = eight(number);
    // A zero has one digit.
    let leading = (digits | (1 << 56)).trailing_zeros() & 0x38;
    let text = (digits | ZEROS).wrapping_shr(leading).to_le_bytes();
    (text, 8_usize.saturating_sub((leading / 8) as usize))
}

/// Shows the digits of a number, word by word.
#[inline(always)]
pub(super) fn words(number: u64, show: &mut impl FnMut(Word)) {
    if number < EIGHT_DIGITS {
        show(few(number));
    } else {
        many(number, show);
    }
}

#[inline(never)]
fn many(number: u64, show: &mut impl FnMut(Word)) {
    let (high, low) = (number / EIGHT_DIGITS, number % EIGHT_DIGITS);
    if high < EIGHT_DIGITS {
        show(few(high));
    } else {
        show(few(high / EIGHT_DIGITS));
        show(((eight(high % EIGHT_DIGITS) | ZEROS).to_le_bytes(), 8));
    }
    show(((eight(low) | ZEROS).to_le_bytes(), 8));
}

impl Digits {
    /// The digits of a number, to be appended more than once.
    #[inline(always)]
    pub(crate) fn of(number: impl Decimal) -> Digits {
        let (negative, magnitude) = number.parts();
        let mut digits = Digits { block: [b'-'; BLOCK], length: usize::from(negative) };
        words(magnitude, &mut |(word, length)| {
            if let Some(place) = digits.block.get_mut(digits.length..).and_then(|rest| rest.first_chunk_mut())
            {
                *place = word;
            }
            digits.length = digits.length.saturating_add(length);
        });
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: impl Decimal + Copy) -> String {
        let Digits { block, length } = Digits::of(number);
        let mut out = super::super::Output::memory();
        out.integer(number);
        assert_eq!(out.as_bytes(), &block[..length]);
        String::from_utf8(block[..length].to_vec()).unwrap()
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
        for number in (0..100_000).chain((100_000..EIGHT_DIGITS + 1_000_000).step_by(9973)) {
            assert_eq!(text(number), number.to_string());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_number_is_that_of_the_standard_library(number: i64) {
            proptest::prop_assert_eq!(text(number), number.to_string());
        }
    }
}
