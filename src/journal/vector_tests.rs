use super::*;
use crate::encode::Encoder;
use crate::entry::{Entry, FieldId, Located, RecordId, TableId};
use crate::storage::memory::MemoryFile;
use crate::value::{Type, Value};

/// No part is longer, unless it is a single value.
const LONGEST_PART: usize = walk::TOGETHER as usize;

/// Takes vectors in parts, and stops after so many.
#[derive(Default)]
struct Parts {
    /// The values of each part, and how many bytes they have.
    parts: Vec<(Vec<String>, usize)>,
    wholes: usize,
    refuses: bool,
    stops_after: Option<usize>,
}

impl Visitor for Parts {
    type Error = SourceError;

    fn entry(&mut self, _: &Located<'_>) -> Result<Flow, SourceError> {
        self.wholes += 1;
        Ok(Flow::Continue)
    }

    fn takes_parts(&self) -> bool {
        true
    }

    fn wants_in_parts(&self, _: &Located<'_>) -> bool {
        !self.refuses
    }

    fn part(&mut self, part: &VectorPart<'_>, _: u64) -> Result<Flow, SourceError> {
        let before: usize = self.parts.iter().map(|(values, _)| values.len()).sum();
        assert_eq!((part.is_first(), part.record().0), (before == 0, 7 + before as i64));
        let values: Vec<String> = part.values().iter().map(|value| format!("{value:?}")).collect();
        assert_eq!(part.is_last(), before + values.len() == part.count() as usize);
        self.parts.push((values, part.values().bytes.len()));
        Ok(if self.stops_after == Some(self.parts.len()) { Flow::Stop } else { Flow::Continue })
    }
}

fn value(value_type: Type, number: u64) -> Value<'static> {
    const TEXT: &[u8] = &[b'x'; 300];
    match value_type {
        Type::String => Value::String(&TEXT[..(number % 300) as usize]),
        Type::Reference => Value::Reference(RecordId(number as i64)),
        _ => Value::Int64(number as i64),
    }
}

/// A log of one vector between two marks, and its values as text.
fn log(value_type: Type, values: &[Value<'_>]) -> (Vec<u8>, Vec<String>) {
    let mut encoder = Encoder::new(Version::V5);
    encoder.push(&Entry::ValidData);
    encoder.push_vector(TableId(1), RecordId(7), FieldId(1), value_type, values);
    encoder.push(&Entry::ValidData);
    (encoder.file(), values.iter().map(|value| format!("{value:?}")).collect())
}

fn journal(bytes: &[u8]) -> Journal {
    Journal::of_storage(Box::new(MemoryFile::new(bytes.to_vec()))).unwrap()
}

fn together(parts: Parts) -> Vec<String> {
    parts.parts.into_iter().flat_map(|(values, _)| values).collect()
}

fn values(value_type: Type) -> Vec<Value<'static>> {
    (0..50_000_u64).map(|number| value(value_type, number * number)).collect()
}

#[test]
fn the_parts_of_a_vector_are_short_and_together_all_of_it() {
    for value_type in [Type::Int64, Type::String, Type::Reference] {
        let (bytes, expected) = log(value_type, &values(value_type));
        let (mut journal, mut seen) = (journal(&bytes), Parts::default());
        assert_eq!(journal.entries(u64::MAX).walk(&mut seen).unwrap(), Walk::End);
        assert!(seen.parts.len() > 1 && seen.parts.iter().all(|(_, bytes)| *bytes <= LONGEST_PART));
        assert_eq!(seen.wholes, 2);
        assert!(together(seen) == expected, "{value_type:?}");
    }
}

#[test]
fn a_walk_that_stopped_inside_a_vector_goes_on_there() {
    let (bytes, expected) = log(Type::String, &values(Type::String));
    let (mut journal, mut seen) = (journal(&bytes), Parts { stops_after: Some(2), ..Parts::default() });
    let mut entries = journal.entries(u64::MAX);
    assert_eq!(entries.walk(&mut seen).unwrap(), Walk::Stopped);
    let (bookmark, position) = (entries.bookmark(), entries.position());
    seen.stops_after = None;
    assert_eq!(journal.entries_from(&bookmark, u64::MAX).walk(&mut seen).unwrap(), Walk::End);
    assert!(position < journal.size() && together(seen) == expected);
}

#[test]
fn a_value_longer_than_a_piece_is_a_part_of_its_own() {
    let long = vec![b'y'; 3 * PIECE as usize];
    let texts = [Value::String(b"before"), Value::String(&long), Value::String(b"behind")];
    let (bytes, expected) = log(Type::String, &texts);
    let (mut journal, mut seen) = (journal(&bytes), Parts::default());
    journal.entries(u64::MAX).walk(&mut seen).unwrap();
    assert_eq!(seen.parts.iter().map(|(values, _)| values.len()).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(together(seen) == expected);
}

#[test]
fn what_is_short_cut_or_not_wanted_in_parts_comes_whole_or_not_at_all() {
    let few: Vec<Value<'_>> = values(Type::Int64).into_iter().take(100).collect();
    let (bytes, _) = log(Type::Int64, &few);
    let (mut short, mut seen) = (journal(&bytes), Parts::default());
    short.entries(u64::MAX).walk(&mut seen).unwrap();
    assert_eq!((seen.wholes, seen.parts.len()), (3, 0));
    for value_type in [Type::Int64, Type::String] {
        let (bytes, _) = log(value_type, &values(value_type));
        let mut seen = Parts { refuses: true, ..Parts::default() };
        journal(&bytes).entries(u64::MAX).walk(&mut seen).unwrap();
        assert_eq!((seen.wholes, seen.parts.len()), (3, 0));
        let (mut cut, mut seen) = (journal(&bytes), Parts::default());
        let end = cut.size() - 2;
        assert!(matches!(cut.entries(end).walk(&mut seen).unwrap(), Walk::Undecodable(_)));
        assert_eq!((seen.wholes, seen.parts.len()), (1, 0));
    }
}
