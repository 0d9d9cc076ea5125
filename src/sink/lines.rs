//! Lines in a hurry: insertions and updates of one record of version 5, which are nearly all of a long log, straight from
//! their bytes.
//!
//! A line is three pieces of text with the number of the record and the value between them. The pieces depend on the
//! table and the field alone, so they are prepared once, padded so that they are appended in whole blocks. An entry of
//! another kind, or one that would be refused, is left to the way that all entries can go, as is a value that a form
//! does not print in a hurry.

use super::{Run, Style};
use crate::codec::Cursor;
use crate::decode::{Context, value};
use crate::entry::{Entry, Kind, RecordId};
use crate::head::Version;
use crate::schema::{RECORDS, Schema};
use crate::skip::{Step, step};
use crate::text::Output;
use crate::text::append::Append;
use crate::text::decimal::{Digits, Grouped};
use crate::text::plain::Plain;
use crate::text::room::Room;
use crate::value::{Type, Value, Values};

/// A form whose insertions and updates are lines of prepared pieces.
pub(super) trait LineForm {
    /// Whether the value stands before the record.
    const VALUE_FIRST: bool = false;
    /// Whether the line says how the entry was spelled.
    const SPELLED: bool = false;
    /// Whether it says where the entry stands.
    const PLACED: bool = false;
    /// The bytes that a string in quotes has as they are.
    const PLAIN: Plain;

    /// What is printed, and how.
    fn style(&self) -> &Style;

    /// The lines that were prepared.
    fn lines(&mut self) -> &mut Lines;

    /// The pieces of the lines for such entries: before, between and behind record and value. An insertion has no value and
    /// nothing between. `None` where the table or the field does not exist, or where their lines are no such lines.
    fn pieces(&self, step: &Step, schema: &Schema) -> Option<Pieces>;

    /// The number that stands for a record, which is not null.
    #[inline(always)]
    fn number_of(&self, record: RecordId) -> u64 {
        record.0.unsigned_abs()
    }

    /// What stands before the pieces: where the entry begins, and how many bytes it has.
    #[inline(always)]
    fn place(&self, out: &mut impl Append, position: &Grouped, length: usize) {
        let _ = (out, position, length);
    }

    /// The quotes of strings of which every byte is plain; `None` if there are none.
    fn quote(&self) -> Option<u8>;

    /// Any string.
    fn string(&self, out: &mut Output<'_>, text: &[u8]);

    /// A value that is no string; a line of it at most.
    fn number(&self, out: &mut impl Append, value: &Value<'_>);
}

/// Prints the insertions and updates that `bytes` begin with: see [`Format::run`](super::Format::run).
pub(super) fn run<F: LineForm>(
    form: &mut F,
    out: &mut Output<'_>,
    (bytes, position): (&[u8], u64),
    context: &mut Context,
    schema: &Schema,
) -> Run {
    let mut lines = std::mem::take(form.lines());
    let stretch = Stretch { bytes, start: position, context: *context, run: Run::default() };
    let stretch = lines.print(form, out, stretch, schema);
    *form.lines() = lines;
    *context = stretch.context;
    stretch.run
}

/// Entries, and how far they were printed.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    bytes: &'a [u8],
    /// The position of the first one.
    start: u64,
    /// The context of the next one.
    context: Context,
    run: Run,
}

impl<'a> Stretch<'a> {
    /// What was not printed.
    #[inline(always)]
    fn rest(&self) -> Option<&'a [u8]> {
        self.bytes.get(self.run.bytes..)
    }

    /// The position of the next entry.
    #[inline(always)]
    const fn position(&self) -> u64 {
        self.start.wrapping_add(self.run.bytes as u64)
    }

    /// Goes behind an entry that was printed.
    #[inline(always)]
    const fn pass(&mut self, step: &Step) {
        self.context = step.context;
        self.run.bytes = self.run.bytes.wrapping_add(step.length);
        self.run.entries = self.run.entries.wrapping_add(1);
    }
}

/// Why no further line was appended to a room.
enum Halt {
    /// There may be no space for one.
    Full,
    /// The next one takes more care.
    Care,
    /// The next entry has no line, or none that is prepared.
    Unknown,
}

/// What a line consists of, but for the record and the value.
#[derive(Default)]
pub(super) struct Pieces {
    pub(super) before: Vec<u8>,
    pub(super) between: Vec<u8>,
    pub(super) behind: Vec<u8>,
}

/// Text that is appended as blocks.
struct Prepared {
    first: [u8; BLOCK],
    /// How much of the first block is text.
    length: usize,
    further: Box<[([u8; BLOCK], usize)]>,
}

const BLOCK: usize = 32;

impl Prepared {
    fn new(text: &[u8]) -> Prepared {
        let mut blocks = text.chunks(BLOCK).map(|chunk| {
            let mut block = [0; BLOCK];
            block.iter_mut().zip(chunk).for_each(|(place, byte)| *place = *byte);
            (block, chunk.len())
        });
        let (first, length) = blocks.next().unwrap_or_default();
        Prepared { first, length, further: blocks.collect() }
    }

    #[inline(always)]
    fn append(&self, out: &mut impl Append) {
        out.block(&self.first, self.length);
        for (block, length) in &self.further {
            out.block(block, *length);
        }
    }
}

/// The lines of insertions into a table, or of updates of a field.
pub(super) struct Line {
    /// The type of the values; an insertion has none.
    value_type: Option<Type>,
    /// The same as [`Step::writes`] has it.
    writes: u8,
    before: Prepared,
    between: Prepared,
    /// A few bytes.
    behind: ([u8; 8], usize),
    /// Which schema this was prepared for.
    generation: u64,
}

/// The lines of the tables and fields that were met, each prepared when it is needed first, and again when the schema has
/// changed: a log of 65535 fields may rename one of them before every update.
#[derive(Default)]
pub(super) struct Lines {
    /// By table and field; an insertion has field 0, which no field is. Each as often as there are spellings.
    tables: Vec<Vec<Option<Box<Line>>>>,
    /// How many there are.
    prepared: usize,
    /// Counts the changes of the schema.
    generation: u64,
    numbers: Numbers,
}

/// Digits that are needed again.
#[derive(Clone, Copy, Default)]
struct Numbers {
    /// A row is mostly written at once.
    record_number: u64,
    record: Digits,
    position: Grouped,
}

impl Numbers {
    #[inline(always)]
    fn look_up_record(&mut self, record: u64) {
        if self.record_number != record {
            (self.record_number, self.record) = (record, Digits::of(record));
        }
    }
}

/// More lines than this are not kept: a log may have more fields than there is memory for lines.
const MOST_LINES: usize = 1 << 16;

/// Tables and fields with longer names have no prepared lines.
const LONGEST_PIECE: usize = 512;

impl Lines {
    /// Forgets what `entry` changes.
    pub(super) fn forget(&mut self, entry: &Entry<'_>) {
        if entry.is_schema() {
            self.generation = self.generation.wrapping_add(1);
        }
    }

    /// Prints the entries of a stretch: see [`run`].
    #[inline(never)]
    fn print<'a, F: LineForm>(
        &mut self,
        form: &F,
        out: &mut Output<'_>,
        mut stretch: Stretch<'a>,
        schema: &Schema,
    ) -> Stretch<'a> {
        while !out.is_full() {
            match out.in_room(|room| Some(self.fill(form, room, &mut stretch))) {
                Some(Halt::Full) => {}
                Some(Halt::Care) => self.print_with_care(form, out, &mut stretch),
                Some(Halt::Unknown) | None => {
                    self.prepare(form, &stretch, schema);
                    break;
                }
            }
        }
        stretch
    }

    /// Prints what fits into a room.
    #[inline(always)]
    fn fill<F: LineForm>(&mut self, form: &F, room: &mut Room<'_>, stretch: &mut Stretch<'_>) -> Halt {
        // Copies, which nobody else sees, are kept in registers.
        let (mut ahead, mut numbers) = (*stretch, self.numbers);
        let halt = loop {
            let Some(found) = self.find(form, &ahead, &mut numbers) else { break Halt::Unknown };
            if room.whole(|room| found.append(form, room, &numbers)).is_none() {
                break Halt::Care;
            }
            ahead.pass(&found.step);
            if !room.is_half_empty() {
                break Halt::Full;
            }
        };
        (*stretch, self.numbers) = (ahead, numbers);
        halt
    }

    /// A line with a string that is long, or not plain throughout.
    #[inline(never)]
    fn print_with_care<F: LineForm>(&mut self, form: &F, out: &mut Output<'_>, stretch: &mut Stretch<'_>) {
        let mut numbers = self.numbers;
        if let Some(found) = self.find(form, stretch, &mut numbers) {
            found.append_with_care(form, out, &numbers);
            stretch.pass(&found.step);
        }
    }

    /// The entry that comes next, and its line; `None` if it is not one of the simplest kind, whole, and right, and if its line
    /// is not prepared. `numbers` are made those of the entry.
    #[inline(always)]
    fn find<'a, F: LineForm>(
        &self,
        form: &F,
        stretch: &Stretch<'a>,
        numbers: &mut Numbers,
    ) -> Option<Found<'_, 'a>> {
        let bytes = stretch.rest()?;
        let step = step(bytes.first_chunk()?, stretch.context)?;
        numbers.look_up_record(form.number_of(step.context.record));
        if F::PLACED {
            numbers.position.look_up(stretch.position());
        }
        let (line, length) = (self.known::<F>(&step)?, step.length);
        if line.writes != step.writes || length > bytes.len() || !step.is_record() {
            return None;
        }
        let (ahead, of_value) = (bytes.get(step.value..)?, length.wrapping_sub(step.value));
        Some(Found { line, value: Raw { value_type: line.value_type, ahead, length: of_value }, step })
    }

    #[inline(always)]
    fn known<F: LineForm>(&self, step: &Step) -> Option<&Line> {
        let table = self.tables.get(usize::from(step.context.table.0))?;
        let line = table.get(index::<F>(step))?.as_deref()?;
        (line.generation == self.generation).then_some(line)
    }

    /// Prepares the line of the entry that comes next, if that is what it lacks. The entries that follow find it; this one goes
    /// the way that all can go.
    #[cold]
    fn prepare<F: LineForm>(&mut self, form: &F, stretch: &Stretch<'_>, schema: &Schema) -> Option<()> {
        let step = step(stretch.rest()?.first_chunk()?, stretch.context)?;
        if self.known::<F>(&step).is_some() {
            return None;
        }
        let line = Line::new(form, &step, schema, self.generation)?;
        if self.prepared >= MOST_LINES {
            self.tables.clear();
            self.prepared = 0;
        }
        let table = place(&mut self.tables, usize::from(step.context.table.0))?;
        let before = place(table, index::<F>(&step))?.replace(Box::new(line));
        self.prepared = self.prepared.saturating_add(usize::from(before.is_none()));
        Some(())
    }
}

fn place<T: Default>(places: &mut Vec<T>, index: usize) -> Option<&mut T> {
    if places.len() <= index {
        places.resize_with(index.saturating_add(1), T::default);
    }
    places.get_mut(index)
}

/// Where the line of an entry is kept, among those of its table.
#[inline(always)]
fn index<F: LineForm>(step: &Step) -> usize {
    let spelling = match step.kind {
        Kind::UpdateLast(_) | Kind::Append => 1,
        Kind::UpdateNext(_) => 2,
        _ => 0,
    };
    let field = usize::from(step.field.0);
    if F::SPELLED { field.saturating_mul(3).saturating_add(spelling) } else { field }
}

impl Line {
    fn new<F: LineForm>(form: &F, step: &Step, schema: &Schema, generation: u64) -> Option<Line> {
        let (Context { table, field, .. }, value_type) = (step.context, step.kind.value_type());
        schema.table(table)?;
        if value_type == Some(Type::Blob) && form.style().version == Version::V4 {
            return None;
        }
        if value_type.is_some() && schema.field(table, field)?.field_type().value_type() != value_type {
            return None;
        }
        Line::of(value_type, form.pieces(step, schema)?, generation)
    }

    fn of(
        value_type: Option<Type>,
        Pieces { before, between, behind }: Pieces,
        generation: u64,
    ) -> Option<Line> {
        let is_long = |piece: &Vec<u8>| piece.len() > LONGEST_PIECE;
        if [&before, &between].into_iter().any(is_long) {
            return None;
        }
        let [before, between] = [before, between].map(|piece| Prepared::new(&piece));
        let behind = few_bytes(&behind)?;
        let writes = value_type.map_or(RECORDS, Type::id);
        Some(Line { value_type, writes, before, between, behind, generation })
    }

    /// The line of each value of a vector; `None` where it is no such line. Version 4 spells blobs in another way.
    pub(super) fn of_values(values: &Values<'_>, pieces: Pieces) -> Option<Line> {
        let is_plain = values.version == Version::V5 || values.value_type() != Type::Blob;
        Line::of(Some(values.value_type()).filter(|_| is_plain), pieces, 0).filter(|_| is_plain)
    }

    /// Appends a line for each value, of records from `first` on.
    pub(super) fn append_all<F: LineForm>(
        &self,
        form: &F,
        out: &mut Output<'_>,
        first: RecordId,
        values: &Values<'_>,
    ) {
        let (mut cursor, mut record) = (Cursor::new(values.bytes), first);
        for _ in 0..values.count() {
            let Some(value) = Raw::next(&mut cursor, values.value_type()) else { return };
            let digits = Digits::of(form.number_of(record));
            if out.in_room(|room| self.append(form, room, &digits, value)).is_none() {
                self.append_with_care(form, out, &digits, value);
            }
            out.breathe();
            record = record.next();
        }
    }

    /// Appends a line; `None` if that takes more care.
    #[inline(always)]
    fn append<F: LineForm>(
        &self,
        form: &F,
        room: &mut Room<'_>,
        record: &Digits,
        value: Raw<'_>,
    ) -> Option<()> {
        self.before.append(room);
        if F::VALUE_FIRST {
            value.append(form, room)?;
            self.between(room);
            room.digits(record);
        } else {
            room.digits(record);
            self.between(room);
            value.append(form, room)?;
        }
        self.behind(room);
        Some(())
    }

    /// Appends any line.
    fn append_with_care<F: LineForm>(&self, form: &F, out: &mut Output<'_>, record: &Digits, value: Raw<'_>) {
        self.before.append(out);
        if !F::VALUE_FIRST {
            out.digits(record);
            self.between(out);
        }
        value.append_with_care(form, out);
        if F::VALUE_FIRST {
            self.between(out);
            out.digits(record);
        }
        self.behind(out);
    }

    #[inline(always)]
    fn between(&self, out: &mut impl Append) {
        if self.value_type.is_some() {
            self.between.append(out);
        }
    }

    #[inline(always)]
    fn behind(&self, out: &mut impl Append) {
        let (bytes, length) = &self.behind;
        out.block(bytes, *length);
    }
}

/// An entry and its line.
struct Found<'l, 'a> {
    line: &'l Line,
    value: Raw<'a>,
    step: Step,
}

impl Found<'_, '_> {
    /// Appends the line; `None` if that takes more care.
    #[inline(always)]
    fn append<F: LineForm>(&self, form: &F, room: &mut Room<'_>, numbers: &Numbers) -> Option<()> {
        form.place(room, &numbers.position, self.step.length);
        self.line.append(form, room, &numbers.record, self.value)
    }

    /// Appends any line.
    fn append_with_care<F: LineForm>(&self, form: &F, out: &mut Output<'_>, numbers: &Numbers) {
        form.place(out, &numbers.position, self.step.length);
        self.line.append_with_care(form, out, &numbers.record, self.value);
    }
}

fn few_bytes(text: &[u8]) -> Option<([u8; 8], usize)> {
    let mut bytes = [0; 8];
    bytes.get_mut(..text.len())?.copy_from_slice(text);
    Some((bytes, text.len()))
}

/// The bytes of the value of an entry.
#[derive(Clone, Copy)]
struct Raw<'a> {
    value_type: Option<Type>,
    /// They begin with the value, a string without its length; what follows is there too.
    ahead: &'a [u8],
    /// How many are those of the value.
    length: usize,
}

impl<'a> Raw<'a> {
    /// The next value of a vector of version 5.
    #[inline(always)]
    fn next(cursor: &mut Cursor<'a>, value_type: Type) -> Option<Raw<'a>> {
        if value_type == Type::String {
            let length = cursor.compact().ok()?;
            let ahead = cursor.rest();
            let length = cursor.take(length).ok()?.len();
            return Some(Raw { value_type: Some(value_type), ahead, length });
        }
        let ahead = cursor.rest();
        value(cursor, value_type, Version::V5).ok()?;
        Some(Raw { value_type: Some(value_type), ahead, length: ahead.len().wrapping_sub(cursor.left()) })
    }

    /// Appends the value; `None` if that takes more care.
    #[inline(always)]
    fn append<F: LineForm>(&self, form: &F, room: &mut Room<'_>) -> Option<()> {
        match self.value_type {
            None => Some(()),
            Some(Type::String) => room.quoted(form.quote()?, self.ahead, self.length, F::PLAIN),
            Some(Type::Int32) => self.number(form, room, Type::Int32),
            Some(Type::Int64) => self.number(form, room, Type::Int64),
            Some(other) => room.apart(|room| self.number(form, room, other)),
        }
    }

    /// Appends any value. What is cut was not passed over, so nothing is left out.
    fn append_with_care<F: LineForm>(&self, form: &F, out: &mut Output<'_>) {
        match self.value_type {
            None => {}
            Some(Type::String) => form.string(out, self.ahead.get(..self.length).unwrap_or_default()),
            Some(other) => {
                let _ = self.number(form, out, other);
            }
        }
    }

    /// Where it is known which of the common types it is, nothing is left of the others.
    #[inline(always)]
    fn number<F: LineForm>(&self, form: &F, out: &mut impl Append, value_type: Type) -> Option<()> {
        let mut cursor = Cursor::new(self.ahead);
        match value_type {
            Type::Int32 => form.number(out, &Value::Int32(i32::from_le_bytes(cursor.array().ok()?))),
            Type::Int64 => form.number(out, &Value::Int64(i64::from_le_bytes(cursor.array().ok()?))),
            Type::Float64 => form.number(out, &Value::Float64(f64::from_le_bytes(cursor.array().ok()?))),
            other => form.number(out, &value(&mut cursor, other, Version::V5).ok()?),
        }
        Some(())
    }
}
