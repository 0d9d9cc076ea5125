//! Random entries, against tables as simple as they can be.

use crate::acts::{Act, Plain, any_act, beginning};
use crate::entries::*;
use joedb::store::{Conflict, Limits, Store};
use joedb::{BlobPosition, RecordId, Type, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A value, by its type and its bits, so that every float equals itself alone.
type Frozen = (Type, Vec<u8>);

fn frozen(value: &Value<'_>) -> Frozen {
    let bytes = match *value {
        Value::String(text) => text.to_vec(),
        Value::Int8(number) => number.to_le_bytes().to_vec(),
        Value::Int16(number) => number.to_le_bytes().to_vec(),
        Value::Int32(number) => number.to_le_bytes().to_vec(),
        Value::Int64(number) => number.to_le_bytes().to_vec(),
        Value::Float32(number) => number.to_bits().to_le_bytes().to_vec(),
        Value::Float64(number) => number.to_bits().to_le_bytes().to_vec(),
        Value::Boolean(truth) => vec![truth.into()],
        Value::Reference(record) => record.0.to_le_bytes().to_vec(),
        Value::Blob(BlobPosition { position, size }) => format!("{position} {size:?}").into_bytes(),
    };
    (value.value_type(), bytes)
}

fn unset(value_type: Type) -> Frozen {
    frozen(&match value_type {
        Type::String => Value::String(b""),
        Type::Int8 => Value::Int8(0),
        Type::Int16 => Value::Int16(0),
        Type::Int32 => Value::Int32(0),
        Type::Int64 => Value::Int64(0),
        Type::Float32 => Value::Float32(0.0),
        Type::Float64 => Value::Float64(0.0),
        Type::Boolean => Value::Boolean(false),
        Type::Reference => Value::Reference(RecordId::NULL),
        Type::Blob => Value::Blob(BlobPosition { position: 0, size: Some(0) }),
    })
}

/// Why the model does not take an entry.
#[derive(Debug, PartialEq)]
enum Refused {
    Nonsense,
    Missing(i64),
    InUse(i64),
}

impl From<Conflict> for Refused {
    fn from(conflict: Conflict) -> Refused {
        match conflict {
            Conflict::NothingToDelete { record, .. } | Conflict::NothingToUpdate { record, .. } => {
                Refused::Missing(record.0)
            }
            Conflict::InsertedTwice { record, .. } => Refused::InUse(record.0),
            Conflict::Nonsense(_) => Refused::Nonsense,
            conflict => panic!("{conflict}"),
        }
    }
}

#[derive(Debug, Default)]
struct ModelTable {
    name: String,
    fields: BTreeMap<u16, (String, Type)>,
    next_field: u16,
    in_use: BTreeSet<i64>,
    end: i64,
    /// What was ever set.
    values: HashMap<(i64, u16), Frozen>,
}

#[derive(Debug, Default)]
struct Model {
    tables: BTreeMap<u16, ModelTable>,
    next_table: u16,
}

impl Model {
    fn take(&mut self, act: &Act) -> Result<(), Refused> {
        if let Act::CreateTable(name) = act {
            return self.create(name);
        }
        let name_in_use = |name: &String| self.tables.values().any(|table| table.name == *name);
        if matches!(act, Act::RenameTable(_, name) if name_in_use(name)) {
            return Err(Refused::Nonsense);
        }
        let id = act.table();
        if let Act::UpdateVector(.., values) = act
            && values.is_empty()
        {
            return Ok(());
        }
        let table = self.tables.get_mut(&id).ok_or(Refused::Nonsense)?;
        match act {
            Act::CreateTable(_) => {}
            Act::RenameTable(_, name) => table.name.clone_from(name),
            Act::DropTable(_) => drop(self.tables.remove(&id)),
            act => table.take(act)?,
        }
        Ok(())
    }

    fn create(&mut self, name: &str) -> Result<(), Refused> {
        if self.tables.values().any(|table| table.name == name) {
            return Err(Refused::Nonsense);
        }
        self.next_table += 1;
        self.tables.insert(self.next_table, ModelTable { name: name.to_owned(), ..ModelTable::default() });
        Ok(())
    }

    fn assert_equals(&self, store: &Store) {
        let ids: Vec<u16> = store.tables().map(|table| table.id().0).collect();
        assert_eq!(ids, self.tables.keys().copied().collect::<Vec<u16>>());
        for (table, model) in store.tables().zip(self.tables.values()) {
            assert_eq!(table.name(), model.name.as_bytes());
            assert_eq!(table.end().0, model.end);
            assert_eq!(table.len(), model.in_use.len() as u64);
            assert_eq!(records(store, table.id().0), model.in_use.iter().copied().collect::<Vec<i64>>());
            let fields: Vec<(u16, &[u8])> =
                table.fields().map(|field| (field.id().0, field.name())).collect();
            let expected = model.fields.iter().map(|(id, (name, _))| (*id, name.as_bytes()));
            assert_eq!(fields, expected.collect::<Vec<_>>());
            for record in -1..model.end + 2 {
                assert_eq!(table.contains(RecordId(record)), model.in_use.contains(&record));
                for (&field, (_, value_type)) in &model.fields {
                    let set = model.values.get(&(record, field)).cloned();
                    let expected =
                        model.in_use.contains(&record).then(|| set.unwrap_or_else(|| unset(*value_type)));
                    let found = value(store, table.id().0, record, field);
                    assert_eq!(found.as_ref().map(frozen), expected, "record {record}, field {field}");
                }
            }
        }
    }
}

impl ModelTable {
    fn take(&mut self, act: &Act) -> Result<(), Refused> {
        match act {
            Act::AddField(_, name, _) | Act::RenameField(_, _, name) if self.has_field(name) => {
                return Err(Refused::Nonsense);
            }
            Act::AddField(_, name, value_type) => {
                self.next_field += 1;
                self.fields.insert(self.next_field, (name.clone(), *value_type));
            }
            Act::RenameField(_, field, name) => {
                self.fields.get_mut(field).ok_or(Refused::Nonsense)?.0.clone_from(name);
            }
            Act::DropField(_, field) => {
                self.fields.remove(field).ok_or(Refused::Nonsense)?;
                self.values.retain(|(_, of), _| of != field);
            }
            Act::Insert(_, first, count, _) => self.insert(*first, *count)?,
            Act::Delete(_, first, count, _) => {
                self.all_exist(*first, *count)?;
                self.in_use.retain(|record| !(*first..first + count).contains(record));
            }
            Act::Update(_, record, field, value) => {
                self.update(*record, *field, std::slice::from_ref(value))?
            }
            Act::UpdateVector(_, first, field, values) => self.update(*first, *field, values)?,
            Act::CreateTable(_) | Act::RenameTable(..) | Act::DropTable(_) => {}
        }
        Ok(())
    }

    fn has_field(&self, name: &str) -> bool {
        self.fields.values().any(|(other, _)| other == name)
    }

    fn insert(&mut self, first: i64, count: i64) -> Result<(), Refused> {
        if first < 0 {
            return Err(Refused::Nonsense);
        }
        if let Some(used) = (first..first + count).find(|record| self.in_use.contains(record)) {
            return Err(Refused::InUse(used));
        }
        self.in_use.extend(first..first + count);
        if count > 0 {
            self.end = self.end.max(first + count);
        }
        Ok(())
    }

    fn all_exist(&self, first: i64, count: i64) -> Result<(), Refused> {
        if first < 0 {
            return Err(Refused::Nonsense);
        }
        if first > self.end {
            return Err(Refused::Missing(first));
        }
        let missing = (first..first + count).find(|record| !self.in_use.contains(record));
        missing.map_or(Ok(()), |record| Err(Refused::Missing(record)))
    }

    fn update(&mut self, first: i64, field: u16, values: &[Plain]) -> Result<(), Refused> {
        let value_type = self.fields.get(&field).ok_or(Refused::Nonsense)?.1;
        if values.iter().any(|value| value.value().value_type() != value_type) {
            return Err(Refused::Nonsense);
        }
        self.all_exist(first, i64::try_from(values.len()).unwrap())?;
        for (record, value) in (first..).zip(values) {
            self.values.insert((record, field), frozen(&value.value()));
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn a_store_holds_what_the_model_holds_and_refuses_what_it_refuses(acts in vec(any_act(), 0..120)) {
        let (mut store, mut model) = (Store::new(Limits::default()), Model::default());
        let mut taken = 0;
        for act in beginning().iter().chain(&acts) {
            let expected = model.take(act);
            let found = act.apply(&mut store).map_err(Refused::from);
            prop_assert_eq!(&found, &expected, "{:?}", act);
            taken += usize::from(found.is_ok());
        }
        model.assert_equals(&store);
        prop_assert!(taken >= 22);
    }
}
