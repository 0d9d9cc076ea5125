//! A recovery that is interrupted by a crash of the machine, and what is done about that, which is interrupted too.

use crate::in_place::{Cutting, Undoing, Way};
use crate::logs;
use crate::once::{all_cuts, conversions, of, undoable};
use crate::report::survives;
use crate::work::crash_twice;

#[test]
fn after_every_crash_of_a_cut_it_is_made_or_undone_under_further_crashes() {
    let cuts = all_cuts(&logs::small(), &[Way::Plain, Way::WithoutUndo]);
    survives("second recoveries, in place", cuts, |cut, crashes| {
        let (cutting, undoing) = (Cutting(&cut), Undoing(&cut));
        crash_twice(&cutting, &[&cutting, &undoing], &cut.initial(), crashes).map_err(of(&cut.name))
    });
}

#[test]
fn after_every_crash_of_an_undo_it_is_undone_or_cut_again_under_further_crashes() {
    let cuts = undoable(all_cuts(&logs::small(), &[Way::Plain]));
    survives("second recoveries, after undo", cuts, |cut, crashes| {
        let (cutting, undoing) = (Cutting(&cut), Undoing(&cut));
        crash_twice(&undoing, &[&cutting, &undoing], &cut.done(), crashes).map_err(of(&cut.name))
    });
}

#[test]
fn after_every_crash_of_a_recovery_to_another_file_it_is_made_under_further_crashes() {
    survives("second recoveries, to another file", conversions(&logs::small()), |conversion, crashes| {
        let crashed = crash_twice(&conversion, &[&conversion], &conversion.initial(), crashes);
        crashed.map_err(of(&conversion.name))
    });
}
