"""A few accepted lines that make no sense: amounts of an order number's size, clocks that are decades late, a fan who leaves
and is back at one instant, a team that was formed before it was opened."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.end_to_end.conftest import DAYS, NEWEST, Place, event
from tests.end_to_end.steps import BUILD, PUBLISH

pytestmark = pytest.mark.acceptance

HUGE = "9000000000000000.00"  # lakes from before amounts had to stay below 10^10 hold such ones


def of_nonsense(day: str) -> list[dict[str, Any]]:
    """A shop whose buyer pays five times on a day through one share, and has two of these orders refunded in full."""
    shop = {"merchant_id": "m-x"}
    order = shop | {"user_id": "x-2", "amount": "9.00", "currency": "CNY", "via_share_id": "s-x"}
    share = {"share_id": "s-x", "user_id": "x-1", "object_type": "product", "object_id": "p-1", "channel": "group"}
    spend = shop | {"channel": "ads", "amount": "9.00"}
    return [
        event(9001, "shop.share_created", day, 1, **shop, **share),
        event(9002, "shop.share_opened", day, 2, **shop, share_id="s-x", user_id="x-2"),
        *(event(9010 + n, "shop.order_paid", day, 3, **order, order_id=f"o-{n}") for n in range(5)),
        *(
            event(
                9020 + n,
                "shop.order_refunded",
                day,
                4,
                **shop,
                order_id="o-0",
                refund_id=f"r-{n}",
                amount="9.00",
                currency="CNY",
            )
            for n in range(2)
        ),
        *(event(9030 + n, "shop.spend_recorded", day, 5, **spend) for n in range(2)),
    ]


def of_late_clocks(day: str) -> dict[str, list[dict[str, Any]]]:
    """A page viewed in 2003, a live stream begun then that ends today, a chat group of 2006 in which people still talk."""
    page = {"user_id": "x-1", "object_type": "page", "object_id": "p"}
    return {
        "shop": [event(9101, "shop.page_viewed", "2003-05-01", 12, merchant_id="m-old", **page)],
        "stream": [
            event(9102, "stream.live_started", "2003-05-01", 12, live_id="l-old", merchant_id="m-old"),
            event(9103, "stream.live_ended", day, 12, live_id="l-old", merchant_id="m-old"),
        ],
        "group": [
            event(9104, "group.chat_created", "2006-03-01", 12, group_id="g-old", owner_id="x-1"),
            event(9105, "group.message_posted", day, 12, group_id="g-old", user_id="x-1"),
        ],
    }  # fmt: skip


def of_one_instant(day: str) -> dict[str, list[dict[str, Any]]]:
    """A fan who follows, unfollows and follows at once, and a team whose forming was told ten hours before its opening."""
    fan = {"merchant_id": "m-old", "user_id": "x-9"}
    team = {"team_id": "t-old", "leader_id": "x-9", "product_id": "p-1", "size_required": 2, "region": "CN-SH"}
    return {
        "shop": [
            event(9111 + n, f"shop.fan_{tie}", day, 12, **fan) for n, tie in enumerate(("followed", "unfollowed", "followed"))
        ],
        "group": [
            event(9121, "group.team_opened", day, 12, merchant_id="m-old", expires_at=f"{day}T20:00:00+08:00", **team),
            event(9122, "group.team_formed", day, 2, team_id="t-old"),
        ],
    }


def add(landing: Path, source: str, events: list[dict[str, Any]]) -> None:
    (landing / source / f"dt={NEWEST}" / "nonsense.jsonl").write_text("".join(json.dumps(line) + "\n" for line in events))


def warehouse(place: Place) -> Path:
    return place.home / "work" / NEWEST / "warehouse.duckdb"


@pytest.fixture(scope="module")
def places(make_place: Callable[[], Place]) -> tuple[Place, Place]:
    """The platform with an ordinary m-x, and with the amounts of m-x that an older lake may hold."""
    ordinary = make_place()
    late, at_once = of_late_clocks(NEWEST), of_one_instant(NEWEST)
    add(ordinary.landing, "shop", of_nonsense(DAYS[0]) + late["shop"] + at_once["shop"])
    add(ordinary.landing, "group", late["group"] + at_once["group"])
    add(ordinary.landing, "stream", late["stream"])
    ordinary.ingest()
    huge = replace(ordinary, home=ordinary.home.with_name("huge"))
    shutil.copytree(ordinary.home, huge.home)
    events = str(huge.home / "lake" / "shop_events")
    rows = DeltaTable(events).to_pyarrow_table()
    is_changed = pc.and_(pc.equal(rows["merchant_id"], "m-x"), pc.is_valid(rows["amount"])).fill_null(False)
    assert pc.sum(is_changed).as_py() == 9
    amounts = pc.if_else(is_changed, pa.scalar(Decimal(HUGE), rows["amount"].type), rows["amount"])
    write_deltalake(events, rows.set_column(rows.column_names.index("amount"), "amount", amounts), mode="overwrite")
    ordinary.work_out(NEWEST, *BUILD)
    huge.work_out(NEWEST, *BUILD)
    return ordinary, huge


def test_amounts_that_add_up_beyond_an_amount_stop_nobody_else(places: tuple[Place, Place]) -> None:
    ordinary, huge = places
    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse(ordinary)}' as ordinary (read_only); attach '{warehouse(huge)}' as huge (read_only)")
        tables = con.execute(
            """
            select distinct table_name from duckdb_columns()
            where database_name = 'huge' and schema_name = 'marts' and column_name = 'merchant_id'
            """
        ).fetchall()
        filled = 0
        for (table,) in sorted(tables):
            mine = "select * from {}.marts." + f"{table} where merchant_id = 'm-1'"
            rows = con.execute(mine.format("ordinary")).fetchall()
            assert con.execute(mine.format("huge")).fetchall() == rows, table
            filled += bool(rows)
        assert filled > 20
        con.execute("use huge.marts")
        # five orders and two refunds of 9e15: no sum fits but that of the order that was refunded twice
        assert con.execute("select refunded, net from orders where merchant_id = 'm-x' and order_id = 'o-0'").fetchall() == [
            (None, Decimal("-" + HUGE))
        ]
        for figure in (
            "direct_revenue from per_fan_revenue", "revenue from growth_split", "revenue from cohort_retention",
            "revenue_led from spreaders", "revenue from cascades", "revenue from daily_merchant", "spend from cohort_value",
            "revenue_28d from merchant_churn_flags", "expected_loss from merchant_churn_flags",
        ):  # fmt: skip
            name, _, table = figure.split()
            key = "user_id = 'x-1'" if table == "spreaders" else f"date = '{DAYS[0]}'" if table == "daily_merchant" else "true"
            found = con.execute(f"select {name} from {table} where merchant_id = 'm-x' and {key}").fetchall()
            assert found == [(None,)], figure
        assert con.execute("select merchant_id from merchants where not is_money_complete").fetchall() == [("m-x",)]


def test_what_happened_at_one_instant_or_backwards_is_counted_as_it_was_told(places: tuple[Place, Place]) -> None:
    ordinary, _ = places
    with duckdb.connect(str(warehouse(ordinary)), read_only=True) as con:
        con.execute("use marts")
        formed = con.execute("select formed_organic, median_seconds_to_form from team_formation where merchant_id = 'm-old'")
        assert formed.fetchall() == [(1, -36_000.0)]
        won = "select fans_won, fans_lost, fans from merchant_cube where merchant_id = 'm-old' and period = 'day' and is_total"
        assert con.execute(f"{won} and period_start = '{NEWEST}'").fetchall() == [(2, 1, 1)]
        survived = "select fans, lost from fan_survival where merchant_id = 'm-old' and stratum = 'all'"
        assert con.execute(survived).fetchall() == [(1, 1)], "of the first spell alone"


def test_the_gate_names_the_merchant_and_its_orders_and_the_day_is_published_and_exported(places: tuple[Place, Place]) -> None:
    _, huge = places
    huge.work_out(NEWEST, *PUBLISH, "exports")
    results = json.loads((huge.home / "work" / NEWEST / "gates" / "publication.json").read_text())
    warnings = {(found["table"], found["expectation"]): json.loads(found["example"] or "null") for found in results["warnings"]}
    assert warnings["cohort_value", "spend fits"] == {"merchant_id": "m-x", "cohort_month": "2026-03"}
    named = warnings["orders", "money fits"]
    assert named["merchant_id"] == "m-x"
    assert [order["order_id"] for order in named["largest"]] == ["o-0", "o-1", "o-2", "o-3", "o-4"]
    assert any((huge.home / "exports" / NEWEST).iterdir())


def test_clocks_that_are_decades_late_make_no_rows_for_the_years_between(places: tuple[Place, Place]) -> None:
    with duckdb.connect(str(warehouse(places[0])), read_only=True) as marts:
        marts.execute("use marts")

        def one(query: str) -> tuple[Any, ...]:
            (row,) = marts.execute(query).fetchall()
            return tuple(row)

        # a day of minutes after the start, and that of the end
        assert one("select count(*) from live_minutes where live_id = 'l-old'") == (24 * 60 + 1,)
        # a year of days after the view, and the last year
        assert one("select count(*) from daily_merchant where merchant_id = 'm-old'") == (2 * 365,)
        assert one(
            "select count(*), sum(visitors) from daily_merchant where merchant_id = 'm-old' and date < '2004-04-30'"
        ) == (365, 1)
        # months are few, one for each from the first event's, 2003-05 to 2026-03
        assert one("select count(*) from growth_split where merchant_id = 'm-old'") == (275,)
        # and so are the days of the oldest group: 2006-03-01 to 2026-02-17
        assert one("select max(day), count(*) from group_survival where stratum = 'all'") == (7293, 7294)
