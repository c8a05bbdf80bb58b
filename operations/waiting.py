"""DAGs that should have followed and have not: their input came for a day, and no run of theirs began after it.

    python -m operations.waiting            # names them; exit status 1 if there are any
    python -m operations.waiting --start    # starts them
    python -m operations.waiting --watch    # looks every minute and alerts, as a part of `make up` and of the compose file

The watch also tells of marts and exports that are late (`operations.deadlines`).

Airflow itself says nothing of such a day: no run exists that could fail. It comes about where a DAG was paused or did not load
when its input came, or where Airflow lost count. Reads Airflow's database, of the Airflow that `make up` left running or that
the environment names.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contract.settings import SettingError, Settings
from operations import airflow_server, deadlines
from operations.notices import send

LOOK_EVERY_SECONDS = 60
# Older inputs are history: an alert about them would come too late.
LOOK_BACK = timedelta(days=7)
AIRFLOW = "AIRFLOW__DATABASE__"  # settings that name Airflow's database begin with this


@dataclass(frozen=True)
class Waiting:
    """A DAG that has not followed for a key, and since when its input is there."""

    dag_id: str
    key: str
    asset: str
    since: datetime
    is_paused: bool

    def text(self, now: datetime) -> str:
        minutes = (now - self.since) // timedelta(minutes=1)
        why = "; it is paused: switch it on" if self.is_paused else ""
        return (
            f"{self.dag_id} has not begun for {self.key}, {minutes} minutes after its input ({self.asset}){why}; "
            "start it with python -m operations.waiting --start (docs/runbooks/nothing_runs.md)"
        )


def waiting(session: Any, now: datetime, longer_than: timedelta) -> list[Waiting]:
    """Every DAG and key whose input has been there for longer than this, oldest first.

    A run that is queued, or that began after the input came, has seen it, whoever asked for it.
    """
    from airflow.models.asset import AssetEvent, AssetModel, DagScheduleAssetReference
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from sqlalchemy import exists, func, or_, select

    came = func.max(AssetEvent.timestamp)
    newest = (
        select(AssetEvent.asset_id, AssetEvent.partition_key, came.label("since"))
        .where(AssetEvent.partition_key.is_not(None), AssetEvent.timestamp >= now - LOOK_BACK)
        .group_by(AssetEvent.asset_id, AssetEvent.partition_key)
        .having(came < now - longer_than)
        .subquery()
    )
    has_followed = exists().where(
        DagRun.dag_id == DagModel.dag_id,
        DagRun.partition_key == newest.c.partition_key,
        or_(DagRun.start_date.is_(None), DagRun.start_date >= newest.c.since),
    )
    # A DAG that follows an asset since today has missed nothing of yesterday.
    rows = session.execute(
        select(DagModel.dag_id, newest.c.partition_key, AssetModel.name, newest.c.since, DagModel.is_paused)
        .join(DagScheduleAssetReference, DagScheduleAssetReference.dag_id == DagModel.dag_id)
        .join(AssetModel, AssetModel.id == DagScheduleAssetReference.asset_id)
        .join(newest, newest.c.asset_id == AssetModel.id)
        .where(DagScheduleAssetReference.created_at <= newest.c.since, ~has_followed)
        .order_by(newest.c.since, DagModel.dag_id)
    )
    return [Waiting(*row) for row in rows]


def start(session: Any, found: Collection[Waiting], now: datetime) -> None:
    """Start each as a person would who triggers it for the key."""
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.utils.types import DagRunTriggeredByType

    for dag_id, key in sorted({(each.dag_id, each.key) for each in found}):
        run_id = f"manual__{key}__{now:%Y-%m-%dT%H:%M:%S}"
        trigger_dag(dag_id, run_id=run_id, partition_key=key, triggered_by=DagRunTriggeredByType.CLI, session=session)


def alert(found: Collection[Waiting], told: set[Any], now: datetime) -> None:
    """Tell of what nobody has been told of yet."""
    for each in found:
        if each not in told:
            notice = {"dag": each.dag_id, "partition_key": each.key, "text": each.text(now)}
            send(notice, f"{each.dag_id} has not begun")
            told.add(each)


def look(settings: Settings, told: set[Any]) -> None:
    """One look of the watch; a fault of the database or of the alert is said, and tried again with the next."""
    from airflow.utils.session import create_session

    now = datetime.now(UTC)

    def of_dags() -> None:
        with create_session() as session:
            found = waiting(session, now, timedelta(minutes=settings.wait_minutes))
        alert(found, told, now)

    for one in (of_dags, lambda: deadlines.alert(deadlines.missed(settings, now), told, send)):
        try:
            one()
        except Exception as error:
            print(f"{now:%Y-%m-%d %H:%M:%S} {type(error).__name__}: {error}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 if nothing waits or everything was started, 1 if something waits, 2 for an impossible setting."""
    parser = argparse.ArgumentParser(
        prog="python -m operations.waiting", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--start", action="store_true")
    mode.add_argument("--watch", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        if not any(name.startswith(AIRFLOW) for name in os.environ):
            server = airflow_server.find(settings)
            if server is None:
                raise SettingError(f"no Airflow runs in FANOUT_HOME={settings.home}; make up")
            airflow_server.run_within(settings, server, [sys.executable, "-m", "operations.waiting", *sys.argv[1:]])
    except SettingError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    # Airflow's hooks read connections from its database only in a process that says so.
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
    told: set[Any] = set()
    while asked.watch:
        look(settings, told)
        time.sleep(LOOK_EVERY_SECONDS)
    return _once(timedelta(minutes=settings.wait_minutes), asked.start)


def _once(limit: timedelta, is_to_start: bool) -> int:
    from airflow.utils.session import create_session

    now = datetime.now(UTC)
    with create_session() as session:
        found = waiting(session, now, limit)
        for each in found:
            print(each.text(now))
        if is_to_start:
            start(session, found, now)
    if not found:
        print(f"nothing has waited for longer than {limit // timedelta(minutes=1)} minutes")
    return 1 if found and not is_to_start else 0


if __name__ == "__main__":
    sys.exit(main())
