//! What a log leaves behind, in other formats: JSON, CSV, SQLite, Parquet.
//!
//! A log is played into a [`State`]: its tables as they stand at a cut. Some of them, or all, are a [`Selection`], which
//! each format writes:
//!
//! | format | module | feature |
//! |---|---|---|
//! | JSON without loss | [`json`] | |
//! | JSON as the reference's `joedb_to_json` prints it | [`reference_json`] | |
//! | CSV, a file a table | `csv` | `csv` |
//! | a SQLite database | `sqlite` | `sqlite` |
//! | Parquet, a file a table, or one of the log's entries | `parquet` | `parquet` |
//!
//! ```
//! use joedb::export::{State, json};
//! use joedb::recovery::Unattended;
//! use joedb::storage::File;
//! use joedb::store::Limits;
//! use joedb::{Access, Journal};
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clean.joedb").as_ref();
//!
//! let mut journal = Journal::open(path, Access::Window)?;
//! let (cut, limits) = (journal.checkpoints().current()?, Limits::for_log(journal.size()));
//! let state = State::load(&mut journal, cut, limits, Box::new(File::open(path)?), &mut |_| {})?;
//! let mut text = Vec::new();
//! json::write(&state.select(&["city"])?, &mut text, &mut Unattended)?;
//! let json: serde_json::Value = serde_json::from_slice(&text)?;
//! assert_eq!(json["tables"]["city"]["rows"][1]["name"], "東京");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Memory and files
//!
//! The tables are held in memory, for the value of a row is known only at the end of the log: what a
//! [`Store`](crate::store::Store) takes, about as many bytes as the log. What is written streams, row by row, or batch by
//! batch of Parquet; blobs are read from the log piece by piece, but for CSV and Parquet, which take each whole.
//!
//! [`NewFile`] and [`NewDirectory`] give what is written its name when it is whole and on the disk.

mod blob_data;
#[cfg(feature = "csv")]
pub mod csv;
mod error;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod file_names;
pub mod json;
mod new_directory;
mod new_file;
mod pace;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod reference_json;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod state;
mod summary;

pub use error::ExportError;
pub use new_directory::{NewDirectory, WrittenDirectory};
pub use new_file::{NewFile, Written};
pub use state::{NoSuchTable, Selection, State, StateError};
pub use summary::{Exported, ExportedTable, Remarks};
