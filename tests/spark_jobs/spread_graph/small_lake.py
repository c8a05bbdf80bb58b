"""A lake that holds the events of a scene as accepted events."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import deltalake
import pyarrow as pa
from pyspark.sql.pandas.types import to_arrow_schema

from contract.events import Fate
from contract.settings import Settings
from spark_jobs.lake import catalog, event_tables
from spark_jobs.spread_graph.merchant_events import KINDS, ORDER, SOURCE
from tests.spark_jobs.spread_graph.scene import Row

EVENT_TYPES = {kind: event_type for event_type, kind in KINDS.items()}


def fill(settings: Settings, events: list[Row]) -> None:
    """Make the shop's event table and add the events to it."""
    event_tables.event_table(settings, SOURCE)
    if events:
        schema = to_arrow_schema(event_tables.event_schema(SOURCE))
        rows = pa.Table.from_pylist([_event(event) for event in events], schema)
        deltalake.write_deltalake(catalog.table_path(settings, f"{SOURCE}_events"), rows, mode="append")


def _event(row: Row) -> Row:
    fields = {name: value for name, value in row.items() if name not in ("kind", "event_time", "day", "cents")}
    event_date = date(1970, 1, 1) + timedelta(days=row["day"])
    event = fields | {
        "fate": Fate.ACCEPTED.value,
        "event_type": EVENT_TYPES[row["kind"]],
        "event_time": datetime.fromtimestamp(row["event_time"] / 1e6, UTC),
        "event_date": event_date,
        "event_month": f"{event_date:%Y-%m}",
        "amount": None if row["cents"] is None else Decimal(row["cents"]).scaleb(-2),
    }
    if row["kind"] == ORDER:
        event |= {"via_share_id": row["share_id"], "share_id": None}
    return event
