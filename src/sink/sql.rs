//! The log as SQL: the reference's text, or statements that SQLite takes whole.

use super::blob::hex;
use super::commands::{UNKNOWN_FIELD, UNKNOWN_TABLE};
use super::line::{Line, LineForm, Pieces};
use super::lines::{self, Lines};
use super::sql_float;
use super::sql_names::{SqlNames, is_reserved_field, is_reserved_table};
use super::{BlobReader, Ended, Format, Run, Style};
use crate::decode::Context;
use crate::entry::{Entry, FieldId, Located, RecordId, TableId};
use crate::journal::VectorPart;
use crate::schema::Schema;
use crate::skip::Step;
use crate::text::append::Append;
use crate::text::escape::{Escape, character, copied, escaped, is_harmless, safe_character};
use crate::text::plain::Plain;
use crate::text::room::Room;
use crate::text::time::Utc;
use crate::text::{Output, float};
use crate::value::{BlobPosition, FieldType, Type, Value, Values};

/// SQL statements in one transaction.
///
/// What SQLite gives back, unless the reference's text is asked for:
///
/// * integers and records as they are, booleans as 1 and 0, the null reference as NULL;
/// * a string as TEXT; one that is no UTF-8, or holds a NUL, as a BLOB of the same bytes;
/// * a float64 with the same bits, a float32 with the same bits once it is narrowed. SQLite has no NaN: it is TEXT, spelled as
///   in commands (`nan`, `-nan`, `nan(0x7ff8000000000001)`). The text has `-0.0`, of which a REAL column keeps `0.0`;
/// * the data of a blob with [`Style::blob_data`], else NULL; NULL where it is not in this log.
///
/// A value that was never set is NULL. Names that SQLite cannot hold get the table's or field's id and two underscores before
/// them. What SQLite cannot take at all is a table of more than 2000 fields.
pub struct Sql {
    style: Style,
    blobs: Option<BlobReader>,
    names: SqlNames,
    /// The reference prints nothing at all of a log without entries, unless it prints positions.
    silent: bool,
    lines: Lines,
}

/// Above this many rows, an insertion is one statement that counts.
const ROWS_ONE_BY_ONE: u64 = 4096;

impl Sql {
    /// SQL in a style. `blobs` reads the data that blob values point to, for [`Style::blob_data`].
    #[must_use]
    pub fn new(style: Style, blobs: Option<BlobReader>) -> Sql {
        Sql { style, blobs, names: SqlNames::default(), silent: false, lines: Lines::default() }
    }

    fn table_name<'a>(&'a self, id: TableId, schema: &'a Schema) -> &'a [u8] {
        let name = schema.table(id).map_or(UNKNOWN_TABLE, |table| table.name());
        self.names.tables.get(id, name)
    }

    fn field_name<'a>(&'a self, table: TableId, id: FieldId, schema: &'a Schema) -> &'a [u8] {
        let name = schema.field(table, id).map_or(UNKNOWN_FIELD, |field| field.name());
        self.names.fields.get(&table).map_or(name, |scope| scope.get(id, name))
    }

    fn table(&self, out: &mut Output<'_>, before: &[u8], id: TableId, schema: &Schema) {
        out.bytes(before);
        identifier(out, self.table_name(id, schema));
    }

    fn row_condition(&self, out: &mut Output<'_>, record: RecordId) {
        out.bytes(b" WHERE \"__id\" = ");
        out.integer(record.0);
        out.bytes(b";\n");
    }

    fn update(
        &self,
        out: &mut Output<'_>,
        target: (TableId, RecordId, FieldId),
        value: &Value<'_>,
        schema: &Schema,
    ) {
        let (table, record, field) = target;
        if matches!(value, Value::Blob(_)) && !self.style.blob_data {
            out.bytes(b"-- ");
        }
        self.table(out, b"UPDATE ", table, schema);
        out.bytes(b" SET ");
        identifier(out, self.field_name(table, field, schema));
        out.bytes(b" = ");
        self.value(out, value);
        self.row_condition(out, record);
    }

    fn update_vector(
        &self,
        out: &mut Output<'_>,
        (table, first, field): (TableId, RecordId, FieldId),
        values: &Values<'_>,
        schema: &Schema,
    ) {
        let line = self.update_pieces(table, field, values.value_type(), schema);
        if let Some(line) = line.and_then(|pieces| Line::of_values(values, pieces))
            && !first.is_null()
        {
            return line.append_all(self, out, first, values);
        }
        let mut record = first;
        for value in values.iter() {
            self.update(out, (table, record, field), &value, schema);
            out.breathe();
            record = record.next();
        }
    }

    /// What stands around the value and the record of an update; `None` where the data of a blob is the value.
    fn update_pieces(
        &self,
        table: TableId,
        field: FieldId,
        value_type: Type,
        schema: &Schema,
    ) -> Option<Pieces> {
        if value_type == Type::Blob && self.style.blob_data {
            return None;
        }
        let remark: &[u8] = if value_type == Type::Blob { b"-- " } else { b"" };
        let (table_name, field_name) =
            (self.table_name(table, schema), self.field_name(table, field, schema));
        let before = [remark, b"UPDATE \"", table_name, b"\" SET \"", field_name, b"\" = "].concat();
        Some(Pieces { before, between: b" WHERE \"__id\" = ".to_vec(), behind: b";\n".to_vec() })
    }

    fn value(&self, out: &mut Output<'_>, value: &Value<'_>) {
        match *value {
            Value::String(text) => self.text(out, text),
            Value::Blob(blob) if self.style.blob_data => self.blob(out, blob),
            _ => self.plain_value(out, value),
        }
    }

    fn text(&self, out: &mut Output<'_>, text: &[u8]) {
        if self.style.is_reference() { hex_literal(out, text) } else { text_literal(out, text) }
    }

    /// A value that is neither a string nor the data of a blob.
    #[inline(always)]
    fn plain_value(&self, out: &mut impl Append, value: &Value<'_>) {
        match *value {
            Value::String(_) => {}
            Value::Int32(number) => out.integer(number),
            Value::Int64(number) => out.integer(number),
            Value::Int8(number) => out.integer(number),
            Value::Int16(number) => out.integer(number),
            Value::Reference(record) if record.is_null() => out.bytes(b"NULL"),
            Value::Reference(record) => out.integer(record.0),
            Value::Boolean(truth) => out.byte(if truth { b'1' } else { b'0' }),
            Value::Float32(number) if self.style.is_reference() => {
                float::six_digits(out, f64::from(number));
            }
            Value::Float32(number) => sql_float::single(out, number),
            Value::Float64(number) if self.style.is_reference() => float::six_digits(out, number),
            Value::Float64(number) => sql_float::double(out, number),
            Value::Blob(_) => out.bytes(b"\"BLOB\""),
        }
    }

    /// The data; NULL and the reason where it is not in this log.
    fn blob(&self, out: &mut Output<'_>, blob: BlobPosition) {
        let located = self.blobs.as_ref().and_then(|blobs| Some((blobs, blobs.locate(blob)?)));
        let Some((blobs, (position, size))) = located else {
            return out.text(format_args!("NULL /* a blob at {}, outside of this log */", blob.position));
        };
        out.bytes(b"X'");
        let written = blobs.write_hex(out, position, size);
        out.byte(b'\'');
        if let Err(error) = written {
            out.text(format_args!(" /* a blob at {position}, cut: {} */", error.kind()));
        }
    }

    fn insert(&self, out: &mut Output<'_>, table: TableId, record: i64, schema: &Schema) {
        self.table(out, b"INSERT INTO ", table, schema);
        out.bytes(b"(\"__id\") VALUES(");
        out.integer(record);
        out.bytes(b");\n");
    }

    fn insert_vector(&self, out: &mut Output<'_>, table: TableId, records: Records, schema: &Schema) {
        if !self.style.is_reference() && records.count() > ROWS_ONE_BY_ONE {
            let Records { first, last } = records;
            self.table(out, b"INSERT INTO ", table, schema);
            out.text(format_args!(
                "(\"__id\") WITH RECURSIVE \"__rows\"(\"__id\") AS (SELECT {first} UNION ALL SELECT \"__id\" + 1 \
                 FROM \"__rows\" WHERE \"__id\" < {last}) SELECT \"__id\" FROM \"__rows\";\n"
            ));
            return;
        }
        for record in records.first..=records.last {
            self.insert(out, table, record, schema);
            out.breathe();
            if out.has_failed() {
                return;
            }
        }
    }

    fn delete_vector(&self, out: &mut Output<'_>, table: TableId, records: Records, schema: &Schema) {
        if !self.style.is_reference() {
            let Records { first, last } = records;
            self.table(out, b"DELETE FROM ", table, schema);
            return out.text(format_args!(" WHERE \"__id\" BETWEEN {first} AND {last};\n"));
        }
        for record in (records.first..=records.last).rev() {
            self.table(out, b"DELETE FROM ", table, schema);
            self.row_condition(out, RecordId(record));
            out.breathe();
            if out.has_failed() {
                return;
            }
        }
    }

    /// The rest of a comment's line.
    fn remark(&self, out: &mut Output<'_>, text: &[u8]) {
        if self.style.is_reference() {
            out.bytes(text);
        } else {
            escaped(out, text, Escape::Safe);
        }
        out.byte(b'\n');
    }

    fn timestamp(&self, out: &mut Output<'_>, seconds: i64) {
        out.bytes(b"-- ");
        let date = Utc::from_seconds(seconds);
        if self.style.is_reference() {
            date.write_as_reference(out);
        } else {
            out.text(format_args!("timestamp {seconds} {date}"));
        }
        out.byte(b'\n');
    }
}

/// A run of records that is not empty.
#[derive(Clone, Copy)]
struct Records {
    first: i64,
    last: i64,
}

impl Records {
    /// `None` for no records; a run that would leave the numbers ends there.
    fn new(first: RecordId, count: u64) -> Option<Records> {
        let further = count.checked_sub(1)?;
        Some(Records { first: first.0, last: first.0.saturating_add_unsigned(further) })
    }

    fn count(self) -> u64 {
        self.last.abs_diff(self.first).saturating_add(1)
    }
}

/// A name in double quotes; only the reference's text can hold names that have to be quoted with care, and it
/// does not.
fn identifier(out: &mut Output<'_>, name: &[u8]) {
    out.byte(b'"');
    out.bytes(name);
    out.byte(b'"');
}

fn rename_table(out: &mut Output<'_>, old: &[u8], new: &[u8]) {
    out.bytes(b"ALTER TABLE ");
    identifier(out, old);
    out.bytes(b" RENAME TO ");
    identifier(out, new);
    out.bytes(b";\n");
}

fn hex_literal(out: &mut Output<'_>, bytes: &[u8]) {
    out.bytes(b"X'");
    for piece in bytes.chunks(64 * 1024) {
        hex(out, piece);
        out.breathe();
    }
    out.byte(b'\'');
}

/// `'text'` for UTF-8 without NUL; where a terminal would obey part of it, the same text through its bytes; what
/// is no text stays a blob.
fn text_literal(out: &mut Output<'_>, bytes: &[u8]) {
    if is_harmless(bytes) {
        out.byte(b'\'');
        copied(out, bytes, PLAIN, |room, at| special(room, bytes.get(at..).unwrap_or_default()));
        out.byte(b'\'');
    } else if std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0')) {
        out.bytes(b"CAST(");
        hex_literal(out, bytes);
        out.bytes(b" AS TEXT)");
    } else {
        hex_literal(out, bytes);
    }
}

const PLAIN: Plain = Plain::without([b'\''; 3]);

/// Writes the harmless character that `rest` begins with, which is not plain, and returns how many bytes it has.
#[inline(always)]
fn special(room: &mut Room<'_>, rest: &[u8]) -> usize {
    let length = safe_character(rest).max(1);
    if rest.first() == Some(&b'\'') {
        room.bytes(b"''");
    } else {
        character(room, rest, length);
    }
    length
}

/// What a column is declared as.
pub(crate) const fn column_type(plain: Type) -> &'static str {
    match plain {
        Type::String => "TEXT",
        Type::Int32 | Type::Reference => "INTEGER",
        Type::Int64 => "BIGINT",
        Type::Boolean | Type::Int8 | Type::Int16 => "SMALLINT",
        Type::Float32 | Type::Float64 => "REAL",
        Type::Blob => "BLOB",
    }
}

impl Sql {
    /// Schema entries change the names first, so that the new one can be printed beside the old one.
    fn schema_entry(&mut self, out: &mut Output<'_>, entry: &Entry<'_>, schema: &Schema) {
        self.lines.forget(entry);
        match *entry {
            Entry::CreateTable { name } => {
                out.bytes(b"CREATE TABLE ");
                let id = schema.next_table().unwrap_or_default();
                let name = self.new_table_name(id, name);
                identifier(out, &name);
                out.bytes(b"(\"__id\" INTEGER PRIMARY KEY);\n");
            }
            Entry::DropTable { table } => {
                self.table(out, b"DROP TABLE ", table, schema);
                out.bytes(b";\n");
                self.names
                    .tables
                    .remove(table, schema.table(table).map_or(UNKNOWN_TABLE, |table| table.name()));
                self.names.fields.remove(&table);
            }
            Entry::RenameTable { table, name } => {
                let old: Box<[u8]> = self.table_name(table, schema).into();
                self.names
                    .tables
                    .remove(table, schema.table(table).map_or(UNKNOWN_TABLE, |table| table.name()));
                let new = self.new_table_name(table, name);
                if self.style.is_reference() || !old.eq_ignore_ascii_case(&new) {
                    rename_table(out, &old, &new);
                } else if old != new {
                    // SQLite refuses a change of case alone.
                    let between = [b"__", &*new].concat();
                    rename_table(out, &old, &between);
                    rename_table(out, &between, &new);
                }
            }
            Entry::AddField { table, name, field_type } => {
                self.add_field(out, table, name, field_type, schema)
            }
            Entry::DropField { table, field } => {
                self.table(out, b"ALTER TABLE ", table, schema);
                out.bytes(b" DROP COLUMN ");
                identifier(out, self.field_name(table, field, schema));
                out.bytes(b";\n");
                self.forget_field(table, field, schema);
            }
            Entry::RenameField { table, field, name } => {
                self.table(out, b"ALTER TABLE ", table, schema);
                out.bytes(b" RENAME COLUMN ");
                identifier(out, self.field_name(table, field, schema));
                self.forget_field(table, field, schema);
                out.bytes(b" TO ");
                let name = self.new_field_name(table, field, name);
                identifier(out, &name);
                out.bytes(b";\n");
            }
            Entry::Custom { name } => {
                out.bytes(b"-- custom: ");
                self.remark(out, name);
            }
            _ => {}
        }
    }

    fn add_field(
        &mut self,
        out: &mut Output<'_>,
        table: TableId,
        name: &[u8],
        field_type: FieldType,
        schema: &Schema,
    ) {
        self.table(out, b"ALTER TABLE ", table, schema);
        out.bytes(b" ADD ");
        let id = schema.next_field(table).unwrap_or_default();
        let name = self.new_field_name(table, id, name);
        identifier(out, &name);
        out.byte(b' ');
        match field_type {
            FieldType::Plain(plain) => out.bytes(column_type(plain).as_bytes()),
            FieldType::References(target) => self.table(out, b"INTEGER REFERENCES ", target, schema),
            FieldType::Null => out.bytes(b"NULL"),
            FieldType::Unknown(_) => {}
        }
        out.bytes(b";\n");
    }

    fn new_table_name(&mut self, id: TableId, name: &[u8]) -> Box<[u8]> {
        if self.style.is_reference() {
            name.into()
        } else {
            self.names.tables.add(id, id.0, name, is_reserved_table)
        }
    }

    fn new_field_name(&mut self, table: TableId, id: FieldId, name: &[u8]) -> Box<[u8]> {
        if self.style.is_reference() {
            return name.into();
        }
        self.names.fields.entry(table).or_default().add(id, id.0, name, is_reserved_field)
    }

    fn forget_field(&mut self, table: TableId, field: FieldId, schema: &Schema) {
        let name = schema.field(table, field).map_or(UNKNOWN_FIELD, |field| field.name());
        if let Some(scope) = self.names.fields.get_mut(&table) {
            scope.remove(field, name);
        }
    }
}

/// `INSERT INTO "person"("__id") VALUES(0);`, `UPDATE "person" SET "name" = 'Rémi' WHERE "__id" = 0;`.
impl LineForm for Sql {
    const VALUE_FIRST: bool = true;
    const PLAIN: Plain = PLAIN;

    #[inline(always)]
    fn style(&self) -> &Style {
        &self.style
    }

    fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    fn pieces(&self, step: &Step, schema: &Schema) -> Option<Pieces> {
        let Context { table, field, .. } = step.context;
        if let Some(value_type) = step.kind.value_type() {
            return self.update_pieces(table, field, value_type, schema);
        }
        let before = [b"INSERT INTO \"", self.table_name(table, schema), b"\"(\"__id\") VALUES("].concat();
        Some(Pieces { before, between: Vec::new(), behind: b");\n".to_vec() })
    }

    fn quote(&self) -> Option<u8> {
        (!self.style.is_reference()).then_some(b'\'')
    }

    fn string(&self, out: &mut Output<'_>, text: &[u8]) {
        self.text(out, text);
    }

    #[inline(always)]
    fn number(&self, out: &mut impl Append, value: &Value<'_>) {
        self.plain_value(out, value);
    }
}

impl Format for Sql {
    fn begin(&mut self, out: &mut Output<'_>, position: u64, empty: bool) {
        self.silent = self.style.is_reference() && empty && !self.style.prints_positions();
        if self.silent {
            return;
        }
        if !self.style.is_reference() {
            // References may point to rows that come later, or are gone.
            out.bytes(b"PRAGMA foreign_keys = OFF;\n");
        }
        self.resume(out, position);
    }

    fn skip(&mut self, located: &Located<'_>, schema: &Schema) {
        if located.entry.is_schema() {
            self.schema_entry(&mut Output::memory(), &located.entry, schema);
        }
    }

    #[inline]
    fn entry(&mut self, out: &mut Output<'_>, located: &Located<'_>, schema: &Schema) {
        match located.entry {
            Entry::Update { table, record, field, ref value, .. } => {
                self.update(out, (table, record, field), value, schema);
            }
            Entry::UpdateVector { table, first, field, ref values } => {
                self.update_vector(out, (table, first, field), values, schema);
            }
            Entry::Insert { table, record, .. } => self.insert(out, table, record.0, schema),
            Entry::InsertVector { table, first, count } => {
                if let Some(records) = Records::new(first, count) {
                    self.insert_vector(out, table, records, schema);
                }
            }
            Entry::Delete { table, record } => {
                self.table(out, b"DELETE FROM ", table, schema);
                self.row_condition(out, record);
            }
            Entry::DeleteVector { table, first, count } => {
                if let Some(records) = Records::new(first, count) {
                    self.delete_vector(out, table, records, schema);
                }
            }
            Entry::Comment { text } => {
                out.bytes(b"-- ");
                self.remark(out, text);
            }
            Entry::Timestamp { seconds } => self.timestamp(out, seconds),
            Entry::ValidData => out.bytes(b"-- valid data\n"),
            Entry::Blob { .. } => {
                if let Some(blobs) = self.blobs.as_mut().filter(|_| self.style.blob_data) {
                    blobs.keep(located);
                }
            }
            Entry::EndOfFile => {}
            _ => self.schema_entry(out, &located.entry, schema),
        }
    }

    fn vector(&mut self, out: &mut Output<'_>, part: &VectorPart<'_>, schema: &Schema) {
        self.update_vector(out, (part.table(), part.record(), part.field()), part.values(), schema);
    }

    #[inline]
    fn run(
        &mut self,
        out: &mut Output<'_>,
        bytes: &[u8],
        position: u64,
        context: &mut Context,
        schema: &Schema,
    ) -> Run {
        lines::run(self, out, (bytes, position), context, schema)
    }

    fn fork(&self) -> Option<Sql> {
        let Sql { style, blobs, names, silent, .. } = self;
        let blobs = blobs.as_ref().map(BlobReader::fork);
        Some(Sql { style: *style, blobs, names: names.clone(), silent: *silent, lines: Lines::default() })
    }

    fn position(&mut self, out: &mut Output<'_>, position: u64) {
        out.text(format_args!("-- {position}\n"));
    }

    fn end(&mut self, out: &mut Output<'_>, position: u64, ended: Ended) {
        if self.silent || (self.style.is_reference() && !ended.whole) {
            return;
        }
        if !ended.whole {
            out.bytes(b"-- An error ended the log here; what came before is kept.\n");
        }
        self.pause(out, position);
        if ended.whole {
            out.byte(b'\n');
        }
    }

    fn pause(&mut self, out: &mut Output<'_>, checkpoint: u64) {
        out.text(format_args!("COMMIT; --checkpoint = {checkpoint}\n"));
    }

    fn break_off(&mut self, out: &mut Output<'_>) {
        out.bytes(b"ROLLBACK; -- interrupted before the checkpoint\n");
    }

    fn resume(&mut self, out: &mut Output<'_>, position: u64) {
        out.text(format_args!("BEGIN TRANSACTION; -- checkpoint = {position}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(bytes: &[u8]) -> String {
        let mut out = Output::memory();
        text_literal(&mut out, bytes);
        String::from_utf8_lossy(out.as_bytes()).into_owned()
    }

    #[test]
    fn text_is_text_unless_it_is_no_text_or_a_terminal_obeys_it() {
        assert_eq!(literal("it's é\n".as_bytes()), "'it''s é\n'");
        assert_eq!(literal(b"a\x1b[2J"), "CAST(X'611b5b324a' AS TEXT)");
        assert_eq!(literal(b"a\0b"), "X'610062'");
        assert_eq!(literal(b"\xff"), "X'ff'");
        assert_eq!(literal(b""), "''");
    }
}
