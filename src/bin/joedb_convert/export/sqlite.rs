//! A SQLite database, where the program was built with it.

use super::{Export, Receipt};
use crate::outcome::Failure;
use joedb::export::{Exported, Selection};
use joedb::recovery::Outputs;

#[cfg(feature = "sqlite")]
pub(super) fn write(
    export: &Export<'_>,
    selection: &Selection<'_>,
    outputs: &Outputs,
) -> Result<(Exported, Receipt), Failure> {
    use joedb::export::sqlite::{Database, write};
    let (output, existing, source) = (&outputs.output, outputs.existing, &export.source.file);
    let written = write(selection, output, existing, Some(source), &mut export.watch());
    let written = written.map_err(|error| export.stopped(super::failed(error)));
    let Database { exported, bytes, warnings } = written?;
    Ok((exported, Receipt { bytes, crc: None, warnings }))
}

#[cfg(not(feature = "sqlite"))]
pub(super) fn write(_: &Export<'_>, _: &Selection<'_>, _: &Outputs) -> Result<(Exported, Receipt), Failure> {
    Err(super::not_built("SQLite", "sqlite"))
}
