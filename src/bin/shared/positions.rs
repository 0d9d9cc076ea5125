//! Positions as they are typed.

/// A position or size, in decimal or after 0x in hexadecimal.
pub(crate) fn position(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "a position or size in bytes, decimal or 0x, expected".to_owned())
}
