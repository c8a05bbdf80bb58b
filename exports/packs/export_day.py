"""A published day as the exports read it, beside the one that was delivered before it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from contract.settings import Settings
from contract.spill import spill_folder
from contract.sql import literal
from exports.policy import people
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from publication.publish import current_database
from publication.versions import DATABASE

log = logging.getLogger(__name__)

NOW, BEFORE = "now", "before"
MEMORY = "768MB"  # of DuckDB, which keeps what it has read as long as there is room, and spills beyond it


@dataclass(frozen=True)
class Published:
    """A version of a day."""

    as_of: date
    version: str

    def __str__(self) -> str:
        return f"{self.as_of} {self.version}"

    def to_json(self) -> dict[str, str]:
        return {"as_of": self.as_of.isoformat(), "warehouse_version": self.version}


@dataclass(frozen=True)
class ExportDay:
    """An open day: `now` is attached, and `before` where there is something to compare with."""

    con: duckdb.DuckDBPyConnection
    published: Published
    base: Published | None

    @property
    def as_of(self) -> date:
        return self.published.as_of

    @property
    def catalogs(self) -> tuple[str, ...]:
        """What is attached."""
        return (NOW, BEFORE) if self.base else (NOW,)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""
        result = self.con.execute(sql, list(parameters))
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@contextmanager
def open_day(settings: Settings, as_of: date, base: Published | None, threads: int | None = None) -> Iterator[ExportDay]:
    """Open a day's current publication, and a base to compare with.

    Temp tables, each for `now` and `before`: `fans_<db>` (see `people.name_fans`) and `reasons_<db>`, the reasons of calls in
    words with their topics, which is empty until `pages.reasons.tell_reasons` fills it.

    Args:
        base: left out where its version is gone, or has not the marts of this one.
        threads: of DuckDB, one a core if there is no number.

    Raises:
        PublicationError: the day has not been published.
    """
    database = current_database(settings, as_of)
    config: dict[str, Any] = {"memory_limit": MEMORY}
    if threads:
        config["threads"] = threads
    with spill_folder(settings) as spill, duckdb.connect(config={**config, "temp_directory": str(spill)}) as con:
        if base is not None:
            older = settings.published / base.as_of.isoformat() / base.version / DATABASE
            try:
                _attach(con, BEFORE, older)
                _prepare(settings, con, BEFORE)
                for table in (*MERCHANT_TABLES, *MANAGER_TABLES):
                    con.execute(f"describe select {', '.join(table.columns)} from ({table.sql(BEFORE)})")
            except duckdb.Error as error:
                log.warning("%s cannot be compared with: %s", base, str(error).splitlines()[0])
                base = None
        _attach(con, NOW, database)
        _prepare(settings, con, NOW)
        con.execute(f"use {NOW}")
        yield ExportDay(con, Published(as_of, database.parent.name), base)


def _attach(con: duckdb.DuckDBPyConnection, catalog: str, path: Path) -> None:
    con.execute(f"attach {literal(path)} as {catalog} (read_only)")


def _prepare(settings: Settings, con: duckdb.DuckDBPyConnection, db: str) -> None:
    people.name_fans(con, db, settings.pseudonym_key)
    con.execute(
        f"""create temp table reasons_{db}
        (merchant_id varchar, topics varchar[], reason_1 varchar, reason_2 varchar, reason_3 varchar)"""
    )
