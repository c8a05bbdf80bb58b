"""The events of a lake as its event table is after a load that changed older lines."""

from __future__ import annotations

import json
from datetime import date

import pyarrow as pa
from pyspark.sql import SparkSession

from contract.settings import Settings
from spark_jobs.engine.batches import deserialized
from spark_jobs.ingest.job import ingest
from spark_jobs.lake import catalog
from spark_jobs.spread_graph import merchant_events

AT = 1_772_359_200_123_456  # 2026-03-01T10:00:00.123456Z in microseconds of the epoch


def deliver(settings: Settings, day: str, *lines: dict[str, object]) -> None:
    folder = settings.landing_folder / "shop" / f"dt={day}"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))


def event(number: str, kind: str, **data: str) -> dict[str, object]:
    envelope = {"specversion": "1.0", "id": number, "source": "s", "type": f"shop.{kind}.v1"}
    return envelope | {"time": "2026-03-01T10:00:00.123456Z", "data": {"merchant_id": "m", "user_id": "u"} | data}


def test_events_are_read_from_files_of_every_writer(spark: SparkSession, settings: Settings) -> None:
    share = event("1", "share_created", share_id="s1", object_type="product", object_id="p", channel="group")
    paid = event("2", "order_paid", order_id="o", via_share_id="s1", amount="12.30", currency="CNY")
    deliver(settings, "2026-03-03", share, paid, event("3", "share_opened", share_id="s1"))
    ingest(spark, settings, "shop")
    assert catalog.row_counts(settings, "shop_events", "fate")["accepted"] == 3
    spark.sql(f"UPDATE delta.`{catalog.table_path(settings, 'shop_events')}` SET reason = NULL WHERE event_id IN ('1', '3')")
    deliver(settings, "2026-03-02", share, paid)  # an earlier copy is accepted in place of the first, which Spark wrote
    ingest(spark, settings, "shop")
    assert catalog.row_counts(settings, "shop_events", "fate")["duplicate"] == 2

    batches = merchant_events.read(spark, settings, date(2026, 3, 1), 2).collect()
    rows = [row for batch in batches for row in deserialized(pa.scalar(batch["events"], pa.binary())).to_pylist()]
    assert sum(batch["rows"] for batch in batches) == len(rows) == 3
    assert {row["kind"]: (row["share_id"], row["event_time"], row["day"], row["cents"], row["object_id"]) for row in rows} == {
        "share": ("s1", AT, 20513, None, "p"),
        "order": ("s1", AT, 20513, 1230, None),
        "open": ("s1", AT, 20513, None, None),
    }
    assert {batch["partition"] for batch in batches} == {batches[0]["partition"]}
    assert merchant_events.read(spark, settings, date(2026, 2, 28), 2).collect() == []
