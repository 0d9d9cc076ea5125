//! What is exported is read back, by readers that know nothing of the library, and compared value by value with the tables
//! of the log.

#[cfg(feature = "parquet")]
#[path = "../cli/caught.rs"]
#[allow(dead_code, reason = "shared by several tests, none of which uses all of it")]
mod caught;
mod csv;
mod json;
mod new_directory;
mod new_file;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_program;
#[cfg(feature = "parquet")]
#[path = "../cli/processes.rs"]
#[allow(dead_code, reason = "shared by several tests, none of which uses all of it")]
mod processes;
mod reference_json;
mod sample;
mod sqlite;

#[path = "../cli/extremes/author.rs"]
#[allow(dead_code, reason = "shared by several tests, none of which uses all of it")]
mod author;
#[path = "../cli/extremes/data.rs"]
#[allow(dead_code, reason = "shared by several tests, none of which uses all of it")]
mod data;
#[path = "../cli/extremes/random.rs"]
mod random;
#[path = "../support/tables.rs"]
#[allow(dead_code, reason = "shared by several tests, none of which uses all of it")]
mod tables;
