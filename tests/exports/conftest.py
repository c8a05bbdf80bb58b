"""What the tests of the exports share: exported days of the small warehouse, and readers of their files."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from contract.settings import Settings
from exports.write_packs import export
from tests.small_warehouse import AS_OF, SharedHome, published, readable

Rows = list[dict[str, str]]


class Homes:
    """Homes with a day of the small warehouse that was exported, made once for tests that ask for the same."""

    MOST = 8  # of 100 MB each; the tests of a file, which run one after another, ask for few

    def __init__(self, folder: Path):
        self._folder = folder
        self._made: dict[Hashable, SharedHome] = {}
        self._number = count()

    def put(self, settings: Settings, changes: tuple[str, ...], as_of: date) -> None:
        """Give the settings' home such a day: copied where no home is yet, and where it is as good as a new one."""
        if settings.home.exists():
            make(settings, changes, as_of)
            return
        asked = (changes, as_of, replace(settings, home=Path(), landing=Path(), lake=""))
        made = self._made.pop(asked, None)
        if made is None:
            home = self._folder / str(next(self._number))
            make(replace(settings, home=home), changes, as_of)
            made = SharedHome(home)
        self._made[asked] = made
        made.put(settings.home)
        if len(self._made) > self.MOST:
            oldest = self._made.pop(next(iter(self._made)))
            oldest.check()
            shutil.rmtree(oldest.home)

    def check(self) -> None:
        for made in self._made.values():
            made.check()


def make(settings: Settings, changes: tuple[str, ...], as_of: date) -> None:
    readable(settings, *changes, as_of=as_of)
    export(settings, as_of)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    homes = Homes(tmp_path_factory.mktemp("homes"))
    yield homes
    homes.check()


@pytest.fixture
def exported(settings: Settings, homes: Homes) -> Callable[..., Path]:
    """Export a day of the small warehouse, changed by SQL statements, and give the folder.

    All homes have the same key of row ids, but for those that are asked for with `alone`.
    """

    def give(*changes: str, as_of: date = AS_OF, with_settings: Settings = settings, alone: bool = False) -> Path:
        if alone:
            make(with_settings, changes, as_of)
        else:
            homes.put(with_settings, changes, as_of)
        return with_settings.exports / as_of.isoformat()

    return give


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedHome]:
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("small"))})
    published(settings)
    export(settings, AS_OF)
    shared = SharedHome(settings.home)
    yield shared
    shared.check()


@pytest.fixture(scope="session")
def small(small_home: SharedHome) -> Path:
    """The exports of the small warehouse as it is, to read."""
    return small_home.home / "exports" / AS_OF.isoformat()


@pytest.fixture(scope="session")
def rows() -> Callable[[Path], Rows]:
    """The rows of a CSV file as texts."""

    def read(path: Path) -> Rows:
        return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))

    return read
