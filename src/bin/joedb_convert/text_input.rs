//! A text that is read by a thread of its own: opening and reading a pipe may last for ever, and a signal has to end
//! the program all the same.

use crate::signals::Signals;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// How much is read at a time, and how many of these may wait.
const PIECE: usize = 256 * 1024;
const PIECES: usize = 4;

/// How long a signal may go unnoticed.
const PATIENCE: Duration = Duration::from_millis(50);

type Piece = io::Result<Vec<u8>>;

/// The bytes of a text; reading fails once there was a signal.
pub(crate) struct TextInput {
    pieces: Receiver<Piece>,
    piece: io::Cursor<Vec<u8>>,
    signals: Signals,
}

impl TextInput {
    /// A file, a pipe, or for `-` the standard input.
    pub(crate) fn open(path: &Path, signals: &Signals) -> TextInput {
        let (sender, pieces) = sync_channel(PIECES);
        let path = path.to_path_buf();
        std::thread::spawn(move || read(path, &sender));
        TextInput { pieces, piece: io::Cursor::default(), signals: signals.clone() }
    }

    /// The next piece, empty at the end.
    fn next(&self) -> Piece {
        while self.signals.received().is_none() {
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => return piece,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        Err(io::Error::other("interrupted"))
    }
}

impl Read for TextInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.piece.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        self.piece = io::Cursor::new(self.next()?);
        self.piece.read(buffer)
    }
}

/// Sends pieces until the end, an error, or nobody listens any more.
fn read(path: PathBuf, sender: &SyncSender<Piece>) {
    let opened: io::Result<Box<dyn Read>> = match path.to_str() {
        Some("-") => Ok(Box::new(io::stdin())),
        _ => File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
    };
    let sent = match opened {
        Ok(mut text) => send_all(text.as_mut(), sender),
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        // If nobody listens, there is nobody to tell.
        let _ = sender.send(Err(error));
    }
}

fn send_all(text: &mut dyn Read, sender: &SyncSender<Piece>) -> io::Result<()> {
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        text.take(PIECE as u64).read_to_end(&mut piece)?;
        if piece.is_empty() || sender.send(Ok(piece)).is_err() {
            return Ok(());
        }
    }
}
