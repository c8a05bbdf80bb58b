"""The words of a language: one catalogue each, `words/<language>.toml`, and how numbers and days are written."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "words"
LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Words:
    """The catalogue of one language.

    >>> Words.of("en")("unit.days", n=3)
    '3 days'
    """

    language: str
    texts: dict[str, str]

    @classmethod
    @cache
    def of(cls, language: str) -> Words:
        sections = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
        return cls(language, {f"{section}.{name}": text for section, texts in sections.items() for name, text in texts.items()})

    def __call__(self, name: str, /, **values: object) -> str:
        """The text of a name with its placeholders filled.

        Raises:
            KeyError: the catalogue lacks the name, or the text has a placeholder that is not given.
        """
        return self.texts[name].format(**values)

    def days(self, count: int) -> str:
        return self("unit.day") if count == 1 else self("unit.days", n=count)


def money(amount: Decimal | float | None) -> str:
    return "" if amount is None else f"{amount:,.0f}"


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def day(value: date | None) -> str:
    return "" if value is None else value.isoformat()
