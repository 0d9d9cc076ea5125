//! joedb files: reading, dumping, diagnosing and recovering them.
//!
//! [joedb](https://www.joedb.org/) is the Journal-Only Embedded Database: a file with a 41-byte head and a log of
//! entries. Checkpoints in the head say up to where the log is good. After a crash a dirty tail may follow the last
//! one, and joedb refuses to write. This crate tells what happened, and brings the file back.
//!
//! ```
//! use joedb::diagnosis::{Evidence, diagnose};
//! use joedb::recovery::{Outputs, PlanOptions, Target, Unattended, apply, plan};
//! use joedb::storage::{Existing, File, FileDirectory};
//! use joedb::{Access, Journal};
//! # let directory = tempfile::tempdir()?;
//! # let output = directory.path().join("recovered.joedb");
//! # let crashed = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/corpus/real/killed_soft.joedb").as_ref();
//!
//! // What is in it?
//! let mut journal = Journal::open(crashed, Access::Window)?;
//! let checkpoint = journal.checkpoints().current()?;
//! let mut entries = journal.entries(checkpoint);
//! while let Some(located) = entries.next()? {
//!     println!("{}: {}", located.position, located.entry.kind());
//! }
//!
//! // What happened to it, and what would be lost?
//! let report = diagnose(&mut journal, &Evidence::of_path(crashed), &mut |_| {})?;
//! println!("{}: {}", report.headline, report.findings[0].sentence);
//!
//! // Bring it back: a plan to look at, then the only step that writes.
//! let plan = plan(&mut journal, Target::Checkpoint, PlanOptions::default(), &mut |_| {})?;
//! println!("keeps {} bytes, loses {}", plan.kept.bytes, plan.lost.bytes);
//! let outputs = Outputs { output, existing: Existing::Refuse, tail: None };
//! let receipt = apply(&plan, &File::open(crashed)?, &FileDirectory, &outputs, &mut Unattended)?;
//! assert_eq!(receipt.kept, plan.kept);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layers
//!
//! Each uses only those before it:
//!
//! * [`head`]: the 41 bytes, and what may be believed of them in a file of a given size
//! * the codec: [`Decoder`] turns bytes into an [`Entry`], [`Encoder`] turns it back
//! * [`journal`]: a file as entries, through a window of positioned reads or a memory map
//! * [`schema`] and [`sense`]: tables and fields by id, and whether an entry makes sense
//! * [`sink`], [`replay`], [`follow`] and [`printing`]: where entries go, and playing a log into it, at once, as it grows,
//!   or on several processors
//! * [`store`]: the tables that a log leaves behind, by column
//! * [`diagnosis`]: one walk over the file, and the verdict as data
//! * [`compare`]: whether two logs are equal, one continues the other, or where they diverge
//! * [`recovery`]: a plan, and applying it through the traits of [`storage`]
//! * [`index`]: a file beside a log that saves reading all of it, and finds bytes that changed
//! * [`writer`]: entries and checkpoints into a file, in an order that survives every crash
//! * [`new_journal`]: a sink that makes a new file of entries
//! * [`commands`] and [`json_lines`]: texts as a source of entries
//! * [`snapshot`], [`pack`] and [`merge`]: what a log leaves behind, as a log that holds nothing else, and several as one
//! * [`export`]: the tables in other formats, from JSON to SQLite
//!
//! # What is trusted
//!
//! Nothing of a file. Lengths are checked against the bytes that are left before they are used, arithmetic is
//! checked, and no input makes this crate panic or allocate more than its bytes justify. `unsafe` is denied but
//! for the memory map, whose file says what it rests on.
//!
//! Where a sentence cites FORMAT.md, it means the description of the format at the top of the repository.
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test that overflows or indexes wrongly fails, as it should"
    )
)]

mod blob_map;
mod buffer;
mod codec;
pub mod commands;
pub mod compare;
mod decode;
pub mod diagnosis;
mod encode;
mod entry;
pub mod export;
pub mod follow;
pub mod head;
pub mod index;
pub mod journal;
pub mod json_lines;
pub mod merge;
pub mod new_journal;
mod outcome;
pub mod pack;
pub mod printing;
pub mod recovery;
mod relocation;
pub mod replay;
pub mod schema;
pub mod sense;
pub mod sink;
mod skip;
pub mod snapshot;
pub mod storage;
pub mod store;
pub mod text;
mod value;
pub mod writer;

pub use blob_map::{BlobError, BlobPointers};
pub use codec::COMPACT_MAX;
pub use decode::{Context, DecodeError, Decoder, Fault};
pub use encode::{Encoder, OtherType, Vector};
pub use entry::{Entry, FieldId, InsertForm, Kind, Located, RecordId, TableId, UpdateForm};
pub use head::{Checkpoints, HEAD_SIZE, Head, HeadError, Version};
pub use journal::{Access, Journal, OpenError};
pub use outcome::Outcome;
pub use schema::Schema;
pub use value::{BlobPosition, FieldType, Type, Value, Values};

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
