"""A PostgreSQL for tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks._postgres import MissingProgram, Server, running


@contextmanager
def running_postgres(*options: str) -> Iterator[Server]:
    """A server whose data no crash of the machine has to spare; the test is skipped where the programs are missing."""
    try:
        with running("fsync=off", *options) as server:
            yield server
    except MissingProgram as missing:
        pytest.skip(str(missing))
