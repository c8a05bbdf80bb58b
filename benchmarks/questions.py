"""The questions of docs/analysts.md on the marts of ten million events, in DuckDB and in PostgreSQL.

    python -m benchmarks.questions [--published data/published/current] [--events 10000000] [--rounds 20]

The marts are those of a published day, such as the sample's, as often beside each other as it takes; each copy has merchants
and people of its own. The file is opened for each question, as a pool that keeps nothing does, with the engine parameters of
the page. PostgreSQL has the settings that it is installed with, and one connection.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb
import psycopg2

from benchmarks._copies import multiply
from benchmarks._postgres import MissingProgram, running
from benchmarks.postgres import AS_OF, passed
from contract.settings import CHECKOUT, Settings
from publication import postgres
from publication.publish import current_database, publish
from publication.versions import CURRENT, DATABASE

QUESTION = re.compile(r"^(\d+)\. .*?\n```sql\n(.*?)```", re.MULTILINE | re.DOTALL)
LIMITS: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "2GB", "enable_external_access": False}


def questions() -> dict[int, str]:
    page = (CHECKOUT / "docs" / "analysts.md").read_text()
    return {int(number): query for number, query in QUESTION.findall(page)}


def seconds(ask: Callable[[str], object], query: str, rounds: int) -> list[float]:
    """How long each answer took, in order of their length."""
    measured = []
    for _ in range(rounds):
        started = time.perf_counter()
        ask(query)
        measured.append(time.perf_counter() - started)
    return sorted(measured)


def p95(measured: list[float]) -> float:
    return statistics.quantiles(measured, n=20, method="inclusive")[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--published", type=Path, default=Settings.from_environment().published / CURRENT)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    if not (arguments.published / DATABASE).is_file():
        print(f"{arguments.published / DATABASE} is missing; run: make run, or name a folder by --published", file=sys.stderr)
        return 2
    try:
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fanout-questions-")))
            server = stack.enter_context(running())
            server.execute("create database bi")
            settings = Settings.from_environment({"FANOUT_HOME": str(scratch), "FANOUT_BI_DSN": server.dsn("bi")})
            settings.warehouse(AS_OF).parent.mkdir(parents=True)
            copies = multiply(arguments.published / DATABASE, settings.warehouse(AS_OF), arguments.events)
            passed(settings)
            publish(settings, AS_OF)
            settings.warehouse(AS_OF).unlink()
            rows = postgres.load(settings, AS_OF)["rows"]
            file = current_database(settings, AS_OF)
            print(f"{copies} copies, {rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f}")
            connection = stack.enter_context(closing(psycopg2.connect(server.dsn("bi"))))
            connection.autocommit = True
            cursor = connection.cursor()

            def ask_file(query: str) -> None:
                with duckdb.connect(str(file), read_only=True, config=LIMITS) as con:
                    con.execute(query).fetchall()

            def ask_postgres(query: str) -> None:
                cursor.execute(query)
                cursor.fetchall()

            print("| question | DuckDB, p50 ms | p95 ms | PostgreSQL, p50 ms | p95 ms |\n|---|---|---|---|---|")
            slowest = 0.0
            for number, query in questions().items():
                in_file = seconds(ask_file, query, arguments.rounds)
                in_postgres = seconds(ask_postgres, query, arguments.rounds)
                slowest = max(slowest, p95(in_file))
                cells = [statistics.median(in_file), p95(in_file), statistics.median(in_postgres), p95(in_postgres)]
                print(f"| {number} | {' | '.join(f'{1e3 * cell:,.0f}' for cell in cells)} |", flush=True)
            print(f"slowest p95 in DuckDB {slowest:.2f} s; load {os.getloadavg()[0]:.1f}")
    except MissingProgram as missing:
        print(missing, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
