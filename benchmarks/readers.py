"""Readers through publications: what they see, and how long they wait, beside the same readers without publications.

    python -m benchmarks.readers [--readers 20] [--publications 50] [--every 2] [--merchants 1000] [--pause 0.5]

Each reader asks again and again, with a pause between. In one connection to the file, or one transaction in PostgreSQL, it
reads the number of the publication from several marts and adds up a large one. Nobody may see an error, marts of two
publications, or an older publication after a newer one. A publication begins every so many seconds. The warehouse is that of
`benchmarks.exports`, the server one of the measurement's own.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import psycopg2

from benchmarks._postgres import MissingProgram, running
from benchmarks.postgres import AS_OF, passed, published
from contract.settings import Settings
from publication import postgres
from publication.publish import publish
from publication.versions import CURRENT, DATABASE

# A column of several marts is the number of the publication; the last query is what a chart asks.
MARKS = {"merchant_churn_flags": "expected_loss", "per_fan_revenue": "direct_revenue", "growth_split": "revenue"}
CHART = "select date, sum(revenue), count(*) from marts.daily_merchant group by date order by date"

Ask = Callable[[], list[int]]  # the number of the publication, from each mart


def changes(number: int) -> list[str]:
    """What makes the warehouse that of a publication."""
    return [f"update marts.{mart} set {column} = {number}" for mart, column in MARKS.items()]


def _queries() -> list[str]:
    return [
        f"select cast(max({column}) as integer), cast(min({column}) as integer) from marts.{mart}"
        for mart, column in MARKS.items()
    ]


@contextmanager
def file_reader(database: Path) -> Iterator[Ask]:
    """A reader that connects to the published file each time, as a pool that keeps nothing does."""

    def ask() -> list[int]:
        with duckdb.connect(str(database), read_only=True) as con:
            seen = [number for query in _queries() for number in con.execute(query).fetchall()[0]]
            con.execute(CHART).fetchall()
            return seen

    yield ask


@contextmanager
def postgres_reader(dsn: str) -> Iterator[Ask]:
    """A reader that keeps its connection, and reads in one transaction each time."""
    with closing(psycopg2.connect(dsn)) as connection:

        def ask() -> list[int]:
            seen = []
            with connection, connection.cursor() as cursor:
                for query in _queries():
                    cursor.execute(query)
                    seen += cursor.fetchone() or ()
                cursor.execute(CHART)
                cursor.fetchall()
            return seen

        yield ask


@dataclass
class Reading:
    """What a reader saw, in order, and how long each answer took."""

    seen: list[list[int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    error: str | None = None

    def faults(self) -> list[str]:
        """What a reader must never see."""
        found = [self.error] if self.error else []
        found += [f"marts of several publications at once: {numbers}" for numbers in self.seen if len(set(numbers)) > 1]
        newest = [max(numbers) for numbers in self.seen]
        found += [f"{after} after {before}" for before, after in pairwise(newest) if after < before]
        return found


def read(reader: AbstractContextManager[Ask], stop: threading.Event, pause: float, reading: Reading) -> None:
    """Ask until told to stop, and once more then."""
    try:
        with reader as ask:
            while True:
                is_last = stop.is_set()
                started = time.perf_counter()
                reading.seen.append(ask())
                reading.seconds.append(time.perf_counter() - started)
                if is_last:
                    return
                stop.wait(pause)
    except Exception as error:
        reading.error = f"{type(error).__name__}: {error}"


def through(readers: list[AbstractContextManager[Ask]], work: Callable[[], object], pause: float) -> list[Reading]:
    """What readers see while work is done."""
    stop = threading.Event()
    readings = [Reading() for _ in readers]
    threads = [
        threading.Thread(target=read, args=(reader, stop, pause, reading))
        for reader, reading in zip(readers, readings, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        work()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return readings


def p95(readings: list[Reading]) -> float:
    return statistics.quantiles([seconds for reading in readings for seconds in reading.seconds], n=20)[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--publications", type=int, default=50)
    parser.add_argument("--every", type=float, default=2.0, help="seconds from one publication to the next")
    parser.add_argument("--merchants", type=int, default=1_000)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two questions of a reader")
    arguments = parser.parse_args()
    faults = []
    try:
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fanout-readers-")))
            server = stack.enter_context(running())
            server.execute("create database bi")
            settings = Settings.from_environment({"FANOUT_HOME": str(scratch), "FANOUT_BI_DSN": server.dsn("bi")})
            published(settings, arguments.merchants)
            numbers = iter(range(1, sys.maxsize))

            def next_publication(*, to_postgres: bool) -> None:
                with duckdb.connect(str(settings.warehouse(AS_OF))) as con:
                    for change in changes(next(numbers)):
                        con.execute(change)
                passed(settings)
                publish(settings, AS_OF)
                if to_postgres:
                    postgres.load(settings, AS_OF)

            next_publication(to_postgres=True)
            file = settings.published / CURRENT / DATABASE
            stores: dict[str, Callable[[], Any]] = {
                "DuckDB file": lambda: file_reader(file),
                "PostgreSQL": lambda: postgres_reader(server.dsn("bi")),
            }
            for store, reader in stores.items():
                to_postgres = store == "PostgreSQL"
                started = time.perf_counter()

                def publish_all(to_postgres: bool = to_postgres, started: float = started) -> None:
                    for number in range(arguments.publications):
                        time.sleep(max(0.0, started + arguments.every * number - time.perf_counter()))
                        next_publication(to_postgres=to_postgres)

                busy = through([reader() for _ in range(arguments.readers)], publish_all, arguments.pause)
                seconds = time.perf_counter() - started
                quiet = through(
                    [reader() for _ in range(arguments.readers)], lambda wait=seconds: time.sleep(wait), arguments.pause
                )
                faults += [fault for reading in (*busy, *quiet) for fault in reading.faults()]
                answers = sum(len(reading.seen) for reading in busy)
                print(
                    f"{store:12s} {answers:7,} answers through {arguments.publications} publications in {seconds:.0f} s: "
                    f"p95 {1e3 * p95(busy):.0f} ms, without {1e3 * p95(quiet):.0f} ms, {p95(busy) / p95(quiet):.2f}x"
                )
    except MissingProgram as missing:
        print(missing, file=sys.stderr)
        return 2
    print(f"load {os.getloadavg()[0]:.1f}; {len(faults)} faults")
    print(*faults[:10], sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
