//! The verdict on any bytes: the same however they are read, harmless to show, and with advice that can be followed.

use super::input::{LARGEST, file};
use super::support::{advised, diagnosed, journal, loaded_report, recovered, report};
use super::terminal::assert_harmless;
use joedb::diagnosis::{FindingId, Question, Report, Survey, survey};
use joedb::recovery::Target;
use joedb::storage::memory::MemoryFile;
use joedb::store::Limits;
use joedb::{Head, Journal};

/// The bytes are a file as they are, and once more with a head if they have none.
pub fn run(data: &[u8]) {
    if data.len() > LARGEST {
        return;
    }
    if Head::parse(data).is_err() {
        assert_shows(&report(data));
    }
    let bytes = file(data);
    let report = diagnosed(&mut journal(&bytes));
    assert_shows(&report);
    // With a look at which records exist.
    assert_shows(&loaded_report(&bytes));
    // What is loaded is looked at entry by entry.
    assert_eq!(surveyed(&bytes, None), surveyed(&bytes, Some(Limits::default())), "together and one by one");
    let windowed = Journal::of_storage(Box::new(MemoryFile::new(bytes.clone())));
    assert_eq!(diagnosed(&mut windowed.expect("a head")), report, "a window gives another verdict");
    assert_cuts_agree(&report, &bytes);
    assert_advice_can_be_followed(&report, &bytes);
}

/// What a walk over the whole file finds, but for what came of loading it.
fn surveyed(bytes: &[u8], load: Option<Limits>) -> Survey {
    let question = Question { load, ..Question::default() };
    let mut found = survey(&mut journal(bytes), &question, &mut |_| {}).expect("memory can be read");
    found.load = None;
    found
}

fn assert_shows(report: &Report) {
    let shown = serde_json::to_string(report).expect("a report is JSON");
    assert_harmless(shown.as_bytes());
    for finding in &report.findings {
        assert_harmless(finding.sentence.as_bytes());
    }
    let damage = report.log.as_ref().and_then(|log| log.damage.as_ref());
    if let Some(damage) = damage {
        assert_harmless(damage.message.as_bytes());
    }
    assert_eq!(report.verdict, report.findings[0].id);
}

/// A cut that is said to decode can be had, keeps what is said, and one that is not cannot.
fn assert_cuts_agree(report: &Report, bytes: &[u8]) {
    for cut in &report.cuts {
        let found = recovered(bytes, Target::Position(cut.position), true);
        assert_eq!(found.is_ok(), cut.decodes, "{cut:?}: {found:?}");
        if let Ok(found) = found {
            assert_eq!(found.len() as u64, cut.position);
            assert_eq!(cut.kept.bytes + 41, cut.position);
        }
    }
    assert!(report.cuts.iter().filter(|cut| cut.recommended).all(|cut| cut.decodes && !cut.empty));
}

fn assert_advice_can_be_followed(report: &Report, bytes: &[u8]) {
    for finding in &report.findings {
        let Some(target) = advised(finding.advice) else { continue };
        let found = recovered(bytes, target, false).map(|file| diagnosed(&mut journal(&file)).verdict);
        assert!(matches!(found, Ok(FindingId::Clean)), "{finding:?}: {found:?}");
    }
}
