"""Checks what needs the installed packages, before anything starts.

    python -m operations.readiness     # exit status 2 with one line for each problem

Python, pyarrow (ingest) and DuckDB (marts) compute business dates, each from a time zone database of its own: one that is older
than the others would put the same event on another day. The file of destinations and the playbook are read as well; otherwise
the exports would be the first to read them, at the end of the night.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from contract import tips
from contract.business_days import business_date, day_end
from contract.machine import load_extension
from contract.settings import SettingError, Settings
from contract.tips import TipRulesError
from exports.delivery import destinations
from exports.pages import playbook
from exports.pages.playbook import PlaybookError

FIRST_DAY = date(2000, 1, 1)  # no event is older
_TICK = timedelta(microseconds=1)


def python_dates(timezone: str, instants: pa.Array) -> list[date]:
    zone = ZoneInfo(timezone)
    return [business_date(instant, zone) for instant in instants.to_pylist()]


def arrow_dates(timezone: str, instants: pa.Array) -> list[date]:
    local = pc.local_timestamp(instants.cast(pa.timestamp("us", tz=timezone)))
    dates: list[date] = pc.floor_temporal(local, unit="day").cast(pa.date32()).to_pylist()
    return dates


def duckdb_dates(timezone: str, instants: pa.Array) -> list[date]:
    with duckdb.connect(config={"autoload_known_extensions": "false"}) as con:
        con.execute(load_extension("icu"))
        con.execute("set timezone = 'UTC'")
        con.register("instants", pa.table({"at": instants}))
        return [day for (day,) in con.execute('select cast(timezone(?, "at") as date) from instants', [timezone]).fetchall()]


READERS: dict[str, Callable[[str, pa.Array], list[date]]] = {
    "Python": python_dates,
    "pyarrow": arrow_dates,
    "DuckDB": duckdb_dates,
}


def day_ends(timezone: str, first: date, last: date) -> pa.Array:
    """The last instant of each business date, and the first after it."""
    zone = ZoneInfo(timezone)
    ends = [day_end(first + timedelta(days=number), zone) for number in range((last - first).days + 1)]
    return pa.array([instant for end in ends for instant in (end - _TICK, end)], pa.timestamp("us", tz="UTC"))


def zone_problems(timezone: str, last: date) -> Iterable[str]:
    """Libraries whose business dates up to `last` differ from Python's, one message each.

    It is enough to compare the ends of days: a zone that a library does not know, or has other rules for, shows there.
    """
    instants = day_ends(timezone, FIRST_DAY, last)
    expected = python_dates(timezone, instants)
    for name, dates in READERS.items():
        try:
            found = dates(timezone, instants)
        except (pa.ArrowInvalid, duckdb.Error) as error:
            why = str(error).splitlines()[0]
            yield f"FANOUT_TIMEZONE={timezone} is not known to {name} ({why}); choose another name of the zone"
            continue
        differing = [day for day, other in zip(expected, found, strict=True) if day != other]
        if differing:
            yield (
                f"FANOUT_TIMEZONE={timezone}: Python and {name} do not agree where {len(differing)} days end, the first "
                f"{differing[0]}, since their time zone databases differ; install the newest tzdata of this system, or choose "
                "a zone with the same clock"
            )


def problems(settings: Settings, last: date) -> list[str]:
    """Every reason why the deployment cannot run up to a day; empty if there is none."""
    found = [*zone_problems(settings.timezone, last)]
    try:
        destinations.read_messages(settings.destinations)
    except SettingError as error:
        found.append(str(error))
    try:
        playbook.read(settings.playbook)
    except PlaybookError as error:
        found += error.faults
    try:
        tips.read()
    except TipRulesError as error:
        found += error.faults
    return found


def require(settings: Settings, last: date) -> None:
    """Raises a SettingError that names the problems, if there are any."""
    if found := problems(settings, last):
        raise SettingError("; ".join(found))


def end_of_next_year(now: datetime) -> date:
    """The last day checked, for a deployment that is left running."""
    return date(now.year + 1, 12, 31)


def main() -> int:
    try:
        settings = Settings.from_environment()
        require(settings, end_of_next_year(datetime.now(UTC)))
    except SettingError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
