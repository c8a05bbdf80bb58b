"""All packs of a day for 10,000 merchants and 50 managers: time by part and peak memory.

    python -m benchmarks.exports [--merchants 10000] [--managers 50] [--rounds 3]

The CSV part is set against DuckDB's COPY of the same rows, into one plain file a table and into one a merchant and table; the
rest, pages and workbooks by as many processes as there are cores, is measured and listed. The warehouse is made up: 30 fans, 60
shares and 60 days a merchant.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from benchmarks._memory import Memory
from contract.settings import Settings
from dbt_project.build import variables
from dbt_project.success_sql import statements
from exports import write_packs
from exports.packs.export_day import NOW, open_day
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from publication.versions import DATABASE, point

AS_OF = date(2026, 3, 20)

WAREHOUSE = Path(__file__).with_suffix(".sql")


def publish(settings: Settings, merchants: int, managers: int) -> Path:
    """Publish the made-up warehouse where the exports look for it."""
    version = settings.published / AS_OF.isoformat() / "v000001"
    version.mkdir(parents=True)
    with duckdb.connect(str(version / DATABASE)) as con:
        con.execute(WAREHOUSE.read_text().replace("{merchants}", str(merchants)).replace("{managers}", str(managers)))
        for statement in statements(variables(settings, AS_OF)):
            con.execute(statement)
    point(settings.published, AS_OF, version.name)
    return version / DATABASE


@contextmanager
def timed(module: object, name: str) -> Iterator[list[float]]:
    """The seconds of each call of a module's function."""
    function: Callable[..., object] = getattr(module, name)
    seconds: list[float] = []

    def one(*arguments: object, **named: object) -> object:
        started = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            seconds.append(time.perf_counter() - started)

    setattr(module, name, one)
    try:
        yield seconds
    finally:
        setattr(module, name, function)


def plain_csv(settings: Settings, folder: Path, *, by_owner: bool) -> float:
    """Seconds of DuckDB's COPY of all exported rows."""
    scratch = settings.home / "work"
    scratch.mkdir(parents=True, exist_ok=True)
    with open_day(settings, AS_OF, None, scratch) as day:
        started = time.perf_counter()
        for kind, all_tables in (("merchants", MERCHANT_TABLES), ("managers", MANAGER_TABLES)):
            for table in all_tables:
                columns = ", ".join(dict.fromkeys([table.owner, *table.columns]))
                rows = f"select {columns} from ({table.sql(NOW)}) order by {', '.join([table.owner, *table.key])}"
                target = folder / kind / table.name
                target.parent.mkdir(parents=True, exist_ok=True)
                options = f"format csv, header{f', partition_by ({table.owner})' if by_owner else ''}"
                day.con.execute(f"copy ({rows}) to '{target}' ({options})")
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--merchants", type=int, default=10_000)
    parser.add_argument("--managers", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="fanout-exports-"))
    try:
        settings = Settings.from_environment({"FANOUT_HOME": str(scratch / "home")})
        publish(settings, arguments.merchants, arguments.managers)
        parts: dict[str, list[float]] = {}
        peak = 0
        for number in range(arguments.rounds):
            for name, by_owner in (("DuckDB, a file a table", False), ("DuckDB, a file a merchant and table", True)):
                parts.setdefault(name, []).append(
                    plain_csv(settings, scratch / f"plain-{number}-{by_owner}", by_owner=by_owner)
                )
                shutil.rmtree(scratch / f"plain-{number}-{by_owner}")
            started = time.perf_counter()
            with Memory() as memory, timed(write_packs, "write_tables") as tables:
                written = write_packs.write_packs(settings, AS_OF, None, scratch / f"packs-{number}")
            parts.setdefault("all packs", []).append(time.perf_counter() - started)
            parts.setdefault("CSV", []).append(sum(tables))
            parts.setdefault("pages, maps and workbooks", []).append(parts["all packs"][-1] - sum(tables))
            peak = max(peak, memory.peak())
            rows = sum(file.rows or 0 for pack in written for file in pack.files)
            files = sum(len(pack.files) + 1 for pack in written)
            size = sum(file.bytes for pack in written for file in pack.files)
            shutil.rmtree(scratch / f"packs-{number}")
        medians = {part: statistics.median(seconds) for part, seconds in parts.items()}
        print(
            f"{arguments.merchants:,} merchants, {arguments.managers} managers: {rows:,} rows, {files:,} files, {size / 1e6:,.0f} MB"
        )
        for part, median in medians.items():
            print(f"{part:40s} {median:7.1f} s")
        csv = medians["CSV"]
        for name in ("DuckDB, a file a table", "DuckDB, a file a merchant and table"):
            print(f"CSV against {name}: {csv / medians[name]:.2f}x")
        print(f"peak memory {peak:,} MB; load of the machine {os.getloadavg()[0]:.1f}")
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
