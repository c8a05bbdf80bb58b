"""A published day as the site reads it: read-only, with the merchants that a page lets its reader choose from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from contract.machine import load_extension
from contract.settings import Settings
from contract.spill import spill_folder
from exports.policy.names import readable
from publication.publish import current_database
from publication.versions import RUN, PublicationError

Row = dict[str, Any]

NAMED_MERCHANTS = 30  # the largest; the rest are one choice, so that a page stays small on any platform
EVERYONE, EVERYONE_LABEL = 0, "all merchants"
WEEKS = 53
MONTHS = 13
_LONGEST_NAME = 28

# Which choice a merchant belongs to: its place by revenue of the last 365 days; places after the last named one are one choice.
_MERCHANTS = f"""
    create temp table ranked as
    select
        merchants.merchant_id, coalesce(merchants.name, '') as name,
        row_number() over (order by worth.direct_revenue desc nulls last, merchants.merchant_id) as by_revenue,
        least(by_revenue, {NAMED_MERCHANTS + 1}) as place
    from marts.merchants
    left join marts.per_fan_revenue as worth using (merchant_id);

    -- Each merchant twice: in the choice of everyone, and in its own.
    create temp table choices as
    select merchant_id, place as merchant from ranked
    union all
    select merchant_id, {EVERYONE} from ranked;
"""


@dataclass(frozen=True)
class PublishedDay:
    """An open version. `choices` (merchant_id, merchant) and `ranked` (merchant_id, name, place) are temp tables of `con`."""

    con: duckdb.DuckDBPyConnection
    as_of: date
    run: dict[str, Any]

    @property
    def currency(self) -> str:
        return str(self.run["currency"])

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query as dictionaries."""
        result = self.con.execute(sql, list(parameters))
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row:
        """The only row of a query."""
        [found] = self.rows(sql, parameters)
        return found

    def merchants(self) -> list[tuple[int, str]]:
        """The choices of a merchant with their labels, everyone first."""
        found = self.rows("select place, merchant_id, name from ranked order by place, merchant_id")
        named = [(row["place"], label(row["name"], row["merchant_id"])) for row in found if row["place"] <= NAMED_MERCHANTS]
        others = len(found) - len(named)
        rest = [(NAMED_MERCHANTS + 1, f"the {others:,} other merchants")] if others else []
        return [(EVERYONE, EVERYONE_LABEL), *named, *rest]

    def weeks(self) -> list[str]:
        """The Mondays of the last whole weeks, Monday to Sunday, none before the first day of the marts; oldest first."""
        first: date | None = self.row("select min(date) as first from marts.daily_merchant")["first"]
        monday = self.as_of - timedelta(days=(self.as_of.weekday() + 1) % 7 + 6)
        mondays = [monday - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]
        return [day.isoformat() for day in mondays if first and day >= first]

    def months(self) -> list[str]:
        """The last months that are over, such as 2026-03, none before the first whole one of the marts; oldest first."""
        first: date | None = self.row("select min(date) as first from marts.daily_merchant")["first"]
        tomorrow = self.as_of + timedelta(days=1)
        count = tomorrow.year * 12 + tomorrow.month - 1
        starts = [date(number // 12, number % 12 + 1, 1) for number in range(count - MONTHS, count)]
        return [f"{start:%Y-%m}" for start in starts if first and start >= first]


def label(name: str, identifier: str) -> str:
    """What people read of a thing with a name that others gave it: the name, shortened, and its id."""
    shown = readable(name)
    if len(shown) > _LONGEST_NAME:
        shown = shown[: _LONGEST_NAME - 1].rstrip() + "…"
    return f"{shown} · {readable(identifier)}" if shown else readable(identifier)


@contextmanager
def open_day(settings: Settings, as_of: date) -> Iterator[PublishedDay]:
    """Open the current version of a day.

    Raises:
        PublicationError: the day is not published, or its version lacks a mart or a column that the site reads.
    """
    database = current_database(settings, as_of)
    run = json.loads((database.parent / RUN).read_text(encoding="utf-8"))
    # Beside the file DuckDB would spill into a version that is not to change.
    with (
        spill_folder(settings) as spill,
        duckdb.connect(str(database), read_only=True, config={"temp_directory": str(spill)}) as con,
    ):
        try:
            con.execute(load_extension("icu"))  # business dates of instants
            con.execute(_MERCHANTS)
            yield PublishedDay(con, as_of, run)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise PublicationError(
                f"{database} has not the marts that the site reads ({str(error).splitlines()[0]}); "
                f"build and publish {as_of} again with this release"
            ) from error
