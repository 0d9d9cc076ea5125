//! Entry by entry through the bytes of a log.

use super::source::{Source, SourceError};
use super::vector::{LongVector, VectorPart};
use crate::decode::{Context, DecodeError, Decoder};
use crate::entry::Located;
use crate::head::{HEAD_SIZE, Version};

/// Why reading entries ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// They are no entry.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// What a visitor wants after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next entry.
    Continue,
    /// No more.
    Stop,
}

/// Looks at entries as they are decoded.
pub trait Visitor {
    /// What may go wrong in the visitor itself.
    type Error: From<SourceError>;

    /// An entry.
    ///
    /// # Errors
    /// Anything that ends the walk.
    fn entry(&mut self, located: &Located<'_>) -> Result<Flow, Self::Error>;

    /// Entries that can be visited together, from `position` on: how many bytes were, and what is wanted after them.
    /// Those are not shown to [`Visitor::entry`]. `context` is moved behind them.
    ///
    /// # Errors
    /// Anything that ends the walk.
    fn run(
        &mut self,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
    ) -> Result<(usize, Flow), Self::Error> {
        let _ = (bytes, position, context);
        Ok((0, Flow::Continue))
    }

    /// Whether long vectors may come in parts.
    fn takes_parts(&self) -> bool {
        false
    }

    /// Whether this `update_vector`, whose values are left out, is wanted in parts. If not, [`Visitor::entry`] gets it whole.
    fn wants_in_parts(&self, located: &Located<'_>) -> bool {
        let _ = located;
        false
    }

    /// Some values of a vector that is wanted in parts, and where they end. The bytes of such an entry are not shown to
    /// [`Visitor::bytes`].
    ///
    /// # Errors
    /// Anything that ends the walk.
    fn part(&mut self, part: &VectorPart<'_>, end: u64) -> Result<Flow, Self::Error> {
        let _ = (part, end);
        Ok(Flow::Continue)
    }

    /// The bytes of the entries visited since the last call, without a gap, some tens of kilobytes at a time.
    ///
    /// # Errors
    /// Anything that ends the walk.
    fn bytes(&mut self, bytes: &[u8], end: u64) -> Result<Flow, Self::Error> {
        let _ = (bytes, end);
        Ok(Flow::Continue)
    }
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// At the end that was asked for, which is a boundary.
    End,
    /// The visitor had seen enough.
    Stopped,
    /// At bytes that are no entry. Bytes behind the end are out of reach, so an entry that crosses it is cut.
    Undecodable(DecodeError),
}

/// A place between two entries, and the context there: from it, reading can go on. Where vectors come in parts it may be
/// a place between two values of one.
#[derive(Clone, Debug)]
pub struct Bookmark {
    decoder: Decoder,
    position: u64,
    inside: Option<LongVector>,
}

impl Bookmark {
    /// Before the first entry of a log of this version.
    #[must_use]
    pub const fn start(version: Version) -> Bookmark {
        Bookmark { decoder: Decoder::new(version), position: HEAD_SIZE, inside: None }
    }

    /// At a position, which has to be a boundary, where the entries before it left `context`.
    pub(crate) const fn at(version: Version, position: u64, context: Context) -> Bookmark {
        Bookmark { decoder: Decoder::resume(version, context), position, inside: None }
    }

    /// The position of the next entry.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The context of the next entry.
    #[must_use]
    pub const fn context(&self) -> Context {
        self.decoder.context()
    }
}

/// So many bytes are visited at a time, or one entry that is longer: what becomes of them, several times as much where they
/// are printed, stays near the processor.
pub(super) const TOGETHER: u64 = 64 * 1024;

/// The entries of a log, in order.
pub struct Entries<'j> {
    source: &'j mut Source,
    decoder: Decoder,
    position: u64,
    end: u64,
    /// The vector that the position is in.
    inside: Option<LongVector>,
    /// Vectors may end here, behind `end`: it is known that they are right.
    reach: u64,
}

impl<'j> Entries<'j> {
    /// The entries from a bookmark up to `end`, which the source has.
    pub(super) fn new(source: &'j mut Source, bookmark: &Bookmark, end: u64) -> Entries<'j> {
        let Bookmark { decoder, position, inside } = bookmark.clone();
        Entries { source, decoder, position, end, inside, reach: end }
    }

    /// The same entries, of which the last may be a vector that ends behind them, but not behind `reach`: some of its values
    /// are left out.
    pub(crate) const fn reaching(self, reach: u64) -> Entries<'j> {
        Entries { reach, ..self }
    }

    /// The position of the next entry.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The place of the next entry.
    #[must_use]
    pub fn bookmark(&self) -> Bookmark {
        Bookmark { decoder: self.decoder.clone(), position: self.position, inside: self.inside }
    }

    /// The context of the next entry.
    #[must_use]
    pub const fn context(&self) -> Context {
        self.decoder.context()
    }

    /// The next entry, or `None` at the end. For many entries [`Entries::walk`] is faster.
    ///
    /// # Errors
    /// [`ReadError`]; asking again gives the same error.
    #[expect(
        clippy::should_implement_trait,
        reason = "the entry borrows from the reader, as no iterator's item can"
    )]
    pub fn next(&mut self) -> Result<Option<Located<'_>>, ReadError> {
        if self.position >= self.end {
            return Ok(None);
        }
        let mut least = 0;
        // Decoding twice keeps the borrow out of the loop.
        loop {
            let bytes = self.source.piece(self.position, least, self.end)?;
            match self.decoder.clone().decode(bytes, self.position) {
                Ok(_) => break,
                Err(error) => least = more_bytes(&error, bytes.len() as u64, self.position, self.end)?,
            }
        }
        let bytes = self.source.piece(self.position, least, self.end)?;
        let located = self.decoder.decode(bytes, self.position)?;
        self.position = located.end();
        Ok(Some(located))
    }

    /// Shows every entry to `visitor`, until the end, or until it or the log stops.
    ///
    /// # Errors
    /// The visitor's, or [`SourceError`] as one of those.
    pub fn walk<V: Visitor>(&mut self, visitor: &mut V) -> Result<Walk, V::Error> {
        let mut least = 0;
        while self.position < self.end {
            if let Some(vector) = self.inside {
                if self.walk_values(vector, visitor)? == Flow::Stop {
                    return Ok(Walk::Stopped);
                }
                continue;
            }
            let start = self.position;
            let piece = self.source.piece(start, least, self.end)?;
            let together = usize::try_from(least.max(TOGETHER)).unwrap_or(usize::MAX);
            let piece = piece.get(..together).unwrap_or(piece);
            let ended = walk_piece(&mut self.decoder, &mut self.position, piece, visitor)?;
            let visited = usize::try_from(self.position.saturating_sub(start)).unwrap_or(0);
            // Whoever wants to stop at every call would never see an entry that is longer than a piece.
            if visited > 0 {
                let flow = visitor.bytes(piece.get(..visited).unwrap_or_default(), self.position)?;
                if flow == Flow::Stop {
                    return Ok(Walk::Stopped);
                }
            }
            match ended {
                PieceEnd::Used => least = 0,
                PieceEnd::Stopped => return Ok(Walk::Stopped),
                PieceEnd::Undecodable(error) => {
                    let left = piece.len().saturating_sub(visited) as u64;
                    if visitor.takes_parts() && self.enter_vector(visitor)? {
                        least = 0;
                        continue;
                    }
                    match more_bytes(&error, left, self.position, self.end) {
                        Ok(more) => least = more,
                        Err(error) => return Ok(Walk::Undecodable(error)),
                    }
                }
            }
        }
        Ok(Walk::End)
    }

    /// Passes over what stands before the values, if a long vector stands here that the visitor wants in parts.
    fn enter_vector<V: Visitor>(&mut self, visitor: &V) -> Result<bool, SourceError> {
        let limits = (TOGETHER, self.reach);
        let found = LongVector::find(self.source, &self.decoder, self.position, limits)?;
        match found.filter(|(vector, _)| visitor.wants_in_parts(&vector.located())) {
            Some((vector, values)) => (self.inside, self.position) = (Some(vector), values),
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Shows the next values of a vector.
    fn walk_values<V: Visitor>(&mut self, mut vector: LongVector, visitor: &mut V) -> Result<Flow, V::Error> {
        let end = vector.end().min(self.end);
        let values = vector.values(self.source, self.position, (TOGETHER, end))?;
        // That they end there was seen before.
        let values = values.ok_or(SourceError::Shrunk { position: self.position, expected: end })?;
        let behind = self.position.saturating_add(values.bytes.len() as u64);
        let flow = visitor.part(&vector.part(values), behind)?;
        vector.pass(values.count);
        self.position = behind;
        self.inside = Some(vector).filter(|vector| vector.is_inside());
        if self.inside.is_none() {
            self.decoder.context_mut().follow(&vector.located().entry);
        }
        Ok(flow)
    }
}

enum PieceEnd {
    Used,
    Stopped,
    Undecodable(DecodeError),
}

/// Decodes and visits until the piece holds no further whole entry.
fn walk_piece<V: Visitor>(
    decoder: &mut Decoder,
    position: &mut u64,
    piece: &[u8],
    visitor: &mut V,
) -> Result<PieceEnd, V::Error> {
    let mut rest = piece;
    while !rest.is_empty() {
        let (run, flow) = visitor.run(rest, *position, decoder.context_mut())?;
        *position = position.saturating_add(run as u64);
        rest = rest.get(run..).unwrap_or_default();
        if flow == Flow::Stop {
            return Ok(PieceEnd::Stopped);
        }
        if run > 0 {
            continue;
        }
        let located = match decoder.decode(rest, *position) {
            Ok(located) => located,
            Err(error) => return Ok(PieceEnd::Undecodable(error)),
        };
        let flow = visitor.entry(&located)?;
        *position = located.end();
        let length = usize::try_from(located.length).unwrap_or(usize::MAX);
        rest = rest.get(length..).unwrap_or_default();
        if flow == Flow::Stop {
            return Ok(PieceEnd::Stopped);
        }
    }
    Ok(PieceEnd::Used)
}

/// How long a piece has to be for an entry that did not decode from `had` bytes. The error comes back where more
/// bytes would not help, or where there are no more before `end`.
fn more_bytes(error: &DecodeError, had: u64, position: u64, end: u64) -> Result<u64, DecodeError> {
    let left = end.saturating_sub(position);
    match error.bytes_needed() {
        // Twice as much each time, so that a vector of strings is not walked from its start for each of them.
        Some(needed) if had < left && needed <= left => Ok(needed.max(had.saturating_mul(2)).min(left)),
        Some(_) if had < left => Err(error.with_left(left)),
        _ => Err(*error),
    }
}
