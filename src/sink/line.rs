//! A line of an insertion or an update: three pieces of text with the number of the record and the value between them. The
//! pieces depend on the table and the field alone, so they are prepared once, padded so that they are appended in whole
//! blocks.

use super::Style;
use super::lines::Lines;
use crate::codec::Cursor;
use crate::decode::{Context, value};
use crate::entry::RecordId;
use crate::head::Version;
use crate::schema::{RECORDS, Schema};
use crate::skip::Step;
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
    pub(super) value_type: Option<Type>,
    /// The same as [`Step::writes`] has it.
    pub(super) writes: u8,
    before: Prepared,
    between: Prepared,
    /// A few bytes.
    behind: ([u8; 8], usize),
    /// Which schema this was prepared for.
    pub(super) generation: u64,
}

/// Tables and fields with longer names have no prepared lines.
const LONGEST_PIECE: usize = 512;

impl Line {
    /// The line of an entry like this; `None` if there is none.
    pub(super) fn new<F: LineForm>(form: &F, step: &Step, schema: &Schema, generation: u64) -> Option<Line> {
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
    pub(super) fn append<F: LineForm>(
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
    pub(super) fn append_with_care<F: LineForm>(
        &self,
        form: &F,
        out: &mut Output<'_>,
        record: &Digits,
        value: Raw<'_>,
    ) {
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

fn few_bytes(text: &[u8]) -> Option<([u8; 8], usize)> {
    let mut bytes = [0; 8];
    bytes.get_mut(..text.len())?.copy_from_slice(text);
    Some((bytes, text.len()))
}

/// The bytes of the value of an entry.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) value_type: Option<Type>,
    /// They begin with the value, a string without its length; what follows is there too.
    pub(super) ahead: &'a [u8],
    /// How many are those of the value.
    pub(super) length: usize,
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
