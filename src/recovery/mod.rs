//! Recovery in two steps: a [`Plan`], which is data, and [`apply`], the only code that writes.
//!
//! ```
//! use joedb::recovery::{Outputs, PlanOptions, Target, Unattended, apply, plan};
//! use joedb::storage::{Directory, Existing, Storage, memory::MemoryDirectory};
//! use joedb::{Encoder, Entry, Head, Journal, Version};
//!
//! // A crashed file: one entry that was acknowledged, one that was not.
//! let mut log = Encoder::new(Version::V5);
//! log.push(&Entry::ValidData);
//! let checkpoint = log.position();
//! log.push(&Entry::Comment { text: b"not acknowledged" });
//! let directory = MemoryDirectory::default();
//! let mut crashed = directory.create_new("crashed".as_ref())?;
//! crashed.write_at(&log.file_with(Head::hard(Version::V5, checkpoint)), 0)?;
//!
//! let mut journal = Journal::of_storage(Box::new(crashed.clone()))?;
//! let plan = plan(&mut journal, Target::Checkpoint, PlanOptions::default(), &mut |_| {})?;
//! assert_eq!((plan.cut, plan.lost.entries), (checkpoint, Some(1)));
//!
//! let outputs = Outputs { output: "good".into(), existing: Existing::Refuse, tail: None };
//! let receipt = apply(&plan, &crashed, &directory, &outputs, &mut Unattended)?;
//! assert_eq!(receipt.kept.entries, Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod apply;
mod in_place;
mod plan;
pub(crate) mod temporary;
mod transition;
mod undo;

pub use apply::{ApplyError, Outputs, Receipt, Stage, Supervisor, Unattended, apply, check_source};
pub use in_place::{InPlaceReceipt, UndoError, UndoReceipt, apply_in_place, is_done, undo};
pub use plan::{Alternative, Plan, PlanError, PlanOptions, Share, Target, plan, plan_surveyed};
pub(crate) use temporary::Temporary;
pub use undo::{UNDO_HEAD, UndoHead, UndoHeadError};
