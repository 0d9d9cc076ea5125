//! Which places of the head are written, and what a reader finds meanwhile.

use crate::{Scene, by_hand, comment};
use joedb::writer::{WriteError, Writer};

#[test]
fn a_soft_checkpoint_shows_the_entries_and_the_ones_before_stay_beside_it() {
    let scene = Scene::new();
    let mut writer = scene.create();
    comment(&mut writer, "a");
    assert_eq!(scene.comments(), [] as [&str; 0]);
    assert_eq!((writer.uncommitted(), writer.soft_checkpoint().unwrap()), (3, 44));
    assert_eq!((writer.uncommitted(), scene.comments()), (0, vec!["a".to_owned()]));
    comment(&mut writer, "b");
    writer.soft_checkpoint().unwrap();
    assert_eq!(scene.slots(), [41, 41, -47, -44]);
    assert_eq!((writer.current(), writer.hard()), (47, 41));
}

#[test]
fn a_hard_checkpoint_fills_the_other_pair() {
    let scene = Scene::new();
    let mut writer = scene.create();
    comment(&mut writer, "a");
    assert_eq!(writer.hard_checkpoint().unwrap(), 44);
    assert_eq!(scene.slots(), [41, 41, 44, 44]);
    comment(&mut writer, "b");
    writer.hard_checkpoint().unwrap();
    assert_eq!(scene.slots(), [47, 47, 44, 44]);
    assert_eq!(writer.hard_checkpoint().unwrap(), 47);
    assert_eq!(scene.slots(), [47, 47, 44, 44]);
}

#[test]
fn a_soft_checkpoint_without_new_entries_writes_nothing() {
    let scene = Scene::new();
    let mut writer = scene.create();
    comment(&mut writer, "a");
    writer.soft_checkpoint().unwrap();
    let before = scene.bytes();
    writer.soft_checkpoint().unwrap();
    assert_eq!(scene.bytes(), before);
}

/// Runs all steps of an asynchronous hard checkpoint, with a soft one tried before each.
#[test]
fn while_an_asynchronous_hard_checkpoint_is_under_way_no_soft_one_vanishes() {
    let scene = Scene::new();
    let mut writer = Writer::create(&scene.path(), &by_hand()).unwrap();
    let mut committed = 0;
    let mut check = |writer: &Writer| {
        let seen = scene.comments().len();
        assert!(seen >= committed, "{seen} entries found, {committed} committed");
        assert_eq!(writer.current(), 41 + 3 * seen as u64);
        committed = seen;
    };
    for round in 0..30 {
        comment(&mut writer, "x");
        let pending = writer.hard_checkpoint_async().unwrap();
        check(&writer);
        for _ in 0..round % 6 {
            writer.advance().unwrap();
            check(&writer);
        }
        comment(&mut writer, "y");
        writer.soft_checkpoint().unwrap();
        check(&writer);
        if round % 2 == 0 {
            while writer.advance().unwrap() {
                check(&writer);
            }
            assert!(pending.is_done().unwrap());
            assert!(writer.hard() >= pending.position());
        }
    }
}

#[test]
fn requests_that_pile_up_become_one_hard_checkpoint() {
    let scene = Scene::new();
    let mut writer = Writer::create(&scene.path(), &by_hand()).unwrap();
    let pending: Vec<_> = (0..10)
        .map(|_| {
            comment(&mut writer, "x");
            writer.hard_checkpoint_async().unwrap()
        })
        .collect();
    assert!(matches!(pending[0].wait(), Err(WriteError::ByHand)));
    let steps = std::iter::from_fn(|| writer.advance().unwrap().then_some(())).count();
    assert_eq!(steps, 5, "log, first copy, sync, second copy, sync");
    assert!(pending.iter().all(|pending| pending.is_done().unwrap()));
    assert_eq!(scene.slots(), [41, 41, 71, 71]);
}

#[test]
fn a_thread_completes_what_is_asked_and_dropping_waits_for_it() {
    let scene = Scene::new();
    let mut writer = scene.create();
    let mut last = None;
    for _ in 0..200 {
        comment(&mut writer, "x");
        last = Some(writer.hard_checkpoint_async().unwrap());
    }
    let first_half = last.take().unwrap();
    first_half.wait().unwrap();
    assert!(writer.hard() >= first_half.position());
    for _ in 0..200 {
        comment(&mut writer, "x");
        last = Some(writer.hard_checkpoint_async().unwrap());
    }
    drop(writer);
    assert!(last.unwrap().is_done().unwrap());
    assert_eq!(scene.slots().iter().max(), Some(&(41 + 400 * 3)));
    assert_eq!(scene.open().hard(), 41 + 400 * 3);
}

#[test]
fn a_hard_checkpoint_beside_asynchronous_ones_covers_its_own_entries() {
    let scene = Scene::new();
    let mut writer = scene.create();
    for _ in 0..20 {
        comment(&mut writer, "x");
        writer.hard_checkpoint_async().unwrap();
        comment(&mut writer, "y");
        let position = writer.hard_checkpoint().unwrap();
        assert_eq!((writer.hard(), writer.current()), (position, position));
    }
}

#[test]
fn a_dropped_writer_leaves_what_was_not_committed_as_a_dirty_tail() {
    let scene = Scene::new();
    let mut writer = scene.create();
    comment(&mut writer, "a");
    writer.soft_checkpoint().unwrap();
    comment(&mut writer, "lost");
    drop(writer);
    assert_eq!(scene.comments(), ["a"]);
    assert!(scene.bytes().ends_with(b"lost"));
}

#[test]
fn closing_says_how_much_was_not_committed() {
    let scene = Scene::new();
    let mut writer = scene.create();
    comment(&mut writer, "lost");
    assert_eq!(writer.close().unwrap(), 6);
}
