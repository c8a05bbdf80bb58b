"""Readers through publications: no error, no mixed version, nobody goes back. `benchmarks.readers` measures their waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pytest

from benchmarks._postgres import Server
from benchmarks.readers import Ask, Reading, changes, file_reader, postgres_reader, through
from contract.settings import Settings
from publication import postgres
from publication.publish import publish
from publication.versions import CURRENT, DATABASE
from tests.small_warehouse import AS_OF, passed

FEW = ("merchant_churn_flags", "per_fan_revenue", "growth_split", "daily_merchant")
READERS = 6
PUBLICATIONS = 5


def publish_number(settings: Settings, number: int) -> None:
    passed(settings, *changes(number), only=FEW)
    publish(settings, AS_OF)


def read_through(readers: list[AbstractContextManager[Ask]], publish_next: Callable[[int], None]) -> list[Reading]:
    """What readers see while publications 2 and following are made, each after all have answered once more."""
    answered = [threading.Event() for _ in readers]

    @contextmanager
    def counted(reader: AbstractContextManager[Ask], event: threading.Event) -> Iterator[Ask]:
        with reader as ask:

            def ask_and_tell() -> list[int]:
                numbers = ask()
                event.set()
                return numbers

            yield ask_and_tell

    def work() -> None:
        for number in range(2, PUBLICATIONS + 2):
            for event in answered:
                event.clear()
                assert event.wait(60)
            publish_next(number)

    return through([counted(reader, event) for reader, event in zip(readers, answered, strict=True)], work, pause=0)


def judged(readings: list[Reading]) -> None:
    assert [fault for reading in readings for fault in reading.faults()] == []
    for reading in readings:
        assert len(reading.seen) > PUBLICATIONS
        assert set(reading.seen[0]) == {1}
        assert set(reading.seen[-1]) == {PUBLICATIONS + 1}


def test_readers_of_the_file(tmp_path: Path) -> None:
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path)})
    publish_number(settings, 1)
    file = settings.published / CURRENT / DATABASE
    judged(read_through([file_reader(file) for _ in range(READERS)], lambda number: publish_number(settings, number)))


def test_readers_of_postgresql(tmp_path: Path, server: Server, database: str) -> None:
    dsn = server.dsn(database)
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path), "FANOUT_BI_DSN": dsn})

    def hand_over(number: int) -> None:
        publish_number(settings, number)
        postgres.load(settings, AS_OF)

    hand_over(1)
    judged(read_through([postgres_reader(dsn) for _ in range(READERS)], hand_over))


@pytest.mark.parametrize(
    ("seen", "error", "fault"),
    [
        ([[1, 1], [1, 2]], None, "marts of several publications at once: [1, 2]"),
        ([[2, 2], [1, 1]], None, "1 after 2"),
        ([[1, 1]], "IOException: gone", "IOException: gone"),
    ],
    ids=["mixed", "back", "error"],
)
def test_what_a_reader_must_not_see_is_told(seen: list[list[int]], error: str | None, fault: str) -> None:
    assert Reading(seen, [], error).faults() == [fault]


def test_a_reader_that_fails_says_so(tmp_path: Path) -> None:
    [reading] = through([file_reader(tmp_path / "missing.duckdb")], lambda: None, pause=0)
    assert len(reading.faults()) == 1
    assert "missing.duckdb" in reading.faults()[0]


def test_a_file_that_is_changed_in_place_is_noticed(tmp_path: Path) -> None:
    """The twin: were marts written one after another where readers look, a reader would see two publications at once."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path)})
    publish_number(settings, 1)
    file = (settings.published / CURRENT / DATABASE).resolve()
    file.chmod(0o644)
    with duckdb.connect(str(file)) as con:
        con.execute(changes(2)[0])
    [reading] = through([file_reader(file)], lambda: None, pause=0)
    assert "several publications" in reading.faults()[0]
