"""The default sample, made and read once for all tests of the room."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.__main__ import DAYS, END, EVENTS
from simulator.platform import Plan, simulate
from tests.simulator.landing import Landing, read_landing

SEED = 7
FUTURE_DAYS = 90


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulator") / "sample"
    simulate(Plan(SEED, EVENTS, DAYS, END, FUTURE_DAYS), out)
    return out


@pytest.fixture(scope="session")
def sample(sample_folder: Path) -> Landing:
    return read_landing(sample_folder, json.loads((sample_folder / "_truth.json").read_bytes()))
