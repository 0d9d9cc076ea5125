//! Insertions and updates of single records, which are nearly all of a long log, straight from their bytes.

use super::Store;
use super::conflict::Refusal;
use super::limits::Allowance;
use super::rows::Rows;
use crate::codec::Cursor;
use crate::decode::{Context, simple_target, value};
use crate::head::Version;
use crate::sink::Run;
use crate::value::{Type, Value};

impl Store {
    /// Takes what `bytes` begin with, up to the first entry that is of another kind, that would be refused, or that is
    /// cut; `context` is moved behind the last one taken.
    pub(super) fn take_ahead(&mut self, bytes: &[u8], context: &mut Context) -> Run {
        let mut run = Run::default();
        while let Some(rest) = bytes.get(run.bytes..).filter(|rest| !rest.is_empty())
            && let Some(length) = self.take_one_ahead(rest, context)
        {
            run.bytes = run.bytes.saturating_add(length);
            run.entries = run.entries.saturating_add(1);
        }
        run
    }

    #[inline(always)]
    fn take_one_ahead(&mut self, bytes: &[u8], context: &mut Context) -> Option<usize> {
        let mut cursor = Cursor::new(bytes);
        let (now, value_type) = simple_target(&mut cursor, *context)?;
        let (rows, allowance) = self.rows_mut(now.table).ok()?;
        match value_type {
            None => rows.records.insert(now.record, allowance).ok()?,
            Some(value_type) => update(rows, now, value_type, &mut cursor, allowance)?,
        }
        *context = now;
        Some(cursor.offset())
    }
}

/// Each arm knows the type of its value, so that only the way to a column of that type is left of it.
#[inline(always)]
fn update(
    rows: &mut Rows,
    to: Context,
    value_type: Type,
    cursor: &mut Cursor<'_>,
    allowance: &mut Allowance,
) -> Option<()> {
    let mut put = |value: Value<'_>| rows.update(to.record, to.field, &value, allowance);
    let put: Result<(), Refusal> = match value_type {
        Type::String => put(Value::String(cursor.string().ok()?)),
        Type::Int32 => put(Value::Int32(i32::from_le_bytes(cursor.array().ok()?))),
        Type::Int64 => put(Value::Int64(i64::from_le_bytes(cursor.array().ok()?))),
        // A blob value depends on the version.
        Type::Blob => return None,
        rarer => put(value(cursor, rarer, Version::V5).ok()?),
    };
    put.ok()
}
