//! What is said of a file that was made anew from logs.

use crate::args::{Args, ReceiptForm};
use crate::outcome::Failure;
use crate::receipt::{SCHEMA_VERSION, count, lossy, remarks, share, spooled, write_json};
use crate::source::Source;
use crate::warn;
use anyhow::Context as _;
use joedb::Outcome;
use joedb::merge::Merged;
use joedb::new_journal::Receipt;
use joedb::pack::Packed;
use joedb::recovery::{ApplyError, Plan, Share};
use joedb::text::{Bytes, Position, file_name};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// A log that was read, and up to where.
pub(crate) struct Input<'a> {
    pub(crate) source: &'a Source,
    pub(crate) plan: &'a Plan,
}

/// A new file, or what it would be.
pub(crate) struct Made {
    /// What was done.
    pub(crate) job: &'static str,
    pub(crate) written: Share,
    /// `None` for a plan.
    pub(crate) receipt: Option<Receipt>,
    /// Where only what is left was written.
    pub(crate) packed: Option<Packed>,
    /// Where several logs became one.
    pub(crate) merged: Option<Merged>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    packed: Option<Packed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged: Option<Merged>,
    receipt: Option<&'a Receipt>,
}

/// Shows a receipt, or a plan.
pub(crate) fn show(
    args: &Args,
    inputs: &[Input<'_>],
    output: &Path,
    made: &Made,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    warn(output, made.receipt.as_ref().map_or(&[], |receipt| &receipt.warnings));
    let shown = match args.format {
        ReceiptForm::Text => text(inputs, output, made, out),
        ReceiptForm::Json => json(inputs, output, made, out),
    };
    if args.dry_run {
        shown?;
    } else {
        let whole = || format!("{} is complete, but the receipt could not be written", file_name(output));
        shown.with_context(whole)?;
    }
    Ok(Outcome::Done)
}

fn json(inputs: &[Input<'_>], output: &Path, made: &Made, out: &mut dyn Write) -> io::Result<()> {
    let mut inputs = inputs.iter().map(|Input { source, plan }| InputDocument {
        input: source.place.operand(),
        spooled: source.spooled,
        plan,
    });
    let (input, inputs) = match made.merged {
        None => (inputs.next(), Vec::new()),
        Some(_) => (None, inputs.collect()),
    };
    let document = Document {
        schema_version: SCHEMA_VERSION,
        job: made.job,
        input,
        inputs,
        output: lossy(output),
        dry_run: made.receipt.is_none(),
        written: made.written,
        packed: made.packed,
        merged: made.merged,
        receipt: made.receipt.as_ref(),
    };
    write_json(&document, out)
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
    changes(made, out)?;
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

/// What is not as it was.
fn changes(made: &Made, out: &mut dyn Write) -> io::Result<()> {
    if let Some(packed) = made.packed.filter(|packed| packed.blobs_left_out > 0) {
        let (blobs, bytes) =
            (count(packed.blobs_left_out, "blob", "blobs"), Bytes(packed.blob_bytes_left_out));
        writeln!(out, "left out, for no record points to them: {blobs} of {bytes}")?;
    }
    match made.merged.map_or(0, |merged| merged.references_cleared) {
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
