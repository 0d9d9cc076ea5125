//! Plan and receipt, as text and as JSON.

use crate::args::{Args, ReceiptForm};
use crate::names;
use crate::source::Source;
use joedb::commands::Played;
use joedb::journal::Writer;
use joedb::new_journal;
use joedb::recovery::{InPlaceReceipt, Plan, Receipt, Share, Target, UNDO_HEAD, UndoReceipt, is_done};
use joedb::text::shell::quote;
use joedb::text::time::Utc;
use joedb::text::{Bytes, Position, file_name, visible_json};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// The version of the JSON form; it rises when a member changes its meaning.
pub(crate) const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    job: &'static str,
    input: String,
    /// How many bytes came through a pipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    spooled: Option<u64>,
    output: String,
    dry_run: bool,
    plan: &'a Plan,
    receipt: Option<&'a Receipt>,
}

pub(crate) fn show_plan(
    args: &Args,
    source: &Source,
    output: &Path,
    plan: &Plan,
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.format == ReceiptForm::Json {
        return json(source, output, plan, None, out);
    }
    writeln!(out, "plan: {}", line(plan, source, output, ("would keep", "would lose")))?;
    remarks(plan, out)?;
    spooled(source, out)?;
    writeln!(out, "nothing was written (--dry-run)")
}

pub(crate) fn show(
    args: &Args,
    source: &Source,
    output: &Path,
    plan: &Plan,
    receipt: &Receipt,
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.format == ReceiptForm::Json {
        return json(source, output, plan, Some(receipt), out);
    }
    writeln!(
        out,
        "{} (CRC-32 {:08x}, read back)",
        line(plan, source, output, ("kept", "lost")),
        receipt.crc
    )?;
    remarks(plan, out)?;
    spooled(source, out)?;
    if let (Some(bytes), Some(tail)) = (receipt.saved_tail, &args.save_tail) {
        writeln!(out, "saved: {} in {}", Bytes(bytes), file_name(tail))?;
    }
    if args.quiet {
        return Ok(());
    }
    if plan.source_writer == Writer::Present {
        let input = &source.place;
        return writeln!(
            out,
            "a program has {input} open for writing: stop it before you put anything in its place"
        );
    }
    // A device cannot be renamed, and standard input has no name.
    let file = source.place.path().filter(|_| !source.file.is_device());
    file.map_or(Ok(()), |input| swap(input, output, out))
}

fn json(
    source: &Source,
    output: &Path,
    plan: &Plan,
    receipt: Option<&Receipt>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        job: "recover",
        input: source.place.operand(),
        spooled: source.spooled,
        output: lossy(output),
        dry_run: receipt.is_none(),
        plan,
        receipt,
    };
    write_json(&document, out)
}

/// What became of a text of commands.
pub(crate) struct Loaded {
    pub(crate) played: Played,
    pub(crate) written: Share,
    /// `None` for a plan.
    pub(crate) receipt: Option<new_journal::Receipt>,
}

/// The document of commands as input.
#[derive(Serialize)]
struct LoadedDocument<'a> {
    schema_version: u32,
    job: &'static str,
    input: String,
    output: String,
    dry_run: bool,
    lines: u64,
    blobs_left_out: u64,
    written: Share,
    receipt: Option<&'a new_journal::Receipt>,
}

/// The name of a text for messages.
pub(crate) fn text_name(input: &Path) -> String {
    if input == Path::new("-") { "standard input".to_owned() } else { file_name(input) }
}

pub(crate) fn show_loaded(
    args: &Args,
    input: &Path,
    output: &Path,
    loaded: &Loaded,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Loaded { played, written, receipt } = loaded;
    if args.format == ReceiptForm::Json {
        let document = LoadedDocument {
            schema_version: SCHEMA_VERSION,
            job: "load",
            input: lossy(input),
            output: lossy(output),
            dry_run: receipt.is_none(),
            lines: played.lines,
            blobs_left_out: played.left_out.blobs,
            written: *written,
            receipt: receipt.as_ref(),
        };
        return write_json(&document, out);
    }
    let (input, output, written) = (text_name(input), file_name(output), share(*written));
    let lines = count(played.lines, "line", "lines");
    match receipt {
        Some(receipt) => {
            let crc = receipt.crc;
            writeln!(out, "{input}, {lines}: wrote {written} in {output} (CRC-32 {crc:08x}, read back)")
        }
        None => {
            writeln!(out, "plan: {input}, {lines}: would write {written} in {output}")?;
            writeln!(out, "nothing was written (--dry-run)")
        }
    }
}

/// The document of `--in-place`.
#[derive(Serialize)]
struct InPlaceDocument<'a> {
    schema_version: u32,
    job: &'static str,
    input: String,
    undo_file: Option<String>,
    dry_run: bool,
    plan: &'a Plan,
    receipt: Option<&'a InPlaceReceipt>,
}

/// The document of `--undo`.
#[derive(Serialize)]
struct UndoDocument {
    schema_version: u32,
    job: &'static str,
    input: String,
    undo_file: String,
    receipt: UndoReceipt,
}

pub(crate) fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

pub(crate) fn write_json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", visible_json(&serde_json::to_string(document)?))
}

fn in_place_json(
    input: &Path,
    plan: &Plan,
    receipt: Option<&InPlaceReceipt>,
    undo: Option<&Path>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (input, undo_file) = (lossy(input), undo.map(lossy));
    let dry_run = receipt.is_none();
    write_json(
        &InPlaceDocument {
            schema_version: SCHEMA_VERSION,
            job: "recover",
            input,
            undo_file,
            dry_run,
            plan,
            receipt,
        },
        out,
    )
}

pub(crate) fn show_in_place_plan(
    args: &Args,
    input: &Path,
    plan: &Plan,
    undo: Option<&Path>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.format == ReceiptForm::Json {
        return in_place_json(input, plan, None, undo, out);
    }
    if is_done(plan) {
        return nothing_to_do(input, plan, out);
    }
    writeln!(out, "plan: {}", in_place_line(plan, input, ("would keep", "would lose")))?;
    remarks(plan, out)?;
    if let Some(undo) = undo {
        let size = Bytes(plan.removed().saturating_add(UNDO_HEAD));
        writeln!(out, "the way back would be {} ({size})", file_name(undo))?;
    }
    writeln!(out, "nothing was written (--dry-run)")
}

pub(crate) fn show_in_place(
    args: &Args,
    input: &Path,
    plan: &Plan,
    receipt: &InPlaceReceipt,
    undo: Option<&Path>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.format == ReceiptForm::Json {
        let undo = undo.filter(|_| receipt.undo_size.is_some());
        return in_place_json(input, plan, Some(receipt), undo, out);
    }
    if !receipt.changed {
        return nothing_to_do(input, plan, out);
    }
    writeln!(out, "{}", in_place_line(plan, input, ("kept", "lost")))?;
    remarks(plan, out)?;
    match undo {
        Some(undo) if !args.quiet => {
            let from = if args.undo_file.is_some() {
                format!("--undo-file {} ", quote(undo))
            } else {
                String::new()
            };
            writeln!(out, "saved: the way back, in {}", file_name(undo))?;
            writeln!(out, "to undo: joedb_convert --undo {from}{}", quote(input))
        }
        _ => Ok(()),
    }
}

pub(crate) fn show_undone(
    args: &Args,
    input: &Path,
    undo: &Path,
    receipt: UndoReceipt,
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.format == ReceiptForm::Json {
        let (input, undo_file) = (lossy(input), lossy(undo));
        return write_json(
            &UndoDocument { schema_version: SCHEMA_VERSION, job: "undo", input, undo_file, receipt },
            out,
        );
    }
    let (input, undo) = (file_name(input), file_name(undo));
    match receipt.put_back {
        0 => writeln!(out, "{input} is as it was before the cut: nothing to do"),
        bytes => writeln!(out, "{input} is as it was before the cut: {} put back from {undo}", Bytes(bytes)),
    }
}

fn nothing_to_do(input: &Path, plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let (input, cut) = (file_name(input), Position(plan.cut));
    writeln!(out, "{input} ends at its checkpoint, {cut}: nothing to do, nothing was touched")
}

fn in_place_line(plan: &Plan, input: &Path, (keeps, loses): (&str, &str)) -> String {
    let (input, at) = (file_name(input), Position(plan.cut));
    format!("{input} cut in place at {at}: {keeps} {}, {loses} {}", share(plan.kept), share(plan.lost))
}

/// Kept, lost, where.
fn line(plan: &Plan, source: &Source, output: &Path, (keeps, loses): (&str, &str)) -> String {
    let (input, output) = (&source.place, file_name(output));
    let at = Position(plan.cut);
    format!("{input} cut at {at}: {keeps} {}, {loses} {}, in {output}", share(plan.kept), share(plan.lost))
}

pub(crate) fn count(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

pub(crate) fn share(share: Share) -> String {
    let entries = share.entries.map(|entries| count(entries, "entry", "entries"));
    let rows = share.rows.filter(|&rows| rows > 0).map(|rows| count(rows, "row", "rows"));
    let parts: Vec<String> = entries.into_iter().chain(rows).collect();
    let undecodable = share.undecodable.filter(|&bytes| bytes > 0);
    let undecodable = undecodable.map(|bytes| {
        let verb = if bytes == 1 { "does" } else { "do" };
        format!("{} that {verb} not decode", Bytes(bytes))
    });
    let parts: Vec<String> = parts.into_iter().chain(undecodable).collect();
    let bytes = Bytes(share.bytes).to_string();
    if parts.is_empty() || share.bytes == 0 { bytes } else { format!("{bytes} ({})", parts.join(", ")) }
}

/// What came through a pipe was copied, and there is no file to go back to.
pub(crate) fn spooled(source: &Source, out: &mut dyn Write) -> io::Result<()> {
    source.spooled.map_or(Ok(()), |bytes| {
        writeln!(
            out,
            "{} came through a pipe and were read from a temporary copy, which is gone",
            Bytes(bytes)
        )
    })
}

/// What should not be overlooked.
pub(crate) fn remarks(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    if let Target::Until(asked) = plan.target
        && asked != plan.cut
    {
        writeln!(out, "{} was rounded up to the next boundary, {}", Position(asked), Position(plan.cut))?;
    }
    if let Target::Time(seconds) = plan.target {
        writeln!(out, "{} was asked for, and the last timestamp up to it taken", Utc::from_seconds(seconds))?;
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
    // Moving to a name that exists would silently do nothing.
    let kept = names::free(input, ".crashed");
    let (input, output, kept) = (quote(input), quote(output), quote(&kept));
    writeln!(out, "to put it in place, with no program using the file:")?;
    writeln!(out, "  mv -n {input} {kept} &&")?;
    writeln!(out, "  mv -n {output} {input}")
}
