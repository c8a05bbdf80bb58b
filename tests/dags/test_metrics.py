"""The numbers of a report as gauges, and that a fault of the metrics is none of the task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

REPORT = {
    "step": "ingest_shop",
    "accepted": 7,
    "passed": True,
    "warnings": ["a sentence"],
    "families": {"lifetime_value": {"rows_out": 3, "tables": {"lifetime value": 2, "deep": {"er": 1}}}},
}


def test_every_number_of_a_report_has_a_name(airflow_home: Path) -> None:
    from dags.metrics import figures

    assert dict(figures(REPORT)) == {
        "accepted": 7,
        "passed": 1,
        "families.lifetime_value.rows_out": 3,
        "families.lifetime_value.tables.lifetime value": 2,
    }


@pytest.fixture
def gauges(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    from airflow.sdk.observability import stats

    found: dict[str, Any] = {}
    monkeypatch.setattr(stats, "gauge", found.__setitem__)
    return found


def test_a_task_sets_gauges(gauges: dict[str, Any], tmp_path: Path) -> None:
    from dags import assets

    (tmp_path / "some_command.py").write_text("print('{\"accepted\": 7}')")
    task = assets.command("t", "some_command")
    task.env = {"AS_OF": "2026-03-20", "PYTHONPATH": str(tmp_path)}
    assert task.execute({}) == {"accepted": 7}
    assert gauges.pop(next(name for name in gauges if name.endswith(".t.seconds"))) > 0
    assert [(name.endswith(".t.accepted"), number) for name, number in gauges.items()] == [(True, 7)]


def test_a_report_that_is_none_has_seconds_alone(gauges: dict[str, Any]) -> None:
    from dags.metrics import tell

    tell("ingest", "events", None, 1.5)
    tell("ingest", "odd name!", {"a": 1}, 2)
    assert gauges == {"fanout.ingest.events.seconds": 1.5, "fanout.ingest.odd_name_.a": 1, "fanout.ingest.odd_name_.seconds": 2}


def test_a_fault_of_the_metrics_fails_no_task(
    airflow_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.sdk.observability import stats

    from dags.metrics import tell

    def broken(name: str, value: float) -> None:
        raise OSError("no collector")

    monkeypatch.setattr(stats, "gauge", broken)
    tell("ingest", "ingest_shop", {"accepted": 7}, 1)
    assert "no metrics of ingest.ingest_shop" in caplog.text
