//! A file that is made anew from logs, and what is said of it.

use crate::args::{Args, ReceiptForm};
use crate::destination::Destination;
use crate::outcome::Failure;
use crate::receipt::{SCHEMA_VERSION, count, lossy, remarks, share, spooled, write_json};
use crate::signals::Signals;
use crate::source::Source;
use crate::{Watch, warn};
use anyhow::Context as _;
use joedb::merge::Merged;
use joedb::new_journal::Receipt;
use joedb::pack::Packed;
use joedb::recovery::{ApplyError, Outputs, Plan, Share};
use joedb::storage::File;
use joedb::text::{Bytes, Position, file_name};
use joedb::{BlobPointers, Outcome};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// A log that was read, and up to where.
pub(crate) struct Input<'a> {
    pub(crate) source: &'a Source,
    pub(crate) plan: &'a Plan,
}

/// How a log is made anew.
pub(crate) struct Making<'a> {
    pub(crate) args: &'a Args,
    pub(crate) outputs: &'a Outputs,
    pub(crate) signals: &'a Signals,
    /// What is done.
    pub(crate) job: &'static str,
    pub(crate) pointers: BlobPointers,
}

/// A new file, or what it would be.
pub(crate) struct Made {
    written: Share,
    /// `None` for a plan.
    receipt: Option<Receipt>,
    changes: Changes,
}

/// What is not as it was.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Changes {
    /// Where only what is left was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) packed: Option<Packed>,
    /// Where several logs became one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) merged: Option<Merged>,
}

impl Making<'_> {
    /// A file with the attributes of another one and the entries that `write` gives it; a draft of it with `--dry-run`.
    pub(crate) fn make(
        &self,
        attributes_of: &File,
        write: impl FnOnce(&mut Destination<'_>) -> Result<Changes, Failure>,
    ) -> Result<Made, Failure> {
        let mut watch = Watch { quiet: self.args.quiet, signals: self.signals.clone(), progress: None };
        let mut destination = Destination::open(self.args, self.outputs, self.pointers, &mut watch)?;
        let changes = write(&mut destination)?;
        let (written, receipt) = destination.finish(Some(attributes_of))?;
        Ok(Made { written, receipt, changes })
    }

    /// Shows a receipt, or a plan.
    pub(crate) fn show(
        &self,
        inputs: &[Input<'_>],
        made: &Made,
        out: &mut dyn Write,
    ) -> Result<Outcome, Failure> {
        let output = &self.outputs.output;
        warn(output, made.receipt.as_ref().map_or(&[], |receipt| &receipt.warnings));
        let shown = match self.args.format {
            ReceiptForm::Text => text(inputs, output, made, out),
            ReceiptForm::Json => self.json(inputs, made, out),
        };
        if self.args.dry_run {
            shown?;
        } else {
            let whole = || format!("{} is complete, but the receipt could not be written", file_name(output));
            shown.with_context(whole)?;
        }
        Ok(Outcome::Done)
    }

    fn json(&self, inputs: &[Input<'_>], made: &Made, out: &mut dyn Write) -> io::Result<()> {
        let mut inputs = inputs.iter().map(|Input { source, plan }| InputDocument {
            input: source.place.operand(),
            spooled: source.spooled,
            plan,
        });
        let (input, inputs) = match made.changes.merged {
            None => (inputs.next(), Vec::new()),
            Some(_) => (None, inputs.collect()),
        };
        let document = Document {
            schema_version: SCHEMA_VERSION,
            job: self.job,
            input,
            inputs,
            output: lossy(&self.outputs.output),
            dry_run: made.receipt.is_none(),
            written: made.written,
            changes: made.changes,
            receipt: made.receipt.as_ref(),
        };
        write_json(&document, out)
    }
}

#[derive(Serialize)]
struct InputDocument<'a> {
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    spooled: Option<u64>,
    plan: &'a Plan,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    job: &'a str,
    /// Of one log.
    #[serde(flatten)]
    input: Option<InputDocument<'a>>,
    /// Of logs that are merged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<InputDocument<'a>>,
    output: String,
    dry_run: bool,
    written: Share,
    #[serde(flatten)]
    changes: Changes,
    receipt: Option<&'a Receipt>,
}

fn text(inputs: &[Input<'_>], output: &Path, made: &Made, out: &mut dyn Write) -> io::Result<()> {
    let (last, before) = inputs.split_last().map_or((None, inputs), |(last, before)| (Some(last), before));
    let is_plan = made.receipt.is_none();
    let plan = if is_plan { "plan: " } else { "" };
    for input in before {
        writeln!(out, "{plan}{}", read(input))?;
        left_out(input, out)?;
    }
    let written = wrote(output, made);
    match last {
        Some(last) => writeln!(out, "{plan}{}: {written}", read(last))?,
        None => writeln!(out, "{plan}{written}")?,
    }
    last.map_or(Ok(()), |last| left_out(last, out))?;
    changes(made.changes, out)?;
    if is_plan { writeln!(out, "nothing was written (--dry-run)") } else { Ok(()) }
}

fn read(Input { source, plan }: &Input<'_>) -> String {
    let (version, cut) = (plan.version.number(), Position(plan.cut));
    format!("{}, version {version} up to {cut}, {}", source.place, share(plan.kept))
}

fn wrote(output: &Path, made: &Made) -> String {
    let (output, written) = (file_name(output), share(made.written));
    match &made.receipt {
        Some(receipt) => format!("wrote {written} in {output} (CRC-32 {:08x}, read back)", receipt.crc),
        None => format!("would write {written} in {output}"),
    }
}

fn left_out(Input { source, plan }: &Input<'_>, out: &mut dyn Write) -> io::Result<()> {
    if plan.lost.bytes > 0 {
        writeln!(out, "left out behind {}: {}", Position(plan.cut), share(plan.lost))?;
    }
    remarks(plan, out)?;
    spooled(source, out)
}

fn changes(changes: Changes, out: &mut dyn Write) -> io::Result<()> {
    if let Some(packed) = changes.packed.filter(|packed| packed.blobs_left_out > 0) {
        let (blobs, bytes) =
            (count(packed.blobs_left_out, "blob", "blobs"), Bytes(packed.blob_bytes_left_out));
        writeln!(out, "left out, for no record points to them: {blobs} of {bytes}")?;
    }
    match changes.merged.map_or(0, |merged| merged.references_cleared) {
        0 => Ok(()),
        cleared => {
            let references = count(cleared, "reference", "references");
            writeln!(out, "{references} to records that are in none of the files became null")
        }
    }
}

/// The input does not read as it did when the plan was made.
pub(crate) fn changed(source: &Source, how: &dyn std::fmt::Display) -> Failure {
    Failure::from(ApplyError::Changed(how.to_string())).context(&source.place)
}
