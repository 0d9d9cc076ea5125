//! Where decoded entries go: a trait, and text in several forms.

mod blob;
mod commands;
pub(crate) mod json_lines;
mod line;
mod lines;
mod raw;
pub(crate) mod sql;
mod sql_float;
pub(crate) mod sql_names;
mod value;
mod vector;

pub use blob::BlobReader;
pub use commands::Commands;
pub use json_lines::JsonLines;
pub use raw::Raw;
pub use sql::Sql;

use crate::decode::Context;
use crate::entry::{Entry, Located};
use crate::head::Version;
use crate::journal::VectorPart;
use crate::schema::Schema;
use crate::text::Output;
use std::io::{self, Write};

/// Takes decoded entries, in order.
pub trait Sink {
    /// What may go wrong in the sink.
    type Error;

    /// The first entry that the sink will see stands at `position`; `empty` if there is none before the end.
    ///
    /// # Errors
    /// The sink's own.
    fn begin(&mut self, position: u64, empty: bool) -> Result<(), Self::Error>;

    /// An entry before the part of the log that is played: only what it does to the schema matters, if anything.
    fn skip(&mut self, located: &Located<'_>, schema: &Schema) {
        let _ = (located, schema);
    }

    /// An entry. `schema` is as it stands before it.
    ///
    /// # Errors
    /// The sink's own.
    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> Result<(), Self::Error>;

    /// Entries from `position` on, of which `bytes` hold at least the first: as many as can be taken without being looked at one by one, in
    /// the very way in which [`Sink::entry`] would take them. Those that would be refused are not taken, nor any that
    /// follow. `context` is moved behind the last one taken.
    ///
    /// # Errors
    /// The sink's own.
    fn run(
        &mut self,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
        schema: &Schema,
    ) -> Result<Run, Self::Error> {
        let _ = (bytes, position, context, schema);
        Ok(Run::default())
    }

    /// Whether long vectors may come in parts.
    fn takes_parts(&self) -> bool {
        false
    }

    /// Some values of a long vector, instead of all of it, where they may come in parts. All parts come, in order, with
    /// nothing between. `schema` is as it stands before the entry.
    ///
    /// # Errors
    /// The sink's own.
    fn vector(&mut self, part: &VectorPart<'_>, schema: &Schema) -> Result<(), Self::Error> {
        let _ = (part, schema);
        Ok(())
    }

    /// A log that is followed was played up to its checkpoint: whoever reads what comes out of the sink has to see it
    /// now. Entries may come later, behind a [`Sink::resume`].
    ///
    /// # Errors
    /// The sink's own.
    fn pause(&mut self, checkpoint: u64) -> Result<(), Self::Error> {
        let _ = checkpoint;
        Ok(())
    }

    /// The checkpoint of a log that is followed has moved, and the entries from `position` come.
    ///
    /// # Errors
    /// The sink's own.
    fn resume(&mut self, position: u64) -> Result<(), Self::Error> {
        let _ = position;
        Ok(())
    }

    /// A log that is followed is played no further, before the checkpoint that it was to be played up to.
    ///
    /// # Errors
    /// The sink's own.
    fn break_off(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// The log was read up to `position`; `whole` if no error ended it there. An entry that was shown and then
    /// refused ends behind `position`.
    ///
    /// # Errors
    /// The sink's own.
    fn end(&mut self, position: u64, whole: bool) -> Result<(), Self::Error>;
}

/// Entries that were taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// How many bytes they have.
    pub bytes: usize,
    /// How many they are.
    pub entries: u64,
}

/// Whose text a dump is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fidelity {
    /// Nothing is lost and nothing is obeyed by a terminal.
    #[default]
    Lossless,
    /// Byte for byte what the reference tools print, faults included: joedb 10 for version 5, 9.0.1 for 4.
    Reference,
}

/// What a text form prints.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The version of the log.
    pub version: Version,
    /// Whose text it is.
    pub fidelity: Fidelity,
    /// Whether the data of blobs is printed where the form leaves it out by default.
    pub blob_data: bool,
    /// Whether every entry is followed by its end position.
    pub positions: bool,
    /// Whether only entries of the schema are printed.
    pub schema_only: bool,
}

impl Style {
    /// Everything, lossless, without blob data.
    #[must_use]
    pub const fn new(version: Version) -> Style {
        Style {
            version,
            fidelity: Fidelity::Lossless,
            blob_data: false,
            positions: false,
            schema_only: false,
        }
    }

    /// Whether positions are printed: not between entries of the schema alone.
    pub(crate) const fn prints_positions(&self) -> bool {
        self.positions && !self.schema_only
    }

    /// Whether the text is that of joedb 9.
    pub(crate) const fn is_reference_9(&self) -> bool {
        matches!((self.fidelity, self.version), (Fidelity::Reference, Version::V4))
    }

    pub(crate) fn is_reference(&self) -> bool {
        self.fidelity == Fidelity::Reference
    }
}

/// A form of text for entries. It appends and never fails; [`TextSink`] brings the text to a writer.
pub trait Format {
    /// What stands before everything; `empty` if there is no entry before the end.
    fn begin(&mut self, out: &mut Output<'_>, position: u64, empty: bool);
    /// An entry that is not shown, before the first one that is.
    fn skip(&mut self, located: &Located<'_>, schema: &Schema) {
        let _ = (located, schema);
    }
    /// One entry.
    fn entry(&mut self, out: &mut Output<'_>, located: &Located<'_>, schema: &Schema);
    /// Some values of an `update_vector` entry: the text of all parts is that of the entry.
    fn vector(&mut self, out: &mut Output<'_>, part: &VectorPart<'_>, schema: &Schema);
    /// Entries that are taken together: see [`Sink::run`]. It ends when the output is full.
    fn run(
        &mut self,
        out: &mut Output<'_>,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
        schema: &Schema,
    ) -> Run {
        let _ = (out, bytes, position, context, schema);
        Run::default()
    }
    /// The same form for another part of the log, in the state that this one is in; `None` where it cannot be had.
    fn fork(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
    /// The end position of an entry, for [`Style::positions`].
    fn position(&mut self, out: &mut Output<'_>, position: u64);
    /// What stands behind the entries up to a checkpoint, where the log is followed.
    fn pause(&mut self, out: &mut Output<'_>, checkpoint: u64) {
        let _ = (out, checkpoint);
    }
    /// What stands behind entries that do not reach the checkpoint, where the log is followed.
    fn break_off(&mut self, out: &mut Output<'_>) {
        let _ = out;
    }
    /// What stands before the entries behind a checkpoint, where the log is followed.
    fn resume(&mut self, out: &mut Output<'_>, position: u64) {
        let _ = (out, position);
    }
    /// What stands after everything.
    fn end(&mut self, out: &mut Output<'_>, position: u64, ended: Ended);
}

/// How a dump ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// No error ended it.
    pub whole: bool,
    /// At least one entry was played.
    pub any: bool,
}

/// Blobs whose data was not printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A sink that prints entries in some form.
pub struct TextSink<'w, F> {
    format: F,
    style: Style,
    out: Output<'w>,
    left_out: LeftOut,
    /// Whether the form prints blobs' data whatever the style says.
    always_blobs: bool,
    any: bool,
    /// Where entries go on that are announced with the first of them that is shown.
    resuming: Option<u64>,
    /// The end of the last entry, where positions are printed: it follows once the entry turned out to be taken.
    unprinted: Option<u64>,
}

/// The text of a part of a log.
pub(crate) struct Page {
    /// Longer than the text: a page is filled again and again.
    buffer: Vec<u8>,
    used: usize,
    /// How many entries it has.
    pub(crate) entries: u64,
    left_out: LeftOut,
}

/// No page is longer. An entry may say that it inserts 2^60 records, and SQL has a line for each.
const LONGEST_PAGE: usize = 32 * 1024 * 1024;

/// A buffer that grew beyond this is not kept.
const LARGEST_KEPT: usize = 16 * 1024 * 1024;

impl Page {
    /// The memory of a page that was written.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        if self.buffer.len() > LARGEST_KEPT { Vec::new() } else { self.buffer }
    }
}

/// How the pages of a sink are made.
#[derive(Clone, Copy)]
pub(crate) struct PageMaker {
    style: Style,
    always_blobs: bool,
}

impl PageMaker {
    /// Makes a page of what `play` puts into a sink, in the memory of another; `play` says how many entries that were, or
    /// that it failed.
    pub(crate) fn print<F: Format>(
        self,
        format: F,
        buffer: Vec<u8>,
        play: impl FnOnce(&mut TextSink<'_, F>) -> Option<u64>,
    ) -> Option<Page> {
        let out = Output::page(buffer, LONGEST_PAGE);
        let mut sink = TextSink::of(format, self.style, out, self.always_blobs);
        let entries = play(&mut sink)?;
        sink.print_position();
        sink.out.result().ok()?;
        let left_out = sink.left_out;
        let (buffer, used) = sink.out.into_buffer();
        Some(Page { buffer, used, entries, left_out })
    }
}

impl<'w, F: Format> TextSink<'w, F> {
    /// A sink that prints to `writer`.
    pub fn new(format: F, style: Style, writer: &'w mut dyn Write) -> TextSink<'w, F> {
        TextSink::of(format, style, Output::new(writer), false)
    }

    fn of(format: F, style: Style, out: Output<'w>, always_blobs: bool) -> TextSink<'w, F> {
        let (left_out, resuming, unprinted) = (LeftOut::default(), None, None);
        TextSink { format, style, out, left_out, always_blobs, any: false, resuming, unprinted }
    }

    /// The same sink, for a form that prints the data of blobs in any case.
    #[must_use]
    pub fn with_all_blobs(mut self) -> TextSink<'w, F> {
        self.always_blobs = true;
        self
    }

    /// The blobs whose data was left out so far.
    #[must_use]
    pub const fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// See [`Format::fork`].
    pub(crate) fn fork(&self) -> Option<F> {
        self.format.fork()
    }

    /// What makes pages like this sink's.
    pub(crate) const fn page_maker(&self) -> PageMaker {
        PageMaker { style: self.style, always_blobs: self.always_blobs }
    }

    /// Appends a page.
    pub(crate) fn append(&mut self, page: &Page) -> io::Result<()> {
        self.print_position();
        self.any |= page.entries > 0;
        self.left_out.blobs = self.left_out.blobs.saturating_add(page.left_out.blobs);
        self.left_out.bytes = self.left_out.bytes.saturating_add(page.left_out.bytes);
        self.out.bytes(page.buffer.get(..page.used).unwrap_or_default());
        self.settle()
    }

    /// Goes on in the state of a form that followed the log elsewhere.
    pub(crate) fn take_over(&mut self, format: F) {
        self.format = format;
    }

    fn count_left_out(&mut self, entry: &Entry<'_>) {
        if let Entry::Blob { data, .. } = entry
            && !self.style.blob_data
            && !self.always_blobs
            && !self.style.schema_only
        {
            self.left_out.blobs = self.left_out.blobs.saturating_add(1);
            self.left_out.bytes = self.left_out.bytes.saturating_add(data.len() as u64);
        }
    }

    fn print_position(&mut self) {
        if let Some(position) = self.unprinted.take() {
            self.format.position(&mut self.out, position);
        }
    }

    #[cold]
    fn announce(&mut self) {
        if let Some(position) = self.resuming.take() {
            self.format.resume(&mut self.out, position);
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        self.out.breathe();
        if self.out.has_failed() { self.out.result() } else { Ok(()) }
    }
}

impl<F: Format> Sink for TextSink<'_, F> {
    type Error = io::Error;

    fn begin(&mut self, position: u64, empty: bool) -> io::Result<()> {
        self.format.begin(&mut self.out, position, empty);
        self.settle()
    }

    fn skip(&mut self, located: &Located<'_>, schema: &Schema) {
        self.format.skip(located, schema);
    }

    #[inline]
    fn entry(&mut self, located: &Located<'_>, schema: &Schema) -> io::Result<()> {
        self.any = true;
        self.print_position();
        if !self.style.schema_only || located.entry.is_schema() {
            if self.resuming.is_some() {
                self.announce();
            }
            self.format.entry(&mut self.out, located, schema);
            self.count_left_out(&located.entry);
        }
        if self.style.prints_positions() {
            self.unprinted = Some(located.end());
        }
        self.settle()
    }

    fn takes_parts(&self) -> bool {
        true
    }

    fn vector(&mut self, part: &VectorPart<'_>, schema: &Schema) -> io::Result<()> {
        if part.is_first() {
            self.any = true;
            self.print_position();
        }
        if !self.style.schema_only {
            self.announce();
            self.format.vector(&mut self.out, part, schema);
        }
        if part.is_last() && self.style.prints_positions() {
            self.unprinted = Some(part.located().end());
        }
        self.settle()
    }

    #[inline]
    fn run(
        &mut self,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
        schema: &Schema,
    ) -> io::Result<Run> {
        if self.style.positions || self.style.schema_only || self.resuming.is_some() {
            return Ok(Run::default());
        }
        let run = self.format.run(&mut self.out, bytes, position, context, schema);
        self.any |= run.entries > 0;
        self.settle()?;
        Ok(run)
    }

    fn pause(&mut self, checkpoint: u64) -> io::Result<()> {
        self.print_position();
        // What was never announced has no end.
        if self.resuming.take().is_none() {
            self.format.pause(&mut self.out, checkpoint);
        }
        self.out.flush()
    }

    fn break_off(&mut self) -> io::Result<()> {
        self.print_position();
        if self.resuming.take().is_none() {
            self.format.break_off(&mut self.out);
        }
        self.out.flush()
    }

    fn resume(&mut self, position: u64) -> io::Result<()> {
        self.resuming = Some(position);
        Ok(())
    }

    fn end(&mut self, position: u64, whole: bool) -> io::Result<()> {
        if self.unprinted == Some(position) {
            self.print_position();
        }
        self.announce();
        self.format.end(&mut self.out, position, Ended { whole, any: self.any });
        self.out.flush()
    }
}
