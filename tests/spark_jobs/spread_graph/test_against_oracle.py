"""Everything that is counted, against the plain definitions, on messy random events."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.spark_jobs.spread_graph import oracle
from tests.spark_jobs.spread_graph.oracle import Merchant
from tests.spark_jobs.spread_graph.scene import Row, random_events, tables_of

SEEDS = range(40)
TABLES: dict[str, tuple[Callable[[Merchant], dict[Any, Row]], tuple[str, ...]]] = {
    "cascade_nodes": (oracle.nodes, ("share_id",)),
    "cascade_layers": (oracle.layers, ("root_share_id", "depth")),
    "cascades": (oracle.cascades, ("root_share_id",)),
    "spreaders": (oracle.spreaders, ("user_id",)),
}


def keyed(rows: list[Row], key: tuple[str, ...], merchant: str) -> dict[Any, Row]:
    found = {tuple(row[name] for name in key): row for row in rows if row["merchant_id"] == merchant}
    return {names[0] if len(names) == 1 else names: row for names, row in found.items()}


@pytest.mark.parametrize("table", TABLES)
def test_tables_follow_the_definitions(table: str) -> None:
    define, key = TABLES[table]
    compared = 0
    for seed in SEEDS:
        events = random_events(seed)
        found = tables_of(*events)[table]
        for merchant in ("m", "n"):
            expected, rows = define(Merchant(events, merchant)), keyed(found, key, merchant)
            assert rows.keys() == expected.keys()
            for name, row in expected.items():
                got = {column: rows[name][column] for column in row}
                assert got == {column: approximately(value) for column, value in row.items()}, (seed, merchant, name)
                compared += 1
        assert len(found) == sum(len(keyed(found, key, merchant)) for merchant in ("m", "n"))
    assert compared > 700


def approximately(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def test_the_random_events_hold_every_corner() -> None:
    statuses: Counter[str] = Counter()
    for seed in SEEDS:
        events = random_events(seed)
        statuses += Counter(row["parent_status"] for row in tables_of(*events)["cascade_nodes"])
    assert set(statuses) == {"root", "missing", "other_object", "self", "time_inverted", "cycle", "declared"}
    assert min(statuses.values()) >= 5, statuses


def test_the_order_of_rows_makes_no_difference() -> None:
    events = random_events(7)
    expected = tables_of(*events)
    assert expected["circles"]
    for seed in range(5):
        random.Random(seed).shuffle(events)
        assert tables_of(*events) == expected


def test_a_merchant_is_solved_alone_as_among_others() -> None:
    events = random_events(3)
    together = tables_of(*events)
    for merchant in ("m", "n"):
        alone = tables_of(*(row for row in events if row["merchant_id"] == merchant))
        for name, rows in alone.items():
            assert rows, name
            assert rows == [row for row in together[name] if row["merchant_id"] == merchant], name
