//! Timestamps: seconds since 1970 as UTC.

use super::Output;

/// A moment as joedb prints it. Years run as far as 64 bits of seconds reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc {
    year: i64,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

const SECONDS_A_DAY: i64 = 86_400;

/// The length at which the reference cuts a date.
const REFERENCE_LENGTH: usize = 23;

impl Utc {
    /// The date and time of a number of seconds since 1970, in the proleptic Gregorian calendar.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Utc {
        let of_day = u32::try_from(seconds.rem_euclid(SECONDS_A_DAY)).unwrap_or(0);
        let (year, month, day) = civil(seconds.div_euclid(SECONDS_A_DAY));
        Utc {
            year,
            month,
            day,
            hour: part(of_day / 3600),
            minute: part(of_day / 60 % 60),
            second: part(of_day % 60),
        }
    }

    /// Appends `2025-04-18 18:13:20 GMT`.
    pub fn write(&self, out: &mut Output<'_>) {
        out.bytes(self.to_string().as_bytes());
    }

    /// Appends the same, cut as the reference cuts it: its buffer holds 23 characters.
    pub fn write_as_reference(&self, out: &mut Output<'_>) {
        let text = self.to_string();
        out.bytes(text.as_bytes().get(..REFERENCE_LENGTH).unwrap_or(text.as_bytes()));
    }

    /// Whether `text` is what [`Utc::write`] or [`Utc::write_as_reference`] appends.
    #[must_use]
    pub fn is_written(&self, text: &[u8]) -> bool {
        let whole = self.to_string();
        text == whole.as_bytes() || whole.as_bytes().get(..REFERENCE_LENGTH) == Some(text)
    }

    /// `2025-04-18T18:13:20Z`, as RFC 3339 writes it for years of four digits.
    #[must_use]
    pub fn rfc3339(&self) -> String {
        let Utc { year, month, day, hour, minute, second } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl std::fmt::Display for Utc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Utc { year, month, day, hour, minute, second } = self;
        write!(f, "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

fn part(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(0)
}

/// Days since 1970-01-01 as year, month, day: eras of 400 years that begin on 1 March, so that the leap day
/// is the last of its year (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
#[expect(clippy::arithmetic_side_effects, reason = "days are at most 2^63 / 86400, far from any overflow")]
fn civil(days: i64) -> (i64, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(0), u8::try_from(day).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by the reference tools.
    #[test]
    fn dates_are_those_of_the_reference() {
        let known = [
            (1_745_000_000, "2025-04-18 18:13:20 GMT"),
            (-5, "1969-12-31 23:59:55 GMT"),
            (-62_135_596_800, "1-01-01 00:00:00 GMT"),
            (-62_167_219_201, "-1-12-31 23:59:59 GMT"),
            (951_782_400, "2000-02-29 00:00:00 GMT"),
        ];
        for (seconds, text) in known {
            assert_eq!(Utc::from_seconds(seconds).to_string(), text);
        }
    }

    #[test]
    fn extreme_seconds_have_a_date_and_the_reference_cuts_it() {
        assert!(Utc::from_seconds(i64::MIN).to_string().starts_with("-292277022657-"));
        let mut out = Output::memory();
        Utc::from_seconds(67_767_976_233_532_799).write_as_reference(&mut out);
        assert_eq!(out.as_bytes(), b"2147483647-12-31 23:59:");
    }
}
