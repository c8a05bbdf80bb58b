"""A process of maintenance that is killed at any step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from contract.settings import CHECKOUT, Settings
from maintenance.__main__ import maintain
from maintenance.search import search
from tests.maintenance.small_home import DAY, FORGOTTEN, KEPT, derive, events
from tests.maintenance.test_maintain import marts


@pytest.mark.acceptance
def test_a_process_that_is_killed_loses_nothing(home: Settings) -> None:
    """SIGKILL, as soon as the process has begun with each table."""
    rows, shown = events(home), marts(home)
    code = (
        "import sys; from datetime import date\n"
        "from contract.settings import Settings; from maintenance.__main__ import maintain\n"
        "def step(name): print(name, flush=True); sys.stdin.readline()\n"
        f"maintain(Settings.from_environment(), date({DAY.year}, {DAY.month}, {DAY.day}), step)"
    )
    environ = {**os.environ, "FANOUT_HOME": str(home.home), "FANOUT_LANDING": str(home.landing), "PYTHONPATH": str(CHECKOUT)}
    kills = 0
    for number in range(200):
        derive(home, DAY, [KEPT])
        child = subprocess.Popen(
            [sys.executable, "-c", code], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
        )
        assert child.stdin is not None
        assert child.stdout is not None
        for _ in range(number):
            if not child.stdout.readline():
                break
            child.stdin.write("\n")
            child.stdin.flush()
        is_going = child.stdout.readline() != ""
        child.send_signal(signal.SIGKILL) if is_going else None
        child.stdin.close()
        child.wait()
        assert events(home) == rows
        assert marts(home) == shown
        if not is_going:
            break
        kills += 1
    assert kills > 10
    maintain(home, DAY)
    assert search(home, {FORGOTTEN}).findings == []
