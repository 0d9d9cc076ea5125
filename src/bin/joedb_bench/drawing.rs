//! What all drawings have in common.

use std::fmt::{self, Write as _};

pub(crate) const WIDTH: u32 = 820;
pub(crate) const MARGIN: u32 = 16;
/// From a line of text to the next.
pub(crate) const LINE: u32 = 18;
/// Between something drawn and the text that belongs to it.
pub(crate) const GAP: u32 = 8;

/// Colours of curves, one for each that stand beside one another; all are read on light and on dark.
pub(crate) const COLOURS: [&str; 6] = ["#4f8fd9", "#c9701a", "#2e9e5b", "#a371d6", "#d0568f", "#808891"];

/// How everything looks, on light and on dark.
pub(crate) fn style() -> String {
    let series = |(number, colour): (usize, &&str)| format!(".series{number}{{color:{colour}}}");
    let series: String = COLOURS.iter().enumerate().map(series).collect();
    format!("{series}{STYLE}")
}

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-weight:600}.small{font-size:11px;fill:#59636e}\
.bar{fill:#4f8fd9}.first{fill:#8b949e}.spread{stroke:#1f2328;stroke-width:1.5}\
.grid{stroke:#d1d9e0}.guide{stroke:currentColor;stroke-dasharray:2 5;fill:none}\
.curve{stroke:currentColor;stroke-width:2;fill:none}.dot,.name{fill:currentColor}\
.ground{fill:#ffffff}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}.small{fill:#9198a1}.spread{stroke:#e6edf3}.grid{stroke:#2f3742}\
.ground{fill:#0d1117}}";

/// Writes text, from `x` on, on a line at `y`.
pub(crate) fn write_text(body: &mut String, x: u32, y: u32, class: &str, text: &str) -> fmt::Result {
    writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text))
}

/// Text of at most so many characters.
pub(crate) fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// Text without meaning for XML, and without the control characters that it may not hold.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        c if c.is_control() => "\u{fffd}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
