//! The journal writer under crashes and faults: every short sequence of what a program does with it.
//!
//! The model knows the entries and which checkpoints were asked for and acknowledged. After every operation of a run,
//! and inside each write, whatever the disk may hold is opened, and has to hold every hard checkpoint that was
//! acknowledged by then; after a crash of the program alone every soft one too.

mod crash;
mod mutants;

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
}

/// A checkpoint, and the log up to it.
#[derive(Clone, Debug)]
struct Mark {
    /// The number of operations that had been issued when it was acknowledged.
    after: usize,
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
    pending: Vec<(PendingCheckpoint<SimStorage>, Vec<u8>)>,
    /// The entries of the log, as the model encodes them.
    body: Vec<u8>,
    entries: u8,
    acknowledged: Vec<Mark>,
    /// The logs for which a checkpoint was asked.
    asked: Vec<Vec<u8>>,
    fault: Option<(usize, Fault)>,
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
        Program::start_in(SimDirectory::new(&State::new(), fault), fault)
    }

    /// A program for which one sync does nothing and says that it did.
    pub(crate) fn start_without_sync(number: usize) -> Program {
        let directory = SimDirectory::new(&State::new(), None);
        directory.leave_out_sync(number);
        Program::start_in(directory, None)
    }

    fn start_in(directory: SimDirectory, fault: Option<(usize, Fault)>) -> Program {
        directory.keep_words_whole();
        let mut program = Program {
            writer: Writer::create_in(&directory, Path::new(LOG), &options()).ok(),
            directory,
            pending: Vec::new(),
            body: Vec::new(),
            entries: 0,
            acknowledged: Vec::new(),
            asked: vec![Vec::new()],
            fault,
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
        self.fault.is_some_and(|(at, _)| at < self.operations())
    }

    fn acknowledge(&mut self, is_hard: bool, body: Vec<u8>) {
        self.acknowledged.push(Mark { after: self.operations(), is_hard, body });
    }

    fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Entry => self.entry(1),
            Step::Large => self.entry(600),
            Step::Reopen => return self.reopen(),
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
        let name = Path::new(LOG);
        if !self.directory.state().contains_key(name) {
            self.writer = Writer::create_in(&self.directory, name, &options()).ok();
            if self.writer.is_some() {
                self.acknowledge(true, Vec::new());
            }
            return Ok(());
        }
        let file = self.directory.open(name);
        match Writer::open_in(&self.directory, name, file, &options()) {
            Ok(writer) => {
                let length = (writer.position() - HEAD_SIZE) as usize;
                let least = self.acknowledged.iter().map(|mark| mark.body.len()).max().unwrap_or(0);
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

    /// Checks what a crash left after so many operations.
    fn check(&self, state: &State, after: usize, program_alone: bool) -> Result<(), String> {
        let known = self.acknowledged.iter().filter(|mark| mark.after <= after);
        let hard = known.clone().filter(|mark| mark.is_hard).max_by_key(|mark| mark.position());
        let any = known.max_by_key(|mark| mark.position());
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

#[cfg(test)]
mod tests {
    use super::crash::{Crashes, check_faults, check_sequence, sequences};
    use super::*;
    use crate::report::SEED;
    use crate::storage::FAULTS;
    use std::time::Instant;

    const STEPS: [Step; 8] = [
        Step::Entry,
        Step::Large,
        Step::Flush,
        Step::Soft,
        Step::Hard,
        Step::Async,
        Step::Advance,
        Step::Reopen,
    ];

    /// Checks all, and says how many states that were.
    fn check_all(what: &str, check: impl FnOnce(&mut Crashes) -> Vec<String>) {
        let (mut crashes, began) = (Crashes::new(SEED), Instant::now());
        let violations = check(&mut crashes);
        let Crashes { made, distinct, .. } = crashes;
        println!("{what}: {made} states, {distinct} of them distinct, seed {SEED}, {:.1?}", began.elapsed());
        let shown = violations.iter().take(5).cloned().collect::<Vec<_>>().join("\n\n");
        assert!(violations.is_empty(), "{} violations: {shown}", violations.len());
    }

    #[test]
    fn every_short_sequence_survives_every_crash() {
        check_all("writer, crashes", |crashes| {
            let all = (1..=4).flat_map(|length| sequences(&STEPS, length));
            all.filter_map(|steps| check_sequence(&steps, crashes).err()).collect()
        });
    }

    #[test]
    fn every_short_sequence_survives_every_fault_and_what_is_done_after_it() {
        let steps = [Step::Entry, Step::Soft, Step::Hard, Step::Async, Step::Advance, Step::Reopen];
        let ends = [&[][..], &[Step::Reopen, Step::Entry, Step::Hard]];
        check_all("writer, faults", |crashes| {
            let all = sequences(&steps, 3)
                .flat_map(|middle| ends.map(|end| [&[Step::Entry], &middle[..], end].concat()));
            all.filter_map(|steps| check_faults(&steps, &FAULTS, crashes).err()).collect()
        });
    }
}
