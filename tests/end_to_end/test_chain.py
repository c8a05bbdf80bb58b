"""A day through the real Airflow, Spark, dbt and Great Expectations, by the command that `make run` starts.

One home in which a day was published is there to read. What changes something works in a copy of it: what is about starting and
stopping has Airflows of its own there, the rest shares one that `make up` started.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request

import duckdb
import psutil
import pytest
from deltalake import DeltaTable

from contract.settings import Settings
from operations import airflow_server
from operations.airflow_rest import Airflow
from operations.airflow_server import MARKER
from operations.chain import BESIDE, CHAIN, FIRST_DAG
from tests.conftest import Webhook, listening_webhook
from tests.end_to_end.conftest import DAYS, NEWEST, NEXT, Place, deliver

pytestmark = pytest.mark.acceptance

MARTS = "build_marts"
[MAINTENANCE] = BESIDE


@pytest.fixture(scope="module")
def place(make_place: Callable[[], Place]) -> Place:
    return make_place()


@pytest.fixture(scope="module")
def first_run(place: Place) -> str:
    status, out = place.run("operations.run")
    assert status == 0, out
    return out


def metadata(place: Place, query: str) -> list[Any]:
    with closing(sqlite3.connect(place.home / "airflow" / "airflow.db")) as connection:
        return connection.execute(query).fetchall()


def successful_runs(place: Place, key: str) -> Counter[str]:
    rows = metadata(place, f"SELECT dag_id FROM dag_run WHERE partition_key = '{key}' AND state = 'success'")
    return Counter(row[0] for row in rows)


def left_running(place: Place) -> list[psutil.Process]:
    """Processes of an Airflow of this home, and whatever they started."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            environ = process.environ()
            if MARKER in environ and environ.get("FANOUT_HOME") == str(place.home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def listening(processes: list[psutil.Process]) -> set[str]:
    """Addresses on which they wait for connections."""
    found = set()
    for process in processes:
        with suppress(psutil.Error):
            found |= {each.laddr.ip for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN}
    return found


def query(place: Place, sql: str, day: str | None = None) -> list[Any]:
    with duckdb.connect(str(place.current(day) / "fanout.duckdb"), read_only=True) as marts:
        return marts.execute(sql).fetchall()


def test_the_day_is_published_with_the_figures_of_the_landing(place: Place, first_run: str) -> None:
    assert place.current() == place.current(NEWEST)
    assert query(place, "select sum(rows_read), sum(accepted), sum(quarantined) from marts.ingest_ledger") == [(30, 27, 3)]
    assert query(place, "select source, reason, sum(rows) from marts.quarantine_reasons group by all") == [
        ("shop", "unsupported_currency", 3)
    ]
    assert query(place, "select sum(shares), sum(orders), sum(revenue) from marts.cascades") == [(3, 3, 30)]
    assert query(place, "select sum(opened), sum(formed_organic) from marts.team_formation") == [(3, 3)]
    assert query(place, "select cohort_size from marts.cohort_retention where period = 0") == [(1,)]


def test_the_summary_says_what_was_refused_and_where_everything_lies(place: Place, first_run: str) -> None:
    assert f"{NEWEST} is published." in first_run
    assert "unsupported_currency" in first_run
    for part in ("site/current/index.html", "published/current/fanout.duckdb", f"exports/{NEWEST}", "data_docs", "logs"):
        assert str(place.home / part) in first_run
        assert (place.home / part).exists()


def test_airflow_knows_a_successful_run_of_every_dag_for_the_key(place: Place, first_run: str) -> None:
    assert successful_runs(place, NEWEST) == Counter(CHAIN)


def test_lake_commits_and_run_json_name_the_dag_run(place: Place, first_run: str) -> None:
    run_ids = {f"{dag_id}/{run_id}" for dag_id, run_id in metadata(place, "SELECT dag_id, run_id FROM dag_run")}
    assert run_ids
    for table in ("shop_events", "cascades", "group_survival"):
        history = DeltaTable(str(place.home / "lake" / table)).history()
        assert history
        assert {commit.get("userMetadata") for commit in history} <= run_ids
    assert json.loads((place.current() / "run.json").read_text())["run_id"] in run_ids


def test_nothing_is_left_running(place: Place, first_run: str) -> None:
    assert left_running(place) == []


@pytest.fixture
def copied(place: Place, first_run: str, tmp_path: Path) -> Place:
    """The place after its first run, for a test that changes something."""
    return place.copy(tmp_path)


@contextmanager
def spoilt(place: Place) -> Iterator[None]:
    """A line is lost from the lake meanwhile, so that the ledger does not balance."""
    table = DeltaTable(str(place.home / "lake" / "shop_events"))
    version = table.version()
    table.delete("fate = 'accepted' AND event_id = 'e-0105'")
    assert table.version() == version + 1
    try:
        yield
    finally:
        DeltaTable(str(place.home / "lake" / "shop_events")).restore(version)


@dataclass(frozen=True)
class Refused:
    """A place in which a run of the published day was refused by a gate, what it said, and what it left running."""

    place: Place
    status: int
    out: str
    left: list[psutil.Process]


@pytest.fixture(scope="module")
def refused(place: Place, first_run: str, tmp_path_factory: pytest.TempPathFactory) -> Refused:
    copy = place.copy(tmp_path_factory.mktemp("refused"))
    with spoilt(copy):
        status, out = copy.run("operations.run")
    return Refused(copy, status, out, left_running(copy))


def versions(place: Place) -> list[str]:
    return sorted(path.name for path in (place.home / "published" / NEWEST).iterdir())


def test_a_gate_that_refuses_ends_the_run_and_leaves_current_alone(place: Place, refused: Refused) -> None:
    assert refused.status == 1
    assert f"ingest.gate_shop failed for {NEWEST}: gate_ingest_shop: fail files, 'ledger': 1 rows break it" in refused.out
    [log] = [line.partition("its log: ")[2] for line in refused.out.splitlines() if line.startswith("its log: ")]
    assert Path(log).exists()
    assert refused.place.current() == refused.place.current(NEWEST)
    assert refused.place.current().name == place.current().name
    assert versions(refused.place) == versions(place)
    assert refused.left == []


def test_the_same_day_again_waits_for_all_inputs_and_doubles_nothing(place: Place, refused: Refused, tmp_path: Path) -> None:
    """The run before failed at one source of three; what follows must not start with the two that it left."""
    copy = refused.place.copy(tmp_path)
    before = successful_runs(copy, NEWEST)
    status, out = copy.run("operations.run")
    assert status == 0, out
    rows = metadata(
        copy,
        """
        SELECT count(*), min(consumer.start_date) > max(task.end_date) FROM dag_run consumer, task_instance task
        WHERE consumer.dag_id = 'build_models' AND task.dag_id = 'ingest'
          AND consumer.run_after = (SELECT max(run_after) FROM dag_run WHERE dag_id = 'build_models')
          AND task.run_id = (SELECT run_id FROM dag_run WHERE dag_id = 'ingest' ORDER BY run_after DESC LIMIT 1)
        """,
    )
    assert rows == [(8, 1)]  # two tasks of each source, the returned sheets, and the one that waits for them all
    registry = "select * from marts.event_registry order by all"
    assert query(copy, registry) == query(place, registry)
    assert successful_runs(copy, NEWEST) - before == Counter(CHAIN)


def wait_for(process: subprocess.Popen[str], words: str) -> str:
    """Read what the process says until it says `words`."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended without saying {words!r}:\n{said}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_all_that_it_started(number: signal.Signals, copied: Place) -> None:
    published = copied.current()
    # What a shell runs in the background ignores interrupts, and so would the command.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = copied.start("operations.run")
    wait_for(process, "▸ ingest.")
    assert listening(left_running(copied)) == {"127.0.0.1"}
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    assert "interrupted" in out
    assert left_running(copied) == []
    assert copied.current() == published


def test_a_killed_run_is_healed_by_the_next(copied: Place) -> None:
    process = copied.start("operations.run")
    wait_for(process, "▸ build_models.")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    assert left_running(copied), "a killed process cannot stop what it started"
    runs_before = successful_runs(copied, NEWEST)
    status, out = copied.run("operations.run")
    assert status == 0, out
    assert "ended as failed, since its Airflow was stopped: build_" in out
    assert successful_runs(copied, NEWEST) - runs_before >= Counter(CHAIN)
    assert left_running(copied) == []


def state_at_the_end(airflow: Airflow, dag_id: str, run_id: str) -> str:
    """How a run ends, once it does."""
    token = {"Authorization": f"Bearer {airflow._token}"}
    address = f"{airflow.base_url}/api/v2/dags/{dag_id}/dagRuns/{run_id}/wait?interval=1"
    with airflow._opener.open(Request(address, headers=token), timeout=300) as answer:
        return str(json.loads(answer.read().splitlines()[-1])["state"])


def started_run(airflow: Airflow, dag_id: str, key: str, since: datetime) -> str:
    """The run that the scheduler starts for the key, once it does."""
    while datetime.now(UTC) - since < timedelta(minutes=15):
        for run in airflow.runs(key, since):
            if run["dag_id"] == dag_id:
                return str(run["dag_run_id"])
    raise AssertionError(f"{dag_id} was not started")


@dataclass(frozen=True)
class Night:
    """The Airflow of `make up` in a place, and who is told by it."""

    place: Place
    airflow: Airflow
    webhook: Webhook

    def run(self, as_of: str) -> str:
        """What `make run` says of a day that goes through this Airflow."""
        status, out = self.place.run("operations.run", "--as-of", as_of, FANOUT_ALERT_WEBHOOK=self.webhook.address)
        assert status == 0, out
        assert f"using the Airflow at {self.airflow.base_url}, which stays" in out
        return out

    def notice(self, key: str) -> Any:
        """The next notice of a key, once it comes; a day of the schedule may send its own."""
        return next(
            notice for notice in iter(lambda: self.webhook.bodies.get(timeout=120), None) if notice["partition_key"] == key
        )


@pytest.fixture(scope="module")
def night(place: Place, first_run: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The tests of one night each have a day of their own, or leave its figures as they were, so any of them may be first."""
    place = place.copy(tmp_path_factory.mktemp("night"))
    with listening_webhook() as webhook:
        status, out = place.run("operations.up", FANOUT_ALERT_WEBHOOK=webhook.address)
        try:
            assert status == 0, out
            settings = Settings.from_environment(place.environ())
            server = airflow_server.find(settings)
            assert server is not None
            yield Night(place, Airflow(server.base_url, airflow_server.USER, airflow_server.password(settings)), webhook)
        finally:
            place.run("operations.down")
        assert left_running(place) == []


def test_a_file_of_copies_doubles_nothing(night: Night) -> None:
    place = night.place
    before = query(place, "select * from marts.event_registry order by all", day=NEWEST)
    runs = successful_runs(place, NEWEST)
    deliver(place.landing, DAYS[0], name="again")
    night.run(NEWEST)
    assert query(place, "select * from marts.event_registry order by all", day=NEWEST) == before
    # What was refused is refused again; the other nine lines of the day are copies.
    ledger = "select sum(rows_read), sum(accepted), sum(duplicate), sum(quarantined) from marts.ingest_ledger"
    assert query(place, f"{ledger} where dt <= '{NEWEST}'", day=NEWEST) == [(40, 27, 9, 4)]
    assert successful_runs(place, NEWEST) - runs == Counter(CHAIN)


def test_a_past_day_leaves_the_newest_where_it_is(night: Night) -> None:
    place = night.place
    newest = place.current()
    out = night.run(DAYS[0])
    assert place.current() == newest
    assert query(place, "select sum(revenue) from marts.cascades", day=DAYS[0]) == [(10,)]
    assert successful_runs(place, DAYS[0]) == Counter(CHAIN)
    assert str(place.home / "published" / DAYS[0] / "current" / "fanout.duckdb") in out


def test_a_failed_task_is_told_of_and_once_it_is_cleared_the_day_goes_on(night: Night) -> None:
    """A gate that refuses, its notice, the cause fixed, what the page's *Clear* sends, and the DAGs after it."""
    place = night.place
    published = place.current()
    airflow, since = night.airflow, datetime.now(UTC)
    with spoilt(place):
        airflow.trigger(FIRST_DAG, NEWEST, "by-hand")
        assert state_at_the_end(airflow, FIRST_DAG, "by-hand") == "failed"
    notice = night.notice(NEWEST)
    assert (notice["dag"], notice["task"], notice["run"]) == (FIRST_DAG, "gate_shop", "by-hand")
    assert notice["reason"].startswith("gate_ingest_shop: fail files, 'ledger': 1 rows break it")
    assert notice["log"].startswith(airflow.base_url)

    chosen = {"dry_run": False, "dag_run_id": "by-hand", "only_failed": True, "reset_dag_runs": True}
    cleared = airflow._request("POST", "/api/v2/dags/ingest/clearTaskInstances", chosen)
    assert {task["task_id"] for task in cleared["task_instances"]} == {"gate_shop", "events"}
    assert {run["dag_id"] for run in airflow.runs(NEWEST, since)} == {FIRST_DAG}
    assert state_at_the_end(airflow, FIRST_DAG, "by-hand") == "success"
    started = {dag_id: started_run(airflow, dag_id, NEWEST, since) for dag_id in CHAIN if dag_id != FIRST_DAG}
    assert {state_at_the_end(airflow, *run) for run in started.items()} == {"success"}
    assert place.current() == published, "nothing is lost: the same marts are the same version"


def is_checkpointed(place: Place, table: str) -> bool:
    """Whether the newest version of a table of the lake can be read without its log."""
    folder = place.home / "lake" / table
    checkpoint = folder / "_delta_log" / "_last_checkpoint"
    return checkpoint.exists() and json.loads(checkpoint.read_text())["version"] == DeltaTable(str(folder)).version()


def test_maintenance_beside_the_days_leaves_every_figure_as_it_was(night: Night) -> None:
    """The weekly DAG, then the marts of a day once more."""
    place = night.place
    published = place.current(NEWEST)
    airflow, since = night.airflow, datetime.now(UTC)
    assert not is_checkpointed(place, "shop_events")
    airflow.trigger(MAINTENANCE, NEWEST, "weekly")
    assert state_at_the_end(airflow, MAINTENANCE, "weekly") == "success"
    assert is_checkpointed(place, "shop_events")

    airflow.trigger(MARTS, NEWEST, "after-maintenance")
    after = [dag_id for dag_id in CHAIN if CHAIN.index(dag_id) > CHAIN.index(MARTS)]
    started = {MARTS: "after-maintenance"} | {dag_id: started_run(airflow, dag_id, NEWEST, since) for dag_id in after}
    assert {state_at_the_end(airflow, *run) for run in started.items()} == {"success"}
    assert place.current(NEWEST) == published, "the same marts are the same version"


def tick(place: Place, key: str) -> None:
    """Let the clock of the schedule strike for a key, now and not at 02:00."""
    with closing(sqlite3.connect(place.home / "airflow" / "airflow.db", timeout=30)) as connection, connection:
        changed = connection.execute(
            "UPDATE dag SET next_dagrun_create_after = strftime('%Y-%m-%d %H:%M:%S.000000'), next_dagrun_partition_key = ?"
            " WHERE dag_id = ? AND next_dagrun_create_after IS NOT NULL",
            [key, FIRST_DAG],
        )
        assert changed.rowcount == 1, "the schedule is on"


def test_a_day_whose_delivery_is_late_waits_is_told_of_and_goes_on_by_itself(night: Night) -> None:
    place = night.place
    airflow, since = night.airflow, datetime.now(UTC) - timedelta(seconds=1)
    deliver(place.landing, NEXT, sources=("shop", "stream"))
    unfinished = place.landing / "group" / f"dt={NEXT}" / "_part-0000.jsonl"
    unfinished.parent.mkdir()
    unfinished.write_text("{}\n")
    tick(place, NEXT)
    notice = night.notice(NEXT)
    assert (notice["dag"], notice["task"]) == (FIRST_DAG, "gate_group")
    assert f'"missing":"group/dt={NEXT}"' in notice["reason"]
    assert place.current() == place.current(NEWEST), "published/current stays"
    assert not (place.home / "published" / NEXT).exists()

    deliver(place.landing, NEXT, sources=("group",))
    started = {dag_id: started_run(airflow, dag_id, NEXT, since) for dag_id in CHAIN}
    assert {state_at_the_end(airflow, *run) for run in started.items()} == {"success"}
    assert place.current() == place.current(NEXT)
    assert query(place, f"select count(*), sum(accepted) from marts.ingest_ledger where dt = '{NEXT}'") == [(3, 9)]
    assert not [notice for notice in night.webhook.bodies.queue if notice["partition_key"] == NEXT], "it was told once"
