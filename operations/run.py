"""One business date from landing files to exports, through an Airflow that is started for it and stopped again.

python -m operations.run [--as-of 2026-03-20]     # what `make run` does once everything is installed
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from contract.object_store import StoreGone, named
from contract.settings import CHECKOUT, SettingError, Settings
from operations import airflow_server
from operations.airflow_server import AirflowError, Server
from operations.follow import Day, failure, follow, name
from operations.landing import choose_as_of, survey
from operations.metadata import end_unfinished_runs, skip_overdue
from operations.readiness import end_of_next_year, require
from operations.summary import summary

_WARNINGS_SHOWN = 20


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 if all DAG runs succeeded, 1 if one failed, 2 for an impossible setting, 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="python -m operations.run", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--as-of", default=os.environ.get("AS_OF"), help="business date, YYYY-MM-DD; default $AS_OF, then the newest dt"
    )
    asked: str | None = parser.parse_args(arguments).as_of
    airflow_server.forward_signals()
    started = time.monotonic()
    try:
        settings = Settings.from_environment()
        require(settings, end_of_next_year(datetime.now(UTC)))
        with airflow_server.only_one(settings):
            _fill_empty_default_landing(settings)
            with named(settings):
                as_of = _look_at_landing(settings, asked)
            with _airflow(settings) as server:
                say(f"Airflow is up after {time.monotonic() - started:.0f} s; {as_of} goes through the DAGs")
                day = follow(airflow_server.client(settings, server), settings, as_of.isoformat(), say)
    except SettingError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    except (AirflowError, StoreGone, OSError, subprocess.CalledProcessError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what was started has been stopped, what was published before stays", file=sys.stderr)
        return 130
    say("")
    if not day.succeeded:
        _tell_failure(day, settings, as_of)
        return 1
    for line in summary(day, settings, as_of):
        say(line)
    say(f"{time.monotonic() - started:.0f} s in all")
    return 0


def say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def _airflow(settings: Settings) -> Iterator[Server]:
    """The Airflow that `make up` left running, else one for this run only.

    Raises:
        SettingError: the running one was started with other settings.
        AirflowError: none could be started.
    """
    server = airflow_server.find(settings)
    if server and server.mode == "up":
        wanted = airflow_server.fanout_settings(settings)
        if server.settings != wanted:
            differing = sorted(key for key in {*server.settings, *wanted} if server.settings.get(key) != wanted.get(key))
            raise SettingError(
                f"the Airflow of this home was started with another {', '.join(differing)}; make down, then again"
            )
        say(f"using the Airflow at {server.base_url}, which stays")
        yield server
        return
    if server:  # left by a run that was killed
        airflow_server.stop(settings, server)
    for unfinished in end_unfinished_runs(airflow_server.database(settings)):
        say(f"  ended as failed, since its Airflow was stopped: {unfinished}")
    skip_overdue(airflow_server.database(settings))
    server = airflow_server.start(settings, "run")
    try:
        yield server
    finally:
        airflow_server.stop(settings, server)


def _fill_empty_default_landing(settings: Settings) -> None:
    if settings.landing == settings.home / "landing" and not survey(settings.landing).files:
        say(f"no deliveries in {settings.landing}: the simulator makes the sample platform")
        subprocess.run([sys.executable, "-m", "simulator", "--out", str(settings.landing)], cwd=CHECKOUT, check=True)


def _look_at_landing(settings: Settings, asked: str | None) -> date:
    found = survey(settings.landing)
    as_of = choose_as_of(asked, found, settings, datetime.now(UTC))
    say(
        f"landing {settings.landing}: {found.files} files of {len(found.days)} days"
        + (f", the newest {found.days[-1]}" if found.days else "")
    )
    for path, why in found.passed_by[:_WARNINGS_SHOWN]:
        say(f"  ignored: {path} {why}")
    if len(found.passed_by) > _WARNINGS_SHOWN:
        say(f"  ignored: {len(found.passed_by) - _WARNINGS_SHOWN} more")
    if found.days and as_of > found.days[-1]:
        say(f"  AS_OF={as_of} is later than the newest delivery")
    return as_of


def _tell_failure(day: Day, settings: Settings, as_of: date) -> None:
    for task in day.failed_tasks:
        reason, lines, log = failure(task, settings)
        print(f"{name(task)} failed for {as_of}: {reason}", file=sys.stderr)
        for line in lines:
            print(f"  | {line}", file=sys.stderr)
        print(f"its log: {log}", file=sys.stderr)
    print("nothing half-made is published; fix the cause and run again", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
