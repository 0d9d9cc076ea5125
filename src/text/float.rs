//! Floating-point numbers: the reference's six digits, and the shortest text that reads back to the same bits.

use super::append::Append;
use std::fmt::Write as _;

/// The two widths of floating-point values that joedb knows.
pub trait Float: zmij::Float + Copy {
    /// The value as a double, exactly.
    fn double(self) -> f64;
    /// The digits after `0x` of the bits of a NaN; `None` for the quiet NaN without payload.
    fn payload(self) -> Option<u64>;
    /// Whether the shortest decimal still reads back to the same bits where it is read as a double first.
    fn survives_reading_as_double(self) -> bool;
}

impl Float for f32 {
    fn double(self) -> f64 {
        f64::from(self)
    }

    fn payload(self) -> Option<u64> {
        let bits = self.to_bits();
        (bits & 0x7fff_ffff != 0x7fc0_0000).then_some(u64::from(bits))
    }

    /// The double nearest to 7.038531e-26 lies in the middle between this number and the next, and is rounded to that. All
    /// 2^32 were tried: there is no other.
    fn survives_reading_as_double(self) -> bool {
        self.abs().to_bits() != 0x15ae_43fd
    }
}

impl Float for f64 {
    fn double(self) -> f64 {
        self
    }

    fn payload(self) -> Option<u64> {
        let bits = self.to_bits();
        (bits & 0x7fff_ffff_ffff_ffff != 0x7ff8_0000_0000_0000).then_some(bits)
    }

    fn survives_reading_as_double(self) -> bool {
        true
    }
}

/// Appends `value` as C's `%g` does: six significant digits, so it may lose data.
pub(crate) fn six_digits(out: &mut impl Append, value: f64) {
    if !value.is_finite() {
        return out.bytes(not_finite(value));
    }
    let mut scientific = String::with_capacity(16);
    // Writing to a string does not fail.
    let _ = write!(scientific, "{value:.5e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let decimals = usize::try_from(5_i32.saturating_sub(exponent)).unwrap_or(0);
        out.bytes(without_trailing_zeros(&format!("{value:.decimals$}")).as_bytes());
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let digits = without_trailing_zeros(digits);
        out.text(format_args!("{digits}e{sign}{:02}", exponent.unsigned_abs()));
    }
}

fn without_trailing_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cold]
fn not_finite(value: f64) -> &'static [u8] {
    match (value.is_nan(), value.is_sign_negative()) {
        (true, false) => b"nan",
        (true, true) => b"-nan",
        (false, false) => b"inf",
        (false, true) => b"-inf",
    }
}

/// Appends a finite value in the shortest form that reads back to the same bits, through a double too, always with a
/// point or an exponent, so that SQL and JSON take it for a real number. `false`, and nothing appended, otherwise.
pub(crate) fn finite<F: Float>(out: &mut impl Append, value: F) -> bool {
    if !value.double().is_finite() {
        return false;
    }
    let mut buffer = zmij::Buffer::new();
    let survives = value.survives_reading_as_double();
    let text = if survives { buffer.format_finite(value) } else { buffer.format_finite(value.double()) };
    out.short(text.as_bytes());
    true
}

/// Appends `value` without loss, for joedb commands: the shortest form without `.0`, `inf`, `-inf`, `nan`, and
/// `nan(0x7ff8000000000001)` with the bits of a NaN that is not the usual one.
pub(crate) fn lossless<F: Float>(out: &mut impl Append, value: F) {
    if value.double().is_finite() {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value);
        out.short(text.strip_suffix(".0").unwrap_or(text).as_bytes());
    } else {
        out.bytes(&unusual(value));
    }
}

#[cold]
fn unusual<F: Float>(value: F) -> Vec<u8> {
    match value.payload().filter(|_| value.double().is_nan()) {
        Some(bits) => format!("nan(0x{bits:x})").into_bytes(),
        None => not_finite(value.double()).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Output;

    fn six(value: f64) -> String {
        let mut out = Output::memory();
        six_digits(&mut out, value);
        String::from_utf8_lossy(out.as_bytes()).into_owned()
    }

    fn whole<F: Float>(value: F) -> String {
        let mut out = Output::memory();
        lossless(&mut out, value);
        String::from_utf8_lossy(out.as_bytes()).into_owned()
    }

    /// Printed by C's printf("%g").
    #[test]
    fn six_digits_are_those_of_percent_g() {
        let known = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1e6, "1e+06"),
            (999_999.5, "1e+06"),
            (999_999.4, "999999"),
            (123_456.0, "123456"),
            (0.0001, "0.0001"),
            (0.000_099_999_95, "0.0001"),
            (1e-5, "1e-05"),
            (2.718_27, "2.71827"),
            (1.797_693_134_862_315_7e308, "1.79769e+308"),
            (5e-324, "4.94066e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in known {
            assert_eq!(six(value), text);
        }
    }

    #[test]
    fn a_single_float_survives_being_read_as_a_double() {
        for bits in [0x15ae_43fc, 0x15ae_43fd, 0x15ae_43fe, 0x95ae_43fd, 1, 0x7f7f_ffff] {
            let mut out = Output::memory();
            assert!(finite(&mut out, f32::from_bits(bits)));
            let read: f64 = std::str::from_utf8(out.as_bytes()).unwrap().parse().unwrap();
            assert_eq!((read as f32).to_bits(), bits, "{read:e}");
        }
    }

    #[test]
    fn lossless_text_keeps_every_bit() {
        assert_eq!(whole(0.1_f32), "0.1");
        assert_eq!(whole(1.0_f64), "1");
        assert_eq!(whole(-0.0_f64), "-0");
        assert_eq!(whole(f64::from_bits(0x7ff8_0000_0000_0001)), "nan(0x7ff8000000000001)");
        assert_eq!(whole(f64::from_bits(0xfff8_0000_0000_0000)), "-nan");
        assert_eq!(whole(f32::NEG_INFINITY), "-inf");
    }
}
