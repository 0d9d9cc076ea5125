//! A log of each type's extremes, tens of thousands of rows of them, and what the programs make of it, value by value.
//!
//! [`author`] writes the log and keeps a model of what it wrote, which none of the code under test has seen: which entries,
//! where they end, what every row holds. The dumps are read back by SQLite, by serde_json and by [`commands`]'s own parser.

mod author;
mod commands;
mod data;
mod json;
mod random;
mod sqlite;
