//! Plan and receipt, as text and as JSON.

use crate::args::{Args, ReceiptForm};
use joedb::journal::Writer;
use joedb::recovery::{Plan, Receipt, Share, Target};
use joedb::text::shell::quote;
use joedb::text::{Bytes, Position, file_name, visible_json};
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The version of the JSON form; it rises when a member changes its meaning.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    input: String,
    output: String,
    dry_run: bool,
    plan: &'a Plan,
    receipt: Option<&'a Receipt>,
}

pub(crate) fn show_plan(
    args: &Args,
    input: &Path,
    output: &Path,
    plan: &Plan,
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.format == ReceiptForm::Json {
        return json(input, output, plan, None, out);
    }
    writeln!(out, "plan: {}", line(plan, input, output, ("would keep", "would lose")))?;
    remarks(plan, out)?;
    writeln!(out, "nothing was written (--dry-run)")
}

pub(crate) fn show(
    args: &Args,
    input: &Path,
    output: &Path,
    plan: &Plan,
    receipt: &Receipt,
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.format == ReceiptForm::Json {
        return json(input, output, plan, Some(receipt), out);
    }
    writeln!(out, "{} (CRC-32 {:08x}, read back)", line(plan, input, output, ("kept", "lost")), receipt.crc)?;
    remarks(plan, out)?;
    if let (Some(bytes), Some(tail)) = (receipt.saved_tail, &args.save_tail) {
        writeln!(out, "saved: {} in {}", Bytes(bytes), file_name(tail))?;
    }
    if args.quiet {
        return Ok(());
    }
    if plan.source_writer == Writer::Present {
        let input = file_name(input);
        return writeln!(
            out,
            "a program has {input} open for writing: stop it before you put anything in its place"
        );
    }
    swap(input, output, out)
}

fn json(
    input: &Path,
    output: &Path,
    plan: &Plan,
    receipt: Option<&Receipt>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        input: input.to_string_lossy().into_owned(),
        output: output.to_string_lossy().into_owned(),
        dry_run: receipt.is_none(),
        plan,
        receipt,
    };
    writeln!(out, "{}", visible_json(&serde_json::to_string(&document)?))
}

/// Kept, lost, where.
fn line(plan: &Plan, input: &Path, output: &Path, (keeps, loses): (&str, &str)) -> String {
    let (input, output) = (file_name(input), file_name(output));
    let at = Position(plan.cut);
    format!("{input} cut at {at}: {keeps} {}, {loses} {}, in {output}", share(plan.kept), share(plan.lost))
}

fn share(share: Share) -> String {
    let count =
        |count: u64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let entries = share.entries.map(|entries| count(entries, "entry", "entries"));
    let rows = share.rows.filter(|&rows| rows > 0).map(|rows| count(rows, "row", "rows"));
    let parts: Vec<String> = entries.into_iter().chain(rows).collect();
    let undecodable = share.undecodable.filter(|&bytes| bytes > 0);
    let undecodable = undecodable.map(|bytes| format!("{} that do not decode", Bytes(bytes)));
    let parts: Vec<String> = parts.into_iter().chain(undecodable).collect();
    let bytes = Bytes(share.bytes).to_string();
    if parts.is_empty() || share.bytes == 0 { bytes } else { format!("{bytes} ({})", parts.join(", ")) }
}

/// What should not be overlooked.
fn remarks(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    if let Target::Until(asked) = plan.target
        && asked != plan.cut
    {
        writeln!(out, "{} was rounded up to the next boundary, {}", Position(asked), Position(plan.cut))?;
    }
    if let (Some(_), Some(last)) = (plan.soft_past_end, plan.last_entry.filter(|&last| last > plan.cut)) {
        let (cut, last) = (Position(plan.cut), Position(last));
        writeln!(
            out,
            "warning: softly acknowledged data behind {cut} is not kept; --to last-entry keeps it up to {last}"
        )?;
    }
    Ok(())
}

/// The commands that put the recovered file in the place of the crashed one.
fn swap(input: &Path, output: &Path, out: &mut dyn Write) -> io::Result<()> {
    let kept = free_name(input);
    let (input, output, kept) = (quote(input), quote(output), quote(&kept));
    writeln!(out, "to put it in place, with no program using the file:")?;
    writeln!(out, "  mv -n {input} {kept} &&")?;
    writeln!(out, "  mv -n {output} {input}")
}

/// A name for the crashed file that nobody has: moving to one that exists would silently do nothing.
fn free_name(input: &Path) -> PathBuf {
    let names = (1_u32..).map(|number| {
        let mut name = input.as_os_str().to_owned();
        name.push(if number == 1 { ".crashed".to_owned() } else { format!(".crashed.{number}") });
        PathBuf::from(name)
    });
    let mut free = names.filter(|name| name.symlink_metadata().is_err());
    free.next().unwrap_or_default()
}
