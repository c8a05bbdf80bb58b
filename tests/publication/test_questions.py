"""The questions of docs/analysts.md have the same answers in PostgreSQL as in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from benchmarks._postgres import Server
from contract.settings import CHECKOUT, Settings
from publication import postgres
from tests.small_warehouse import AS_OF, FOR_ANALYSTS, published

QUESTIONS = re.findall(r"```sql\n(.*?)```", (CHECKOUT / "docs" / "analysts.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def both(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any]]:
    """The published file, and a connection to a database that it was loaded into."""
    server.execute("create database questions")
    environment = {"FANOUT_HOME": str(tmp_path_factory.mktemp("home")), "FANOUT_BI_DSN": server.dsn("questions")}
    settings = Settings.from_environment(environment)
    folder = published(settings, *FOR_ANALYSTS)
    postgres.load(settings, AS_OF)
    with closing(psycopg2.connect(server.dsn("questions"))) as connection:
        connection.autocommit = True
        yield folder / "fanout.duckdb", connection
    server.execute("drop database questions with (force)")


def _comparable(value: Any) -> Any:
    """A value without its type: PostgreSQL divides to decimals, and cuts a date to an instant."""
    match value:
        case bool():
            return value
        case int() | float() | Decimal():
            return f"{float(value):.9g}"
        case datetime():
            return value.date() if (value.hour, value.minute, value.second) == (0, 0, 0) else value
        case _:
            return value


def _rows(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(map(_comparable, row)) for row in rows]


def test_what_differs_in_type_alone_is_equal() -> None:
    assert _rows([(1, Decimal("0.10"), datetime(2026, 3, 2))]) == _rows([(1.0, 0.1, date(2026, 3, 2))])
    assert _rows([(1, True)]) != _rows([(2, True)])


@pytest.mark.parametrize("query", QUESTIONS)
def test_the_answer_is_that_of_the_file(both: tuple[Path, Any], query: str) -> None:
    database, connection = both
    with duckdb.connect(str(database), read_only=True) as con:
        expected = con.execute(query).fetchall()
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchall()
    assert expected
    assert _rows(found) == _rows(expected)
