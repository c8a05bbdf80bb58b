"""DAGs that have not followed: which are named, that each is told of once, and what starts them.

The tables are those of Airflow's own models; `tests/dags/test_postgres.py` has the same on a real deployment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operations import waiting as module
from operations.waiting import Waiting, alert, waiting
from tests.conftest import Webhook

NOW = datetime(2026, 3, 21, 6, tzinfo=UTC)
KEY = "2026-03-20"
LIMIT = timedelta(minutes=30)


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


class Metadata:
    """Airflow's tables with `build_models`, which follows `events`, and `build_marts`, which follows `models`."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.runs = 0
        for number, (asset, dag_id) in enumerate([("events", "build_models"), ("models", "build_marts")], 1):
            self.insert("asset", id=number, name=asset, uri=asset)
            self.insert("dag", dag_id=dag_id, is_paused=False)
            self.insert("dag_schedule_asset_reference", asset_id=number, dag_id=dag_id, created_at=ago(9999))

    def insert(self, table: str, **values: Any) -> None:
        """A row with these values; what else must have one is of no account."""
        from airflow.models.base import Base

        columns = Base.metadata.tables[table].columns
        needed = [column for column in columns if not column.nullable and not column.default and not column.primary_key]
        others = {column.name: NOW if column.name.endswith("_at") else 0 for column in needed}
        self.session.execute(Base.metadata.tables[table].insert().values(others | values))

    def update(self, table: str, **values: Any) -> None:
        from airflow.models.base import Base

        self.session.execute(Base.metadata.tables[table].update().values(**values))

    def came(self, asset: int, at: datetime, key: str | None = KEY) -> None:
        self.insert("asset_event", asset_id=asset, timestamp=at, partition_key=key)

    def ran(self, dag_id: str, start: datetime | None, key: str = KEY) -> None:
        self.runs += 1
        run_id = f"run_{self.runs}"
        self.insert("dag_run", dag_id=dag_id, run_id=run_id, partition_key=key, start_date=start, run_after=NOW)

    def found(self) -> list[Waiting]:
        return waiting(self.session, NOW, LIMIT)


@pytest.fixture
def metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Metadata]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    from airflow.models import import_all_models
    from airflow.models.base import Base
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    import_all_models()  # type: ignore[no-untyped-call]
    engine = create_engine("sqlite://")
    tables = ("asset", "asset_event", "dag", "dag_run", "dag_schedule_asset_reference", "log_template")
    Base.metadata.create_all(engine, [Base.metadata.tables[table] for table in tables])
    with Session(engine) as session:
        yield Metadata(session)


def test_a_dag_whose_input_came_and_that_did_not_begin_is_named(metadata: Metadata) -> None:
    metadata.came(1, ago(40))
    metadata.came(2, ago(90))
    metadata.came(2, ago(29), key="2026-03-19")
    assert metadata.found() == [
        Waiting("build_marts", KEY, "models", ago(90), is_paused=False),
        Waiting("build_models", KEY, "events", ago(40), is_paused=False),
    ]
    assert (
        metadata.found()[1]
        .text(NOW)
        .startswith("build_models has not begun for 2026-03-20, 40 minutes after its input (events)")
    )


@pytest.mark.parametrize(
    ("started", "is_named"),
    [
        pytest.param(ago(39), False, id="began after its input"),
        pytest.param(None, False, id="is queued"),
        pytest.param(ago(41), True, id="had begun before its input came again"),
    ],
)
def test_a_run_counts_if_it_saw_the_input(metadata: Metadata, started: datetime | None, is_named: bool) -> None:
    metadata.came(1, ago(400))
    metadata.came(1, ago(40))
    metadata.ran("build_models", started)
    assert [each.dag_id for each in metadata.found()] == ["build_models"] * is_named


def test_a_run_of_another_day_or_of_another_dag_does_not_count(metadata: Metadata) -> None:
    metadata.came(1, ago(40))
    metadata.ran("build_models", ago(20), key="2026-03-19")
    metadata.ran("build_marts", ago(20))
    assert [(each.dag_id, each.key) for each in metadata.found()] == [("build_models", KEY)]


def test_history_inputs_without_a_key_and_new_followers_are_left_alone(metadata: Metadata) -> None:
    metadata.came(1, ago(8 * 24 * 60))
    metadata.came(1, ago(40), key=None)
    assert metadata.found() == []
    metadata.came(1, ago(40))
    assert len(metadata.found()) == 1
    metadata.update("dag_schedule_asset_reference", created_at=ago(35))
    assert metadata.found() == [], "it follows this asset since half an hour ago"


def test_of_a_paused_dag_it_is_said_so(metadata: Metadata) -> None:
    metadata.came(1, ago(40))
    metadata.update("dag", is_paused=True)
    [found] = metadata.found()
    assert "it is paused: switch it on" in found.text(NOW)


def test_each_is_told_of_once_and_again_if_its_input_comes_again(
    metadata: Metadata, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANOUT_ALERT_WEBHOOK", webhook.address)
    monkeypatch.delenv("FANOUT_ALERT_EMAIL", raising=False)
    told: set[Waiting] = set()
    metadata.came(1, ago(80))
    alert(metadata.found(), told, NOW)
    alert(metadata.found(), told, NOW)
    notice = webhook.bodies.get(timeout=10)
    assert (notice["dag"], notice["partition_key"]) == ("build_models", KEY)
    assert "80 minutes after its input" in notice["text"]
    assert webhook.bodies.empty()
    metadata.came(1, ago(50))
    alert(metadata.found(), told, NOW)
    assert "50 minutes" in webhook.bodies.get(timeout=10)["text"]


def test_an_alert_that_fails_is_tried_again(metadata: Metadata, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any) -> None:
        raise OSError("no route to host")

    told: set[Waiting] = set()
    metadata.came(1, ago(40))
    monkeypatch.setattr(module, "send", unreachable)
    with pytest.raises(OSError, match="no route"):
        alert(metadata.found(), told, NOW)
    assert told == set()


def test_without_an_airflow_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", raising=False)
    monkeypatch.setenv("FANOUT_HOME", str(tmp_path))
    assert module.main([]) == 2
    assert "no Airflow runs in FANOUT_HOME=" in capsys.readouterr().err
