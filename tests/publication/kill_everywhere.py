"""Kill a publication at every file operation it makes, one after the other, and let the next one heal it.

    python kill_everywhere.py HOME SCRATCH

HOME has two published versions of three marts and of `published`, and a third warehouse that passed its gate; `expected_loss`
is the version's number, for two merchants. FANOUT_KEEP_VERSIONS is 2, so that a removal is among the operations.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import duckdb

from contract.settings import Settings
from publication.publish import publish
from tests.small_warehouse import AS_OF

OPERATIONS = {"open", "os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"}
ENDED = 7  # status of a child that was not killed


def in_child(work: Callable[[], int]) -> int:
    """Run `work` in a fork; returns its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(work())
        except BaseException:  # a fork that leaves by itself would wait for DuckDB's threads, which it does not have
            traceback.print_exc()
            os._exit(1)
    return os.waitpid(pid, 0)[1]


def publish_until(operation: int, settings: Settings) -> int:
    """Publish, and die of SIGKILL right before the file operation of this number."""
    left = [operation]

    def count(event: str, arguments: tuple[object, ...]) -> None:
        if event in OPERATIONS and str(settings.published) in str(arguments[0]):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    publish(settings, AS_OF)
    return ENDED


def seen(settings: Settings) -> int:
    """The number of the version that a reader sees."""
    with duckdb.connect(str(settings.published / "current" / "fanout.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(5,)]
        number = int(con.execute("select max(expected_loss) from marts.merchant_churn_flags").fetchall()[0][0])
        assert con.execute("select version from marts.published").fetchall() == [(f"v00000{number}",)]
    run = json.loads((settings.published / "current" / "run.json").read_text())
    assert run["version"] == f"v00000{number}", run["version"]
    return number


def heal(settings: Settings) -> int:
    publish(settings, AS_OF)
    assert seen(settings) == 3
    day = settings.published / AS_OF.isoformat()
    assert sorted(path.name for path in day.iterdir()) == ["current", "v000002", "v000003"], list(day.iterdir())
    assert sorted(path.name for path in settings.published.iterdir()) == [".lock", AS_OF.isoformat(), "current"]
    return ENDED


def main(home: Path, scratch: Path) -> None:
    sights: list[int] = []
    for operation in range(200):
        copy = scratch / str(operation)
        shutil.copytree(home, copy, symlinks=True)
        settings = Settings.from_environment({"FANOUT_HOME": str(copy), "FANOUT_KEEP_VERSIONS": "2"})
        status = in_child(partial(publish_until, operation, settings))
        sights.append(os.waitstatus_to_exitcode(in_child(partial(seen, settings))))
        assert os.waitstatus_to_exitcode(in_child(partial(heal, settings))) == ENDED, operation
        shutil.rmtree(copy)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == ENDED
            break
    assert set(sights) == {2, 3}, sights
    print(json.dumps({"kills": operation, "seen_before": sights.count(2), "seen_after": sights.count(3)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
