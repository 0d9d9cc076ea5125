//! Lines in a hurry: insertions and updates of one record, which are nearly all of a long log, straight from their bytes.
//!
//! The lines of a table and its fields are prepared when they are needed first. An entry of another kind, or one that would be
//! refused, is left to the way that all entries can go.

use super::Run;
use super::line::{Line, LineForm, Raw};
use crate::decode::Context;
use crate::entry::{Entry, Kind};
use crate::schema::Schema;
use crate::skip::{Step, step};
use crate::text::Output;
use crate::text::decimal::{Digits, Grouped};
use crate::text::room::Room;

/// Prints the insertions and updates that `bytes` begin with: see [`Format::run`](super::Format::run).
pub(super) fn run<F: LineForm>(
    form: &mut F,
    out: &mut Output<'_>,
    (bytes, position): (&[u8], u64),
    context: &mut Context,
    schema: &Schema,
) -> Run {
    let mut lines = std::mem::take(form.lines());
    let stretch = Stretch { bytes, start: position, context: *context, run: Run::default() };
    let stretch = lines.print(form, out, stretch, schema);
    *form.lines() = lines;
    *context = stretch.context;
    stretch.run
}

/// Entries, and how far they were printed.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    bytes: &'a [u8],
    /// The position of the first one.
    start: u64,
    /// The context of the next one.
    context: Context,
    run: Run,
}

impl<'a> Stretch<'a> {
    /// What was not printed.
    #[inline(always)]
    fn rest(&self) -> Option<&'a [u8]> {
        self.bytes.get(self.run.bytes..)
    }

    /// The position of the next entry.
    #[inline(always)]
    const fn position(&self) -> u64 {
        self.start.wrapping_add(self.run.bytes as u64)
    }

    /// Goes behind an entry that was printed.
    #[inline(always)]
    const fn pass(&mut self, step: &Step) {
        self.context = step.context;
        self.run.bytes = self.run.bytes.wrapping_add(step.length);
        self.run.entries = self.run.entries.wrapping_add(1);
    }
}

/// Why no further line was appended to a room.
enum Halt {
    /// There may be no space for one.
    Full,
    /// The next one takes more care.
    Care,
    /// The next entry has no line, or none that is prepared.
    Unknown,
}

/// The lines of the tables and fields that were met, each prepared when it is needed first, and again when the schema has
/// changed: a log of 65535 fields may rename one of them before every update.
#[derive(Default)]
pub(super) struct Lines {
    /// By table and field; an insertion has field 0, which no field is. Each as often as there are spellings.
    tables: Vec<Vec<Option<Box<Line>>>>,
    /// How many there are.
    prepared: usize,
    /// Counts the changes of the schema.
    generation: u64,
    numbers: Numbers,
}

/// Digits that are needed again.
#[derive(Clone, Copy, Default)]
struct Numbers {
    /// A row is mostly written at once.
    record_number: u64,
    record: Digits,
    position: Grouped,
}

impl Numbers {
    #[inline(always)]
    fn look_up_record(&mut self, record: u64) {
        if self.record_number != record {
            (self.record_number, self.record) = (record, Digits::of(record));
        }
    }
}

/// More lines than this are not kept: a log may have more fields than there is memory for lines.
const MOST_LINES: usize = 1 << 16;

impl Lines {
    /// Forgets what `entry` changes.
    pub(super) fn forget(&mut self, entry: &Entry<'_>) {
        if entry.is_schema() {
            self.generation = self.generation.wrapping_add(1);
        }
    }

    /// Prints the entries of a stretch: see [`run`].
    #[inline(never)]
    fn print<'a, F: LineForm>(
        &mut self,
        form: &F,
        out: &mut Output<'_>,
        mut stretch: Stretch<'a>,
        schema: &Schema,
    ) -> Stretch<'a> {
        while !out.is_full() {
            match out.in_room(|room| Some(self.fill(form, room, &mut stretch))) {
                Some(Halt::Full) => {}
                Some(Halt::Care) => self.print_with_care(form, out, &mut stretch),
                Some(Halt::Unknown) | None => {
                    self.prepare(form, &stretch, schema);
                    break;
                }
            }
        }
        stretch
    }

    /// Prints what fits into a room.
    #[inline(always)]
    fn fill<F: LineForm>(&mut self, form: &F, room: &mut Room<'_>, stretch: &mut Stretch<'_>) -> Halt {
        // Copies, which nobody else sees, are kept in registers.
        let (mut ahead, mut numbers) = (*stretch, self.numbers);
        let halt = loop {
            let Some(found) = self.find(form, &ahead, &mut numbers) else { break Halt::Unknown };
            if room.whole(|room| found.append(form, room, &numbers)).is_none() {
                break Halt::Care;
            }
            ahead.pass(&found.step);
            if !room.is_half_empty() {
                break Halt::Full;
            }
        };
        (*stretch, self.numbers) = (ahead, numbers);
        halt
    }

    /// A line with a string that is long, or not plain throughout.
    #[inline(never)]
    fn print_with_care<F: LineForm>(&mut self, form: &F, out: &mut Output<'_>, stretch: &mut Stretch<'_>) {
        let mut numbers = self.numbers;
        if let Some(found) = self.find(form, stretch, &mut numbers) {
            found.append_with_care(form, out, &numbers);
            stretch.pass(&found.step);
        }
    }

    /// The entry that comes next, and its line; `None` if it is not one of the simplest kind, whole, and right, and if its line
    /// is not prepared. `numbers` are made those of the entry.
    #[inline(always)]
    fn find<'a, F: LineForm>(
        &self,
        form: &F,
        stretch: &Stretch<'a>,
        numbers: &mut Numbers,
    ) -> Option<Found<'_, 'a>> {
        let bytes = stretch.rest()?;
        let step = step(bytes.first_chunk()?, stretch.context)?;
        numbers.look_up_record(form.number_of(step.context.record));
        if F::PLACED {
            numbers.position.look_up(stretch.position());
        }
        let (line, length) = (self.known::<F>(&step)?, step.length);
        if line.writes != step.writes || length > bytes.len() || !step.is_record() {
            return None;
        }
        let (ahead, of_value) = (bytes.get(step.value..)?, length.wrapping_sub(step.value));
        Some(Found { line, value: Raw { value_type: line.value_type, ahead, length: of_value }, step })
    }

    #[inline(always)]
    fn known<F: LineForm>(&self, step: &Step) -> Option<&Line> {
        let table = self.tables.get(usize::from(step.context.table.0))?;
        let line = table.get(index::<F>(step))?.as_deref()?;
        (line.generation == self.generation).then_some(line)
    }

    /// Prepares the line of the entry that comes next, if that is what it lacks. The entries that follow find it; this one goes
    /// the way that all can go.
    #[cold]
    fn prepare<F: LineForm>(&mut self, form: &F, stretch: &Stretch<'_>, schema: &Schema) -> Option<()> {
        let step = step(stretch.rest()?.first_chunk()?, stretch.context)?;
        if self.known::<F>(&step).is_some() {
            return None;
        }
        let line = Line::new(form, &step, schema, self.generation)?;
        if self.prepared >= MOST_LINES {
            self.tables.clear();
            self.prepared = 0;
        }
        let table = place(&mut self.tables, usize::from(step.context.table.0))?;
        let before = place(table, index::<F>(&step))?.replace(Box::new(line));
        self.prepared = self.prepared.saturating_add(usize::from(before.is_none()));
        Some(())
    }
}

fn place<T: Default>(places: &mut Vec<T>, index: usize) -> Option<&mut T> {
    if places.len() <= index {
        places.resize_with(index.saturating_add(1), T::default);
    }
    places.get_mut(index)
}

/// Where the line of an entry is kept, among those of its table.
#[inline(always)]
fn index<F: LineForm>(step: &Step) -> usize {
    let spelling = match step.kind {
        Kind::UpdateLast(_) | Kind::Append => 1,
        Kind::UpdateNext(_) => 2,
        _ => 0,
    };
    let field = usize::from(step.field.0);
    if F::SPELLED { field.saturating_mul(3).saturating_add(spelling) } else { field }
}

/// An entry and its line.
struct Found<'l, 'a> {
    line: &'l Line,
    value: Raw<'a>,
    step: Step,
}

impl Found<'_, '_> {
    /// Appends the line; `None` if that takes more care.
    #[inline(always)]
    fn append<F: LineForm>(&self, form: &F, room: &mut Room<'_>, numbers: &Numbers) -> Option<()> {
        form.place(room, &numbers.position, self.step.length);
        self.line.append(form, room, &numbers.record, self.value)
    }

    /// Appends any line.
    fn append_with_care<F: LineForm>(&self, form: &F, out: &mut Output<'_>, numbers: &Numbers) {
        form.place(out, &numbers.position, self.step.length);
        self.line.append_with_care(form, out, &numbers.record, self.value);
    }
}
