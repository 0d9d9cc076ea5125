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
References and blobs follow; rows are not compared. The schemas must have the same history; if not, the entries that \
differ are shown. --to cuts every file; positions cannot be given. Memory: as for --pack, of all files, and for a moment \
one of them twice.

Without blobs OUTPUT is byte for byte what joedb_merge writes, the head apart, but for references to records that are in \
none of the files: those that lie behind the last record of their table would mean a record of the next file, and become \
null, which the receipt counts; those to a dropped table keep their number. Deleted rows stay deleted, where joedb_merge \
brings some at the end of a table back.",
    ),
    (
        "COMMANDS",
        "An INPUT named NAME.joedbi, or another with --input-format commands, holds joedb commands: what joedb_logdump prints, \
with --compat too, one a line. OUTPUT becomes a file of version 5 with these entries. Blank lines, and lines that begin with \
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
        "EXPORTS",
        "The extension of OUTPUT, or --output-format, says what goes out:

  .json                  json        the tables as one object, without loss
  .jsonl .ndjson         json-lines  the entries, an object a line
  .sql                   sql         the entries as SQL for SQLite
  .joedbi                commands    the entries as joedb commands
  .sqlite .sqlite3 .db   sqlite      the tables as a database
  .csv                   csv         the tables, a file each
  .parquet               parquet     the tables, a file each; or with
                                     --entries the entries, a row each

The cut is found, and the log decoded up to it, as for a recovery: --to and --until choose the state of any time. The receipt \
says what was left out behind the cut, and which values the format does not hold as they are. A log that cannot be loaded is \
an error with its position. JSON Lines, SQL and commands are what joedb_logdump --blob prints.

OUTPUT is a directory for CSV and Parquet, unless exactly one --table, or --entries, is asked for. --force replaces a directory \
if it holds nothing but files of that kind. An OUTPUT of - is standard output, and the receipt goes to standard error; a \
database, several files, and a joedb file, which is read back before it gets its name, do not go there. A name with the \
extension of INPUT says nothing: a joedb file may be called app.db. What a text becomes is a joedb file; export that.

JSON: {\"tables\":{NAME:{\"id\":…,\"fields\":{…},\"rows\":[…]}}}, where a row is an object on a line of its own with the \
record as \"__id\". Numbers read back to the same bits; {\"float\":\"nan\"} is a float that JSON does not know, \
{\"base64\":…} a string that is no UTF-8, null the null reference or a blob that was never set, \
{\"position\":…,\"size\":…,\"data\":…} a blob with its data in base64. With --compat it is what the reference's joedb_to_json \
prints, with --base64 too.

SQLite: __id is the primary key, references are foreign keys unless one refers to a record that does not exist, blobs hold \
their data. A string that is no UTF-8, or holds a NUL, is a BLOB; a NaN is TEXT; a zero has no sign. Names that SQLite cannot \
tell apart get their id before them. At most 1999 fields.

CSV (RFC 4180): a head line, then a record a line. A value with a comma, a double quote or a line break stands in double \
quotes, a double quote in it twice. Strings are their bytes as they are, and never null. Empty are the null reference, and a \
blob that was never set or is not in this log; others are \\x and hexadecimal digits. Booleans are true and false, floats the \
shortest that read back to the same bits, inf, nan.

Parquet, where the program was built with it (cargo feature parquet): int8 to int64, float32, float64, boolean, string (binary \
in a field of which one is no UTF-8), references as int64 with null, blobs as binary, compressed with Snappy. A column in which \
there is a NaN has no statistics, for readers do not agree on what they mean then. --partition-rows begins a new file after so \
many rows.

Tables are held in memory while they are exported, for the value of a row is known only at the end of the log: about as much \
as the log; the output streams. JSON Lines, SQL, commands and --entries need no tables and take little memory, however long the \
log is. CSV, SQLite and Parquet take values of up to 1,000,000,000 bytes, of which CSV and Parquet hold each in memory. Two \
million rows of a string and an int64, a log of 36 MB, take less than a second of processor time as JSON, CSV, SQLite or \
Parquet, and 40 to 56 MB of memory.",
    ),
    (
        "JSON LINES",
        "An INPUT named NAME.jsonl or NAME.ndjson, or another with --input-format json-lines, holds JSON Lines: what \
joedb_logdump --json --blob prints, an object an entry, in which a program may have changed something:

  joedb_logdump -q --json --blob app.joedb |
      jq -c 'if .kind == \"comment\" then .text = \"\" else . end' |
      joedb_convert --input-format json-lines - app.joedb.changed

It is as strict as commands are, with line and column. The members may come in any order. Tables and fields go by name \
or id; where both are there they must agree. position, length and data_position say where the entry and the data of a \
blob stood, so that values follow, and nothing else depends on them; utc, count, size and the ids of new tables and \
fields may be left out, and may not contradict the rest.",
    ),
    (
        "EXIT STATUS",
        "  0  done
  1  it could not be done: an I/O error, the output exists, a program
     has the file, the input changed meanwhile or since the cut
  2  wrong usage; also when input and output are the same file
  4  what was asked for cannot be had from this file: it does not
     decode up to the cut, there is no such checkpoint, or the result
     would be empty; or a text with a mistake
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

Its tables for any SQLite browser, and as they were at a time:

  joedb_convert app.joedb app.sqlite
  joedb_convert --to time:2026-01-31T12:00:00Z app.joedb january.json

From another machine:

  ssh host cat app.joedb | joedb_convert - app.joedb.recovered",
    ),
    (
        "FILES",
        "The output is written to .joedb-PID-N.tmp beside it, synced, read back, renamed, and its directory is synced. \
A crash leaves the output as it was, and at worst that temporary file, which may be deleted. --force replaces a regular file, \
or a link and not what it points to.

INPUT may be -, standard input: a joedb file, or a text with --input-format commands or json-lines. A joedb file that comes through a \
pipe is first copied to a temporary file without a name, in TMPDIR or /tmp; the receipt says so. What is made from a \
pipe may be read by its owner alone.

An index of the input (joedb_logdump --index) tells with --no-verify, and without --in-place, where a cut is that only the \
entries know, so that they are not read; without --no-verify everything that is kept is decoded, index or not. The index \
of a file that is cut or replaced is removed.

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

A writer is recognised by its lock. NFS passes locks to its server, unless it is mounted with nolock or local_lock: then, \
and on sshfs, they hold on one machine only. Where they cannot be had at all, --in-place and --undo refuse to work \
without --no-lock. With it nobody else is kept out: stop every program that may use the file.

What was synced is as durable as the server makes it. An NFS server that exports async, or an SSH server without \
fsync@openssh.com, may lose what this program said is done, if that machine crashes.",
    ),
    ("SEE ALSO", "joedb_logdump(1)"),
];
