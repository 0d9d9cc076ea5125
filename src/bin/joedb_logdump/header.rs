//! The head alone: 41 bytes and the size of the file.

use crate::PROGRAM;
use crate::args::Args;
use crate::input::{self, Input};
use crate::outcome::{Failure, say};
use anyhow::anyhow;
use joedb::Outcome;
use joedb::head::{Checkpoints, HEAD_LENGTH, Head};
use joedb::journal::{HeadReading, Writer};
use joedb::text::quoted;
use std::io::{self, Write};
use std::path::Path;

pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let mut worst = Outcome::Done;
    for (index, path) in args.files.iter().enumerate() {
        // One write shows it all: a call for each word would take longer than the rest.
        let mut text = Vec::new();
        if args.files.len() > 1 {
            let gap = if index > 0 { "\n" } else { "" };
            writeln!(text, "{gap}{}:", input::place(path, args.part()))?;
        }
        let outcome = one(args, path, &mut text);
        out.write_all(&text)?;
        let outcome = outcome.unwrap_or_else(|failure| {
            say(&format!("{PROGRAM}: {}: {:#}", input::place(path, args.part()), failure.error));
            failure.outcome
        });
        worst = worst.worse(outcome);
    }
    Ok(worst)
}

fn one(args: &Args, path: &Path, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let input = input::open(args, path, args.part())?;
    let reading = input.medium().read_head()?;
    let Some(bytes) = reading.bytes.first_chunk::<HEAD_LENGTH>() else {
        let error = Head::parse(&reading.bytes).err().map_or_else(|| anyhow!("no head"), anyhow::Error::from);
        return Err(crate::outcome::failure(Outcome::NotJoedb, error));
    };
    let parsed = Head::parse(bytes);
    let numbers = Head::numbers(bytes);
    let (slots, version, signature) = match &parsed {
        Ok(head) if !args.compat => (head.slots(), head.version().number(), *b"joedb"),
        _ => numbers,
    };
    seven_lines(out, reading.size, slots, version, signature)?;
    match parsed {
        Ok(head) if !args.compat => verdict_of_head(out, &input, &reading, &head)?,
        Ok(_) => {}
        Err(error) => return Err(crate::outcome::failure(Outcome::NotJoedb, error)),
    }
    Ok(Outcome::Done)
}

/// As the reference prints them.
fn seven_lines(
    out: &mut dyn Write,
    size: u64,
    slots: [i64; 4],
    version: u32,
    signature: [u8; 5],
) -> io::Result<()> {
    writeln!(out, "    file size: {size}")?;
    for (number, slot) in slots.iter().enumerate() {
        writeln!(out, "checkpoint[{number}]: {slot}")?;
    }
    writeln!(out, "format version: {version}")?;
    writeln!(out, "signature: {}", quoted(&signature))
}

fn verdict_of_head(out: &mut dyn Write, input: &Input, reading: &HeadReading, head: &Head) -> io::Result<()> {
    let checkpoints = head.checkpoints(reading.size);
    writeln!(out, "valid pairs: {}", valid_pairs(head))?;
    writeln!(out, "hard checkpoint: {}", hard(&checkpoints))?;
    writeln!(out, "soft checkpoint: {}", soft(&checkpoints))?;
    writeln!(out, "pending checkpoint: {}", pending(&checkpoints))?;
    match checkpoints.current() {
        Ok(current) => {
            writeln!(out, "current checkpoint: {current}")?;
            writeln!(out, "bytes behind it: {}", reading.size.saturating_sub(current))?;
        }
        Err(error) => writeln!(out, "current checkpoint: none ({error})")?,
    }
    let (state, options) = state(&checkpoints, input);
    writeln!(out, "state: {state}")?;
    writeln!(out, "next: {}", input.place().logdump(options))
}

/// The pairs whose copies are equal, and at least 41.
fn valid_pairs(head: &Head) -> &'static str {
    match head.valid_pairs() {
        [true, true] => "0, 1",
        [true, false] => "0",
        [false, true] => "1",
        [false, false] => "none",
    }
}

fn hard(checkpoints: &Checkpoints) -> String {
    match checkpoints.hard.pair {
        Some(pair) => format!("{} (pair {pair})", checkpoints.hard.position),
        None => format!("none (neither pair has equal copies), so {}", checkpoints.hard.position),
    }
}

fn soft(checkpoints: &Checkpoints) -> String {
    let believed = checkpoints.soft.map(|soft| format!("{} (slot {})", soft.position, soft.slot));
    let past = checkpoints.soft_past_end;
    let past = past.map(|past| format!("{} (slot {}) lies past the end", past.position, past.slot));
    match (believed, past) {
        (None, None) => "none".to_owned(),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(believed), Some(past)) => format!("{believed}; {past}"),
    }
}

fn pending(checkpoints: &Checkpoints) -> String {
    let pending = checkpoints.pending.map(|pending| format!("{} (slot {})", pending.position, pending.slot));
    pending.unwrap_or_else(|| "none".to_owned())
}

/// What the head alone tells, and how to look further.
fn state(checkpoints: &Checkpoints, input: &Input) -> (&'static str, &'static str) {
    const CHECK: &str = "--check";
    const DUMP: &str = "";
    let Ok(current) = checkpoints.current() else {
        return ("file cut short (tail unread: run --check)", CHECK);
    };
    if checkpoints.soft_past_end.is_some() {
        return ("soft checkpoint past the end (tail unread: run --check)", CHECK);
    }
    if input.medium().writer() == Writer::Present {
        return ("being written (tail unread: run --check)", CHECK);
    }
    if checkpoints.pending_above_current().is_some() {
        return ("pending hard checkpoint (tail unread: run --check)", CHECK);
    }
    let dirty = checkpoints.size > current && input.medium().origin().ends_the_log();
    match (dirty, checkpoints.soft) {
        (true, _) => ("dirty (tail unread: run --check)", CHECK),
        (false, Some(_)) => ("clean, soft (log unread: run --check)", DUMP),
        (false, None) => ("clean (log unread: run --check)", DUMP),
    }
}
