//! Floating-point numbers as SQLite reads them to the same bits.
//!
//! It does not read every decimal to the nearest double. Before 3.42 (2023) it rounds twice, and takes the wrong neighbour
//! of one number in twenty thousand, which lies close to the middle between two doubles. Version 3.48 takes it of every
//! third number beyond about 1e-80 and 1e120. So numbers close to a middle are written with 19 digits, and those that are
//! very small or large as smaller or larger ones and the powers of two that make up for it, which rounds nothing.

use crate::text::append::Append;
use crate::text::float;

/// Beyond these, numbers are brought nearer to 1.
const SMALL: f64 = 1e-56;
const LARGE: f64 = 1e56;

/// By this: two to the power of 62, which SQL has as `1<<62`.
const STEP: f64 = 4_611_686_018_427_387_904.0;

/// Appends a number as a REAL, and a NaN, which SQLite does not know, as the text that joedb commands have for it.
pub(super) fn single(out: &mut impl Append, number: f32) {
    if !float::finite(out, number) {
        not_finite(out, number);
    }
}

/// Appends a number as a REAL, and a NaN, which SQLite does not know, as the text that joedb commands have for it.
pub(super) fn double(out: &mut impl Append, number: f64) {
    if !number.is_finite() {
        return not_finite(out, number);
    }
    let (step, back): (f64, &[u8]) =
        if number.abs() > LARGE { (1.0 / STEP, b"*(1<<62)") } else { (STEP, b"/(1<<62)") };
    let (mut near, mut steps) = (number, 0_u32);
    while near != 0.0 && !(SMALL..=LARGE).contains(&near.abs()) {
        near *= step;
        steps = steps.saturating_add(1);
    }
    decimal(out, near);
    (0..steps).for_each(|_| out.bytes(back));
}

fn not_finite<F: float::Float>(out: &mut impl Append, number: F) {
    match number.double() {
        infinite if infinite == f64::INFINITY => out.bytes(b"9e999"),
        infinite if infinite == f64::NEG_INFINITY => out.bytes(b"-9e999"),
        _ => {
            out.byte(b'\'');
            float::lossless(out, number);
            out.byte(b'\'');
        }
    }
}

/// The shortest decimal, or one of 19 digits, which is as good as the number itself.
fn decimal(out: &mut impl Append, number: f64) {
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(number);
    if Decimal::of(shortest).is_some_and(|decimal| decimal.is_far_from_middle(number)) {
        out.short(shortest.as_bytes());
    } else {
        out.text(format_args!("{number:.18e}"));
    }
}

/// Digits times a power of ten.
struct Decimal {
    digits: u64,
    exponent: i32,
}

impl Decimal {
    fn of(text: &str) -> Option<Decimal> {
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let behind_point = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
        let exponent: i32 = exponent.parse().ok()?;
        let digits = digits
            .bytes()
            .filter(u8::is_ascii_digit)
            .try_fold(0_u64, |digits, digit| digits.checked_mul(10)?.checked_add(u64::from(digit & 0xf)))?;
        Some(Decimal { digits, exponent: exponent.checked_sub(i32::try_from(behind_point).ok()?)? })
    }

    /// Whether it is known to be nearer to a normal number, or to zero, than 49 hundredths of the way to the next one.
    fn is_far_from_middle(&self, number: f64) -> bool {
        const FRACTION: u64 = (1 << 52) - 1;
        // A quotient of integers with so small a divisor never lies close enough to a middle.
        if (-4..=0).contains(&self.exponent) {
            return true;
        }
        let fraction = number.to_bits() & FRACTION;
        let significand = u128::from(fraction | (FRACTION + 1)) << 8;
        // Below a power of two the next number is only half as far.
        let limit = if fraction == 0 { 62 } else { 125 };
        self.in_units_of(number).is_some_and(|found| found.abs_diff(significand) <= limit)
    }

    /// How many 256ths of a unit in the last place of `number` it is; `None` where 128 bits are too few to tell. It is about
    /// as large, so these are about 61 bits; the largest power of five has 63.
    fn in_units_of(&self, number: f64) -> Option<u128> {
        const LARGEST: u32 = 27;
        let unit = i32::try_from((number.to_bits() >> 52) & 0x7ff).ok()?.checked_sub(1075 + 8)?;
        let shift = self.exponent.checked_sub(unit)?;
        let power = self.exponent.unsigned_abs();
        let five = 5_u128.checked_pow(power).filter(|_| power <= LARGEST)?;
        let digits = u128::from(self.digits);
        if self.exponent < 0 {
            return digits.checked_shl(u32::try_from(shift).ok()?)?.checked_div(five);
        }
        let product = digits.checked_mul(five)?;
        match u32::try_from(shift) {
            Ok(shift) => product.checked_shl(shift),
            Err(_) => product.checked_shr(shift.unsigned_abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Output;

    fn literal(number: f64) -> String {
        let mut out = Output::memory();
        double(&mut out, number);
        String::from_utf8_lossy(out.as_bytes()).into_owned()
    }

    #[test]
    fn a_number_is_short_unless_it_lies_close_to_a_middle_or_is_very_small() {
        let known = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (-12.5, "-12.5"),
            (6.022e23, "6.022e+23"),
            (-1e-30, "-1.000000000000000083e-30"),
            // SQLite 3.40 reads these, in their shortest form, as the number beside them.
            (377.271_013_778_593_3, "3.772710137785932716e2"),
            (0.999_724_360_393, "9.997243603930000555e-1"),
            (-2e-57, "-9.223372036854775393e-39/(1<<62)"),
            (4e60, "8.673617379884035e+41*(1<<62)"),
            (f64::INFINITY, "9e999"),
            (f64::NEG_INFINITY, "-9e999"),
            (f64::NAN, "'nan'"),
            (f64::from_bits(0xfff0_0000_0000_0001), "'nan(0xfff0000000000001)'"),
        ];
        for (number, text) in known {
            assert_eq!(literal(number), text);
        }
    }

    #[test]
    fn every_number_is_what_its_expression_says() {
        let mut bits = 1_u64;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let number = f64::from_bits(bits);
            if number.is_finite() {
                let text = literal(number);
                let number_of = |operator: &str| text.matches(operator).count();
                let decimal = text.split(['*', '/']).next().unwrap().parse::<f64>();
                let smaller = (0..number_of("/(1<<62)")).fold(decimal.unwrap(), |value, _| value / STEP);
                let value = (0..number_of("*(1<<62)")).fold(smaller, |value, _| value * STEP);
                assert_eq!(value.to_bits(), bits, "{text}");
            }
        }
    }
}
