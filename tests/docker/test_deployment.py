"""The deployment of docker/compose.yml starts, is closed to those who may not, runs a day, and comes back from its back-up.

What docs/deployment.md says is what is run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import psutil
import pytest

from contract.settings import CHECKOUT, LAKE_WRITERS, LAKE_WRITERS_SLOTS, Settings
from dashboards.server import Superset
from operations.airflow_rest import Airflow
from operations.chain import BESIDE, CHAIN
from tests.docker.images import buildah
from tests.docker.natively import Deployment, play
from tests.small_warehouse import published

# What is in the containers: the programs of this machine, or the images as they are built.
ROOTS = [pytest.param("machine", marks=pytest.mark.acceptance), pytest.param("images", marks=pytest.mark.soak)]
DAYS = ("2026-03-01", "2026-03-02")
WITHIN_SECONDS = 900
# Spark's own way to tell an executor the secret.
OF_SPARK = "_SPARK_AUTH_SECRET"
PEOPLE = {"engineer": "Op", "reader": "Viewer"}


@dataclass(frozen=True)
class Team:
    """A deployment, and the folders that belong to it on the machine."""

    deployment: Deployment
    data: Path
    backup: Path

    def play(self, heading: str, number: int = 0) -> None:
        """Run a block of commands of the page, by its place below a heading."""
        page = (CHECKOUT / "docs" / "deployment.md").read_text()
        section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        assert section is not None, heading
        block = re.findall(r"```\n(.*?)```", section[1], re.DOTALL)[number].replace("docker/build.sh", "true")
        url = f"http://{self.deployment.address('airflow-api')}:8080"
        play(block, self.deployment, {"/srv/fanout": str(self.data), "/backup": str(self.backup), "http://localhost:8080": url})

    def secret(self, name: str) -> str:
        return (self.deployment.file.parent / "secrets" / name).read_text()

    def airflow(self, user: str = "admin", password: str = "") -> Airflow:
        url = f"http://{self.deployment.address('airflow-api')}:8080"
        return Airflow(url, user, password or self.secret("airflow_admin_password"))

    def deliver(self, number: int) -> None:
        """A day of one line for each source."""
        day = DAYS[number]
        lines: dict[str, tuple[str, dict[str, Any]]] = {
            "shop": ("merchant_onboarded", {"merchant_id": f"m-{number}", "name": "Tea house"}),
            "group": ("chat_created", {"group_id": f"g-{number}", "owner_id": "u-1", "merchant_id": "m-0"}),
            "stream": ("live_started", {"live_id": f"l-{number}", "merchant_id": "m-0"}),
        }
        for source, (kind, data) in lines.items():
            file = self.data / "landing" / source / f"dt={day}" / "part-0000.jsonl"
            file.parent.mkdir(parents=True)
            head = {"specversion": "1.0", "id": f"e-{number}", "source": f"{source}/1", "type": f"{source}.{kind}.v1"}
            file.write_text(json.dumps({**head, "time": f"{day}T09:00:00+08:00", "data": data}) + "\n")

    def follow(self, day: str, since: datetime) -> set[str]:
        """Wait until the ingest of a day has ended well; the secrets that a process showed meanwhile."""
        airflow, seen = self.airflow(), set()
        deadline = time.monotonic() + WITHIN_SECONDS
        while [run["state"] for run in airflow.runs(day, since) if run["dag_id"] == "ingest"] != ["success"]:
            seen |= shown(self.processes(), self.secrets())
            states = {f"{task['dag_id']}.{task['task_id']}": task["state"] for task in airflow.tasks(since)}
            assert "failed" not in states.values(), (states, self.logs()[-8000:])
            assert time.monotonic() < deadline, (states, self.logs()[-8000:])
            time.sleep(2)
        return seen

    def processes(self) -> Iterator[psutil.Process]:
        for name in [*self.deployment.processes]:
            yield from self.deployment.members(name)

    def secrets(self) -> dict[str, str]:
        """The secrets themselves by the names of their files."""
        folder = self.deployment.file.parent / "secrets"
        words = {file.name: re.findall(r"[\w-]{30,}=?", file.read_text()) for file in folder.iterdir()}
        found = {name: word for name, some in words.items() for word in some}
        assert len(found) == 10
        return found

    def logs(self) -> str:
        files = [*self.deployment.folder.glob("*.log"), *(self.data / "logs").rglob("*.log")]
        assert len(files) >= len(self.deployment.processes)
        return "\n".join(file.read_text(errors="replace") for file in files)


def shown(processes: Iterable[psutil.Process], secrets: dict[str, str]) -> set[str]:
    """Processes whose arguments or environment have a secret in them, with its name."""
    found = set()
    for process in processes:
        try:
            arguments, environ = " ".join(process.cmdline()), process.environ()
        except psutil.Error:  # it has ended
            continue
        environ.pop(OF_SPARK, None)
        said = f"{arguments} {environ}"
        found |= {f"{name} in {arguments[:100]}" for name, secret in secrets.items() if secret in said}
    return found


@pytest.fixture(scope="module", params=ROOTS)
def team(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A deployment that was started as the page says."""
    for program in ("ip", "nsenter", "setpriv", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing; install the packages iproute2, util-linux and curl")
    if os.geteuid() != 0:
        pytest.skip("only root can make networks and roots for the services")
    folder = tmp_path_factory.mktemp("team")
    data = folder / "data"
    (folder / "backup").mkdir()
    shutil.copytree(CHECKOUT / "docker", folder / "docker", ignore=shutil.ignore_patterns("secrets", ".env"))
    example = folder / "docker" / "example.env"
    # Nothing is to start by the clock.
    example.write_text(example.read_text().replace("/srv/fanout", str(data)) + "FANOUT_SCHEDULE=off\n")
    built = {}
    if request.param == "images":
        for image, container in (("fanout:latest", "of_platform"), ("fanout-superset:latest", "of_superset")):
            built[image] = Path(buildah("mount", request.getfixturevalue(container)))
    with Deployment(folder / "docker" / "compose.yml", folder / "run", built) as deployment:
        team = Team(deployment, data, folder / "backup")
        team.play("From nothing to the first day")
        yield team


def refused(airflow: Airflow, method: str, path: str, body: dict[str, Any] | None = None) -> int:
    """The status with which a request is refused."""
    with pytest.raises(HTTPError) as failure:
        airflow._request(method, path, body)
    return failure.value.code


def test_a_process_that_shows_a_secret_is_seen() -> None:
    waits = ["sh", "-c", "echo; read -r _", "sh"]  # what it says comes after its arguments can be read
    for command, environ in ((waits, {"A": "x3935"}), ([*waits, "3935"], {})):
        with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            some = shown([psutil.Process(process.pid)], {"a": "3935", "b": "a word that nobody says"})
        assert some == {f"a in {' '.join(command)}"}


def test_every_service_runs_unprivileged_within_its_limit_and_listens_where_it_should(team: Team) -> None:
    deployment = team.deployment
    ports = {
        "postgres": {5432},
        "airflow-api": {8080},
        "airflow-scheduler": {8974},
        "airflow-dag-processor": set(),
        "airflow-watch": set(),
        "spark-master": {7077, 8080},
    }
    long_running = {name for name, process in deployment.processes.items() if process.poll() is None}
    assert long_running == {*ports, "spark-worker"}
    for name, expected in ports.items():
        listening = subprocess.run(
            ["ip", "netns", "exec", deployment._namespace(name), "ss", "-Hltn"], capture_output=True, text=True, check=True
        ).stdout
        assert {int(line.split()[3].rpartition(":")[2]) for line in listening.splitlines()} == expected, name
    users = {name: {process.uids().real for process in deployment.members(name)} for name in long_running}
    assert 0 not in users["postgres"]
    assert {name for name, numbers in users.items() if numbers != {50000}} == {"postgres"}
    for name in long_running:
        status = Path(f"/proc/{deployment.processes[name].pid}/status").read_text()
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE), name
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE), name
    # What the image brings cannot be changed, and neither can another service be entered through the volume of all.
    assert deployment.run("spark-worker", "touch", "/opt/venv/lib/python3.11/site-packages/pyspark/work").returncode != 0
    assert deployment.run("spark-worker", "touch", "/tmp/spark/a", "/data/a").returncode == 0


def test_supersets_database_is_made_once(team: Team) -> None:
    for _ in range(2):
        team.deployment.up("superset-database")
    count = "select count(*) from pg_database where datname = 'superset'"
    assert team.deployment.run("postgres", "psql", "--username", "airflow", "-tAc", count).stdout == b"1\n"


def test_spark_takes_nobody_without_the_secret(team: Team) -> None:
    worker = "spark-class org.apache.spark.deploy.worker.Worker --webui-port 0 --work-dir /tmp/other spark://spark-master:7077"
    until = "until grep -E 'Failed to connect to master|Successfully registered' /tmp/said; do sleep 0.5; done; kill $!"
    script = f"SPARK_CONF_DIR=/tmp {worker} > /tmp/said 2>&1 & {until}"
    said = team.deployment.run("spark-worker", "bash", "-c", script).stdout.decode()
    assert "Failed to connect to master spark-master:7077" in said
    assert team.deployment.log("spark-master").count("Registering worker") == 1


def test_an_engineer_may_run_a_day_and_a_reader_may_look(team: Team) -> None:
    admin = team.airflow()
    assert refused(team.airflow("admin", "wrong"), "GET", "/api/v2/dags") == 401
    for name, role in PEOPLE.items():
        person = {
            "username": name,
            "first_name": name,
            "last_name": "-",
            "email": f"{name}@example.org",
            "password": f"of {name}",
        }
        admin._request("POST", "/auth/fab/v1/users", {**person, "roles": [{"name": role}]})
    engineer, reader = (team.airflow(name, f"of {name}") for name in PEOPLE)
    assert len(reader._request("GET", "/api/v2/dags")["dags"]) == len(CHAIN) + len(BESIDE)
    assert admin._request("GET", f"/api/v2/pools/{LAKE_WRITERS}")["slots"] == LAKE_WRITERS_SLOTS
    pause, run = {"is_paused": True}, {"logical_date": None, "partition_key": "2026-02-01"}
    for method, path, body in (
        ("POST", "/api/v2/dags/ingest/dagRuns", run),
        ("PATCH", "/api/v2/dags/ingest", pause),
        ("GET", "/api/v2/connections", None),
        ("POST", "/auth/fab/v1/users", {}),
    ):
        assert refused(reader, method, path, body) == 403, path
    assert refused(engineer, "POST", "/auth/fab/v1/users", {}) == 403
    assert engineer._request("GET", "/api/v2/connections")["total_entries"] == 0
    # The ingest is all that is run here.
    assert engineer._request("PATCH", "/api/v2/dags/build_models", pause)["is_paused"]


def test_the_page_leads_to_a_day_and_back_from_a_back_up(team: Team) -> None:
    team.airflow()._request("PATCH", "/api/v2/dags/build_models", {"is_paused": True})
    since = datetime.now(UTC) - timedelta(minutes=1)
    team.deliver(0)
    version = team.data / "published" / DAYS[0] / "a-version"
    version.mkdir(parents=True)
    (version / "fanout.duckdb").write_text("marts")
    (team.data / "published" / "current").symlink_to(f"{DAYS[0]}/a-version")
    team.play("From nothing to the first day", 1)
    assert team.follow(DAYS[0], since) == set()
    logs = team.logs()
    assert {name for name, secret in team.secrets().items() if secret in logs} == set()

    team.play("Back-up and restore")
    team.deployment.down()
    shutil.rmtree(team.data)
    shutil.rmtree(team.deployment.file.parent / "secrets")
    team.deployment.file.with_name(".env").unlink()
    team.play("Back-up and restore", 1)

    assert (team.data / "published" / "current" / "fanout.duckdb").read_text() == "marts"
    airflow = team.airflow()
    assert [run["state"] for run in airflow.runs(DAYS[0], since)] == ["success"]
    assert airflow._request("GET", "/api/v2/dags/build_models")["is_paused"]
    since = datetime.now(UTC) - timedelta(minutes=1)
    team.deliver(1)
    airflow.trigger("ingest", DAYS[1], "second-day")
    assert team.follow(DAYS[1], since) == set()
    reports = [task for task in airflow.tasks(since) if task["task_id"] == "ingest_shop" and task["dag_run_id"] == "second-day"]
    assert airflow.report(reports[0])["accepted"] == 1, "the line of the first day is in the lake already"


@pytest.mark.parametrize("team", ROOTS[1:], indirect=True)
def test_superset_answers_from_the_published_file(team: Team) -> None:
    published(Settings.from_environment({"FANOUT_HOME": str(team.data)}))
    subprocess.run(["chown", "--recursive", "50000:50000", str(team.data)], check=True)
    team.deployment.up("superset", "superset-dashboards")
    admin = Superset(f"http://{team.deployment.address('superset')}:8088", "admin", team.secret("fanout_superset_password"))
    charts = {chart["slice_name"]: chart["id"] for chart in admin.rows("chart/", "slice_name")}
    (answer,) = admin.get(f"chart/{charts['Net revenue by week']}/data/")["result"]
    assert [row["net_revenue"] for row in answer["data"]] == [12.5], "by hand, from tests/small_warehouse.yml"
    assert shown(team.processes(), team.secrets()) == set()
    assert team.deployment.run("superset", "touch", "/data/a").returncode != 0
    assert {process.uids().real for process in team.deployment.members("superset")} == {50000}
