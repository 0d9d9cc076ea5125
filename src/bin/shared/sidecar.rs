//! The index beside a log, where it is of use.

use crate::outcome::say;
use joedb::index::{Index, Unused, read_beside};
use joedb::journal::{Journal, Origin};
use joedb::storage::{FileDirectory, Place, index_name};
use joedb::text::file_name;
use std::path::Path;

/// The path of a log that may have an index: a file of its own.
pub(crate) fn path_of<'p>(place: &'p Place, journal: &Journal) -> Option<&'p Path> {
    place.path().filter(|_| journal.origin() == Origin::File)
}

/// The index of a log if there is one that is of this log, as far as `verify` tells. Why one that is there is not used is
/// said, unless all has to be quiet.
pub(crate) fn usable(
    place: &Place,
    journal: &mut Journal,
    quiet: bool,
    verify: impl FnOnce(&Index, &mut Journal) -> Result<(), Unused>,
) -> Option<Index> {
    let path = path_of(place, journal)?;
    let found = read_beside(&FileDirectory, path, journal);
    let verified = found.and_then(|index| verify(&index, journal).map(|()| index));
    match verified {
        Ok(index) => Some(index),
        Err(unused) => {
            if !quiet && !matches!(unused, Unused::Missing) {
                if unused.is_in_the_way() {
                    in_the_way(path, &unused);
                } else {
                    not_used(place, path, &unused.to_string());
                }
            }
            None
        }
    }
}

/// Says that an index is not used, and why.
pub(crate) fn not_used(place: &Place, path: &Path, why: &str) {
    let name = file_name(&index_name(path));
    let next = place.logdump("--index");
    say(&format!("{}: {name}: not used: {why}\n  {next} makes it anew", crate::PROGRAM));
}

/// Says that no index can be read where one would be, nor be made there.
fn in_the_way(path: &Path, unused: &Unused) {
    let name = file_name(&index_name(path));
    say(&format!(
        "{}: {name}: not used: {unused}\n  move it away, so that an index can be made",
        crate::PROGRAM
    ));
}
