//! File names in commands that a person pastes into a shell.

use std::path::Path;

/// `path` quoted for a POSIX shell: bare where nothing in it is special, in single quotes where it is text,
/// in `$'…'` with escapes where it holds control bytes or is no UTF-8. A leading `-` gets `./` before it.
#[must_use]
pub fn quote(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let prefix = if bytes.first() == Some(&b'-') { "./" } else { "" };
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && text.bytes().all(is_bare) => format!("{prefix}{text}"),
        Ok(text) if !text.chars().any(super::escape::is_obeyed_by_terminals) => {
            format!("'{prefix}{}'", text.replace('\'', r"'\''"))
        }
        _ => format!("$'{prefix}{}'", bytes.iter().map(|&byte| escaped(byte)).collect::<String>()),
    }
}

const fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'+' | b',' | b'@' | b'%' | b':' | b'=')
}

fn escaped(byte: u8) -> String {
    match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        0x20..=0x7e => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_bare_and_others_are_quoted() {
        assert_eq!(quote(Path::new("/var/lib/a-b_c.joedb")), "/var/lib/a-b_c.joedb");
        assert_eq!(quote(Path::new("my file")), "'my file'");
        assert_eq!(quote(Path::new("it's; rm -rf $HOME")), r"'it'\''s; rm -rf $HOME'");
        assert_eq!(quote(Path::new("--to")), "./--to");
        assert_eq!(quote(Path::new("")), "''");
    }

    #[cfg(unix)]
    #[test]
    fn control_bytes_and_foreign_bytes_are_escaped() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a\x1b[2J\n'\xff"));
        assert_eq!(quote(path), r"$'a\033[2J\012\'\377'");
    }
}
