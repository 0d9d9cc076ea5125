//! Recovering to another file, the removed bytes saved, and what must hold wherever that is interrupted.

use crate::disk::{State, is_temporary};
use crate::in_place::{BYSTANDER, BYSTANDER_BYTES, FILE, bytes, ensure};
use crate::logs::Log;
use crate::storage::SimDirectory;
use crate::work::{Outcome, Work, attempt};
use joedb::head::HEAD_LENGTH;
use joedb::recovery::{Outputs, Plan, PlanOptions, Target, Unattended, apply, plan};
use joedb::storage::Existing;
use std::path::Path;

const OUTPUT: &str = "good.joedb";

/// The names of saved tails, in the order in which they are given.
const TAILS: [&str; 3] = ["log.tail", "log.tail.2", "log.tail.3"];

/// What stood under the name of the output before, where something did.
const REPLACED: &[u8] = b"an older recovery";

/// A file, and what is to be recovered from it.
pub(crate) struct Conversion {
    pub(crate) name: String,
    source: Vec<u8>,
    plan: Plan,
    replaces: bool,
    expected: Vec<u8>,
    removed: Vec<u8>,
}

impl Conversion {
    /// `None` where this cannot be had from the log.
    pub(crate) fn new(log: &Log, target: Target, replaces: bool) -> Option<Conversion> {
        let options = PlanOptions { allow_empty: true, ..PlanOptions::default() };
        let plan = plan(&mut log.journal(), target, options, &mut |_| {}).ok()?;
        let (kept, removed) = log.bytes.split_at(usize::try_from(plan.cut).unwrap());
        let expected = [&plan.head().to_bytes(), &kept[HEAD_LENGTH..]].concat();
        let name = format!("{}, {target} at {}, replaces {replaces}", log.name, plan.cut);
        let (source, removed) = (log.meanwhile(), removed.to_vec());
        Some(Conversion { name, source, plan, replaces, expected, removed })
    }

    pub(crate) fn initial(&self) -> State {
        let output = self.replaces.then_some((OUTPUT, REPLACED));
        let files = [(FILE, self.source.as_slice()), (BYSTANDER, BYSTANDER_BYTES)].into_iter().chain(output);
        files.map(|(name, bytes)| (name.into(), bytes.to_vec())).collect()
    }

    fn nothing_else_changed(&self, state: &State) -> Result<(), String> {
        let known = |name: &Path| {
            [FILE, OUTPUT, BYSTANDER].iter().chain(&TAILS).any(|known| Path::new(known) == name)
                || is_temporary(name)
        };
        let stranger = state.keys().find(|name| !known(name));
        ensure(stranger.is_none(), || format!("{stranger:?} appeared"))?;
        let bystander = bytes(state, BYSTANDER) == Some(BYSTANDER_BYTES);
        ensure(bystander, || "another file was changed".to_owned())
    }

    fn tail_is_whole(&self, state: &State, name: &str) -> Result<(), String> {
        let whole = bytes(state, name).is_none_or(|tail| tail == self.removed);
        ensure(whole, || format!("{name} is neither absent nor whole"))
    }
}

impl Work for Conversion {
    fn name(&self) -> &'static str {
        "conversion"
    }

    fn is_possible(&self, _: &State) -> bool {
        true
    }

    fn is_about(&self, _: &Path) -> bool {
        true
    }

    /// Recovers as somebody does who finds the directory like this: a tail that is there is kept.
    fn run(&self, directory: &SimDirectory) -> Result<(), String> {
        let state = directory.state();
        let tail = TAILS.into_iter().find(|name| bytes(&state, name).is_none()).unwrap();
        let occupied = bytes(&state, OUTPUT).is_some();
        let existing = if occupied { Existing::Replace } else { Existing::Refuse };
        let outputs = Outputs { output: OUTPUT.into(), existing, tail: Some(tail.into()) };
        let source = directory.open(FILE.as_ref());
        let applied = apply(&self.plan, &source, directory, &outputs, &mut Unattended);
        applied.map(drop).map_err(|error| error.to_string())
    }

    fn check(&self, state: &State) -> Result<(), String> {
        ensure(bytes(state, FILE) == Some(&self.source), || "the source was changed".to_owned())?;
        self.nothing_else_changed(state)?;
        TAILS.into_iter().try_for_each(|name| self.tail_is_whole(state, name))?;
        let before = self.replaces.then_some(REPLACED);
        let output = bytes(state, OUTPUT);
        let whole = output == Some(&self.expected);
        ensure(whole || output == before, || "the output is neither absent nor whole".to_owned())?;
        let has_tail = self.removed.is_empty() || TAILS.into_iter().any(|name| bytes(state, name).is_some());
        ensure(!whole || has_tail, || "the output is there, but not the tail".to_owned())
    }

    fn check_done(&self, state: &State) -> Result<(), String> {
        ensure(bytes(state, OUTPUT) == Some(&self.expected), || "the output is not durable".to_owned())
    }

    fn check_again(&self, state: &State) -> Result<(), String> {
        let Outcome { directory, result } = attempt(self, state, None);
        let after = directory.state();
        let checked = result.and_then(|()| self.check(&after)).and_then(|()| self.check_done(&after));
        checked.map_err(|error| format!("repeated: {error}"))
    }
}
