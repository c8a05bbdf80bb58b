"""The example landing as a team has it: on a standalone cluster, in an object store, and in PostgreSQL for BI tools."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from benchmarks._cluster import standalone
from tests.end_to_end.conftest import OF_EXAMPLE, Place
from tests.end_to_end.place_in_store import PREFIXES, PlaceInStore
from tests.end_to_end.steps import BUILD, INGEST_GATES, PUBLISH
from tests.object_stores import object_store_server
from tests.postgres import running_postgres

pytestmark = pytest.mark.soak


def test_the_marts_of_a_team_are_those_of_one_machine(
    example_lake: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example_lake.work_out(OF_EXAMPLE, *INGEST_GATES, *BUILD, *PUBLISH)
    with object_store_server(tmp_path / "store") as store, running_postgres() as server:
        store.put(example_lake.landing, PREFIXES["LANDING"])
        server.execute("create database bi")
        for name, text in store.environ().items():
            monkeypatch.setenv(name, text)  # the workers reach the store by what they were started with
        with standalone(2, tmp_path, "2g") as master:
            team = {"FANOUT_SPARK_MASTER": master, "FANOUT_EXECUTOR_MEMORY": "1536m", "FANOUT_BI_DSN": server.dsn("bi")}
            place = PlaceInStore(Path(), tmp_path / "home", store.environ() | team)
            place.ingest()
            place.work_out(OF_EXAMPLE, *INGEST_GATES, *BUILD, *PUBLISH, "publication.bi")
        there, here = (json.loads((one.current() / "run.json").read_text()) for one in (place, example_lake))
        assert len(here["digests"]) > 50
        assert there["digests"] == here["digests"]
        assert [*(tmp_path / "worker-0").glob("app-*")]
        assert [*(tmp_path / "worker-1").glob("app-*")]
        with closing(psycopg2.connect(server.dsn("bi"))) as connection, connection.cursor() as cursor:
            counted = {}
            for name in here["rows"]:
                cursor.execute(f"select count(*) from marts.{name}")
                [(counted[name],)] = cursor.fetchall()
        assert counted == here["rows"]
        assert not (place.home / "lake").exists()
