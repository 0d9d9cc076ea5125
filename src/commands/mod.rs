//! joedb commands as a source of entries: what `joedb_logdump` prints, in its own form or the reference's.
//!
//! A line is a command, a comment that begins with `#`, or blank. Reading is strict: nothing of a line is passed over
//! or guessed, and a [`Mistake`] names its [`Place`], what was found and what was expected. What the reference's
//! interpreter does beyond that (FORMAT.md, sections 7 and 8) is not done here.
//!
//! ```
//! use joedb::commands::play;
//! use joedb::new_journal::{Draft, NewJournalError};
//! use joedb::BlobPointers;
//!
//! let mut draft = Draft::new(BlobPointers::Follow);
//! let played = play(&b"create_table city\n"[..], BlobPointers::Follow, &mut draft, &mut |_| {})?;
//! assert_eq!((played.entries, draft.written().bytes), (1, 6));
//!
//! let mistake = play(&b"create_table\n"[..], BlobPointers::Follow, &mut draft, &mut |_| {}).unwrap_err();
//! assert_eq!(mistake.to_string(), "1:13: the end of the line found, a new name expected");
//! # Ok::<(), joedb::commands::PlayError<NewJournalError>>(())
//! ```
//!
//! # Blobs
//!
//! A blob value is a position in the file that was dumped. The comment `# Blob: position,size` that a dump prints says
//! where the blob stood that the next command, `write_blob`, holds; the entry gets that position, so that a sink can
//! let values follow. A value that points to no such blob is a mistake, unless it is to be kept as it is.

mod command;
mod lines;
mod mistake;
mod values;
mod words;

pub(crate) use command::Scratch;
pub use lines::LONGEST_LINE;
pub(crate) use mistake::Trouble;
pub use mistake::{Expected, Found, Mistake, Place};
pub(crate) use values::{read as read_word, unsigned};

use crate::blob_map::BlobPointers;
use crate::entry::{Entry, Located};
use crate::schema::Schema;
use crate::sink::{LeftOut, Sink};
use command::State;
use lines::{LineError, Lines};
use std::io::{self, Read};

/// What was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// How many entries.
    pub entries: u64,
    /// How many lines they stood in, with blank ones and comments.
    pub lines: u64,
    /// Blobs that a comment announces and whose data the text does not hold.
    pub left_out: LeftOut,
    /// Whether the last line has an end. One without may have been cut.
    pub is_ended: bool,
}

/// Why not all of a text was played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError<E> {
    /// The text could not be read.
    #[error("{error}{}", behind(*line))]
    Io {
        /// The last line that could be read; 0 for none.
        line: u64,
        /// What the operating system said.
        error: io::Error,
    },
    /// A line is longer than what may be held in memory.
    #[error("{place}: a line of more than {LONGEST_LINE} bytes found, a command expected")]
    LongLine {
        /// Where it begins.
        place: Place,
    },
    /// Something is wrong with a line.
    #[error("{place}: {mistake}")]
    Mistake {
        /// Where.
        place: Place,
        /// What.
        mistake: Mistake,
    },
    /// The sink refused.
    #[error("{0}")]
    Sink(E),
}

fn behind(line: u64) -> String {
    if line == 0 { String::new() } else { format!(", behind line {line}") }
}

/// How the lines of a text are to be read.
pub(crate) trait Language {
    /// The entry of a line; it may hold none.
    fn read<'a>(
        &mut self,
        line: &'a [u8],
        schema: &Schema,
        scratch: &'a mut Scratch,
    ) -> Result<Option<Entry<'a>>, Trouble>;

    /// The blobs without their data, once the text has ended.
    fn left_out(self) -> LeftOut;
}

/// Plays joedb commands into `sink`; the positions of the entries are those of their lines in the text. `watch` is
/// told the position reached whenever more is read.
///
/// Memory: one line and its entry, the schema, and what is known of each blob.
///
/// # Errors
/// [`PlayError`]; the sink has then seen the entries before it, and no end.
pub fn play<S: Sink>(
    text: impl Read,
    pointers: BlobPointers,
    sink: &mut S,
    watch: &mut dyn FnMut(u64),
) -> Result<Played, PlayError<S::Error>> {
    play_in(State::new(pointers), text, sink, watch)
}

/// Plays a text in any language.
pub(crate) fn play_in<L: Language, S: Sink>(
    mut language: L,
    text: impl Read,
    sink: &mut S,
    watch: &mut dyn FnMut(u64),
) -> Result<Played, PlayError<S::Error>> {
    let (mut lines, mut schema, mut scratch) = (Lines::new(text), Schema::new(), Scratch::default());
    let mut entries: u64 = 0;
    sink.begin(0, false).map_err(PlayError::Sink)?;
    loop {
        let number = lines.number();
        let Some(line) = lines.next(watch).map_err(|error| no_line(error, number))? else { break };
        let read = language.read(line.bytes, &schema, &mut scratch).map_err(|trouble| PlayError::Mistake {
            place: trouble.place(line.number, line.bytes),
            mistake: *trouble.mistake,
        });
        let Some(entry) = read? else { continue };
        let located = Located { position: line.position, length: line.length, entry };
        sink.entry(&located, &schema).map_err(PlayError::Sink)?;
        entries = entries.saturating_add(1);
        if located.entry.is_schema() {
            schema.apply(&located.entry);
        }
    }
    sink.end(lines.position(), true).map_err(PlayError::Sink)?;
    let (lines, is_ended) = (lines.number(), lines.is_ended());
    Ok(Played { entries, lines, left_out: language.left_out(), is_ended })
}

#[cold]
fn no_line<E>(error: LineError, line: u64) -> PlayError<E> {
    match error {
        LineError::Io(error) => PlayError::Io { line, error },
        LineError::TooLong => {
            PlayError::LongLine { place: Place { line: line.saturating_add(1), column: 1 } }
        }
    }
}
