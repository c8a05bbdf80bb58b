"""The lists of calls that sheets come back from, as they were published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from contract.settings import Settings
from exports.pages.figures import named
from exports.policy.allow_list import OVERVIEW
from publication.publish import current_database
from publication.versions import DATABASE, PublicationError


@dataclass(frozen=True)
class CallList:
    """The merchants of a day.

    Attributes:
        as_of: the day.
        merchants: rows of the mart `merchant_overview` by merchant; those with a `rank` are on the list.
        is_same: whether it is the version that was asked for, or another of the day, since that one is gone.
    """

    as_of: date
    merchants: Mapping[str, dict[str, Any]]
    is_same: bool


class Lists:
    """The lists of a deployment; each version is read once."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._read: dict[Path, Mapping[str, dict[str, Any]]] = {}

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


def _merchants(path: Path) -> Mapping[str, dict[str, Any]]:
    with duckdb.connect(str(path), read_only=True) as con:
        result = con.execute(f"from marts.{OVERVIEW}")
        names = [column[0] for column in result.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return {row["merchant_id"]: named(row) for row in rows}
