//! Playing a log as it grows: every time its checkpoint moves, the entries up to it.
//!
//! ```
//! use joedb::follow::{FollowedFile, Follower, Round};
//! use joedb::journal::{Flow, Medium};
//! use joedb::sink::{Commands, Style, TextSink};
//! use joedb::storage::File;
//! use joedb::{Encoder, Entry, HEAD_SIZE, Version};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("app.joedb");
//! let mut log = Encoder::new(Version::V5);
//! log.push(&Entry::ValidData);
//! std::fs::write(&path, log.file())?;
//! let medium = Medium::File(File::open(&path)?);
//! let mut follower = Follower::new(FollowedFile::new(&path, medium), HEAD_SIZE)?;
//!
//! let mut text = Vec::new();
//! let style = Style::new(follower.journal().version());
//! let mut sink = TextSink::new(Commands::new(style, None), style, &mut text);
//! let mut round = || follower.round(&mut sink, &mut |_| Flow::Continue);
//! assert_eq!(round()?, Round::Played { entries: 1 });
//! assert_eq!(round()?, Round::Idle);
//!
//! log.push(&Entry::Comment { text: b"more" });
//! std::fs::write(&path, log.file())?;
//! assert_eq!(round()?, Round::Played { entries: 1 });
//! drop(sink);
//! assert_eq!(text, b"valid_data\ncomment \"more\"\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::head::{CutShort, HEAD_SIZE, Head, HeadError};
use crate::journal::{Flow, HeadReading, Journal, Medium, OpenError, SourceError};
use crate::replay::{Interruption, Played, Range, Reach, ReplayError, Tolerance};
use crate::sense::Damage;
use crate::sink::Sink;
use crate::storage::{Presence, ReadAt, presence};
use crate::text::Position;
use std::io;
use std::path::{Path, PathBuf};

/// A log that may grow while it is read.
pub trait Live {
    /// The head as it is now, and the size, taken after it.
    ///
    /// # Errors
    /// What the operating system says.
    fn read_head(&self) -> io::Result<HeadReading>;

    /// Whether the name of the log still stands for it.
    ///
    /// # Errors
    /// What the operating system says.
    fn presence(&self) -> io::Result<Presence>;

    /// The bytes.
    ///
    /// # Errors
    /// What the operating system says.
    fn reader(&self) -> io::Result<Box<dyn ReadAt>>;
}

/// A file that is followed, under the name that it was opened by.
#[derive(Debug)]
pub struct FollowedFile {
    path: PathBuf,
    medium: Medium,
}

impl FollowedFile {
    /// What was opened under `path`.
    #[must_use]
    pub fn new(path: &Path, medium: Medium) -> FollowedFile {
        FollowedFile { path: path.to_path_buf(), medium }
    }
}

impl Live for FollowedFile {
    fn read_head(&self) -> io::Result<HeadReading> {
        self.medium.read_head()
    }

    fn presence(&self) -> io::Result<Presence> {
        match &self.medium {
            Medium::File(file) => presence(file, &self.path),
            Medium::Part(slice) => presence(slice.inner(), &self.path),
            Medium::Copy(_) => Ok(Presence::Same),
        }
    }

    fn reader(&self) -> io::Result<Box<dyn ReadAt>> {
        Ok(Box::new(self.medium.try_clone()?))
    }
}

/// What a look at the log brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// The checkpoint has not moved.
    Idle,
    /// Everything up to the checkpoint was played.
    Played {
        /// How many entries were new, those before the first one asked for excluded.
        entries: u64,
    },
    /// Whoever watches had seen enough before the checkpoint was reached.
    Stopped,
}

/// Why a log cannot be followed any further.
#[derive(Debug, thiserror::Error)]
pub enum FollowError<E> {
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The sink refused.
    #[error("{0}")]
    Sink(E),
    /// The bytes could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The log is damaged, or the first position asked for is inside an entry.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
    /// The head is none any more.
    #[error("the head was overwritten: {0}")]
    Head(#[from] HeadError),
    /// The hard checkpoint lies past the end.
    #[error(transparent)]
    CutShort(#[from] CutShort),
    /// The file ends before what was played.
    #[error("the file was cut: it ends at {} now, and was followed up to {}", Position(*size), Position(*position))]
    Cut {
        /// Where it ends now.
        size: u64,
        /// Up to where it was played.
        position: u64,
    },
    /// The checkpoint lies before what was played.
    #[error("the checkpoint moved backward, to {}: the file was followed up to {}, and what lies between is not in the log any more", Position(*checkpoint), Position(*position))]
    Backward {
        /// Where it lies now.
        checkpoint: u64,
        /// Up to where the log was played.
        position: u64,
    },
    /// The bytes that were played last are others now.
    #[error("the file was overwritten: before {}, up to where it was followed, it holds other bytes now", Position(*position))]
    Overwritten {
        /// Up to where it was played.
        position: u64,
    },
    /// The name stands for another file now.
    #[error("it was replaced by another file; the old one was followed up to {}", Position(*position))]
    Replaced {
        /// Up to where the old one was played.
        position: u64,
    },
    /// There is nothing under the name any more.
    #[error("it was removed or renamed; it was followed up to {}", Position(*position))]
    Gone {
        /// Up to where it was played.
        position: u64,
    },
}

impl<E> From<ReplayError<E>> for FollowError<E> {
    fn from(error: ReplayError<E>) -> FollowError<E> {
        match error {
            ReplayError::Source(error) => FollowError::Source(error),
            ReplayError::Sink(error) => FollowError::Sink(error),
        }
    }
}

/// How many of the bytes played last are remembered, to tell whether the log is still the same.
const REMEMBERED: u64 = 64;

/// What the sink was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing yet.
    Before,
    /// That entries come.
    Within,
    /// That a checkpoint was reached.
    Between,
}

/// Plays a log that grows, round by round.
///
/// Every byte of the log is decoded once; nothing behind a checkpoint is read, but where the log is damaged. Between
/// two rounds context and schema stay, and memory is that of the schema and of a window of the log.
pub struct Follower<L> {
    live: L,
    bytes: Box<dyn ReadAt>,
    journal: Journal,
    played: Played,
    from: u64,
    phase: Phase,
    remembered: Vec<u8>,
}

impl<L: Live> Follower<L> {
    /// Begins to follow a log, before its first entry. Those before `from` are not played.
    ///
    /// # Errors
    /// [`OpenError::Io`], [`OpenError::Head`].
    pub fn new(live: L, from: u64) -> Result<Follower<L>, OpenError> {
        let journal = Journal::of_reading(live.reader()?, live.read_head()?)?;
        let (bytes, played) = (live.reader()?, Played::nothing_of(&journal));
        Ok(Follower { live, bytes, journal, played, from, phase: Phase::Before, remembered: Vec::new() })
    }

    /// The log, as it was at the last round.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Up to where it was played.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.played.position()
    }

    /// Looks at the head. If the checkpoint has moved, plays the entries up to it and lets the sink pause. `watch` is
    /// told the position reached at least every half megabyte, and may stop the round there; the sink does not pause then, and
    /// another round goes on from there.
    ///
    /// # Errors
    /// [`FollowError`]. What was committed before a file was replaced or removed is played first. After an error there
    /// is nothing more to follow.
    pub fn round<S: Sink>(
        &mut self,
        sink: &mut S,
        watch: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<Round, FollowError<S::Error>> {
        // Asked before the head is read: whoever replaces a file has committed to it before.
        let presence = self.live.presence()?;
        let round = match self.news()? {
            Some(checkpoint) => self.play(checkpoint, sink, watch)?,
            None => Round::Idle,
        };
        let position = self.position();
        match presence {
            _ if round == Round::Stopped => Ok(round),
            Presence::Same => Ok(round),
            Presence::Replaced => Err(FollowError::Replaced { position }),
            Presence::Gone => Err(FollowError::Gone { position }),
        }
    }

    /// Ends a round that was stopped, for good: what was played reaches whoever reads the sink, as far as it can
    /// without the rest.
    ///
    /// # Errors
    /// [`FollowError::Sink`].
    pub fn break_off<S: Sink>(self, sink: &mut S) -> Result<(), FollowError<S::Error>> {
        if self.phase == Phase::Within { sink.break_off().map_err(FollowError::Sink) } else { Ok(()) }
    }

    /// The checkpoint, if it lies behind what was played.
    fn news<E>(&mut self) -> Result<Option<u64>, FollowError<E>> {
        let position = self.position();
        let reading = match self.live.read_head() {
            Ok(reading) => reading,
            // Without a lock, a writer that is busy may leave no two readings alike.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if reading.size < position {
            return Err(FollowError::Cut { size: reading.size, position });
        }
        let head = Head::parse(&reading.bytes)?;
        if head.version() != self.journal.version() {
            return Err(FollowError::Overwritten { position });
        }
        let checkpoints = head.checkpoints(reading.size);
        let checkpoint = checkpoints.current()?;
        // The first copy of a hard checkpoint may replace the last soft one; until the second copy is written, the
        // checkpoint seems to fall back (FORMAT.md, section 2).
        let is_pending = checkpoints.pending.is_some_and(|pending| pending.position >= position);
        if checkpoint < position && !is_pending {
            return Err(FollowError::Backward { checkpoint, position });
        }
        self.journal.renew(head, reading);
        Ok(Some(checkpoint).filter(|&checkpoint| checkpoint > position))
    }

    fn play<S: Sink>(
        &mut self,
        checkpoint: u64,
        sink: &mut S,
        watch: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<Round, FollowError<S::Error>> {
        self.recognise()?;
        self.announce(checkpoint, sink)?;
        let range = Range { from: self.from, until: checkpoint, limit: checkpoint };
        let mut go_on = |end| {
            self.played.go_on(&mut self.journal, range, Reach::Entries(end), Tolerance::Strict, sink, watch)
        };
        let mut stretch = go_on(checkpoint)?;
        if let Some(Interruption::Damage(Damage::Undecodable(_))) = stretch.replayed.interruption {
            // An entry that crosses the checkpoint is told from one that does not decode.
            stretch = go_on(u64::MAX)?;
        }
        self.remembered = self.last_bytes(REMEMBERED)?;
        if let Some(interruption) = stretch.replayed.interruption {
            self.give_up(stretch.replayed.position, sink)?;
            return Err(interruption.into());
        }
        if stretch.stopped {
            return Ok(Round::Stopped);
        }
        self.pause(checkpoint, sink)?;
        Ok(Round::Played { entries: stretch.replayed.entries })
    }

    /// Tells the sink that entries come, if any will be played.
    fn announce<S: Sink>(&mut self, checkpoint: u64, sink: &mut S) -> Result<(), FollowError<S::Error>> {
        let told = match self.phase {
            Phase::Before if checkpoint > self.from => sink.begin(self.from, false),
            Phase::Between => sink.resume(self.position()),
            Phase::Before | Phase::Within => return Ok(()),
        };
        self.phase = Phase::Within;
        told.map_err(FollowError::Sink)
    }

    /// Tells the sink that a checkpoint was reached.
    fn pause<S: Sink>(&mut self, checkpoint: u64, sink: &mut S) -> Result<(), FollowError<S::Error>> {
        if self.phase == Phase::Before {
            return Ok(());
        }
        self.phase = Phase::Between;
        sink.pause(checkpoint).map_err(FollowError::Sink)
    }

    /// Tells the sink that no entry behind `position` can be had.
    fn give_up<S: Sink>(&mut self, position: u64, sink: &mut S) -> Result<(), FollowError<S::Error>> {
        if self.phase == Phase::Before {
            return Ok(());
        }
        sink.end(position, false).map_err(FollowError::Sink)
    }

    /// Compares the bytes that were played last with those that are there now.
    fn recognise<E>(&self) -> Result<(), FollowError<E>> {
        let position = self.position();
        let now = self.last_bytes(self.remembered.len() as u64)?;
        if now == self.remembered { Ok(()) } else { Err(FollowError::Overwritten { position }) }
    }

    /// Up to so many bytes of the log before the position, past any window.
    fn last_bytes(&self, count: u64) -> io::Result<Vec<u8>> {
        let from = self.position().saturating_sub(count).max(HEAD_SIZE);
        let mut bytes = vec![0; usize::try_from(self.position().saturating_sub(from)).unwrap_or(0)];
        let read = self.bytes.read_full_at(&mut bytes, from)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
