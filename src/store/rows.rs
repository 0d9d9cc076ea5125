//! The rows of one table.

use super::column::Column;
use super::conflict::Refusal;
use super::limits::Allowance;
use super::records::Records;
use crate::entry::{FieldId, RecordId};
use crate::value::{Value, Values};

/// The rows of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) records: Records,
    /// By id; none for dropped fields, and for those whose type has no values.
    pub(super) columns: Vec<Option<Column>>,
}

/// The place of a table or field among the others: ids count from 1.
#[inline]
pub(super) fn place(id: u16) -> Option<usize> {
    usize::from(id).checked_sub(1)
}

impl Rows {
    #[inline]
    pub(super) fn column(&self, id: FieldId) -> Option<&Column> {
        self.columns.get(place(id.0)?)?.as_ref()
    }

    // See `Store::apply`.
    #[inline(always)]
    pub(super) fn update(
        &mut self,
        record: RecordId,
        field: FieldId,
        value: &Value<'_>,
        allowance: &mut Allowance,
    ) -> Result<(), Refusal> {
        let index = self.records.existing(record)?;
        self.column_mut(field)?.set(index, value, allowance)
    }

    pub(super) fn update_vector(
        &mut self,
        first: RecordId,
        field: FieldId,
        values: &Values<'_>,
        allowance: &mut Allowance,
    ) -> Result<(), Refusal> {
        let range = self.records.all_existing(first, values.count())?;
        self.column_mut(field)?.set_all(range.start, values, allowance)
    }

    #[inline]
    fn column_mut(&mut self, id: FieldId) -> Result<&mut Column, Refusal> {
        let column = place(id.0).and_then(|place| self.columns.get_mut(place));
        column.and_then(Option::as_mut).ok_or(Refusal::Nonsense)
    }

    pub(super) fn memory(&self) -> usize {
        let columns = self.columns.iter().flatten().map(Column::memory);
        columns.fold(self.records.memory(), usize::saturating_add)
    }
}
