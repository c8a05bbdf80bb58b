"""The job from lake to lake: what spans the merchants, re-runs, other days, and graphs that go through GraphFrames."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import deltalake
import pytest
from pyspark.sql import SparkSession

from contract.settings import Settings
from contract.tables import family_tables
from spark_jobs.families.runner import run_families
from spark_jobs.lake import catalog, derived_tables
from spark_jobs.lake.schemas import spark_schema
from spark_jobs.spread_graph import platform_graph
from spark_jobs.spread_graph.job import partitions, with_influence
from spark_jobs.spread_graph.merchant_pipeline import MERCHANT_TABLES
from tests.spark_jobs.spread_graph import oracle
from tests.spark_jobs.spread_graph.oracle import Merchant
from tests.spark_jobs.spread_graph.scene import AS_OF, TODAY, Row, opened, random_events, share, tables_of
from tests.spark_jobs.spread_graph.small_lake import fill

TABLES = [table.name for table in family_tables("spread_graph")]
WEEK_BEFORE = AS_OF - timedelta(days=7)
EVENTS = [
    *random_events(5),
    # an island of two, on which nobody opens anything back
    share("island", "x2", day=-1, merchant="n"),
    opened("island", "x1", merchant="n"),
    # of the day after
    share("later", "y", day=1, merchant="m"),
]


def read(spark: SparkSession, settings: Settings, name: str, as_of: date = AS_OF) -> list[Row]:
    rows = [row.asDict() for row in derived_tables.read_day(spark, settings, name, as_of).collect()]
    return sorted(rows, key=str)


def spread_graph(spark: SparkSession, settings: Settings, as_of: date) -> dict[str, Any]:
    """The family's report."""
    report, failed = run_families(spark, settings, as_of, ["spread_graph"])
    assert failed == {}
    return dict(report["families"]["spread_graph"])


@pytest.fixture(scope="module")
def lake_of_facts(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake on which the job has run for the business date, and for the week before it."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("spread"))})
    fill(settings, EVENTS)
    spread_graph(spark, settings, WEEK_BEFORE)
    report = spread_graph(spark, settings, AS_OF)
    assert report["rows_in"] == len(EVENTS) - 1
    assert report["rows_out"] == sum(report["tables"].values()) > 100
    assert all(report["tables"][name] == len(read(spark, settings, name)) for name in ("cascades", "islands"))
    return settings


def test_merchant_tables_are_those_of_the_kernels(spark: SparkSession, lake_of_facts: Settings) -> None:
    expected = tables_of(*(event for event in EVENTS if event["day"] <= TODAY))
    for name in MERCHANT_TABLES:
        rows = [row for row in read(spark, lake_of_facts, name) if row["merchant_id"] != "all"]
        assert rows, name
        for row in rows:
            for column, value in row.items():
                if hasattr(value, "tzinfo"):
                    row[column] = value.astimezone()
        for row in expected[name]:
            for column, value in row.items():
                if hasattr(value, "tzinfo"):
                    row[column] = value.astimezone()
        in_order = [{column: row[column] for column in rows[0]} for row in expected[name]]
        assert rows == sorted(in_order, key=str), name


def test_platform_tables_follow_the_definitions(spark: SparkSession, lake_of_facts: Settings) -> None:
    merchants = {name: Merchant([event for event in EVENTS if event["day"] <= TODAY], name) for name in ("m", "n")}
    rows = [row | {"user": user} for of in merchants.values() for user, row in oracle.spreaders(of).items()]
    edges = {
        (row["user_id"], of.shares[row["share_id"]]["user_id"], (name, row["share_id"]))
        for name, of in merchants.items()
        for row in of.opens
        if row["day"] in oracle.WINDOW and row["user_id"] != of.shares[row["share_id"]]["user_id"]
    }
    people = {row["user"] for row in rows}
    influence = oracle.page_rank(people, [(opener, sharer) for opener, sharer, _ in edges])
    found = {row["user_id"]: row for row in read(spark, lake_of_facts, "platform_spreaders")}
    assert found.keys() == people
    assert {"x1", "x2"} < people
    for user, row in found.items():
        own = [other for other in rows if other["user"] == user]
        assert (row["merchants"], row["shares"]) == (len(own), sum(other["shares"] for other in own))
        assert row["openers"] == len({opener for opener, sharer, _ in edges if sharer == user})
        assert row["influence"] == pytest.approx(influence[user], rel=1e-9)
    ranked = sorted(people, key=lambda user: (-round(influence[user], 9), user))
    assert [found[user]["influence_rank"] for user in ranked] == list(range(1, len(people) + 1))

    assert {found[user]["island_id"] for user in ("x1", "x2")} == {"x1"}
    islands = {row["island_id"]: row for row in read(spark, lake_of_facts, "islands")}
    assert islands["x1"] == {"island_id": "x1", "users": 2, "merchants": 1, "shares": 1}
    (rest,) = (row for name, row in islands.items() if name != "x1")
    assert rest["island_id"] == min(people)
    assert (rest["users"], rest["merchants"]) == (len(people) - 2, 2)
    assert sum(row["shares"] for row in islands.values()) == sum(row["shares"] for row in rows)


def test_islands_reach_over_merchants_through_the_users_they_share(spark: SparkSession) -> None:
    """Forty users who each have a share with some of nine merchants, and open few: against the union of all pairs."""
    dice = random.Random(3)
    shops = [f"m{i}" for i in range(9)]
    homes = {f"u{i:02}": dice.sample(shops, dice.choice([1, 1, 1, 2])) for i in range(40)}
    events = [share(f"s-{user}", user, merchant=shop) for user, visited in homes.items() for shop in visited]
    pairs = []
    for user in dice.sample(sorted(homes), 14):
        other = dice.choice(sorted(homes))
        events.append(opened(f"s-{other}", user, merchant=homes[other][0]))
        pairs.append((user, other))
    island = {user: user for user in homes}
    for one, two in pairs:
        low, high = sorted((island[one], island[two]))
        island = {user: low if name == high else name for user, name in island.items()}
    assert 1 < len(set(island.values())) < 40
    tables = tables_of(*events)
    spreaders, opener_edges = (
        spark.createDataFrame(tables[name], spark_schema(name)) for name in ("spreaders", "opener_edges")
    )
    components = {(row["merchant_id"], row["component_id"]) for row in tables["spreaders"]}
    found = platform_graph.platform_spreaders(spreaders, opener_edges, 1_000_000).persist()
    assert {row["user_id"]: row["island_id"] for row in found.collect()} == island
    for row in platform_graph.islands(found, spreaders).collect():
        people = {user for user, name in island.items() if name == row["island_id"]}
        merchants = {event["merchant_id"] for event in tables["spreaders"] if event["user_id"] in people}
        assert (row["users"], row["merchants"]) == (len(people), len(merchants))
    joined = {island[component] for _, component in components}
    assert len(joined) < len({component for _, component in components}), "no island joins components of several merchants"


def test_concentration_of_every_merchant_together(spark: SparkSession, lake_of_facts: Settings) -> None:
    found = {row["metric"]: row for row in read(spark, lake_of_facts, "spread_concentration") if row["merchant_id"] == "all"}
    spreaders = read(spark, lake_of_facts, "spreaders")
    assert found.keys() == {"shares", "opens", "orders_led", "revenue_led"}
    for metric, row in found.items():
        held = [Decimal(other[metric]) for other in spreaders if other[metric] > 0]
        assert (row["users"], row["total"]) == (len(held), sum(held))


def test_a_past_day_is_what_it_was_and_a_second_run_changes_nothing(
    spark: SparkSession, lake_of_facts: Settings, settings: Settings
) -> None:
    past = [event for event in EVENTS if event["day"] <= TODAY - 7]
    fill(settings, past)
    spread_graph(spark, settings, WEEK_BEFORE)
    first = {name: read(spark, settings, name, WEEK_BEFORE) for name in TABLES}
    spread_graph(spark, settings, WEEK_BEFORE)
    for name, rows in first.items():
        assert rows, name
        assert read(spark, settings, name, WEEK_BEFORE) == rows, name
        assert read(spark, lake_of_facts, name, WEEK_BEFORE) == rows, name


def test_graphframes_gives_the_same_influence(spark: SparkSession) -> None:
    """On graphs that lose most of their rank at each step, so that GraphFrames is done after a few."""
    events = [share(f"s{i}-{merchant}", f"u{i}", merchant=merchant) for i in range(6) for merchant in ("m", "n")]
    heard = {0: (1, 2, 3, 8, 9), 1: (0, 7), 2: (3, 4, 0, 1), 3: (0, 1), 5: (8, 0, 1)}
    for sharer, openers in heard.items():
        events += [opened(f"s{sharer}-m", f"u{opener}") for opener in openers]
        events += [opened(f"s{sharer}-n", f"u{9 - opener}", merchant="n") for opener in openers]
    events += [share("again", "u0"), opened("again", "u1"), share("s", "u1", merchant="few"), opened("s", "u2", merchant="few")]
    expected = tables_of(*events)
    missing = tables_of(*events, executor_edges=5)
    assert {row["merchant_id"] for row in missing["spreaders"] if row["influence"] is None} == {"m", "n"}
    tables = {
        name: spark.createDataFrame(missing[name], spark_schema(name))
        for name in ("spreaders", "opener_edges", "key_spreaders")
    }
    found = with_influence(tables)
    for name in ("spreaders", "key_spreaders"):
        rows = sorted((row.asDict() for row in found[name].collect()), key=str)
        assert rows == [approximately(row) for row in sorted(expected[name], key=str)]


def approximately(row: Row) -> Row:
    return {name: pytest.approx(value, rel=1e-6) if name == "influence" else value for name, value in row.items()}


@pytest.mark.soak
def test_all_of_it_through_graphframes(spark: SparkSession, lake_of_facts: Settings, tmp_path: Path) -> None:
    through_graphframes = replace(lake_of_facts, executor_edges=3, lake=str(tmp_path / "lake"))
    fill(through_graphframes, EVENTS)
    spread_graph(spark, through_graphframes, AS_OF)
    for name, key in (("spreaders", ("merchant_id", "user_id")), ("platform_spreaders", ("user_id",))):
        expected = {tuple(row[column] for column in key): row for row in read(spark, lake_of_facts, name)}
        found = {tuple(row[column] for column in key): row for row in read(spark, through_graphframes, name)}
        assert found.keys() == expected.keys()
        for user, row in found.items():
            assert row["influence"] == pytest.approx(expected[user]["influence"], rel=1e-6)
            assert row == expected[user] | {"influence": row["influence"]}
    assert read(spark, through_graphframes, "key_spreaders") == read(spark, lake_of_facts, "key_spreaders")


def test_without_shares_every_table_is_there_and_empty(spark: SparkSession, settings: Settings) -> None:
    fill(settings, [])
    report = spread_graph(spark, settings, AS_OF)
    assert report["rows_out"] == 0
    assert {name: read(spark, settings, name) for name in TABLES} == {name: [] for name in TABLES}


def test_a_day_on_which_people_are_gone_leaves_trees_alone(spark: SparkSession, settings: Settings) -> None:
    fill(settings, [share("old", "y", day=-200), share("new", "x", day=-1, merchant="n"), opened("new", "z", merchant="n")])
    spread_graph(spark, settings, AS_OF)
    of_people = set(TABLES) - {"cascades", "cascade_layers", "cascade_nodes", "share_mix"}
    before = {name: len(read(spark, settings, name)) for name in TABLES}
    assert before["cascades"] == 2
    assert before["islands"] == 1
    assert before["platform_spreaders"] == 2
    deltalake.DeltaTable(catalog.table_path(settings, "shop_events")).delete("merchant_id = 'n'")
    report = spread_graph(spark, settings, AS_OF)
    assert report["tables"] == {name: len(read(spark, settings, name)) for name in TABLES}
    assert report["tables"]["cascades"] == 1
    assert {report["tables"][name] for name in of_people} == {0}


@pytest.mark.parametrize(("rows", "expected"), [(0, 1), (30_000, 1), (300_000, 2), (10_000_000, 40)])
def test_partitions_grow_with_the_lake(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch, rows: int, expected: int
) -> None:
    assert spark.sparkContext.defaultParallelism == 2
    monkeypatch.setattr(catalog, "row_counts", lambda *_: {"accepted": rows, "duplicate": 5_000_000})
    assert partitions(spark, settings) == expected
