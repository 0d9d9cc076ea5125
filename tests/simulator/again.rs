//! A recovery that stops and is taken up in the same uptime: the machine did not crash, so nothing that was pending is
//! lost yet, and nothing of it is durable.

use crate::in_place::{Cutting, Undoing, Way};
use crate::logs;
use crate::once::{all_cuts, conversions, of, undoable};
use crate::report::survives;
use crate::work::{fail_to_sync, kill};

const WAYS: [Way; 2] = [Way::Plain, Way::WithoutUndo];

#[test]
fn what_was_killed_is_taken_up_again_before_anything_reached_the_disk() {
    survives("killed cuts", all_cuts(&logs::small(), &WAYS), |cut, crashes| {
        let (cutting, undoing) = (Cutting(&cut), Undoing(&cut));
        kill(&cutting, &[&cutting, &undoing], &cut.initial(), crashes).map_err(of(&cut.name))
    });
    let cuts = undoable(all_cuts(&logs::small(), &[Way::Plain]));
    survives("killed undos", cuts, |cut, crashes| {
        let (cutting, undoing) = (Cutting(&cut), Undoing(&cut));
        kill(&undoing, &[&cutting, &undoing], &cut.done(), crashes).map_err(of(&cut.name))
    });
    survives("killed on the way to another file", conversions(&logs::small()), |conversion, crashes| {
        kill(&conversion, &[&conversion], &conversion.initial(), crashes).map_err(of(&conversion.name))
    });
}

#[test]
fn what_a_failed_sync_dropped_is_not_believed_because_it_reads_back() {
    let logs = [logs::small(), logs::large()].concat();
    survives("cuts that failed to sync", all_cuts(&logs, &WAYS), |cut, crashes| {
        let (cutting, undoing) = (Cutting(&cut), Undoing(&cut));
        fail_to_sync(&cutting, &[&cutting, &undoing], &cut.initial(), crashes).map_err(of(&cut.name))
    });
    let cuts = undoable(all_cuts(&logs, &[Way::Plain]));
    survives("undos that failed to sync", cuts, |cut, crashes| {
        let (cutting, undoing) = (Cutting(&cut), Undoing(&cut));
        fail_to_sync(&undoing, &[&cutting, &undoing], &cut.done(), crashes).map_err(of(&cut.name))
    });
    survives("recoveries to another file that failed to sync", conversions(&logs), |conversion, crashes| {
        fail_to_sync(&conversion, &[&conversion], &conversion.initial(), crashes)
            .map_err(of(&conversion.name))
    });
}
