"""Loading a published version into PostgreSQL, beside the bare COPY of the same rows.

    python -m benchmarks.postgres [--merchants 10000] [--rounds 3]

The bare COPY reads CSV files that were written before, into plain tables without keys; a second one adds the keys. The server
is one of the measurement's own, with the settings that it is installed with. The warehouse is that of `benchmarks.exports`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import psycopg2

from benchmarks._postgres import MissingProgram, Server, running
from benchmarks.exports import WAREHOUSE
from contract.machine import load_extension
from contract.settings import Settings
from contract.tables import TABLES
from expectations.gate import file_sha256
from publication import parquet, postgres
from publication.publish import current_database, publish

AS_OF = date(2026, 3, 20)


def published(settings: Settings, merchants: int) -> Path:
    """The published file of a made-up day."""
    warehouse = settings.warehouse(AS_OF)
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as con:
        con.execute(WAREHOUSE.read_text().replace("{merchants}", str(merchants)).replace("{managers}", "50"))
        columns = "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
        for mart, name in con.execute(columns).fetchall():  # numbers are written there in any type
            [type_] = [column.type for column in TABLES[mart].mart_columns if column.name == name]
            con.execute(f"alter table marts.{mart} alter {name} type {type_}")
    passed(settings)
    publish(settings, AS_OF)
    return current_database(settings, AS_OF)


def passed(settings: Settings) -> None:
    """Write what the gate says of a warehouse that it let pass."""
    verdict = {"passed": True, "expectations": 0, "failures": [], "warnings": [], "day": AS_OF.isoformat()}
    results = settings.work(AS_OF) / "gates" / "publication.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps(verdict | {"warehouse_sha256": file_sha256(settings.warehouse(AS_OF))}))


def bare_copy(server: Server, database: Path, folder: Path, *, with_keys: bool) -> float:
    """Seconds of COPY from files that are there, into new tables in one transaction."""
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute(load_extension("json"))
        marts = postgres.marts_of(con)
        for mart in marts:
            postgres.write_csv(con, mart, str(folder / mart.name))
    server.execute("create database bare")
    with closing(psycopg2.connect(server.dsn("bare"))) as connection:
        started = time.perf_counter()
        with connection, connection.cursor() as cursor:
            for mart in marts:
                cursor.execute(postgres.create_table(mart.name, mart))
                with (folder / mart.name).open("rb") as rows:
                    cursor.copy_expert(f"copy {mart.name} from stdin (format csv)", rows, size=1 << 20)
                if with_keys and mart.key:
                    cursor.execute(f"alter table {mart.name} add primary key ({', '.join(mart.key)})")
        seconds = time.perf_counter() - started
    server.execute("drop database bare")
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--merchants", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="fanout-postgres-bench-"))
    seconds: dict[str, list[float]] = {}
    try:
        with running() as server:
            environment = {"FANOUT_HOME": str(scratch / "home"), "FANOUT_BI_DSN": server.dsn("bi")}
            settings = Settings.from_environment({**environment, "FANOUT_BI_PARQUET": str(scratch / "parquet")})
            database = published(settings, arguments.merchants)
            (scratch / "csv").mkdir()
            for _ in range(arguments.rounds):
                for part, with_keys in (("bare COPY", False), ("bare COPY, then keys", True)):
                    seconds.setdefault(part, []).append(bare_copy(server, database, scratch / "csv", with_keys=with_keys))
                server.execute("create database bi")
                for part, hand_over in (("load", postgres.load), ("nothing new", postgres.load), ("Parquet", parquet.write)):
                    started = time.perf_counter()
                    hand_over(settings, AS_OF)
                    seconds.setdefault(part, []).append(time.perf_counter() - started)
                server.execute("drop database bi")
                shutil.rmtree(scratch / "parquet")
            rows = json.loads((database.parent / "run.json").read_text())["rows"]
    except MissingProgram as missing:
        print(missing, file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(scratch)
    medians = {part: statistics.median(measured) for part, measured in seconds.items()}
    print(f"{sum(rows.values()):,} rows of {len(rows)} marts")
    for part, median in medians.items():
        print(f"{part:24s} {median:7.1f} s {median / medians['bare COPY']:6.2f}x of the bare COPY")
    return 0


if __name__ == "__main__":
    sys.exit(main())
