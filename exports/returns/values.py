"""What people and spreadsheets write into cells: dates as texts or numbers, amounts with a unit, words of any language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from openpyxl.utils.datetime import from_excel

from exports.pages.words import LANGUAGES, Words
from exports.returns.sheet import Cell, normal

_TIME = r"(?:[ T]+\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?Z?)?"
# The year first: 3/4/2026 is in March for some and in April for others.
_DATE = re.compile(rf"'?(\d{{4}})\s?[-/.年]\s?(\d{{1,2}})\s?[-/.月]\s?(\d{{1,2}})\s?日?{_TIME}")
_SHORT_DATE = re.compile(r"'?(20\d\d)(\d\d)(\d\d)")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_SERIALS = (36_526, 73_050)  # the years 2000 to 2099, as spreadsheets count days


def read_date(cell: Cell, epoch: datetime) -> date | None:
    """The date in a cell, None if there is none that means the same to everybody.

    >>> from openpyxl.utils.datetime import WINDOWS_EPOCH
    >>> [str(read_date(Cell(value), WINDOWS_EPOCH)) for value in ("2026/3/20", "2026年3月20日", 46101, "46101.5", "20260320")]
    ['2026-03-20', '2026-03-20', '2026-03-20', '2026-03-20', '2026-03-20']
    >>> read_date(Cell("3/4/2026"), WINDOWS_EPOCH)
    """
    value = cell.value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = cell.text
    try:
        if found := _DATE.fullmatch(text) or _SHORT_DATE.fullmatch(text):
            return date(*map(int, found.groups()))
        if not isinstance(value, bool) and _SERIAL.fullmatch(text) and _SERIALS[0] <= float(text) <= _SERIALS[1]:
            moment = from_excel(float(text), epoch)
            return moment.date() if isinstance(moment, datetime) else None
    except ValueError:  # the 30th of February
        pass
    return None


def read_number(cell: Cell) -> float | None:
    """A number as it is stored, or as a spreadsheet shows it.

    >>> [read_number(Cell(value)) for value in (0.6, "60.0%", "1,234.50", "n/a")]
    [0.6, 0.6, 1234.5, None]
    """
    text = cell.text.replace(",", "").replace(" ", "")
    share = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        return None
    return number / 100 if share else number


def choice(cell: Cell, section: str, values: Sequence[str]) -> str | None:
    """The value that a cell names by its word in any language, or by itself.

    >>> choice(Cell("未接通"), "result", ["talked", "no_answer"]), choice(Cell("No answer "), "result", ["no_answer"])
    ('no_answer', 'no_answer')
    """
    return _by_word(section, values).get(cell.text.removeprefix("'").casefold())


def _by_word(section: str, values: Sequence[str]) -> Mapping[str, str]:
    words = {normal(Words.of(language)(f"{section}.{value}")).casefold(): value for language in LANGUAGES for value in values}
    return words | {value: value for value in values}
