//! What `--check` says, held against what really happened.

use super::Program;
use crate::in_place::ensure;
use joedb::diagnosis::{Evidence, FindingId, Report, Safety, diagnose};
use joedb::recovery::{PlanOptions, Target, plan};
use joedb::{HEAD_SIZE, Journal, Outcome};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::AddAssign;

/// What a file is said to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    headline: FindingId,
    outcome: Outcome,
    current: Option<u64>,
    /// Where recovery to the hard checkpoint cuts.
    hard: u64,
    /// A cut that is called safe beyond any doubt, and is no other than the hard one.
    safe: Option<u64>,
}

/// Verdicts by the bytes of the file: runs that differ leave the same files.
#[derive(Default)]
pub(super) struct Verdicts(HashMap<u64, Verdict>);

impl Verdicts {
    pub(super) fn of(&mut self, bytes: &[u8]) -> Result<Verdict, String> {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(known) = self.0.get(&key) {
            return Ok(*known);
        }
        let verdict = examine(bytes)?;
        self.0.insert(key, verdict);
        Ok(verdict)
    }
}

fn examine(bytes: &[u8]) -> Result<Verdict, String> {
    let mut journal = Journal::from_bytes(bytes.to_vec()).map_err(|error| error.to_string())?;
    let report: Report = diagnose(&mut journal, &Evidence::default(), &mut |_| {})
        .map_err(|error| format!("not checked: {error}"))?;
    let options = PlanOptions { verify: true, allow_empty: true };
    let planned = plan(&mut journal, Target::Hard, options, &mut |_| {});
    let hard = planned.map_err(|error| format!("not recovered to its hard checkpoint: {error}"))?.cut;
    let safe = report.cuts.iter().filter(|cut| cut.safety == Safety::Safe).map(|cut| cut.position).max();
    let (headline, outcome) = (report.verdict, report.verdict.outcome());
    Ok(Verdict { headline, outcome, current: report.current, hard, safe })
}

impl Verdict {
    /// Whether it says that acknowledged data is gone.
    fn is_damage(self) -> bool {
        self.outcome == Outcome::Damaged
    }
}

/// How soft checkpoints fare when the power fails. Nobody promised anything; this is only counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Soft {
    /// States whose current checkpoint is a soft one.
    states: usize,
    /// Of these, those where the log up to it is not what was written.
    wrong: usize,
    /// Of these, those that `--check` calls damaged.
    wrong_seen: usize,
    /// States where a softly acknowledged commit lies behind the current checkpoint.
    lost: usize,
    /// Of these, those that `--check` calls damaged.
    lost_seen: usize,
}

impl AddAssign for Soft {
    fn add_assign(&mut self, other: Soft) {
        self.states += other.states;
        self.wrong += other.wrong;
        self.wrong_seen += other.wrong_seen;
        self.lost += other.lost;
        self.lost_seen += other.lost_seen;
    }
}

impl std::fmt::Display for Soft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Soft { states, wrong, wrong_seen, lost, lost_seen } = self;
        write!(
            f,
            "power failures with a soft checkpoint: {states}; its log was wrong in {wrong}, of which --check saw \
             {wrong_seen}; a soft commit was gone in {lost}, of which --check saw {lost_seen}"
        )
    }
}

impl Program {
    /// The hard cut is always to be had, and only what is right is called safe.
    fn check_hard(&self, verdict: Verdict, bytes: &[u8]) -> Result<(), String> {
        let Verdict { headline, hard, safe, .. } = verdict;
        ensure(safe.is_none_or(|safe| self.is_written(bytes, safe)), || {
            format!("{headline:?}: a cut at {safe:?} is called safe, and its log is wrong")
        })?;
        ensure(self.is_written(bytes, hard), || format!("{headline:?}: the hard cut {hard} is wrong"))
    }

    /// Whether a checkpoint was asked for there, and the log up to it is what it was then.
    fn is_written(&self, bytes: &[u8], position: u64) -> bool {
        let body = bytes.get(HEAD_SIZE as usize..position as usize);
        body.is_some_and(|body| self.asked.iter().any(|asked| asked == body))
    }

    /// After a crash of the program alone: nothing is damaged, and the tail is what it is called.
    pub(super) fn check_killed(&self, verdict: Verdict, bytes: &[u8]) -> Result<(), String> {
        use FindingId::{Clean, CleanSoft, DirtyTail, PendingHardCheckpoint, SoftPastEnd, TornTail};
        self.check_hard(verdict, bytes)?;
        let Verdict { headline, current, hard, .. } = verdict;
        let current = current.ok_or("there is no current checkpoint")?;
        let (end, written) = (bytes.len() as u64, &bytes[HEAD_SIZE as usize..]);
        let is_boundary = self.boundaries.iter().any(|boundary| boundary == written);
        let fits = match headline {
            Clean => end == current && current == hard,
            CleanSoft => end == current && current > hard,
            DirtyTail => end > current && is_boundary,
            TornTail => end > current && !is_boundary,
            PendingHardCheckpoint => true,
            // A power failure left it, and nothing that was opened had to be cut.
            SoftPastEnd => self.foreign_until > 0,
            _ => false,
        };
        ensure(fits, || {
            format!("{headline:?} is said of {end} bytes, {current} of them committed, {hard} hard")
        })
    }

    /// After a power failure: no false alarm, and what is wrong with soft checkpoints is counted.
    pub(super) fn check_power_failed(
        &self,
        verdict: Verdict,
        bytes: &[u8],
        softly: u64,
        soft: &mut Soft,
    ) -> Result<(), String> {
        self.check_hard(verdict, bytes)?;
        let current = verdict.current.ok_or("there is no current checkpoint")?;
        let (is_lost, is_right) = (current < softly, self.is_written(bytes, current));
        soft.states += usize::from(current > verdict.hard);
        soft.wrong += usize::from(!is_right);
        soft.wrong_seen += usize::from(!is_right && verdict.is_damage());
        soft.lost += usize::from(is_lost);
        soft.lost_seen += usize::from(is_lost && verdict.is_damage());
        let is_false_alarm = verdict.is_damage() && is_right && verdict.headline != FindingId::SoftPastEnd;
        ensure(!is_false_alarm, || format!("{:?} is said of a log that is right", verdict.headline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::{LOG, Step};

    /// A program that wrote an entry and committed nothing, and the file that its death leaves.
    fn dead() -> (Program, Vec<u8>) {
        let program = Program::start(None).run(&[Step::Entry, Step::Flush]).unwrap();
        let bytes = program.directory.state()[std::path::Path::new(LOG)].clone();
        (program, bytes)
    }

    #[test]
    fn a_headline_that_does_not_fit_what_happened_is_found() {
        let (program, bytes) = dead();
        let right = Verdicts::default().of(&bytes).unwrap();
        assert_eq!(right.headline, FindingId::DirtyTail);
        program.check_killed(right, &bytes).unwrap();
        for headline in FindingId::ALL {
            let wrong = Verdict { headline, ..right };
            let fits = [FindingId::DirtyTail, FindingId::PendingHardCheckpoint].contains(&headline);
            assert_eq!(program.check_killed(wrong, &bytes).is_ok(), fits, "{headline:?}");
        }
    }

    #[test]
    fn a_false_alarm_and_a_cut_that_is_wrongly_called_safe_are_found() {
        let (program, bytes) = dead();
        let right = Verdicts::default().of(&bytes).unwrap();
        let check = |verdict| program.check_power_failed(verdict, &bytes, HEAD_SIZE, &mut Soft::default());
        check(right).unwrap();
        let alarm = Verdict { headline: FindingId::Holes, outcome: FindingId::Holes.outcome(), ..right };
        assert!(check(alarm).is_err());
        assert!(check(Verdict { safe: Some(bytes.len() as u64), ..right }).is_err());
        assert!(check(Verdict { hard: bytes.len() as u64, ..right }).is_err());
    }
}
