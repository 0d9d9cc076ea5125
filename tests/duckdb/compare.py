#!/usr/bin/env python3
"""DuckDB reads the Parquet files of joedb_convert, and finds in them what JSON has: every table, every value, and every entry
by kind. Run by hand; it needs the duckdb module.

    cargo build --features parquet --bin joedb_convert
    tests/duckdb/compare.py target/debug/joedb_convert fixtures/corpus/valid/*.joedb
"""

import base64
import collections
import json
import math
import struct
import subprocess
import sys
import tempfile

import duckdb

OUTPUTS = [
    ("tables.json", []),
    ("tables.parquet", ["--partition-rows", "50"]),
    ("entries.jsonl", []),
    ("entries.parquet", ["--entries"]),
]


def export(convert, log, directory):
    for output, options in OUTPUTS:
        command = [convert, "-q", *options, log, f"{directory}/{output}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def number(value, declared):
    """A float in a spelling that compares; every NaN is the same to Python."""
    if isinstance(value, dict):
        value = "nan" if "nan" in value["float"] else value["float"]
    value = float(value)
    if math.isnan(value):
        return "nan"
    if declared == "float32" and math.isfinite(value):
        (value,) = struct.unpack("<f", struct.pack("<f", value))
    return struct.pack("<d", value)


def plain(value, declared):
    """A value of JSON as DuckDB should give it."""
    if declared == "blob":
        return None if value is None or value["data"] is None else base64.b64decode(value["data"])
    if declared == "string":
        return base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode()
    if declared.startswith("float"):
        return number(value, declared)
    return value


def found(value, declared):
    """A value of DuckDB in the same spelling."""
    if declared == "string" and isinstance(value, str):
        return value.encode()
    if declared.startswith("float"):
        return number(value, declared)
    return value


def compare_table(directory, name, table):
    files = f"{directory}/tables.parquet/{name}-[0-9]*.parquet"
    rows = duckdb.sql(f"SELECT * FROM read_parquet('{files}') ORDER BY __id").fetchall()
    assert len(rows) == len(table["rows"]), name
    values = 0
    for row, expected in zip(rows, table["rows"]):
        assert row[0] == expected["__id"], name
        for (field, about), value in zip(table["fields"].items(), row[1:], strict=True):
            declared = about["type"]
            pair = found(value, declared), plain(expected[field], declared)
            assert pair[0] == pair[1], (name, field, row[0], pair)
            values += 1
    return values


def compare_entries(directory):
    with open(f"{directory}/entries.jsonl", encoding="utf-8") as lines:
        expected = collections.Counter(json.loads(line)["kind"] for line in lines)
    query = f"SELECT kind, count(*) FROM '{directory}/entries.parquet' GROUP BY kind"
    assert dict(duckdb.sql(query).fetchall()) == expected, "other entries"
    return expected.total()


def main():
    convert, *logs = sys.argv[1:]
    values = entries = 0
    for log in logs:
        with tempfile.TemporaryDirectory() as directory:
            export(convert, log, directory)
            with open(f"{directory}/tables.json", encoding="utf-8") as text:
                tables = json.load(text)["tables"]
            for name, table in tables.items():
                values += compare_table(directory, name, table)
            entries += compare_entries(directory)
    assert logs, "joedb files expected"
    print(f"{len(logs)} files, {values} values, {entries} entries: all as in JSON")


main()
