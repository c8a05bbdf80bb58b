"""Amounts, changes, names and choices as the pages tell them."""

from __future__ import annotations

from decimal import Decimal

from exports.pages.words import Number, Words
from static_site.published_day import PublishedDay
from static_site.section import Choice

WORDS = Words.of("en")
ALL, ALL_MONTHS = "all", "all months"
_SMALLEST_BASE = Decimal(1)


def amount(value: Number, day: PublishedDay, *, signed: bool = False) -> str:
    """Money in a sentence."""
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{WORDS.number(abs(Decimal(value)))} {day.currency}"


def change(now: Number, before: Number, *, period: str = "week") -> str:
    """How much more or less that is than in the period before; nothing is said of a change from nothing, or from a loss.

    >>> change(112, 100), change(75, 100), change(5, 0)
    ('12.0% more than the week before', '25.0% less than the week before', 'after nothing to speak of the week before')
    """
    if before < _SMALLEST_BASE:
        return f"after nothing to speak of the {period} before"
    part = Decimal(now) / Decimal(before) - 1
    return f"{abs(part):.1%} {'less' if part < 0 else 'more'} than the {period} before"


def region(code: str) -> str:
    """A region by its name, with its code."""
    name = WORDS.region(code)
    return name if code == "unknown" or name == code else f"{name} · {code}"


def merchant_choice(day: PublishedDay) -> Choice:
    return Choice("merchant", "Merchant", day.merchants())


def month_choice(months: list[str]) -> Choice:
    """All months, and each; the newest first."""
    return Choice("month", "Month", [(ALL, ALL_MONTHS), *((month, month) for month in sorted(months, reverse=True))])
