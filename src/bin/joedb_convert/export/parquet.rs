//! Parquet, where the program was built with it.

#[cfg(feature = "parquet")]
pub(super) use built::{write, write_entries};
#[cfg(not(feature = "parquet"))]
pub(super) use not_built::{write, write_entries};

#[cfg(feature = "parquet")]
mod built {
    use crate::export::tables::{in_directory, one_table};
    use crate::export::target::Target;
    use crate::export::{Content, Export, Receipt, entries, failed};
    use crate::outcome::Failure;
    use crate::progress::Progress;
    use joedb::export::parquet::{Entries, EntryFiles, PartitionedEntries, Partitions};
    use joedb::export::parquet::{write_directory, write_table};
    use joedb::export::{Exported, Selection};
    use joedb::journal::Journal;
    use joedb::recovery::Plan;
    use joedb::replay::{Range, Tolerance, replay};
    use joedb::sink::Sink;

    fn partitions(export: &Export<'_>) -> Partitions {
        export.args.partition_rows.map_or(Partitions::None, Partitions::Rows)
    }

    pub(in crate::export) fn write(
        export: &Export<'_>,
        selection: &Selection<'_>,
        plan: &Plan,
    ) -> Result<(Exported, Option<Receipt>), Failure> {
        if let Target::Directory { .. } = export.target {
            return in_directory(export, plan, "parquet", |directory, watch| {
                let (partitions, source) = (partitions(export), Some(&export.source.file));
                write_directory(selection, directory, partitions, source, watch).map_err(failed)
            });
        }
        export.stream(plan, |out, watch| {
            one_table(selection, |table| write_table(selection, table, out, watch))
        })
    }

    pub(in crate::export) fn write_entries(
        export: &Export<'_>,
        journal: &mut Journal,
        plan: &Plan,
    ) -> Result<(Content, Option<Receipt>), Failure> {
        if let Target::Directory { .. } = export.target {
            return in_directory(export, plan, "parquet", |directory, watch| {
                let (partitions, source) = (partitions(export), Some(&export.source.file));
                let mut sink = PartitionedEntries::new(directory, partitions, source, watch);
                play(export, journal, plan, &mut sink, failed)?;
                let EntryFiles { entries, left_out, files } = sink.finish().map_err(failed)?;
                Ok(Content::Entries { entries, left_out, files })
            });
        }
        export.stream(plan, |out, _| {
            let mut sink = Entries::new(out).map_err(failed)?;
            play(export, journal, plan, &mut sink, failed)?;
            let (entries, left_out) = (sink.entries(), sink.left_out());
            sink.finish().map_err(failed)?;
            Ok(Content::Entries { entries, left_out, files: Vec::new() })
        })
    }

    /// Plays the entries into a sink.
    fn play<S: Sink>(
        export: &Export<'_>,
        journal: &mut Journal,
        plan: &Plan,
        sink: &mut S,
        failed: impl FnOnce(S::Error) -> Failure,
    ) -> Result<(), Failure> {
        let mut progress = Progress::new("export", plan.cut, export.args.quiet);
        let mut watch = |position| progress.at(position);
        let replayed = replay(journal, Range::up_to(plan.cut), Tolerance::Strict, sink, &mut watch);
        entries::whole(export, replayed, failed).map(drop)
    }
}

#[cfg(not(feature = "parquet"))]
mod not_built {
    use crate::export::{Content, Export, Receipt, not_built};
    use crate::outcome::Failure;
    use joedb::export::{Exported, Selection};
    use joedb::journal::Journal;
    use joedb::recovery::Plan;

    pub(in crate::export) fn write(
        _: &Export<'_>,
        _: &Selection<'_>,
        _: &Plan,
    ) -> Result<(Exported, Option<Receipt>), Failure> {
        Err(not_built("Parquet", "parquet"))
    }

    pub(in crate::export) fn write_entries(
        _: &Export<'_>,
        _: &mut Journal,
        _: &Plan,
    ) -> Result<(Content, Option<Receipt>), Failure> {
        Err(not_built("Parquet", "parquet"))
    }
}
