//! Values as joedb commands write them; the raw form writes them the same way.

use super::{BlobReader, Style};
use crate::entry::{RecordId, TableId};
use crate::text::append::Append;
use crate::text::escape::{self, Escape};
use crate::text::time::Utc;
use crate::text::{Output, float};
use crate::value::{BlobPosition, FieldType, Value};

/// A style, and what values need beyond it.
pub(super) struct ValueWriter {
    pub(super) style: Style,
    pub(super) blobs: Option<BlobReader>,
}

impl ValueWriter {
    #[inline]
    pub(super) fn escape(&self) -> Escape {
        match (self.style.is_reference(), self.style.is_reference_9()) {
            (_, true) => Escape::Reference9,
            (true, false) => Escape::Reference,
            (false, false) => Escape::Safe,
        }
    }

    /// Names are identifiers, unless the reference's text is asked for, which copies whatever there is.
    pub(super) fn name(&self, out: &mut Output<'_>, name: &[u8]) {
        if self.style.is_reference() {
            out.bytes(name);
        } else {
            escape::escaped(out, name, Escape::Safe);
        }
    }

    pub(super) fn quoted(&self, out: &mut Output<'_>, text: &[u8]) {
        escape::quoted(out, text, self.escape());
    }

    /// joedb 9 counts records from 1, and null is 0.
    #[inline(always)]
    pub(super) const fn record_number(&self, record: RecordId) -> i64 {
        if self.style.is_reference_9() { record.0.wrapping_add(1) } else { record.0 }
    }

    #[inline]
    pub(super) fn record(&self, out: &mut Output<'_>, record: RecordId) {
        out.integer(self.record_number(record));
    }

    #[inline]
    pub(super) fn value(&self, out: &mut Output<'_>, value: &Value<'_>) {
        match *value {
            Value::String(text) => self.quoted(out, text),
            _ => self.number(out, value),
        }
    }

    /// A value that is no string.
    #[inline(always)]
    pub(super) fn number(&self, out: &mut impl Append, value: &Value<'_>) {
        match *value {
            Value::String(_) => {}
            Value::Int32(number) => out.integer(number),
            Value::Int64(number) => out.integer(number),
            Value::Reference(record) => out.integer(self.record_number(record)),
            Value::Boolean(truth) => self.boolean(out, truth),
            Value::Float32(number) => self.float(out, number),
            Value::Float64(number) => self.float(out, number),
            Value::Int8(number) => out.integer(number),
            Value::Int16(number) => out.integer(number),
            Value::Blob(blob) => self.blob(out, blob),
        }
    }

    fn boolean(&self, out: &mut impl Append, truth: bool) {
        out.short(match (truth, self.style.is_reference_9()) {
            (true, true) => b"1",
            (false, true) => b"0",
            (true, false) => b"true",
            (false, false) => b"false",
        });
    }

    fn float<F: float::Float>(&self, out: &mut impl Append, number: F) {
        if self.style.is_reference() {
            float::six_digits(out, number.double());
        } else {
            float::lossless(out, number);
        }
    }

    /// `position,size`; the one number of version 4 in its own dumps, and where its size cannot be found.
    fn blob(&self, out: &mut impl Append, blob: BlobPosition) {
        let located = match blob.size {
            Some(size) => Some((blob.position, size)),
            None if self.style.is_reference() => None,
            None => self.blobs.as_ref().and_then(|blobs| blobs.locate(blob)),
        };
        match located {
            Some((position, size)) => {
                out.integer(position);
                out.byte(b',');
                out.integer(size);
            }
            None => out.integer(blob.position),
        }
    }

    /// A type as `add_field` names it, `table` printing the table referred to. Unknown types print nothing.
    pub(super) fn field_type(
        &self,
        out: &mut Output<'_>,
        field_type: FieldType,
        table: impl FnOnce(&mut Output<'_>, TableId),
    ) {
        match field_type {
            FieldType::Plain(plain) => out.bytes(plain.name().as_bytes()),
            FieldType::References(id) => {
                out.bytes(b"references ");
                table(out, id);
            }
            FieldType::Null => out.bytes(b"null"),
            FieldType::Unknown(_) => {}
        }
    }

    pub(super) fn date(&self, out: &mut Output<'_>, seconds: i64) {
        let date = Utc::from_seconds(seconds);
        if self.style.is_reference() { date.write_as_reference(out) } else { date.write(out) }
    }

    /// The command with which joedb writes a blob, in the version whose text this is.
    pub(super) fn blob_command(&self) -> &'static [u8] {
        if self.style.is_reference_9() { b"blob " } else { b"write_blob " }
    }
}
