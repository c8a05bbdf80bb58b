"""Readers through publications: what they see, and how long they wait, beside the same readers without publications.

    python -m benchmarks.readers [--readers 20] [--publications 50] [--rounds 5] [--every 2] [--merchants 300] [--pause 1]

Each reader asks again and again, with a pause between. In one connection to the file, or one transaction in PostgreSQL, it
reads the number of the publication from several marts and adds up a large one. Nobody may see an error, marts of two
publications, or an older publication after a newer one. A publication begins every so many seconds, in a process that leaves
the processors to the readers: what is measured is what a publication does to readers, not how two programs share two
processors. The warehouse is that of `benchmarks.exports`, the server one of the measurement's own.
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
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

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
            seen: list[int] = []
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


def read(reader: AbstractContextManager[Ask], stop: threading.Event, delay: float, pause: float, reading: Reading) -> None:
    """Ask until told to stop, and once more then."""
    stop.wait(delay)
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
        threading.Thread(target=read, args=(reader, stop, pause * number / len(readers), pause, reading))
        for number, (reader, reading) in enumerate(zip(readers, readings, strict=True))
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


def publish_next(settings: Settings, number: int, *, to_postgres: bool) -> None:
    """Publish the warehouse with a number, and hand it over."""
    with duckdb.connect(str(settings.warehouse(AS_OF)), config={"threads": 1}) as con:
        for change in changes(number):
            con.execute(change)
    passed(settings)
    publish(settings, AS_OF)
    if to_postgres:
        postgres.load(settings, AS_OF)


def publish_all(settings: Settings, numbers: list[int], every: float, to_postgres: bool) -> None:
    """Publish one after another, in a process that leaves the processors to readers."""
    os.nice(10)
    started = time.perf_counter()
    for position, number in enumerate(numbers):
        time.sleep(max(0.0, started + every * position - time.perf_counter()))
        publish_next(settings, number, to_postgres=to_postgres)


def in_a_process(*arguments: object) -> None:
    publisher = get_context("spawn").Process(target=publish_all, args=arguments)
    publisher.start()
    publisher.join()
    if publisher.exitcode:
        raise SystemExit(f"the publisher ended with status {publisher.exitcode}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--publications", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5, help="turns in which they are made")
    parser.add_argument("--every", type=float, default=2.0, help="seconds from one publication to the next")
    parser.add_argument("--merchants", type=int, default=300)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two questions of a reader")
    arguments = parser.parse_args()
    faults: list[str] = []
    try:
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fanout-readers-")))
            server = stack.enter_context(running())
            server.execute("create database bi")
            settings = Settings.from_environment({"FANOUT_HOME": str(scratch), "FANOUT_BI_DSN": server.dsn("bi")})
            published(settings, arguments.merchants)
            publish_next(settings, 1, to_postgres=True)
            file = settings.published / CURRENT / DATABASE
            stores: dict[str, Callable[[], AbstractContextManager[Ask]]] = {
                "DuckDB file": lambda: file_reader(file),
                "PostgreSQL": lambda: postgres_reader(server.dsn("bi")),
            }
            numbers = iter(range(2, sys.maxsize))
            for store, reader in stores.items():
                busy: list[Reading] = []
                quiet: list[Reading] = []
                # In turns, since the machine has other work, too.
                for _ in range(arguments.rounds):
                    few = [next(numbers) for _ in range(arguments.publications // arguments.rounds)]
                    publications = partial(in_a_process, settings, few, arguments.every, store == "PostgreSQL")
                    started = time.perf_counter()
                    busy += through([reader() for _ in range(arguments.readers)], publications, arguments.pause)
                    waiting = partial(time.sleep, time.perf_counter() - started)
                    quiet += through([reader() for _ in range(arguments.readers)], waiting, arguments.pause)
                seen = [fault for reading in (*busy, *quiet) for fault in reading.faults()]
                faults += seen
                answers = sum(len(reading.seen) for reading in busy)
                print(
                    f"{store:12s} {answers:7,} answers, {len(seen)} faults: p95 {1e3 * p95(busy):.0f} ms, without publications "
                    f"{1e3 * p95(quiet):.0f} ms, {p95(busy) / p95(quiet):.2f}x; load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
    except MissingProgram as missing:
        print(missing, file=sys.stderr)
        return 2
    print(*faults[:10], sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
