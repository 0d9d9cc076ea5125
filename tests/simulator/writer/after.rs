//! The second crash: what a first one left is recovered, written to, and crashed again everywhere.

use super::crash::{Crashes, Death};
use super::{LOG, Mark, Program, Step};
use crate::disk::State;
use crate::storage::SimDirectory;
use joedb::writer::Recovery;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

/// What a crash left, and what has to be there still.
#[derive(Clone, Debug, Hash)]
pub(super) struct Left {
    state: State,
    death: Death,
    least: Mark,
    asked: Vec<Vec<u8>>,
    boundaries: Vec<Vec<u8>>,
}

impl Left {
    /// `None` where nothing was acknowledged yet, or there is no file.
    pub(super) fn of(program: &Program, state: &State, after: usize, death: Death) -> Option<Left> {
        let [hard, any] = program.marks(after);
        let least = if death == Death::Killed { any } else { hard }?.clone();
        let log = state.get_key_value(Path::new(LOG)).map(|(name, bytes)| (name.clone(), bytes.clone()))?;
        let (asked, boundaries) = (program.asked.clone(), program.boundaries.clone());
        let least = Mark { after: 0, until: usize::MAX, ..least };
        Some(Left { state: [log].into(), death, least, asked, boundaries })
    }

    /// A number for the file and what has to be in it.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.state, self.death, &self.least.body).hash(&mut hasher);
        hasher.finish()
    }

    /// Recovers in each way, writes, and crashes all of it, recovery included.
    pub(super) fn crash_again(&self, crashes: &mut Crashes) -> Result<(), String> {
        for first in [Step::Reopen, Step::InPlace, Step::ToNewFile] {
            let steps = [first, Step::Entry, Step::Soft, Step::Entry, Step::Hard];
            let context = |violation| format!("after {:?}, {steps:?}: {violation}\n{self:?}", self.death);
            let mut recovered = self.start().run(&steps[..1]).map_err(context)?;
            if self.death == Death::PowerFailed {
                recovered.foreign_until = recovered.operations();
            }
            let program = recovered.run(&steps[1..]).map_err(context)?;
            let journal = program.directory.journal();
            let mut nothing = |_: &State, _, _| Ok(());
            crashes.check_from(&self.state, &program, &journal, 0, &mut nothing).map_err(context)?;
        }
        Ok(())
    }

    /// The machine is up again, and the program not yet started. After a power failure only the hard cut is known to be
    /// right.
    fn start(&self) -> Program {
        let directory = SimDirectory::new(&self.state, None);
        directory.keep_words_whole();
        let recovery = if self.death == Death::Killed { Recovery::Overwrite } else { Recovery::Hard };
        let log = &self.state[Path::new(LOG)];
        Program {
            directory,
            writer: None,
            recovery,
            pending: Vec::new(),
            body: log[joedb::head::HEAD_LENGTH..].to_vec(),
            entries: self.boundaries.len() as u8,
            acknowledged: vec![self.least.clone()],
            asked: self.asked.clone(),
            boundaries: self.boundaries.clone(),
            foreign_until: 0,
            faults: Vec::new(),
            cuts: Vec::new(),
        }
    }
}
