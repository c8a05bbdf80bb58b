"""A platform whose lists of calls come back: two published days with their workbooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from contract.settings import Settings
from exports.returns.__main__ import run
from exports.write_packs import export
from tests.exports.pages.test_workbook import named
from tests.small_warehouse import AS_OF, SharedHome, published

DAY_AFTER = AS_OF + timedelta(days=1)
INPUTS = ("Called on", "Result", "Next call on", "Note")
Grid = list[list[Any]]


@dataclass(frozen=True)
class Office:
    """Where account managers work: they fill in what was delivered to them, and lay it into the folder of returns."""

    settings: Settings

    def sheet(self, manager: str = "amy", day: date = AS_OF) -> Grid:
        """The sheet *Today* from its heads on, as it was delivered."""
        path = self.settings.exports / day.isoformat() / "managers" / manager / "workbook.xlsx"
        rows = [list(row) for row in openpyxl.load_workbook(path)["Today"].iter_rows(min_row=3, values_only=True)]
        return [row for row in rows if row[2] is not None]

    def filled(self, outcomes: Mapping[str, Sequence[Any]], manager: str = "amy", day: date = AS_OF) -> Grid:
        """That sheet with outcomes by merchant: called on, result, next call on, note."""
        grid = self.sheet(manager, day)
        assert outcomes.keys() <= {row[2] for row in grid}
        for row in grid:
            if row[2] in outcomes:
                row[-5:-1] = outcomes[row[2]]
        return grid

    def lay(self, grid: Grid, name: str = "Today.xlsx") -> Path:
        """Save a sheet as a workbook that has a title and a note above it, as the delivered one."""
        book = openpyxl.Workbook()
        page = book.active
        assert page is not None
        page.append(["Call today"])
        page.append(["a note"])
        for row in grid:
            page.append(row)
        self.settings.returns.mkdir(parents=True, exist_ok=True)
        book.save(self.settings.returns / name)
        return self.settings.returns / name

    def run(self, as_of: date = DAY_AFTER) -> dict[str, Any]:
        return run(self.settings, as_of)

    def landed(self) -> list[dict[str, Any]]:
        """The lines of the landing, file by file."""
        files = sorted((self.settings.landing_folder / "shop").glob("dt=*/success_calls_*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def answers(self, rows: Callable[[Path], list[dict[str, str]]]) -> list[list[str]]:
        """The lines of the only answer."""
        [path] = (self.settings.returns / "answers").iterdir()
        return [list(row.values()) for row in rows(path)]

    def waiting(self) -> set[str]:
        return {path.name for path in self.settings.returns.iterdir() if path.is_file() and path.name != ".lock"}


@pytest.fixture(scope="session")
def office_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedHome]:
    """amy has m-1, m-10, m-11 and 007; on the day after, bob has m-1."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("office"))})
    more = [statement.replace("'m-12'", "'007'") for statement in named("Ten", "十一", "Seven")]
    published(settings, *more)
    export(settings, AS_OF)
    published(settings, *more, "update marts.merchants set account_manager = 'bob' where merchant_id = 'm-1'", as_of=DAY_AFTER)
    export(settings, DAY_AFTER)
    shared = SharedHome(settings.home)
    yield shared
    shared.check()


@pytest.fixture
def office(settings: Settings, office_home: SharedHome) -> Office:
    office_home.put(settings.home)
    return Office(settings)
