//! `--follow`: the log as it grows.

use crate::args::Args;
use crate::dump::{left_out_notice, notice, range};
use crate::form::{Work, in_form, style};
use crate::input;
use crate::interrupt::Interrupt;
use crate::outcome::{Failure, failure};
use crate::standard_input::is_standard_input;
use anyhow::anyhow;
use joedb::follow::{FollowError, FollowedFile, Follower, Round};
use joedb::journal::{Flow, SourceError};
use joedb::sink::{BlobReader, Format, TextSink};
use joedb::storage::Place;
use joedb::text::Position;
use joedb::{HEAD_SIZE, Outcome};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// How long to wait before the next look at the head: little after news, more and more while there is none.
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(160);

pub(crate) fn run(args: &Args, path: &Path, out: &mut dyn Write) -> Result<Outcome, Failure> {
    if is_standard_input(path) {
        let message = "--follow: - found, a FILE expected: standard input has no name to look at again";
        return Err(failure(Outcome::Usage, anyhow!(message)));
    }
    let place = input::place(path, args.part());
    print(args, path, &place, out).map_err(|failure| failure.context(&place))
}

fn print(args: &Args, path: &Path, place: &Place, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let interrupt = Interrupt::watch()?;
    let input = input::open(args, path, args.part())?;
    let blobs = BlobReader::of_growing(input.reader()?);
    let live = FollowedFile::new(path, input.into_medium());
    let follower = Follower::new(live, args.from.unwrap_or(HEAD_SIZE)).map_err(input::not_opened)?;
    // A position behind the checkpoint is more likely a mistake than one that will be reached.
    range(args, follower.journal())?;
    let style = style(args, follower.journal().version());
    in_form(args, style, blobs, out, Follow { args, place, follower, interrupt })
}

struct Follow<'a> {
    args: &'a Args,
    place: &'a Place,
    follower: Follower<FollowedFile>,
    interrupt: Interrupt,
}

impl Work for Follow<'_> {
    type Result = Result<Outcome, Failure>;

    fn print<F: Format + Send>(self, mut sink: TextSink<'_, F>) -> Self::Result {
        let (args, place) = (self.args, self.place);
        let ended = self.until_interrupted(&mut sink);
        if let Some(position) = ended.map_err(|error| reason(error, place))? {
            left_out_notice(args, place, sink.left_out());
            goes_on(args, place, position);
        }
        Ok(Outcome::Done)
    }
}

impl Follow<'_> {
    /// Where to go on after an interruption; `None` where nobody reads the output any more.
    fn until_interrupted<F: Format>(
        mut self,
        sink: &mut TextSink<'_, F>,
    ) -> Result<Option<u64>, FollowError<io::Error>> {
        let mut pause = SHORTEST;
        let mut checkpoint = self.follower.position();
        loop {
            let interrupt = &self.interrupt;
            let mut watch = |_| if interrupt.is_asked() { Flow::Stop } else { Flow::Continue };
            match self.follower.round(sink, &mut watch)? {
                Round::Stopped => return self.break_off(checkpoint, sink).map(Some),
                Round::Played { .. } => (pause, checkpoint) = (SHORTEST, self.follower.position()),
                Round::Idle if is_output_closed() => return Ok(None),
                Round::Idle => pause = LONGEST.min(pause.saturating_mul(2)),
            }
            if self.interrupt.wait(pause) {
                return Ok(Some(checkpoint));
            }
        }
    }

    /// SQL that was not committed has to be printed again.
    fn break_off<F: Format>(
        self,
        checkpoint: u64,
        sink: &mut TextSink<'_, F>,
    ) -> Result<u64, FollowError<io::Error>> {
        let printed = self.follower.position();
        self.follower.break_off(sink)?;
        Ok(if self.args.sql { checkpoint } else { printed })
    }
}

fn goes_on(args: &Args, place: &Place, position: u64) {
    if !args.quiet {
        let position = position.max(args.from.unwrap_or(0));
        notice(
            place,
            &format!("interrupted at {}; --from {position} goes on from there", Position(position)),
        );
    }
}

/// The exit code of what ended the following, and what to do next.
fn reason(error: FollowError<io::Error>, place: &Place) -> Failure {
    let outcome = match &error {
        FollowError::Io(_) | FollowError::Sink(_) => Outcome::Failed,
        FollowError::Source(SourceError::Io { .. }) => Outcome::Failed,
        FollowError::Replaced { .. } | FollowError::Gone { .. } => Outcome::Recoverable,
        FollowError::Head(_) => Outcome::NotJoedb,
        _ => Outcome::Damaged,
    };
    match error {
        // A closed pipe is recognised by its error.
        FollowError::Sink(error) => error.into(),
        error if outcome == Outcome::Damaged => {
            failure(outcome, anyhow!("{error}\n  next: {}", place.logdump("--check")))
        }
        error => failure(outcome, error),
    }
}

/// Whether whoever read a pipe has gone. Without a write nobody would notice.
#[cfg(target_os = "linux")]
fn is_output_closed() -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd as _;
    let output = io::stdout();
    let mut asked = [PollFd::new(output.as_fd(), PollFlags::empty())];
    let answered = poll(&mut asked, PollTimeout::ZERO);
    let [output] = asked;
    answered.is_ok() && output.revents().is_some_and(|found| found.contains(PollFlags::POLLERR))
}

#[cfg(not(target_os = "linux"))]
fn is_output_closed() -> bool {
    false
}
