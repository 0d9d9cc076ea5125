//! Numbers in few digits, for tables and charts.

/// Seconds in three digits or more, in the unit that the caller names.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        ..10.0 => format!("{seconds:.3}"),
        ..100.0 => format!("{seconds:.2}"),
        ..1000.0 => format!("{seconds:.1}"),
        _ => format!("{seconds:.0}"),
    }
}

/// A time with its unit.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        ..0.001 => format!("{} µs", three_digits(seconds * 1e6)),
        ..1.0 => format!("{} ms", three_digits(seconds * 1e3)),
        _ => format!("{} s", three_digits(seconds)),
    }
}

/// A rate or a count with a unit of thousands: `2.38M`.
pub(crate) fn thousands(number: f64) -> String {
    match number {
        ..1e3 => three_digits(number),
        ..1e6 => format!("{}k", three_digits(number / 1e3)),
        ..1e9 => format!("{}M", three_digits(number / 1e6)),
        _ => format!("{}G", three_digits(number / 1e9)),
    }
}

/// Bytes in a unit of thousands: `2.38 GB`.
pub(crate) fn bytes(number: u64) -> String {
    match number as f64 {
        number @ ..1e3 => format!("{number} B"),
        number @ ..1e6 => format!("{} kB", three_digits(number / 1e3)),
        number @ ..1e9 => format!("{} MB", three_digits(number / 1e6)),
        number => format!("{} GB", three_digits(number / 1e9)),
    }
}

/// Bytes in millions, without the unit.
pub(crate) fn megabytes(number: u64) -> String {
    three_digits(number as f64 / 1e6)
}

pub(crate) fn ratio(ratio: f64) -> String {
    three_digits(ratio)
}

/// Ten to some power, in seconds: `10 ms`.
pub(crate) fn power_in_seconds(exponent: i32) -> String {
    match exponent {
        ..-3 => power(exponent + 6, "µs"),
        -3..0 => power(exponent + 3, "ms"),
        _ => power(exponent, "s"),
    }
}

/// Ten to some power, in bytes: `10 MB`.
pub(crate) fn power_in_bytes(exponent: i32) -> String {
    match exponent {
        ..=2 => power(exponent, "B"),
        3..=5 => power(exponent - 3, "kB"),
        6..=8 => power(exponent - 6, "MB"),
        _ => power(exponent - 9, "GB"),
    }
}

fn power(exponent: i32, unit: &str) -> String {
    format!("{} {unit}", 10_f64.powi(exponent))
}

/// So many rows, in words.
pub(crate) fn rows(number: u64) -> String {
    if number == 1 { "1 row".to_owned() } else { format!("{} rows", grouped(number)) }
}

/// A number with separators of thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let group = |(index, digit): (usize, char)| {
        let separator = index > 0 && (digits.len() - index).is_multiple_of(3);
        separator.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(group).collect()
}

fn three_digits(number: f64) -> String {
    match number {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_digits_and_a_unit() {
        assert_eq!(time(0.000_012_34), "12.3 µs");
        assert_eq!(time(0.5), "500 ms");
        assert_eq!(time(1.2345), "1.23 s");
        assert_eq!(seconds(0.0414), "0.041");
        assert_eq!(seconds(123.45), "123.5");
    }

    #[test]
    fn counts_and_sizes_have_three_digits_and_a_unit() {
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(2_380_000.0), "2.38M");
        assert_eq!(bytes(1_234), "1.23 kB");
        assert_eq!(bytes(9_999_999), "10.0 MB");
        assert_eq!(bytes(0), "0 B");
    }

    #[test]
    fn powers_of_ten_have_the_unit_of_their_thousands() {
        assert_eq!(
            [-7, -6, -4, -3, -1, 0, 2].map(power_in_seconds),
            ["0.1 µs", "1 µs", "100 µs", "1 ms", "100 ms", "1 s", "100 s"]
        );
        assert_eq!(
            [0, 2, 3, 6, 8, 9, 10].map(power_in_bytes),
            ["1 B", "100 B", "1 kB", "1 MB", "100 MB", "1 GB", "10 GB"]
        );
    }

    #[test]
    fn long_numbers_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (100_000_000, "100,000,000")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!([1, 2000].map(rows), ["1 row", "2,000 rows"]);
    }
}
