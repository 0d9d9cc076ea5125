//! Writing entries beside the program that makes them.
//!
//! A long transaction fills one buffer after the other. The first is written by whoever filled it: most transactions
//! have no second. Those that follow are written by a thread, in their order, while the next one is filled. Nothing is
//! promised of entries before a checkpoint, and whoever writes one waits for all pieces first.

use crate::buffer::Buffer;
use crate::storage::Storage;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// So many pieces at most are on their way.
const UNDER_WAY: usize = 2;

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
        for Piece { mut bytes, position } in self.pieces {
            let written = file.write_at(bytes.bytes(), position);
            let failed = written.is_err();
            bytes.clear();
            if self.written.send(written.map(|()| bytes)).is_err() || failed {
                return;
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

    /// Sends a piece on its way.
    pub(super) fn write(&mut self, bytes: Buffer, position: u64) -> io::Result<()> {
        self.under_way = self.under_way.saturating_add(1);
        let sent = self.sender.as_ref().map(|sender| sender.send(Piece { bytes, position }));
        sent.and_then(Result::ok).ok_or_else(gone)
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
