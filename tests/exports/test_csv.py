"""CSV cells: what comes back is what went in, and no spreadsheet runs it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pandas as pd
import pytest

from exports.csv_files import Column, header, lines_by_owner
from exports.names import safe_name

NASTY = [
    "plain",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'quoted",
    "＝1",
    "00123",
    "12345678901234567890",
    "1e5",
    'say "hi", twice',
    "two\r\nlines",
    "line\nfeed",
    " space",
    "小圈子 🎉",
    "",
    "123",
    "1.5",
    "2026-03",
]
HARMLESS = {"plain", 'say "hi", twice', "two\r\nlines", "line\nfeed", "小圈子 🎉", "", "123", "1.5", "2026-03"}


def written(columns: list[Column], source: str, order: list[str]) -> str:
    with duckdb.connect() as con:
        pieces = [text.tobytes() for _, _, text in lines_by_owner(con, columns, source, "1", order)]
    return (header(columns) + b"".join(pieces)).decode("utf-8-sig")


def unguarded(text: str) -> str:
    return text.removeprefix("'")


@pytest.fixture(scope="module")
def nasty() -> str:
    rows = ", ".join(f"({i}, {duckdb_text(text)})" for i, text in enumerate(NASTY))
    return written([Column("i", "INTEGER", "i"), Column("text", "VARCHAR", "text")], f"(values {rows}) t(i, text)", ["i"])


def duckdb_text(text: str) -> str:
    return " || ".join(f"chr({ord(char)})" for char in text) or "''"


def test_python_reads_back_what_went_in(nasty: str) -> None:
    rows = list(csv.reader(io.StringIO(nasty, newline="")))
    assert rows[0] == ["i", "text"]
    assert [unguarded(text) for _, text in rows[1:]] == NASTY


def test_pandas_and_duckdb_read_back_what_went_in(nasty: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("csv") / "nasty.csv"
    path.write_bytes(nasty.encode("utf-8-sig"))
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert [unguarded(text) for text in frame["text"]] == NASTY
    read = f"select text from read_csv('{path}', header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')"
    assert [unguarded(text or "") for (text,) in duckdb.sql(read).fetchall()] == NASTY


def test_no_cell_starts_a_formula_or_loses_digits(nasty: str) -> None:
    cells = {unguarded(text): text for _, text in list(csv.reader(io.StringIO(nasty, newline="")))[1:]}
    assert cells.keys() == set(NASTY)
    assert {text for text, cell in cells.items() if cell == text} == HARMLESS


def test_types_have_one_form() -> None:
    columns = [
        Column("money", "DECIMAL(18,2)", "money"),
        Column("ratio", "DOUBLE", "ratio"),
        Column("moment", "TIMESTAMP", "moment"),
        Column("zoned", "TIMESTAMP WITH TIME ZONE", "zoned"),
        Column("day", "DATE", "day"),
        Column("flag", "BOOLEAN", "flag"),
        Column("words", "VARCHAR", "words"),
    ]
    text = written(
        columns,
        """(values
            (-1.50::decimal(18, 2), 1e0 / 3, timestamp '2026-03-20 04:05:06.5', timestamptz '2026-03-20 04:05:06+08',
                date '2026-03-20', true, ''),
            (9999999999999999.99::decimal(18, 2), -0.5::double, timestamp '2026-03-20', null, null, false, null)
        ) t(money, ratio, moment, zoned, day, flag, words)""",
        ["money"],
    )
    assert text.split("\r\n")[1:] == [
        '-1.50,0.3333333333333333,2026-03-20T04:05:06.5Z,2026-03-19T20:05:06Z,2026-03-20,true,""',
        "9999999999999999.99,-0.5,2026-03-20T00:00:00Z,,,false,",
        "",
    ]
    row = text.split("\r\n")[1].split(",")
    assert Decimal(row[0]) == Decimal("-1.50")
    assert float(row[1]) == 1 / 3
    assert datetime.fromisoformat(row[3]) == datetime(2026, 3, 19, 20, 5, 6, tzinfo=UTC)


def test_lines_of_an_owner_stay_together_over_many_batches() -> None:
    source = "(select 'm-' || (i % 3) as owner, i from range(120000) numbers(i))"
    with duckdb.connect() as con:
        found: dict[str, list[str]] = {}
        owners = []
        for owner, rows, text in lines_by_owner(con, [Column("i", "BIGINT", "i")], source, "owner", ["i"]):
            lines = text.tobytes().decode().splitlines()
            assert len(lines) == rows
            found.setdefault(owner, []).extend(lines)
            owners.append(owner)
    assert owners == sorted(owners)
    assert len(owners) > 3  # an owner came in several pieces
    assert found == {f"m-{k}": [str(i) for i in range(k, 120000, 3)] for k in range(3)}


ODD = ["..", "../../etc/passwd", "a/b", "a\\b", "M-1", "con", "", "小店", "a" * 300, ".hidden", "-x", "m 1", "x\0y"]


@pytest.mark.parametrize("identifier", ODD)
def test_an_identifier_never_becomes_a_path(identifier: str) -> None:
    name = safe_name(identifier)
    assert name != identifier
    assert len(name) <= 64
    assert all(character.isalnum() or character in "-~" for character in name)


def test_two_identifiers_never_share_a_name() -> None:
    identifiers = ["m-1", "M-1", "m_1", "m 1", "m-1~", "m/1", safe_name("M-1")]
    names = {safe_name(identifier) for identifier in identifiers}
    assert len(names) == len(identifiers)
    assert safe_name("m-1") == "m-1"
