//! Recovering to another file, the removed bytes saved, and what must hold wherever that is interrupted.

use crate::crash::is_temporary;
use crate::disk::State;
use crate::in_place::{BYSTANDER, BYSTANDER_BYTES, FILE, Outcome, bytes, ensure};
use crate::storage::{Fault, SimDirectory};
use joedb::Journal;
use joedb::recovery::{Outputs, Plan, PlanOptions, Target, Unattended, apply, plan};
use joedb::storage::Existing;
use std::path::Path;

const OUTPUT: &str = "good.joedb";
const TAIL: &str = "log.tail";
const SECOND_TAIL: &str = "log.tail.2";

/// What stood under the name of the output before, where something did.
const REPLACED: &[u8] = b"an older recovery";

/// A file, and what is to be recovered from it.
pub(crate) struct Conversion {
    pub(crate) name: String,
    original: Vec<u8>,
    plan: Plan,
    replaces: bool,
    expected: Vec<u8>,
    removed: Vec<u8>,
}

impl Conversion {
    /// `None` where this cannot be had from the file.
    pub(crate) fn new(name: &str, original: &[u8], target: Target, replaces: bool) -> Option<Conversion> {
        let options = PlanOptions { allow_empty: true, ..PlanOptions::default() };
        let mut journal = Journal::from_bytes(original.to_vec()).unwrap();
        let plan = plan(&mut journal, target, options, &mut |_| {}).ok()?;
        let (kept, removed) = original.split_at(usize::try_from(plan.cut).unwrap());
        let expected = [&plan.head().to_bytes(), &kept[joedb::head::HEAD_LENGTH..]].concat();
        let (original, removed) = (original.to_vec(), removed.to_vec());
        let name = format!("{name}, {target} at {}, replaces {replaces}", plan.cut);
        Some(Conversion { name, original, plan, replaces, expected, removed })
    }

    pub(crate) fn initial(&self) -> State {
        let output = self.replaces.then_some((OUTPUT, REPLACED));
        let files =
            [(FILE, self.original.as_slice()), (BYSTANDER, BYSTANDER_BYTES)].into_iter().chain(output);
        files.map(|(name, bytes)| (name.into(), bytes.to_vec())).collect()
    }

    /// Recovers as somebody does who finds the directory like this: a tail that is there is kept.
    pub(crate) fn run(&self, state: &State, fault: Option<(usize, Fault)>) -> Outcome {
        let directory = SimDirectory::new(state, fault);
        let tail = if bytes(state, TAIL).is_some() { SECOND_TAIL } else { TAIL };
        let occupied = bytes(state, OUTPUT).is_some();
        let existing = if occupied { Existing::Replace } else { Existing::Refuse };
        let outputs = Outputs { output: OUTPUT.into(), existing, tail: Some(tail.into()) };
        let source = directory.open(FILE.as_ref());
        let applied = apply(&self.plan, &source, &directory, &outputs, &mut Unattended);
        Outcome { directory, result: applied.map(drop).map_err(|error| error.to_string()) }
    }

    /// What must hold wherever recovering is interrupted.
    pub(crate) fn check(&self, state: &State) -> Result<(), String> {
        ensure(bytes(state, FILE) == Some(&self.original), || "the source was changed".to_owned())?;
        self.nothing_else_changed(state)?;
        [TAIL, SECOND_TAIL].into_iter().try_for_each(|name| self.tail_is_whole(state, name))?;
        let before = self.replaces.then_some(REPLACED);
        let output = bytes(state, OUTPUT);
        let whole = output == Some(&self.expected);
        ensure(whole || output == before, || "the output is neither absent nor whole".to_owned())?;
        let tail_is_there = self.removed.is_empty() || bytes(state, TAIL).is_some();
        ensure(!whole || tail_is_there, || "the output is there, but not the tail".to_owned())
    }

    /// What must hold once recovering said that it is done.
    pub(crate) fn check_done(&self, state: &State) -> Result<(), String> {
        ensure(bytes(state, OUTPUT) == Some(&self.expected), || "the output is not durable".to_owned())
    }

    /// Recovering again completes.
    pub(crate) fn check_repeated(&self, state: &State) -> Result<(), String> {
        let Outcome { directory, result } = self.run(state, None);
        result.map_err(|error| format!("repeated: {error}"))?;
        let after = directory.state();
        self.check(&after)
            .and_then(|()| self.check_done(&after))
            .map_err(|error| format!("repeated: {error}"))
    }

    fn nothing_else_changed(&self, state: &State) -> Result<(), String> {
        let known = [FILE, OUTPUT, TAIL, SECOND_TAIL, BYSTANDER].map(Path::new);
        let stranger = state.keys().find(|name| !known.contains(&name.as_path()) && !is_temporary(name));
        ensure(stranger.is_none(), || format!("{stranger:?} appeared"))?;
        let bystander = bytes(state, BYSTANDER) == Some(BYSTANDER_BYTES);
        ensure(bystander, || "another file was changed".to_owned())
    }

    fn tail_is_whole(&self, state: &State, name: &str) -> Result<(), String> {
        let whole = bytes(state, name).is_none_or(|tail| tail == self.removed);
        ensure(whole, || format!("{name} is neither absent nor whole"))
    }
}
