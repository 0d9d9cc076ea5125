//! What the manual page and `--help` say beyond the options.

use crate::manual::Section;

/// Shown by `--help`, and in the manual page. Lines that begin with two spaces are shown as they are, so they end
/// before column 72.
pub(crate) const SECTIONS: &[Section] = &[
    (
        "CUTS",
        "  checkpoint  what joedb itself would read: the higher of the hard and
              the soft checkpoint (the default)
  hard        the hard checkpoint: safe, survives a power failure
  soft        the soft checkpoint: very likely safe, complete unless
              the machine went down
  pending     a hard checkpoint of which only one copy was written:
              complete if only the program crashed
  valid-data  behind the last valid_data
  timestamp   behind the last timestamp
  time:DATE   behind the last timestamp up to a date such as
              2026-01-31T12:00:00Z; without a zone it is UTC
  last-entry  the last entry that decodes and makes sense: a risk
  eof         the end of the file, if an entry ends there: a risk
  POS         any position between two entries

joedb_logdump --check shows all of them side by side, with what each keeps and loses.

A cut at 41 leaves an empty database. It is refused without --allow-empty: joedb writes soft checkpoints by default, \
so in many files the hard one is still 41.",
    ),
    (
        "IN PLACE",
        "With --in-place, INPUT itself is cut. The locks of a writer are taken first, without waiting; if a program has \
the file, it is refused and the program is named. Then INPUT.undo is written and synced: the removed bytes, the old \
head, and checksums. Only then head and length change, in an order in which a crash at any point leaves a file that reads \
to the old or to the new cut; a second run completes it.

An undo file is never overwritten: the next one is INPUT.undo.2. --undo reads the newest, checks all checksums, and puts \
back the very bytes. It refuses if the file was changed since the cut, and may be interrupted and repeated. The undo file \
stays; delete it when it is no longer needed.

A file that is clean, up to a soft checkpoint too, is not touched.",
    ),
    (
        "UPGRADE",
        "joedb 10 refuses files of version 4. With --upgrade, OUTPUT becomes a file of version 5 with the entries of \
INPUT up to the cut: the tables are the same, each value and the data of each blob. What changes is how it is spelled. \
Records count from 0 and null is -1, in the same bytes; the end-of-file mark goes; a blob value, which was the position \
of a length, becomes position and size of the data in OUTPUT. A value that points to no blob before it is an error with \
its position.

The input is read once to find the cut, and once to be written anew, in little memory: some 40 bytes a blob.",
    ),
    (
        "PACK",
        "With --pack, OUTPUT holds what is left of INPUT at the cut: the entries of the schema as they are, in their order, \
for programs recognise their schema by them; then the newest data, whole vectors of it. Deleted rows, old values, comments, \
timestamps and valid_data are gone. Records keep their ids. Blobs that a record points to are kept, once each, and values \
follow them; the others are gone. Without blobs OUTPUT is byte for byte what joedb_pack writes, the head apart. A file of \
version 4 becomes one of version 5.

A blob value that points to no blob of INPUT is an error, unless --keep-blob-positions says that values point into another \
file. An entry that cannot be loaded is an error with its position.

The tables are held in memory, for what is newest is known at the end only: mostly as much as they take in OUTPUT, and \
the longest field, at most 256 MiB of it, twice more. The data of blobs is not held.",
    ),
    (
        "MERGE",
        "With --merge FILE, once or several times, OUTPUT holds the tables of INPUT and of each FILE, one behind the other. \
References and blobs follow; rows are not compared. The schemas must have the same history; if not, the first entries that \
differ are shown. --to cuts every file; positions cannot be given. Memory: as for --pack, of all files, and for a moment \
one of them twice.

Without blobs OUTPUT is byte for byte what joedb_merge writes, the head apart, but for references to records that are in \
none of the files: those that lie behind the last record of their table would mean a record of the next file, and become \
null, which the receipt counts; those to a dropped table keep their number.",
    ),
    (
        "COMMANDS",
        "An INPUT named NAME.joedbi, or - for the standard input, holds joedb commands: what joedb_logdump prints, with \
--compat too, one a line. OUTPUT becomes a file of version 5 with these entries. Blank lines, and lines that begin with \
#, mean nothing; a string is a word, or stands in double quotes with the escapes \\\" \\\\ \\? \\ooo (octal) and \\xhh.

Dump, edit, load is how to repair by hand what no cut repairs:

  joedb_logdump --blob app.joedb > app.joedbi
  editor app.joedbi
  joedb_convert app.joedbi app.joedb.repaired

Nothing is guessed. A word too many, a number that does not fit, an unknown name: every mistake is an error with file, \
line and column, and nothing is written. Which records exist is not looked at.

A dump without --compat loads without loss: dumped again it is the same text, but for the positions of blobs. These \
follow: the line # Blob: position,size before a write_blob says where the blob stood, and values that point into it \
point to its new place. A value that points to no blob before it is an error, unless --keep-blob-positions says that \
values point into another file. The lines that --print-checkpoint adds are comments of the log like any others, so dump \
without it; and a --compat dump of a version-4 file numbers records from 1, as joedb 9 does, so dump that without too.",
    ),
    (
        "EXIT STATUS",
        "  0  done
  1  it could not be done: an I/O error, the output exists, a program
     has the file, the input changed meanwhile or since the cut
  2  wrong usage; also when input and output are the same file
  4  what was asked for cannot be had from this file: it does not
     decode up to the cut, there is no such checkpoint, or the result
     would be empty; or commands with a mistake
  5  no joedb file

Interrupted by a signal it exits with 128 and the number of the signal, and leaves no half output behind.",
    ),
    (
        "EXAMPLES",
        "What joedb itself would read, into a new file:

  joedb_convert app.joedb app.joedb.recovered

After a power failure, and keeping what is cut off:

  joedb_convert --to hard --save-tail tail app.joedb app.joedb.recovered

Without room for a second copy, and back again:

  joedb_convert --in-place app.joedb
  joedb_convert --undo app.joedb

What would be lost?

  joedb_convert --dry-run --to hard app.joedb app.joedb.recovered

From version 4 to version 5:

  joedb_convert --upgrade old.joedb new.joedb

Only the newest data, and two such files as one:

  joedb_convert --pack app.joedb app.joedb.packed
  joedb_convert --merge south.joedb north.joedb both.joedb

From another machine:

  ssh host cat app.joedb | joedb_convert - app.joedb.recovered",
    ),
    (
        "FILES",
        "The output is written to .joedb-PID-N.tmp beside it, synced, read back, renamed, and its directory is synced. \
A crash leaves the output as it was, and at worst that temporary file, which may be deleted. --force replaces a regular file, \
or a link and not what it points to.

INPUT may be -, standard input: a joedb file, or commands with --input-format commands. A joedb file that comes through a \
pipe is first copied to a temporary file without a name, in TMPDIR or /tmp; the receipt says so. What is made from a \
pipe may be read by its owner alone.

Owner, mode and extended attributes of the input are kept; a warning says which could not be. A version-4 file stays \
one of version 4 without --upgrade.

PROGRAM --generate WHAT prints the manual page (man) or completions for a shell (bash, elvish, fish, powershell, zsh).",
    ),
    (
        "CAVEATS",
        "Servers and clients that pulled entries behind the cut will diverge from the recovered file: stop them, and \
give them the recovered file to begin from.

joedb has no checksums: what decodes may still hold a changed value. The CRC-32 of the receipt is that of the copy: \
it proves that the output holds what was read from the input.

A writer is recognised by its lock. sshfs has no locks, and those of NFS depend on its server and configuration.",
    ),
    ("SEE ALSO", "joedb_logdump(1)"),
];
