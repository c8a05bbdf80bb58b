"""A lake in an object store is kept as one in a folder is."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from contract.settings import Settings
from maintenance.__main__ import maintain
from maintenance.search import search
from spark_jobs.lake.catalog import table_path
from spark_jobs.lake.files import data_files
from tests.maintenance.small_home import DAY, FORGOTTEN, KEPT, derive, derived, events, small_home
from tests.object_stores import BUCKET, ObjectStore


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
