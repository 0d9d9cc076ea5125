//! Any sequence of what a program does with a writer, failures included, against a list of what it was told.

use super::faulty::{FaultyDirectory, FaultyFile, Fuse};
use super::input::Choices;
use super::support::{diagnosed, journal};
use joedb::diagnosis::FindingId;
use joedb::writer::{Background, OpenError, Options, PendingCheckpoint, Recovery, Undo, WriteError, Writer};
use joedb::{
    BlobPosition, Context, Decoder, Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type,
    UpdateForm, Value, Vector, Version,
};
use std::path::Path;

/// Steps after which a sequence says nothing new.
const STEPS: usize = 400;

const LOG: &str = "log";

/// Every byte chooses what is done next, and those behind it with what.
pub fn run(data: &[u8]) {
    let mut choices = Choices(data);
    let mut program = Program::start();
    for _ in 0..STEPS {
        if choices.is_empty() {
            break;
        }
        program.step(&mut choices);
    }
    program.reopen(Recovery::Overwrite, true);
    program.fuse.set(None);
    program.assert_file_is_whole();
}

/// An entry in its longest form, and where it ended.
struct Written {
    spelled: Vec<u8>,
    end: u64,
}

struct Program {
    directory: FaultyDirectory,
    fuse: Fuse,
    writer: Option<Writer<FaultyFile>>,
    pending: Vec<PendingCheckpoint<FaultyFile>>,
    /// What was accepted, whether or not it is committed.
    written: Vec<Written>,
    /// Acknowledged to survive the death of the program.
    soft: u64,
    /// Acknowledged to survive more.
    hard: u64,
    has_failed: bool,
}

fn options(recovery: Recovery, undo: Undo) -> Options {
    Options { recovery, undo, background: Background::ByHand, ..Options::default() }
}

/// An entry as it is spelled where nothing goes before it.
fn spell(entry: &Entry<'_>) -> Vec<u8> {
    let mut encoder = Encoder::new(Version::V5);
    encoder.push(entry);
    encoder.body().to_vec()
}

impl Program {
    fn start() -> Program {
        let fuse = Fuse::none();
        let directory = FaultyDirectory::new(fuse.clone());
        let options = options(Recovery::Refuse, Undo::None);
        let writer = Writer::create_in(&directory, Path::new(LOG), &options).expect("memory does not fail");
        let (written, pending) = (Vec::new(), Vec::new());
        Program {
            directory,
            fuse,
            writer: Some(writer),
            pending,
            written,
            soft: 41,
            hard: 41,
            has_failed: false,
        }
    }

    fn file(&self) -> FaultyFile {
        self.directory.file(Path::new(LOG)).expect("the file has its name")
    }

    fn writer(&mut self) -> &mut Writer<FaultyFile> {
        self.writer.as_mut().expect("it is open between steps")
    }

    fn end(&self) -> u64 {
        self.written.last().map_or(41, |entry| entry.end)
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.byte() % 24 {
            0..10 => self.write_any(choices),
            10 => self.write_raw(choices),
            11 => self.write_blob(choices),
            12 => self.flush(),
            13 | 14 => self.soft_checkpoint(),
            15 => self.hard_checkpoint(),
            16 | 17 => self.request(),
            18 | 19 => self.advance(),
            20 => self.fuse.set(Some(u32::from(choices.byte() % 12) + 1)),
            21 => self.reopen(Recovery::Overwrite, choices.byte().is_multiple_of(2)),
            22 => self.reopen(Recovery::Hard, choices.byte().is_multiple_of(2)),
            _ => self.reopen(Recovery::Refuse, choices.byte().is_multiple_of(2)),
        }
        if !self.has_failed {
            self.assert_accounts_agree();
        }
    }

    /// After the first failure every call fails, and says that it is not the first.
    fn note<T>(&mut self, result: Result<T, WriteError>) -> Option<T> {
        let expected = !self.has_failed;
        match result {
            Ok(value) => {
                assert!(expected, "a poisoned writer went on");
                Some(value)
            }
            Err(WriteError::Nonsense(_)) if expected => None,
            Err(WriteError::Io { .. }) if expected => {
                assert!(self.fuse.has_failed(), "nothing failed");
                self.has_failed = true;
                None
            }
            Err(WriteError::Poisoned { .. }) if !expected => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn write(&mut self, entry: &Entry<'_>) {
        let (before, result) = (self.end(), self.writer().write(entry));
        if let Some(position) = self.note(result) {
            assert_eq!(position, before);
            self.accept(entry);
        } else if !self.has_failed {
            assert_eq!(self.writer().position(), before, "what was refused was written");
        }
    }

    fn accept(&mut self, entry: &Entry<'_>) {
        let (spelled, end) = (spell(entry), self.writer().position());
        assert!(end > self.end());
        self.written.push(Written { spelled, end });
    }

    fn write_blob(&mut self, choices: &mut Choices<'_>) {
        // Some are longer than what a writer gathers.
        let length = if choices.byte() == 0 { 300_000 } else { choices.below(2000) };
        let data = vec![choices.byte(); length];
        let result = self.writer().write_blob(&data);
        if let Some(BlobPosition { position, size }) = self.note(result) {
            assert_eq!(size, Some(length as u64));
            self.accept(&Entry::Blob { data: &data, position: 0 });
            assert_eq!(self.end(), position + length as u64);
        }
    }

    /// Whatever the bytes decode to.
    fn write_raw(&mut self, choices: &mut Choices<'_>) {
        let bytes = choices.0;
        if let Ok(located) = Decoder::resume(Version::V5, Context::START).decode(bytes, 41) {
            choices.bytes(usize::try_from(located.length).unwrap_or(usize::MAX));
            self.write(&located.entry);
        }
    }

    fn write_any(&mut self, choices: &mut Choices<'_>) {
        let table = TableId(u16::from(choices.byte() % 4));
        let field = FieldId(u16::from(choices.byte() % 4));
        let record = match choices.byte() {
            255 => RecordId((1 << 61) - 2),
            other => RecordId(i64::from(other % 8) - 1),
        };
        let count = u64::from(choices.byte() % 5);
        let length = usize::from(choices.byte() % 8);
        let name = choices.bytes(length);
        let kind = choices.byte();
        let value_type = Type::ALL[usize::from(kind / 16) % Type::ALL.len()];
        let value = any_value(value_type, choices);
        let mut vector = Vector::new(value_type);
        for _ in 0..count {
            vector.push(&value).expect("they are of one type");
        }
        let field_type = if value_type == Type::Reference {
            FieldType::References(table)
        } else {
            FieldType::Plain(value_type)
        };
        self.write(&match kind % 16 {
            0 | 1 => Entry::CreateTable { name },
            2..5 => Entry::AddField { table, name, field_type },
            5 => Entry::DropTable { table },
            6 => Entry::DropField { table, field },
            7 => Entry::RenameTable { table, name },
            8 => Entry::RenameField { table, field, name },
            9 => Entry::Insert { table, record, form: InsertForm::InsertInto },
            10 => Entry::InsertVector { table, first: record, count },
            11 => Entry::DeleteVector { table, first: record, count },
            12 => Entry::UpdateVector { table, first: record, field, values: vector.values() },
            13 => Entry::Comment { text: name },
            14 => Entry::Timestamp { seconds: record.0 },
            _ => Entry::Update { table, record, field, value, form: UpdateForm::Update },
        });
    }

    fn flush(&mut self) {
        let result = self.writer().flush();
        self.note(result);
    }

    fn soft_checkpoint(&mut self) {
        let result = self.writer().soft_checkpoint();
        if let Some(position) = self.note(result) {
            assert_eq!(position, self.end());
            self.soft = position;
            self.assert_reader_finds(position);
        }
    }

    fn hard_checkpoint(&mut self) {
        let result = self.writer().hard_checkpoint();
        if let Some(position) = self.note(result) {
            assert_eq!(position, self.end());
            (self.soft, self.hard) = (position, position);
            self.assert_reader_finds(position);
            assert_eq!(journal(&self.file().file.bytes()).checkpoints().hard.position, position);
        }
    }

    fn request(&mut self) {
        let result = self.writer().hard_checkpoint_async();
        if let Some(pending) = self.note(result) {
            self.soft = pending.position();
            self.pending.push(pending);
            self.assert_reader_finds(self.soft);
        }
    }

    fn advance(&mut self) {
        let result = self.writer().advance();
        if self.note(result) == Some(false) {
            assert!(self.pending.iter().all(|pending| pending.is_done().expect("nothing failed")));
        }
        let done = self.pending.extract_if(.., |pending| pending.is_done().unwrap_or(false));
        self.hard = done.map(|pending| pending.position()).fold(self.hard, u64::max);
    }

    fn assert_accounts_agree(&mut self) {
        let (end, soft, hard) = (self.end(), self.soft, self.hard);
        let writer = self.writer();
        assert_eq!((writer.position(), writer.current()), (end, soft));
        assert!(writer.hard() >= hard && writer.hard() <= soft);
        assert_eq!(writer.uncommitted(), end - soft);
    }

    /// The entries up to a checkpoint, as another program finds them.
    fn assert_reader_finds(&self, checkpoint: u64) {
        let mut journal = journal(&self.file().file.bytes());
        assert_eq!(journal.checkpoints().current(), Ok(checkpoint));
        let mut entries = journal.entries(checkpoint);
        let expected = self.written.iter().take_while(|entry| entry.end <= checkpoint);
        for expected in expected {
            let found = entries.next().expect("it decodes").expect("it is there");
            assert_eq!((spell(&found.entry), found.end()), (expected.spelled.clone(), expected.end));
        }
        assert_eq!(
            entries.position(),
            checkpoint,
            "a checkpoint inside of an entry, or entries that nobody wrote"
        );
    }

    /// The program ends, in order or not, and another one opens the file.
    fn reopen(&mut self, recovery: Recovery, in_order: bool) {
        let writer = self.writer.take().expect("it is open between steps");
        let uncommitted = self.end() - self.soft;
        if in_order {
            match writer.close() {
                Ok(left) => assert!(left == uncommitted && !self.has_failed),
                // What was requested may have failed before.
                Err(error) => assert!(self.fuse.has_failed() || self.has_failed, "{error}"),
            }
        } else {
            drop(writer);
        }
        if !self.has_failed && !self.fuse.has_failed() {
            // Dropping completes what was requested.
            self.advance_all_requests();
        }
        let died = self.has_failed || self.fuse.has_failed();
        self.pending.clear();
        let undo = if in_order { Undo::None } else { Undo::Beside };
        let first = Writer::open_in(&self.directory, Path::new(LOG), self.file(), &options(recovery, undo));
        let opened = match first {
            Ok(writer) => writer,
            Err(OpenError::DirtyTail { .. }) if recovery == Recovery::Refuse => {
                assert!(died || uncommitted > 0, "a clean file was refused");
                self.open_at_last(Recovery::Overwrite)
            }
            Err(error) => {
                assert!(self.fuse.has_failed(), "{error}");
                self.open_at_last(recovery)
            }
        };
        self.take_over(opened, recovery);
    }

    fn advance_all_requests(&mut self) {
        let done = self.pending.iter().map(|pending| (pending.is_done(), pending.position()));
        for (done, position) in done {
            if let Ok(true) = done {
                self.hard = self.hard.max(position);
            } else {
                assert!(self.fuse.has_failed(), "a request was left behind");
            }
        }
    }

    /// Whatever failed before, the file opens once nothing fails.
    fn open_at_last(&self, recovery: Recovery) -> Writer<FaultyFile> {
        self.fuse.set(None);
        let recovery = if recovery == Recovery::Refuse { Recovery::Overwrite } else { recovery };
        let options = options(recovery, Undo::Beside);
        let opened = Writer::open_in(&self.directory, Path::new(LOG), self.file(), &options);
        opened.expect("a file that a writer left can be recovered")
    }

    /// What was acknowledged is there, and nothing that was not written.
    fn take_over(&mut self, writer: Writer<FaultyFile>, recovery: Recovery) {
        let found = writer.position();
        let least = if recovery == Recovery::Hard { self.hard } else { self.soft };
        assert!(found >= least, "acknowledged up to {least}, found up to {found}");
        self.assert_reader_finds(found);
        self.written.retain(|entry| entry.end <= found);
        assert_eq!(self.end(), found, "the file ends inside of an entry");
        (self.soft, self.hard) = (found, self.hard.min(found));
        (self.writer, self.has_failed) = (Some(writer), false);
    }

    fn assert_file_is_whole(mut self) {
        drop(self.writer.take());
        let verdict = diagnosed(&mut journal(&self.file().file.bytes())).verdict;
        let is_known = matches!(verdict, FindingId::Clean | FindingId::CleanSoft);
        assert!(is_known, "{verdict:?}");
    }
}

fn any_value<'a>(value_type: Type, choices: &mut Choices<'a>) -> Value<'a> {
    let word = choices.word();
    let bytes = word.to_le_bytes();
    let short = [bytes[0], bytes[1], bytes[2], bytes[3]];
    let compact = word >> 3;
    match value_type {
        Type::String => Value::String(choices.bytes(usize::from(bytes[0] % 40))),
        Type::Int32 => Value::Int32(i32::from_le_bytes(short)),
        Type::Int64 => Value::Int64(word.cast_signed()),
        Type::Reference => Value::Reference(RecordId(compact.cast_signed() - 1)),
        Type::Boolean => Value::Boolean(bytes[0] % 2 == 1),
        Type::Float32 => Value::Float32(f32::from_le_bytes(short)),
        Type::Float64 => Value::Float64(f64::from_le_bytes(bytes)),
        Type::Int8 => Value::Int8(bytes[0].cast_signed()),
        Type::Int16 => Value::Int16(i16::from_le_bytes([bytes[0], bytes[1]])),
        Type::Blob => Value::Blob(BlobPosition { position: compact, size: Some(compact / 2) }),
    }
}
