//! Cutting a file where it is, undoing that, and what must hold wherever either is interrupted.

use crate::disk::{State, is_temporary};
use crate::logs::Log;
use crate::storage::SimDirectory;
use crate::work::{Outcome, Work, attempt};
use joedb::Journal;
use joedb::head::HEAD_LENGTH;
use joedb::recovery::{PlanOptions, Target, UNDO_HEAD, Unattended, UndoHead, apply_in_place, plan, undo};
use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

pub(crate) const FILE: &str = "log.joedb";
pub(crate) const BYSTANDER: &str = "other.joedb";
pub(crate) const BYSTANDER_BYTES: &[u8] = b"nothing of this is anybody's business";

/// The names of undo files, in the order in which they are given.
const UNDOES: [&str; 4] = ["log.joedb.undo", "log.joedb.undo.2", "log.joedb.undo.3", "log.joedb.undo.4"];

/// How a cut is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As users get it when they ask for nothing.
    Plain,
    /// Without decoding the log first.
    Unverified,
    /// Without an undo file.
    WithoutUndo,
}

/// A file, and the cut that is wanted of it.
pub(crate) struct Cut {
    pub(crate) name: String,
    original: Vec<u8>,
    target: Target,
    way: Way,
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

/// The first of the undo files that are there: it brings back the file as it was before everything.
fn first_undo(state: &State) -> Option<&'static str> {
    UNDOES.into_iter().find(|name| bytes(state, name).is_some())
}

fn hash(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl Cut {
    /// `None` where this cannot be had from the log.
    pub(crate) fn new(log: &Log, target: Target, way: Way) -> Option<Cut> {
        let original = log.bytes.clone();
        let plan = plan(&mut log.journal(), target, options(way), &mut |_| {}).ok()?;
        let kept = &original[HEAD_LENGTH..usize::try_from(plan.cut).unwrap()];
        let expected = [&plan.head().to_bytes(), kept].concat();
        let name = format!("{}, {target} at {}, {way:?}", log.name, plan.cut);
        Some(Cut { name, original, target, way, position: plan.cut, expected, undoes: RefCell::default() })
    }

    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn initial(&self) -> State {
        let files = [(FILE, self.original.as_slice()), (BYSTANDER, BYSTANDER_BYTES)];
        files.into_iter().map(|(name, bytes)| (name.into(), bytes.to_vec())).collect()
    }

    /// What the cut leaves if nothing interrupts it.
    pub(crate) fn done(&self) -> State {
        let Outcome { directory, result } = attempt(&Cutting(self), &self.initial(), None);
        result.unwrap();
        directory.state()
    }

    /// Cuts the file, with an undo file under the next free name.
    fn run(&self, directory: &SimDirectory) -> Result<(), String> {
        let state = directory.state();
        let free = UNDOES.into_iter().find(|name| bytes(&state, name).is_none()).unwrap();
        let undo_name = (self.way != Way::WithoutUndo).then_some(Path::new(free));
        let mut file = directory.open(FILE.as_ref());
        let mut journal = Journal::of_storage(Box::new(file.clone())).map_err(|error| error.to_string())?;
        let plan = plan(&mut journal, self.target, options(self.way), &mut |_| {});
        let plan = plan.map_err(|error| error.to_string())?;
        apply_in_place(&plan, FILE.as_ref(), &mut file, directory, undo_name, &mut Unattended)
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// What must hold wherever a cut or its undoing is interrupted.
    fn check(&self, state: &State) -> Result<(), String> {
        self.nothing_else_changed(state)?;
        self.reads_to_old_or_new(state)?;
        UNDOES.into_iter().try_for_each(|name| undo_is_whole(state, name))?;
        if self.way == Way::WithoutUndo { Ok(()) } else { self.can_be_undone(state) }
    }

    /// Cutting again completes, and can itself be undone.
    fn check_again(&self, state: &State) -> Result<(), String> {
        let Outcome { directory, result } = attempt(&Cutting(self), state, None);
        result.map_err(|error| format!("repeated: {error}"))?;
        let after = directory.state();
        self.check(&after).map_err(|error| format!("repeated: {error}"))?;
        ensure(self.is_clean(&after), || "repeated: the file is not clean".to_owned())?;
        let is_new = |name: &&str| bytes(state, name).is_none() && bytes(&after, name).is_some();
        let own_undo = UNDOES.into_iter().find(is_new);
        own_undo.map_or(Ok(()), |name| self.undoes_to(&after, name, bytes(state, FILE).unwrap_or_default()))
    }

    /// The file ends at the cut and reads to it. All four places hold the cut, unless the file was clean from the
    /// beginning, or an interrupted run left it so: that is left alone.
    fn is_clean(&self, state: &State) -> bool {
        let found = bytes(state, FILE).unwrap_or_default();
        let reads = Journal::from_bytes(found.to_vec()).map(|log| log.checkpoints().current());
        let ends_at_cut =
            found.len() as u64 == self.position && matches!(reads, Ok(Ok(end)) if end == self.position);
        found == self.expected || ends_at_cut && self.original.len() == found.len()
    }

    fn nothing_else_changed(&self, state: &State) -> Result<(), String> {
        let undoes = if self.way == Way::WithoutUndo { &[][..] } else { &UNDOES };
        let known = |name: &Path| {
            [FILE, BYSTANDER].iter().chain(undoes).any(|known| Path::new(known) == name) || is_temporary(name)
        };
        let stranger = state.keys().find(|name| !known(name));
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
        let log = HEAD_LENGTH..end;
        let same = found.get(log.clone()).is_some_and(|bytes| self.original.get(log) == Some(bytes));
        ensure(same, || format!("the log differs from the original's before {end}"))
    }

    fn undoes_to(&self, state: &State, undo_name: &str, expected: &[u8]) -> Result<(), String> {
        let question = hash((bytes(state, FILE), bytes(state, undo_name), expected));
        if self.undoes.borrow().contains(&question) {
            return Ok(());
        }
        undoes_to(state, undo_name, expected)?;
        self.undoes.borrow_mut().insert(question);
        Ok(())
    }

    fn can_be_undone(&self, state: &State) -> Result<(), String> {
        if let Some(undo) = first_undo(state) {
            return self.undoes_to(state, undo, &self.original);
        }
        let untouched = bytes(state, FILE) == Some(&self.original);
        ensure(untouched, || "the file was changed, and there is no undo file".to_owned())
    }
}

const fn options(way: Way) -> PlanOptions {
    PlanOptions { verify: !matches!(way, Way::Unverified), allow_empty: true }
}

/// Making a cut.
pub(crate) struct Cutting<'a>(pub(crate) &'a Cut);

impl Work for Cutting<'_> {
    fn name(&self) -> &'static str {
        "cut"
    }

    fn is_possible(&self, _: &State) -> bool {
        true
    }

    fn is_about(&self, _: &Path) -> bool {
        true
    }

    fn run(&self, directory: &SimDirectory) -> Result<(), String> {
        self.0.run(directory)
    }

    fn check(&self, state: &State) -> Result<(), String> {
        self.0.check(state)
    }

    fn check_done(&self, state: &State) -> Result<(), String> {
        ensure(self.0.is_clean(state), || "the cut is not durable".to_owned())
    }

    fn check_again(&self, state: &State) -> Result<(), String> {
        self.0.check_again(state)
    }
}

/// Undoing a cut, as far as it was made.
pub(crate) struct Undoing<'a>(pub(crate) &'a Cut);

impl Work for Undoing<'_> {
    fn name(&self) -> &'static str {
        "undo"
    }

    fn is_possible(&self, state: &State) -> bool {
        first_undo(state).is_some()
    }

    fn is_about(&self, name: &Path) -> bool {
        name == Path::new(FILE)
    }

    fn run(&self, directory: &SimDirectory) -> Result<(), String> {
        undo_with(directory, first_undo(&directory.state()).ok_or("there is no undo file")?)
    }

    fn check(&self, state: &State) -> Result<(), String> {
        self.0.check(state)
    }

    fn check_done(&self, state: &State) -> Result<(), String> {
        let undone = bytes(state, FILE) == Some(&self.0.original);
        ensure(undone, || "the undoing is not durable".to_owned())
    }

    /// That undoing completes is part of every check; so may cutting.
    fn check_again(&self, state: &State) -> Result<(), String> {
        self.0.check_again(state)
    }
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
