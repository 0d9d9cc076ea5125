//! joedb files: reading, dumping, diagnosing and recovering them.
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

mod codec;
mod decode;
pub mod diagnosis;
mod encode;
mod entry;
pub mod head;
pub mod journal;
mod outcome;
pub mod recovery;
pub mod replay;
pub mod schema;
pub mod sense;
pub mod sink;
pub mod storage;
pub mod text;

pub use codec::COMPACT_MAX;
pub use decode::{Context, DecodeError, Decoder, Fault};
pub use encode::Encoder;
pub use entry::{
    BlobPosition, Entry, FieldId, FieldType, InsertForm, Kind, Located, RecordId, TableId, Type, UpdateForm,
    Value, Values,
};
pub use head::{Checkpoints, HEAD_SIZE, Head, HeadError, Version};
pub use journal::{Access, Journal, OpenError};
pub use outcome::Outcome;
pub use schema::Schema;
