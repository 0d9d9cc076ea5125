//! What is said of an export.

use super::target::Target;
use super::{Content, Export, Receipt};
use crate::args::{OutputFormat, ReceiptForm};
use crate::outcome::Failure;
use crate::receipt::{SCHEMA_VERSION, count, lossy, remarks, share, spooled, write_json};
use crate::warn;
use anyhow::Context as _;
use joedb::Outcome;
use joedb::export::{ExportedTable, Remarks};
use joedb::recovery::Plan;
use joedb::text::{Bytes, Position, file_name};
use serde::Serialize;
use std::io::{self, Write};

/// Shows the receipt, or the plan; where the output itself goes to the standard output, on the standard error.
pub(super) fn show(
    export: &Export<'_>,
    plan: &Plan,
    content: &Content,
    receipt: Option<&Receipt>,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    warn(export.target.path(), receipt.map_or(&[], |receipt| &receipt.warnings));
    let mut error = io::stderr();
    let out: &mut dyn Write = if is_streamed(export) { &mut error } else { out };
    let shown = match export.args.format {
        ReceiptForm::Text => text(export, plan, content, receipt, out),
        ReceiptForm::Json => json(export, plan, content, receipt, out),
    };
    if export.args.dry_run || is_streamed(export) {
        shown?;
    } else {
        let output = file_name(export.target.path());
        shown.with_context(|| format!("{output} is complete, but the receipt could not be written"))?;
    }
    Ok(Outcome::Done)
}

/// Whether the standard output takes the output.
fn is_streamed(export: &Export<'_>) -> bool {
    matches!(export.target, Target::StandardOutput) && !export.args.dry_run
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    job: &'a str,
    output_format: &'a str,
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    spooled: Option<u64>,
    output: String,
    dry_run: bool,
    plan: &'a Plan,
    #[serde(skip_serializing_if = "Option::is_none")]
    tables: Option<&'a [ExportedTable]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vectors_left_out: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<&'a [String]>,
    receipt: Option<OutputReceipt<'a>>,
}

#[derive(Serialize)]
struct OutputReceipt<'a> {
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    crc: Option<u32>,
    warnings: &'a [String],
}

fn json(
    export: &Export<'_>,
    plan: &Plan,
    content: &Content,
    receipt: Option<&Receipt>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (tables, entries, vectors_left_out, files) = match content {
        Content::Tables(exported) => (Some(exported.tables.as_slice()), None, None, None),
        Content::Entries { entries, left_out, files } => {
            (None, Some(*entries), Some(*left_out), Some(files.as_slice()))
        }
    };
    let receipt =
        receipt.map(|Receipt { bytes, crc, warnings }| OutputReceipt { bytes: *bytes, crc: *crc, warnings });
    let document = Document {
        schema_version: SCHEMA_VERSION,
        job: "export",
        output_format: export.format.name(),
        input: export.source.place.operand(),
        spooled: export.source.spooled,
        output: lossy(export.target.path()),
        dry_run: export.args.dry_run,
        plan,
        tables,
        entries,
        vectors_left_out,
        files,
        receipt,
    };
    write_json(&document, out)
}

fn text(
    export: &Export<'_>,
    plan: &Plan,
    content: &Content,
    receipt: Option<&Receipt>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (place, cut, args) = (&export.source.place, Position(plan.cut), export.args);
    let (plan_word, verb) = if args.dry_run { ("plan: ", "would export") } else { ("", "exported") };
    let target = match &export.target {
        Target::StandardOutput => "the standard output".to_owned(),
        other => file_name(other.path()),
    };
    let what = match content {
        Content::Tables(exported) => {
            let tables = count(exported.tables.len() as u64, "table", "tables");
            format!("{tables} of {}", count(exported.rows(), "row", "rows"))
        }
        Content::Entries { entries, .. } => count(*entries, "entry", "entries"),
    };
    let format = export.format.title();
    let written = receipt.map_or(String::new(), written);
    let kept = share(plan.kept);
    writeln!(out, "{plan_word}{place} up to {cut}, {kept}: {verb} {what} as {format} to {target}{written}")?;
    if plan.lost.bytes > 0 {
        writeln!(out, "left out behind {cut}: {}", share(plan.lost))?;
    }
    remarks(plan, out)?;
    of_content(export.format, content, out)?;
    spooled(&export.source, out)?;
    if args.dry_run { writeln!(out, "nothing was written (--dry-run)") } else { Ok(()) }
}

fn written(receipt: &Receipt) -> String {
    let bytes = Bytes(receipt.bytes);
    receipt
        .crc
        .map_or_else(|| format!(" ({bytes})"), |crc| format!(" ({bytes}, CRC-32 {crc:08x}, read back)"))
}

/// What is not as it is in the log.
fn of_content(format: OutputFormat, content: &Content, out: &mut dyn Write) -> io::Result<()> {
    match content {
        Content::Tables(exported) => {
            exported.tables.iter().try_for_each(|table| of_table(format, table, out))
        }
        Content::Entries { left_out: 0, .. } => Ok(()),
        Content::Entries { left_out, .. } => {
            let vectors = count(*left_out, "vector is", "vectors are");
            writeln!(out, "{vectors} longer than 16 MiB of text: the values are left out")
        }
    }
}

fn of_table(format: OutputFormat, table: &ExportedTable, out: &mut dyn Write) -> io::Result<()> {
    let name = &table.name;
    if let Some(renamed) = &table.renamed {
        writeln!(out, "table {name}: is named {renamed} there")?;
    }
    let Remarks { blobs_elsewhere, strings_not_utf8, not_numbers, negative_zeros, dangling_references } =
        table.remarks;
    let strings = match format {
        OutputFormat::Sqlite => "no UTF-8, or with a NUL in it: a BLOB there",
        OutputFormat::Parquet => "no UTF-8: binary, as all of the field",
        _ => "no UTF-8: the bytes are there as they are",
    };
    let lines = [
        (blobs_elsewhere, "blob value", "that points to no data in this log: null"),
        (strings_not_utf8, "string", strings),
        (not_numbers, "float", "no number: TEXT there"),
        (negative_zeros, "negative zero", "without its sign there"),
        (dangling_references, "reference", "to a record that does not exist: kept, and no foreign key"),
    ];
    for (found, noun, what) in lines.into_iter().filter(|(found, ..)| *found > 0) {
        writeln!(out, "table {name}: {found} × {noun}, {what}")?;
    }
    Ok(())
}
