//! Text of every form, on one thread.

use crate::logs::{SHAPES, Shape, file};
use divan::Bencher;
use divan::counter::BytesCount;
use joedb::replay::{Range, Tolerance, replay};
use joedb::sink::{Commands, Format, JsonLines, Raw, Sql, Style, TextSink};
use joedb::{Journal, Version};
use std::io;

const STYLE: Style = Style::new(Version::V5);

fn dump<F: Format>(bencher: Bencher<'_, '_>, shape: Shape, form: impl Fn() -> F) {
    let bytes = file(shape);
    let range = Range::up_to(bytes.len() as u64);
    let size = BytesCount::new(bytes.len());
    let mut journal = Journal::from_bytes(bytes).unwrap();
    bencher.counter(size).bench_local(|| {
        let mut nowhere = io::sink();
        let mut sink = TextSink::new(form(), STYLE, &mut nowhere);
        replay(&mut journal, range, Tolerance::Strict, &mut sink, &mut |_| {}).unwrap()
    });
}

#[divan::bench(args = SHAPES)]
fn commands(bencher: Bencher<'_, '_>, shape: Shape) {
    dump(bencher, shape, || Commands::new(STYLE, None));
}

#[divan::bench(args = SHAPES)]
fn raw(bencher: Bencher<'_, '_>, shape: Shape) {
    dump(bencher, shape, || Raw::new(STYLE, None));
}

#[divan::bench(args = SHAPES)]
fn sql(bencher: Bencher<'_, '_>, shape: Shape) {
    dump(bencher, shape, || Sql::new(STYLE, None));
}

#[divan::bench(args = SHAPES)]
fn json(bencher: Bencher<'_, '_>, shape: Shape) {
    dump(bencher, shape, || JsonLines::new(STYLE));
}
