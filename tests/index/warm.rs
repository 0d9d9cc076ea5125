//! What is read with an index is what is read without.

use crate::logs::{Log, any_log};
use crate::{checkpointed, indexed, journal};
use joedb::diagnosis::{Evidence, Question, report, survey};
use joedb::index;
use joedb::replay::{Range, Tolerance, replay};
use joedb::sink::{Commands, Format, JsonLines, Raw, Sql, Style, TextSink};
use proptest::prelude::*;
use proptest::sample::Index as Pick;

/// The text of a part of a log in a form, with and without an index, and what is said of it.
fn dumps<F: Format>(
    log: &[u8],
    checkpoint: u64,
    range: Range,
    form: impl Fn(Style) -> F,
) -> [(Vec<u8>, String); 2] {
    let style = Style::new(journal(log).version());
    let index = indexed(&checkpointed(log, journal(log).version(), checkpoint));
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    let mut sink = TextSink::new(form(style), style, &mut cold);
    let without = replay(&mut journal(log), range, Tolerance::Strict, &mut sink, &mut |_| {});
    let mut sink = TextSink::new(form(style), style, &mut warm);
    let with = index::replay(&index, &mut journal(log), range, Tolerance::Strict, &mut sink, &mut |_| {});
    let (mut without, mut with) = (without.unwrap(), with.unwrap());
    // Where nothing of the range was played, how far it was read in front of it means nothing.
    if without.entries == 0 && with.entries == 0 {
        (without.position, with.position) = (0, 0);
    }
    [(cold, format!("{without:?}")), (warm, format!("{with:?}"))]
}

fn current(log: &Log) -> u64 {
    log.soft.unwrap_or(log.hard)
}

proptest! {
    #[test]
    fn every_part_of_a_log_is_dumped_as_without_an_index(log in any_log(40), from in any::<Pick>(), until in any::<Pick>()) {
        let size = log.bytes.len() as u64;
        let positions: Vec<u64> = (41..=size).collect();
        let (from, until) = (*from.get(&positions), *until.get(&positions));
        let range = Range { from: from.min(until), until: from.max(until), limit: size };
        let checkpoint = current(&log);
        let style = Style::new(log.version);
        let blob = || None;
        let _ = style;
        for [cold, warm] in [
            dumps(&log.bytes, checkpoint, range, |style| Commands::new(style, blob())),
            dumps(&log.bytes, checkpoint, range, |style| Raw::new(style, blob())),
            dumps(&log.bytes, checkpoint, range, |style| Sql::new(style, blob())),
            dumps(&log.bytes, checkpoint, range, JsonLines::new),
        ] {
            prop_assert_eq!(warm, cold);
        }
    }

    #[test]
    fn a_survey_of_what_is_new_finds_what_a_whole_one_finds(log in any_log(40), covered in any::<Pick>(), asked in any::<Pick>(), time in any::<Pick>()) {
        let boundaries: Vec<u64> = log.boundaries.iter().copied().filter(|&boundary| boundary <= current(&log)).collect();
        let index = indexed(&checkpointed(&log.bytes, log.version, *covered.get(&boundaries)));
        let times: Vec<i64> = log.seconds.iter().copied().chain([0]).collect();
        let positions: Vec<u64> = (0..=log.bytes.len() as u64).collect();
        let question = Question { positions: vec![*asked.get(&positions)], time: Some(*time.get(&times)), load: None };
        let mut journal = journal(&log.bytes);
        let whole = survey(&mut journal, &question, &mut |_| {}).unwrap();
        let quick = index.survey(&mut journal, &question, &mut |_| {}).unwrap().unwrap();
        prop_assert_eq!(format!("{quick:?}"), format!("{whole:?}"));
        let evidence = Evidence::default();
        prop_assert_eq!(report(&journal, &quick, &evidence), report(&journal, &whole, &evidence));
    }
}
