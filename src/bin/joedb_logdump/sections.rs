//! What the manual page and `--help` say beyond the options.

use crate::manual::Section;

/// Shown by `--help`, and in the manual page.
pub(crate) const SECTIONS: &[Section] = &[
    (
        "EXIT STATUS",
        "  0  done; with --check: clean, clean up to a soft checkpoint, or being written
  1  it could not be done: an I/O error, no such file, a directory
  2  wrong usage
  3  --check: recoverable, nothing acknowledged is lost: pending hard checkpoint,
     or a zero-filled, damaged, torn or dirty tail; or --require was not met
  4  damaged: the file is cut short, an entry below a checkpoint does not decode,
     a checkpoint lies inside an entry or past the end; or what was asked for
     cannot be had from this file
  5  no joedb file: no signature, an unknown version, empty, or a cut head

With several files the worst one counts, in the order 1, 5, 4, 3, 0. A closed pipe is no error.",
    ),
    (
        "EXAMPLES",
        "What happened to this file, and what now?

  joedb_logdump --check app.joedb

What would recovery throw away?

  joedb_logdump --tail app.joedb

In a CI check or a health check, by exit code alone:

  joedb_logdump --check --require clean -q app.joedb

Into SQLite, blobs included:

  joedb_logdump --sql --blob app.joedb | sqlite3 app.sqlite

The last insertions into a table:

  joedb_logdump --json app.joedb | jq -c 'select(.table == \"person\")' | tail",
    ),
    (
        "FILES",
        "Versions 4 and 5 of the joedb format are read. Version 4 counts records from 1 in the file; without --compat they \
are printed as version 5 counts them, from 0.

joedb's servers and clients, and brotli-compressed joedb files, are out of reach: decompress them with joedb's own \
tools first.",
    ),
    (
        "CAVEATS",
        "joedb has no checksums: a changed value inside a string or a number cannot be seen, and --check does not look at \
which records exist.

A writer is recognised by its lock. sshfs has no locks, and those of NFS depend on its server and configuration; \
there a file may look dirty only because it is being written.

A file is mapped into memory unless a writer holds it. Should another program cut it meanwhile, the system ends \
joedb_logdump with SIGBUS; --no-mmap gives an error message instead.

Servers and clients that pulled entries behind a checkpoint will diverge from a file that was cut there.",
    ),
    ("SEE ALSO", "joedb_convert(1)"),
];
