"""CSV that machines read back exactly and spreadsheets cannot be hurt by: RFC 4180, UTF-8 with a byte order mark.

DuckDB writes the text, merchant by merchant, so that no row passes through Python.

- A text that a spreadsheet would run or change gets an apostrophe in front: one that starts with = + - @ ' a tab or another
  control character, one of digits that start with 0 or are more than 15, one with an exponent. Reading back takes one
  leading apostrophe away. Numbers, times and booleans are never touched.
- null is an empty cell, an empty text is "".
- Times are UTC, `2026-03-20T04:05:06Z`, with a fraction where there is one; doubles have their shortest exact form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow.compute as pc

BOM = "\ufeff"
LINE_END = "\r\n"
_ROWS_PER_BATCH = 50_000
# RE2: what a spreadsheet would take for a formula, or for a number that it would write differently
_GUARDED = r"""^[=+\-@'\x00-\x20\x7f＝＋－＠]|^0\d+$|^\d{16,}$|^\d+(\.\d*)?[eE][+-]?\d+$"""
_QUOTED = r"""[",\r\n]|^$|^\s|\s$"""


@dataclass(frozen=True)
class Column:
    """A column of a file: its name, its DuckDB type, and the SQL that gives its value."""

    name: str
    type: str
    sql: str


def cell(column: Column) -> str:
    """SQL of the text of one cell."""
    value = column.sql
    kind = column.type.partition("(")[0]
    if kind == "VARCHAR":
        guarded = f"if(regexp_matches({value}, {_literal(_GUARDED)}), '''' || {value}, {value})"
        quoted = f"""'"' || replace({guarded}, '"', '""') || '"'"""
        return f"coalesce(if(regexp_matches({guarded}, {_literal(_QUOTED)}), {quoted}, {guarded}), '')"
    if kind == "TIMESTAMP WITH TIME ZONE":
        value, kind = f"make_timestamp(epoch_us({value}))", "TIMESTAMP"
    if kind == "TIMESTAMP":
        seconds = f"strftime({value}, '%Y-%m-%dT%H:%M:%S')"
        fraction = f"rtrim(strftime({value}, '.%f'), '.0')"
        return f"coalesce({seconds} || {fraction} || 'Z', '')"
    return f"coalesce(({value})::varchar, '')"


def header(columns: Sequence[Column]) -> bytes:
    return (BOM + ",".join(column.name for column in columns) + LINE_END).encode()


def lines_by_owner(
    con: duckdb.DuckDBPyConnection, columns: Sequence[Column], source: str, owner: str, order: Sequence[str]
) -> Iterator[tuple[str, int, memoryview]]:
    """The lines of a table, as (owner, rows, bytes); an owner may come several times in a row.

    Args:
        columns: what the file holds.
        source: SQL after `from`, possibly with joins and a condition.
        owner: SQL of whose row it is.
        order: columns that order an owner's rows, all of them together unique.
    """
    line = " || ',' || ".join(cell(column) for column in columns)
    query = f"select {owner} as owner, {line} || chr(13) || chr(10) as line from {source} order by {', '.join([owner, *order])}"
    for batch in con.execute(query).to_arrow_reader(_ROWS_PER_BATCH):
        runs = pc.run_end_encode(batch.column("owner"))
        lines = batch.column("line")
        # An Arrow column of strings is their text in one piece and where each begins: what the file will hold.
        offsets = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset :]
        text = memoryview(lines.buffers()[2])
        start = 0
        for end, name in zip(runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True):
            yield name, end - start, text[offsets[start] : offsets[end]]
            start = end


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
