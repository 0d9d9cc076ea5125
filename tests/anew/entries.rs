//! The entries of a log.

use crate::support::journal;
use joedb::{Entry, Located, Value};

/// What `of` makes of each entry up to `end`, but where it makes nothing.
pub(crate) fn each<T>(bytes: &[u8], end: u64, mut of: impl FnMut(&Located<'_>) -> Option<T>) -> Vec<T> {
    let mut journal = journal(bytes);
    let (mut found, mut entries) = (Vec::new(), journal.entries(end));
    while let Some(located) = entries.next().unwrap() {
        found.extend(of(&located));
    }
    found
}

/// The very bytes of the entries that belong to the schema.
pub(crate) fn history(bytes: &[u8], end: u64) -> Vec<u8> {
    let at = |position| usize::try_from(position).unwrap();
    let own = |located: &Located<'_>| bytes[at(located.position)..at(located.end())].to_vec();
    each(bytes, end, |located| located.entry.is_schema().then(|| own(located))).concat()
}

/// An entry as it compares between versions: without the positions of blobs.
pub(crate) fn shown(entry: &Entry<'_>) -> String {
    match *entry {
        Entry::Blob { data, .. } => format!("blob {data:?}"),
        Entry::Update { table, record, field, ref value, form } => {
            format!("{table:?} {record:?} {field:?} {form:?} {}", shown_value(value))
        }
        Entry::UpdateVector { table, first, field, values } => {
            let values: Vec<String> = values.iter().map(|value| shown_value(&value)).collect();
            format!("{table:?} {first:?} {field:?} {values:?}")
        }
        ref other => format!("{other:?}"),
    }
}

fn shown_value(value: &Value<'_>) -> String {
    match value {
        Value::Blob(_) => "blob".to_owned(),
        Value::Float32(number) => number.to_bits().to_string(),
        Value::Float64(number) => number.to_bits().to_string(),
        other => format!("{other:?}"),
    }
}
