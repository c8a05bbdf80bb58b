"""The example landing, with every figure that it must give, from files to exports, and with everything in an object store."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb
import psutil
import pytest
from deltalake import DeltaTable

from contract.machine import load_extension
from contract.object_store import Access
from tests.end_to_end.conftest import OF_EXAMPLE, Place, compare
from tests.end_to_end.place_in_store import PREFIXES, PlaceInStore
from tests.end_to_end.steps import BUILD, INGEST_GATES, PUBLISH
from tests.object_stores import BUCKET, SECRET, Door, ObjectStore, object_store_server

pytestmark = pytest.mark.acceptance

IN_THE_MIDDLE_OF_FEW, AWAY_SECONDS = 60_000, 20
IN_THE_MIDDLE = 400_000  # bytes that went in: the load of the shop has found its files, and writes the lines


@pytest.fixture(scope="module")
def example(example_lake: Place) -> Place:
    """The example landing after a day's commands."""
    example_lake.work_out(OF_EXAMPLE, *INGEST_GATES, *BUILD, *PUBLISH)
    return example_lake


def test_the_example_gives_every_expected_figure(example: Place, shared_example: Path) -> None:
    compared = compare(example.current() / "fanout.duckdb", shared_example)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert "ok" in compared.stdout


def test_the_example_is_exported(example: Place) -> None:
    example.work_out(OF_EXAMPLE, "exports")
    assert any((example.home / "exports" / OF_EXAMPLE).iterdir())


def arguments(process: subprocess.Popen[str]) -> str:
    """Those of a command and its children as anybody sees them, once the JVM is among these, or the command has ended."""
    seen: set[str] = set()
    while not any("SparkSubmit" in one for one in seen):
        for one in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                seen.add(" ".join(one.cmdline()))
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
            break
    return "\n".join(seen)


def test_a_load_passes_though_a_store_of_other_makers_is_away_for_a_while(
    running_second_store: ObjectStore, make_place: Callable[[], Place], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing, store = make_place().landing, running_second_store
    store.put(landing, PREFIXES["LANDING"])
    door = Door(store.port, until=IN_THE_MIDDLE_OF_FEW, away=AWAY_SECONDS).opened()
    place = PlaceInStore(Path(), tmp_path / "home", store.environ())
    status, out = place.run("spark_jobs.ingest", "--source", "shop", AWS_ENDPOINT_URL=door.endpoint)
    assert status == 0, out
    assert (door.times_shut, door.is_open) == (1, True)
    door.shut()
    monkeypatch.setenv("SSL_CERT_FILE", str(store.authority))
    options = Access.from_environment(store.environ()).delta_options()
    table = DeltaTable(f"s3://{BUCKET}/{PREFIXES['LAKE']}/shop_events", storage_options=options)
    rows = table.to_pyarrow_table(columns=["file", "line"]).to_pylist()
    files = {str(file.relative_to(landing)): file.read_text().splitlines() for file in landing.glob("shop/*/*")}
    assert len(files) == 3
    # The line 0 says that the file was read.
    planted = [(name, line) for name, lines in files.items() for line in range(len(lines) + 1)]
    assert sorted((row["file"], row["line"]) for row in rows) == sorted(planted)


@pytest.mark.soak
def test_the_marts_of_an_object_store_are_those_of_folders_though_the_store_goes_in_the_middle(
    example: Place, tmp_path: Path
) -> None:
    with object_store_server(tmp_path / "store") as store:
        store.put(example.landing, PREFIXES["LANDING"])
        place = PlaceInStore(Path(), tmp_path / "home", store.environ())
        _goes_while_the_shop_is_loaded(place, store)
        place.ingest()
        place.work_out(OF_EXAMPLE, *INGEST_GATES, *BUILD, *PUBLISH, "publication.bi")
        there, here = (json.loads((one.current() / "run.json").read_text()) for one in (place, example))
        assert len(here["digests"]) > 50
        assert there["digests"] == here["digests"]
        assert there["rows"] == here["rows"]
        assert there["lake_versions"].keys() == here["lake_versions"].keys()
        _is_read_where_it_was_put(store, there)
        away = Door(store.port).opened()
        away.shut()
        for step in ("expectations.gate ingest --source shop", "dbt_project.build", "publication.bi"):
            _is_told(place, away, *step.split(), "--as-of", OF_EXAMPLE)
        assert [path.name for path in place.home.iterdir() if path.name in ("lake", "landing")] == []
        assert [path for path in place.home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()] == []


def _goes_while_the_shop_is_loaded(place: PlaceInStore, store: ObjectStore) -> None:
    door = Door(store.port, until=IN_THE_MIDDLE).opened()
    process = place.start("spark_jobs.ingest", "--source", "shop", AWS_ENDPOINT_URL=door.endpoint)
    told = arguments(process)
    assert f"spark.hadoop.fs.s3a.endpoint={door.endpoint}" in told
    assert SECRET not in told
    out, _ = process.communicate()
    assert process.returncode == 1, out
    assert not door.is_open
    assert f"the object store {door.endpoint} does not answer for bucket {BUCKET}" in out.splitlines()[-1]
    assert SECRET not in out


def _is_told(place: PlaceInStore, door: Door, *command: str) -> None:
    status, out = place.run(*command, AWS_ENDPOINT_URL=door.endpoint)
    assert status == 1, out
    assert f"the object store {door.endpoint} does not answer for bucket {BUCKET}" in out.splitlines()[-1]


def _is_read_where_it_was_put(store: ObjectStore, run: dict[str, object]) -> None:
    """As docs/object_store.md says."""
    prefix = f"s3://{BUCKET}/{PREFIXES['PUBLISHED_URI']}"
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as con:
        con.execute(load_extension("httpfs"))
        con.execute(f"set global ca_cert_file = '{store.authority}'")
        con.execute(Access.from_environment(store.environ()).duckdb_secret())
        [(current,)] = con.execute(f"select content from read_text('{prefix}/current')").fetchall()
        assert current == f"{OF_EXAMPLE}/{run['version']}/fanout.duckdb"
        con.execute(f"attach '{prefix}/{current}' as published (read_only)")
        rows = run["rows"]
        assert isinstance(rows, dict)
        assert con.execute("select count(*) from published.marts.orders").fetchall() == [(rows["orders"],)]
