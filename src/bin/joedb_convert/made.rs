//! What is said of a file that was made anew from a log.

use crate::args::{Args, ReceiptForm};
use crate::outcome::Failure;
use crate::receipt::{SCHEMA_VERSION, lossy, remarks, share, spooled, write_json};
use crate::source::Source;
use crate::warn;
use anyhow::Context as _;
use joedb::Outcome;
use joedb::new_journal::Receipt;
use joedb::recovery::{ApplyError, Plan, Share};
use joedb::text::{Position, file_name};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// A new file, or what it would be.
pub(crate) struct Made {
    /// Up to where the input was read.
    pub(crate) plan: Plan,
    pub(crate) written: Share,
    /// `None` for a plan.
    pub(crate) receipt: Option<Receipt>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    job: &'a str,
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    spooled: Option<u64>,
    output: String,
    dry_run: bool,
    plan: &'a Plan,
    written: Share,
    receipt: Option<&'a Receipt>,
}

/// Shows a receipt, or a plan.
pub(crate) fn show(
    job: &str,
    args: &Args,
    source: &Source,
    output: &Path,
    made: &Made,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    warn(output, made.receipt.as_ref().map_or(&[], |receipt| &receipt.warnings));
    let shown = match args.format {
        ReceiptForm::Text => text(source, output, made, out),
        ReceiptForm::Json => json(job, source, output, made, out),
    };
    if args.dry_run {
        shown?;
    } else {
        let whole = || format!("{} is complete, but the receipt could not be written", file_name(output));
        shown.with_context(whole)?;
    }
    Ok(Outcome::Done)
}

fn json(job: &str, source: &Source, output: &Path, made: &Made, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        job,
        input: source.place.operand(),
        spooled: source.spooled,
        output: lossy(output),
        dry_run: made.receipt.is_none(),
        plan: &made.plan,
        written: made.written,
        receipt: made.receipt.as_ref(),
    };
    write_json(&document, out)
}

fn text(source: &Source, output: &Path, made: &Made, out: &mut dyn Write) -> io::Result<()> {
    let Made { plan, written, receipt } = made;
    let (input, output, written) = (&source.place, file_name(output), share(*written));
    let read = format!(
        "{input}, version {} up to {}, {}",
        plan.version.number(),
        Position(plan.cut),
        share(plan.kept)
    );
    match receipt {
        Some(receipt) => {
            let crc = receipt.crc;
            writeln!(out, "{read}: wrote {written} in {output} (CRC-32 {crc:08x}, read back)")?;
        }
        None => writeln!(out, "plan: {read}: would write {written} in {output}")?,
    }
    if plan.lost.bytes > 0 {
        writeln!(out, "left out behind {}: {}", Position(plan.cut), share(plan.lost))?;
    }
    remarks(plan, out)?;
    spooled(source, out)?;
    if receipt.is_none() { writeln!(out, "nothing was written (--dry-run)") } else { Ok(()) }
}

/// The input does not read as it did when the plan was made.
pub(crate) fn changed(source: &Source, how: &dyn std::fmt::Display) -> Failure {
    Failure::from(ApplyError::Changed(how.to_string())).context(&source.place)
}
