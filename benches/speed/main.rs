//! Throughput in bytes of the log, of each layer by itself and of logs of each shape. `cargo bench` runs it all,
//! `cargo bench check` what has that in its name.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot go on")]

mod check;
mod codec;
mod dump;
mod logs;
mod write;

fn main() {
    let second = std::time::Duration::from_secs(1);
    divan::Divan::default().max_time(second).config_with_args().main();
}
