"""Amounts, changes, names and cells as a reader sees them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from static_site.pages.telling import change, region
from static_site.published_day import label
from static_site.section import Column, Form


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (112, 100, "12.0% more than the week before"),
        (Decimal(75), Decimal(100), "25.0% less than the week before"),
        (100, 100, "0.0% more than the week before"),
        (-50, 100, "150.0% less than the week before"),
        (5, 0, "after nothing to speak of the week before"),
        (5, -100, "after nothing to speak of the week before"),
    ],
)
def test_changes(now: Decimal | int, before: Decimal | int, told: str) -> None:
    assert change(now, before) == told


@pytest.mark.parametrize(
    ("form", "value", "written"),
    [
        (Form.RATE, 0.1234, "12.3%"),
        (Form.DECIMAL, Decimal("1234567.891"), "1,234,567.89"),
        (Form.NUMBER, 12.34, "12.3"),
        (Form.COUNT, 1234, "1,234"),
        (Form.COUNT, None, "–"),
        (Form.TEXT, 7, "7"),
        (Form.TEXT, True, "yes"),
        (Form.TEXT, date(2026, 3, 20), "2026-03-20"),
        (Form.TEXT, datetime(2026, 3, 20, 9, 5), "2026-03-20 09:05"),
    ],
)
def test_cells(form: Form, value: object, written: str) -> None:
    assert Column("x", "x", form).written(value) == written


@pytest.mark.parametrize(
    ("name", "shown"),
    [("tea", "tea · m-1"), ("", "m-1"), ("a\u202eb\x00c", "a b c · m-1"), ("x" * 40, "x" * 27 + "… · m-1")],
)
def test_labels(name: str, shown: str) -> None:
    assert label(name, "m-1") == shown


def test_regions() -> None:
    assert [region(code) for code in ("CN-ZJ", "DE-BE", "unknown")] == ["Zhejiang · CN-ZJ", "DE-BE", "unknown"]
