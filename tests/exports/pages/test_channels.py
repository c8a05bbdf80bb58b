"""Where people come from, with a verdict in words, and the fan statement: in workbook, pages and packs of both languages."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from contract.settings import Settings

Export = Callable[..., Path]
# Of 200 who came to m-1 100 bought, 18 of them again: a half, and 0.18.
CHANGES = tuple(
    f"update marts.channel_returns set arrivals = 100, {bought} where merchant_id = 'm-1' and channel = '{channel}'"
    for channel, bought in (("kol", "buyers = 10, repeat_buyers = 9"), ("group", "buyers = 90, repeat_buyers = 9"))
)


def texts(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", unescape(page.read_text())))


def rows(book: Path, sheet: str) -> list[list[Any]]:
    page: Any = openpyxl.load_workbook(book)[sheet]
    return [list(row[2:]) for row in page.iter_rows(min_row=4, values_only=True) if row[1]]


@pytest.mark.parametrize(
    ("language", "sheet", "loyal", "strong", "few", "kol"),
    [
        ("en", "Where people come from", "comes back more than elsewhere", "give it more", "Too few people", "KOL"),
        ("zh", "客从何来", "留住这个渠道", "加大投入", "人数太少", "达人"),
    ],
)
def test_a_channel_has_a_verdict_in_words(
    exported: Export, settings: Settings, language: str, sheet: str, loyal: str, strong: str, few: str, kol: str
) -> None:
    folder = exported(*CHANGES, with_settings=replace(settings, language=language))
    verdicts = {row[0]: row[1] for row in rows(folder / "managers" / "amy" / "workbook.xlsx", sheet)}
    assert len(verdicts) == 3
    assert loyal in verdicts[kol]
    assert [strong in text for text in verdicts.values()].count(True) == 1
    assert [few in text for text in verdicts.values()].count(True) == 1
    for page in ("managers/amy/report.html", "merchants/m-1/report.html"):
        text = texts(folder / page)
        assert all(words in text for words in (sheet, loyal, strong, few)), page
    assert loyal not in texts(folder / "merchants" / "m-2" / "report.html")


def test_a_merchants_fans_are_told_from_opening_to_closing(exported: Export) -> None:
    folder = exported()
    told = rows(folder / "managers" / "amy" / "workbook.xlsx", "Fan statement")
    assert [row[:8] for row in told] == [["2026-03", 3, 1, 0, 0, 0, 1, 3], ["2026-02", 0, 2, 1, 0, 0, 0, 3]]
    for page in ("managers/amy/report.html", "merchants/m-1/report.html"):
        assert "2026-03 3 1 0 0 0 1 3" in texts(folder / page), page


def test_a_merchants_pack_has_its_own_channels_and_months(exported: Export) -> None:
    folder = exported(*CHANGES)
    for table, own, others in (
        ("channels", {"kol", "group", "offline"}, {"kol"}),
        ("channel_returns", {"kol", "group", "offline"}, {"kol"}),
        ("traffic_assets", {"2026-02", "2026-03"}, {"2026-03"}),
    ):
        column = "month" if table == "traffic_assets" else "channel"
        for merchant, expected in (("m-1", own), ("m-2", others)):
            with (folder / "merchants" / merchant / "csv" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
                found = list(csv.DictReader(file))
            assert {row["merchant_id"].lstrip("'") for row in found} == {merchant}, table
            assert {row[column].lstrip("'") for row in found} == expected, table
