//! Playing a log, or a part of it, into a sink.

use crate::decode::Context;
use crate::entry::{Entry, Located};
use crate::head::HEAD_SIZE;
use crate::journal::{Bookmark, Flow, Journal, SourceError, VectorPart, Visitor, Walk};
use crate::schema::Nonsense;
use crate::sense::{Damage, NotABoundary, Sense};
use crate::sink::Sink;

/// Which entries are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The position of the first one.
    pub from: u64,
    /// The end of the last one.
    pub until: u64,
    /// Where the log ends: a checkpoint, or the end of the file. An entry that crosses it is damage.
    pub limit: u64,
}

impl Range {
    /// All entries up to `limit`.
    #[must_use]
    pub const fn up_to(limit: u64) -> Range {
        Range { from: HEAD_SIZE, until: limit, limit }
    }
}

/// Why the entries asked for were not all played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    /// The log is damaged.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The range begins or ends inside an entry.
    #[error(transparent)]
    NotABoundary(#[from] NotABoundary),
}

/// Why playing failed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError<E> {
    /// The log could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The sink refused.
    #[error("{0}")]
    Sink(E),
}

/// What was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// How many entries were played.
    pub entries: u64,
    /// The end of the last one.
    pub position: u64,
    /// Why it were not all.
    pub interruption: Option<Interruption>,
}

/// What is played of a log with entries that decode and make no sense. The first of them is the interruption that
/// is reported, whatever is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tolerance {
    /// Nothing from the first of them on.
    #[default]
    Strict,
    /// What the reference plays into its interpreter: it looks at the names and ids of schema entries only, and
    /// shows such an entry before it stops.
    Reference,
    /// What the reference plays into its raw dump: everything.
    ReferenceRaw,
}

/// Plays the entries of `range` into `sink`. `watch` is told the position reached at least every half megabyte.
///
/// # Errors
/// [`ReplayError`]; damage of the log is no error but part of what is returned.
pub fn replay<S: Sink>(
    journal: &mut Journal,
    range: Range,
    tolerance: Tolerance,
    sink: &mut S,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<S::Error>> {
    sink.begin(range.from, range.from >= range.until).map_err(ReplayError::Sink)?;
    let played = Played::nothing_of(journal);
    play_rest(played, journal, range, tolerance, sink, watch)
}

/// Plays what was not played of `range`, and ends the sink.
pub(crate) fn play_rest<S: Sink>(
    mut played: Played,
    journal: &mut Journal,
    range: Range,
    tolerance: Tolerance,
    sink: &mut S,
    watch: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError<S::Error>> {
    let mut watch = |position| {
        watch(position);
        Flow::Continue
    };
    let reach = Reach::beyond(journal);
    let stretch = played.go_on(journal, range, reach, tolerance, sink, &mut watch)?;
    end(stretch, sink)
}

/// Ends the sink behind the last stretch.
pub(crate) fn end<S: Sink>(stretch: Stretch, sink: &mut S) -> Result<Replayed, ReplayError<S::Error>> {
    sink.end(stretch.replayed.position, stretch.whole).map_err(ReplayError::Sink)?;
    Ok(stretch.replayed)
}

/// A log as far as it was played: where that is, the context there, and the schema. Playing goes on from it.
#[derive(Clone)]
pub(crate) struct Played {
    sense: Sense,
    bookmark: Bookmark,
}

/// How far playing looks, and where it may end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach {
    /// No byte behind this is looked at; it ends between two entries.
    Entries(u64),
    /// The same, but it ends wherever whoever watches wants it, between two values of a long vector too.
    Anywhere(u64),
    /// What was played up to `end`, which may be between two values, once more; the log goes on to `size`.
    Again {
        /// The end.
        end: u64,
        /// The size of the log.
        size: u64,
    },
}

impl Reach {
    /// All of the file: past the limit too, so that an entry that crosses it is told from one that is cut.
    pub(crate) fn beyond(journal: &Journal) -> Reach {
        Reach::Entries(journal.size())
    }

    const fn end(self) -> u64 {
        match self {
            Reach::Entries(end) | Reach::Anywhere(end) | Reach::Again { end, .. } => end,
        }
    }

    const fn size(self) -> u64 {
        match self {
            Reach::Entries(size) | Reach::Anywhere(size) | Reach::Again { size, .. } => size,
        }
    }
}

/// What was played in one go.
pub(crate) struct Stretch {
    pub(crate) replayed: Replayed,
    /// Nothing halted it: every entry of the range was played.
    pub(crate) whole: bool,
    /// Whoever watched had seen enough before the end, and nothing halted it.
    pub(crate) stopped: bool,
}

impl Played {
    /// Nothing was played yet.
    pub(crate) fn nothing_of(journal: &Journal) -> Played {
        Played { sense: Sense::new(journal.checkpoints()), bookmark: Bookmark::start(journal.version()) }
    }

    /// The log was played to a boundary, by somebody who knows what makes sense there.
    pub(crate) const fn at(sense: Sense, bookmark: Bookmark) -> Played {
        Played { sense, bookmark }
    }

    /// Up to where it was played.
    pub(crate) const fn position(&self) -> u64 {
        self.bookmark.position()
    }

    /// The context there.
    pub(crate) const fn context(&self) -> Context {
        self.bookmark.context()
    }

    /// What makes sense there.
    pub(crate) const fn sense(&self) -> &Sense {
        &self.sense
    }

    /// Plays on, through the part of `range` that was not played.
    pub(crate) fn go_on<S: Sink>(
        &mut self,
        journal: &mut Journal,
        range: Range,
        reach: Reach,
        tolerance: Tolerance,
        sink: &mut S,
        watch: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<Stretch, ReplayError<S::Error>> {
        let begin = self.position();
        self.sense.expect_end_at(journal.checkpoints(), range.limit);
        let mut player = Player {
            sink,
            sense: &mut self.sense,
            range,
            reach,
            tolerance,
            watch,
            entries: 0,
            position: begin,
            interruption: None,
            halted: false,
            stopped: false,
        };
        let size = reach.size().min(journal.size());
        // At the end of the range no byte is looked at.
        let end = if begin < range.until { reach.end() } else { begin };
        let mut entries = journal.entries_from(&self.bookmark, end).reaching(size);
        let walk = entries.walk(&mut player)?;
        let Player { entries: count, position, interruption, halted, stopped, .. } = player;
        self.bookmark = entries.bookmark();
        let undecodable = match walk {
            Walk::Undecodable(error) => Some(Interruption::Damage(Damage::Undecodable(error))),
            Walk::End | Walk::Stopped => None,
        };
        let whole = !halted && !stopped && undecodable.is_none();
        let replayed = Replayed { entries: count, position, interruption: interruption.or(undecodable) };
        Ok(Stretch { replayed, whole, stopped: stopped && !halted })
    }
}

/// What the reference's interpreter notices of an entry that makes no sense: names and ids of schema entries. A
/// reference to a table that does not exist and an unknown type pass, as does whatever is wrong with data.
fn is_noticed_by_reference(entry: &Entry<'_>, nonsense: &Nonsense) -> bool {
    match (nonsense, entry) {
        (Nonsense::NoTable { found, .. }, Entry::AddField { table, .. }) => found == table,
        (Nonsense::NoTable { .. } | Nonsense::NoField { .. }, _) => entry.is_schema(),
        (Nonsense::NameInUse { .. } | Nonsense::NoIdentifier { .. }, _) => true,
        (Nonsense::NoIdLeft | Nonsense::MisplacedEnd, _) => true,
        _ => false,
    }
}

struct Player<'a, S> {
    sink: &'a mut S,
    sense: &'a mut Sense,
    range: Range,
    reach: Reach,
    tolerance: Tolerance,
    watch: &'a mut dyn FnMut(u64) -> Flow,
    entries: u64,
    position: u64,
    interruption: Option<Interruption>,
    /// Whether the interruption was also the end.
    halted: bool,
    /// Whether whoever watches had seen enough before the end.
    stopped: bool,
}

impl<S: Sink> Player<'_, S> {
    fn stop(&mut self, interruption: impl Into<Interruption>) -> Flow {
        self.interruption.get_or_insert(interruption.into());
        self.halted = true;
        Flow::Stop
    }

    /// An entry before the range: only its effect on the schema counts.
    fn skip(&mut self, located: &Located<'_>) -> Flow {
        if let Err(damage) = self.sense.judge(located) {
            return self.stop(*damage);
        }
        if located.end() > self.range.from {
            let (before, after) = (located.position, located.end());
            return self.stop(NotABoundary { asked: self.range.from, before, after });
        }
        self.sink.skip(located, self.sense.schema());
        self.sense.apply(located);
        self.position = located.end();
        if located.end() >= self.range.until { Flow::Stop } else { Flow::Continue }
    }

    /// What stands against playing an entry.
    #[inline]
    fn obstacle(&self, located: &Located<'_>) -> Option<Box<Interruption>> {
        if located.end() > self.range.until {
            return Some(Box::new(self.beyond(located)));
        }
        self.sense.judge(located).err().map(|damage| Box::new(Interruption::Damage(*damage)))
    }

    #[cold]
    fn beyond(&self, located: &Located<'_>) -> Interruption {
        let Range { until, limit, .. } = self.range;
        let (position, end) = (located.position, located.end());
        if until < limit {
            return NotABoundary { asked: until, before: position, after: end }.into();
        }
        Damage::Crossing { position, end, checkpoint: limit, kind: located.entry.kind() }.into()
    }

    fn play(&mut self, located: &Located<'_>) -> Result<(), ReplayError<S::Error>> {
        self.sink.entry(located, self.sense.schema()).map_err(ReplayError::Sink)?;
        self.sense.apply(located);
        self.entries = self.entries.saturating_add(1);
        self.position = located.end();
        Ok(())
    }

    /// Plays what the reference would play all the same, and stops where it would stop.
    #[cold]
    fn play_as_reference(
        &mut self,
        located: &Located<'_>,
        obstacle: Interruption,
    ) -> Result<Flow, ReplayError<S::Error>> {
        let noticed = match &obstacle {
            Interruption::Damage(Damage::Nonsense { nonsense, .. }) => {
                self.tolerance == Tolerance::Reference && is_noticed_by_reference(&located.entry, nonsense)
            }
            Interruption::Damage(_) => false,
            Interruption::NotABoundary(_) => return Ok(self.stop(obstacle)),
        };
        if noticed {
            self.sink.entry(located, self.sense.schema()).map_err(ReplayError::Sink)?;
            return Ok(self.stop(obstacle));
        }
        self.interruption.get_or_insert(obstacle);
        self.play(located)?;
        Ok(Flow::Continue)
    }
}

impl<S: Sink> Visitor for Player<'_, S> {
    type Error = ReplayError<S::Error>;

    #[inline]
    fn run(
        &mut self,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
    ) -> Result<(usize, Flow), Self::Error> {
        if position < self.range.from || self.sense.has_ended() {
            return Ok((0, Flow::Continue));
        }
        let left = self.range.until.saturating_sub(position);
        let bytes = usize::try_from(left).ok().and_then(|left| bytes.get(..left)).unwrap_or(bytes);
        let run = self.sink.run(bytes, position, context, self.sense.schema()).map_err(ReplayError::Sink)?;
        if run.bytes == 0 {
            return Ok((0, Flow::Continue));
        }
        self.entries = self.entries.saturating_add(run.entries);
        self.position = position.saturating_add(run.bytes as u64);
        Ok((run.bytes, if self.position >= self.range.until { Flow::Stop } else { Flow::Continue }))
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>) -> Result<Flow, Self::Error> {
        if located.position < self.range.from {
            return Ok(self.skip(located));
        }
        if let Some(obstacle) = self.obstacle(located) {
            if self.tolerance == Tolerance::Strict {
                return Ok(self.stop(*obstacle));
            }
            if self.play_as_reference(located, *obstacle)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        } else {
            self.play(located)?;
        }
        Ok(if located.end() >= self.range.until { Flow::Stop } else { Flow::Continue })
    }

    fn takes_parts(&self) -> bool {
        self.sink.takes_parts()
    }

    fn wants_in_parts(&self, located: &Located<'_>) -> bool {
        let is_in_range = (self.range.from..self.range.until).contains(&located.position);
        let is_right = || match self.reach {
            Reach::Again { .. } => self.sense.judge(located).is_ok(),
            Reach::Entries(_) | Reach::Anywhere(_) => self.obstacle(located).is_none(),
        };
        is_in_range && is_right()
    }

    fn part(&mut self, part: &VectorPart<'_>, end: u64) -> Result<Flow, Self::Error> {
        self.sink.vector(part, self.sense.schema()).map_err(ReplayError::Sink)?;
        self.position = end;
        if part.is_last() {
            self.sense.apply(&part.located());
            self.entries = self.entries.saturating_add(1);
        } else if let Reach::Entries(_) = self.reach {
            (self.watch)(end);
            return Ok(Flow::Continue);
        }
        let flow = self.bytes(&[], end)?;
        Ok(if self.position >= self.range.until { Flow::Stop } else { flow })
    }

    fn bytes(&mut self, _: &[u8], end: u64) -> Result<Flow, Self::Error> {
        let flow = (self.watch)(end);
        self.stopped |= flow == Flow::Stop && self.position < self.range.until;
        Ok(flow)
    }
}
