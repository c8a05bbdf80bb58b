"""Event tables, from their logs alone."""

from __future__ import annotations

import json
from datetime import date

import pytest
from pyspark.sql import SparkSession

from contract.settings import SettingError, Settings
from spark_jobs.ingest.job import ingest
from spark_jobs.lake.event_tables import refuse_before_first_event


def test_a_day_before_the_first_event_is_refused(spark: SparkSession, settings: Settings) -> None:
    refuse_before_first_event(settings, date(1999, 1, 1))  # no event, nothing to lie before
    folder = settings.landing_folder / "shop" / "dt=2026-03-02"
    folder.mkdir(parents=True)
    line = {"specversion": "1.0", "id": "1", "source": "s", "type": "shop.user_registered.v1", "data": {"user_id": "u"}}
    times = ("2026-02-27T15:59:59Z", "2026-02-27T16:00:00Z", "2026-03-01T00:00:00Z")  # the second is midnight in Shanghai
    lines = [json.dumps(line | {"id": time, "time": time}) for time in times[1:]]
    lines.append(json.dumps(line | {"id": "0", "time": times[0], "data": {}}))  # refused, so it is no event
    (folder / "a.jsonl").write_text("\n".join(lines))
    ingest(spark, settings, "shop")
    refuse_before_first_event(settings, date(2026, 2, 28))
    with pytest.raises(SettingError, match="AS_OF=2026-02-27 lies before the first event, which is of 2026-02-28"):
        refuse_before_first_event(settings, date(2026, 2, 27))
