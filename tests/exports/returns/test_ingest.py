"""What returned sheets write, as the ingest judges it."""

from __future__ import annotations

import shutil
from datetime import timedelta

from pyspark.sql import SparkSession

from spark_jobs.ingest.job import ingest
from spark_jobs.lake import catalog
from tests.exports.returns.conftest import DAY_AFTER, Office
from tests.exports.returns.test_leads import filled
from tests.exports.returns.test_returns import CALLED, TALKED


def test_two_sendings_are_one_call_and_a_correction_is_kept(spark: SparkSession, office: Office) -> None:
    """The second sending of m-1 meets a landing that was emptied meanwhile, so nothing but the ingest knows of the first."""
    settings = office.settings
    outcomes = {"m-1": TALKED, "m-10": (CALLED, "declined", None, None)}
    office.lay(office.filled(outcomes))
    office.lay(filled(office, CALLED, "wants no more calls"), "leads.xlsx")
    office.run()
    office.lay(office.filled({"m-10": (CALLED, "leaving", None, "sold the shop")}))
    office.run()
    shutil.move(settings.landing_folder / "shop", settings.home / "kept")
    office.lay(office.filled(outcomes))
    office.run(DAY_AFTER + timedelta(days=1))
    shutil.copytree(settings.home / "kept", settings.landing_folder / "shop", dirs_exist_ok=True)

    assert ingest(spark, settings, "shop")["rows_in"] == 6
    table = spark.read.format("delta").load(catalog.table_path(settings, "shop_events"))
    rows = table.where("line > 0").select("fate", "reason", "dt", "merchant_id", "result", "event_date").collect()
    found = sorted((row.fate, row.reason, str(row.dt), row.merchant_id, row.result, str(row.event_date)) for row in rows)
    assert [row[:4] for row in found if row[0] == "accepted"] == [
        ("accepted", None, "2026-03-21", "m-1"),
        ("accepted", None, "2026-03-21", "m-1"),
        ("accepted", None, "2026-03-21", "m-10"),
    ]
    assert [row[4:] for row in found if row[0] == "accepted"] == [
        ("refused", "2026-03-21"),
        ("talked", "2026-03-21"),
        ("declined", "2026-03-21"),
    ]
    assert sorted(row[:3] for row in found if row[0] != "accepted") == [
        ("duplicate", None, "2026-03-22"),
        ("duplicate", None, "2026-03-22"),
        ("quarantined", "conflicting_duplicate", "2026-03-21"),
    ]


def test_a_correction_counts_once_the_first_is_taken_out_of_the_landing(spark: SparkSession, office: Office) -> None:
    settings = office.settings
    office.lay(office.filled({"m-1": TALKED, "m-10": (CALLED, "declined", None, None)}))
    office.run()
    office.lay(office.filled({"m-10": (CALLED, "leaving", None, "sold the shop")}))
    office.run()

    def accepted() -> set[tuple[str, str]]:
        ingest(spark, settings, "shop")
        table = spark.read.format("delta").load(catalog.table_path(settings, "shop_events"))
        return {(row.merchant_id, row.result) for row in table.where("fate = 'accepted'").collect()}

    assert accepted() == {("m-1", "talked"), ("m-10", "declined")}
    [first] = (settings.landing_folder / "shop" / "dt=2026-03-21").glob("success_calls_[0-9a-f]*.jsonl")
    first.write_text("".join(line for line in first.read_text().splitlines(keepends=True) if "declined" not in line))
    assert accepted() == {("m-1", "talked"), ("m-10", "leaving")}
    office.lay(office.filled({"m-10": (CALLED, "leaving", None, "sold the shop")}), "again.xlsx")
    assert (office.run()["rows_out"], office.run()["refused"]) == (0, 0)
