//! What a terminal would obey, from the Unicode standard: controls but for the end of a line and the tabulator, and
//! the marks that change the direction of text or end a line.

fn is_obeyed(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

/// Text that may be shown: UTF-8 of which a terminal obeys nothing.
pub fn assert_harmless(text: &[u8]) -> &str {
    let text = std::str::from_utf8(text).expect("text is UTF-8");
    assert!(!text.contains(is_obeyed), "a terminal would obey this: {text:?}");
    text
}
