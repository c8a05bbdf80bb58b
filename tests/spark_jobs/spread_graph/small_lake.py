"""A lake that holds the facts of a scene as accepted events."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import deltalake
import pyarrow as pa
from pyspark.sql.pandas.types import to_arrow_schema

from contract.events import Fate
from contract.settings import Settings
from spark_jobs.lake import tables as lake
from spark_jobs.spread_graph.facts import KINDS, ORDER, SOURCE
from tests.spark_jobs.spread_graph.scene import Row

EVENT_TYPES = {kind: event_type for event_type, kind in KINDS.items()}


def fill(settings: Settings, facts: list[Row]) -> None:
    """Make the shop's event table and add the facts to it."""
    lake.event_table(settings, SOURCE)
    if facts:
        schema = to_arrow_schema(lake.event_schema(SOURCE))
        rows = pa.Table.from_pylist([_event(fact) for fact in facts], schema)
        deltalake.write_deltalake(lake.table_path(settings, f"{SOURCE}_events"), rows, mode="append")


def _event(fact: Row) -> Row:
    fields = {name: value for name, value in fact.items() if name not in ("kind", "at", "day", "cents")}
    event_date = date(1970, 1, 1) + timedelta(days=fact["day"])
    event = fields | {
        "fate": Fate.ACCEPTED.value,
        "event_type": EVENT_TYPES[fact["kind"]],
        "event_time": datetime.fromtimestamp(fact["at"] / 1e6, UTC),
        "event_date": event_date,
        "event_month": f"{event_date:%Y-%m}",
        "amount": None if fact["cents"] is None else Decimal(fact["cents"]).scaleb(-2),
    }
    if fact["kind"] == ORDER:
        event |= {"via_share_id": fact["share_id"], "share_id": None}
    return event
