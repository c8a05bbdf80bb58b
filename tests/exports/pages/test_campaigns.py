"""Campaigns and red packets where people meet them: the manager's workbook, the merchant's page, and no other pack."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path

import openpyxl

from exports.pages.words import Words


def test_campaigns_that_are_not_tracked_come_first_with_the_verdict_in_words(small: Path) -> None:
    """c-3 is planned for April, c-2 met its target in February."""
    sheet = openpyxl.load_workbook(small / "managers/amy/workbook.xlsx")["Campaigns"]
    head, *rows = [row[2:6] for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert head == ("Campaign", "Title", "Verdict", "Never seen")
    assert rows == [
        ("c-1", "spring", "not tracked: steps never seen", "shop.coupon_claimed"),
        ("c-3", "=summer", "planned", "shop.order_paid"),
        ("c-2", None, "target met", None),
    ]
    page = unescape((small / "merchants/m-1/report.html").read_text())
    assert "not tracked: steps never seen" in page


def test_the_page_draws_the_packet_curve_and_marks_the_optimum(small: Path) -> None:
    """Of all tiers: 2 of 10 packets are shared and lose 0.30 each, 10 of 20 larger ones gain 1.00."""
    page = unescape((small / "merchants/m-1/report.html").read_text())
    section = page[page.index("<h2>Red packets</h2>") :]
    assert "<svg" in section
    assert "20% -0.30<" in section
    assert "50% +1.00 ★<" in section


def test_a_merchant_without_packets_has_no_curve(exported: Callable[..., Path]) -> None:
    folder = exported("delete from marts.red_packet_response", "delete from marts.campaign_review")
    page = unescape((folder / "merchants/m-1/report.html").read_text())
    section = page[page.index("<h2>Red packets</h2>") :]
    assert Words.of("en")("title.nothing") in section
    assert "<svg" not in section
