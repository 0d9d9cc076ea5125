//! Lines in a hurry: insertions and updates of one record, which are nearly all of a long log, straight from their bytes.
//!
//! A line is three pieces of text with the number of the record and the value between them. The pieces depend on the
//! table and the field alone, so they are prepared once, padded so that they are appended in whole blocks. An entry of
//! another kind, or one that would be refused, is left to the way that all entries can go, as is a value that a form
//! does not print in a hurry.

use super::Run;
use crate::codec::Cursor;
use crate::decode::{Context, Target, simple_target, skip_value, value};
use crate::entry::{Entry, Kind, RecordId};
use crate::head::Version;
use crate::schema::Schema;
use crate::text::Output;
use crate::text::append::Append;
use crate::text::decimal::Digits;
use crate::text::plain::Plain;
use crate::text::room::Room;
use crate::value::{Type, Value};

/// A form whose insertions and updates are lines of prepared pieces.
pub(super) trait LineForm {
    /// Whether the value stands before the record.
    const VALUE_FIRST: bool = false;
    /// Whether the line says how the entry was spelled.
    const SPELLED: bool = false;
    /// The bytes that a string in quotes has as they are.
    const PLAIN: Plain;

    /// The pieces of the lines for such entries: before, between and behind record and value. An insertion has no value and
    /// nothing between. `None` where the table or the field does not exist, or where their lines are no such lines.
    fn pieces(&self, target: &Target, schema: &Schema) -> Option<Pieces>;

    /// The version of the log.
    fn version(&self) -> Version;

    /// The number that stands for a record, which is not null.
    #[inline(always)]
    fn number_of(&self, record: RecordId) -> u64 {
        record.0.unsigned_abs()
    }

    /// What stands before the pieces: where the entry begins, and how many bytes it has.
    #[inline(always)]
    fn place(&self, out: &mut impl Append, position: u64, length: usize) {
        let _ = (out, position, length);
    }

    /// The quotes of strings of which every byte is plain; `None` if there are none.
    fn quote(&self) -> Option<u8>;

    /// Any string.
    fn string(&self, out: &mut Output<'_>, text: &[u8]);

    /// A value that is no string; a line of it at most.
    fn number(&self, out: &mut impl Append, value: &Value<'_>);
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
struct Line {
    /// The type of the values; an insertion has none.
    value_type: Option<Type>,
    /// The size of a value of a type of one size, else 0.
    size: usize,
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
    /// A row is mostly written at once, so its number is needed again.
    record_number: u64,
    record: Digits,
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

    /// Prints the insertions and updates that `bytes` begin with: see [`Format::run`](super::Format::run).
    #[inline(never)]
    pub(super) fn run<F: LineForm>(
        &mut self,
        form: &F,
        out: &mut Output<'_>,
        (bytes, position): (&[u8], u64),
        context: &mut Context,
        schema: &Schema,
    ) -> Run {
        let mut run = Run::default();
        while !out.is_full()
            && let Some(rest) = bytes.get(run.bytes..).filter(|rest| !rest.is_empty())
            && let position = position.saturating_add(run.bytes as u64)
            && let Some(length) = self.line(form, out, (rest, position), context, schema)
        {
            run.bytes = run.bytes.saturating_add(length);
            run.entries = run.entries.saturating_add(1);
        }
        run
    }

    /// Prints the entry that `bytes` begin with, moves `context` behind it, and returns its length; `None` if it is not one
    /// of the simplest kind, whole, and right.
    #[inline(always)]
    fn line<F: LineForm>(
        &mut self,
        form: &F,
        out: &mut Output<'_>,
        (bytes, position): (&[u8], u64),
        context: &mut Context,
        schema: &Schema,
    ) -> Option<usize> {
        let mut cursor = Cursor::new(bytes);
        let target = simple_target(&mut cursor, *context)?;
        self.look_up(form.number_of(target.context.record));
        let Some(line) = self.known::<F>(&target) else {
            self.prepare(form, target, schema);
            return None;
        };
        if line.value_type != target.kind.value_type() {
            return None;
        }
        let value = Raw::new(&mut cursor, line, form.version())?;
        let length = cursor.offset();
        let in_a_hurry = out.in_room(|room| {
            form.place(room, position, length);
            line.before.append(room);
            if F::VALUE_FIRST {
                value.append(form, room)?;
                line.between(room);
                room.digits(&self.record);
            } else {
                room.digits(&self.record);
                line.between(room);
                value.append(form, room)?;
            }
            line.behind(room);
            Some(())
        });
        if in_a_hurry.is_none() {
            line.with_care(form, out, (position, length), &self.record, value);
        }
        *context = target.context;
        Some(length)
    }

    #[inline(always)]
    fn look_up(&mut self, record: u64) {
        if self.record_number != record {
            (self.record_number, self.record) = (record, Digits::of(record));
        }
    }

    #[inline(always)]
    fn known<F: LineForm>(&self, target: &Target) -> Option<&Line> {
        let table = self.tables.get(usize::from(target.context.table.0))?;
        let line = table.get(index::<F>(target))?.as_deref()?;
        (line.generation == self.generation).then_some(line)
    }

    /// The entries that follow find the line; this one goes the way that all can go.
    #[cold]
    fn prepare<F: LineForm>(&mut self, form: &F, target: Target, schema: &Schema) -> Option<()> {
        let line = Line::new(form, &target, schema, self.generation)?;
        if self.prepared >= MOST_LINES {
            self.tables.clear();
            self.prepared = 0;
        }
        let table = place(&mut self.tables, usize::from(target.context.table.0))?;
        let before = place(table, index::<F>(&target))?.replace(Box::new(line));
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
fn index<F: LineForm>(target: &Target) -> usize {
    let (field, spelling) = match target.kind {
        Kind::UpdateLast(_) => (target.context.field.0, 1),
        Kind::UpdateNext(_) => (target.context.field.0, 2),
        Kind::Update(_) => (target.context.field.0, 0),
        Kind::Append => (0, 1),
        _ => (0, 0),
    };
    let field = usize::from(field);
    if F::SPELLED { field.saturating_mul(3).saturating_add(spelling) } else { field }
}

impl Line {
    fn new<F: LineForm>(form: &F, target: &Target, schema: &Schema, generation: u64) -> Option<Line> {
        let (Context { table, field, .. }, value_type) = (target.context, target.kind.value_type());
        schema.table(table)?;
        if value_type.is_some() && schema.field(table, field)?.field_type().value_type() != value_type {
            return None;
        }
        let Pieces { before, between, behind } = form.pieces(target, schema)?;
        let is_long = |piece: &Vec<u8>| piece.len() > LONGEST_PIECE;
        if [&before, &between, &behind].into_iter().any(is_long) {
            return None;
        }
        let [before, between] = [before, between].map(|piece| Prepared::new(&piece));
        let fixed =
            value_type.filter(|some| some.is_fixed_size()).map_or(0, |f| f.least_size(form.version()));
        let size = usize::try_from(fixed).ok()?;
        let behind = few_bytes(&behind)?;
        Some(Line { value_type, size, before, between, behind, generation })
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

    /// A line with a string that is long, or not plain throughout.
    #[inline(never)]
    fn with_care<F: LineForm>(
        &self,
        form: &F,
        out: &mut Output<'_>,
        (position, length): (u64, usize),
        record: &Digits,
        value: Raw<'_>,
    ) {
        form.place(out, position, length);
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
    version: Version,
    /// They begin with the value, a string without its length; what follows is there too.
    ahead: &'a [u8],
    /// How many are those of a string.
    length: usize,
}

impl<'a> Raw<'a> {
    #[inline(always)]
    fn new(cursor: &mut Cursor<'a>, line: &Line, version: Version) -> Option<Raw<'a>> {
        let value_type = line.value_type;
        let mut ahead = cursor.rest();
        let length = match value_type {
            _ if line.size > 0 => cursor.take(line.size as u64).ok()?.len(),
            None => 0,
            Some(Type::String) => {
                let length = cursor.compact().ok()?;
                ahead = cursor.rest();
                cursor.take(length).ok()?.len()
            }
            Some(other) => {
                skip_value(cursor, other, version)?;
                0
            }
        };
        Some(Raw { value_type, version, ahead, length })
    }

    /// Appends the value; `None` if that takes more care.
    #[inline(always)]
    fn append<F: LineForm>(&self, form: &F, room: &mut Room<'_>) -> Option<()> {
        match self.value_type {
            None => Some(()),
            Some(Type::String) => room.quoted(form.quote()?, self.ahead, self.length, F::PLAIN),
            Some(other) => self.number(form, room, other),
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
            other => form.number(out, &value(&mut cursor, other, self.version).ok()?),
        }
        Some(())
    }
}
