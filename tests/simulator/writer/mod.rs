//! The journal writer under crashes and faults: every short sequence of what is done with it and with its file.
//!
//! The model knows the entries and which checkpoints were asked for and acknowledged. After every operation of a run,
//! and inside each write, whatever the disk may hold is opened, and has to hold every hard checkpoint that was
//! acknowledged by then; after a crash of the program alone every soft one too. [`verdict`] holds what `--check` says
//! against what happened, and [`after`] recovers what a crash left, writes to it, and crashes again.

mod after;
mod crash;
mod mutants;
mod recovering;
mod sequences;
mod verdict;

use crate::disk::State;
use crate::storage::{Fault, SimDirectory, SimStorage};
use joedb::writer::{Background, Options, PendingCheckpoint, Recovery, Undo, Writer};
use joedb::{Entry, HEAD_SIZE, Head};
use std::path::Path;

pub(crate) const LOG: &str = "log";

/// What a program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Writes an entry, which need not reach the file.
    Entry,
    /// Writes an entry that is larger than a sector.
    Large,
    Flush,
    Soft,
    Hard,
    /// Asks for an asynchronous hard checkpoint.
    Async,
    /// Lets it take its next step.
    Advance,
    /// Ends the program as it should, and starts it again.
    Reopen,
    /// Kills the program, recovers to a new file that takes the place of the old one, and starts the program again.
    ToNewFile,
    /// Kills the program, recovers the file in place, and starts the program again.
    InPlace,
    /// Kills the program, undoes the newest recovery in place, and starts the program again.
    Undo,
    /// The next operation fails.
    Fail,
}

/// A checkpoint, and the log up to it.
#[derive(Clone, Debug, Hash)]
struct Mark {
    /// The number of operations that had been issued when it was acknowledged.
    after: usize,
    /// The number of operations that had been issued when it was taken back.
    until: usize,
    is_hard: bool,
    body: Vec<u8>,
}

impl Mark {
    fn position(&self) -> u64 {
        HEAD_SIZE + self.body.len() as u64
    }
}

/// A program that writes a log, and what is known of it.
pub(crate) struct Program {
    pub(crate) directory: SimDirectory,
    writer: Option<Writer<SimStorage>>,
    /// How it opens a file that does not end at its checkpoint.
    recovery: Recovery,
    pending: Vec<(PendingCheckpoint<SimStorage>, Vec<u8>)>,
    /// The entries of the log, as the model encodes them.
    body: Vec<u8>,
    entries: u8,
    acknowledged: Vec<Mark>,
    /// The logs for which a checkpoint was asked.
    asked: Vec<Vec<u8>>,
    /// The log after each entry, on any way that was taken.
    boundaries: Vec<Vec<u8>>,
    /// What a power failure left is in the file until so many operations are done: nobody knows what it may be.
    foreign_until: usize,
    /// The operations that were told to fail, by how many come before them.
    faults: Vec<usize>,
    /// Recoveries in place that can be undone, the newest last.
    cuts: Vec<recovering::Cut>,
}

fn options() -> Options {
    Options {
        recovery: Recovery::Overwrite,
        undo: Undo::None,
        background: Background::ByHand,
        ..Options::default()
    }
}

impl Program {
    pub(crate) fn start(fault: Option<(usize, Fault)>) -> Program {
        let mut program = Program::start_in(SimDirectory::new(&State::new(), fault));
        program.faults.extend(fault.map(|(at, _)| at));
        program
    }

    /// A program for which one sync does nothing and says that it did.
    pub(crate) fn start_without_sync(number: usize) -> Program {
        let directory = SimDirectory::new(&State::new(), None);
        directory.leave_out_sync(number);
        Program::start_in(directory)
    }

    fn start_in(directory: SimDirectory) -> Program {
        directory.keep_words_whole();
        let mut program = Program {
            writer: Writer::create_in(&directory, Path::new(LOG), &options()).ok(),
            directory,
            recovery: Recovery::Overwrite,
            pending: Vec::new(),
            body: Vec::new(),
            entries: 0,
            acknowledged: Vec::new(),
            asked: vec![Vec::new()],
            boundaries: vec![Vec::new()],
            foreign_until: 0,
            faults: Vec::new(),
            cuts: Vec::new(),
        };
        if program.writer.is_some() {
            program.acknowledge(true, Vec::new());
        }
        program
    }

    pub(crate) fn run(mut self, steps: &[Step]) -> Result<Program, String> {
        for &step in steps {
            self.step(step)?;
        }
        Ok(self)
    }

    pub(crate) fn operations(&self) -> usize {
        self.directory.journal().len()
    }

    fn has_failed(&self) -> bool {
        self.faults.iter().any(|&at| at < self.operations())
    }

    fn acknowledge(&mut self, is_hard: bool, body: Vec<u8>) {
        self.acknowledged.push(Mark { after: self.operations(), until: usize::MAX, is_hard, body });
    }

    fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Entry => self.entry(1),
            Step::Large => self.entry(600),
            Step::Reopen => return self.reopen(),
            Step::ToNewFile => return self.recover_to_new_file(),
            Step::InPlace => return self.recover_in_place(),
            Step::Undo => return self.undo(),
            Step::Fail => self.faults.push(self.directory.fail_next(Fault::InputOutput)),
            Step::Flush => drop(self.with_writer(|writer| writer.flush())),
            Step::Soft => self.checkpoint(false, |writer| writer.soft_checkpoint()),
            Step::Hard => self.checkpoint(true, |writer| writer.hard_checkpoint()),
            Step::Async => self.ask(),
            Step::Advance => drop(self.with_writer(|writer| writer.advance())),
        }
        self.collect();
        Ok(())
    }

    fn with_writer<T, E>(&mut self, run: impl FnOnce(&mut Writer<SimStorage>) -> Result<T, E>) -> Option<T> {
        self.writer.as_mut().and_then(|writer| run(writer).ok())
    }

    fn entry(&mut self, length: usize) {
        self.entries += 1;
        let text = vec![b'a' + self.entries; length];
        if self.with_writer(|writer| writer.write(&Entry::Comment { text: &text })).is_some() {
            self.body.push(0x0a);
            // A compact number of one byte, or of two.
            match length {
                0..32 => self.body.push(length as u8),
                _ => self.body.extend([0x20 | (length >> 8) as u8, length as u8]),
            }
            self.body.extend(text);
            self.boundaries.push(self.body.clone());
        }
    }

    fn checkpoint<E>(
        &mut self,
        is_hard: bool,
        write: impl FnOnce(&mut Writer<SimStorage>) -> Result<u64, E>,
    ) {
        self.asked.push(self.body.clone());
        if self.with_writer(write).is_some() {
            self.acknowledge(is_hard, self.body.clone());
        }
    }

    fn ask(&mut self) {
        self.asked.push(self.body.clone());
        if let Some(pending) = self.with_writer(|writer| writer.hard_checkpoint_async()) {
            self.acknowledge(false, self.body.clone());
            self.pending.push((pending, self.body.clone()));
        }
    }

    /// Notices which asynchronous hard checkpoints are done.
    fn collect(&mut self) {
        let (done, pending) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(pending, _)| pending.is_done().unwrap_or(false));
        self.pending = pending;
        let done: Vec<(PendingCheckpoint<SimStorage>, Vec<u8>)> = done;
        done.into_iter().for_each(|(_, body)| self.acknowledge(true, body));
    }

    /// Ends the program and starts it again. What was acknowledged has to be there; the log goes on from what is.
    fn reopen(&mut self) -> Result<(), String> {
        self.writer = None;
        self.collect();
        self.pending.clear();
        self.open()
    }

    /// Starts the program.
    fn open(&mut self) -> Result<(), String> {
        let name = Path::new(LOG);
        if !self.directory.state().contains_key(name) {
            self.writer = Writer::create_in(&self.directory, name, &options()).ok();
            if self.writer.is_some() {
                self.acknowledge(true, Vec::new());
            }
            return Ok(());
        }
        let file = self.directory.open(name);
        match Writer::open_in(&self.directory, name, file, &Options { recovery: self.recovery, ..options() })
        {
            Ok(writer) => {
                let length = (writer.position() - HEAD_SIZE) as usize;
                let valid = self.acknowledged.iter().filter(|mark| mark.until == usize::MAX);
                let least = valid.map(|mark| mark.body.len()).max().unwrap_or(0);
                if length < least || length > self.body.len() {
                    return Err(format!("reopened at {length}, {least} to {} expected", self.body.len()));
                }
                self.body.truncate(length);
                self.writer = Some(writer);
            }
            Err(error) if self.has_failed() => drop(error),
            Err(error) => return Err(format!("not opened again: {error}")),
        }
        Ok(())
    }

    /// What was acknowledged by then: hard, and in any way.
    fn marks(&self, after: usize) -> [Option<&Mark>; 2] {
        let known = self.acknowledged.iter().filter(|mark| mark.after <= after && after <= mark.until);
        let hard = known.clone().filter(|mark| mark.is_hard).max_by_key(|mark| mark.position());
        [hard, known.max_by_key(|mark| mark.position())]
    }

    /// Checks what a crash left after so many operations.
    fn check(&self, state: &State, after: usize, program_alone: bool) -> Result<(), String> {
        let [hard, any] = self.marks(after);
        let Some(bytes) = state.get(Path::new(LOG)) else {
            return if hard.is_some() { Err("the file is gone".to_owned()) } else { Ok(()) };
        };
        let head = Head::parse(bytes).map_err(|error| error.to_string())?;
        let found = head.checkpoints(bytes.len() as u64);
        let current = found.current().map_err(|error| error.to_string())?;
        let Some(hard) = hard else { return Ok(()) };
        self.check_cut(bytes, found.hard.position, hard, "hard")?;
        if let Some(any) = any.filter(|_| program_alone) {
            self.check_cut(bytes, current, any, "current")?;
        }
        Ok(())
    }

    /// The position is one that was asked for and not before `least`, and the log is what it was then.
    fn check_cut(&self, bytes: &[u8], found: u64, least: &Mark, what: &str) -> Result<(), String> {
        let position = least.position();
        if found < position {
            return Err(format!("{what} checkpoint {found} found, {position} was acknowledged"));
        }
        let body = &bytes[HEAD_SIZE as usize..found as usize];
        if !body.starts_with(&least.body) {
            return Err(format!("up to {position}: other bytes than those acknowledged"));
        }
        if !self.asked.iter().any(|asked| asked == body) {
            return Err(format!("{what} checkpoint {found} was never asked for, or with other bytes"));
        }
        Ok(())
    }
}
