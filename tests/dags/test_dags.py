"""What every DAG must be, and how they hang together."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pendulum
import pytest

from contract.events import SOURCES
from contract.settings import LAKE_WRITERS, LAKE_WRITERS_SLOTS
from operations.chain import BESIDE, CHAIN
from spark_jobs.families import SESSIONS
from tests.dags.conftest import DAG_FOLDER
from tests.dags.wiring import inputs, modules_of, wiring

HELPERS = {"__init__.py", "alerts.py", "assets.py", "metrics.py", "tasks.py", "timetable.py"}
MAX_LINES = 100


def complaints(dag: Any) -> list[str]:
    """What is missing of what the house asks of a DAG."""
    from dags.assets import Tag

    found = []
    tags = set(dag.tags)
    if not tags or not tags <= set(Tag):
        found.append("tags outside the closed set")
    if len(tags & {Tag.TIER_1, Tag.TIER_2}) != 1:
        found.append("not one tier")
    if not dag.doc_md or "/fanout/ledger" not in dag.doc_md:
        found.append("no page with links")
    if dag.max_active_runs != 1 and any(task.max_active_tis_per_dag != 1 for task in dag.tasks):
        found.append("a task several times at once")
    if dag.catchup:
        found.append("makes up for the past by itself")
    for task in dag.tasks:
        if task.owner in ("", "airflow"):
            found.append(f"{task.task_id}: no owner")
        if task.retries < 1:
            found.append(f"{task.task_id}: no retry")
        if not task.execution_timeout:
            found.append(f"{task.task_id}: no timeout")
        if not task.on_failure_callback:
            found.append(f"{task.task_id}: nobody is told")
    return found


def test_every_file_is_a_dag_of_its_name(dags: dict[str, Any]) -> None:
    files = [file for file in DAG_FOLDER.glob("*.py") if file.name not in HELPERS]
    assert files
    assert len(dags) == len(files)
    assert set(dags) == {file.stem for file in files}


def test_the_chain_of_a_day_has_every_dag(dags: dict[str, Any]) -> None:
    assert sorted([*CHAIN, *BESIDE]) == sorted(dags)


def test_every_session_of_families_has_a_task_that_the_marts_wait_for(dags: dict[str, Any]) -> None:
    assert SESSIONS
    assert wiring(dags)["build_marts"]["schedule"] == ["models"]
    assert uncomputed(wiring(dags), SESSIONS) == []


def test_a_session_without_a_task_and_a_family_that_is_not_run_are_seen(dags: dict[str, Any]) -> None:
    session, families = next(iter(SESSIONS.items()))
    more = {**SESSIONS, session: (*families, "forgotten"), "other": ("forgotten_too",)}
    wired = wiring(dags)
    wired["build_models"]["tasks"][session]["before"] = []
    assert uncomputed(wired, more) == [
        f"{session} does not run forgotten",
        f"the marts do not wait for {session}",
        "there is no task other",
    ]


def uncomputed(wired: dict[str, Any], sessions: Mapping[str, Sequence[str]]) -> list[str]:
    """The sessions and families of a registry that `build_models` leaves out."""
    found = []
    tasks = wired["build_models"]["tasks"]
    for session, families in sessions.items():
        if session not in tasks:
            found.append(f"there is no task {session}")
            continue
        run = [name for line in tasks[session]["commands"] for name in line.split()]
        found += [f"{session} does not run {family}" for family in families if run.count(family) != 1]
        if tasks[session]["before"] != ["models"]:
            found.append(f"the marts do not wait for {session}")
    return found


def test_the_day_waits_for_the_gate_of_every_source(dags: dict[str, Any]) -> None:
    ingest = dags["ingest"]
    assert {f"gate_{source}" for source in SOURCES} == ingest.task_dict["events"].upstream_task_ids
    for source in SOURCES:
        assert ingest.task_dict[f"gate_{source}"].upstream_task_ids == {f"ingest_{source}"}
    assert ingest.task_dict["events"].trigger_rule == "all_success"


def test_maintenance_leaves_no_slot_to_writers_of_the_lake(dags: dict[str, Any]) -> None:
    task = dags["maintain"].task_dict["maintain"]
    assert (task.pool, task.pool_slots) == (LAKE_WRITERS, LAKE_WRITERS_SLOTS)
    writers = [task for dag_id in CHAIN for task in dags[dag_id].tasks if task.pool == LAKE_WRITERS]
    assert {task.pool_slots for task in writers} == {1}


def test_maintenance_runs_on_sunday_for_the_day_before(assets: ModuleType) -> None:
    weekly = assets.weekly()
    assert weekly.serialize()["expression"] == "0 14 * * 0"
    [info] = weekly.iter_partition_dagrun_infos(
        earliest=datetime(2026, 3, 15, tzinfo=UTC), latest=datetime(2026, 3, 21, 23, tzinfo=UTC)
    )
    assert info.partition_key == "2026-03-21"  # a Saturday


def test_no_dag_follows_more_than_one_asset(dags: dict[str, Any]) -> None:
    """With two, a day can stand still: `test_postgres.py` shows it."""
    assert [len(inputs(dag)) for dag in dags.values()].count(1) == len(CHAIN) - 1
    assert [dag_id for dag_id, dag in dags.items() if len(inputs(dag)) > 1] == []


def test_a_dag_that_follows_two_assets_is_seen(airflow_home: Path) -> None:
    from airflow.sdk import DAG, Asset, PartitionedAssetTimetable

    both = PartitionedAssetTimetable(assets=Asset("one") & Asset("other"))
    assert inputs(DAG("careless", schedule=both)) == ["one", "other"]


def test_every_file_is_short() -> None:
    lines = {file.name: len(file.read_text().splitlines()) for file in DAG_FOLDER.glob("*.py") if file.name not in HELPERS}
    assert lines
    assert {name: count for name, count in lines.items() if count >= MAX_LINES} == {}


def test_every_dag_is_as_the_house_asks(dags: dict[str, Any]) -> None:
    assert {dag_id: complaints(dag) for dag_id, dag in dags.items()} == {dag_id: [] for dag_id in dags}


def test_a_dag_with_airflows_own_defaults_is_complained_of(airflow_home: Path) -> None:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG

    with DAG("careless", tags={"mine"}, catchup=True) as dag:
        BashOperator(task_id="t", bash_command="true")
    assert complaints(dag) == [
        "tags outside the closed set",
        "not one tier",
        "no page with links",
        "a task several times at once",
        "makes up for the past by itself",
        "t: no owner",
        "t: no retry",
        "t: no timeout",
        "t: nobody is told",
    ]


def test_the_wiring_is_the_one_that_was_agreed(dags: dict[str, Any]) -> None:
    agreed = json.loads((Path(__file__).parent / "wiring.json").read_text())
    assert wiring(dags) == agreed, "if this is meant: python -m tests.dags.wiring > tests/dags/wiring.json"


def test_every_input_is_updated_by_exactly_one_task(dags: dict[str, Any]) -> None:
    agreed = wiring(dags)
    made = sorted(asset for dag in agreed.values() for task in dag["tasks"].values() for asset in task["updates"])
    wanted = {asset for dag in agreed.values() if isinstance(dag["schedule"], list) for asset in dag["schedule"]}
    assert wanted
    assert len(made) == len(set(made))
    assert wanted <= set(made)


def test_an_input_is_updated_by_the_last_task_of_its_dag(dags: dict[str, Any]) -> None:
    updates = [(task["updates"], task["before"]) for dag in wiring(dags).values() for task in dag["tasks"].values()]
    assert sum(bool(assets) for assets, _ in updates) == len(CHAIN)
    assert [assets for assets, before in updates if assets and before] == []


def test_every_command_is_a_module_of_the_checkout(dags: dict[str, Any]) -> None:
    modules = {module.split()[0] for dag in dags.values() for task in dag.tasks for module in modules_of(task)}
    assert len(modules) > 5
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []


def test_the_key_is_an_argument_of_every_command_behind_the_ingest(dags: dict[str, Any]) -> None:
    behind = [task for dag_id, dag in dags.items() if dag_id != "ingest" for task in dag.tasks if modules_of(task)]
    assert len(behind) > len(SESSIONS)
    assert [task.task_id for task in behind if '--as-of "$AS_OF"' not in task.bash_command] == []
    assert {task.env["AS_OF"] for task in behind} == {"{{ dag_run.partition_key or '' }}"}


@pytest.fixture
def assets(airflow_home: Path) -> Iterator[ModuleType]:
    """The module of the wiring, to be loaded again with other settings, and again with these."""
    import dags.assets

    yield dags.assets
    importlib.reload(dags.assets)


def stored(dag: Any) -> Any:
    """The DAG as the scheduler and the commands read it from Airflow's database."""
    from airflow.serialization.serialized_objects import DagSerialization

    return DagSerialization.from_dict(DagSerialization.to_dict(dag))


def next_run(dag: Any, after: datetime) -> Any:
    """What the scheduler would start after `after`."""
    from airflow.timetables.base import DagRunInfo

    last = DagRunInfo(run_after=pendulum.instance(after), data_interval=None, partition_date=None, partition_key=None)
    return stored(dag).next_dagrun_info(last_automated_run_info=last)


def ingest_dag(assets: ModuleType) -> Any:
    from airflow.sdk import DAG

    return DAG("ingest", schedule=assets.nightly(), **assets.DEFAULTS)


def test_each_morning_runs_for_the_day_that_is_over(assets: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANOUT_TIMEZONE", "Asia/Shanghai")
    importlib.reload(assets)
    at_two = datetime.now(UTC).replace(hour=18, minute=0, second=0, microsecond=0) + timedelta(days=10)  # 02:00 in Shanghai
    run = next_run(ingest_dag(assets), after=at_two)
    assert run.run_after == at_two + timedelta(days=1)
    # 02:00 of the day after tomorrow's date in Shanghai is 18:00 UTC of the day that it runs for.
    assert run.partition_key == (at_two + timedelta(days=1)).date().isoformat()


def test_a_back_fill_has_the_keys_that_the_run_book_says(assets: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """March in New York, on whose second Sunday there is no 02:00, with the bounds that `backfill create` makes of dates."""
    monkeypatch.setenv("FANOUT_TIMEZONE", "America/New_York")
    importlib.reload(assets)
    bounds = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    infos = list(stored(ingest_dag(assets)).iter_dagrun_infos_between(*bounds))
    assert [info.partition_key for info in infos] == [f"2026-03-{day:02}" for day in range(1, 32)]


def test_with_the_schedule_off_nothing_starts_by_the_clock(assets: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    after = datetime.now(UTC)
    assert next_run(ingest_dag(assets), after) is not None
    monkeypatch.setenv("FANOUT_SCHEDULE", "off")
    importlib.reload(assets)
    assert next_run(ingest_dag(assets), after) is None


def test_an_unknown_setting_makes_the_dags_unreadable_and_says_so(assets: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from contract.settings import SettingError

    monkeypatch.setenv("FANOUT_LNDING", "/in")
    with pytest.raises(SettingError, match="FANOUT_LNDING"):
        importlib.reload(assets)
    monkeypatch.delenv("FANOUT_LNDING")


def run_task(assets: ModuleType, folder: Path, code: str, key: str = "2026-03-20") -> Any:
    """What a task hands on whose command is a module with this code."""
    (folder / "some_command.py").write_text(code)
    task = assets.command("t", "some_command")
    task.env = {"AS_OF": key, "PYTHONPATH": str(folder)}
    return task.execute({})


def test_a_task_hands_on_the_last_line_of_stdout_whatever_comes_behind(assets: ModuleType, tmp_path: Path) -> None:
    code = "import sys\nprint('word')\nprint('{\"rows_in\": 3}')\nsys.stdout.flush()\nprint('bye', file=sys.stderr)"
    assert run_task(assets, tmp_path, code) == {"rows_in": 3}
    assert run_task(assets, tmp_path, "print('no report')") == {"last_line": "no report"}


@pytest.mark.parametrize("status", [1, 3, 99])
def test_a_task_fails_with_the_last_error_of_its_command(assets: ModuleType, tmp_path: Path, status: int) -> None:
    code = f"""
import sys
print("shop: reading", file=sys.stderr)
print("the disk is full; free some", file=sys.stderr)
print('{{"passed": false}}')
print("26/03/20 02:00:00 WARN NativeCodeLoader: no native code", file=sys.stderr)
raise SystemExit({status})"""
    with pytest.raises(Exception, match=rf"^the disk is full; free some \(exit status {status}\)$"):
        run_task(assets, tmp_path, code)


def test_a_task_whose_command_says_nothing_points_to_its_log(assets: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"said nothing; the log has its output \(exit status 137\)"):
        run_task(assets, tmp_path, "import os\nos._exit(137)")


def test_a_task_without_a_key_refuses(assets: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="trigger this DAG with a partition key"):
        run_task(assets, tmp_path, "print('{}')", key="")


class Night:
    """A gate of the schedule, the commands that it starts played by scripts, and what came of each look at it."""

    def __init__(self, assets: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import dags.tasks

        self.folder = folder
        self.told: list[str] = []
        monkeypatch.setattr(dags.tasks, "alert", lambda context: self.told.append(str(context["exception"])))
        monkeypatch.setattr(assets, "_ENV", {"AS_OF": "2026-03-20", "PYTHONPATH": str(folder)})
        self.task = assets.ingest_gate("shop")
        self.task.cwd = str(folder)
        for package in ("operations", "spark_jobs", "expectations"):
            (folder / package).mkdir()
        self.commands(arrived=3, gate=3)

    def commands(self, *, arrived: int = 0, ingest: int = 0, gate: int = 0) -> None:
        """Let the commands end with these statuses."""
        names = {"operations/arrived": arrived, "spark_jobs/ingest": ingest, "expectations/gate": gate}
        for name, status in names.items():
            code = f"""
import sys
open({str(self.folder / "started")!r}, "a").write({name!r} + " " + " ".join(sys.argv[1:]) + "\\n")
print("{name} says {status}", file=sys.stderr)
print('{{"status": {status}}}')
raise SystemExit({status})"""
            (self.folder / f"{name}.py").write_text(code)

    def look(self, checks: int) -> Any:
        """What the task hands on or raises, when it has let go of its slot so many times."""
        (self.folder / "started").write_text("")
        self.task.env = {**self.task.env, "CHECKS": str(checks), "SCHEDULED": "--scheduled"}
        return self.task.execute({"task_reschedule_count": checks})

    @property
    def started(self) -> list[str]:
        return (self.folder / "started").read_text().splitlines()


@pytest.fixture
def night(assets: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return Night(assets, tmp_path, monkeypatch)


def test_a_gate_waits_for_its_delivery_tells_once_and_goes_on_when_it_comes(night: Night) -> None:
    from airflow.sdk.exceptions import AirflowRescheduleException

    judge = "expectations/gate ingest --source shop --as-of 2026-03-20 --scheduled"
    with pytest.raises(AirflowRescheduleException):
        night.look(checks=0)
    assert night.started == [judge]
    assert night.told == ["expectations/gate says 3 (exit status 3)"]
    with pytest.raises(AirflowRescheduleException):
        night.look(checks=1)
    assert night.started == ["operations/arrived --source shop --as-of 2026-03-20"], "Spark starts when something came"
    night.commands()
    assert night.look(checks=2) == {"status": 0}
    assert night.started == [
        "operations/arrived --source shop --as-of 2026-03-20",
        "spark_jobs/ingest --source shop",
        judge,
    ]
    assert len(night.told) == 1


def test_a_gate_that_refuses_for_another_reason_fails(night: Night) -> None:
    night.commands(gate=1)
    with pytest.raises(Exception, match=r"expectations/gate says 1 \(exit status 1\)"):
        night.look(checks=0)
    night.commands(ingest=1)
    with pytest.raises(Exception, match=r"spark_jobs/ingest says 1 \(exit status 1\)"):
        night.look(checks=5)
    assert [command.split()[0] for command in night.started] == ["operations/arrived", "spark_jobs/ingest"]
    assert night.told == [], "Airflow tells of a failure itself"


def test_a_gate_does_not_wait_for_ever(night: Night) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from dags.tasks import MOST_CHECKS, delay

    with pytest.raises(AirflowFailException, match="no longer waited for: operations/arrived says 3"):
        night.look(checks=MOST_CHECKS)
    waits = [delay(checks).total_seconds() for checks in range(MOST_CHECKS)]
    assert waits[:8] == [10, 20, 40, 80, 160, 320, 600, 600]
    assert timedelta(days=6) < timedelta(seconds=sum(waits)) < timedelta(days=7)


def test_a_notice_that_cannot_be_sent_does_not_end_the_wait(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowRescheduleException

    import dags.tasks

    def unreachable(_: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(dags.tasks, "alert", unreachable)
    with pytest.raises(AirflowRescheduleException):
        night.look(checks=0)


@pytest.mark.parametrize(("run_type", "flag"), [("scheduled", "--scheduled"), ("manual", ""), ("backfill", "")])
def test_only_a_run_of_the_schedule_demands_its_delivery(dags: dict[str, Any], run_type: str, flag: str) -> None:
    from airflow.sdk.api.datamodels._generated import DagRunType
    from jinja2 import Template

    for source in SOURCES:
        env = dags["ingest"].task_dict[f"gate_{source}"].env
        run = {"run_type": DagRunType(run_type), "partition_key": "2026-03-20"}
        assert Template(env["SCHEDULED"]).render(dag_run=run) == flag
        assert Template(env["AS_OF"]).render(dag_run=run) == "2026-03-20"
        assert Template(env["CHECKS"]).render(task_reschedule_count=0) == "0"
