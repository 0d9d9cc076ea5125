//! A recovery that stops and is taken up in the same uptime: the machine did not crash, so nothing that was pending is
//! lost yet, and nothing of it is durable.

use crate::in_place::{Cut, Cutting, Undoing, Way};
use crate::logs;
use crate::once::{all_cuts, conversions, cuts, of, undoable};
use crate::report::survives;
use crate::work::{Stop, go_on};

/// All cuts of the small logs, and one of each large one, which take a hundred times as long.
fn some_cuts(ways: &[Way]) -> Vec<Cut> {
    let mut some = all_cuts(&logs::small(), ways);
    some.extend(logs::large().iter().filter_map(|log| cuts(log, Way::Plain).into_iter().next()));
    some
}

fn survives_going_on(stop: Stop, what: &str) {
    survives(&format!("{what} cuts"), some_cuts(&[Way::Plain, Way::WithoutUndo]), |cut, crashes| {
        let (cutting, undoing) = (Cutting(&cut), Undoing(&cut));
        go_on(&cutting, &[&cutting, &undoing], stop, &cut.initial(), crashes).map_err(of(&cut.name))
    });
    survives(&format!("{what} undos"), undoable(some_cuts(&[Way::Plain])), |cut, crashes| {
        let (cutting, undoing) = (Cutting(&cut), Undoing(&cut));
        go_on(&undoing, &[&cutting, &undoing], stop, &cut.done(), crashes).map_err(of(&cut.name))
    });
    let logs = [logs::small(), logs::large()].concat();
    survives(&format!("{what} recoveries to another file"), conversions(&logs), |conversion, crashes| {
        go_on(&conversion, &[&conversion], stop, &conversion.initial(), crashes).map_err(of(&conversion.name))
    });
}

#[test]
fn what_was_killed_is_taken_up_again_before_anything_reached_the_disk() {
    survives_going_on(Stop::Killed, "killed");
}

#[test]
fn what_failed_is_tried_again_and_what_reads_back_is_not_believed_to_be_on_the_disk() {
    survives_going_on(Stop::Failed, "failed");
}
