//! Random logs, packed, merged and moved to version 5: what comes out holds what went in.

#[path = "../support/anew.rs"]
mod anew;
mod entries;
#[path = "../support/loadable.rs"]
mod loadable;
#[path = "../support/logs.rs"]
#[allow(dead_code, reason = "shared by several tests, none of which uses all of it")]
mod logs;
mod merge;
mod pack;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared by several tests, none of which uses all of it")]
mod support;
#[path = "../support/tables.rs"]
mod tables;
mod upgrade;
