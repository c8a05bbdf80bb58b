"""A returned file as rows of cells by the word of their column: xlsx of any program, or CSV in the encodings that spreadsheets
write.

Columns are found by their heads, in every language, wherever they stand. Nothing that a file holds is run or unpacked to the
disk, and none takes more memory than the limits below allow.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.datetime import WINDOWS_EPOCH

from exports.pages.sheets import LEADS, TODAY, Use
from exports.pages.words import LANGUAGES, Words

LARGEST_FILE = 20 << 20  # bytes
MOST_ROWS = 100_000
_LARGEST_UNPACKED = 128 << 20  # bytes of all parts of a workbook
_MOST_PARTS = 2_000
_MOST_COLUMNS = 64
_LAST_ROW = 1 << 20  # of every spreadsheet
_HEAD_WITHIN = 30  # rows, below a title and a note
_DELIMITERS = ",;\t"
INPUTS = tuple(column.word for column in TODAY if column.use is Use.INPUT)
_FAN = LEADS.columns["fan"].word
# What a head may say beside the words of the sheets: the names of the CSV files.
_NAMES = {column.word: column.word for column in TODAY} | {"as_of": "as_of", _FAN: _FAN, "user_id": _FAN}


Value = str | int | float | bool | datetime | date | time | timedelta | None


class Unreadable(ValueError):
    """A file of which nothing can be taken; `problem` is the name of the words that say why."""

    def __init__(self, problem: str, **values: object):
        super().__init__(problem)
        self.problem, self.values = problem, values


@dataclass(frozen=True)
class Cell:
    """What stands in a cell; a formula is never computed, and its result not believed."""

    value: Value
    is_formula: bool = False

    @property
    def text(self) -> str:
        """As one reads it: width of letters, blanks and breaks do not matter."""
        return normal(self.value if isinstance(self.value, str) else "" if self.value is None else _plain(self.value))


EMPTY = Cell(None)


@dataclass(frozen=True)
class Row:
    """A row below the heads.

    Attributes:
        place: its number, with that of the sheet where several hold calls.
        cells: by word of the column; one that the file lacks is not there.
    """

    place: str
    cells: Mapping[str, Cell]

    def __getitem__(self, word: str) -> Cell:
        return self.cells.get(word, EMPTY)

    @property
    def is_filled_in(self) -> bool:
        return any(self[word].text or self[word].is_formula for word in INPUTS)


@dataclass(frozen=True)
class Sheet:
    """The rows of a file, and on which day its numbers of dates begin."""

    rows: list[Row] = field(default_factory=list)
    epoch: datetime = WINDOWS_EPOCH


def normal(text: str) -> str:
    """A text of one line in its usual letters."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def read(path: Path) -> Sheet:
    """The rows of a returned file.

    Raises:
        Unreadable: it is too large, damaged, no such file, or has no such table.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise Unreadable("file_too_large", limit=LARGEST_FILE >> 20)
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK"):
        return _workbook(path)
    if start.startswith(b"\xd0\xcf\x11\xe0") or path.suffix.lower() not in (".csv", ".txt", ".tsv"):
        raise Unreadable("file_kind")
    return _csv(path.read_bytes())


def _workbook(path: Path) -> Sheet:
    try:
        with zipfile.ZipFile(path) as parts:
            sizes = [part.file_size for part in parts.infolist()]  # zipfile unpacks no more than that
        if sum(sizes) > _LARGEST_UNPACKED or len(sizes) > _MOST_PARTS:
            raise Unreadable("file_too_large", limit=LARGEST_FILE >> 20)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves aside: drawings, extensions
            book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
            try:
                tables = [_rows(_numbered(page)) for page in book.worksheets]
            finally:
                book.close()
    except Unreadable:
        raise
    except Exception as error:  # a damaged or hostile file breaks its reader in any way
        raise Unreadable("file_broken") from error
    return Sheet(_with_places(tables), book.epoch)


def _numbered(page: Any) -> Iterator[tuple[int, list[Cell]]]:
    """The rows of a page that are not empty, with their numbers."""
    page.reset_dimensions()  # what a file says of its size may be wrong
    blank = None
    for number, cells in enumerate(page.iter_rows(max_col=_MOST_COLUMNS), 1):
        if number > _LAST_ROW:
            raise Unreadable("file_broken")
        if cells is blank:  # one tuple stands for all rows of a gap, of which a file may have a million
            continue
        if any(cell.value is not None for cell in cells):
            yield number, [Cell(cell.value, cell.data_type == "f") for cell in cells]
        else:
            blank = cells


def _csv(content: bytes) -> Sheet:
    text = _decoded(content)
    try:
        for delimiter in _DELIMITERS:
            rows = enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1)
            table = _rows((number, [Cell(part or None) for part in row[:_MOST_COLUMNS]]) for number, row in rows if any(row))
            if table is not None:
                return Sheet(_with_places([table]))
    except csv.Error as error:
        raise Unreadable("file_broken") from error
    raise Unreadable("file_without_calls")


def _decoded(content: bytes) -> str:
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if is_wide else ["utf-8-sig", "gb18030"]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("file_encoding")


def _rows(numbered: Iterable[tuple[int, list[Cell]]]) -> list[tuple[int, dict[str, Cell]]] | None:
    """The rows below the heads; None if the table has none of them.

    Raises:
        Unreadable: a column to fill in stands there twice, or there are too many rows.
    """
    rows = iter(numbered)
    for _, row in islice(rows, _HEAD_WITHIN):
        if heads := _heads(row):
            break
    else:
        return None
    found = []
    for number, row in rows:
        if number > MOST_ROWS:
            raise Unreadable("file_too_long", limit=f"{MOST_ROWS:,}")
        found.append((number, {word: row[place] for word, place in heads.items() if place < len(row)}))
    return found


def _heads(row: list[Cell]) -> dict[str, int]:
    """Where each column stands, if these are the heads of the list of calls."""
    found: dict[str, int] = {}
    doubled = set()
    for place, cell in enumerate(row):
        word = _WORDS.get(cell.text.casefold()) if isinstance(cell.value, str) else None
        if word in found:
            doubled.add(word)
        elif word is not None:
            found[word] = place
    if not {"called_on", "result"} <= found.keys() or not found.keys() & {"reference", "merchant_id"}:
        return {}
    if doubled & {*INPUTS, "reference", "merchant_id", _FAN}:
        raise Unreadable("file_columns_twice")
    return found


def _with_places(tables: list[list[tuple[int, dict[str, Cell]]] | None]) -> list[Row]:
    with_calls = [(number, table) for number, table in enumerate(tables, 1) if table is not None]
    if not with_calls:
        raise Unreadable("file_without_calls")
    several = len(with_calls) > 1
    return [Row(f"{sheet}:{row}" if several else str(row), cells) for sheet, table in with_calls for row, cells in table]


def _plain(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


_WORDS = _NAMES | {
    normal(Words.of(language)(f"column.{word}")).casefold(): word
    for language in LANGUAGES
    for word in (*(column.word for column in TODAY), _FAN)
}
