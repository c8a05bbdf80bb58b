"""Events written by hand: shares, opens, payments and refunds around one business date."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pyarrow as pa

from spark_jobs.spread_graph.merchant_events import OPEN, ORDER, REFUND, SHARE
from spark_jobs.spread_graph.merchant_pipeline import merchant_tables

AS_OF = date(2026, 4, 1)
TODAY = (AS_OF - date(1970, 1, 1)).days
SECONDS = 86_400
Row = dict[str, Any]
COLUMNS = {
    "kind": pa.string(),
    "merchant_id": pa.string(),
    "share_id": pa.string(),
    "user_id": pa.string(),
    "event_time": pa.int64(),
    "day": pa.int32(),
    "event_id": pa.string(),
    "event_source": pa.string(),
    "parent_share_id": pa.string(),
    "object_type": pa.string(),
    "object_id": pa.string(),
    "channel": pa.string(),
    "order_id": pa.string(),
    "refund_id": pa.string(),
    "cents": pa.int64(),
}


def _event(kind: str, merchant: str, day: int, second: float, event: str | None, **fields: Any) -> Row:
    at = int(((TODAY + day) * SECONDS + second) * 1_000_000)
    row: Row = dict.fromkeys(COLUMNS) | {"kind": kind, "merchant_id": merchant, "event_time": at, "day": TODAY + day}
    name = event or "-".join(str(part) for part in (kind, day, second, *fields.values()))
    return row | {"event_id": name, "event_source": f"shop/{merchant}"} | fields


def share(
    share_id: str,
    user: str,
    parent: str | None = None,
    *,
    day: int = 0,
    second: float = 0,
    thing: tuple[str, str] = ("product", "p"),
    channel: str = "group",
    merchant: str = "m",
    event: str | None = None,
) -> Row:
    """A share that was created `second` seconds into the day `day` days after the business date (before, if negative)."""
    fields = {"share_id": share_id, "user_id": user, "parent_share_id": parent, "channel": channel}
    return _event(SHARE, merchant, day, second, event, **fields, object_type=thing[0], object_id=thing[1])


def opened(share_id: str, user: str, *, day: int = 0, second: float = 0, merchant: str = "m") -> Row:
    return _event(OPEN, merchant, day, second, None, share_id=share_id, user_id=user)


def order(
    order_id: str,
    user: str,
    cents: int,
    via: str | None = None,
    *,
    day: int = 0,
    second: float = 0,
    merchant: str = "m",
    event: str | None = None,
) -> Row:
    return _event(ORDER, merchant, day, second, event, order_id=order_id, user_id=user, cents=cents, share_id=via)


def refund(
    refund_id: str, order_id: str, cents: int, *, day: int = 0, second: float = 0, merchant: str = "m", event: str | None = None
) -> Row:
    return _event(REFUND, merchant, day, second, event, refund_id=refund_id, order_id=order_id, cents=cents)


def table(rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, pa.schema(list(COLUMNS.items())))


def tables_of(*rows: Row, executor_edges: int = 1_000_000) -> dict[str, list[Row]]:
    """Every merchant table of some events, as lists of rows."""
    return {name: found.to_pylist() for name, found in merchant_tables(table(list(rows)), AS_OF, executor_edges).items()}


def one(rows: list[Row], **key: Any) -> Row:
    """The one row with this key."""
    found = [row for row in rows if all(row[name] == value for name, value in key.items())]
    assert len(found) == 1, f"{key}: {len(found)} of {len(rows)} rows"
    return found[0]


def random_events(seed: int, shares: int = 60, users: int = 12, days: int = 120) -> list[Row]:
    """A mess of two merchants: repeated ids, unknown and foreign parents, equal times, opens of nothing, odd refunds."""
    dice = random.Random(seed)
    rows: list[Row] = []
    ids = shares // 3

    def when() -> dict[str, Any]:
        return {"day": -dice.randrange(days), "second": dice.randrange(3), "merchant": dice.choice(["m", "n"])}

    def user() -> str:
        return f"u{dice.randrange(users)}"

    def name(kind: str, known: int) -> str:
        return f"{kind}{dice.randrange(known)}"

    moments = [{"day": -days, "second": 0}, {"day": -dice.randrange(days), "second": 0}]
    for _ in range(shares):
        at = when() | (dice.choice(moments) if dice.random() < 0.6 else {})
        parent = name("s", ids) if dice.random() < 0.8 else None
        thing = ("product", "p") if dice.random() < 0.9 else ("live", "p")
        channel = dice.choice(["group", "moments"])
        rows.append(share(name("s", ids), user(), parent, thing=thing, channel=channel, event=name("e", 999), **at))
    rows += [opened(name("s", ids + 5), user(), **when()) for _ in range(4 * shares)]
    for _ in range(shares):
        via = name("s", ids + 5) if dice.random() < 0.8 else None
        rows.append(order(name("o", shares), user(), dice.randrange(500), via, event=name("e", 999), **when()))
        rows.append(refund(name("r", shares), name("o", shares), dice.randrange(300), event=name("e", 999), **when()))
    dice.shuffle(rows)
    return rows
