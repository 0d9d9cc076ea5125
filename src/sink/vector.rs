//! The values of an `update_vector`, some of them at a time.

use super::line::LineForm;
use crate::codec::Cursor;
use crate::text::Output;
use crate::text::append::Append;
use crate::value::{Type, Value, Values};

/// So many values fit into a room: the longest are NaNs with all their bits, and blobs in JSON.
const TOGETHER: usize = 64;

/// Appends values as a form's lines have them, with a byte before each: `before` of them the first, then the second.
pub(super) fn append<F: LineForm>(form: &F, out: &mut Output<'_>, values: &Values<'_>, before: [u8; 2]) {
    let mut items = Items { form, before };
    match values.value_type() {
        Type::String => items.strings(out, values),
        Type::Int32 => items.fixed(out, values, |bytes| Value::Int32(i32::from_le_bytes(bytes))),
        Type::Int64 => items.fixed(out, values, |bytes| Value::Int64(i64::from_le_bytes(bytes))),
        Type::Float32 => items.fixed(out, values, |bytes| Value::Float32(f32::from_le_bytes(bytes))),
        Type::Float64 => items.fixed(out, values, |bytes| Value::Float64(f64::from_le_bytes(bytes))),
        Type::Int8 => items.fixed(out, values, |bytes| Value::Int8(i8::from_le_bytes(bytes))),
        Type::Int16 => items.fixed(out, values, |bytes| Value::Int16(i16::from_le_bytes(bytes))),
        Type::Boolean => items.fixed(out, values, |[byte]| Value::Boolean(byte != 0)),
        Type::Reference | Type::Blob => {
            for value in values.iter() {
                items.number(out, &value);
                out.breathe();
            }
        }
    }
}

struct Items<'f, F> {
    form: &'f F,
    before: [u8; 2],
}

impl<F: LineForm> Items<'_, F> {
    #[inline(always)]
    fn before(&mut self) -> u8 {
        let [before, next] = self.before;
        self.before = [next; 2];
        before
    }

    #[inline(always)]
    fn number(&mut self, out: &mut impl Append, value: &Value<'_>) {
        out.byte(self.before());
        self.form.number(out, value);
    }

    /// Values of one size.
    #[inline(always)]
    fn fixed<const N: usize>(
        &mut self,
        out: &mut Output<'_>,
        values: &Values<'_>,
        value: impl Fn([u8; N]) -> Value<'static>,
    ) {
        for some in values.bytes.as_chunks::<N>().0.chunks(TOGETHER) {
            let before = self.before;
            let in_a_hurry = out.in_room(|room| {
                some.iter().for_each(|&bytes| self.number(room, &value(bytes)));
                Some(())
            });
            if in_a_hurry.is_none() {
                self.before = before;
                some.iter().for_each(|&bytes| self.number(out, &value(bytes)));
            }
            out.breathe();
        }
    }

    fn strings(&mut self, out: &mut Output<'_>, values: &Values<'_>) {
        let mut cursor = Cursor::new(values.bytes);
        for _ in 0..values.count() {
            let Ok(length) = cursor.compact() else { break };
            let ahead = cursor.rest();
            let Ok(text) = cursor.take(length) else { break };
            let before = self.before();
            let in_a_hurry = out.in_room(|room| {
                room.byte(before);
                room.quoted(self.form.quote()?, ahead, text.len(), F::PLAIN)
            });
            if in_a_hurry.is_none() {
                out.byte(before);
                self.form.string(out, text);
            }
            out.breathe();
        }
    }
}
