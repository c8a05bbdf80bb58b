"""CSV cells: what comes back is what went in, and no spreadsheet runs it or takes it for something else."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest

from exports.packs.csv_text import MONTH, CsvColumn, header, lines_by_owner, unguarded

NASTY = [
    "plain",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'quoted",
    "''twice",
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

# (text, what Excel makes of it when it opens a CSV file), by Excel's rules for typed values: in English unless the text is
# Chinese or another language is named.
EXCEL = [
    ("=1+1", "2, a formula"),
    ("+1", "1"),
    ("-1", "-1"),
    ("-0", "0"),
    ("@SUM(A1)", "a formula"),
    ("＝1+1", "a formula"),
    ("＋1", "1"),
    ("－1", "-1"),
    ("＠SUM(A1)", "a formula"),
    ("007", "7"),
    ("1.10", "1.1"),
    ("0012.50", "12.5"),
    ("00.50", "0.5"),
    ("1.", "1"),
    (".5", "0.5"),
    (".5e3", "500"),
    ("1e5", "100000"),
    ("1E5", "100000"),
    ("1e-7", "0.0000001"),
    ("1E400", "a text, but 1E+400 elsewhere"),
    ("1234567890123456", "1234567890123450"),
    ("1234567890.1234567890", "1234567890.12346"),
    ("1,000", "1000"),
    ("1.000,50", "1000.5 in German"),
    ("1'000", "1000 in Swiss German"),
    ("12%", "0.12"),
    ("5 %", "0.05"),
    ("%5", "0.05"),
    ("(5)", "-5"),
    ("(1,000.50)", "-1000.5"),
    ("5-", "-5 in some imports"),
    ("$5", "5 as currency"),
    ("-$5", "-5 as currency"),
    ("$-5", "-5 as currency"),
    ("5$", "5 as currency"),
    ("€5", "5 as currency"),
    ("5 €", "5 as currency"),
    ("£1.50", "1.5 as currency"),
    ("¥5", "5 as currency"),
    ("￥5", "5 as currency"),
    ("USD 5", "5 as currency where it is the currency"),
    ("R5", "5 as currency in South Africa"),
    ("R-5", "-5 as currency in South Africa"),
    ("kr-5", "-5 as currency in Swedish"),
    ("5元", "5 as currency"),
    ("五百元", "500 as currency"),
    ("1/2", "a date"),
    ("3/4", "a date"),
    ("1 2/3", "1.6667"),
    ("0 1/2", "0.5"),
    ("½", "a text, but 0.5 elsewhere"),
    ("1-2", "a date"),
    ("1-2-3", "a date"),
    ("1.2.3", "a date in German"),
    ("1/2/2026", "a date"),
    ("2026/3/5", "a date"),
    ("2026-03", "a date"),
    ("2026-03-05", "a date"),
    ("2026-03-05 04:05", "a date with time"),
    ("2026-03-05T04:05:06Z", "a date with time elsewhere"),
    ("20260305T040506Z", "a date with time elsewhere"),
    ("JAN-1", "a date"),
    ("MAR-1", "a date"),
    ("Mar-26", "a date"),
    ("Mar 2026", "a date"),
    ("MARCH1", "a date"),
    ("SEPT2", "a date"),
    ("DEC1", "a date"),
    ("May 5", "a date"),
    ("5-Jan", "a date"),
    ("5 May 2026", "a date"),
    ("March 5, 2026", "a date"),
    ("Thursday, March 5, 2026", "a date"),
    ("März 5", "a date in German"),
    ("V-5", "a date in Polish"),
    ("10:30", "a time"),
    ("1:2:3", "a time"),
    ("10:30:15.5", "a time"),
    ("10 AM", "a time"),
    ("10:30 p", "a time"),
    ("3月5日", "a date"),
    ("2026年", "a date"),
    ("2026年3月5日", "a date"),
    ("三月五日", "a date"),
    ("二〇二六年三月五日", "a date"),
    ("上午10:30", "a time"),
    ("下午3时30分", "a time"),
    ("令和6年1月1日", "a date in Japanese"),
    ("R6/1/1", "a date in Japanese"),
    ("１２３", "123"),
    ("１．５", "1.5"),
    ("٣", "3 in Arabic"),
    ("TRUE", "a boolean"),
    ("true", "a boolean"),
    ("False", "a boolean"),
    ("ＴＲＵＥ", "a boolean in Japanese"),
    ("WAHR", "a boolean in German"),
    ("VRAI", "a boolean in French"),
    ("ИСТИНА", "a boolean in Russian"),
    ("真", "a boolean elsewhere"),
    ("TRUE ", "a boolean"),
    ("Infinity", "a text, but a number elsewhere"),
    ("NaN", "a text, but no number elsewhere"),
    ("#N/A", "an error"),
    ("#DIV/0!", "an error"),
    (" 5", "5"),
    ("5 ", "5"),
    ("\t5", "5"),
    ("5\t", "5"),
    ("\u00a05", "5"),
    ("5\u00a0", "5"),
    ("\u30005", "5"),
    ("\u200b5", "5 elsewhere"),
    ("+86 138 0000", "a text, but a formula elsewhere"),
    ("'5", "'5, which reading back would take for 5"),
]
# Plainly words, as Excel, LibreOffice and people read them.
WORDS = [
    "",
    "plain",
    "group",
    "new_users",
    "other_object",
    "s-1",
    "o-9",
    "u-000001",
    "m-1-g",
    "fan-ab2cdefghijklmnopqr3",
    "sku_17",
    "CN-ZJ",
    "unknown",
    "小店",
    "小圈子 🎉",
    "三只松鼠",
    "Tea house",
    'say "hi", twice',
    "line\nfeed",
    "no login for 9 days",
    "new fans: 0 in the last 28 days, 5 in the 28 days before",
    "revenue_28d is_churn_flagged expected_orders_90d",
]


def written(columns: list[CsvColumn], source: str, order: list[str]) -> str:
    with duckdb.connect() as con:
        pieces = [text.tobytes() for _, _, text in lines_by_owner(con, columns, source, "1", order)]
    return (header(columns) + b"".join(pieces)).decode("utf-8-sig")


def cells(texts: list[str], kind: str = "VARCHAR") -> list[str]:
    """The cells of texts, in the order of the texts."""
    rows = ", ".join(f"({i}, {duckdb_text(text)})" for i, text in enumerate(texts))
    text = written([CsvColumn("i", "INTEGER", "i"), CsvColumn("text", kind, "text")], f"(values {rows}) t(i, text)", ["i"])
    return [row[1] for row in csv.reader(io.StringIO(text, newline=""))][1:]


@pytest.fixture(scope="module")
def nasty() -> str:
    rows = ", ".join(f"({i}, {duckdb_text(text)})" for i, text in enumerate(NASTY))
    return written([CsvColumn("i", "INTEGER", "i"), CsvColumn("text", "VARCHAR", "text")], f"(values {rows}) t(i, text)", ["i"])


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


def test_what_excel_would_change_is_guarded() -> None:
    texts = [text for text, _ in EXCEL]
    assert len(set(texts)) == len(texts) > 100
    assert dict(zip(texts, cells(texts), strict=True)) == {text: f"'{text}" for text in texts}


def test_words_stay_as_they_are() -> None:
    assert cells(WORDS) == WORDS


def test_months_are_no_texts() -> None:
    assert cells(["2026-03", "2025-12"], MONTH) == ["2026-03", "2025-12"]


# How LibreOffice opens a file, and some texts that it changes when it does. "Detect special numbers" is what Excel always does.
LIBREOFFICE = {
    "by default": ("CSV:44,34,UTF8,1", {"1.10", "007", "1e5"}),
    "special numbers, English": ("CSV:44,34,UTF8,1,,1033,false,true", {"1.10", "MAR-1", "May 5", "true", "12%", "(5)", "$5"}),
    "special numbers, Chinese": (
        "CSV:44,34,UTF8,1,,2052,false,true",
        {"1.10", "1-2", "3月5日", "二〇二六年三月五日", "１２３"},
    ),
    "special numbers, South African": ("CSV:44,34,UTF8,1,,7177,false,true", {"007", "R5", "R-5"}),
    "special numbers, Polish": ("CSV:44,34,UTF8,1,,1045,false,true", {"007", "V-5"}),
}


@pytest.mark.acceptance
@pytest.mark.parametrize("how", LIBREOFFICE)
def test_libreoffice_opens_and_saves_every_text_as_it_is(how: str, tmp_path: Path) -> None:
    """Saved as a workbook and as CSV. A column of the same texts without a guard shows that it would change them."""
    opening, changed = LIBREOFFICE[how]
    office = shutil.which("soffice")
    assert office is not None, "LibreOffice is missing: apt-get install libreoffice-calc-nogui"
    texts = [text for text in [*(text for text, _ in EXCEL), *WORDS, *NASTY] if "\r" not in text]
    guarded = cells(texts)
    with (tmp_path / "ids.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("bare", "guarded"), *zip(texts, guarded, strict=True)])
    for form in ("xlsx", "csv:Text - txt - csv (StarCalc):44,34,76"):
        command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", f"--infilter={opening}"]
        command += ["--convert-to", form, "--outdir", str(tmp_path / "saved"), str(tmp_path / "ids.csv")]
        subprocess.run(command, check=True, capture_output=True)
    sheet = openpyxl.load_workbook(tmp_path / "saved" / "ids.xlsx").active
    in_workbook = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)]
    with (tmp_path / "saved" / "ids.csv").open(encoding="utf-8-sig", newline="") as file:
        in_csv = list(csv.reader(file))[1:]
    for saved in (in_workbook, in_csv):
        assert len(saved) == len(texts) > 120
        assert [row[1] for row in saved] == guarded
        assert [unguarded(row[1]) for row in saved] == texts
        assert changed <= {text for text, row in zip(texts, saved, strict=True) if row[0] != text}


def test_types_have_one_form() -> None:
    columns = [
        CsvColumn("money", "DECIMAL(18,2)", "money"),
        CsvColumn("ratio", "DOUBLE", "ratio"),
        CsvColumn("moment", "TIMESTAMP", "moment"),
        CsvColumn("zoned", "TIMESTAMP WITH TIME ZONE", "zoned"),
        CsvColumn("day", "DATE", "day"),
        CsvColumn("flag", "BOOLEAN", "flag"),
        CsvColumn("words", "VARCHAR", "words"),
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
        for owner, rows, text in lines_by_owner(con, [CsvColumn("i", "BIGINT", "i")], source, "owner", ["i"]):
            lines = text.tobytes().decode().splitlines()
            assert len(lines) == rows
            found.setdefault(owner, []).extend(lines)
            owners.append(owner)
    assert owners == sorted(owners)
    assert len(owners) > 3  # an owner came in several pieces
    assert found == {f"m-{k}": [str(i) for i in range(k, 120000, 3)] for k in range(3)}
