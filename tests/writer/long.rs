//! Transactions of many buffers, which a thread writes.

use crate::{Scene, by_hand};
use joedb::writer::{Options, SharedWriter, Writer};
use joedb::{Encoder, Entry, Version};
use std::fs;

/// Entries of so many bytes in all: short ones, and now and then one that is longer than a buffer.
fn each(bytes: usize, mut write: impl FnMut(&Entry<'_>)) {
    let text: Vec<u8> = (0..400_000_u32).map(|number| (number % 251) as u8).collect();
    let (mut written, mut number) = (0, 0_usize);
    while written < bytes {
        number += 1;
        let length = if number.is_multiple_of(9000) { text.len() } else { number % 150 };
        write(&Entry::Comment { text: &text[text.len() - length..] });
        written += length;
    }
}

fn expected(bytes: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(Version::V5);
    each(bytes, |entry| encoder.push(entry));
    encoder.body().to_vec()
}

const SIZES: [usize; 4] = [200_000, 300_000, 600_000, 5_000_000];

#[test]
fn all_of_a_long_transaction_is_below_its_checkpoint() {
    for size in SIZES {
        for options in [Options::default(), by_hand()] {
            let scene = Scene::new();
            let mut writer = Writer::create(&scene.path(), &options).unwrap();
            each(size, |entry| assert!(writer.write(entry).is_ok()));
            let soft = writer.soft_checkpoint().unwrap();
            assert_eq!(scene.bytes()[41..], expected(size));
            assert_eq!(soft, scene.bytes().len() as u64);
            each(size, |entry| assert!(writer.write(entry).is_ok()));
            let hard = writer.hard_checkpoint().unwrap();
            assert_eq!((hard, writer.close().unwrap()), (scene.bytes().len() as u64, 0));
            assert_eq!(scene.bytes()[41..], [expected(size), expected(size)].concat());
        }
    }
}

#[test]
fn a_long_transaction_that_is_dropped_is_a_dirty_tail() {
    for size in SIZES {
        let scene = Scene::new();
        let mut writer = scene.create();
        each(size, |entry| assert!(writer.write(entry).is_ok()));
        assert_eq!(writer.uncommitted(), expected(size).len() as u64);
        drop(writer);
        assert_eq!(scene.bytes()[41..], expected(size));
        assert!(Writer::open(&scene.path(), &Options::default()).is_err());
    }
}

#[test]
fn a_long_turn_that_ends_without_a_checkpoint_is_taken_back() {
    let scene = Scene::new();
    drop(scene.create());
    let before = scene.bytes();
    let mut shared = SharedWriter::open(&scene.path(), &Options::default()).unwrap();
    for size in SIZES {
        let mut turn = shared.transaction().unwrap();
        each(size, |entry| assert!(turn.write(entry).is_ok()));
        assert_eq!(turn.end().unwrap(), expected(size).len() as u64);
        assert_eq!(scene.bytes(), before);
    }
}

#[test]
fn entries_that_were_only_flushed_are_in_the_file() {
    let scene = Scene::new();
    let mut writer = scene.create();
    each(SIZES[3], |entry| assert!(writer.write(entry).is_ok()));
    writer.flush().unwrap();
    assert_eq!(fs::read(scene.path()).unwrap()[41..], expected(SIZES[3]));
}
