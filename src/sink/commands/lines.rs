//! Lines in a hurry: inserts and updates, which are nearly all of a long log, straight from their bytes.
//!
//! What a line begins with is prepared once for each table and field, padded so that it is appended in one store. An
//! entry that is not of the simplest kind, or that would be refused, is left to the way that all entries can go.

use crate::codec::Cursor;
use crate::decode::{Context, simple_target, value};
use crate::entry::{Entry, RecordId, TableId};
use crate::head::Version;
use crate::schema::Schema;
use crate::sink::value::ValueWriter;
use crate::text::Output;
use crate::text::decimal::Digits;
use crate::text::escape::quoted_ahead;
use crate::value::Type;

/// Text that is appended as blocks.
struct Prepared {
    first: [u8; 32],
    length: usize,
    /// What does not fit, of the longest names.
    rest: Vec<u8>,
}

impl Prepared {
    fn new(text: &[u8]) -> Prepared {
        let mut first = [0; 32];
        first.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
        let rest = text.get(first.len()..).unwrap_or_default().to_vec();
        Prepared { first, length: text.len(), rest }
    }

    #[inline(always)]
    fn append(&self, out: &mut Output<'_>) {
        out.block(&self.first, self.length);
        if !self.rest.is_empty() {
            out.bytes(&self.rest);
        }
    }
}

/// The lines of a field end so: the name and a space on each side of it.
struct FieldLine {
    name: Prepared,
    value_type: Type,
}

/// The lines of a table begin so.
struct Begin {
    insert: Prepared,
    update: Prepared,
}

/// What is prepared of a table.
#[derive(Default)]
struct TableLines {
    begin: Option<Begin>,
    fields: Vec<Option<FieldLine>>,
}

/// What lines begin with, by table and field. Each is prepared when it is needed first, and again when an entry has
/// changed it: a log of 65535 fields may rename one of them before every update.
#[derive(Default)]
pub(super) struct Lines {
    tables: Vec<TableLines>,
    /// A row is mostly written at once, so its number is needed again.
    record: Option<(RecordId, Digits)>,
}

impl Lines {
    /// Forgets what `entry` changes. Ids are never used again, so what was dropped is not asked for.
    pub(super) fn forget(&mut self, entry: &Entry<'_>) {
        let (table, field) = match *entry {
            Entry::DropTable { table } | Entry::RenameTable { table, .. } => (table, None),
            Entry::DropField { table, field } | Entry::RenameField { table, field, .. } => {
                (table, Some(field))
            }
            _ => return,
        };
        let Some(lines) = self.tables.get_mut(usize::from(table.0)) else { return };
        match field {
            None => lines.begin = None,
            Some(field) => lines.fields.iter_mut().skip(field.0.into()).take(1).for_each(|line| *line = None),
        }
    }

    /// Appends the line of the entry that `bytes` begin with, moves `context` behind it, and returns its length; `None`
    /// if it is not one of the simplest kind, whole, and right.
    #[inline(always)]
    pub(super) fn line(
        &mut self,
        values: &ValueWriter,
        out: &mut Output<'_>,
        bytes: &[u8],
        context: &mut Context,
        schema: &Schema,
    ) -> Option<usize> {
        let mut cursor = Cursor::new(bytes);
        let (now, value_type) = simple_target(&mut cursor, *context)?;
        let digits = self.digits(now.record);
        let Some(value_type) = value_type else {
            self.begin(now.table, schema, values)?.insert.append(out);
            out.digits(&digits);
            out.byte(b'\n');
            *context = now;
            return Some(cursor.offset());
        };
        let (begin, field) = self.field(now, schema, values)?;
        if field.value_type != value_type {
            return None;
        }
        if value_type == Type::String {
            let length = cursor.compact().ok()?;
            let ahead = cursor.rest();
            let text = cursor.take(length).ok()?;
            begin.begin_update(out, &digits, field);
            quoted_ahead(out, ahead, text.len(), values.escape());
        } else {
            let value = value(&mut cursor, value_type, Version::V5).ok()?;
            begin.begin_update(out, &digits, field);
            values.value(out, &value);
        }
        out.byte(b'\n');
        *context = now;
        Some(cursor.offset())
    }

    #[inline(always)]
    fn digits(&mut self, record: RecordId) -> Digits {
        match self.record {
            Some((known, digits)) if known == record => digits,
            _ => {
                let digits = Digits::of(record.0);
                self.record = Some((record, digits));
                digits
            }
        }
    }

    #[inline(always)]
    fn begin(&mut self, id: TableId, schema: &Schema, values: &ValueWriter) -> Option<&Begin> {
        let index = usize::from(id.0);
        if self.tables.get(index).is_none_or(|table| table.begin.is_none()) {
            self.prepare(id, schema, values)?;
        }
        self.tables.get(index)?.begin.as_ref()
    }

    #[inline(always)]
    fn field(&mut self, at: Context, schema: &Schema, values: &ValueWriter) -> Option<(&Begin, &FieldLine)> {
        let (index, field) = (usize::from(at.table.0), usize::from(at.field.0));
        let lines =
            |table: &TableLines| table.begin.is_some() && matches!(table.fields.get(field), Some(Some(_)));
        if !self.tables.get(index).is_some_and(lines) {
            self.prepare_field(at, schema, values)?;
        }
        let table = self.tables.get(index)?;
        Some((table.begin.as_ref()?, table.fields.get(field)?.as_ref()?))
    }

    #[cold]
    fn prepare(&mut self, id: TableId, schema: &Schema, values: &ValueWriter) -> Option<&mut TableLines> {
        let name = schema.table(id)?.name();
        let begin = |words: &[u8]| prepared(words, name, values);
        let table = place(&mut self.tables, id.0.into())?;
        // A long name is not prepared again for each field.
        if table.begin.is_none() {
            table.begin = Some(Begin { insert: begin(b"insert_into "), update: begin(b"update ") });
        }
        Some(table)
    }

    #[cold]
    fn prepare_field(&mut self, at: Context, schema: &Schema, values: &ValueWriter) -> Option<()> {
        let declared = schema.field(at.table, at.field)?;
        let value_type = declared.field_type().value_type()?;
        let line = FieldLine { name: prepared(b" ", declared.name(), values), value_type };
        let table = self.prepare(at.table, schema, values)?;
        *place(&mut table.fields, at.field.0.into())? = Some(line);
        Some(())
    }
}

fn prepared(before: &[u8], name: &[u8], values: &ValueWriter) -> Prepared {
    let mut text = Output::memory();
    text.bytes(before);
    values.name(&mut text, name);
    text.byte(b' ');
    Prepared::new(text.as_bytes())
}

fn place<T: Default>(places: &mut Vec<T>, index: usize) -> Option<&mut T> {
    if places.len() <= index {
        places.resize_with(index.saturating_add(1), T::default);
    }
    places.get_mut(index)
}

impl Begin {
    #[inline(always)]
    fn begin_update(&self, out: &mut Output<'_>, digits: &Digits, field: &FieldLine) {
        self.update.append(out);
        out.digits(digits);
        field.name.append(out);
    }
}
