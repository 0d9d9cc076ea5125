//! Trying many things at once, and saying how many states that took.

use crate::crash::Crashes;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

/// Of the states that are drawn where not all can be visited.
pub(crate) const SEED: u64 = 20_260_131;

/// What has been found so far.
#[derive(Default)]
struct Tally {
    made: usize,
    distinct: usize,
    violations: Vec<String>,
}

/// Examines each of the items, on all processors, says how many states that took and how long, and fails where anything
/// was violated. Every item has its own random numbers, so that the states are the same on every machine.
pub(crate) fn survives<T: Send>(
    what: &str,
    items: Vec<T>,
    examine: impl Fn(T, &mut Crashes) -> Result<(), String> + Sync,
) {
    let (began, count) = (Instant::now(), items.len());
    let (items, tally) = (Mutex::new(items.into_iter()), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(item) = next(&items) {
                    let mut crashes = Crashes::new(SEED);
                    let violation = examine(item, &mut crashes).err();
                    let mut tally = tally.lock().unwrap();
                    tally.made += crashes.made;
                    tally.distinct += crashes.distinct;
                    tally.violations.extend(violation);
                }
            });
        }
    });
    let Tally { made, distinct, violations } = tally.into_inner().unwrap();
    let took = began.elapsed();
    println!("{what}: {count} runs, {made} states, {distinct} of them distinct, seed {SEED}, {took:.1?}");
    assert!(violations.is_empty(), "{} violations: {}", violations.len(), violations.join("\n\n"));
}

/// In a function of its own, so that the lock is given back before the item is examined.
fn next<T>(items: &Mutex<std::vec::IntoIter<T>>) -> Option<T> {
    items.lock().unwrap().next()
}
