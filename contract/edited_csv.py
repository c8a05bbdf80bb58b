"""A table that people edit in a spreadsheet and save as CSV: read as any of them saves it, every fault told at once.

UTF-8 with or without a byte order mark, UTF-16 (Excel's “Unicode text”) or GB18030 (Excel's “CSV” in China); commas, semicolons
or tabs; columns in any order; empty rows and columns at the edges. A fault names row and column as the spreadsheet shows them,
and what would be right.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

_SEPARATORS = ",;\t"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BROKEN_CELLS = ("#NAME?", "#REF!", "#VALUE!", "#N/A", "#DIV/0!", "#NUM!", "#NULL!")
_LARGEST_FILE = 1 << 20  # bytes: a thousand times what a person writes


class EditedFileError(ValueError):
    """A file has faults; `faults` has a sentence for each."""

    def __init__(self, faults: Sequence[str]):
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class EditedRow:
    """A row: where it stands, and its cells by column."""

    number: int
    line: int
    cells: Mapping[str, str]


@dataclass
class EditedTable:
    """A table as it was saved, and the faults that were found in it.

    Attributes:
        places: by column, where the spreadsheet has it.
    """

    path: Path
    places: dict[str, int] = field(default_factory=dict)
    rows: list[EditedRow] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def fault(self, row: EditedRow, column: str | None, what: str) -> None:
        """Add a fault of a row, or of one of its cells."""
        line = "" if row.line == row.number else f" (line {row.line})"
        cell = "" if column is None else f", column {_letters(self.places[column])} ({column})"
        self.faults.append(f"{self.path}, row {row.number}{line}{cell}: {what}")

    def refuse_other_values(self, column: str, values: Collection[str]) -> None:
        """Add a fault for each cell of a column that has none of these values; an empty one is a fault already."""
        for row in self.rows:
            cell = row.cells[column]
            if cell and cell not in values:
                near = get_close_matches(cell.lower().replace(" ", "_"), values, 1)
                meant = f"; {near[0]} is meant, perhaps" if near else ""
                self.fault(row, column, f"{cell!r} is none of {', '.join(values)}{meant}")

    def require(self) -> None:
        """Raises an EditedFileError if there are faults."""
        if self.faults:
            raise EditedFileError(self.faults)


def newest(folder: Path, kind: str) -> Path:
    """The last file of a folder by name; what a spreadsheet leaves beside an open file begins with ~ or a point.

    Args:
        kind: what the folder is to hold, for the message that it holds none.

    Raises:
        EditedFileError: it has no such file.
    """
    found = [path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.name[0] not in "~."]
    if not found:
        raise EditedFileError([f"{folder} holds no {kind}; save it there as a file such as 2026-01.csv"])
    return max(found, key=lambda path: path.stem)


def read(path: Path, columns: Sequence[str], codes: Collection[str] = ()) -> EditedTable:
    """Read a file of these columns, none of whose cells may be empty.

    Args:
        codes: columns whose cells are names of the program, for which a character of full width (＊) is the plain one.

    Raises:
        EditedFileError: nothing of it can be read. Faults of cells are left in the table, to which the caller adds its own.
    """
    text = _text(path)
    table = EditedTable(path)
    records = list(_records(path, text))
    if not records:
        raise EditedFileError([f"{path} is empty; its first row has to be {','.join(columns)}"])
    _, _, head = records[0]
    head = [unicodedata.normalize("NFKC", name).strip().lower() for name in head]
    while head and not head[-1]:
        head.pop()
    known = {column for column in columns if head.count(column) == 1}
    for name in dict.fromkeys(name for name in head if name and name not in known):
        what = f"{name} stands there more than once; delete one" if name in columns else f"unknown column {name!r}; delete it"
        table.faults.append(f"{path}, row 1, column {_letters(head.index(name))}: {what}")
    if missing := [column for column in columns if column not in head]:
        table.faults.append(
            f"{path}, row 1: the column {', '.join(missing)} is missing; the first row has to be {','.join(columns)}"
        )
    if len(known) < len(columns):
        raise EditedFileError(table.faults)
    table.places = {column: head.index(column) for column in columns}
    for number, line, cells in records[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        padded = [*cells, *[""] * (len(head) - len(cells))]
        values = {column: _cell(padded[place], column in codes) for column, place in table.places.items()}
        row = EditedRow(number, line, values)
        table.rows.append(row)
        for place, cell in enumerate(padded):
            if cell.strip() and (place >= len(head) or not head[place]):
                table.faults.append(
                    f"{path}, row {number}, column {_letters(place)}: {cell.strip()[:40]!r} stands in a column without a name; "
                    "delete it (a comma in a text divides it in two where the text has no quotes)"
                )
        for column, value in values.items():
            if not value:
                table.fault(row, column, "is empty; fill it in, or delete the row")
            elif value in _BROKEN_CELLS:
                table.fault(row, column, f"{value} is a formula that went wrong; write the text, with an apostrophe before it")
            elif _is_lost(value):
                table.fault(row, column, "its characters were lost when it was saved; write them again and save as “CSV UTF-8”")
    return table


def _text(path: Path) -> str:
    """The text of a file in whichever encoding a spreadsheet saved it."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise EditedFileError([f"{path} cannot be read: {error.strerror}"]) from None
    if len(data) > _LARGEST_FILE:
        raise EditedFileError([f"{path} has more than {_LARGEST_FILE:,} bytes; that is no table that a person wrote"])
    if data.startswith(b"PK\x03\x04"):
        raise EditedFileError([f"{path} is a workbook, not a CSV file; open it and save it as “CSV UTF-8”"])
    encodings = ("utf-16",) if data.startswith(_UTF_16) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            continue
        if "\0" not in text:
            return text
        line = text.count("\n", 0, text.index("\0")) + 1
    raise EditedFileError([f"{path}, line {line}: is neither UTF-8 nor GB18030 text; save it as “CSV UTF-8”"])


def _records(path: Path, text: str) -> Iterator[tuple[int, int, list[str]]]:
    """The rows of a text: number in the spreadsheet, line in the file, cells."""
    first = text.partition("\n")[0].strip()
    separator = max(_SEPARATORS, key=first.count)
    names_separator = first.lower().startswith("sep=") and len(first) == len("sep=,")
    if names_separator:  # a line for Excel, which no spreadsheet shows
        separator = first[-1]
    lines = io.StringIO(text, newline="")
    if names_separator:
        lines.readline()
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = 1 + names_separator
    try:
        for number, cells in enumerate(reader, 1):
            yield number, line, cells
            line = reader.line_num + 1 + names_separator
    except csv.Error as error:
        raise EditedFileError(
            [f'{path}, line {line}: the quotes of this row do not end where a cell ends ({error}); write " in a text twice']
        ) from None


def _cell(text: str, is_code: bool) -> str:
    return (unicodedata.normalize("NFKC", text).lower() if is_code else text).strip()


def _is_lost(text: str) -> bool:
    """Whether a text was saved in an encoding that lacks most of its characters, which left marks in their place.

    >>> _is_lost("T????"), _is_lost("Why??")
    (True, False)
    """
    return "\ufffd" in text or (len(text) > 1 and 2 * text.count("?") >= len(text))


def _letters(place: int) -> str:
    """What a spreadsheet calls a column.

    >>> _letters(0), _letters(25), _letters(26)
    ('A', 'Z', 'AA')
    """
    return (_letters(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)
