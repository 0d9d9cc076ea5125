//! One recovery, interrupted.

use crate::convert::Conversion;
use crate::in_place::{Cut, Cutting, Undoing, Way};
use crate::logs::{self, Log};
use crate::report::survives;
use crate::work::{Depth, Work, crash, fail};
use joedb::diagnosis::FindingId;
use joedb::recovery::Target;

const TARGETS: [Target; 7] = [
    Target::Checkpoint,
    Target::LastEntry,
    Target::Hard,
    Target::Soft,
    Target::Pending,
    Target::ValidData,
    // Behind the schema and before the last checkpoint of all logs.
    Target::Until(46),
];

/// One cut for each position that the targets name. A file that is being written is not cut in place.
pub(crate) fn cuts(log: &Log, way: Way) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let targets = if log.headline == FindingId::BeingWritten { &[][..] } else { &TARGETS };
    for cut in targets.iter().filter_map(|&target| Cut::new(log, target, way)) {
        if cuts.iter().all(|known| known.position() != cut.position()) {
            cuts.push(cut);
        }
    }
    cuts
}

/// The cuts of some logs, made in some ways.
pub(crate) fn all_cuts(logs: &[Log], ways: &[Way]) -> Vec<Cut> {
    let of_log = |log| ways.iter().flat_map(move |&way| cuts(log, way));
    logs.iter().flat_map(of_log).collect()
}

/// Those of them that leave something to undo.
pub(crate) fn undoable(cuts: Vec<Cut>) -> Vec<Cut> {
    cuts.into_iter().filter(|cut| Undoing(cut).is_possible(&cut.done())).collect()
}

/// To another file: what somebody gets who asks for nothing, and the most over an older recovery.
pub(crate) fn conversions(logs: &[Log]) -> Vec<Conversion> {
    let variants = [(Target::Checkpoint, false), (Target::LastEntry, true)];
    let of_log = |log| variants.map(|(target, replaces)| Conversion::new(log, target, replaces));
    logs.iter().flat_map(of_log).flatten().collect()
}

pub(crate) const WAYS: [Way; 3] = [Way::Plain, Way::Unverified, Way::WithoutUndo];

fn every_log() -> Vec<Log> {
    [logs::small(), logs::large(), logs::of_fixtures()].concat()
}

/// A violation, and whose.
pub(crate) fn of(name: &str) -> impl FnOnce(String) -> String {
    move |violation| format!("{name}: {violation}")
}

#[test]
fn a_cut_in_place_survives_every_crash() {
    survives("cut in place", all_cuts(&every_log(), &WAYS), |cut, crashes| {
        crash(&Cutting(&cut), &cut.initial(), Depth::Again, crashes).map(drop).map_err(of(&cut.name))
    });
}

#[test]
fn undoing_a_cut_survives_every_crash() {
    let cuts = undoable(all_cuts(&every_log(), &[Way::Plain]));
    survives("undo", cuts, |cut, crashes| {
        crash(&Undoing(&cut), &cut.done(), Depth::Again, crashes).map(drop).map_err(of(&cut.name))
    });
}

#[test]
fn recovering_to_another_file_survives_every_crash() {
    survives("to another file", conversions(&every_log()), |conversion, crashes| {
        let crashed = crash(&conversion, &conversion.initial(), Depth::Again, crashes);
        crashed.map(drop).map_err(of(&conversion.name))
    });
}

fn small_and_large() -> Vec<Log> {
    [logs::small(), logs::large()].concat()
}

#[test]
fn a_cut_in_place_survives_every_fault() {
    survives("faults in place", all_cuts(&small_and_large(), &WAYS), |cut, crashes| {
        fail(&Cutting(&cut), &cut.initial(), crashes).map_err(of(&cut.name))
    });
}

#[test]
fn undoing_a_cut_survives_every_fault() {
    let cuts = undoable(all_cuts(&small_and_large(), &[Way::Plain]));
    survives("faults of undo", cuts, |cut, crashes| {
        fail(&Undoing(&cut), &cut.done(), crashes).map_err(of(&cut.name))
    });
}

#[test]
fn recovering_to_another_file_survives_every_fault() {
    survives("faults to another file", conversions(&small_and_large()), |conversion, crashes| {
        fail(&conversion, &conversion.initial(), crashes).map_err(of(&conversion.name))
    });
}
