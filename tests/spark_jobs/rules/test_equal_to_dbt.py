"""Which event counts, as Spark and as dbt say it, on random events: a merchant is a case, and one build of dbt serves all.

Spark states the rule for DataFrames and for the arrays of a partition, dbt in SQL. None of the three is compared with a copy of
itself: the same lake is read by each, and the rows that are left are compared whole.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import deltalake
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyspark.sql.functions as f
import pytest
from pyspark.sql import SparkSession

from contract.settings import Settings
from dbt_project.build import run_dbt
from dbt_project.extensions import load_extensions
from spark_jobs.group_survival.survival import group_durations
from spark_jobs.lake.event_tables import read_events
from spark_jobs.rules.orders import orders_with_refunds
from spark_jobs.spread_graph.arrays import take
from spark_jobs.spread_graph.events import STATUSES, events_that_count
from spark_jobs.spread_graph.merchant_events import COLUMNS, KINDS, slim
from spark_jobs.spread_graph.merchant_pipeline import merchant_tables
from tests.dbt_project.tiny_lake import TinyLake, write_derived

AS_OF = date(2026, 4, 1)
MERCHANTS = 150
MODELS = ("int_refunds_deduplicated", "int_credits_split", "int_chat_groups_latest", "stg_shop__share_created")
Rows = Counter[tuple[Any, ...]]


@dataclass
class Case:
    """Random events of one merchant; ids are the same at every merchant, and few, so that they come again."""

    lake: TinyLake
    merchant: str
    dice: random.Random

    def __post_init__(self) -> None:
        moments = [timedelta(days=self.dice.randrange(20), seconds=self.dice.randrange(86_400)) for _ in range(3)]
        self.moments = [datetime(2026, 4, 1, 15, tzinfo=UTC) - moment for moment in moments]
        if self.dice.random() < 0.3:
            self.moments.append(datetime(2026, 4, 1, 16, tzinfo=UTC))  # midnight in Shanghai, after as_of
        self.names = set[tuple[str, str]]()

    def add(self, event: str, **data: str | None) -> None:
        """An event at one of the moments; its source and id together come only once."""
        known = {name: value for name, value in data.items() if value is not None}
        self.lake.add(event, self.dice.choice(self.moments).isoformat(), **known)
        while True:
            name = (
                f"e{self.dice.choice(['2', '10', 'é', 'B'])}",
                f"{self.dice.choice('aBé')}{self.dice.randrange(9)}/{self.merchant}",
            )
            if name not in self.names:
                break
        self.names.add(name)
        source = "group" if event == "chat_created" else "shop"
        self.lake.rows[source][-1] |= {"event_id": name[0], "event_source": name[1]}

    def some(self, kind: str, known: int) -> str:
        return f"{kind}{self.dice.randrange(known)}"

    def fill(self) -> None:
        dice = self.dice
        for _ in range(dice.randrange(3, 16)):
            self.add(
                "share_created",
                merchant_id=self.merchant,
                share_id=self.some("s", 5),
                user_id=self.some("u", 4),
                object_type="page",
                object_id="y" if dice.random() < 0.15 else "x",
                channel="group",
                parent_share_id=self.some("s", 6) if dice.random() < 0.8 else None,
            )
        for _ in range(dice.randrange(1, 12)):
            via = self.some("s", 6) if dice.random() < 0.8 else None
            ids = {"merchant_id": self.merchant, "order_id": self.some("o", 6), "user_id": self.some("u", 4)}
            self.add("order_paid", **ids, amount=self.amount(), currency="CNY", via_share_id=via)
        for _ in range(dice.randrange(12)):
            ids = {"merchant_id": self.merchant, "order_id": self.some("o", 8), "refund_id": self.some("r", 6)}
            self.add("order_refunded", **ids, amount=self.amount(), currency="CNY")
        for _ in range(dice.randrange(6)):
            kind = dice.choice(["product", "interest", None])
            driver = dice.choice(["region", "event", None])
            group = f"{self.some('g', 2)}-{self.merchant}"
            self.add("chat_created", group_id=group, owner_id=self.some("u", 4), kind=kind, driver=driver)

    def amount(self) -> str:
        return f"{self.dice.randrange(100_000) / 100:.2f}"


@dataclass
class Compared:
    """The lake, what Spark's arrays make of it, and dbt's build."""

    settings: Settings
    lake: TinyLake
    slim: pa.Table
    tables: dict[str, pa.Table]
    query: Callable[[str], Rows]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("rules"))})
    lake = TinyLake(settings)
    for number in range(MERCHANTS):
        Case(lake, f"m{number:03}", random.Random(number)).fill()
    lake.write()
    shop = deltalake.DeltaTable(f"{settings.lake}/shop_events").to_pyarrow_table(columns=[*COLUMNS, "fate"])
    is_read = pc.and_(pc.less_equal(shop["event_date"], AS_OF), pc.is_in(shop["event_type"], pa.array(KINDS)))
    rows = slim(shop.filter(pc.and_(pc.equal(shop["fate"], "accepted"), is_read))).combine_chunks()
    tables = merchant_tables(rows, AS_OF, 1_000_000)
    write_derived(settings, "cascade_nodes", AS_OF, tables["cascade_nodes"].to_pylist())
    done = run_dbt(settings, AS_OF, "run", "--select", *(f"+{model}" for model in MODELS))
    assert done.success, done.exception

    def query(sql: str) -> Rows:
        with duckdb.connect(str(settings.warehouse(AS_OF)), read_only=True) as con:
            load_extensions(con)
            con.execute("set timezone = 'UTC'")
            con.execute("set search_path = 'intermediate,staging'")
            return Counter(con.execute(sql).fetchall())

    return Compared(settings, lake, rows, tables, query)


def _rows(lake: TinyLake, name: str) -> list[dict[str, Any]]:
    """The events of a type up to as_of."""
    found = (row for rows in lake.rows.values() for row in rows if row["event_type"].split(".")[1] == name)
    return [row for row in found if row["event_date"] <= AS_OF]


def test_the_random_events_hold_every_corner(compared: Compared) -> None:
    corners = Counter[str]()
    paid = {(row["merchant_id"], row["order_id"]): row["event_time"] for row in _rows(compared.lake, "order_paid")}
    for row in _rows(compared.lake, "order_refunded"):
        at = paid.get((row["merchant_id"], row["order_id"]))
        corners[
            "refund without order" if at is None else f"refund {'before' if row['event_time'] < at else 'after'} order"
        ] += 1
    keys = {"share_created": "share_id", "order_paid": "order_id", "order_refunded": "refund_id", "chat_created": "group_id"}
    for name, key in keys.items():
        copies = defaultdict(list)
        for row in _rows(compared.lake, name):
            copies[row.get("merchant_id"), row[key]].append((row["event_time"], row["event_id"], row["event_source"]))
        for order in copies.values():
            end, next_to_it = sorted(order, reverse=name == "chat_created")[:2] if len(order) > 1 else (None, None)
            if end is not None and next_to_it is not None:
                same = sum(end[: places + 1] == next_to_it[: places + 1] for places in range(2))
                corners[f"{name} decided by {('time', 'id', 'source')[same]}"] += 1
    corners |= Counter(compared.tables["cascade_nodes"]["parent_status"].to_pylist())
    corners["after as_of"] = sum(row["event_date"] > AS_OF for rows in compared.lake.rows.values() for row in rows)
    expected = {f"{name} decided by {what}" for name in keys for what in ("time", "id", "source")}
    expected |= {*STATUSES, "refund without order", "refund before order", "refund after order", "after as_of"}
    assert set(corners) == expected
    assert min(corners.values()) >= 5, corners


def test_orders_and_refunds_of_data_frames(spark: SparkSession, compared: Compared) -> None:
    events = (read_events(spark, compared.settings, f"shop.order_{name}.v1", AS_OF) for name in ("paid", "refunded"))
    orders, refunds = orders_with_refunds(*events)
    columns = ("merchant_id", "order_id", "user_id")
    found = Counter(tuple(row) for row in orders.select(*columns, "paid_on", "amount").collect())
    assert found.total() > MERCHANTS
    assert found == compared.query("select merchant_id, order_id, user_id, paid_date, amount from int_orders_deduplicated")
    found = Counter(tuple(row) for row in refunds.select(*columns, "refunded_on", "amount").collect())
    assert found.total() > MERCHANTS
    assert found == compared.query("select merchant_id, order_id, user_id, refunded_date, amount from int_refunds_deduplicated")


def test_payments_and_refunds_of_arrays(compared: Compared) -> None:
    events = events_that_count(compared.slim)
    shares, moves = events.shares, events.moves
    columns = (
        take(events.merchants, shares.merchant[moves.share]).to_pylist(),
        take(shares.share_id, moves.share).to_pylist(),
        take(events.users, moves.buyer).to_pylist(),
        moves.is_order.tolist(),
        moves.order_day.astype("datetime64[D]").tolist(),
        moves.day.astype("datetime64[D]").tolist(),
        [Decimal(cents).scaleb(-2) for cents in moves.cents.tolist()],
    )
    found = Counter(zip(*columns, strict=True))
    assert found.total() > MERCHANTS
    assert found == compared.query("""
        select merchant_id, via_share_id, user_id, movement = 'payment', paid_date, moved_date, amount
        from int_payments_and_refunds_unioned as moves
        semi join stg_shop__share_created as shares
            on shares.merchant_id = moves.merchant_id and shares.share_id = moves.via_share_id
    """)


def test_paths_to_the_root(compared: Compared) -> None:
    """Parents are declared by Spark alone; dbt walks them up, and must end where Spark's trees have their root."""
    walked = compared.query("""
        select merchant_id, via_share_id, arg_max(share_id, step), max(step) from int_share_paths_walked group by all
    """)
    nodes = compared.tables["cascade_nodes"].to_pylist()
    trees = {(row["merchant_id"], row["share_id"], row["root_share_id"], row["depth"]) for row in nodes}
    assert max(depth for *_, depth in walked) > 1
    assert len(walked) > MERCHANTS
    assert {*walked} <= trees
    reached = compared.query(
        "select distinct merchant_id, via_share_id from int_orders_deduplicated where via_share_id is not null"
    )
    assert {row[:2] for row in walked} == {*reached} & {row[:2] for row in trees}


def test_the_last_touch(compared: Compared) -> None:
    credited = compared.query("""
        select merchant_id, user_id, sum(last_touch) from int_credits_split group by all having sum(last_touch) != 0
    """)
    rows = compared.tables["spreaders"].to_pylist()
    found = Counter((row["merchant_id"], row["user_id"], row["revenue_led"]) for row in rows if row["revenue_led"])
    assert found.total() > MERCHANTS
    assert found == credited


def test_chat_groups_of_data_frames(spark: SparkSession, compared: Compared) -> None:
    """Born at the earliest record, described by the latest; each lives until the end of the day, so its age tells its birth."""
    end = datetime(2026, 4, 1, 16, tzinfo=UTC)
    chats = read_events(spark, compared.settings, "group.chat_created.v1", AS_OF)
    posted = chats.select("group_id", f.lit(end + timedelta(days=1)).alias("event_time")).distinct()
    nobody = chats.select("group_id", "event_time", f.col("owner_id").alias("user_id")).where(f.lit(False))
    durations = group_durations(chats, posted, nobody, end)
    found = Counter(tuple(row) for row in durations.select("group_id", "kind", "driver", "duration").collect())
    assert found.total() > MERCHANTS
    assert found == compared.query("""
        select group_id, kind, driver, cast(floor(epoch(timestamp '2026-04-01 16:00:00' - born_at) / 86400) as integer)
        from int_chat_groups_latest
    """)
