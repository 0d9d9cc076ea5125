//! Bytes to entries and back, with nothing else done to them.

use crate::logs::{SHAPES, Shape, decode, log};
use divan::Bencher;
use divan::counter::BytesCount;
use joedb::{Encoder, Version};

#[divan::bench(args = SHAPES)]
fn decoded(bencher: Bencher<'_, '_>, shape: Shape) {
    let log = log(shape);
    bencher.counter(BytesCount::new(log.body().len())).bench(|| {
        decode(log.body(), |entry| {
            divan::black_box(entry);
        });
    });
}

#[divan::bench(args = SHAPES)]
fn encoded(bencher: Bencher<'_, '_>, shape: Shape) {
    let log = log(shape);
    let mut entries = Vec::new();
    decode(log.body(), |entry| entries.push(*entry));
    bencher.counter(BytesCount::new(log.body().len())).bench(|| {
        let mut again = Encoder::new(Version::V5);
        entries.iter().for_each(|entry| again.push(entry));
        again
    });
}
