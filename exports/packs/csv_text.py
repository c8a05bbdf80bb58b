"""CSV that machines read back exactly and spreadsheets cannot be hurt by: RFC 4180, UTF-8 with a byte order mark.

DuckDB writes the text, merchant by merchant, so that no row passes through Python.

- A column of texts is guarded: a text that is not plainly a word gets one apostrophe in front, so that no spreadsheet runs it
  or takes it for a number, a date, a time, an amount or a boolean. Reading back takes one leading apostrophe away. What is
  plainly a word is said by the patterns below; everything else is guarded, since nobody can list what the spreadsheets of
  all languages read. Columns of numbers, dates, months, times and booleans are never touched.
- null is an empty cell, an empty text is "".
- Times are UTC, `2026-03-20T04:05:06Z`, with a fraction where there is one; doubles have their shortest exact form.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.compute as pc

from contract.sql import literal
from exports.policy.people import PSEUDONYM_FORM

BOM = "\ufeff"
LINE_END = "\r\n"
GUARD = "'"
MONTH = "MONTH"  # the type of a column of texts such as 2026-03, which DuckDB has no type for
_ROWS_PER_BATCH = 50_000

# RE2, of whole texts. A text that is in neither is guarded.
_WITH_DIGITS = "|".join(
    (
        # One letter and a hyphen: s-1, m-1-g. Not the letters that are a month (I, V, X) or a currency (L, Q, R) somewhere.
        r"[a-hjkmnopstuwyzA-HJKMNOPSTUWYZ][-_][-\w]*",
        r"[A-Za-z][- \w]*_[- \w]*",  # an underscore, which is in no number or date: sku_17
        PSEUDONYM_FORM,
        r"[A-Za-z]+ [A-Za-z]+ [A-Za-z]+ (?s:.*)",  # a sentence: no login for 9 days
        r"[A-Za-z](?s:.*?\b[A-Za-z]{3,}\b){4}(?s:.*)",  # one too: new fans: 0 in the last 28 days
    )
)
_WITHOUT_DIGITS = r"\pL\PN*"  # begins with a letter, and has no digit of any script: 小圈子, new_users, CN-ZJ
# What has no digit and is a value all the same.
_BOOLEANS = (
    "true false wahr falsch vrai faux verdadero falso vero verdadeiro waar onwaar sand falsk sann usann sant falskt tosi"
    " epätosi prawda fałsz pravda nepravda igaz hamis doğru yanliş yanlış adevărat fals cert истина ложь істина хибність 真 假"
    " inf infinity nan"
)
_VALUES = "|".join(
    (
        rf"(?i:{'|'.join(_BOOLEANS.split())})[\s\x{{a0}}\x{{3000}}]*",
        r"[\x{ff00}-\x{ffef}](?s:.*)",  # of full width, which Chinese and Japanese spreadsheets read as ASCII: ＴＲＵＥ
        # nothing but Chinese numerals and what stands between them in a date, a time or an amount: 三月五日, 上午十点, 五百元
        "[〇零○一二三四五六七八九十百千万萬亿億两兩廿卅壹贰叁肆伍陆柒捌玖拾佰仟正负負点點年月日号號时時分秒刻半整"
        r"上下午早晚凌晨中周週星期礼禮拜初元圆圓角第季度明治大昭和平成令民国國公西前后後\s]+",
    )
)
_QUOTED = r"""[",\r\n]|^$|^\s|\s$"""


@dataclass(frozen=True)
class CsvColumn:
    """A column of a file: its name, its DuckDB type (or MONTH), and the SQL that gives its value."""

    name: str
    type: str
    sql: str

    @property
    def is_text(self) -> bool:
        return self.type.partition("(")[0] == "VARCHAR"


def _in_cells(texts: Sequence[str]) -> str:
    """SQL of a list of texts as their cells hold them: guarded, in quotes where they need them."""
    is_word = f"{_is('text', _WITH_DIGITS)} or {_is('text', _WITHOUT_DIGITS)} and not {_is('text', _VALUES)}"
    guarded = f"if(text = '' or {is_word}, text, {literal(GUARD)} || text)"
    is_quoted = f"regexp_matches(text, {literal(_QUOTED)})"
    quoted = f"""if({is_quoted}, '"' || replace(text, '"', '""') || '"', text)"""
    return f"list_transform(list_transform([{', '.join(texts)}], lambda text: {guarded}), lambda text: {quoted})"


def _written(column: CsvColumn) -> str:
    """SQL of what a cell says that holds no text."""
    value = column.sql
    kind = column.type.partition("(")[0]
    if kind == "TIMESTAMP WITH TIME ZONE":
        value, kind = f"make_timestamp(epoch_us({value}))", "TIMESTAMP"
    if kind == "TIMESTAMP":
        seconds = f"strftime({value}, '%Y-%m-%dT%H:%M:%S')"
        fraction = f"rtrim(strftime({value}, '.%f'), '.0')"
        return f"{seconds} || {fraction} || 'Z'"
    return f"({value})::varchar"


def unguarded(cell: str) -> str:
    """The text of a guarded cell."""
    return cell.removeprefix(GUARD)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a small file of texts, all cells without their guard."""
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    return [{name: unguarded(cell) for name, cell in row.items()} for row in rows]


def header(columns: Sequence[CsvColumn]) -> bytes:
    return (BOM + ",".join(column.name for column in columns) + LINE_END).encode()


def lines_by_owner(
    con: duckdb.DuckDBPyConnection, columns: Sequence[CsvColumn], source: str, owner: str, order: Sequence[str]
) -> Iterator[tuple[str, int, memoryview]]:
    """The lines of a table, as (owner, rows, bytes); an owner may come several times in a row.

    Args:
        columns: what the file holds.
        source: SQL after `from`, possibly with joins and a condition.
        owner: SQL of whose row it is.
        order: columns that order an owner's rows, all of them together unique.
    """
    # The texts of a row are one list, since DuckDB compiles a pattern for each place that it stands in.
    texts = [column.sql for column in columns if column.is_text]
    values = [f"{owner} as owner", *(f"{key} as key_{number}" for number, key in enumerate(order))]
    values += [f"{_written(column)} as cell_{number}" for number, column in enumerate(columns) if not column.is_text]
    values.append(f"{_in_cells(texts)} as texts" if texts else "null as texts")
    place = count(1)
    cells = [f"texts[{next(place)}]" if column.is_text else f"cell_{number}" for number, column in enumerate(columns)]
    query = f"""select owner, concat({", ',', ".join(cells)}, chr(13), chr(10)) as line
        from (select {", ".join(values)} from {source})
        order by {", ".join(["owner", *(f"key_{number}" for number in range(len(order)))])}"""
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


def _is(value: str, pattern: str) -> str:
    return f"regexp_full_match({value}, {literal(pattern)})"
