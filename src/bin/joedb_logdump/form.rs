//! The form that was asked for.

use crate::args::Args;
use joedb::head::Version;
use joedb::sink::{BlobReader, Commands, Fidelity, Format, JsonLines, Raw, Sql, Style, TextSink};
use std::io::Write;

/// Work with a sink, whatever the form of its text.
pub(crate) trait Work {
    type Result;

    fn print<F: Format + Send>(self, sink: TextSink<'_, F>) -> Self::Result;
}

/// What the options say of the text.
pub(crate) fn style(args: &Args, version: Version) -> Style {
    Style {
        version,
        fidelity: if args.compat { Fidelity::Reference } else { Fidelity::Lossless },
        blob_data: args.blob,
        positions: args.print_checkpoint,
        schema_only: args.schema_only,
    }
}

/// Does the work in the form that was asked for.
pub(crate) fn in_form<W: Work>(
    args: &Args,
    style: Style,
    blobs: BlobReader,
    out: &mut dyn Write,
    work: W,
) -> W::Result {
    let blobs = Some(blobs);
    if args.raw {
        work.print(TextSink::new(Raw::new(style, blobs), style, out).with_all_blobs())
    } else if args.sql {
        work.print(TextSink::new(Sql::new(style, blobs), style, out))
    } else if args.json {
        work.print(TextSink::new(JsonLines::new(style), style, out))
    } else {
        work.print(TextSink::new(Commands::new(style, blobs), style, out))
    }
}
