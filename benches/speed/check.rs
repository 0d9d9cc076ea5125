//! The walk under `--check` and under every verified recovery, its checksum included, and the checksum alone.

use crate::logs::{SHAPES, Shape, file};
use divan::Bencher;
use divan::counter::BytesCount;
use joedb::Journal;
use joedb::diagnosis::{Question, survey};

#[divan::bench(args = SHAPES)]
fn surveyed(bencher: Bencher<'_, '_>, shape: Shape) {
    let bytes = file(shape);
    let size = BytesCount::new(bytes.len());
    let mut journal = Journal::from_bytes(bytes).unwrap();
    let question = Question::default();
    bencher.counter(size).bench_local(|| survey(&mut journal, &question, &mut |_| {}));
}

#[divan::bench]
fn checksum(bencher: Bencher<'_, '_>) {
    let bytes = file(Shape::Rows);
    bencher.counter(BytesCount::new(bytes.len())).bench(|| crc32fast::hash(&bytes));
}
