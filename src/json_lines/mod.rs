//! JSON Lines as a source of entries: what `joedb_logdump --json --blob` prints, and perhaps a program changed.
//!
//! A line is an object, or blank. Its members are those that [`JsonLines`](crate::sink::JsonLines) writes, in any order.
//! Reading is strict: a member that is missing, unknown or there twice, a value of another type, and whatever else is no
//! JSON is a [`Mistake`](crate::commands::Mistake) with its place. Tables and fields go by name or id; where both are
//! there they must agree, so that a line that was taken out does not shift those behind it to other tables.
//!
//! `position` and `length` say where the entry stood, and `data_position` where the data of a blob did, so that values
//! follow; nothing else depends on them. `utc`, `count` and `size` may be left out where they follow from the rest.
//!
//! ```
//! use joedb::json_lines::play;
//! use joedb::new_journal::{Draft, NewJournalError};
//! use joedb::BlobPointers;
//!
//! let mut draft = Draft::new(BlobPointers::Follow);
//! let text = br#"{"kind":"create_table","table":"city"}"#;
//! let played = play(&text[..], BlobPointers::Follow, &mut draft, &mut |_| {})?;
//! assert_eq!((played.entries, draft.written().bytes), (1, 6));
//!
//! let mistake = play(&b"{\"kind\":7}\n"[..], BlobPointers::Follow, &mut draft, &mut |_| {}).unwrap_err();
//! assert_eq!(mistake.to_string(), "1:9: \"7\" found, a string expected");
//! # Ok::<(), joedb::commands::PlayError<NewJournalError>>(())
//! ```

mod entry;
mod members;
mod syntax;
mod values;

use crate::blob_map::BlobPointers;
use crate::commands::{PlayError, Played, play_in};
use crate::sink::Sink;
use std::io::Read;

/// Plays JSON Lines into `sink`; the positions of the entries are those of their lines in the text. `watch` is told the
/// position reached whenever more is read.
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
    play_in(entry::State::new(pointers), text, sink, watch)
}
