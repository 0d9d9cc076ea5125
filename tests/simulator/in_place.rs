//! Cutting a file where it is, undoing that, and what must hold wherever either is interrupted.

use crate::crash::is_temporary;
use crate::disk::State;
use crate::storage::{Fault, SimDirectory};
use joedb::Journal;
use joedb::recovery::{PlanOptions, Target, UNDO_HEAD, Unattended, UndoHead, apply_in_place, plan, undo};
use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

pub(crate) const FILE: &str = "log.joedb";
const UNDO: &str = "log.joedb.undo";
const SECOND_UNDO: &str = "log.joedb.undo.2";
const THIRD_UNDO: &str = "log.joedb.undo.3";
pub(crate) const BYSTANDER: &str = "other.joedb";
pub(crate) const BYSTANDER_BYTES: &[u8] = b"nothing of this is anybody's business";

/// What a run did, and what it said.
pub(crate) struct Outcome {
    pub(crate) directory: SimDirectory,
    pub(crate) result: Result<(), String>,
}

/// A file, and the cut that is wanted of it.
pub(crate) struct Cut {
    pub(crate) name: String,
    original: Vec<u8>,
    target: Target,
    options: PlanOptions,
    position: u64,
    /// What the file is when it is done.
    expected: Vec<u8>,
    /// What undoes to what, by hash: many states differ only in what undoing does not look at.
    undoes: RefCell<HashSet<u64>>,
}

pub(crate) fn bytes<'a>(state: &'a State, name: &str) -> Option<&'a [u8]> {
    state.get(Path::new(name)).map(Vec::as_slice)
}

pub(crate) fn ensure(holds: bool, violation: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(violation()) }
}

impl Cut {
    /// `None` where this cannot be had from the file.
    pub(crate) fn new(name: &str, original: &[u8], target: Target, verify: bool) -> Option<Cut> {
        let options = PlanOptions { verify, allow_empty: true };
        let mut journal = Journal::from_bytes(original.to_vec()).unwrap();
        let plan = plan(&mut journal, target, options, &mut |_| {}).ok()?;
        let log = &original[joedb::head::HEAD_LENGTH..usize::try_from(plan.cut).unwrap()];
        let expected = [&plan.head().to_bytes(), log].concat();
        let name = format!("{name}, {target} at {}, verify {verify}", plan.cut);
        Some(Cut {
            name,
            original: original.to_vec(),
            target,
            options,
            position: plan.cut,
            expected,
            undoes: RefCell::default(),
        })
    }

    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn initial(&self) -> State {
        let files = [(FILE, self.original.as_slice()), (BYSTANDER, BYSTANDER_BYTES)];
        files.into_iter().map(|(name, bytes)| (name.into(), bytes.to_vec())).collect()
    }

    /// Cuts the file as somebody does who finds it like this, with an undo file under the next free name.
    pub(crate) fn run(&self, state: &State, fault: Option<(usize, Fault)>) -> Outcome {
        let directory = SimDirectory::new(state, fault);
        let result = self.run_in(&directory);
        Outcome { directory, result }
    }

    pub(crate) fn run_in(&self, directory: &SimDirectory) -> Result<(), String> {
        let state = directory.state();
        let free = |name: &&str| bytes(&state, name).is_none();
        self.cut(directory, [UNDO, SECOND_UNDO, THIRD_UNDO].into_iter().find(free).unwrap())
    }

    fn cut(&self, directory: &SimDirectory, undo_name: &str) -> Result<(), String> {
        let mut file = directory.open(FILE.as_ref());
        let mut journal = Journal::of_storage(Box::new(file.clone())).map_err(|error| error.to_string())?;
        let plan = plan(&mut journal, self.target, self.options, &mut |_| {});
        let plan = plan.map_err(|error| error.to_string())?;
        let undo_name = Some(undo_name.as_ref());
        apply_in_place(&plan, FILE.as_ref(), &mut file, directory, undo_name, &mut Unattended)
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// Undoes the cut, as far as it was made.
    pub(crate) fn run_undo(&self, state: &State, fault: Option<(usize, Fault)>) -> Outcome {
        let directory = SimDirectory::new(state, fault);
        let result = undo_in(&directory);
        Outcome { directory, result }
    }

    /// What must hold wherever a cut or its undoing is interrupted.
    pub(crate) fn check(&self, state: &State) -> Result<(), String> {
        self.nothing_else_changed(state)?;
        self.reads_to_old_or_new(state)?;
        [UNDO, SECOND_UNDO, THIRD_UNDO].into_iter().try_for_each(|name| undo_is_whole(state, name))?;
        self.can_be_undone(state)
    }

    /// What must hold once the cut said that it is done.
    pub(crate) fn check_cut(&self, state: &State) -> Result<(), String> {
        ensure(self.is_clean(state), || "the cut is not durable".to_owned())
    }

    /// What must hold once undoing said that it is done.
    pub(crate) fn check_undone(&self, state: &State) -> Result<(), String> {
        ensure(bytes(state, FILE) == Some(&self.original), || "the undoing is not durable".to_owned())
    }

    /// Cutting again completes, and can itself be undone.
    pub(crate) fn check_repeated(&self, state: &State) -> Result<(), String> {
        let Outcome { directory, result } = self.run(state, None);
        result.map_err(|error| format!("repeated: {error}"))?;
        let after = directory.state();
        self.check(&after).map_err(|error| format!("repeated: {error}"))?;
        ensure(self.is_clean(&after), || "repeated: the file is not clean".to_owned())?;
        let own_undo = [UNDO, SECOND_UNDO].into_iter().find(|name| is_new(name, state, &after));
        own_undo.map_or(Ok(()), |name| self.undoes_to(&after, name, bytes(state, FILE).unwrap_or_default()))
    }

    /// The file ends at the cut and reads to it. All four places hold the cut, unless an interrupted run left a file
    /// that is clean already: that is left alone.
    fn is_clean(&self, state: &State) -> bool {
        let found = bytes(state, FILE).unwrap_or_default();
        let reads = Journal::from_bytes(found.to_vec()).map(|log| log.checkpoints().current());
        let ends_at_cut =
            found.len() as u64 == self.position && matches!(reads, Ok(Ok(end)) if end == self.position);
        found == self.expected || ends_at_cut && self.original.len() == found.len()
    }

    fn nothing_else_changed(&self, state: &State) -> Result<(), String> {
        let known = [FILE, UNDO, SECOND_UNDO, THIRD_UNDO, BYSTANDER].map(Path::new);
        let stranger = state.keys().find(|name| !known.contains(&name.as_path()) && !is_temporary(name));
        ensure(stranger.is_none(), || format!("{stranger:?} appeared"))?;
        let bystander = bytes(state, BYSTANDER) == Some(BYSTANDER_BYTES);
        ensure(bystander, || "another file was changed".to_owned())
    }

    fn reads_to_old_or_new(&self, state: &State) -> Result<(), String> {
        let found = bytes(state, FILE).ok_or("the file is gone")?;
        let current =
            |bytes: &[u8]| Journal::from_bytes(bytes.to_vec()).map(|log| log.checkpoints().current());
        let old = current(&self.original).unwrap();
        let read = current(found).map_err(|error| format!("the file does not open: {error}"))?;
        ensure(read == old || read == Ok(self.position), || format!("reads to {read:?}, {old:?} before"))?;
        // A file that was cut short is not read at all; what it holds must stay.
        let end = read.map_or(found.len(), |end| usize::try_from(end).unwrap());
        let log = joedb::head::HEAD_LENGTH..end;
        let same = found.get(log.clone()).is_some_and(|bytes| self.original.get(log) == Some(bytes));
        ensure(same, || format!("the log differs from the original's before {end}"))
    }

    fn undoes_to(&self, state: &State, undo_name: &str, expected: &[u8]) -> Result<(), String> {
        let mut hasher = DefaultHasher::new();
        (bytes(state, FILE), bytes(state, undo_name), expected).hash(&mut hasher);
        if self.undoes.borrow().contains(&hasher.finish()) {
            return Ok(());
        }
        undoes_to(state, undo_name, expected)?;
        self.undoes.borrow_mut().insert(hasher.finish());
        Ok(())
    }

    fn can_be_undone(&self, state: &State) -> Result<(), String> {
        if bytes(state, UNDO).is_some() {
            return self.undoes_to(state, UNDO, &self.original);
        }
        let untouched = bytes(state, FILE) == Some(&self.original);
        ensure(untouched, || "the file was changed, and there is no undo file".to_owned())
    }
}

fn is_new(name: &str, before: &State, after: &State) -> bool {
    bytes(before, name).is_none() && bytes(after, name).is_some()
}

/// Undoes the first cut.
pub(crate) fn undo_in(directory: &SimDirectory) -> Result<(), String> {
    undo_with(directory, UNDO)
}

fn undo_with(directory: &SimDirectory, undo_name: &str) -> Result<(), String> {
    let [mut file, mut undo_file] = [FILE, undo_name].map(|name| directory.open(name.as_ref()));
    let undone = undo(FILE.as_ref(), &mut file, undo_name.as_ref(), &mut undo_file, &mut Unattended);
    undone.map(drop).map_err(|error| error.to_string())
}

fn undoes_to(state: &State, undo_name: &str, expected: &[u8]) -> Result<(), String> {
    let directory = SimDirectory::new(state, None);
    undo_with(&directory, undo_name).map_err(|error| format!("{undo_name} does not undo: {error}"))?;
    let same = bytes(&directory.state(), FILE) == Some(expected);
    ensure(same, || format!("{undo_name} does not bring the very bytes back"))
}

/// An undo file under its name is never a broken one.
fn undo_is_whole(state: &State, name: &str) -> Result<(), String> {
    let Some(undo) = bytes(state, name) else { return Ok(()) };
    let head = UndoHead::parse(undo).map_err(|error| format!("{name} is broken: {error}"))?;
    let removed = undo.get(usize::try_from(UNDO_HEAD).unwrap()..).unwrap_or_default();
    let whole = removed.len() as u64 == head.removed() && crc32fast::hash(removed) == head.removed_crc;
    ensure(whole, || format!("{name} is broken: other bytes than those that were removed"))
}
