//! A limit for the size of files.

/// Lets a write beyond the limit of the process for file sizes fail as one to a full disk does: without this the
/// system kills the program, and what it had begun stays behind.
#[cfg(unix)]
pub(crate) fn survive_limit() -> std::io::Result<()> {
    let unread = std::sync::Arc::default();
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, unread).map(drop)
}

#[cfg(not(unix))]
pub(crate) fn survive_limit() -> std::io::Result<()> {
    Ok(())
}
