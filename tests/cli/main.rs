//! The programs, driven as users drive them.

mod attributes;
mod check;
mod check_load;
mod compare;
mod compat;
mod convert;
mod dump;
mod header;
mod hostile;
mod in_place;
mod json_lines;
mod live;
mod load;
mod log;
mod meanwhile;
mod positions;
mod receipt;
mod refusals;
mod scene;
mod sqlite;
mod sqlite_names;
mod streams;
mod swap;
mod table_model;
mod usage;
