//! Recovery under a crash simulator: a disk that may lose whatever was not synced, at every operation.
//!
//! The machine knows nothing of recovery. [`storage`] records what a program asks of the system, and fails where it is
//! told to; [`disk`] and [`file`](mod@file) know what of that a power failure may leave; [`crash`] makes every state that
//! a recorded run may leave; [`work`] interrupts anything that says what must hold then. [`machine`] tests them.
//!
//! What is tried on it: [`in_place`], [`convert`] and [`index`], on the [`logs`], by [`once`], [`twice`] and [`again`]. [`mutants`]
//! makes wrong programs of them and sees that they are found.

mod again;
mod choices;
mod convert;
mod crash;
mod disk;
mod file;
#[path = "../support/fixtures.rs"]
#[expect(dead_code, reason = "the simulator needs only names, verdicts and bytes of the fixtures")]
mod fixtures;
mod in_place;
mod index;
mod logs;
mod machine;
mod mutants;
mod new_journal;
mod once;
mod report;
mod storage;
mod twice;
mod work;
mod writer;
