//! What has to hold for any bytes: one function for each part of the toolkit.
//!
//! A target takes bytes, and panics where something does not hold. cargo-fuzz, the driver beside this library and
//! `tests/fuzz_inputs.rs` of the package run the same functions.

pub mod check;
pub mod decode;
pub mod dump;
pub mod head;
pub mod index;
pub mod json_lines;
pub mod pack;
pub mod recover;
pub mod text;
pub mod undo;
pub mod window;
pub mod writer;

#[path = "../../tests/support/anew.rs"]
mod anew;
mod faulty;
mod input;
mod language;
mod model;
#[path = "../../tests/support/one_by_one.rs"]
mod one_by_one;
mod sql;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/support/tables.rs"]
mod tables;
mod terminal;

/// Takes any bytes, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of the folder of its inputs.
pub const TARGETS: [(&str, Target); 12] = [
    ("check", check::run),
    ("decode", decode::run),
    ("dump", dump::run),
    ("head", head::run),
    ("index", index::run),
    ("json_lines", json_lines::run),
    ("pack", pack::run),
    ("recover", recover::run),
    ("text", text::run),
    ("undo", undo::run),
    ("window", window::run),
    ("writer", writer::run),
];
