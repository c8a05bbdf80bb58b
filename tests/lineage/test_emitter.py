"""The events of a command: what they say, where they go, and that nothing of them reaches its result."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.settings import Settings
from lineage import names
from lineage.emitter import Arguments, Job, Part, emitting
from tests.conftest import Webhook

REPORT = {"step": "build", "rows_in": 7, "seconds": 0.5, "path": "/secret/place", "who": ["u-1"]}
JOB = Job("dbt_project.build", lambda _: ["lake/shop_events"], lambda _: ["warehouse/marts.orders"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FANOUT_HOME", str(tmp_path))
    monkeypatch.setenv("FANOUT_RUN_ID", "build_marts/a")
    monkeypatch.setattr(sys, "argv", ["build", "--as-of", "2026-03-20"])
    return tmp_path


def events(home: Path, day: str = "2026-03-20") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "lineage" / f"{day}.jsonl").read_text().splitlines()]


def done() -> int:
    print("a line of the log")
    print(json.dumps(REPORT))
    return 0


def failed() -> int:
    print("who: u-1", file=sys.stderr)
    return 1


def test_a_command_starts_and_completes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert emitting(done, JOB) == 0
    first, last = events(home)
    assert (first["eventType"], last["eventType"]) == ("START", "COMPLETE")
    assert first["run"]["runId"] == last["run"]["runId"]
    assert [dataset["name"] for dataset in last["inputs"]] == ["lake/shop_events"]
    assert [dataset["name"] for dataset in last["outputs"]] == ["warehouse/marts.orders"]
    assert last["run"]["facets"]["nominalTime"]["nominalStartTime"] == "2026-03-20T00:00:00Z"
    numbers = last["run"]["facets"]["fanout_report"]
    assert numbers["rows_in"] == 7
    assert not {"path", "who", "step"} & numbers.keys()
    assert capsys.readouterr().out == f"a line of the log\n{json.dumps(REPORT)}\n"


def test_a_failure_tells_its_status_and_nothing_of_what_was_said(home: Path) -> None:
    assert emitting(failed, JOB) == 1
    last = events(home)[-1]
    assert last["eventType"] == "FAIL"
    assert last["run"]["facets"]["errorMessage"]["message"] == "exit status 1"
    assert "u-1" not in json.dumps(last)

    def breaks() -> int:
        raise ValueError("u-1")

    with pytest.raises(ValueError, match="u-1"):
        emitting(breaks, JOB)
    assert events(home)[-1]["run"]["facets"]["errorMessage"]["message"] == "ValueError"


def test_a_run_is_known_by_its_command_its_day_and_its_dag_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_id(job: Job = JOB, day: str = "2026-03-20", dag_run: str = "build_marts/a") -> str:
        monkeypatch.setattr(sys, "argv", ["build", "--as-of", day])
        monkeypatch.setenv("FANOUT_RUN_ID", dag_run)
        emitting(done, job)
        return str(events(home, day)[-1]["run"]["runId"])

    assert run_id() == run_id()
    assert len({run_id(), run_id(day="2026-03-21"), run_id(dag_run="build_marts/b"), run_id(job=Job("publication"))}) == 4


def test_steps_of_a_command_have_events_of_their_own(home: Path) -> None:
    part = Part("orders", ("lake/shop_events",), "warehouse/marts.orders", {"net": "decimal(18,2)"})
    emitting(done, Job("dbt_project.build", parts=lambda settings, arguments: [part]))
    _, step, last = events(home)
    assert step["job"]["name"] == "dbt_project.build.orders"
    assert step["run"]["facets"]["parent"]["run"]["runId"] == last["run"]["runId"] != step["run"]["runId"]
    assert step["outputs"][0]["facets"]["schema"]["fields"] == [{"name": "net", "type": "decimal(18,2)"}]
    assert last["outputs"] == [{"namespace": names.NAMESPACE, "name": "warehouse/marts.orders"}]


def test_an_endpoint_gets_the_same_events(home: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANOUT_LINEAGE_URL", f"{webhook.address}api/v1/lineage")
    assert emitting(done, JOB) == 0
    assert [webhook.bodies.get(timeout=10) for _ in range(2)] == events(home)


def broken(monkeypatch: pytest.MonkeyPatch, home: Path, what: str) -> Job:
    if what == "endpoint":
        monkeypatch.setenv("FANOUT_LINEAGE_URL", "http://127.0.0.1:1/api/v1/lineage")
    elif what == "folder":
        (home / "lineage").write_text("a file stands in its way")
    else:
        return Job("dbt_project.build", lambda _: 1 / 0)  # type: ignore[arg-type, return-value]
    return JOB


@pytest.mark.parametrize("what", ["endpoint", "folder", "datasets"])
@pytest.mark.parametrize("main", [done, failed])
def test_no_event_can_fail_a_command(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str, main: Callable[[], int]
) -> None:
    job = broken(monkeypatch, home, what)
    assert emitting(main, job) == main()
    assert "WARNING lineage: " in capsys.readouterr().err
    if what == "endpoint":
        assert len(events(home)) == 2


def test_what_only_tells_has_no_events(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["build", "--help"])
    emitting(done, JOB)
    monkeypatch.setattr(sys, "argv", ["exports", "resolve"])
    emitting(done, Job("exports", applies=lambda arguments: "resolve" not in arguments.words))
    monkeypatch.setenv("FANOUT_NONSENSE", "1")
    emitting(failed, JOB)
    assert not (home / "lineage").exists()
    monkeypatch.delenv("FANOUT_NONSENSE")
    emitting(done, JOB)
    assert len(events(home, "no_day")) == 2


def test_events_are_those_of_the_standard(home: Path) -> None:
    """OpenLineage's own classes take them, and write the same."""
    from openlineage.client.event_v2 import InputDataset, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.event_v2 import Job as StandardJob

    emitting(done, JOB)
    assert len(events(home)) == 2
    for event in events(home):
        standard = RunEvent(
            eventTime=event["eventTime"],
            producer=event["producer"],
            run=Run(event["run"]["runId"]),
            job=StandardJob(event["job"]["namespace"], event["job"]["name"]),
            eventType=RunState(event["eventType"]),
            inputs=[InputDataset(each["namespace"], each["name"]) for each in event["inputs"]],
            outputs=[OutputDataset(each["namespace"], each["name"]) for each in event["outputs"]],
        )
        assert standard.schemaURL == event["schemaURL"]
        assert {field.name for field in type(standard).__attrs_attrs__} == event.keys()


def test_options_are_read_as_they_are_written() -> None:
    arguments = Arguments(["run", "--as-of", "2026-03-20", "--source=shop", "--last"])
    assert (arguments["--as-of"], arguments["--source"], arguments["--last"], arguments["--no"]) == (
        "2026-03-20",
        "shop",
        None,
        None,
    )


def test_settings_name_the_endpoint() -> None:
    assert Settings.from_environment({"FANOUT_LINEAGE_URL": "http://x:5000/api"}).lineage_url == "http://x:5000/api"
