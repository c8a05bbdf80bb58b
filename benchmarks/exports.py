"""All packs of a day for 10,000 merchants and 50 managers: time by part and peak memory.

    python -m benchmarks.exports [--merchants 10000] [--managers 50] [--rounds 3]

They are written by as many processes as there are cores, and set against DuckDB's COPY of the rows of their CSV files into one
plain file a table. The warehouse is made up: 30 fans, 60 shares and 60 days a merchant.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from benchmarks._memory import Memory
from contract.settings import Settings
from contract.tables import marts
from dbt_project.build import variables
from dbt_project.success_sql import statements
from exports import write_packs
from exports.packs.export_day import NOW, open_day
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from publication.versions import DATABASE, point

AS_OF = date(2026, 3, 20)

WAREHOUSE = Path(__file__).with_suffix(".sql")
PLAIN = "DuckDB's COPY, a file a table"


def publish(settings: Settings, merchants: int, managers: int) -> Path:
    """Publish the made-up warehouse where the exports look for it."""
    version = settings.published / AS_OF.isoformat() / "v000001"
    version.mkdir(parents=True)
    with duckdb.connect(str(version / DATABASE)) as con:
        con.execute("create schema marts")
        for mart in marts():
            columns = ", ".join(f"{column.name} {column.type}" for column in mart.mart_columns)
            con.execute(f"create table marts.{mart.name} ({columns})")
        con.execute(WAREHOUSE.read_text().replace("{merchants}", str(merchants)).replace("{managers}", str(managers)))
        for statement in statements(variables(settings, AS_OF)):
            con.execute(statement)
    point(settings.published, AS_OF, version.name)
    return version / DATABASE


def plain_csv(settings: Settings, folder: Path) -> float:
    """Seconds of DuckDB's COPY of all exported rows, a file a table."""
    with open_day(settings, AS_OF, None) as day:
        started = time.perf_counter()
        for kind, all_tables in (("merchants", MERCHANT_TABLES), ("managers", MANAGER_TABLES)):
            for table in all_tables:
                columns = ", ".join(dict.fromkeys([table.owner, *table.columns]))
                rows = f"select {columns} from ({table.sql(NOW)}) order by {', '.join([table.owner, *table.key])}"
                target = folder / kind / table.name
                target.parent.mkdir(parents=True, exist_ok=True)
                day.con.execute(f"copy ({rows}) to '{target}' (format csv, header)")
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
            parts.setdefault(PLAIN, []).append(plain_csv(settings, scratch / f"plain-{number}"))
            shutil.rmtree(scratch / f"plain-{number}")
            started = time.perf_counter()
            with Memory() as memory:
                written = write_packs.write_packs(settings, AS_OF, None, scratch / f"packs-{number}")
            parts.setdefault("all packs", []).append(time.perf_counter() - started)
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
        print(f"peak memory {peak:,} MB; load of the machine {os.getloadavg()[0]:.1f}")
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
