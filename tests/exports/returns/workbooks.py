"""Workbooks made by hand, in the forms in which programs other than ours write their cells."""

from __future__ import annotations

import zipfile
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import xlsxwriter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_EPOCH, _EPOCHS_APART = datetime(1899, 12, 30), 1_462
_SHEET, _BOOK, _TEXTS = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"
# Texts that cells share, in pieces, with numbers for dates; the same, counted since 1904; cells without their places, and
# texts in them; dates as ISO 8601, and texts as the results of formulas are written.
FORMS = ("shared", "since 1904", "no places", "ISO dates")


def write_parts(path: Path, parts: dict[str, str]) -> None:
    """Save a workbook of one text, but for the parts that are given."""
    whole = path.with_name(".whole")
    with xlsxwriter.Workbook(str(whole)) as book:
        book.add_worksheet("Today").write_string(0, 0, "x")
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        assert parts.keys() <= set(old.namelist())
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
    whole.unlink()


def by_hand(grid: list[list[Any]], form: str) -> dict[str, str]:
    """The parts of a workbook that holds a sheet in one of the forms. No cell has a style, so no number looks like a date."""
    shared: list[str] = []
    rows = []
    for number, row in enumerate(grid, 1):
        cells = [_cell(value, f"{chr(65 + column)}{number}", form, shared) for column, value in enumerate(row)]
        rows.append(_tag("row", "" if form == "no places" else str(number), "".join(cells)))
    parts = {_SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'}
    if shared:
        parts[_TEXTS] = f'<sst xmlns="{MAIN}" count="{len(shared)}">{"".join(shared)}</sst>'
    if form == "since 1904":
        sheets = '<sheets><sheet name="Today" sheetId="1" r:id="rId1"/></sheets>'
        book = f'<workbook xmlns="{MAIN}" xmlns:r="{_RELATIONS}"><workbookPr date1904="1"/>{sheets}</workbook>'
        parts[_BOOK] = book
    return parts


def _cell(value: Any, place: str, form: str, shared: list[str]) -> str:
    place = "" if form == "no places" else place
    match value:
        case None:
            return _tag("c", place)
        case datetime() if form == "ISO dates":
            return _tag("c", place, f"<v>{value:%Y-%m-%dT%H:%M:%S}</v>", "d")
        case datetime():
            return _tag("c", place, f"<v>{(value - _EPOCH).days - _EPOCHS_APART * (form == 'since 1904')}</v>")
        case str() if form in ("shared", "since 1904"):
            shared.append(_in_pieces(value))
            return _tag("c", place, f"<v>{len(shared) - 1}</v>", "s")
        case str() if form == "ISO dates":
            return _tag("c", place, f"<v>{escape(value)}</v>", "str")
        case str():
            return _tag("c", place, f"<is><t>{escape(value)}</t></is>", "inlineStr")
        case _:
            return _tag("c", place, f"<v>{value}</v>")


def _tag(name: str, place: str, content: str = "", kind: str = "") -> str:
    attributes = (f' r="{place}"' if place else "") + (f' t="{kind}"' if kind else "")
    return f"<{name}{attributes}>{content}</{name}>"


def _in_pieces(text: str) -> str:
    """A shared text as Excel and WPS write one that was edited: in runs, with how it is read aloud."""
    runs = "".join(f'<r><t xml:space="preserve">{escape(piece)}</t></r>' for piece in (text[:1], text[1:]))
    return f'<si>{runs}<rPh sb="0" eb="1"><t>yi</t></rPh></si>'
