//! One walk over a whole log, and what it leaves to know: counts at every position that may become a cut.

use super::load::{Load, Loader};
use crate::decode::Context;
use crate::entry::{Entry, Kind, Located};
use crate::head::{Checkpoints, HEAD_SIZE, Version};
use crate::journal::{Bookmark, Flow, Journal, SourceError, Visitor, Walk};
use crate::sense::{Damage, Sense};
use crate::skip::skip;
use crate::store::Limits;
use serde::Serialize;

/// Counts of entries from the beginning of the log up to some position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Entries of all kinds.
    pub entries: u64,
    /// Records that were inserted, one by one or in vectors; deletions take nothing away.
    pub rows: u64,
    /// `timestamp` entries.
    pub timestamps: u64,
    /// `valid_data` entries.
    pub valid_data: u64,
}

impl Tally {
    /// Transactions as far as the program marked them: the more frequent of `timestamp` and `valid_data`.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.timestamps.max(self.valid_data)
    }

    /// What was counted after `earlier`.
    #[must_use]
    pub const fn since(&self, earlier: &Tally) -> Tally {
        Tally {
            entries: self.entries.saturating_sub(earlier.entries),
            rows: self.rows.saturating_sub(earlier.rows),
            timestamps: self.timestamps.saturating_sub(earlier.timestamps),
            valid_data: self.valid_data.saturating_sub(earlier.valid_data),
        }
    }

    /// What was counted here and then in `later`.
    #[must_use]
    pub const fn and(&self, later: &Tally) -> Tally {
        Tally {
            entries: self.entries.saturating_add(later.entries),
            rows: self.rows.saturating_add(later.rows),
            timestamps: self.timestamps.saturating_add(later.timestamps),
            valid_data: self.valid_data.saturating_add(later.valid_data),
        }
    }

    #[inline]
    pub(crate) fn count(&mut self, entry: &Entry<'_>) {
        self.entries = self.entries.saturating_add(1);
        match *entry {
            Entry::Insert { .. } => self.rows = self.rows.saturating_add(1),
            Entry::InsertVector { count, .. } => self.rows = self.rows.saturating_add(count),
            Entry::Timestamp { .. } => self.timestamps = self.timestamps.saturating_add(1),
            Entry::ValidData => self.valid_data = self.valid_data.saturating_add(1),
            _ => {}
        }
    }
}

/// A boundary between entries, and what lies before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// The position.
    pub position: u64,
    /// What was counted up to it.
    pub tally: Tally,
    /// The CRC-32 of the bytes from 41 up to it.
    pub crc: u32,
}

/// A position that was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is a boundary.
    Boundary(Boundary),
    /// It is inside an entry.
    Inside {
        /// The boundary before it.
        before: u64,
        /// The boundary after it.
        after: u64,
        /// The kind of the entry.
        kind: Kind,
    },
    /// The log stops making sense before it.
    Unreached,
}

/// What a walk over the whole file found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    marks: Vec<(u64, Mark)>,
    /// The end of the last entry that decodes and makes sense.
    pub last_entry: Boundary,
    /// Why there is no further one; `None` where the file ends there.
    pub damage: Option<Damage>,
    /// Behind the last `valid_data`.
    pub last_valid_data: Option<Boundary>,
    /// Behind the last `timestamp`, and its seconds.
    pub last_timestamp: Option<(Boundary, i64)>,
    /// Behind the last `timestamp` that is not after the time that was asked about.
    pub last_before: Option<Boundary>,
    /// Whether every byte from the damage to the end is zero; not looked at where the end is not the log's.
    pub zeros_to_end: bool,
    /// How many tables there are at the end.
    pub tables: u64,
    /// What came of playing it into tables, if that was asked for.
    pub load: Option<Load>,
}

impl Survey {
    /// What was found at a position that was asked about.
    #[must_use]
    pub fn mark(&self, position: u64) -> Mark {
        let found = self.marks.iter().find(|(marked, _)| *marked == position);
        found.map_or(Mark::Unreached, |&(_, mark)| mark)
    }
}

/// What a survey should find beside the checkpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Positions that [`Survey::mark`] will know.
    pub positions: Vec<u64>,
    /// Seconds since 1970, UTC, for [`Survey::last_before`].
    pub time: Option<i64>,
    /// Whether to play the log into tables too, and within which limits.
    pub load: Option<Limits>,
}

/// Walks the whole file once. `watch` is told the position reached at least every half megabyte.
///
/// # Errors
/// [`SourceError`]; damage is part of the survey.
pub fn survey(
    journal: &mut Journal,
    question: &Question,
    watch: &mut dyn FnMut(u64),
) -> Result<Survey, SourceError> {
    let checkpoints = *journal.checkpoints();
    let mut surveyor = Surveyor::new(&checkpoints, journal.version(), question, watch);
    let walk = journal.entries(checkpoints.size).walk(&mut surveyor)?;
    with_zeros(surveyor.finish(walk), journal)
}

/// Parts of a log that are walked, and what is known of the log in front of them.
pub(crate) struct Stretch {
    /// What makes sense at its beginning.
    pub(crate) sense: Sense,
    /// The context there.
    pub(crate) context: Context,
    /// The boundary that it begins at.
    pub(crate) before: Boundary,
    /// The boundary that it ends at.
    pub(crate) end: u64,
}

/// As [`survey`], of parts of a log the last of which reaches to its end. They have to hold every position that is asked
/// about, and the last of each thing that is looked for. `None` where one does not lead to its end as it should.
pub(crate) fn survey_stretches(
    journal: &mut Journal,
    question: &Question,
    stretches: Vec<Stretch>,
    watch: &mut dyn FnMut(u64),
) -> Result<Option<Survey>, SourceError> {
    let checkpoints = *journal.checkpoints();
    let mut surveyor = Surveyor::new(&checkpoints, journal.version(), question, watch);
    let mut walk = Walk::End;
    for stretch in stretches {
        if walk != Walk::End {
            return Ok(None);
        }
        let bookmark = Bookmark::at(journal.version(), stretch.before.position, stretch.context);
        let end = stretch.end;
        surveyor.go_to(stretch);
        walk = journal.entries_from(&bookmark, end).walk(&mut surveyor)?;
    }
    with_zeros(surveyor.finish(walk), journal).map(Some)
}

fn with_zeros(mut survey: Survey, journal: &mut Journal) -> Result<Survey, SourceError> {
    // A device may have a terabyte of zeros, and they would tell nothing.
    if let Some(damage) = survey.damage.as_ref().filter(|_| journal.origin().ends_the_log()) {
        survey.zeros_to_end = is_zero(journal, damage.position(), journal.size())?;
    }
    Ok(survey)
}

/// The positions that the head speaks of.
pub(crate) fn of_interest(checkpoints: &Checkpoints) -> impl Iterator<Item = u64> {
    let soft = checkpoints.soft.map(|soft| soft.position);
    let pending = checkpoints.pending.map(|pending| pending.position);
    [Some(checkpoints.hard.position), soft, pending, Some(checkpoints.size)].into_iter().flatten()
}

fn is_zero(journal: &mut Journal, from: u64, end: u64) -> Result<bool, SourceError> {
    let mut position = from;
    while position < end {
        let piece = journal.bytes(position, end.saturating_sub(position))?;
        if piece.iter().any(|&byte| byte != 0) {
            return Ok(false);
        }
        position = position.saturating_add(piece.len() as u64);
    }
    Ok(true)
}

struct Surveyor<'w> {
    sense: Sense,
    tally: Tally,
    position: u64,
    /// The positions asked about, in order, and the first of them that was not yet passed.
    asked: Vec<u64>,
    next: usize,
    next_position: u64,
    found: Vec<(u64, Mark)>,
    last_valid_data: Option<Boundary>,
    last_timestamp: Option<(Boundary, i64)>,
    time: Option<i64>,
    last_before: Option<Boundary>,
    damage: Option<Damage>,
    loader: Option<Loader>,
    /// Whether entries that need not be looked at one by one are not: the log is of the version of [`skip`], and they
    /// are not loaded.
    skips: bool,
    crc: RunningCrc,
    watch: &'w mut dyn FnMut(u64),
}

impl<'w> Surveyor<'w> {
    fn new(
        checkpoints: &Checkpoints,
        version: Version,
        question: &Question,
        watch: &'w mut dyn FnMut(u64),
    ) -> Surveyor<'w> {
        let mut asked: Vec<u64> =
            of_interest(checkpoints).chain(question.positions.iter().copied()).collect();
        asked.sort_unstable();
        asked.dedup();
        let mut surveyor = Surveyor {
            sense: Sense::new(checkpoints),
            tally: Tally::default(),
            position: HEAD_SIZE,
            asked,
            next: 0,
            next_position: 0,
            found: Vec::new(),
            last_valid_data: None,
            last_timestamp: None,
            time: question.time,
            last_before: None,
            damage: None,
            loader: question.load.map(Loader::new),
            skips: version == Version::V5 && question.load.is_none(),
            crc: RunningCrc::new(),
            watch,
        };
        // What is asked before the first entry is inside the head, and 41 is the first boundary.
        surveyor.next_position = surveyor.asked.first().copied().unwrap_or(u64::MAX);
        surveyor.pass(HEAD_SIZE, HEAD_SIZE, Kind::ValidData);
        surveyor
    }

    /// Goes on at the beginning of a stretch.
    fn go_to(&mut self, stretch: Stretch) {
        let Boundary { position, tally, crc } = stretch.before;
        self.sense = stretch.sense;
        (self.position, self.tally) = (position, tally);
        self.crc = RunningCrc::at(position, crc);
    }

    fn boundary(&self) -> Boundary {
        // The checksum is filled in when the bytes come.
        Boundary { position: self.position, tally: self.tally, crc: 0 }
    }

    /// Answers the positions up to `end`, the end of an entry that begins at `start`.
    #[cold]
    fn pass(&mut self, start: u64, end: u64, kind: Kind) {
        let mut inside = false;
        while self.next_position <= end {
            let mark = if self.next_position == end {
                Mark::Boundary(self.boundary())
            } else {
                Mark::Inside { before: start, after: end, kind }
            };
            self.found.push((self.next_position, mark));
            inside |= self.next_position != end;
            self.next = self.next.saturating_add(1);
            self.next_position = self.asked.get(self.next).copied().unwrap_or(u64::MAX);
        }
        // Whoever asked about a position inside an entry will ask about the end of that entry next.
        if inside {
            self.found.push((end, Mark::Boundary(self.boundary())));
        }
    }

    #[cold]
    fn milestone(&mut self, entry: &Entry<'_>) {
        match *entry {
            Entry::ValidData => self.last_valid_data = Some(self.boundary()),
            Entry::Timestamp { seconds } => {
                self.last_timestamp = Some((self.boundary(), seconds));
                if self.time.is_some_and(|time| seconds <= time) {
                    self.last_before = Some(self.boundary());
                }
            }
            _ => {}
        }
    }

    fn finish(self, walk: Walk) -> Survey {
        let damage = match walk {
            Walk::Undecodable(error) => Some(Damage::Undecodable(error)),
            Walk::End | Walk::Stopped => self.damage,
        };
        let last_entry = Boundary { position: self.position, tally: self.tally, crc: self.crc.value() };
        Survey {
            marks: self.found,
            last_entry,
            damage,
            last_valid_data: self.last_valid_data,
            last_timestamp: self.last_timestamp,
            last_before: self.last_before,
            zeros_to_end: false,
            tables: self.sense.schema().tables().count() as u64,
            load: self.loader.map(Loader::finish),
        }
    }
}

impl Visitor for Surveyor<'_> {
    type Error = SourceError;

    /// The entry that reaches a position that was asked about is left to [`Visitor::entry`], as is one that makes no sense.
    #[inline]
    fn run(
        &mut self,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
    ) -> Result<(usize, Flow), SourceError> {
        if !self.skips {
            return Ok((0, Flow::Continue));
        }
        let near = usize::try_from(self.next_position.saturating_sub(position)).ok();
        let bytes = near.and_then(|near| bytes.get(..near)).unwrap_or(bytes);
        let skipped = skip(bytes, context, self.sense.schema());
        self.position = position.saturating_add(skipped.bytes as u64);
        self.tally.entries = self.tally.entries.saturating_add(skipped.entries);
        self.tally.rows = self.tally.rows.saturating_add(skipped.rows);
        Ok((skipped.bytes, Flow::Continue))
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>) -> Result<Flow, SourceError> {
        if let Err(damage) = self.sense.judge(located) {
            self.damage = Some(*damage);
            return Ok(Flow::Stop);
        }
        if let Some(loader) = &mut self.loader {
            loader.take(located, &Boundary { position: self.position, tally: self.tally, crc: 0 });
        }
        self.sense.apply(located);
        self.tally.count(&located.entry);
        self.position = located.end();
        if matches!(located.entry, Entry::ValidData | Entry::Timestamp { .. }) {
            self.milestone(&located.entry);
        }
        if self.position >= self.next_position {
            self.pass(located.position, self.position, located.entry.kind());
        }
        Ok(Flow::Continue)
    }

    /// The walk stops in front of an entry that makes no sense but has read it: its bytes are not hashed.
    fn bytes(&mut self, bytes: &[u8], _: u64) -> Result<Flow, SourceError> {
        let mut waiting: Vec<&mut Boundary> = Vec::new();
        for (_, mark) in &mut self.found {
            if let Mark::Boundary(boundary) = mark {
                waiting.push(boundary);
            }
        }
        waiting.extend(&mut self.last_valid_data);
        waiting.extend(&mut self.last_before);
        waiting.extend(self.last_timestamp.as_mut().map(|(boundary, _)| boundary));
        waiting.extend(self.loader.as_mut().and_then(Loader::boundary_mut));
        self.crc.advance(bytes, self.position, &mut waiting);
        (self.watch)(self.position);
        Ok(Flow::Continue)
    }
}

/// The CRC-32 of the entries so far, handed to the boundaries that it passes.
struct RunningCrc {
    hasher: crc32fast::Hasher,
    position: u64,
}

impl RunningCrc {
    fn new() -> RunningCrc {
        RunningCrc { hasher: crc32fast::Hasher::new(), position: HEAD_SIZE }
    }

    /// Behind a boundary in front of which the bytes have this checksum.
    fn at(position: u64, crc: u32) -> RunningCrc {
        let hasher = crc32fast::Hasher::new_with_initial_len(crc, position.saturating_sub(HEAD_SIZE));
        RunningCrc { hasher, position }
    }

    fn value(&self) -> u32 {
        self.hasher.clone().finalize()
    }

    /// Hashes the bytes up to `end` and fills in the checksums of the boundaries among them.
    fn advance(&mut self, bytes: &[u8], end: u64, boundaries: &mut [&mut Boundary]) {
        let start = self.position;
        boundaries.sort_unstable_by_key(|boundary| boundary.position);
        for boundary in boundaries.iter_mut().filter(|boundary| (start..=end).contains(&boundary.position)) {
            self.hash(bytes, start, boundary.position);
            boundary.crc = self.value();
        }
        self.hash(bytes, start, end);
    }

    /// Hashes what is not yet hashed of `bytes`, which begin at `start`, up to `until`.
    fn hash(&mut self, bytes: &[u8], start: u64, until: u64) {
        let offset = |position: u64| usize::try_from(position.saturating_sub(start)).unwrap_or(usize::MAX);
        self.hasher.update(bytes.get(offset(self.position)..offset(until)).unwrap_or_default());
        self.position = self.position.max(until);
    }
}
