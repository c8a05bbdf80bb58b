"""Families that share a session, on a small lake: every table, a second run, a family that fails, lakes without events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from contract.events import SOURCES, Fate
from contract.settings import SettingError, Settings
from contract.tables import family_tables
from spark_jobs.families import SESSIONS, runner
from spark_jobs.families.day import LakeDay, Result
from spark_jobs.families.runner import run_families
from spark_jobs.lake import catalog, derived_tables, event_tables
from spark_jobs.lake.files import data_files
from spark_jobs.lifetime_value import lifetimes
from tests.spark_jobs.frames import SHANGHAI, at, day, table

AS_OF = day("2026-03-31")
RETENTION = SESSIONS["retention"]
TABLES = [table.name for family in RETENTION for table in family_tables(family)]


def write_events(spark: SparkSession, settings: Settings, rows: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Append accepted events to the lake; a row is (type, time, fields)."""
    for source in SOURCES:
        event_tables.event_table(settings, source)
        schema = event_tables.event_schema(source)
        full = []
        for number, (event_type, time, fields) in enumerate(rows):
            if event_type.split(".")[0] != source:
                continue
            known = {
                "fate": Fate.ACCEPTED.value,
                "event_id": f"e{number:03d}",
                "event_source": f"{source}/m",
                "event_type": event_type,
                "event_time": at(time),
                "event_date": at(time).astimezone(SHANGHAI).date(),
                "event_month": time[:7],
                **fields,
            }
            full.append(tuple(known.get(name) for name in schema.fieldNames()))
        if full:
            path = catalog.table_path(settings, f"{source}_events")
            spark.createDataFrame(full, schema).write.format("delta").mode("append").save(path)


def order(time: str, merchant: str, order_id: str, user: str, amount: str) -> tuple[str, str, dict[str, Any]]:
    fields = {"merchant_id": merchant, "order_id": order_id, "user_id": user, "amount": Decimal(amount), "currency": "CNY"}
    return "shop.order_paid.v1", time, fields


EVENTS = [
    ("shop.merchant_onboarded.v1", "2026-01-01", {"merchant_id": "quiet", "name": "Quiet"}),
    *(
        order(f"2026-03-{number:02d} 10:00:00", "busy", f"o{number}", f"u{number % 4}", f"{number}.50")
        for number in range(1, 13)
    ),
    (
        "shop.order_refunded.v1",
        "2026-03-30",
        {"merchant_id": "busy", "order_id": "o1", "refund_id": "r", "amount": Decimal("99.00")},
    ),
    ("shop.merchant_active.v1", "2026-03-29", {"merchant_id": "busy", "action": "login"}),
    ("shop.spend_recorded.v1", "2026-03-02", {"merchant_id": "busy", "channel": "ads", "amount": Decimal("8.00")}),
    ("group.chat_created.v1", "2026-03-01", {"group_id": "g", "owner_id": "u", "kind": "product"}),
    ("group.message_posted.v1", "2026-03-04 12:00:00", {"group_id": "g", "user_id": "u"}),
]
LATER = [
    order("2026-04-01", "busy", "o1", "nobody", "1.00"),
    order("2026-04-01", "new", "o1", "u1", "1.00"),
    ("shop.merchant_active.v1", "2026-04-01", {"merchant_id": "quiet", "action": "login"}),
    ("group.message_posted.v1", "2026-04-01", {"group_id": "g", "user_id": "u"}),
    ("stream.live_started.v1", "2026-04-02", {"live_id": "l", "merchant_id": "new"}),
]


def everything(spark: SparkSession, settings: Settings, as_of: date) -> dict[str, list[tuple[Any, ...]]]:
    return {name: table(derived_tables.read_day(spark, settings, name, as_of)) for name in TABLES}


def compute(spark: SparkSession, settings: Settings, families: Sequence[str] = RETENTION) -> dict[str, Any]:
    """The report of families, none of which fails."""
    report, failed = run_families(spark, settings, AS_OF, families)
    assert failed == {}
    assert list(report["families"]) == list(families)
    return report


def test_the_day_is_the_same_again_and_whatever_comes_after_it(spark: SparkSession, settings: Settings) -> None:
    write_events(spark, settings, EVENTS)
    report = compute(spark, settings)
    first = everything(spark, settings, AS_OF)
    assert {table: rows for one in report["families"].values() for table, rows in one["tables"].items()} == {
        name: len(rows) for name, rows in first.items()
    }
    assert {family: one["rows_in"] for family, one in report["families"].items()} == {
        "group_survival": 2,
        "merchant_churn": 16,
        "lifetime_value": 14,
    }
    assert (report["rows_in"], report["rows_out"]) == (32, sum(map(len, first.values())))
    assert all(first.values())
    assert not any(isinstance(cell, float) and cell != cell for rows in first.values() for row in rows for cell in row)

    assert [row[:4] for row in first["merchant_churn_flags"]] == [
        ("busy", "operating", 19, 2),
        ("quiet", "churned", None, None),
    ]
    assert [row[:2] for row in first["ltv_model"]] == [("busy", first["ltv_model"][0][1])]
    assert len(first["lifetime_value"]) == len(first["fan_churn_flags"]) == 4
    assert ("all", "all", 3, 1, 1, 0.0, None, None) in first["group_survival"]
    page = settings.home / "model_cards" / "2026-03-31.html"
    assert report["model_card"] == str(page)
    assert "There is no model" in page.read_text()
    assert "BG/NBD" in page.read_text()

    write_events(spark, settings, LATER)
    compute(spark, settings)
    assert everything(spark, settings, AS_OF) == first


def test_a_family_that_fails_stops_no_other_and_runs_again_alone(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_events(spark, settings, EVENTS)
    with monkeypatch.context() as patch:
        patch.setattr(lifetimes, "fit_platform", fails)
        report, failed = run_families(spark, settings, AS_OF, ["lifetime_value", "group_survival"])
    assert failed == {"lifetime_value": "ValueError: no such thing: here"}
    assert "    raise ValueError" in capsys.readouterr().err
    assert report["families"].keys() == {"group_survival"}
    assert all(report["families"]["group_survival"]["tables"].values())
    assert "model_card" not in report

    files = {table.name: data_files(catalog.table_path(settings, table.name)) for table in family_tables("group_survival")}
    alone = compute(spark, settings, ["lifetime_value"])
    assert all(alone["families"]["lifetime_value"]["tables"].values())
    assert "BG/NBD" in (settings.home / "model_cards" / "2026-03-31.html").read_text()
    assert {name: data_files(catalog.table_path(settings, name)) for name in files} == files


def fails(*_: object) -> None:
    raise ValueError("no such thing: here.")


def test_a_failure_in_a_worker_is_told_in_the_words_of_the_worker(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(day: LakeDay) -> Result:
        day.spark.range(1).mapInPandas(lambda batches: [[].pop() for _ in batches], "x int").collect()
        return Result(1)

    jobs = {"broken": SimpleNamespace(run=broken), "whole": SimpleNamespace(run=lambda _: Result(7))}
    monkeypatch.setattr(runner, "job", jobs.__getitem__)
    report, failed = run_families(spark, settings, AS_OF, list(jobs))
    assert failed == {"broken": "IndexError: pop from empty list"}
    assert report["families"] == {"whole": {"rows_in": 7, "rows_out": 0, "tables": {}}}
    assert "model_card" not in report


def test_what_families_share_is_kept_and_let_go(spark: SparkSession, settings: Settings) -> None:
    write_events(spark, settings, EVENTS)
    with LakeDay(spark, settings, AS_OF) as day_:
        shared = [*day_.orders_and_refunds, day_.event_counts]
        assert [rows.is_cached for rows in shared] == [True] * 3
        assert day_.event_counts is shared[2]
        assert [rows.count() for rows in shared[:2]] == [12, 1]
    assert [rows.is_cached for rows in shared] == [False] * 3


def test_a_lake_without_events_gives_tables_without_rows(spark: SparkSession, settings: Settings) -> None:
    write_events(spark, settings, [])
    report = compute(spark, settings)
    tables = {table: rows for one in report["families"].values() for table, rows in one["tables"].items()}
    assert tables == {name: int(name == "churn_model_evaluation") for name in TABLES}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FANOUT_CHURN_CAPACITY", "0"),
        ("FANOUT_CHURN_CAPACITY", "many"),
        ("FANOUT_CHURN_THRESHOLD", "1.5"),
        ("FANOUT_CHURN_THRESHOLD", "0"),
    ],
)
def test_impossible_settings_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{name}={value}"):
        Settings.from_environment({name: value})


def test_settings_of_the_flag_are_read() -> None:
    settings = Settings.from_environment({"FANOUT_CHURN_CAPACITY": "7", "FANOUT_CHURN_THRESHOLD": "0.4"})
    assert (settings.churn_capacity, settings.churn_threshold) == (7, 0.4)
