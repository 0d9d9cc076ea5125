//! Lines in a hurry: inserts and updates, which are nearly all of a long log, straight from their bytes.
//!
//! What a line begins with is prepared once for each table and field, padded so that it is appended in one store. An
//! entry that is not of the simplest kind, or that would be refused, is left to the way that all entries can go.

use crate::codec::Cursor;
use crate::decode::{Context, simple_target, value};
use crate::entry::{FieldId, RecordId, TableId};
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
struct TableLines {
    insert: Prepared,
    update: Prepared,
    fields: Vec<Option<FieldLine>>,
}

/// What lines begin with, by table and field, as long as the schema stays as it is.
#[derive(Default)]
pub(super) struct Lines {
    tables: Vec<Option<TableLines>>,
    /// A row is mostly written at once, so its number is needed again.
    record: Option<(RecordId, Digits)>,
}

impl Lines {
    /// To be called when the schema changes.
    pub(super) fn forget(&mut self) {
        self.tables.clear();
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
        let table = self.table(now.table, schema, values)?;
        let Some(value_type) = value_type else {
            table.insert.append(out);
            out.digits(&digits);
            out.byte(b'\n');
            *context = now;
            return Some(cursor.offset());
        };
        let field = table.field(now.field).filter(|field| field.value_type == value_type)?;
        if value_type == Type::String {
            let length = cursor.compact().ok()?;
            let ahead = cursor.rest();
            let text = cursor.take(length).ok()?;
            table.begin_update(out, &digits, field);
            quoted_ahead(out, ahead, text.len(), values.escape());
        } else {
            let value = value(&mut cursor, value_type, Version::V5).ok()?;
            table.begin_update(out, &digits, field);
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
    fn table(&mut self, id: TableId, schema: &Schema, values: &ValueWriter) -> Option<&TableLines> {
        let index = usize::from(id.0);
        if self.tables.get(index).is_none_or(Option::is_none) {
            self.prepare(index, id, schema, values)?;
        }
        self.tables.get(index)?.as_ref()
    }

    #[cold]
    fn prepare(&mut self, index: usize, id: TableId, schema: &Schema, values: &ValueWriter) -> Option<()> {
        let table = schema.table(id)?;
        let text = |before: &[u8], name: &[u8]| {
            let mut text = Output::memory();
            text.bytes(before);
            values.name(&mut text, name);
            text.byte(b' ');
            Prepared::new(text.as_bytes())
        };
        let mut fields = Vec::new();
        for (field, declared) in table.fields() {
            let Some(value_type) = declared.field_type().value_type() else { continue };
            let index = usize::from(field.0);
            fields.resize_with(fields.len().max(index.saturating_add(1)), || None);
            let line = FieldLine { name: text(b" ", declared.name()), value_type };
            if let Some(place) = fields.get_mut(index) {
                *place = Some(line);
            }
        }
        let insert = text(b"insert_into ", table.name());
        let lines = TableLines { insert, update: text(b"update ", table.name()), fields };
        self.tables.resize_with(self.tables.len().max(index.saturating_add(1)), || None);
        *self.tables.get_mut(index)? = Some(lines);
        Some(())
    }
}

impl TableLines {
    #[inline(always)]
    fn field(&self, id: FieldId) -> Option<&FieldLine> {
        self.fields.get(usize::from(id.0))?.as_ref()
    }

    #[inline(always)]
    fn begin_update(&self, out: &mut Output<'_>, digits: &Digits, field: &FieldLine) {
        self.update.append(out);
        out.digits(digits);
        field.name.append(out);
    }
}
