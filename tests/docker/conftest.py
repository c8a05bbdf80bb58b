"""The images, built once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docker.images import container


@pytest.fixture(scope="session")
def of_platform() -> Iterator[str]:
    """The name of a container of the platform's image."""
    with container("localhost/fanout:test") as name:
        yield name


@pytest.fixture(scope="session")
def of_superset() -> Iterator[str]:
    """The name of a container of Superset's image."""
    with container("localhost/fanout-superset:test", "superset") as name:
        yield name
