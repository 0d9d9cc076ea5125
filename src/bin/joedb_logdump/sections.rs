//! What the manual page and `--help` say beyond the options.

use crate::manual::Section;

/// Shown by `--help`, and in the manual page. Lines that begin with two spaces are shown as they are, so they end
/// before column 72.
pub(crate) const SECTIONS: &[Section] = &[
    (
        "EXIT STATUS",
        "  0  done; with --check: clean, clean up to a soft checkpoint, or
     being written; --follow: interrupted
  1  it could not be done: an I/O error, no such file, a directory;
     --load: more rows than may be loaded
  2  wrong usage
  3  --compare: one file continues the other; --check: recoverable,
     nothing acknowledged is lost: a pending hard checkpoint, a
     zero-filled, damaged, torn or dirty tail; or --require was not
     met; --follow: the file was replaced, removed or renamed
  4  --compare: the files diverge; damaged: the file is cut short, an
     entry below a checkpoint does not decode, or cannot be loaded
     (--load), a checkpoint lies inside an entry or past the end,
     bytes changed since they were indexed; or what was asked for
     cannot be had from this file; --follow: the file was cut or
     overwritten, or its checkpoint moved backward
  5  no joedb file: no signature, an unknown version, empty, or a cut
     head

With several files the worst one counts, in the order 1, 5, 4, 3, 0. A closed pipe is no error.",
    ),
    (
        "EXAMPLES",
        "What happened to this file, and what now?

  joedb_logdump --check app.joedb

What would recovery throw away?

  joedb_logdump --tail app.joedb

Can a joedb program load it: does every record exist that is used?

  joedb_logdump --check --load app.joedb

Is this the same log as in the backup, or what is new?

  joedb_logdump --compare backup.joedb app.joedb

In a CI check or a health check, by exit code alone:

  joedb_logdump --check --require clean -q app.joedb

The same in milliseconds, however long the log is:

  joedb_logdump --index app.joedb
  joedb_logdump --check --quick -q app.joedb

What is in it, and how much of that is dead?

  joedb_logdump --stats app.joedb

A line for each of many files:

  joedb_logdump --check --format line *.joedb

What a program writes, as it commits it:

  joedb_logdump --follow --json app.joedb |
    jq --unbuffered -c 'select(.table == \"person\")'

A file on another machine, or one that is compressed:

  ssh host cat app.joedb | joedb_logdump --check -
  zstdcat app.joedb.zst | joedb_logdump --tail -

A log of 8 MB that begins 1 MB into a disk:

  joedb_logdump --check --offset 1048576 --size 8388608 /dev/sdb

Into a new SQLite database, blobs included:

  joedb_logdump --sql --blob app.joedb | sqlite3 new.sqlite

The last insertions into a table:

  joedb_logdump --json app.joedb | tail -n 10000 |
    jq -c 'select(.table == \"person\" and .kind == \"append\")'",
    ),
    (
        "FOLLOW",
        "--follow prints the log up to its checkpoint, and then what every further checkpoint adds, soft or hard; never \
anything behind one. The head is read under its lock, every 5 milliseconds after news, and ever less often, down to every \
160, while there is none. The output is flushed after each batch. Every entry is decoded once, through a window, and memory \
stays that of the schema.

It ends with SIGINT, SIGTERM or SIGHUP, between two entries, and says from where --from goes on; and when nobody reads \
its output any more. What was committed before the file was replaced or removed is printed first. A writer that crashed \
and came back is nothing special, as long as no checkpoint is lost.

The text is that of a dump, without the empty line at its end. With --sql every batch is a transaction: BEGIN, what the \
checkpoint added, COMMIT. A batch that was interrupted ends with ROLLBACK, and --from prints it again.",
    ),
    (
        "INPUT",
        "- is standard input, in every mode but --follow. A file behind it is read as by its name; what comes through a \
pipe is first copied to a temporary file without a name, in TMPDIR or /tmp, readable by its owner alone, which goes with \
the program. A file called - is ./-.

With --offset or --size the log is a part of FILE, or of standard input. All positions, typed or printed, are those of \
the log. With --compare, it is a part of FILE, and OTHER is whole. The locks of the larger file are not asked: they are \
not those of the log.

Of a device, and of a part without --size, nobody knows where the log ends: what follows the checkpoint is taken for old \
bytes and not for a tail, unless --tail asks for it.",
    ),
    (
        "INDEX",
        "--index FILE makes FILE.index, or brings it up to date, which costs no more than the bytes that are new. It holds, \
for every block of about a megabyte, a checksum, counts, and what reading needs to go on from there. All modes use it \
where it stands beside FILE:

  --from, --tail, --schema-only, --stats   begin where they have to
  --check --quick     reads only what is new; it never says that all
                      of the file is clean
  --check             compares every block with its checksum: a byte
                      that changed in the body is found, with the
                      entries and tables around it

What is printed is the same with an index and without, but for what --check sees by it. A missing one costs nothing but time. One that is cut, damaged, of \
another version, of another file, or of what the log was before it was recovered or replaced, is noticed and not used; a \
line on stderr says so. What names the log are the length that is covered and the checksums of the first and the last \
block; a byte that changed between them is for --check to find. Whoever may read FILE may read its index, and whatever \
these tools write takes away the index of what was there. --no-index uses none; --index --no-index makes it anew. \
A log in a larger file, a device, and standard input have none.

Where the power failed while an index was saved, the old one is there, or the new one. It may be deleted at any time.",
    ),
    (
        "INDEX FORMAT",
        "Version 1. Integers of fixed size are little-endian. A number has seven bits in each byte, the lowest first; the high \
bit of a byte says that another follows.

   0  \"joedbIDX\"
   8  u32  version = 1
  12  u32  CRC-32 of the bytes from 16 to the end
  16  u64  length of the index in bytes, from 0
  24  u32  version of the log's format
  28  bytes that a block has at least, but the last one
      number of blocks, then each block:
        length in bytes; the first block begins at 41
        u32  CRC-32 of its bytes
        u32  CRC-32 of the log from 41 to its end
        context in front of it: table, record + 1, field
        entries, rows inserted, timestamps, valid_data entries
        if it has timestamps: i64 seconds of the first, the last
          and the earliest; where the last entry ends, from the
          beginning of the block
        if it has valid_data: where the last one ends
        number of tables, then for each: id, entries, rows
          inserted, bytes of these entries
      context at the end: table, record + 1, field
      number of schema entries, then each: distance from the one
        before it (the first from 41), length, its bytes
      number of kinds, then for each: opcode, entries, bytes
      number of tables, then for each: id, entries, bytes, rows
        inserted, rows deleted
      number of fields, then for each: table, field, values set,
        bytes of the entries
      number of large entries, then for each: length, position,
        opcode, table (0 for none)",
    ),
    (
        "STATISTICS",
        "--stats counts up to the checkpoint: entries and bytes by kind and by table, values by field, dropped ones too; \
the largest entries; timestamps; and how the log grew. --format json prints one object.

Dead bytes are those of values that were overwritten, deleted, or dropped with their field or table: what a new journal of \
the newest data alone would save. They are estimated, for each field, as if all of its values had one length, and no row \
were without one; blobs as if they were as dead as the values that point to them.",
    ),
    (
        "CONTAINERS AND SERVICES",
        "Make the index when the image is built, or when the service has stopped:

  joedb_logdump -q --index app.joedb

Use it at the start, as a health check by exit code (0: all that is new is good; 3: recoverable; 4: damaged):

  joedb_logdump -q --check --quick --require clean app.joedb

A service that runs has its file open for writing: its state is then being written, exit code 0, and --require clean would \
not be met. Bytes that changed are found by a check of the whole file alone, with every checksum, now and then:

  joedb_logdump -q --check app.joedb

Where the index is missing or of no use, these take longer, and nothing else.",
    ),
    (
        "JSON LINES",
        "Every entry is an object with position, length and kind. The kinds are create_table, drop_table, rename_table, \
add_field, drop_field, rename_field, insert_into and append (both insert one record), insert_vector, delete_from, \
delete_vector, update, update_last and update_next (all three set one value), update_vector, blob, comment, \
timestamp, custom and valid_data.

Tables and fields are given by name (table, field) and id (table_id, field_id), records from 0, the null reference as \
null. Updates have the type of the value and value, or values.

A string that is no UTF-8 is {\"base64\":\"...\"}; a number that JSON does not know is {\"float\":\"nan\"}, \
{\"float\":\"inf\"} or {\"float\":\"-inf\"}. Integers of 64 bits are written in full: some readers round them.",
    ),
    (
        "SQL",
        "SQLite gives back what the log holds. Integers and records are numbers, booleans 1 and 0. A string is TEXT, or a \
BLOB of the same bytes if it is no UTF-8 or holds a NUL. Floats read back to the same bits, those of 32 bits once they are \
narrowed again. SQLite has no NaN: it is the TEXT nan, -nan or nan(0x7ff8000000000001), and typeof() tells it from a \
number. -0.0 stands in the SQL, but a REAL column keeps it as 0.0.

NULL is the null reference, what was never set, a blob that is not in this log, and without --blob every blob. Names that \
SQLite cannot hold get an id before them: _2__price.",
    ),
    (
        "FILES",
        "Versions 4 and 5 of the joedb format are read. Version 4 counts records from 1 in the file; without --compat \
they are printed as version 5 counts them, from 0.

joedb's servers and clients are out of reach. So are brotli-compressed joedb files: decompress them with joedb's own \
tools first.

PROGRAM --generate WHAT prints the manual page (man) or completions for a shell (bash, elvish, fish, powershell, zsh).",
    ),
    (
        "CAVEATS",
        "joedb has no checksums: a changed value inside a string or a number decodes like any other. --check finds it only by an \
index that was made before. It looks at which records exist only with --load, which holds all tables in memory.

A writer is recognised by its lock. NFS passes locks to its server, unless it is mounted with nolock or local_lock: then, \
and on sshfs, they hold on one machine only, and a file may look dirty only because another one writes it. Where locks \
cannot be had at all, that is said, and the file is read without; --no-lock does not ask for them, for servers that \
answer late or never.

A file is read in pieces. Should another program cut it meanwhile, that is an error, and what was printed before is \
what the file held. With --mmap there is no error: the system ends joedb_logdump with SIGBUS. An entry longer than 1 GiB \
is first copied to a temporary file without a name, in TMPDIR or /tmp, unless --mmap is given.

Servers and clients that pulled entries behind a checkpoint will diverge from a file that was cut there.",
    ),
    ("SEE ALSO", "joedb_convert(1)"),
];
