//! A text as input: what `joedb_logdump` printed, and perhaps a person changed, becomes a journal.

use crate::args::{Args, Language};
use crate::outcome::{Failure, failure, say};
use crate::progress::Progress;
use crate::receipt::{self, Loaded};
use crate::signals::Signals;
use crate::text_input::TextInput;
use crate::{PROGRAM, Watch};
use anyhow::{Context as _, anyhow};
use joedb::Outcome;
use joedb::commands::{self, PlayError, Played};
use joedb::json_lines;
use joedb::new_journal::{Draft, NewJournal, NewJournalError};
use joedb::recovery::{ApplyError, Outputs, Target};
use joedb::sink::{LeftOut, Sink};
use joedb::storage::{File, FileDirectory, ReadAt as _};
use joedb::text::{Bytes, file_name};
use std::io::Write;
use std::path::Path;

/// Reads the input to its end, and makes `outputs` of it unless only the plan is asked for.
pub(crate) fn run(
    args: &Args,
    language: Language,
    outputs: &Outputs,
    signals: &Signals,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    refuse_cuts(args)?;
    let input = args.input.as_path();
    let loaded = if args.dry_run {
        let mut draft = Draft::new(args.pointers());
        let played = play_into(&mut draft, args, language, signals)?;
        Loaded { played, written: draft.written(), receipt: None }
    } else {
        make(args, language, outputs, signals)?
    };
    warn(input, &outputs.output, &loaded);
    let shown = receipt::show_loaded(args, input, &outputs.output, &loaded, out);
    let whole =
        || format!("{} is complete, but the receipt could not be written", file_name(&outputs.output));
    if args.dry_run {
        shown?
    } else {
        shown.with_context(whole)?
    }
    Ok(Outcome::Done)
}

/// A text that was taken for a joedb file because of its name.
pub(crate) fn hint(args: &Args, input: &File, failure: Failure) -> Failure {
    if failure.outcome != Outcome::NotJoedb || args.input_format.is_some() || !begins_as_text(input) {
        return failure;
    }
    let error = anyhow!(
        "{:#}; it looks like text: --input-format commands reads joedb commands, json-lines JSON Lines",
        failure.error
    );
    Failure { error, ..failure }
}

fn begins_as_text(file: &File) -> bool {
    let mut begin = [0; 64];
    let read = file.read_full_at(&mut begin, 0).unwrap_or(0);
    let begin = begin.get(..read).unwrap_or_default();
    !begin.is_empty() && begin.iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
}

/// What belongs to a log that is cut means nothing here.
fn refuse_cuts(args: &Args) -> Result<(), Failure> {
    let given = [
        (args.target() != Target::Checkpoint, "a cut"),
        (args.no_verify, "--no-verify"),
        (args.save_tail.is_some(), "--save-tail"),
    ];
    match given.into_iter().find(|(is_given, _)| *is_given) {
        Some((_, what)) => {
            Err(failure(Outcome::Usage, anyhow!("{what} is for joedb files; a text is read to its end")))
        }
        None => Ok(()),
    }
}

fn make(args: &Args, language: Language, outputs: &Outputs, signals: &Signals) -> Result<Loaded, Failure> {
    let input = args.input.as_path();
    let mut watch = Watch { quiet: args.quiet, signals: signals.clone(), progress: None };
    let (output, existing) = (&outputs.output, outputs.existing);
    let mut journal = NewJournal::create(&FileDirectory, output, existing, args.pointers(), &mut watch)?;
    let played = play_into(&mut journal, args, language, signals)?;
    // Pipes have no attributes that a file should have.
    let source = if input.is_file() { File::open(input).ok() } else { None };
    let receipt = journal.finish(source.as_ref())?;
    Ok(Loaded { played, written: receipt.written, receipt: Some(receipt) })
}

fn play_into<S: Sink<Error = NewJournalError>>(
    sink: &mut S,
    args: &Args,
    language: Language,
    signals: &Signals,
) -> Result<Played, Failure> {
    let input = args.input.as_path();
    let size = input.metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len());
    let mut progress = Progress::new("load", size.unwrap_or(0), args.quiet || size.is_none());
    let text = TextInput::open(input, signals);
    let (pointers, watch) = (args.pointers(), &mut |position| progress.at(position));
    let played = match language {
        Language::Commands => commands::play(text, pointers, sink, watch),
        Language::JsonLines => json_lines::play(text, pointers, sink, watch),
    };
    let name = receipt::text_name(input);
    let played = played.map_err(|error| failed(&name, error, signals))?;
    if played.entries == 0 && !args.allow_empty {
        let what = match language {
            Language::Commands => "command",
            Language::JsonLines => "entry",
        };
        let error = anyhow!("{name}: no {what} found; --allow-empty makes an empty database of it");
        return Err(failure(Outcome::Damaged, error));
    }
    Ok(played)
}

fn failed(name: &str, error: PlayError<NewJournalError>, signals: &Signals) -> Failure {
    match error {
        PlayError::Io { .. } if signals.received().is_some() => ApplyError::Cancelled.into(),
        PlayError::Io { .. } => anyhow!("{name}: {error}").into(),
        PlayError::Sink(NewJournalError::Output(error)) => error.into(),
        PlayError::Sink(NewJournalError::Blob { .. }) => {
            failure(Outcome::Damaged, anyhow!("{name}: {error}"))
        }
        PlayError::LongLine { .. } | PlayError::Mistake { .. } => {
            failure(Outcome::Damaged, anyhow!("{name}:{error}"))
        }
    }
}

/// What went well and may still not be what was meant.
fn warn(input: &Path, output: &Path, loaded: &Loaded) {
    let name = receipt::text_name(input);
    let LeftOut { blobs, bytes } = loaded.played.left_out;
    if blobs > 0 {
        let noun = if blobs == 1 { "blob" } else { "blobs" };
        let bytes = Bytes(bytes);
        say(&format!(
            "{PROGRAM}: {name}: warning: {blobs} {noun} of {bytes} are not in this dump; joedb_logdump --blob dumps them"
        ));
    }
    if !loaded.played.is_ended {
        let line = loaded.played.lines;
        say(&format!("{PROGRAM}: {name}: warning: line {line} has no end: the text may have been cut"));
    }
    crate::warn(output, loaded.receipt.as_ref().map_or(&[], |receipt| &receipt.warnings));
}
