"""What people and spreadsheets write into cells."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from contract.values import STAGES
from exports.pages.returned import RESULTS
from exports.pages.words import LANGUAGES, Words
from exports.returns.lists import Merchants
from exports.returns.sheet import Cell
from exports.returns.values import choice, read_date, read_number

DAY = date(2026, 3, 21)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 3, 21, 9, 30),
        date(2026, 3, 21),
        46102,
        46102.75,
        "46102",
        "2026-03-21",
        "2026-3-21",
        " 2026/3/21 ",
        "2026.03.21",
        "2026年3月21日",
        "2026 年 3 月 21 日",
        "２０２６－０３－２１",
        "2026-03-21 00:00:00",
        "2026-03-21T16:00:00Z",
        "2026/3/21 9:05",
        "'2026-03-21",
        "20260321",
        20260321,
    ],
)
def test_a_date_is_read_in_every_form_that_has_one_meaning(value: Any) -> None:
    assert read_date(Cell(value), WINDOWS_EPOCH) == DAY


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", True, 1, 99999, 1e300, time(9, 30), "nan", "21", "1" * 5000, "soon"),
        *("3/21/2026", "21.3.2026", "26-03-21", "3月21日", "2026-13-01", "2026-02-30", "2026-03-21x"),
    ],
)
def test_what_may_mean_something_else_is_no_date(value: Any) -> None:
    assert read_date(Cell(value), WINDOWS_EPOCH) is None


def test_workbooks_that_count_since_1904_mean_the_same_day() -> None:
    assert read_date(Cell(46102 - 1462), MAC_EPOCH) == DAY


@pytest.mark.parametrize(
    ("value", "number"),
    [(0.6, 0.6), (1, 1.0), ("60%", 0.6), ("1,234.50", 1234.5), ("１２", 12.0), ("", None), ("a lot", None), (None, None)],
)
def test_a_number_is_read_as_a_spreadsheet_shows_it(value: Any, number: float | None) -> None:
    assert read_number(Cell(value)) == number


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("section", "values"), [*RESULTS.items(), ("stage", STAGES)])
def test_every_word_of_every_language_is_taken_back(language: str, section: str, values: tuple[str, ...]) -> None:
    for value in values:
        word = Words.of(language)(f"{section}.{value}")
        for written in (word, word.upper(), f" {word} ", value):
            assert choice(Cell(written), section, values) == value
    assert choice(Cell("else"), section, values) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *(("m-1", "m-1"), ("'m-1", "m-1"), ("007", "007"), ("'007", "007"), ("7", "007"), ("'x", "'x"), ("a b", "a\nb")),
        *(("8", None), ("0", None), ("", None), ("m-9", None)),
    ],
)
def test_a_merchant_is_found_by_its_id_as_a_cell_shows_it(text: str, found: str | None) -> None:
    merchants = Merchants({name: {"merchant_id": name} for name in ("m-1", "007", "08", "008", "'x", "a\nb")})
    row = merchants.find(text)
    assert (row and row["merchant_id"]) == found
