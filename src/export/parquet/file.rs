//! A Parquet file on its way.

use crate::export::ExportError;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::io::Write;
use std::num::NonZeroU64;

/// How many rows go into a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partitions {
    /// All.
    #[default]
    None,
    /// So many, and the rest into further ones.
    Rows(NonZeroU64),
}

impl Partitions {
    pub(super) const fn rows(self) -> u64 {
        match self {
            Partitions::None => u64::MAX,
            Partitions::Rows(rows) => rows.get(),
        }
    }
}

/// The name of a file: with its number if there may be several.
pub(super) fn partition_name(name: &str, number: usize, partitions: Partitions) -> String {
    match partitions {
        Partitions::None => format!("{name}.parquet"),
        Partitions::Rows(_) => format!("{name}-{number:05}.parquet"),
    }
}

/// Bytes of rows in memory at which a row group ends early.
const GROUP: usize = 64 * 1024 * 1024;

/// A file that takes batches of rows.
pub(super) struct ParquetFile<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> ParquetFile<W> {
    /// A file whose columns have statistics, but those that are named in `unordered`: where there are NaNs, least and
    /// greatest are those of the other values, and readers that take them for those of all lose rows, or make all rows
    /// the same (DataFusion 55).
    pub(super) fn new(
        writer: W,
        schema: SchemaRef,
        unordered: &[String],
    ) -> Result<ParquetFile<W>, ExportError> {
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("joedb-toolkit ", env!("CARGO_PKG_VERSION")).to_owned());
        for column in unordered {
            let path = ColumnPath::new(vec![column.clone()]);
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
        Ok(ParquetFile(ArrowWriter::try_new(writer, schema, Some(properties.build()))?))
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ExportError> {
        self.0.write(batch)?;
        if self.0.in_progress_size() > GROUP {
            self.0.flush()?;
        }
        Ok(())
    }

    /// Writes what is left and the foot of the file, and gives the writer back.
    pub(super) fn close(self) -> Result<W, ExportError> {
        Ok(self.0.into_inner()?)
    }
}
