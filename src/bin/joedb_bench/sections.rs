//! What the manual page and `--help` say beyond the options.

use crate::manual::Section;

/// Shown by `--help`, and in the manual page. Lines that begin with two spaces are shown as they are, so they
/// end before column 72.
pub(crate) const SECTIONS: &[Section] = &[
    (
        "CASES",
        "Every row is a string, \"TOTO\", and an int64, its number. Each case is one of joedb's own \
documentation, and has its own number of rows; --rows sets it for all, --paper takes those of the \
documentation.

  bulk          2,000,000 rows inserted one by one in one transaction,
                ended by a hard checkpoint
  vector        the same with insert_vector, and update_vector of
                65,536 values each
  commit-hard   200 rows, each committed hard: on the disk before the next
  commit-soft   50,000 rows, each committed softly: it survives a crash
                of the program, not a power failure
  commit-async  50,000 rows, each committed softly, with a hard
                checkpoint asked for that a thread carries out; the delay
                from asking, before the soft one is written, to the hard
                one is measured, and all are waited for at the end

Four more read logs that joedb_bench makes itself: narrow rows, wide rows, strings, vectors, blobs and \
updates at random, of 500,000 rows. They do what joedb_logdump and joedb_convert do, without the start of \
those programs; the logs are in the page cache.

  dump          the log as joedb commands, to nowhere
  check         joedb_logdump --check
  load          joedb_logdump --load: the log into tables, and printed
  recover       joedb_convert of a log with a torn tail

The last case shows how cost grows. With --svg it is a chart of both time and memory.

  growth        check, dump and recover on four logs of narrow rows,
                each ten times as long as the one before; the largest
                has 10,000,000 rows (110 MB), or --rows",
    ),
    (
        "CONTENDERS",
        "SQLite is compiled in. It takes part with its defaults (a rollback journal, synchronous=FULL), and \
where that is faster and as durable, with other settings beside. Soft commits are compared with a \
write-ahead log and synchronous=NORMAL. Statements are prepared, the text is a literal.

The journal alone writes the file and keeps nothing. No joedb program does that: it keeps its tables in \
memory, and that is \"joedb with tables\".

Below each table stands how each contender was set up. All are compared with the first: \"times as fast\" \
is its median divided by theirs. Where logs are read there is a line for each log, its size a second in \
place of the rows, and other programs are compared with ours on the same log; without any, nothing is \
compared.",
    ),
    (
        "HOW IT IS MEASURED",
        "Each run is a process of its own, and the contenders take turns: A B A B. Real time is from the \
start of the process to its end. User and system time and the peak of memory are the system's own figures \
(getrusage); many systems count the times in ticks of some milliseconds. Of user and system time the tables \
show the median, of memory the highest.

After each run, and outside its time, what was written is read back: rows, strings and the sum of the \
numbers, and that the checkpoint is where the case wants it. A wrong result is an error and no time. Then \
the files are removed and the directory is synced, so that the next run does not pay for it.

What it ran on is part of the results in every form: processor, kernel, memory, file system, device, free \
space, versions, and how long the disk takes for an fsync. Figures of commits mean nothing without.",
    ),
    (
        "FORMS",
        "JSON is one object: schema_version, machine, and cases with their contenders. Each contender has \
name, setup, counted, real, user and system (min, median and max, in seconds), peak_memory_bytes, \
disk_bytes, rows_per_second, speed (how many times as fast as the first), soft_to_hard (null but for \
asynchronous checkpoints), job (check, dump or recover; null but for growth), log, log_bytes and \
log_bytes_per_second (null where nothing was read), and the times of each run. CSV has the same but for \
each run, in a line for each contender. schema_version rises when a member changes its meaning.

Table and Markdown are printed case by case, growth in one table for all sizes, the others at the end. \
--svg replaces a drawing that exists.",
    ),
    (
        "OTHER PROGRAMS",
        "--external NAME=COMMAND runs another program in turn with the others. COMMAND goes to sh -c; quote \
it as a whole for your own shell. {rows}, {file} and {case} are replaced; no quoting is needed around them. \
All else is left to the shell. It starts in a new directory below --dir, so name programs by an absolute \
path or by PATH. What it prints on standard output is thrown away.

{file} is the name in that directory that the program should write to; without it, the only joedb or SQLite \
file in the directory is looked at. Its rows, of all tables, are counted, and have to be {rows}; in all \
cases but commit-soft a joedb file needs them below its hard checkpoint. A file of another kind is not \
counted, which is said below the table. An exit code other than 0 is an error. The time includes that of \
the shell, about a millisecond.

With several cases COMMAND has to contain {case}, and with growth, too, where that is check, dump or recover.

In the cases of reading, the command runs once for each kind of log, which {file} is, with growth once for \
each job; nothing of what it does is checked.",
    ),
    (
        "ROOM",
        "How much disk and memory the runs need at most, other programs not counted, is printed first, and \
it is an error if there is less. With --paper that is 2.5 GB of disk and of memory (of reading, 2.9 and 2.5 \
GB; of growth, 22 GB of disk), and it takes an hour or more, depending on the disk. One file exists at a \
time; with --keep one for each contender.

The files stand in joedb_bench-XXXXXX below --dir, which is removed at the end, after an error, and after \
Ctrl-C.",
    ),
    (
        "EXIT STATUS",
        "  0  done
  1  it could not be done: an I/O error, not enough room, a program
     that failed
  2  wrong usage
  4  a contender wrote something else than it should

Interrupted by a signal it exits with 128 and the number of the signal.",
    ),
    (
        "EXAMPLES",
        "All cases on the disk of the current directory:

  joedb_bench

Each row committed hard, on another disk, as Markdown and as a drawing:

  joedb_bench commit-hard --dir /mnt/disk --format markdown --svg hard.svg

Beside joedb's own program for bulk insertion:

  joedb_bench bulk --external 'joedbi_insert=joedbi_insert {rows}'

Reading, beside joedb's own tool:

  joedb_bench dump --external 'joedb 10=/opt/joedb/joedb_logdump {file}'

How cost grows up to a log of 10 GB, as a chart:

  joedb_bench growth --rows 900000000 --runs 3 --svg growth.svg

Each of its jobs beside a program that is told which it is:

  joedb_bench growth --external 'other=/opt/other/run {case} {file}'

Beside joedb's interpreter, with commands that were made before:

  joedb_bench commit-soft --rows 1000 \\
    --external 'joedbi=joedbi {file} </tmp/1000.joedbi'",
    ),
    (
        "CAVEATS",
        "Without --release the figures of joedb mean nothing, and on a file system in memory (tmpfs) those \
of commits; both are said among the results.

Bulk insertion ends with a sync, so on a slow disk all contenders are as fast as the disk.

PROGRAM --generate WHAT prints the manual page (man) or completions for a shell (bash, elvish, fish, \
powershell, zsh).",
    ),
    ("SEE ALSO", "joedb_logdump(1), joedb_convert(1)"),
];
