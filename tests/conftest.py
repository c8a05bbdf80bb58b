"""Fixtures that all rooms share: one Spark session for the suite, and settings in a folder of the test's own."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from pyspark.sql import SparkSession
from xdist.scheduler import LoadFileScheduling

from contract.settings import CHECKOUT, Settings
from spark_jobs.engine.session import MissingJars, spark_session
from tests.object_stores import ObjectStore, object_store_server, reached
from tests.second_object_store import second_object_store_server

# An Airflow has several processes of its own: two at once would wait for each other longer than tests do.
WITH_AIRFLOW = ("tests/dags/test_postgres.py", "tests/docker/test_deployment.py", "tests/end_to_end/test_chain.py")

# Airflow reads it when it is imported, by whichever test comes first; without the plugins it does not know the timetable.
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(CHECKOUT / "operations" / "airflow_plugins")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs the Spark session, so that `-m 'not spark'` leaves the fast tests."""
    if "spark" in getattr(item, "fixturenames", ()):
        item.add_marker("spark")


class OneSession(LoadFileScheduling):  # type: ignore[misc]
    """Of the processes that share a run one has all tests with the Spark session, and one all that start an Airflow."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        if file in WITH_AIRFLOW:
            return "airflow"
        return "spark" if "spark: SparkSession" in (CHECKOUT / file).read_text() else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneSession:
    return OneSession(config, log)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    home = tmp_path_factory.mktemp("spark")
    settings = Settings.from_environment(
        {"FANOUT_HOME": str(home), "FANOUT_SPARK_MASTER": "local[2]", "FANOUT_SPARK_MEMORY": "2g"}
    )
    session = spark_session("tests", settings, rows=0, spark_sql_shuffle_partitions="2")
    yield session
    session.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose home, landing and lake lie in the test's own folder."""
    landing = tmp_path / "landing"
    landing.mkdir()
    base = Settings.from_environment({"FANOUT_HOME": str(tmp_path / "home"), "FANOUT_LANDING": str(landing)})
    return replace(base, spark_memory="2g")


@pytest.fixture(scope="session")
def running_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """In a process of its own: delta-rs keeps Python from answering while it asks."""
    with object_store_server(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture(scope="session")
def running_second_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """By other makers. What answers as one of them does may be how they read the protocol, and not how it is."""
    try:
        with second_object_store_server(tmp_path_factory.mktemp("second") / "store") as server:
            yield server
    except MissingJars:
        pytest.skip("the JARs of S3Mock are missing; run: python -m tests.second_object_store")


@pytest.fixture
def store(running_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """An object store that this process reaches; tests share its bucket."""
    yield from reached(running_store, monkeypatch)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data with published figures, beside the checkout; not part of the project."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is missing")
    return folder


@pytest.fixture(scope="session")
def shared_example() -> Path:
    """A landing with every expected figure, beside the checkout; not part of the project."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared" / "example"
    if not folder.is_dir():
        pytest.skip("../shared/example is missing")
    return folder


@dataclass(frozen=True)
class Webhook:
    """A web server's address, and the JSON bodies that it was sent."""

    address: str
    bodies: Queue[Any] = field(default_factory=Queue)


@contextmanager
def listening_webhook() -> Iterator[Webhook]:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.bodies.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    hook = Webhook(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with listening_webhook() as hook:
        yield hook
