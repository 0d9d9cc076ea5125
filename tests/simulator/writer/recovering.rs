//! Recovery as a step of the same program: to a new file, in place, and back.

use super::{LOG, Program};
use crate::in_place::{bytes, ensure};
use joedb::Journal;
use joedb::recovery::{Outputs, Plan, PlanOptions, Target, Unattended, apply, apply_in_place, plan, undo};
use joedb::storage::Existing;
use joedb::writer::Recovery;
use std::path::{Path, PathBuf};

/// A recovery in place, and what it changed.
#[derive(Clone, Debug, Hash)]
pub(super) struct Cut {
    undo: PathBuf,
    before: Vec<u8>,
    after: Vec<u8>,
    /// Which of the acknowledged marks it made.
    mark: usize,
}

impl Program {
    /// The death of the program: nothing that it still held reaches the file.
    fn kill(&mut self) {
        self.directory.kill();
        self.writer = None;
        self.pending.clear();
        self.directory.start_again();
        // A fault that was asked for hits the next one.
        if let Some(&at) = self.faults.last().filter(|&&at| at == self.operations()) {
            assert_eq!(self.directory.fail_next(crate::storage::Fault::InputOutput), at);
        }
    }

    fn file(&self) -> Option<Vec<u8>> {
        bytes(&self.directory.state(), LOG).map(<[u8]>::to_vec)
    }

    fn plan(&self) -> Result<Plan, String> {
        let file = self.directory.open(Path::new(LOG));
        let mut journal = Journal::of_storage(Box::new(file)).map_err(|error| error.to_string())?;
        let options = PlanOptions { verify: true, allow_empty: true };
        let target = if self.recovery == Recovery::Hard { Target::Hard } else { Target::Checkpoint };
        plan(&mut journal, target, options, &mut |_| {}).map_err(|error| error.to_string())
    }

    /// A recovery that was carried out leaves the log up to the cut. One that failed has to have a reason.
    fn recovered<T, E: ToString>(&self, result: Result<T, E>) -> Result<Option<T>, String> {
        match result {
            Ok(done) => Ok(Some(done)),
            Err(_) if self.has_failed() => Ok(None),
            Err(error) => Err(format!("not recovered: {}", error.to_string())),
        }
    }

    pub(super) fn recover_to_new_file(&mut self) -> Result<(), String> {
        self.kill();
        if self.file().is_none() {
            return self.open();
        }
        let plan = self.plan()?;
        let source = self.directory.open(Path::new(LOG));
        let outputs = Outputs { output: LOG.into(), existing: Existing::Replace, tail: None };
        let applied = apply(&plan, &source, &self.directory, &outputs, &mut Unattended);
        if self.recovered(applied)?.is_some() {
            self.is_cut_at(plan.cut);
        }
        self.open()
    }

    /// What a cut leaves is hard-checkpointed, and so it is told.
    fn is_cut_at(&mut self, position: u64) {
        self.body.truncate(position as usize - joedb::head::HEAD_LENGTH);
        self.acknowledge(true, self.body.clone());
    }

    pub(super) fn recover_in_place(&mut self) -> Result<(), String> {
        self.kill();
        let Some(before) = self.file() else { return self.open() };
        let plan = self.plan()?;
        let state = self.directory.state();
        let names = joedb::storage::numbered_names(Path::new(LOG), ".undo");
        let name = names.into_iter().find(|name| !state.contains_key(name)).unwrap();
        let mut file = self.directory.open(Path::new(LOG));
        let log = Path::new(LOG);
        let applied = apply_in_place(&plan, log, &mut file, &self.directory, Some(&name), &mut Unattended);
        if let Some(receipt) = self.recovered(applied)?.filter(|receipt| receipt.changed) {
            let mark = self.acknowledged.len();
            self.is_cut_at(receipt.cut);
            self.cuts.push(Cut { undo: name, before, after: self.file().unwrap_or_default(), mark });
        }
        self.open()
    }

    /// Brings the very bytes back, and with them the old checkpoints; a file that was written to since is left alone.
    pub(super) fn undo(&mut self) -> Result<(), String> {
        self.kill();
        let (Some(found), Some(cut)) = (self.file(), self.cuts.last().cloned()) else { return self.open() };
        let began = self.operations();
        let [mut file, mut undo_file] = [Path::new(LOG), &cut.undo].map(|name| self.directory.open(name));
        let undone = undo(Path::new(LOG), &mut file, &cut.undo, &mut undo_file, &mut Unattended);
        let is_due = found == cut.after;
        let now = self.file().unwrap_or_default();
        match undone {
            Ok(_) => {
                ensure(is_due || found == cut.before, || "undone over what was written since".to_owned())?
            }
            Err(error) if is_due && !self.has_failed() => return Err(format!("not undone: {error}")),
            Err(_) if !is_due => ensure(now == found, || "a refused undoing changed the file".to_owned())?,
            Err(_) => {}
        }
        if undone.is_ok() {
            ensure(now == cut.before, || "undoing does not bring the very bytes back".to_owned())?;
        }
        let mark = &mut self.acknowledged[cut.mark];
        if now != found {
            mark.until = mark.until.min(began);
        }
        self.open()
    }
}
