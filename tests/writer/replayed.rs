//! A writer as a sink: logs that are replayed into it.

use crate::{Scene, comment, corpus};
use joedb::follow::{FollowedFile, Follower, Round};
use joedb::journal::{Flow, Medium};
use joedb::replay::{Range, ReplayError, Replayed, Tolerance, replay};
use joedb::storage::File;
use joedb::writer::{Options, SharedWriter, WriteError, Writer};
use joedb::{Access, BlobPointers, BlobPosition, Encoder, Entry, FieldId, FieldType, HEAD_SIZE, Journal};
use joedb::{RecordId, TableId, Type, UpdateForm, Value, Vector, Version};
use std::fs;
use std::path::{Path, PathBuf};

fn play(log: &mut Journal, writer: &mut Writer) -> Result<Replayed, ReplayError<WriteError>> {
    let range = Range::up_to(log.checkpoints().current().unwrap());
    replay(log, range, Tolerance::Strict, writer, &mut |_| {})
}

fn play_whole(path: &Path, writer: &mut Writer) -> u64 {
    let mut log = Journal::open(path, Access::default()).unwrap();
    let replayed = play(&mut log, writer).unwrap();
    assert_eq!(replayed.interruption, None, "{}", path.display());
    replayed.entries
}

fn files(folder: &str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(corpus().join(folder)).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "joedb"))
}

#[test]
fn every_canonical_file_is_replayed_byte_for_byte() {
    let list = fs::read_to_string(corpus().join("valid/CANONICAL")).unwrap();
    for name in list.lines() {
        let (path, scene) = (corpus().join("valid").join(name), Scene::new());
        let mut writer = scene.create();
        assert!(play_whole(&path, &mut writer) > 20);
        writer.hard_checkpoint().unwrap();
        assert_eq!(writer.close().unwrap(), 0);
        assert_eq!(scene.bytes()[41..], fs::read(&path).unwrap()[41..], "{name}");
    }
}

/// What entries say, with the data in the place of the blob values that point to it.
fn events(bytes: &[u8], start: u64) -> Vec<String> {
    let mut log = Journal::from_bytes(bytes.to_vec()).unwrap();
    let end = log.checkpoints().current().unwrap();
    let mut entries = log.entries(end);
    let mut events = Vec::new();
    while let Some(located) = entries.next().unwrap() {
        let plain = match located.entry {
            _ if located.position < start => continue,
            Entry::EndOfFile => continue,
            Entry::UpdateVector { ref values, .. } if values.is_empty() => "no values".to_owned(),
            Entry::UpdateVector { table, first, field, ref values } => {
                let values: Vec<String> = values.iter().map(|value| shown(&value, bytes)).collect();
                format!("{table:?} {first:?} {field:?} {values:?}")
            }
            Entry::Update { table, record, field, ref value, .. } => {
                format!("{table:?} {record:?} {field:?} {}", shown(value, bytes))
            }
            Entry::Insert { table, record, .. } => format!("{table:?} {record:?}"),
            Entry::Blob { data, .. } => format!("{data:?}"),
            ref other => format!("{other:?}"),
        };
        events.push(plain);
    }
    events
}

fn shown(value: &Value<'_>, bytes: &[u8]) -> String {
    let Value::Blob(BlobPosition { position, size }) = *value else { return format!("{value:?}") };
    if position == 0 {
        return "no blob".to_owned();
    }
    let mut data = &bytes[position as usize..];
    // In version 4 a value points to the length before the data.
    let size = size.unwrap_or_else(|| {
        let following = usize::from(data[0] >> 5);
        let (length, behind) = data.split_at(following + 1);
        data = behind;
        length[1..].iter().fold(u64::from(length[0] & 31), |size, &byte| size << 8 | u64::from(byte))
    });
    format!("{:?}", &data[..size as usize])
}

#[test]
fn whatever_a_log_says_is_said_again_behind_other_entries_and_blob_values_follow() {
    let mut count = 0;
    for path in files("valid").chain(files("v4")) {
        let scene = Scene::new();
        let mut writer = scene.create();
        comment(&mut writer, "it all moves");
        let start = writer.position();
        play_whole(&path, &mut writer);
        writer.soft_checkpoint().unwrap();
        drop(writer);
        let original = fs::read(&path).unwrap();
        assert_eq!(events(&scene.bytes(), start), events(&original, 0), "{}", path.display());
        count += 1;
    }
    assert!(count > 20, "{count}");
}

const TABLE: TableId = TableId(1);
const FIELD: FieldId = FieldId(1);

/// A record with a blob, whose value is `value` if not that of the blob.
fn log_with_blob(value: Option<BlobPosition>) -> Journal {
    let mut log = Encoder::new(Version::V5);
    log.push(&Entry::CreateTable { name: b"file" });
    let field_type = FieldType::Plain(Type::Blob);
    log.push(&Entry::AddField { table: TABLE, name: b"content", field_type });
    log.push(&Entry::InsertVector { table: TABLE, first: RecordId(0), count: 2 });
    log.push(&Entry::Blob { data: b"data", position: 0 });
    let value = value.unwrap_or(BlobPosition { position: log.position() - 4, size: Some(4) });
    let (table, record, field, value) = (TABLE, RecordId(0), FIELD, Value::Blob(value));
    log.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update });
    let mut vector = Vector::new(Type::Blob);
    (0..2).for_each(|_| vector.push(&value).unwrap());
    log.push(&Entry::UpdateVector { table, first: record, field, values: vector.values() });
    Journal::from_bytes(log.file()).unwrap()
}

#[test]
fn a_blob_value_that_points_to_no_blob_is_refused_or_kept_and_the_writer_goes_on() {
    let scene = Scene::new();
    let mut writer = scene.create();
    let elsewhere = BlobPosition { position: 70_000, size: Some(4) };
    let error = play(&mut log_with_blob(Some(elsewhere)), &mut writer).unwrap_err().to_string();
    assert!(error.starts_with("blob value 70000,4 found"), "{error}");
    comment(&mut writer, "on");
    assert_eq!(writer.hard_checkpoint().unwrap(), writer.position());

    let scene = Scene::new();
    let mut writer = scene.create();
    writer.set_blob_pointers(BlobPointers::Keep);
    let mut log = log_with_blob(Some(elsewhere));
    assert_eq!(play(&mut log, &mut writer).unwrap().interruption, None);
    assert_eq!(writer.position(), log.size());
}

#[test]
fn blobs_of_the_log_before_are_not_found_by_the_next() {
    let scene = Scene::new();
    let mut writer = scene.create();
    play(&mut log_with_blob(None), &mut writer).unwrap();
    writer.write(&Entry::DropTable { table: TABLE }).unwrap();
    let mut log = Encoder::new(Version::V5);
    log.push(&Entry::CreateTable { name: b"other" });
    log.push(&Entry::DropTable { table: TABLE });
    log.push(&Entry::CreateTable { name: b"file" });
    let field_type = FieldType::Plain(Type::Blob);
    log.push(&Entry::AddField { table: TableId(2), name: b"content", field_type });
    log.push(&Entry::InsertVector { table: TableId(2), first: RecordId(0), count: 1 });
    let start = Range { from: 41 + 7 + 2, until: log.position(), limit: log.position() };
    let old = BlobPosition { position: 73, size: Some(4) };
    let (table, record, field, value) = (TableId(2), RecordId(0), FIELD, Value::Blob(old));
    log.push(&Entry::Update { table, record, field, value, form: UpdateForm::Update });
    let mut log = Journal::from_bytes(log.file()).unwrap();
    let range = Range { until: log.size(), limit: log.size(), ..start };
    let error = replay(&mut log, range, Tolerance::Strict, &mut writer, &mut |_| {}).unwrap_err();
    assert!(error.to_string().starts_with("blob value 73,4 found"), "{error}");
}

#[test]
fn a_log_that_is_followed_is_committed_softly_as_it_grows() {
    let (leader, scene) = (Scene::new(), Scene::new());
    let (mut source, mut copy) = (leader.create(), scene.create());
    let medium = Medium::File(File::open(&leader.path()).unwrap());
    let mut follower = Follower::new(FollowedFile::new(&leader.path(), medium), HEAD_SIZE).unwrap();
    for text in ["a", "b", "c"] {
        comment(&mut source, text);
        comment(&mut source, text);
        let committed = source.soft_checkpoint().unwrap();
        comment(&mut source, "not yet");
        source.flush().unwrap();
        let round = follower.round(&mut copy, &mut |_| Flow::Continue).unwrap();
        assert!(matches!(round, Round::Played { .. }));
        assert_eq!((copy.current(), copy.hard(), copy.uncommitted()), (committed, HEAD_SIZE, 0));
        assert_eq!(scene.comments(), leader.comments());
    }
}

#[test]
fn a_log_can_be_replayed_in_a_turn_of_a_shared_writer() {
    let scene = Scene::new();
    drop(scene.create());
    let mut shared = SharedWriter::open(&scene.path(), &Options::default()).unwrap();
    let mut turn = shared.transaction().unwrap();
    let mut log = log_with_blob(None);
    play(&mut log, &mut turn).unwrap();
    turn.hard_checkpoint().unwrap();
    assert_eq!(turn.end().unwrap(), 0);
    assert_eq!(scene.bytes().len() as u64, log.size());
}
