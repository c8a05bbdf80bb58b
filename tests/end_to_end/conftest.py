"""Landings and homes that tests share, and the commands that work on them as processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contract.events import SOURCES
from contract.settings import CHECKOUT

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
NEWEST = DAYS[-1]
NEXT = "2026-03-04"  # not delivered yet
OF_EXAMPLE = "2026-04-24"  # the day of the example landing


def event(number: int, kind: str, day: str, hour: int, **data: Any) -> dict[str, Any]:
    source = kind.partition(".")[0]
    return {
        "specversion": "1.0",
        "id": f"e-{number:04}",
        "source": f"{source}/1",
        "type": f"{kind}.v1",
        "time": f"{day}T{hour:02}:00:00+08:00",
        "data": data,
    }


def events_of(number: int, day: str) -> dict[str, list[dict[str, Any]]]:
    """Events of one day by source: a sharer, a friend who opens and buys, a team that forms, a chat, a live session."""
    n, order, share = 100 * number, f"o-{number}", f"s-{number}"
    shop = [
        event(n + 1, "shop.merchant_onboarded", day, 1, merchant_id="m-1", name="Tea house"),
        event(n + 2, "shop.user_registered", day, 1, user_id=f"u-{number}", region="CN-SH"),
        event(
            n + 3, "shop.share_created", day, 2, merchant_id="m-1", share_id=share, user_id="u-1",
            object_type="product", object_id="p-1", channel="group",
        ),
        event(n + 4, "shop.share_opened", day, 3, merchant_id="m-1", share_id=share, user_id="u-2"),
        event(
            n + 5, "shop.order_paid", day, 4, merchant_id="m-1", order_id=order, user_id="u-2",
            amount="10.00", currency="CNY", via_share_id=share,
        ),
        event(
            n + 6, "shop.order_paid", day, 5, merchant_id="m-1", order_id="o-x", user_id="u-2", amount="1.00", currency="EUR",
        ),
    ]  # fmt: skip
    group = [
        event(n + 11, "group.chat_created", day, 1, group_id=f"g-{number}", owner_id="u-1", merchant_id="m-1"),
        event(
            n + 12, "group.team_opened", day, 2, merchant_id="m-1", team_id=f"t-{number}", leader_id="u-1",
            product_id="p-1", size_required=2, expires_at=f"{day}T12:00:00+08:00", region="CN-SH",
        ),
        event(n + 13, "group.team_joined", day, 3, team_id=f"t-{number}", user_id="u-2"),
    ]  # fmt: skip
    stream = [event(n + 21, "stream.live_started", day, 1, live_id=f"l-{number}", merchant_id="m-1")]
    return {"shop": shop, "group": group, "stream": stream}


def deliver(landing: Path, day: str, name: str = "part-0000", sources: Collection[str] = SOURCES) -> None:
    for source, events in events_of((*DAYS, NEXT).index(day) + 1, day).items():
        if source not in sources:
            continue
        file = landing / source / f"dt={day}" / f"{name}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(line) + "\n" for line in events))


@dataclass(frozen=True)
class Place:
    """A landing and a home, and the commands that work on them."""

    landing: Path
    home: Path

    def environ(self, **settings: str) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("FANOUT_", "AIRFLOW"))}
        own = {"FANOUT_LANDING": str(self.landing), "FANOUT_HOME": str(self.home), "FANOUT_SPARK_MEMORY": "2g"}
        return inherited | own | settings

    def start(self, module: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=CHECKOUT, env=self.environ(**settings), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, module: str, *arguments: str, **settings: str) -> tuple[int, str]:
        """Exit status of the command, and all that it said."""
        process = self.start(module, *arguments, **settings)
        out, _ = process.communicate(timeout=1_500)
        return process.returncode, out

    def ingest(self, **settings: str) -> None:
        for source in SOURCES:
            status, out = self.run("spark_jobs.ingest", "--source", source, **settings)
            assert status == 0, out

    def work_out(self, as_of: str, *steps: str) -> None:
        for step in steps:
            status, out = self.run(*step.split(), "--as-of", as_of)
            assert status == 0, out

    def current(self, day: str | None = None) -> Path:
        return (self.home / "published" / (day or "") / "current").resolve()

    def copy(self, folder: Path) -> Place:
        """The same once more in a folder, for a test that changes something."""
        shutil.copytree(self.landing, folder / "landing")
        shutil.copytree(self.home, folder / "home", symlinks=True)
        return Place(folder / "landing", folder / "home")


@pytest.fixture(scope="session")
def make_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    """Places of the three days, with nothing in their homes."""

    def make() -> Place:
        folder = tmp_path_factory.mktemp("place")
        for day in DAYS:
            deliver(folder / "landing", day)
        return Place(folder / "landing", folder / "home")

    return make


@pytest.fixture(scope="session")
def example_lake(tmp_path_factory: pytest.TempPathFactory, shared_example: Path) -> Place:
    """The example landing and a lake that it was loaded into. Who works further on it leaves the tables of events alone."""
    place = Place(shared_example / "landing", tmp_path_factory.mktemp("example"))
    place.ingest()
    return place


def compare(warehouse: Path, shared_example: Path) -> subprocess.CompletedProcess[str]:
    """What the example's own program says of a warehouse."""
    command = [sys.executable, "-B", str(shared_example / "compare.py"), str(warehouse), str(shared_example / "expected.json")]
    return subprocess.run(command, capture_output=True, text=True)
