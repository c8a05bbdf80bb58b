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

from contract.settings import CHECKOUT, Settings
from spark_jobs.engine.session import spark_session

# Airflow reads it when it is imported, by whichever test comes first; without the plugins it does not know the timetable.
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(CHECKOUT / "operations" / "airflow_plugins")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the Spark session, so that `-m 'not spark'` leaves the fast tests."""
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker("spark")


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
