"""Many days at once through the real scheduler and API server on PostgreSQL, with tasks that end within milliseconds.

SQLite has one writer, and hides what happens there. The tasks do nothing (`instant_executor`): what is tried is who starts
whom.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from benchmarks._postgres import Server as Postgres
from contract.settings import CHECKOUT, LAKE_WRITERS, LAKE_WRITERS_SLOTS, Settings
from operations import airflow_server
from operations.airflow_rest import Airflow
from operations.airflow_server import Server
from operations.chain import CHAIN, FIRST_DAG
from tests.postgres import running_postgres

pytestmark = pytest.mark.acceptance

DAYS = [(date(2026, 3, 1) + timedelta(days=number)).isoformat() for number in range(30)]
WITHIN_SECONDS = 600
# A day of three producers, and two DAGs each of which waits for all of them; and two DAGs that follow one asset.
OTHER_DAGS = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, CronPartitionTimetable, PartitionedAssetTimetable

shop, group, stream = (Asset(name) for name in ("shop", "group", "stream"))
with DAG("ingest", schedule=CronPartitionTimetable("0 2 * * *", timezone="UTC", key_format="%Y-%m-%d"), catchup=False):
    EmptyOperator(task_id="gates", outlets=[shop, group, stream])
for name, inputs in {"all_one": shop & group & stream, "all_two": shop & group & stream, "one": shop, "two": shop}.items():
    with DAG(name, schedule=PartitionedAssetTimetable(assets=inputs), is_paused_upon_creation=False):
        EmptyOperator(task_id="build")
"""
# Three transactions, as of three tasks that succeed: each updates its asset before any of them is committed. Then two tasks
# that update the same asset, the second of which has to wait for the first; and a look of the scheduler.
CLOSE_ENDS = """
import json
from threading import Thread

from airflow import settings
from airflow.assets.manager import asset_manager
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.dagrun import DagRun
from airflow.serialization.definitions.assets import SerializedAssetUniqueKey
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

transaction = sessionmaker(settings.engine)

def update(session, name, key):
    asset = SerializedAssetUniqueKey(name=name, uri=name)
    asset_manager.register_asset_change(asset=asset, session=session, partition_key=key)

def update_and_commit(name, key):
    with transaction() as session:
        update(session, name, key)
        session.commit()

def look():
    with transaction() as session:
        runner = SchedulerJobRunner(job=Job())
        runner._create_dagruns_for_partitioned_asset_dags(session)
        session.commit()
        found = session.execute(select(DagRun.dag_id, DagRun.partition_key).order_by(DagRun.dag_id, DagRun.partition_key))
        return [list(row) for row in found]

for name in ("shop", "group", "stream"):
    update_and_commit(name, "apart")
apart = look()
sessions = {name: transaction() for name in ("shop", "group", "stream")}
for name, session in sessions.items():
    update(session, name, "close")
for session in sessions.values():
    session.commit()
    session.close()
close = look()
with transaction() as first:
    update(first, "shop", "same")
    second = Thread(target=update_and_commit, args=("shop", "same"))
    second.start()
    first.commit()
second.join()
print(json.dumps([apart, close, look()]))
"""


@dataclass
class Deployment:
    """Airflow's parts on a PostgreSQL, started one by one."""

    environ: dict[str, str]
    dsn: str
    airflow: Airflow
    log: Path
    parts: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, *command: str) -> None:
        with self.log.open("ab") as log:
            status = subprocess.run([sys.executable, "-m", "airflow", *command], env=self.environ, stdout=log, stderr=log)
        assert status.returncode == 0, self.log.read_text()[-4000:]

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            part = subprocess.Popen([sys.executable, "-m", "airflow", *command], env=self.environ, stdout=log, stderr=log)
        self.parts.append(part)
        return part

    def query(self, statement: str, *values: Any) -> list[Any]:
        with closing(psycopg2.connect(self.dsn)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def execute(self, statement: str) -> None:
        with closing(psycopg2.connect(self.dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def successful(self) -> Counter[tuple[str, str]]:
        return Counter(self.query("select dag_id, partition_key from dag_run where state = 'success'"))

    def until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + WITHIN_SECONDS
        while not is_so():
            states = Counter(self.query("select dag_id, state from dag_run"))
            assert time.monotonic() < end, f"{sorted(states.items())}\n{self.log.read_text()[-4000:]}"
            time.sleep(0.2)

    def is_quiet(self) -> bool:
        """Whether nothing runs, and nothing waits to be started."""
        going = "select 1 from dag_run where state in ('queued', 'running')"
        return not self.query(going) and not self.query(HALF_MET)


# Runs that the scheduler has not created, with the number of inputs that came; a single one is all that our DAGs wait for.
HALF_MET = """
    select pending.target_dag_id, pending.partition_key, count(distinct asset_id)::int
    from asset_partition_dag_run as pending left join partitioned_asset_key_log on asset_partition_dag_run_id = pending.id
    where created_dag_run_id is null group by pending.id order by 1, 2
"""
CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def connection(server: Postgres, database: str) -> str:
    return server.dsn(database).replace("postgresql://", "postgresql+psycopg2://")


@contextmanager
def prepared(postgres: Postgres, folder: Path, dags: Path) -> Iterator[Deployment]:
    """A database of its own that knows the DAGs, and what belongs to it; at the end everything started is ended."""
    settings = Settings.from_environment({"FANOUT_HOME": str(folder)})
    server = Server("", airflow_server.free_port(), 0, "run", airflow_server.fanout_settings(settings))
    airflow_server.airflow_home(settings).mkdir(parents=True)
    settings.landing_folder.mkdir()
    password = airflow_server.password(settings)
    name = f"airflow_{secrets.token_hex(4)}"
    postgres.execute(f"create database {name} template migrated")
    given = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{server.base_url}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "tests.dags.instant_executor.InstantExecutor",
        "AIRFLOW__CORE__PARALLELISM": "24",
        CONNECTION: connection(postgres, name),
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        # A scheduler that was killed is missed soon.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.05",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "2",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    }
    environ = airflow_server.environment(settings, server) | given
    rest = Airflow(server.base_url, airflow_server.USER, password)
    deployment = Deployment(environ, postgres.dsn(name), rest, folder / "log")
    try:
        deployment.run("dags", "reserialize")
        yield deployment
    finally:
        for part in deployment.parts:
            part.terminate()
        for part in deployment.parts:
            part.wait(timeout=60)


def answers(airflow: Airflow) -> bool:
    try:
        return bool(airflow._request("GET", "/api/v2/version"))
    except OSError:
        return False


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server with Airflow's tables in the database `migrated`, which is a template."""
    with running_postgres() as server:
        server.execute("create database migrated")
        with tempfile.TemporaryDirectory() as home:
            environ = os.environ | {"AIRFLOW_HOME": home, CONNECTION: connection(server, "migrated")}
            subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=environ, check=True, capture_output=True)
        yield server


def test_a_dag_with_several_inputs_stands_still_where_they_end_together(postgres: Postgres, tmp_path: Path) -> None:
    """Why no DAG has several. If this fails, Airflow has become better, and they may have."""
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "other.py").write_text(OTHER_DAGS)
    with prepared(postgres, tmp_path / "home", dags) as deployment:
        done = subprocess.run([sys.executable, "-c", CLOSE_ENDS], env=deployment.environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        apart, close, same = json.loads(done.stdout.splitlines()[-1])
        half_met = deployment.query(HALF_MET)
        named = repaired(deployment)
    assert apart == [["all_one", "apart"], ["all_two", "apart"], ["one", "apart"], ["two", "apart"]]
    assert [run for run in close if run not in apart] == [["one", "close"], ["two", "close"]]
    assert [row for row in half_met if row[1] == "close"] == [("all_one", "close", 1)] * 3 + [("all_two", "close", 1)] * 3
    assert [run for run in same if run not in close] == [["one", "same"], ["two", "same"]]
    # Of "same", one input of three came.
    assert named == {(dag_id, key) for dag_id in ("all_one", "all_two") for key in ("close", "same")}


def repaired(deployment: Deployment) -> set[tuple[str, str]]:
    """What the watch names an hour later; its command starts all of it, and it names nothing any more."""

    def waiting(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "operations.waiting", *arguments]
        done = subprocess.run(command, env=deployment.environ, capture_output=True, text=True)
        return done.returncode, done.stdout

    assert waiting() == (0, "nothing has waited for longer than 30 minutes\n")
    for table, column in {"asset_event": "timestamp", "dag_schedule_asset_reference": "created_at"}.items():
        deployment.execute(f"update {table} set {column} = {column} - interval '1 hour'")
    status, said = waiting()
    assert status == 1, said
    found = {(line.split()[0], line.split()[5].rstrip(",")) for line in said.splitlines()}
    status, started = waiting("--start")
    assert status == 0
    assert started.startswith(said)
    runs = deployment.query("select dag_id, partition_key from dag_run where run_type = 'manual'")
    assert sorted(runs) == sorted(found), "each once"
    assert waiting()[0] == 0
    return found


def of_chain(days: Collection[str]) -> set[tuple[str, str]]:
    return {(dag_id, day) for dag_id in CHAIN for day in days}


def started(deployment: Deployment, days: Collection[str]) -> subprocess.Popen[bytes]:
    """The scheduler, once a third of what was started is done."""
    every = of_chain(days)
    assert {dag_id for (dag_id,) in deployment.query("select dag_id from dag")} >= {*CHAIN}
    deployment.start("api-server")
    deployment.until(lambda: answers(deployment.airflow))
    deployment.airflow.set_pool(LAKE_WRITERS, slots=LAKE_WRITERS_SLOTS)
    for day in days:
        deployment.airflow.trigger(FIRST_DAG, day, f"by-hand-{day}")
    scheduler = deployment.start("scheduler", "--skip-serve-logs")
    deployment.until(lambda: len(every & {*deployment.successful()}) > len(every) // 3)
    return scheduler


def end(deployment: Deployment, days: Collection[str]) -> None:
    """Another scheduler brings all to its end, each DAG once for each day."""
    every = of_chain(days)
    assert every - {*deployment.successful()}, "the first one ended on the way"
    deployment.start("scheduler", "--skip-serve-logs")
    deployment.until(lambda: every <= {*deployment.successful()} and deployment.is_quiet())
    assert {*deployment.successful().values()} == {1}
    assert deployment.query(HALF_MET) == []


def test_thirty_days_at_once_pass_through_every_dag(postgres: Postgres, tmp_path: Path) -> None:
    """Their tasks end within milliseconds, and the scheduler is killed when some of them are on their way."""
    with prepared(postgres, tmp_path / "home", CHECKOUT / "dags") as deployment:
        scheduler = started(deployment, DAYS)
        scheduler.kill()
        scheduler.wait()
        end(deployment, DAYS)
        assert deployment.query("select count(*) from dag_run where state = 'failed'") == [(0,)]


def test_days_go_on_when_a_database_that_went_away_is_there_again(postgres: Postgres, tmp_path: Path) -> None:
    """It is away until the scheduler has given up, which Compose starts again."""
    with prepared(postgres, tmp_path / "home", CHECKOUT / "dags") as deployment:
        scheduler = started(deployment, DAYS[:10])
        postgres.stop()
        assert scheduler.wait(timeout=WITHIN_SECONDS) != 0
        postgres.start("fsync=off")
        end(deployment, DAYS[:10])
