//! Random logs as healthy writers leave them: every kind of entry, every type, both versions, and checkpoints at
//! boundaries. What is true of them is known without reading them.

use joedb::head::{HEAD_SIZE, Head};
use joedb::store::Store;
use joedb::{
    BlobPosition, Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, Schema, TableId, Type,
    UpdateForm, Value, Vector, Version,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A file, and what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) version: Version,
    pub(crate) bytes: Vec<u8>,
    /// 41, and the end of each entry.
    pub(crate) boundaries: Vec<u64>,
    /// Behind each `valid_data`.
    pub(crate) valid_data: Vec<u64>,
    /// Behind each `timestamp`.
    pub(crate) timestamps: Vec<u64>,
    /// The seconds of each of them.
    pub(crate) seconds: Vec<i64>,
    pub(crate) hard: u64,
    /// Above the hard checkpoint, if there is one.
    pub(crate) soft: Option<u64>,
    /// Above the hard checkpoint, if there is one.
    pub(crate) pending: Option<u64>,
}

/// Any log of up to `steps` entries, but for the few that it begins with.
pub(crate) fn any_log(steps: usize) -> impl Strategy<Value = Log> {
    (select(vec![Version::V4, Version::V5]), vec(any_step(), 0..=steps), any_marks()).prop_map(
        |(version, steps, marks)| {
            let mut author = Author::new(version);
            follow(steps).iter().for_each(|step| author.write(step));
            author.finish(&marks)
        },
    )
}

// ---- Entries -----------------------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    CreateTable,
    DropTable,
    RenameTable,
    AddField,
    DropField,
    RenameField,
    Insert,
    InsertVector,
    Delete,
    DeleteVector,
    Update,
    UpdateVector,
    Blob,
    Comment,
    Timestamp,
    Custom,
    ValidData,
}

fn any_act() -> impl Strategy<Value = Act> {
    use Act::*;
    prop_oneof![
        select(vec![CreateTable, DropTable, RenameTable, AddField, DropField, RenameField]),
        select(vec![Insert, InsertVector, Delete, DeleteVector]),
        select(vec![Update, UpdateVector]),
        select(vec![Blob, Comment, Timestamp, Custom, ValidData]),
    ]
}

/// An entry before it is known what it can be about.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) act: Act,
    /// Which of the tables, and which of its fields.
    place: (Index, Index),
    /// Whether it is about the place of the step before, and the record after its record.
    follows: bool,
    name: String,
    pub(crate) record: RecordId,
    pub(crate) number: u64,
    text: Vec<u8>,
    count: usize,
}

prop_compose! {
    pub(crate) fn any_step()(
        act in any_act(),
        place in any::<(Index, Index)>(),
        name in "[a-z]{1,3}",
        follows in any::<bool>(),
        record in (0_i64..3).prop_map(RecordId),
        number in any::<u64>(),
        text in vec(any::<u8>(), 0..40),
        count in 0_usize..4,
    ) -> Step {
        Step { act, place, follows, name, record, number, text, count }
    }
}

impl Step {
    /// The same, some records further: with other values.
    fn after(&self, number: usize) -> Step {
        let (mut step, turns) = (self.clone(), u32::try_from(number).unwrap());
        step.number = self.number.rotate_left(turns);
        step.text.truncate(self.text.len().saturating_sub(number));
        step
    }
}

/// Lets steps go on where the one before them stopped, as programs do in loops.
pub(crate) fn follow(mut steps: Vec<Step>) -> Vec<Step> {
    for next in 1..steps.len() {
        if steps[next].follows {
            steps[next].place = steps[next - 1].place;
            steps[next].record = steps[next - 1].record.next();
        }
    }
    steps
}

pub(crate) struct Author {
    version: Version,
    pub(crate) entries: Encoder,
    schema: Schema,
    /// Where only what can be loaded is written.
    pub(crate) store: Option<Store>,
    boundaries: Vec<u64>,
    valid_data: Vec<u64>,
    timestamps: Vec<u64>,
    seconds: Vec<i64>,
    blobs: Vec<BlobPosition>,
}

impl Author {
    /// An author who has made a table already, with a field of each type, so that most steps have something to do.
    pub(crate) fn new(version: Version) -> Author {
        let mut author = Author {
            version,
            entries: Encoder::new(version),
            schema: Schema::new(),
            store: None,
            boundaries: vec![HEAD_SIZE],
            valid_data: Vec::new(),
            timestamps: Vec::new(),
            seconds: Vec::new(),
            blobs: Vec::new(),
        };
        author.push(&Entry::CreateTable { name: b"T" });
        for value_type in Type::ALL {
            let name = [b'A' + value_type.id()];
            author.push(&Entry::AddField {
                table: TableId(1),
                name: &name,
                field_type: declared(value_type, TableId(1)),
            });
        }
        author
    }

    pub(crate) fn push(&mut self, entry: &Entry<'_>) {
        self.entries.push(entry);
        self.schema.apply(entry);
        let end = self.entries.position();
        self.boundaries.push(end);
        match entry {
            Entry::ValidData => self.valid_data.push(end),
            Entry::Timestamp { seconds } => {
                self.timestamps.push(end);
                self.seconds.push(*seconds);
            }
            Entry::Blob { data, .. } => self.remember_blob(data.len() as u64),
            _ => {}
        }
    }

    /// Carries a step out, or leaves it where it makes no sense: without a table, with a name that is in use.
    pub(crate) fn write(&mut self, step: &Step) {
        if let Act::UpdateVector = step.act {
            self.write_vector(step);
        } else if let Some(entry) = self.entry(step) {
            self.write_sense(&entry);
        }
    }

    fn write_sense(&mut self, entry: &Entry<'_>) {
        let is_loaded = |store: &mut Store| store.apply(entry).is_ok();
        if self.schema.check(entry).is_ok() && self.store.as_mut().is_none_or(is_loaded) {
            self.push(entry);
        }
    }

    fn write_vector(&mut self, step: &Step) {
        let Some((table, field, value_type)) = self.field(step) else { return };
        let mut values = Vector::new(value_type);
        for number in 0..step.count {
            values.push(&self.value(&step.after(number), value_type)).unwrap();
        }
        self.write_sense(&Entry::UpdateVector { table, first: step.record, field, values: values.values() });
    }

    fn entry<'s>(&self, step: &'s Step) -> Option<Entry<'s>> {
        let (name, text, record) = (step.name.as_bytes(), &step.text[..], step.record);
        let count = step.count as u64;
        Some(match step.act {
            Act::CreateTable => Entry::CreateTable { name },
            Act::DropTable => Entry::DropTable { table: self.table(step)? },
            Act::RenameTable => Entry::RenameTable { table: self.table(step)?, name },
            Act::AddField => self.new_field(step)?,
            Act::DropField => self.field(step).map(|(table, field, _)| Entry::DropField { table, field })?,
            Act::RenameField => {
                self.field(step).map(|(table, field, _)| Entry::RenameField { table, field, name })?
            }
            Act::Insert => Entry::Insert { table: self.table(step)?, record, form: InsertForm::InsertInto },
            Act::InsertVector => Entry::InsertVector { table: self.table(step)?, first: record, count },
            Act::Delete => Entry::Delete { table: self.table(step)?, record },
            Act::DeleteVector if self.version == Version::V4 => return None,
            Act::DeleteVector => Entry::DeleteVector { table: self.table(step)?, first: record, count },
            Act::Update => self.update(step)?,
            Act::UpdateVector => return None,
            Act::Blob => Entry::Blob { position: 0, data: text },
            Act::Comment => Entry::Comment { text },
            Act::Timestamp => Entry::Timestamp { seconds: step.number.cast_signed() },
            Act::Custom => Entry::Custom { name },
            Act::ValidData => Entry::ValidData,
        })
    }

    fn new_field<'s>(&self, step: &'s Step) -> Option<Entry<'s>> {
        let table = self.table(step)?;
        let tables: Vec<TableId> = self.schema.tables().map(|(table, _)| table).collect();
        let target = tables[usize::from(step.number.to_le_bytes()[0]) % tables.len()];
        let field_type = declared(*step.place.1.get(&Type::ALL), target);
        Some(Entry::AddField { table, name: step.name.as_bytes(), field_type })
    }

    fn update<'s>(&self, step: &'s Step) -> Option<Entry<'s>> {
        let (table, field, value_type) = self.field(step)?;
        let value = self.value(step, value_type);
        Some(Entry::Update { table, record: step.record, field, value, form: UpdateForm::Update })
    }

    pub(crate) fn table(&self, step: &Step) -> Option<TableId> {
        pick(self.schema.tables(), step.place.0).map(|(table, _)| table)
    }

    fn field(&self, step: &Step) -> Option<(TableId, FieldId, Type)> {
        let (id, table) = pick(self.schema.tables(), step.place.0)?;
        let (field, declared) = pick(table.fields(), step.place.1)?;
        Some((id, field, declared.field_type().value_type()?))
    }

    fn value<'s>(&self, step: &'s Step, value_type: Type) -> Value<'s> {
        let bytes = step.number.to_le_bytes();
        let [b0, b1, b2, b3, ..] = bytes;
        match value_type {
            Type::String => Value::String(&step.text),
            Type::Int32 => Value::Int32(i32::from_le_bytes([b0, b1, b2, b3])),
            Type::Int64 => Value::Int64(i64::from_le_bytes(bytes)),
            Type::Reference if b0 < 0x40 => Value::Reference(RecordId::NULL),
            Type::Reference => Value::Reference(step.record),
            Type::Boolean => Value::Boolean(b0 & 1 == 1),
            Type::Float32 => Value::Float32(f32::from_le_bytes([b0, b1, b2, b3])),
            Type::Float64 => Value::Float64(f64::from_le_bytes(bytes)),
            Type::Int8 => Value::Int8(b0.cast_signed()),
            Type::Int16 => Value::Int16(i16::from_le_bytes([b0, b1])),
            Type::Blob => Value::Blob(self.blob(step)),
        }
    }

    /// A blob that was written before, in version 5 sometimes the rest of one, or an empty one.
    fn blob(&self, step: &Step) -> BlobPosition {
        let empty = BlobPosition { position: 0, size: Some(0) };
        let BlobPosition { position, size } = pick(self.blobs.iter().copied(), step.place.0).unwrap_or(empty);
        match (self.version, size) {
            (Version::V5, Some(size)) if size > 0 && step.number.is_multiple_of(4) => {
                let skipped = step.number / 4 % size;
                BlobPosition { position: position + skipped, size: Some(size - skipped) }
            }
            _ => BlobPosition { position, size },
        }
    }

    /// Version 5 points to the data, version 4 to the length before it.
    fn remember_blob(&mut self, size: u64) {
        let position = match self.version {
            Version::V4 => self.boundaries[self.boundaries.len() - 2] + 1,
            Version::V5 => self.entries.position() - size,
        };
        self.blobs.push(BlobPosition { position, size: Some(size) });
    }
}

const fn declared(value_type: Type, table: TableId) -> FieldType {
    match value_type {
        Type::Reference => FieldType::References(table),
        plain => FieldType::Plain(plain),
    }
}

fn pick<T>(items: impl Iterator<Item = T>, index: Index) -> Option<T> {
    let mut items: Vec<T> = items.collect();
    if items.is_empty() { None } else { Some(items.swap_remove(index.index(items.len()))) }
}

// ---- Checkpoints -------------------------------------------------------------------------------------------

/// Where the checkpoints are, before it is known how long the log is.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    hard: Index,
    soft: Option<Index>,
    pending: Option<Index>,
    /// What the places that mean nothing hold.
    leftovers: [Leftover; 2],
    /// Which pair holds the hard checkpoint.
    hard_is_second: bool,
    /// Which copy of the other pair was written last.
    swapped: bool,
    /// Whether version 4 marks the end.
    end_mark: bool,
}

/// A number at or below the hard checkpoint, or none that can be a position.
#[derive(Clone, Debug)]
enum Leftover {
    Number(i64),
    Hard(Index),
    Soft(Index),
}

fn any_leftover() -> impl Strategy<Value = Leftover> {
    prop_oneof![
        select(vec![41, 0, 40, -41, i64::MIN]).prop_map(Leftover::Number),
        any::<Index>().prop_map(Leftover::Hard),
        any::<Index>().prop_map(Leftover::Soft),
    ]
}

prop_compose! {
    pub(crate) fn any_marks()(
        hard in any::<Index>(),
        soft in any::<Option<Index>>(),
        pending in proptest::option::weighted(0.3, any::<Index>()),
        leftovers in [any_leftover(), any_leftover()],
        [hard_is_second, swapped, end_mark] in any::<[bool; 3]>(),
    ) -> Marks {
        Marks { hard, soft, pending, leftovers, hard_is_second, swapped, end_mark }
    }
}

impl Author {
    pub(crate) fn finish(mut self, marks: &Marks) -> Log {
        let mut hard = *marks.hard.get(&self.boundaries);
        if marks.end_mark && self.version == Version::V4 {
            self.push(&Entry::EndOfFile);
            hard = self.entries.position();
        }
        let above: Vec<u64> = self.boundaries.iter().copied().filter(|&boundary| boundary > hard).collect();
        let one_above = |index| pick(above.iter().copied(), index);
        let soft = marks.soft.filter(|_| self.version == Version::V5).and_then(one_above);
        let pending = marks.pending.and_then(one_above);
        let head = Head::with_slots(self.version, self.slots(marks, hard, soft, pending));
        let bytes = self.entries.file_with(head);
        let Author { version, boundaries, valid_data, timestamps, seconds, .. } = self;
        Log { version, bytes, boundaries, valid_data, timestamps, seconds, hard, soft, pending }
    }

    fn slots(&self, marks: &Marks, hard: u64, soft: Option<u64>, pending: Option<u64>) -> [i64; 4] {
        let [first, second] = marks.leftovers.each_ref().map(|leftover| self.leftover(leftover, hard));
        let soft = soft.map_or(first, |soft| -soft.cast_signed());
        let pending = pending.map_or(second, u64::cast_signed);
        let hard = [hard.cast_signed(); 2];
        let other = if marks.swapped { [pending, soft] } else { [soft, pending] };
        let [[a, b], [c, d]] = if marks.hard_is_second { [other, hard] } else { [hard, other] };
        [a, b, c, d]
    }

    fn leftover(&self, leftover: &Leftover, hard: u64) -> i64 {
        let passed: Vec<u64> = self.boundaries.iter().copied().filter(|&boundary| boundary <= hard).collect();
        match leftover {
            Leftover::Number(number) => *number,
            Leftover::Hard(index) => index.get(&passed).cast_signed(),
            Leftover::Soft(index) => -index.get(&passed).cast_signed(),
        }
    }
}
