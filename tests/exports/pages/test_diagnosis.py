"""The colour tree, the waterfall and the causes: what they say, and where people meet them."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from contract.values import LEAVES, NODES
from exports.pages import diagnosis
from exports.pages.words import Words

# node: value, baseline, colour, contribution
FALLEN = {
    "paid": (600.0, 1000.0, "red", "-400.00"),
    "buyers": (6, 10, "yellow", "-400.10"),
    "active_users": (60, 60, "yellow", "-0.10"),
    "new_users": (20, 22.5, "yellow", "-20.00"),
    "returning_users": (40, 37.5, "yellow", "19.90"),
    "conversion": (0.1, 1 / 6, "red", "-400.00"),
    "paid_per_buyer": (100.0, 100.0, "yellow", "0.10"),
    "orders_per_buyer": (1.0, 1.0, "yellow", "0.00"),
    "paid_per_order": (100.0, 100.0, "yellow", "0.10"),
}
RANKS = {"conversion": 1, "new_users": 2}


def nodes(**changes: tuple[float | None, float | None, str | None, str | None]) -> dict[str, dict[str, Any]]:
    return {
        node: {
            "node": node,
            "value": value,
            "baseline": baseline,
            "colour": colour,
            "contribution": None if contribution is None else Decimal(contribution),
            "cause_rank": RANKS.get(node),
            "cause": f"{node}_down" if node in RANKS else None,
            "advice": f"Look at {node}.",
            "advice_zh": f"看看 {node}。",
        }
        for node, (value, baseline, colour, contribution) in (FALLEN | changes).items()
    }


def texts(picture: str) -> list[str]:
    return [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", picture)]


def test_each_box_has_value_baseline_and_part_in_the_order_of_the_tree() -> None:
    drawn = texts(diagnosis.tree("Why", nodes(), Words.of("en")))
    assert [tuple(drawn[place : place + 4]) for place in range(0, len(drawn), 4)] == [
        ("Payments", "600", "expected 1,000", "−400"),
        ("Buyers", "6", "expected 10", "−400"),
        ("Visitors", "60", "expected 60", "±0"),
        ("New visitors", "20", "expected 22", "−20"),
        ("Returning visitors", "40", "expected 38", "+20"),
        ("Share who bought", "10.0%", "expected 16.7%", "−400"),
        ("Paid per buyer", "100", "expected 100", "±0"),
        ("Orders per buyer", "1.00", "expected 1.00", "±0"),
        ("Paid per order", "100", "expected 100", "±0"),
    ]


def test_red_boxes_have_a_thick_frame_and_arrows_say_where_a_figure_went() -> None:
    picture = diagnosis.tree("Why", nodes(), Words.of("zh"))
    boxes = re.findall(r"<rect[^>]*>", picture)
    assert len(boxes) == len(NODES)
    assert [index for index, box in enumerate(boxes) if 'stroke-width="3"' in box] == [0, 5]  # payments, share who bought
    assert picture.count('<path d="M') == len(NODES) - 1 + 5  # stems, and the arrows of what is not as before
    assert texts(picture)[:4] == ["付款", "600", "预期 1,000", "−400"]


def test_what_is_not_known_is_a_dash_without_colour() -> None:
    unsold = nodes(paid_per_order=(None, 100.0, None, "0.00"))
    assert texts(diagnosis.tree("Why", unsold, Words.of("en")))[-4:] == ["Paid per order", "–", "expected 100", "±0"]


def test_the_waterfall_goes_from_the_expected_to_what_came() -> None:
    picture = diagnosis.waterfall("Way", nodes(), Words.of("en"))
    assert texts(picture) == [
        *("Expected", "1,000"),
        *("New visitors", "−20"),
        *("Returning visitors", "+20"),
        *("Share who bought", "−400"),
        *("Paid", "600"),
    ]
    spans = [tuple(map(float, found)) for found in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', picture)]
    (zero, whole), *_, (begin, fallen), (last, came) = spans
    assert (last, round(came)) == (zero, round(0.6 * whole))
    assert (round(begin, 1), round(fallen)) == (round(zero + came, 1), round(0.4 * whole))


def test_causes_come_with_their_advice_in_the_readers_language() -> None:
    assert diagnosis.causes(nodes(), Words.of("en")) == [
        ("a smaller share bought: −400 of −400", "Look at conversion."),
        ("fewer new visitors: −20 of −400", "Look at new_users."),
    ]
    assert diagnosis.causes(nodes(), Words.of("zh"))[0] == ("购买比例下降：−400（共 −400）", "看看 conversion。")


@pytest.mark.parametrize("scale", ["0.001", "1", "1000"])
def test_written_parts_add_up(scale: str) -> None:
    rows = nodes()
    for leaf in LEAVES:
        rows[leaf]["contribution"] *= Decimal(scale)
    *_, last = texts(diagnosis.tree("Why", rows, Words.of("en")))[3::4]
    told = dict(zip(NODES, texts(diagnosis.tree("Why", rows, Words.of("en")))[3::4], strict=True))
    amount = {node: Decimal(part.replace("−", "-").replace("±", "").replace(",", "")) for node, part in told.items()}
    assert last == told["paid_per_order"]
    assert amount["paid"] == sum(amount[leaf] for leaf in LEAVES) == amount["buyers"] + amount["paid_per_buyer"]


def plain(path: Path) -> str:
    return re.sub(
        r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", path.read_text(), flags=re.S)))
    )


def test_people_meet_it_in_report_workbook_and_files(small: Path) -> None:
    """m-1 sold nothing on the day; m-2 has nothing to compare its day with."""
    folder = small
    own, other = (plain(folder / "merchants" / name / "report.html") for name in ("m-1", "m-2"))
    for page in (own, plain(folder / "managers" / "amy" / "report.html")):
        assert "Why payments moved yesterday" in page
        assert "a smaller share bought: −50.00 of −50.00 A smaller share of those who looked bought." in page
    assert "Why payments moved in the last seven days" in own
    assert "fewer returning visitors: −22.50 of −30.00" in own
    assert "a smaller share" not in other
    assert "There are not yet enough days to compare with." in other
    book = openpyxl.load_workbook(folder / "managers" / "amy" / "workbook.xlsx")
    heads = {cell.value: cell.column for row in book["Today"].iter_rows(max_row=6) for cell in row if cell.value}
    told = [
        cell.value for row in book["Today"].iter_rows(min_row=4) for cell in row if cell.column == heads["Why, this morning"]
    ]
    assert "a smaller share bought: paid 0, expected 50" in told
    assert "a smaller share bought" in [cell.value for row in book["Red this morning"].iter_rows() for cell in row]
    rows = (folder / "merchants" / "m-2" / "csv" / "diagnosis.csv").read_text().splitlines()
    assert len(rows) == 1 + len(NODES)
    assert "m-1" not in "".join(rows)
