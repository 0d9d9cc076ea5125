//! The table store, against the reference's tables, against a naive model, and against logs that mean no good.

mod acts;
#[path = "../support/allocations.rs"]
mod allocations;
mod conflicts;
mod corpus;
mod entries;
mod hostile;
mod model;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;
