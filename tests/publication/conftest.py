"""A PostgreSQL for the tests that need one, with a database for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from benchmarks._postgres import Server
from tests.postgres import running_postgres

_NUMBERS = count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_postgres("shared_buffers=32MB") as started:
        yield started


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The name of an empty database of the test's own."""
    name = f"test_{next(_NUMBERS)}"
    server.execute(f"create database {name}")
    yield name
    server.execute(f"drop database {name} with (force)")
