//! Two logs side by side: a file and its older copy, or two that were one once.

use crate::entry::Located;
use crate::head::{HEAD_SIZE, Version};
use crate::journal::{Flow, Journal, SourceError, Visitor};
use crate::schema::Schema;
use crate::sense::Sense;
use crate::sink::{Commands, Format, Style};
use crate::text::Output;
use serde::Serialize;

/// How two logs relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// They hold the same entries.
    Equal,
    /// The first one begins with all of the second one, and goes on.
    FirstContinues,
    /// The second one begins with all of the first one, and goes on.
    SecondContinues,
    /// They differ before either ends.
    Diverge,
}

/// What comparing two logs found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// How they relate.
    pub relation: Relation,
    /// The last boundary up to which they are the same.
    pub common: u64,
    /// The first byte that differs, or the end of the shorter one.
    pub differs_at: u64,
    /// Where each was read to.
    pub ends: [u64; 2],
    /// The first entry of each behind the common part, as a joedb command; `None` where there is none that decodes.
    pub entries: [Option<String>; 2],
}

/// Why two logs cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// One could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Their formats differ.
    #[error("format versions {} and {} found; the same one in both expected", .0.number(), .1.number())]
    Versions(Version, Version),
}

/// The longest entry that is shown whole.
const SHOWN: usize = 200;

/// Compares two logs up to the given ends, usually their current checkpoints.
///
/// ```
/// use joedb::compare::{Relation, compare};
/// use joedb::{Encoder, Entry, Journal, Version};
///
/// let mut log = Encoder::new(Version::V5);
/// log.push(&Entry::ValidData);
/// let mut older = Journal::from_bytes(log.file())?;
/// log.push(&Entry::Comment { text: b"more" });
/// let mut newer = Journal::from_bytes(log.file())?;
///
/// let ends = [older.size(), newer.size()];
/// let found = compare(&mut older, &mut newer, ends)?;
/// assert_eq!((found.relation, found.common), (Relation::SecondContinues, 42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CompareError`].
pub fn compare(
    first: &mut Journal,
    second: &mut Journal,
    ends: [u64; 2],
) -> Result<Comparison, CompareError> {
    if first.version() != second.version() {
        return Err(CompareError::Versions(first.version(), second.version()));
    }
    let [first_end, second_end] = ends;
    let differs_at = first_difference(first, second, first_end.min(second_end))?;
    let relation = match (differs_at == first_end, differs_at == second_end) {
        (true, true) => Relation::Equal,
        (true, false) => Relation::SecondContinues,
        (false, true) => Relation::FirstContinues,
        (false, false) => Relation::Diverge,
    };
    let (common, first_entry) = entry_around(first, differs_at, first_end)?;
    let (_, second_entry) = entry_around(second, differs_at, second_end)?;
    Ok(Comparison { relation, common, differs_at, ends, entries: [first_entry, second_entry] })
}

/// The position of the first byte that differs, or `end`.
fn first_difference(first: &mut Journal, second: &mut Journal, end: u64) -> Result<u64, SourceError> {
    let mut position = HEAD_SIZE;
    while position < end {
        let left = end.saturating_sub(position);
        let (one, other) = (first.bytes(position, left)?, second.bytes(position, left)?);
        let compared = one.len().min(other.len());
        let equal = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        position = position.saturating_add(equal as u64);
        if equal < compared || compared == 0 {
            break;
        }
    }
    Ok(position)
}

/// The boundary at or before `position`, and the entry that begins there.
fn entry_around(
    journal: &mut Journal,
    position: u64,
    end: u64,
) -> Result<(u64, Option<String>), SourceError> {
    let mut finder = Finder {
        sense: Sense::new(journal.checkpoints()),
        commands: Commands::new(Style::new(journal.version()), None),
        position,
        boundary: HEAD_SIZE,
        found: None,
    };
    journal.entries(end).walk(&mut finder)?;
    Ok((finder.boundary, finder.found))
}

/// An entry as a joedb command; of a long one the beginning.
pub(crate) fn shown(commands: &mut Commands, located: &Located<'_>, schema: &Schema) -> String {
    let mut out = Output::memory();
    commands.entry(&mut out, located, schema);
    let text = String::from_utf8_lossy(out.as_bytes().trim_ascii_end()).into_owned();
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}...") } else { text }
}

/// Looks for the entry around a position.
struct Finder {
    sense: Sense,
    commands: Commands,
    position: u64,
    boundary: u64,
    found: Option<String>,
}

impl Finder {
    fn show(&mut self, located: &Located<'_>) {
        self.found = Some(shown(&mut self.commands, located, self.sense.schema()));
    }
}

impl Visitor for Finder {
    type Error = SourceError;

    fn entry(&mut self, located: &Located<'_>) -> Result<Flow, SourceError> {
        if located.end() > self.position {
            self.show(located);
            return Ok(Flow::Stop);
        }
        self.boundary = located.end();
        if self.sense.judge(located).is_err() {
            return Ok(Flow::Stop);
        }
        self.sense.apply(located);
        Ok(Flow::Continue)
    }
}
