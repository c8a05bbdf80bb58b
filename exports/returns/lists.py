"""The lists that sheets come back from, as they were published."""

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
from exports.policy.people import pseudonym
from exports.returns.sheet import normal
from publication.publish import current_database
from publication.versions import DATABASE, PublicationError


class Ids:
    """Identifiers by what cells show of them: as workbooks or guarded CSV files write it, or as a number without its zeros.

    Args:
        shown: identifiers by what was delivered of them, which is the same or a pseudonym.
    """

    def __init__(self, shown: Mapping[str, str]):
        self._shown = {shown_id(text): identifier for text, identifier in shown.items()}
        self._numbers: dict[str, list[str]] = {}
        for text, identifier in self._shown.items():
            if text.isdecimal():
                self._numbers.setdefault(text.lstrip("0"), []).append(identifier)

    def find(self, text: str) -> str | None:
        same = self._numbers.get(text.lstrip("0"), []) if text.isdecimal() else []
        return self._shown.get(text) or self._shown.get(unguarded(text)) or (same[0] if len(same) == 1 else None)


@dataclass(frozen=True)
class Merchants:
    """The merchants of a published version: rows of the mart `merchant_overview`; those with a `rank` are on the list."""

    rows: Mapping[str, dict[str, Any]]

    @cached_property
    def _ids(self) -> Ids:
        return Ids({merchant: merchant for merchant in self.rows})

    def find(self, text: str) -> dict[str, Any] | None:
        """The merchant whose id a cell shows."""
        merchant = self._ids.find(text)
        return None if merchant is None else self.rows[merchant]


class Leads:
    """The leads of a published version, with the key by which people have pseudonyms, if they have."""

    def __init__(self, database: Path, key: str | None):
        self._database, self._key = database, key
        self._of: dict[str, Ids] = {}

    def find(self, merchant_id: str, text: str) -> str | None:
        """The person that a cell shows, if a lead of the merchant is shown so."""
        if merchant_id not in self._of:
            users = _leads(self._database, merchant_id)
            shown = {user if self._key is None else pseudonym(self._key, merchant_id, user): user for user in users}
            self._of[merchant_id] = Ids(shown)
        return self._of[merchant_id].find(text)


def shown_id(text: str) -> str:
    """An id as a cell shows it."""
    return normal(readable(text))


@dataclass(frozen=True)
class CallList:
    """The list of a day.

    Attributes:
        as_of: the day.
        merchants: all that were published.
        leads: likewise.
        is_same: whether it is the version that was asked for, or another of the day, since that one is gone.
    """

    as_of: date
    merchants: Merchants
    leads: Leads
    is_same: bool


class Lists:
    """The lists of a deployment; each version is read once."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._read: dict[Path, tuple[Merchants, Leads]] = {}

    def of(self, as_of: date, version: str | None = None) -> CallList | None:
        """The list of a day; None if the day is not published."""
        path = self._settings.published / as_of.isoformat() / (version or "") / DATABASE
        is_same = version is not None and path.is_file()
        try:
            path = path if is_same else current_database(self._settings, as_of)
        except PublicationError:
            return None
        if path not in self._read:
            self._read[path] = _merchants(path), Leads(path, self._settings.pseudonym_key)
        return CallList(as_of, *self._read[path], is_same)


def _merchants(path: Path) -> Merchants:
    with duckdb.connect(str(path), read_only=True) as con:
        result = con.execute(f"from marts.{OVERVIEW}")
        names = [column[0] for column in result.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return Merchants({row["merchant_id"]: named(row) for row in rows})


def _leads(path: Path, merchant_id: str) -> list[str]:
    with duckdb.connect(str(path), read_only=True) as con:
        found = con.execute("select user_id from marts.lead_scores where merchant_id = ?", [merchant_id])
        return [user for (user,) in found.fetchall()]
