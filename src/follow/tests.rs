use super::*;
use crate::head::Version;
use crate::sink::{Commands, JsonLines, Raw, Sql, Style, TextSink};
use crate::storage::Storage as _;
use crate::storage::memory::MemoryFile;
use crate::{Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A log in memory, whose name may be lost, and which remembers what was read of it.
#[derive(Clone)]
struct Stage {
    file: MemoryFile,
    presence: Rc<Cell<Presence>>,
    /// Whether the head changes all the time.
    restless: Rc<Cell<bool>>,
    reads: Rc<RefCell<Vec<(u64, u64)>>>,
}

impl Stage {
    fn new(bytes: Vec<u8>) -> Stage {
        let presence = Rc::new(Cell::new(Presence::Same));
        Stage { file: MemoryFile::new(bytes), presence, restless: Rc::default(), reads: Rc::default() }
    }

    /// Overwrites the four checkpoint places.
    fn checkpoint(&self, slots: [i64; 4]) {
        let head = Head::with_slots(Version::V5, slots).to_bytes();
        self.file.clone().write_at(&head, 0).unwrap();
    }

    fn hard(&self, position: u64) {
        self.checkpoint([position.cast_signed(); 4]);
    }

    /// The last byte that was read, and how many bytes of the log were.
    fn reach(&self) -> (u64, u64) {
        let reads = self.reads.borrow();
        let ends = reads.iter().map(|&(position, length)| position + length);
        (ends.max().unwrap_or(0), reads.iter().map(|&(_, length)| length).sum())
    }
}

impl Live for Stage {
    fn read_head(&self) -> io::Result<HeadReading> {
        if self.restless.get() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut bytes = vec![0; 41];
        let read = self.file.read_full_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(HeadReading { bytes, size: self.file.size()?, locked: true })
    }

    fn presence(&self) -> io::Result<Presence> {
        Ok(self.presence.get())
    }

    fn reader(&self) -> io::Result<Box<dyn ReadAt>> {
        Ok(Box::new(self.clone()))
    }
}

impl ReadAt for Stage {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.reads.borrow_mut().push((position, buffer.len() as u64));
        self.file.read_at(buffer, position)
    }

    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
}

/// A log in which every entry but the first of each kind leans on the context or the schema, and its boundaries.
fn log() -> (Encoder, Vec<u64>) {
    let (table, field) = (TableId(1), FieldId(1));
    let mut log = Encoder::new(Version::V5);
    let mut boundaries = vec![HEAD_SIZE];
    let mut push = |entry: &Entry<'_>| {
        log.push(entry);
        boundaries.push(log.position());
    };
    push(&Entry::CreateTable { name: b"person" });
    push(&Entry::AddField { table, name: b"name", field_type: FieldType::Plain(Type::String) });
    for record in (0..5).map(RecordId) {
        let form = if record.0 == 0 { InsertForm::InsertInto } else { InsertForm::Append };
        push(&Entry::Insert { table, record, form });
    }
    for record in (0..5).map(RecordId) {
        let form = if record.0 == 0 { UpdateForm::Update } else { UpdateForm::Next };
        push(&Entry::Update { table, record, field, value: Value::String(b"somebody"), form });
    }
    push(&Entry::RenameTable { table, name: b"human" });
    push(&Entry::Comment { text: b"the end" });
    (log, boundaries)
}

fn style() -> Style {
    Style::new(Version::V5)
}

fn commands(text: &mut Vec<u8>) -> TextSink<'_, Commands> {
    TextSink::new(Commands::new(style(), None), style(), text)
}

/// What a sink prints while the checkpoint goes through `stops`.
fn followed<F: crate::sink::Format>(format: F, style: Style, from: u64, stops: &[u64]) -> String {
    let stage = Stage::new(log().0.file());
    stage.hard(stops[0]);
    let mut follower = Follower::new(stage.clone(), from).unwrap();
    let mut text = Vec::new();
    let mut sink = TextSink::new(format, style, &mut text);
    for &stop in stops {
        stage.hard(stop);
        let round = follower.round(&mut sink, &mut |_| Flow::Continue).unwrap();
        assert!(matches!(round, Round::Played { .. }) || stop == HEAD_SIZE, "{round:?} at {stop}");
        assert_eq!(follower.round(&mut sink, &mut |_| Flow::Continue).unwrap(), Round::Idle);
        assert_eq!(follower.position(), stop);
    }
    drop(sink);
    String::from_utf8(text).unwrap()
}

/// What a dump of the whole log prints.
fn dumped<F: crate::sink::Format>(format: F, style: Style, from: u64) -> String {
    let mut journal = Journal::from_bytes(log().0.file()).unwrap();
    let range = Range { from, ..Range::up_to(journal.size()) };
    let mut text = Vec::new();
    let mut sink = TextSink::new(format, style, &mut text);
    crate::replay::replay(&mut journal, range, Tolerance::Strict, &mut sink, &mut |_| {}).unwrap();
    drop(sink);
    String::from_utf8(text).unwrap()
}

#[test]
fn however_the_checkpoint_moves_the_text_is_that_of_a_dump() {
    let (_, boundaries) = log();
    let positions = Style { positions: true, ..style() };
    let schema = Style { schema_only: true, ..style() };
    for step in 1..boundaries.len() {
        let stops: Vec<u64> =
            boundaries.iter().copied().step_by(step).chain(boundaries.last().copied()).collect();
        let mut stops = stops;
        stops.dedup();
        for from in [boundaries[0], boundaries[4], boundaries[9]] {
            for style in [style(), positions, schema] {
                let whole = dumped(Commands::new(style, None), style, from);
                let parts = followed(Commands::new(style, None), style, from, &stops);
                // A log that goes on has no end, and so no empty line there.
                assert_eq!(parts.trim_end(), whole.trim_end(), "{stops:?} from {from}");
                assert!(!parts.contains("\n\n"));
                let raw = dumped(Raw::new(style, None), style, from);
                assert_eq!(followed(Raw::new(style, None), style, from, &stops), raw);
                let json = dumped(JsonLines::new(style), style, from);
                assert_eq!(followed(JsonLines::new(style), style, from, &stops), json);
            }
        }
    }
}

#[test]
fn every_batch_of_sql_is_a_transaction_of_its_own() {
    let (_, boundaries) = log();
    let stops = [boundaries[2], boundaries[3], boundaries[boundaries.len() - 1]];
    let text = followed(Sql::new(style(), None), style(), HEAD_SIZE, &stops);
    assert_eq!(text.matches("PRAGMA").count(), 1);
    assert_eq!(text.matches("BEGIN TRANSACTION; ").count(), 3);
    assert_eq!(text.matches("\nCOMMIT; ").count(), 3);
    let statements = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.is_empty());
        let lines = lines.filter(|line| !line.starts_with("BEGIN") && !line.starts_with("COMMIT"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(statements(&text), statements(&dumped(Sql::new(style(), None), style(), HEAD_SIZE)));
}

#[test]
fn a_batch_of_sql_of_which_nothing_is_shown_is_no_transaction() {
    let (_, boundaries) = log();
    let schema = Style { schema_only: true, ..style() };
    let text = followed(Sql::new(schema, None), schema, HEAD_SIZE, &boundaries[1..]);
    // Two entries in the beginning, and a renaming at the end.
    assert_eq!((text.matches("BEGIN").count(), text.matches("COMMIT").count()), (3, 3));
}

#[test]
fn nothing_behind_the_checkpoint_is_read_and_nothing_twice() {
    let (log, boundaries) = log();
    let stage = Stage::new(log.file());
    stage.hard(HEAD_SIZE);
    let mut follower = Follower::new(stage.clone(), HEAD_SIZE).unwrap();
    let mut text = Vec::new();
    let mut sink = commands(&mut text);
    for &stop in &boundaries {
        stage.hard(stop);
        follower.round(&mut sink, &mut |_| Flow::Continue).unwrap();
        assert!(stage.reach().0 <= stop);
    }
    let rounds = boundaries.len() as u64;
    assert!(stage.reach().1 <= log.position() + 2 * REMEMBERED * rounds, "{:?}", stage.reach());
}

/// Follows a log up to its second boundary, then lets something happen to it.
fn after(what: impl FnOnce(&Stage, &[u64])) -> Result<Round, FollowError<io::Error>> {
    let (log, boundaries) = log();
    let stage = Stage::new(log.file());
    stage.hard(boundaries[2]);
    let mut follower = Follower::new(stage.clone(), HEAD_SIZE).unwrap();
    let mut text = Vec::new();
    let mut sink = commands(&mut text);
    follower.round(&mut sink, &mut |_| Flow::Continue).unwrap();
    what(&stage, &boundaries);
    follower.round(&mut sink, &mut |_| Flow::Continue)
}

#[test]
fn a_file_that_is_cut_is_noticed() {
    let found = after(|stage, boundaries| stage.file.clone().set_size(boundaries[2] - 1).unwrap());
    assert!(matches!(found, Err(FollowError::Cut { .. })), "{found:?}");
    let found = after(|stage, _| stage.file.clone().set_size(0).unwrap());
    assert!(matches!(found, Err(FollowError::Cut { size: 0, .. })), "{found:?}");
    let found = after(|stage, boundaries| {
        stage.hard(boundaries[5]);
        stage.file.clone().set_size(boundaries[4]).unwrap();
    });
    assert!(matches!(found, Err(FollowError::CutShort(_))), "{found:?}");
}

#[test]
fn a_tail_that_is_cut_off_is_nothing_new() {
    let found = after(|stage, boundaries| stage.file.clone().set_size(boundaries[2]).unwrap());
    assert_eq!(found.unwrap(), Round::Idle);
}

#[test]
fn a_checkpoint_that_moves_backward_is_noticed() {
    let found = after(|stage, boundaries| stage.hard(boundaries[1]));
    assert!(matches!(found, Err(FollowError::Backward { .. })), "{found:?}");
}

#[test]
fn a_checkpoint_that_seems_to_fall_back_while_a_hard_one_is_written_is_waited_for() {
    let (log, boundaries) = log();
    let [first, second, third] = [boundaries[2], boundaries[4], boundaries[6]].map(u64::cast_signed);
    let stage = Stage::new(log.file());
    stage.checkpoint([first, first, -second, 41]);
    let mut follower = Follower::new(stage.clone(), HEAD_SIZE).unwrap();
    let mut text = Vec::new();
    let mut sink = commands(&mut text);
    let mut round = || follower.round(&mut sink, &mut |_| Flow::Continue).unwrap();
    assert!(matches!(round(), Round::Played { .. }));
    // The first copy replaces the soft value: FORMAT.md, section 2, "Pending".
    stage.checkpoint([first, first, third, 41]);
    assert_eq!(round(), Round::Idle);
    stage.checkpoint([first, first, third, third]);
    assert_eq!(round(), Round::Played { entries: 2 });
}

#[test]
fn a_head_that_keeps_changing_is_looked_at_again() {
    let found = after(|stage, boundaries| {
        stage.hard(boundaries[3]);
        stage.restless.set(true);
    });
    assert_eq!(found.unwrap(), Round::Idle);
}

#[test]
fn other_bytes_under_the_same_checkpoints_are_noticed() {
    let found = after(|stage, boundaries| {
        stage.file.clone().write_at(b"X", boundaries[2] - 1).unwrap();
        stage.hard(boundaries[3]);
    });
    assert!(matches!(found, Err(FollowError::Overwritten { .. })), "{found:?}");
    let found = after(|stage, _| {
        stage.file.clone().write_at(&Head::hard(Version::V4, 100).to_bytes(), 0).unwrap();
    });
    assert!(matches!(found, Err(FollowError::Overwritten { .. })), "{found:?}");
    let found = after(|stage, _| stage.file.clone().write_at(&[0; 41], 0).unwrap());
    assert!(matches!(found, Err(FollowError::Head(_))), "{found:?}");
}

#[test]
fn what_was_committed_before_the_name_was_lost_is_played_first() {
    for (presence, gone) in [(Presence::Gone, true), (Presence::Replaced, false)] {
        let mut end = 0;
        let found = after(|stage, boundaries| {
            stage.presence.set(presence);
            stage.hard(boundaries[6]);
            end = boundaries[6];
        });
        match found {
            Err(FollowError::Gone { position }) => assert_eq!((position, gone), (end, true)),
            Err(FollowError::Replaced { position }) => assert_eq!((position, gone), (end, false)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn damage_ends_the_following_where_the_log_is_whole() {
    let found = after(|stage, boundaries| {
        stage.file.clone().write_at(&[0xff], boundaries[3]).unwrap();
        stage.hard(boundaries[6]);
    });
    let Err(FollowError::Interrupted(Interruption::Damage(damage))) = found else { panic!("{found:?}") };
    assert_eq!(damage.position(), log().1[3]);
    let found = after(|stage, boundaries| stage.hard(boundaries[9] - 1));
    let Err(FollowError::Interrupted(found)) = found else { panic!("{found:?}") };
    assert!(found.to_string().contains("a checkpoint lies inside it"), "{found}");
}

#[test]
fn a_round_that_was_stopped_goes_on_where_it_was() {
    let mut log = Encoder::new(Version::V5);
    let text = vec![b'x'; 700_000];
    (0..5).for_each(|_| log.push(&Entry::Comment { text: &text }));
    let stage = Stage::new(log.file());
    let mut follower = Follower::new(stage, HEAD_SIZE).unwrap();
    let mut printed = Vec::new();
    let mut sink = TextSink::new(Sql::new(style(), None), style(), &mut printed);
    let mut rounds = 0;
    while follower.round(&mut sink, &mut |_| Flow::Stop).unwrap() == Round::Stopped {
        rounds += 1;
    }
    drop(sink);
    assert!(rounds >= 2, "{rounds}");
    assert_eq!(follower.position(), log.position());
    let printed = String::from_utf8(printed).unwrap();
    assert_eq!(printed.matches("BEGIN").count(), 1);
    assert_eq!(printed.matches("COMMIT").count(), 1);
    assert_eq!(printed.matches("-- xxx").count(), 5);
}
