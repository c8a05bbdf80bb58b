"""Lines that name people beside the fields of persons, and landing files with lines of theirs, from ingest to ingest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from contract.settings import Settings
from maintenance import erasure
from maintenance.__main__ import maintain
from spark_jobs.ingest.job import ingest
from spark_jobs.lake import catalog
from tests.maintenance.small_home import DAY, FORGOTTEN, put


def test_lines_that_name_somebody_beside_the_fields_are_erased(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "spark_session", lambda *_: spark)
    opened = {"specversion": "1.0", "source": "test", "time": "2026-03-20T08:00:00Z", "type": "shop.erasure_requested.v1"}
    told = [
        {**opened, "id": "r", "data": {"user_id": FORGOTTEN}},
        {**opened, "id": "x", "data": {"user_id": "u-5", "friend": FORGOTTEN}},
    ]
    lines = [json.dumps(one) for one in told] + [f"this is broken: {FORGOTTEN}", "this is broken, too"]
    put(settings.landing_folder / "shop/dt=2026-03-20/a.jsonl", "\n".join(lines).encode())
    ingest(spark, settings, "shop")
    report = maintain(replace(settings, rewrite_landing=True), DAY)
    assert report["erased"]["lines"] == 1  # the other is a request, which may say what it likes
    assert catalog.row_counts(settings, "shop_events", "fate") == {"accepted": 2, "erased": 1, "quarantined": 1, "read": 1}
    assert report["proof"]["remained"] == report["proof"]["landing_files"] == 0
    again = ingest(spark, settings, "shop")
    assert again["rows_in"] == again["files"] == 0
    anew = replace(settings, lake=f"{settings.lake}-anew")
    ingest(spark, anew, "shop")
    assert catalog.row_counts(anew, "shop_events", "fate") == catalog.row_counts(settings, "shop_events", "fate")
