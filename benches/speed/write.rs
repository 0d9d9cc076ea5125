//! What writing and loading cost beside the disk: the journal writer into memory, and the tables.

use crate::logs::{SHAPES, Shape, decode, file, log};
use divan::Bencher;
use divan::counter::BytesCount;
use joedb::Journal;
use joedb::replay::{Range, Tolerance, replay};
use joedb::storage::memory::MemoryDirectory;
use joedb::store::{Limits, Store};
use joedb::writer::{Locks, Options, Writer};
use std::path::Path;

/// With its check of the schema and one hard checkpoint.
#[divan::bench(args = SHAPES)]
fn written(bencher: Bencher<'_, '_>, shape: Shape) {
    let log = log(shape);
    let mut entries = Vec::new();
    decode(log.body(), |entry| entries.push(*entry));
    let options = Options { locks: Locks::None, ..Options::default() };
    bencher.counter(BytesCount::new(log.body().len())).bench_local(|| {
        let mut writer = Writer::create_in(&MemoryDirectory::default(), Path::new("log"), &options).unwrap();
        for entry in &entries {
            writer.write(entry).unwrap();
        }
        writer.hard_checkpoint().unwrap()
    });
}

#[divan::bench(args = SHAPES)]
fn loaded(bencher: Bencher<'_, '_>, shape: Shape) {
    let bytes = file(shape);
    let range = Range::up_to(bytes.len() as u64);
    let size = BytesCount::new(bytes.len());
    let mut journal = Journal::from_bytes(bytes).unwrap();
    bencher.counter(size).bench_local(|| {
        let mut store = Store::new(Limits::default());
        // Where it stops, if it does, it has gone as far as it can.
        drop(replay(&mut journal, range, Tolerance::Strict, &mut store, &mut |_| {}));
        store
    });
}
