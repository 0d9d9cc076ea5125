//! What the tests of diagnosis and recovery have in common. All of it works in memory, so that thousands of logs
//! take seconds.

use joedb::diagnosis::{Advice, CutName, Evidence, FindingId, Question, Report, diagnose, diagnose_with};
use joedb::head::Head;
use joedb::journal::{Journal, OpenError, Writer};
use joedb::recovery::{Outputs, PlanError, PlanOptions, Target, Unattended, apply, plan};
use joedb::replay::{Range, Tolerance, replay};
use joedb::sink::{Commands, Fidelity, Style, TextSink};
use joedb::storage::Existing;
use joedb::storage::memory::{MemoryDirectory, MemoryFile};
use joedb::store::Limits;
use std::path::Path;

pub(crate) fn journal(bytes: &[u8]) -> Journal {
    Journal::from_bytes(bytes.to_vec()).unwrap()
}

/// The verdict on a file, the operating system not being asked when the power failed.
pub(crate) fn diagnosed(journal: &mut Journal) -> Report {
    diagnose(journal, &Evidence::default(), &mut |_| {}).unwrap()
}

/// The verdict on any bytes, with a head or without.
pub(crate) fn report(bytes: &[u8]) -> Report {
    match Journal::from_bytes(bytes.to_vec()) {
        Ok(mut journal) => diagnosed(&mut journal),
        Err(OpenError::Head(error)) => Report::of_head_error(&error, bytes.len() as u64, Writer::Absent),
        Err(error) => panic!("{error}"),
    }
}

/// The same of bytes with a head, the log being played into tables too.
pub(crate) fn loaded_report(bytes: &[u8]) -> Report {
    let question = Question { load: Some(Limits::for_log(bytes.len() as u64)), ..Question::default() };
    diagnose_with(&mut journal(bytes), &question, &Evidence::default(), &mut |_| {}).unwrap()
}

/// What the advised command cuts at; `None` where it recovers nothing.
pub(crate) fn advised(advice: Advice) -> Option<Target> {
    match advice {
        Advice::RecoverToCheckpoint => Some(Target::Checkpoint),
        Advice::RecoverTo(name) => Some(named(name)),
        Advice::RecoverToPosition(position) => Some(Target::Position(position)),
        Advice::LookAtBytes
        | Advice::Dump
        | Advice::LookAtTail
        | Advice::CheckAgain
        | Advice::LoadWithin { .. }
        | Advice::LookAtEntries { .. } => None,
    }
}

const fn named(name: CutName) -> Target {
    match name {
        CutName::Hard => Target::Hard,
        CutName::Soft => Target::Soft,
        CutName::Pending => Target::Pending,
        CutName::ValidData => Target::ValidData,
        CutName::Timestamp => Target::Timestamp,
        CutName::LastEntry => Target::LastEntry,
        CutName::Loadable => panic!("advised by its position"),
        CutName::Eof => Target::Eof,
    }
}

/// The log up to `end` as commands.
pub(crate) fn dumped(journal: &mut Journal, end: u64, fidelity: Fidelity) -> Vec<u8> {
    let style = Style { fidelity, ..Style::new(journal.version()) };
    let mut text = Vec::new();
    let mut sink = TextSink::new(Commands::new(style, None), style, &mut text);
    replay(journal, Range::up_to(end), Tolerance::Strict, &mut sink, &mut |_| {}).unwrap();
    text
}

/// Plans a cut, carries it out, and returns the new file.
pub(crate) fn recovered(bytes: &[u8], target: Target, allow_empty: bool) -> Result<Vec<u8>, PlanError> {
    let options = PlanOptions { allow_empty, ..PlanOptions::default() };
    let plan = plan(&mut journal(bytes), target, options, &mut |_| {})?;
    let (directory, source) = (MemoryDirectory::default(), MemoryFile::new(bytes.to_vec()));
    let outputs = Outputs { output: "output".into(), existing: Existing::Refuse, tail: None };
    apply(&plan, &source, &directory, &outputs, &mut Unattended).unwrap();
    let left = directory.names();
    assert_eq!(left, [Path::new("output")], "temporary files were left behind");
    Ok(directory.file(&left[0]).unwrap().bytes())
}

/// Asserts that a recovered file opens cleanly in joedb and holds nothing but a beginning of the original.
pub(crate) fn assert_clean_beginning(recovered: &[u8], original: &[u8]) {
    let (mut found, mut whole) = (journal(recovered), journal(original));
    let (cut, size) = (found.size(), whole.size());
    assert_eq!(diagnosed(&mut found).verdict, FindingId::Clean);
    assert_eq!(*found.head(), Head::hard(whole.version(), cut));
    assert!(original[41..].starts_with(&recovered[41..]), "cut at {cut}: other bytes than the original's");
    let text = dumped(&mut found, cut, Fidelity::Lossless);
    // The empty line at the end is not the log's.
    let lines = text.strip_suffix(b"\n").unwrap_or_default();
    let expected = dumped(&mut whole, size, Fidelity::Lossless);
    assert!(expected.starts_with(lines), "cut at {cut}: another dump than the original's");
}
