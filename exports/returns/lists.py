"""The lists of calls that sheets come back from, as they were published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from contract.settings import Settings
from exports.packs.csv_text import unguarded
from exports.pages.figures import named
from exports.policy.allow_list import OVERVIEW
from exports.policy.names import readable
from exports.returns.sheet import normal
from publication.publish import current_database
from publication.versions import DATABASE, PublicationError


@dataclass(frozen=True)
class Merchants:
    """The merchants of a published version: rows of the mart `merchant_overview`; those with a `rank` are on the list."""

    rows: Mapping[str, dict[str, Any]]

    @cached_property
    def _shown(self) -> dict[str, str]:
        return {shown_id(merchant): merchant for merchant in self.rows}

    @cached_property
    def _numbers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for shown, merchant in self._shown.items():
            if shown.isdecimal():
                found.setdefault(shown.lstrip("0"), []).append(merchant)
        return found

    def find(self, text: str) -> dict[str, Any] | None:
        """The merchant whose id a cell shows: as workbooks or guarded CSV files write it, or as a number without its zeros."""
        same = self._numbers.get(text.lstrip("0"), []) if text.isdecimal() else []
        merchant = self._shown.get(text) or self._shown.get(unguarded(text)) or (same[0] if len(same) == 1 else None)
        return None if merchant is None else self.rows[merchant]


def shown_id(merchant: str) -> str:
    """An id as a cell shows it."""
    return normal(readable(merchant))


@dataclass(frozen=True)
class CallList:
    """The list of a day.

    Attributes:
        as_of: the day.
        merchants: all that were published.
        is_same: whether it is the version that was asked for, or another of the day, since that one is gone.
    """

    as_of: date
    merchants: Merchants
    is_same: bool


class Lists:
    """The lists of a deployment; each version is read once."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._read: dict[Path, Merchants] = {}

    def of(self, as_of: date, version: str | None = None) -> CallList | None:
        """The list of a day; None if the day is not published."""
        path = self._settings.published / as_of.isoformat() / (version or "") / DATABASE
        is_same = version is not None and path.is_file()
        try:
            path = path if is_same else current_database(self._settings, as_of)
        except PublicationError:
            return None
        if path not in self._read:
            self._read[path] = _merchants(path)
        return CallList(as_of, self._read[path], is_same)


def _merchants(path: Path) -> Merchants:
    with duckdb.connect(str(path), read_only=True) as con:
        result = con.execute(f"from marts.{OVERVIEW}")
        names = [column[0] for column in result.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return Merchants({row["merchant_id"]: named(row) for row in rows})
