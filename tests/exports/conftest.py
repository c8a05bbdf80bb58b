"""What the tests of the exports share: exported days of the small warehouse, and readers of their files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from contract.settings import Settings
from exports.write_packs import export
from tests.small_warehouse import AS_OF, published

Rows = list[dict[str, str]]


@pytest.fixture
def exported(settings: Settings) -> Callable[..., Path]:
    """Publish a day of the small warehouse, changed by SQL statements, export it, and give the folder."""

    def make(*changes: str, as_of: date = AS_OF, with_settings: Settings = settings) -> Path:
        published(with_settings, *changes, as_of=as_of)
        export(with_settings, as_of)
        return with_settings.exports / as_of.isoformat()

    return make


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of the small warehouse as it is, to read."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("small"))})
    published(settings)
    export(settings, AS_OF)
    return settings.exports / AS_OF.isoformat()


@pytest.fixture(scope="session")
def rows() -> Callable[[Path], Rows]:
    """The rows of a CSV file as texts."""

    def read(path: Path) -> Rows:
        return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))

    return read
