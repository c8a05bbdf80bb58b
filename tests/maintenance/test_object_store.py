"""A lake in an object store is kept as one in a folder is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest

from contract.object_path import ObjectPath
from contract.settings import Settings
from maintenance.__main__ import maintain
from maintenance.search import search
from publication.uploads import write
from publication.versions import DATABASE
from spark_jobs.lake.catalog import table_path
from spark_jobs.lake.files import data_files
from tests.maintenance.small_home import DAY, FORGOTTEN, KEPT, derive, derived, events, small_home
from tests.object_stores import BUCKET, ObjectStore

NAMING = date(2026, 3, 20)  # the published day of the small home that names somebody


def test_a_lake_in_a_store_is_compacted_searched_and_forgets(
    store: ObjectStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", raising=False)
    there = replace(settings, lake=f"s3://{BUCKET}/{uuid4()}/lake")
    small_home(there)
    derive(there, DAY, [FORGOTTEN])
    derive(there, DAY, [KEPT])
    rows, files = events(there), len(data_files(table_path(there, "shop_events")))
    found = {(finding.place, finding.is_dead) for finding in search(there, {FORGOTTEN}).findings if finding.path is None}
    assert found == {("lake/spreaders_of_the_test", False), ("lake/spreaders_of_the_test", True)}
    report = maintain(there, DAY)
    assert report["proof"]["remained"] == 0
    assert search(there, {FORGOTTEN}).findings == []
    assert events(there) == rows
    assert len(data_files(table_path(there, "shop_events"))) < files
    assert derived(there) == {f"{DAY}": [KEPT]}


def test_copies_of_published_days_forget_too(home: Settings, store: ObjectStore, tmp_path: Path) -> None:
    """Of the day that named somebody; the newest one is handed on besides."""
    there = replace(home, published_uri=f"s3://{BUCKET}/{uuid4()}")

    def fans(name: str) -> list[str]:
        (tmp_path / name).write_bytes(ObjectPath(f"{there.published_uri}/{NAMING}/v000001/{DATABASE}").read_bytes())
        with duckdb.connect(str(tmp_path / name), read_only=True) as con:
            return [fan for (fan,) in con.execute("select user_id from marts.fans order by 1").fetchall()]

    write(there, NAMING)
    assert fans("before") == [FORGOTTEN, KEPT]
    report = maintain(there, DAY)
    assert (report["warnings"], report["proof"]["remained"]) == ([], 0)
    assert fans("after") == [KEPT]
    assert ObjectPath(f"{there.published_uri}/{DAY}/v000001/{DATABASE}").exists()


def test_copies_that_cannot_be_reached_are_told_of(home: Settings) -> None:
    report = maintain(replace(home, bi_dsn="host=127.0.0.1 port=1 dbname=none"), DAY)
    [warning] = report["warnings"]
    assert warning.startswith(f"copies of {DAY} may still name people: PostgreSQL at 127.0.0.1:1, database none")
