"""What managers and merchants are told of chat groups and their people, of the small warehouse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from exports.pages import drawings
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from exports.policy.people import INVITERS, LEADERS, LEADS, OWNERS, PER_MERCHANT, SELLERS, SLEEPERS, SPREADERS


def _sheet(small: Path, name: str) -> list[dict[str, object]]:
    sheet = openpyxl.load_workbook(small / "managers/amy/workbook.xlsx")[name]
    head, *rows = sheet.iter_rows(min_row=3, values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_a_merchants_people_have_a_page_that_its_report_leads_to(small: Path) -> None:
    pack = small / "merchants" / "m-1"
    page = (pack / "community.html").read_text(encoding="utf-8")
    assert '<a href="community.html">' in (pack / "report.html").read_text(encoding="utf-8")
    assert "community.html" in {file["name"] for file in json.loads((pack / "manifest.json").read_text())["files"]}
    assert 'Chat group <span class="whole">g-1</span>: 3 people' in page
    assert "50%" in page  # of the two fans of February one bought in March
    assert "u-1" not in page  # three people are too few for names


def test_a_manager_is_told_which_groups_to_revive_and_why(small: Path) -> None:
    [group] = _sheet(small, "Groups to revive")
    assert (group["#"], group["Group"], group["Why"]) == (1, "g-1", "goes quiet; red: activity")
    assert (group["Weakest axis"], group["Activity"], group["Survival"]) == ("survival", "red", "yellow")


def test_owners_are_judged_to_the_manager_alone(small: Path) -> None:
    [owner] = _sheet(small, "Owners of groups")
    assert (owner["Owner"], owner["Verdict"], owner["Weakest group"]) == ("u-1", "needs help", "g-1")
    report = (small / "merchants/m-1/report.html").read_text(encoding="utf-8")
    assert "Groups to revive" in report
    assert "needs help" not in report
    assert "Representatives off the mean" not in report
    assert not [table.name for table in MERCHANT_TABLES if {"verdict", "owner_effect"} & {*table.columns} and table.person]


def test_a_seller_over_the_cap_is_told_the_cap(small: Path) -> None:
    [seller] = _sheet(small, "Sellers who share too often")
    assert (seller["Fan"], seller["What to do"]) == ("u-1", "at most 1 in thirty days into one group, not 3")


def test_lists_of_people_stay_within_the_people_of_a_merchant() -> None:
    limits = [table.most for table in MANAGER_TABLES if table.person]
    assert sorted(map(int, filter(None, limits))) == sorted((LEADERS, SPREADERS, SLEEPERS, LEADS, OWNERS, SELLERS, INVITERS))
    assert None not in limits
    assert sum(filter(None, limits)) <= PER_MERCHANT


@pytest.mark.parametrize(("people", "named"), [(19, False), (20, True)])
def test_people_of_a_pond_are_named_from_twenty_on(
    exported: Callable[..., Path], rows: Callable[[Path], list[dict[str, str]]], people: int, named: bool
) -> None:
    pack = exported(f"update marts.pond_ranks set participants = {people}") / "merchants" / "m-1"
    ponds = rows(pack / "csv" / "ponds.csv")
    assert [row["user_id"] for row in ponds] == (["u-1", "u-2", "u-3"] if named else ["", "", ""])
    assert [bool(row["points"]) for row in ponds] == [named] * 3
    page = (pack / "community.html").read_text(encoding="utf-8")
    assert ("u-1" in page) == named
    assert "u-3" not in page  # who refused, and is in the files alone


def test_parts_hang_below_the_line_where_they_are_negative() -> None:
    picture = drawings.stacked("t", ["a", "b"], ["in", "out"], [[3.0, -1.0], [1.0, 0.0]], lambda value: f"{value:.0f}")
    assert picture.count("<rect") == 2 + 3  # two in the legend
    assert [text in picture for text in (">3<", ">1<", ">a<", ">out<")] == [True] * 4


def test_a_heat_map_writes_shares_and_leaves_unknown_ones_empty() -> None:
    picture = drawings.heat_map("t", ["x"], ["p", "q"], [[0.9, None]], [0])
    assert ">90%<" in picture
    assert picture.count("%<") == 1
    assert picture.count('fill="none"') == 1  # the frame
