//! Mutates the inputs of a target for some seconds, from a seed: for machines without libFuzzer.
//!
//! `cargo run --release --bin drive -- TARGET SECONDS SEED [FOLDER]`; an input that fails is written to FOLDER (or the
//! current directory) and named.

use joedb_fuzz::{TARGETS, Target};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, seconds, seed, rest @ ..] = &arguments[..] else { return usage() };
    let target = TARGETS.iter().find(|(known, _)| known == name);
    let (Some((_, target)), Ok(seconds), Ok(seed)) = (target, seconds.parse(), seed.parse()) else {
        return usage();
    };
    let folder = rest.first().map_or(".", String::as_str);
    drive(name, *target, Duration::from_secs(seconds), Random(seed), Path::new(folder))
}

fn usage() -> ExitCode {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    eprintln!("drive TARGET SECONDS SEED [FOLDER]; the targets: {}", names.join(", "));
    ExitCode::from(2)
}

fn drive(name: &str, target: Target, time: Duration, mut random: Random, folder: &Path) -> ExitCode {
    let seeds = seeds(name);
    let start = Instant::now();
    let mut executions = 0_u64;
    while start.elapsed() < time {
        let input = random.mutated(&seeds);
        executions += 1;
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            let path = folder.join(format!("{name}-{executions}"));
            fs::write(&path, &input).expect("the input can be written");
            println!("{name}: failed after {executions} executions: {}", path.display());
            return ExitCode::FAILURE;
        }
    }
    println!("{name}: {executions} executions in {} s, nothing found", start.elapsed().as_secs());
    ExitCode::SUCCESS
}

/// The committed inputs of a target, and the fixtures.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = root.join("../fixtures");
    let folders =
        ["corpus/valid", "corpus/crash", "corpus/real", "corpus/v4", ""].map(|name| fixtures.join(name));
    let logs = folders.iter().flat_map(|folder| files(folder)).filter(|path| path.ends_with_joedb());
    let texts = files(&fixtures.join("corpus/valid"))
        .into_iter()
        .filter(|path| path.extension() == Some("dump".as_ref()));
    let logs = logs.chain(texts.filter(|_| name == "text"));
    let own = files(&root.join("inputs").join(name));
    let seeds: Vec<Vec<u8>> =
        own.into_iter().chain(logs).map(|path| fs::read(path).expect("a seed")).collect();
    seeds.into_iter().filter(|seed| seed.len() <= 4096).collect()
}

trait Named {
    fn ends_with_joedb(&self) -> bool;
}

impl Named for PathBuf {
    fn ends_with_joedb(&self) -> bool {
        self.extension().is_some_and(|extension| extension == "joedb")
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

/// The same numbers for the same seed (Vigna's SplitMix64).
struct Random(u64);

/// Bytes that mean something: opcodes, edges of compact numbers, signs.
const TELLING: [u8; 24] = [
    0x00, 0x01, 0x03, 0x05, 0x08, 0x0a, 0x0b, 0x0e, 0x0f, 0x13, 0x14, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80,
    0x81, 0x84, 0xa4, 0xa8, 0xe0, 0xfe, 0xff,
];

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        let any = self.next().to_le_bytes()[0];
        if self.next().is_multiple_of(2) { any } else { TELLING[usize::from(any) % TELLING.len()] }
    }

    /// A seed with some changes, or bytes from nowhere.
    fn mutated(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = if seeds.is_empty() || self.below(16) == 0 {
            let length = self.below(300);
            (0..length).map(|_| self.byte()).collect()
        } else {
            seeds[self.below(seeds.len())].clone()
        };
        for _ in 0..=self.below(6) {
            self.mutate(&mut input, seeds);
        }
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let length = input.len();
        let (at, span) = (self.below(length + 1), self.below(24) + 1);
        let end = (at + span).min(length);
        match self.below(9) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => {
                let copy = input[at..end].to_vec();
                let to = self.below(length + 1);
                drop(input.splice(to..to, copy));
            }
            3 => {
                let byte = self.byte();
                drop(input.splice(at..at, std::iter::repeat_n(byte, span)));
            }
            4 if !seeds.is_empty() => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                let piece = other[from..(from + span * 4).min(other.len())].to_vec();
                drop(input.splice(at..end, piece));
            }
            5 => {
                // Places of the head are alike.
                let (from, to) = (self.below(4) * 8, self.below(4) * 8);
                if length >= 32 {
                    input.copy_within(from..from + 8, to);
                }
            }
            _ => {
                if let Some(place) = input.get_mut(at) {
                    *place = self.byte();
                }
            }
        }
    }
}
