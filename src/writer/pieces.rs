//! Writing entries beside the program that makes them.
//!
//! A long transaction fills one buffer after the other. The first is written by whoever filled it: most transactions
//! have no second. Those that follow are written by a thread, in their order, while the next one is filled. Nothing is
//! promised of entries before a checkpoint, and whoever writes one waits for all pieces first.

use crate::buffer::Buffer;
use crate::storage::Storage;
use std::io;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// So many pieces at most are on their way.
const UNDER_WAY: usize = 2;

/// The disk gets what was written up to a multiple of so many bytes: no page goes there that is not full yet.
const STRETCH: u64 = 1024 * 1024;

/// What was written since the disk got something last.
#[derive(Debug, Default)]
struct Backlog(Range<u64>);

impl Backlog {
    /// Takes in what was written now. What the disk may begin with comes back, so that the sync behind a long transaction
    /// has less to wait for.
    fn add(&mut self, written: Range<u64>) -> Option<Range<u64>> {
        if written.start != self.0.end {
            // Others wrote in between, and may have synced, too.
            self.0.start = written.start;
        }
        let end = written.end.saturating_sub(written.end % STRETCH).max(self.0.start);
        let whole = std::mem::replace(&mut self.0, end..written.end).start..end;
        (!whole.is_empty()).then_some(whole)
    }
}

/// Entries for a place in the file.
#[derive(Debug)]
struct Piece {
    bytes: Buffer,
    position: u64,
}

/// What the thread has of it.
#[derive(Debug)]
pub(super) struct PieceWriter {
    pieces: Receiver<Piece>,
    written: Sender<io::Result<Buffer>>,
}

impl PieceWriter {
    /// Writes what comes, until nothing can come any more, or until a write fails: what follows a gap is worth nothing.
    pub(super) fn serve<S: Storage>(self, mut file: S) {
        let mut backlog = Backlog::default();
        for Piece { mut bytes, position } in self.pieces {
            let written = file.write_at(bytes.bytes(), position);
            let failed = written.is_err();
            let end = position.saturating_add(bytes.len() as u64);
            bytes.clear();
            if self.written.send(written.map(|()| bytes)).is_err() || failed {
                return;
            }
            if let Some(whole) = backlog.add(position..end) {
                file.start_writing(whole);
            }
        }
    }
}

/// The pieces that are on their way, and the thread that writes them. When it is dropped, nothing is on its way.
#[derive(Debug)]
pub(super) struct Pieces {
    sender: Option<Sender<Piece>>,
    /// In a lock that is never taken, so that threads may share a writer to ask it.
    written: Mutex<Receiver<io::Result<Buffer>>>,
    under_way: usize,
    free: Vec<Buffer>,
    thread: Option<JoinHandle<()>>,
}

impl Pieces {
    pub(super) fn start(spawn: impl FnOnce(PieceWriter) -> io::Result<JoinHandle<()>>) -> io::Result<Pieces> {
        let ((sender, pieces), (done, written)) = (channel(), channel());
        let thread = Some(spawn(PieceWriter { pieces, written: done })?);
        let (sender, written) = (Some(sender), Mutex::new(written));
        Ok(Pieces { sender, written, under_way: 0, free: Vec::new(), thread })
    }

    /// An empty buffer; it waits for one if enough is on its way.
    pub(super) fn buffer(&mut self) -> io::Result<Buffer> {
        if self.under_way >= UNDER_WAY {
            self.wait()?;
        }
        Ok(self.free.pop().unwrap_or_default())
    }

    /// Sends a piece on its way. Where the thread has ended, the error that ended it is among what it sent.
    pub(super) fn write(&mut self, bytes: Buffer, position: u64) -> io::Result<()> {
        self.under_way = self.under_way.saturating_add(1);
        let sent = self.sender.as_ref().map(|sender| sender.send(Piece { bytes, position }));
        if sent.is_some_and(|sent| sent.is_ok()) { Ok(()) } else { self.finish().and_then(|()| Err(gone())) }
    }

    /// Waits until every piece is in the file.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        while self.under_way > 0 {
            self.wait()?;
        }
        Ok(())
    }

    fn wait(&mut self) -> io::Result<()> {
        self.under_way = self.under_way.saturating_sub(1);
        let written = self.written.get_mut().unwrap_or_else(PoisonError::into_inner).recv();
        self.free.push(written.map_err(|_| gone())??);
        Ok(())
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked was noticed by whoever waited for its pieces.
            let _ = thread.join();
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that writes entries has ended")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::File;
    use std::thread::{Builder, yield_now};

    fn piece() -> Buffer {
        let mut buffer = Buffer::new();
        buffer.slice(b"entries");
        buffer
    }

    #[test]
    fn the_disk_gets_whole_stretches_once_and_nothing_that_others_wrote() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.add(41..STRETCH - 1), None);
        assert_eq!(backlog.add(STRETCH - 1..STRETCH), Some(41..STRETCH));
        assert_eq!(backlog.add(STRETCH..3 * STRETCH + 5), Some(STRETCH..3 * STRETCH));
        assert_eq!(backlog.add(3 * STRETCH + 5..4 * STRETCH - 1), None);
        assert_eq!(backlog.add(9 * STRETCH + 7..9 * STRETCH + 8), None);
        assert_eq!(backlog.add(9 * STRETCH + 8..10 * STRETCH), Some(9 * STRETCH + 7..10 * STRETCH));
    }

    #[test]
    fn a_piece_for_a_thread_that_has_ended_is_refused_with_the_error_that_ended_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let unwritable = File::open(file.path()).unwrap();
        let told = unwritable.try_clone().unwrap().write_at(b"entries", 0).unwrap_err();
        let spawn = |writer: PieceWriter| Builder::new().spawn(|| writer.serve(unwritable));
        let mut pieces = Pieces::start(spawn).unwrap();
        pieces.write(piece(), 41).unwrap();
        while !pieces.thread.as_ref().unwrap().is_finished() {
            yield_now();
        }
        let error = pieces.write(piece(), 48).unwrap_err();
        assert_eq!(error.to_string(), told.to_string());
    }

    #[test]
    fn a_piece_for_a_thread_that_panicked_is_refused() {
        let spawn = |writer: PieceWriter| Builder::new().spawn(|| drop(writer));
        let mut pieces = Pieces::start(spawn).unwrap();
        while !pieces.thread.as_ref().unwrap().is_finished() {
            yield_now();
        }
        assert!(pieces.write(piece(), 41).unwrap_err().to_string().contains("has ended"));
    }
}
