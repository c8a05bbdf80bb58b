"""The page of a live, and the channels of lives whose money did not come back, of the small warehouse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl

from exports.pages import drawings
from exports.policy.names import safe_name


def _page(small: Path) -> str:
    return (small / "merchants" / "m-1" / "lives" / f"{safe_name('l-1')}.html").read_text(encoding="utf-8")


def test_a_live_has_a_page_that_the_merchants_report_leads_to(small: Path) -> None:
    page, pack = _page(small), small / "merchants" / "m-1"
    assert f'<a href="lives/{safe_name("l-1")}.html">' in (pack / "report.html").read_text(encoding="utf-8")
    names = {file["name"] for file in json.loads((pack / "manifest.json").read_text())["files"]}
    assert f"lives/{safe_name('l-1')}.html" in names
    assert not (small / "merchants" / "m-2" / "lives").exists()
    assert "paid back only with what fans passed on" in page
    assert "did not pay back" in page
    assert "too near the start or end" in page
    assert "+2.0" in page


def test_the_page_of_a_live_names_nobody(small: Path) -> None:
    assert "u-1" not in _page(small)


def test_pushes_mark_the_curve_where_they_were() -> None:
    picture = drawings.curve("t", [(0.0, 0.0), (100.0, 50.0)], [(50.0, "1"), (52.0, "2"), (200.0, "3")], "minutes")
    lines = re.findall(r'stroke="#c0392b"', picture)
    words = re.findall(r'fill="#c0392b">(\d)<', picture)
    assert len(lines) == 2  # the third is beyond the curve
    assert words == ["1"]  # and the second has no room for its word


def test_an_interval_that_holds_zero_is_grey() -> None:
    picture = drawings.intervals(
        "t", [("sure", (1.0, 2.0, 3.0), "+2"), ("less", (-3.0, -2.0, -1.0), "-2"), ("may be", (-1.0, 1.0, 3.0), "+1")]
    )
    assert re.findall(r'rx="2" fill="(#[0-9a-f]{6})"', picture) == ["#2e8b57", "#c0392b", "#9fb3c8"]


def test_channels_that_did_not_pay_back_are_told_to_the_manager(small: Path) -> None:
    sheet = openpyxl.load_workbook(small / "managers/amy/workbook.xlsx")["Lives that did not pay back"]
    head, *rows = [row[2:7] for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert head == ("Live stream", "On", "Channel", "Spend", "Revenue, direct")
    assert [(row[0], *row[2:]) for row in rows] == [("l-1", "KOL", 40, 0)]
