//! DataFusion, asked in SQL.

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::prelude::{SessionConfig, SessionContext};
use std::collections::BTreeMap;
use std::path::Path;
use tokio::runtime::Runtime;

/// A session with some tables.
pub(crate) struct Session {
    context: SessionContext,
    runtime: Runtime,
}

impl Session {
    /// Without tables.
    pub(crate) fn new() -> Session {
        let mut config = SessionConfig::new();
        config.options_mut().execution.parquet.skip_metadata = false;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Session { context: SessionContext::new_with_config(config), runtime }
    }

    /// With the tables of a directory. Those in several files are named by a pattern, as a user would.
    pub(crate) fn of_tables(directory: &Path, files: &BTreeMap<String, Vec<String>>) -> Session {
        let session = Session::new();
        for (table, files) in files {
            let location = match files[0].strip_suffix("-00000.parquet") {
                Some(name) => directory.join(format!("{name}-*.parquet")),
                None => directory.join(&files[0]),
            };
            session.add(table, &location);
        }
        session
    }

    /// Adds what lies at a location as a table.
    pub(crate) fn add(&self, table: &str, location: &Path) {
        let location = location.display();
        self.ask(&format!(r#"CREATE EXTERNAL TABLE "{table}" STORED AS PARQUET LOCATION '{location}'"#));
    }

    /// The names of a table's columns, with what the files say they are in joedb.
    pub(crate) fn columns(&self, table: &str) -> Vec<(String, String)> {
        let table = self.runtime.block_on(self.context.table(format!(r#""{table}""#))).unwrap();
        let declared = |field: &datafusion::arrow::datatypes::Field| {
            field.metadata().get("joedb").cloned().unwrap_or_default()
        };
        let fields = table.schema().fields().iter();
        fields.map(|field| (field.name().clone(), declared(field))).collect()
    }

    /// The answer to a statement.
    pub(crate) fn ask(&self, statement: &str) -> Vec<RecordBatch> {
        let answer = async { self.context.sql(statement).await?.collect().await };
        self.runtime.block_on(answer).unwrap_or_else(|error| panic!("{statement}: {error}"))
    }
}
