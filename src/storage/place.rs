//! Where a log is, as messages and commands name it.

use super::Part;
use crate::text::shell::quote;
use crate::text::{Bytes, Position, file_name};
use std::fmt;
use std::path::{Path, PathBuf};

/// A file, standard input, or a part of either.
///
/// It is shown as messages name it; its methods spell commands that a person can paste.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `None` for standard input.
    path: Option<PathBuf>,
    part: Option<Part>,
}

impl Place {
    /// A file of its own.
    #[must_use]
    pub fn file(path: &Path) -> Place {
        Place { path: Some(path.to_path_buf()), part: None }
    }

    /// Standard input.
    #[must_use]
    pub const fn standard_input() -> Place {
        Place { path: None, part: None }
    }

    /// Part of this place.
    #[must_use]
    pub fn part(self, part: Option<Part>) -> Place {
        Place { part, ..self }
    }

    /// The path of the file; `None` for standard input.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The name without its part: a path as it was given, `-` for standard input.
    #[must_use]
    pub fn operand(&self) -> String {
        self.path.as_ref().map_or_else(|| "-".to_owned(), |path| path.to_string_lossy().into_owned())
    }

    /// Where the log begins in the file, if that was said.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.part.map(|part| part.offset)
    }

    /// The name for a shell: quoted, `-` for standard input.
    fn quoted(&self) -> String {
        self.path().map_or_else(|| "-".to_owned(), quote)
    }

    /// `joedb_logdump` with these options.
    #[must_use]
    pub fn logdump(&self, options: &str) -> String {
        let part = self.part.map(|Part { offset, size }| {
            let size = size.map_or(String::new(), |size| format!(" --size {size}"));
            format!("--offset {offset}{size}")
        });
        let words = [Some(options.to_owned()), part, Some(self.quoted())];
        words.into_iter().flatten().filter(|word| !word.is_empty()).fold("joedb_logdump".to_owned(), joined)
    }

    /// `joedb_convert` with these options, to a name beside the file. It reads whole files and standard input, so
    /// that a part is cut out first.
    #[must_use]
    pub fn convert(&self, options: &str) -> String {
        let target = self.recovered();
        let (feed, input) = match self.part {
            Some(part) => (self.cut_out(part), "-".to_owned()),
            None => (String::new(), self.quoted()),
        };
        let words = [options.to_owned(), input, quote(&target)];
        let command =
            words.into_iter().filter(|word| !word.is_empty()).fold("joedb_convert".to_owned(), joined);
        format!("{feed}{command}")
    }

    fn recovered(&self) -> PathBuf {
        let Some(path) = &self.path else { return "recovered.joedb".into() };
        let mut name = path.as_os_str().to_owned();
        name.push(".recovered");
        name.into()
    }

    fn cut_out(&self, Part { offset, size }: Part) -> String {
        let first = offset.saturating_add(1);
        let file = self.path().map_or(String::new(), |path| format!(" {}", quote(path)));
        let head = size.map_or(String::new(), |size| format!("head -c {size} | "));
        format!("tail -c +{first}{file} | {head}")
    }

    /// A command that shows the first bytes.
    #[must_use]
    pub fn first_bytes(&self) -> String {
        let skipped = self.offset().map_or(String::new(), |offset| format!(" -j {offset}"));
        let file = self.path().map_or(String::new(), |path| format!(" {}", quote(path)));
        format!("od -A d -t x1z{skipped} -N 64{file}")
    }
}

fn joined(words: String, word: String) -> String {
    format!("{words} {word}")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => f.write_str(&file_name(path))?,
            None => f.write_str("standard input")?,
        }
        match self.part {
            None => Ok(()),
            Some(Part { offset, size: None }) => write!(f, " at offset {}", Position(offset)),
            Some(Part { offset, size: Some(size) }) => {
                write!(f, ", {} at offset {}", Bytes(size), Position(offset))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part = Part { offset: 512, size: Some(1000) };

    #[test]
    fn a_file_is_named_and_quoted() {
        let place = Place::file(Path::new("my file"));
        assert_eq!(place.to_string(), "my file");
        assert_eq!(place.logdump("--check"), "joedb_logdump --check 'my file'");
        assert_eq!(place.logdump(""), "joedb_logdump 'my file'");
        assert_eq!(place.convert("--to hard"), "joedb_convert --to hard 'my file' 'my file.recovered'");
        assert_eq!(place.first_bytes(), "od -A d -t x1z -N 64 'my file'");
    }

    #[test]
    fn a_file_called_like_standard_input_is_told_from_it() {
        assert_eq!(Place::file(Path::new("-")).logdump(""), "joedb_logdump ./-");
        assert_eq!(Place::standard_input().logdump(""), "joedb_logdump -");
        assert_eq!(Place::standard_input().to_string(), "standard input");
        assert_eq!(Place::standard_input().convert(""), "joedb_convert - recovered.joedb");
        assert_eq!(Place::standard_input().first_bytes(), "od -A d -t x1z -N 64");
    }

    #[test]
    fn a_part_is_named_with_its_offset_and_cut_out_for_programs_that_take_none() {
        let place = Place::file(Path::new("disk.img")).part(Some(PART));
        assert_eq!(place.to_string(), "disk.img, 1000 bytes at offset 512 (0x200)");
        assert_eq!(place.logdump("--check"), "joedb_logdump --check --offset 512 --size 1000 disk.img");
        let command = "tail -c +513 disk.img | head -c 1000 | joedb_convert - disk.img.recovered";
        assert_eq!(place.convert(""), command);
        assert_eq!(place.first_bytes(), "od -A d -t x1z -j 512 -N 64 disk.img");
        let place = Place::standard_input().part(Some(Part { offset: 512, size: None }));
        assert_eq!(place.to_string(), "standard input at offset 512 (0x200)");
        assert_eq!(place.convert(""), "tail -c +513 | joedb_convert - recovered.joedb");
    }
}
