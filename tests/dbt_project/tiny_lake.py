"""A lake written without Spark: events as the ingest leaves them, and derived tables as the jobs leave them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import yaml
from deltalake import write_deltalake

from contract.events import COLUMN_KINDS, EVENT_TYPES, SOURCES, Kind, source_fields
from contract.settings import Settings
from dbt_project.build import PROJECT

_ORDER_LINE = pa.struct([("product_id", pa.string()), ("quantity", pa.int64()), ("unit_price", pa.decimal128(18, 2))])
_TYPES = {
    "string": pa.string(),
    "decimal(18,2)": pa.decimal128(18, 2),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    COLUMN_KINDS[Kind.TEXTS]: pa.list_(pa.string()),
    COLUMN_KINDS[Kind.ORDER_LINES]: pa.list_(_ORDER_LINE),
}
_REASON = pa.struct(
    [
        ("topic", pa.string()),
        *((name, pa.int32()) for name in ("days", "gap")),
        *((name, pa.decimal128(18, 2)) for name in ("now", "before")),
    ]
)
_DERIVED_TYPES = _TYPES | {
    "varchar": pa.string(),
    "double": pa.float64(),
    "integer": pa.int32(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", "UTC"),
    "struct(topic varchar, days integer, gap integer, now decimal(18,2), before decimal(18,2))[]": pa.list_(_REASON),
}
_ENVELOPE = {
    "fate": pa.string(),
    "dt": pa.date32(),
    "file": pa.string(),
    "line": pa.int64(),
    "reason": pa.string(),
    "rows_read": pa.int64(),
    "error": pa.string(),
    "bytes": pa.int64(),
    "event_id": pa.string(),
    "event_source": pa.string(),
    "event_type": pa.string(),
    "event_time": pa.timestamp("us", "UTC"),
    "event_date": pa.date32(),
    "event_month": pa.string(),
}


@dataclass
class TinyLake:
    """Collects events, then writes them: one file of one delivery a source."""

    settings: Settings
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, short_name: str, time: str, **data: Any) -> None:
        """An accepted event; `short_name` without source and version, `time` with an offset. Ids rise with each event."""
        (event,) = (event for event in EVENT_TYPES.values() if event.short_name == short_name)
        instant = datetime.fromisoformat(time).astimezone(UTC)
        day = instant.astimezone(ZoneInfo(self.settings.timezone)).date()
        rows = self.rows[event.source]
        values = {column.name: _value(column.kind, data[column.name]) for column in event.fields if column.name in data}
        assert data.keys() <= {column.name for column in event.fields}
        rows.append(
            {
                **self._line(event.source, "accepted", len(rows) + 1),
                "event_id": f"e{len(rows):04}",
                "event_source": event.source,
                "event_type": event.name,
                "event_time": instant,
                "event_date": day,
                "event_month": f"{day:%Y-%m}",
                **values,
            }
        )

    def add_line(self, source: str, fate: str, **columns: Any) -> None:
        """A line that is no accepted event."""
        self.rows[source].append({**self._line(source, fate, len(self.rows[source]) + 1), **columns})

    def _line(self, source: str, fate: str, line: int) -> dict[str, Any]:
        return {"fate": fate, "dt": date(2026, 4, 10), "file": f"{source}/dt=2026-04-10/part-0.jsonl", "line": line}

    def write(self) -> None:
        for source in SOURCES:
            types = _ENVELOPE | {name: _TYPES[COLUMN_KINDS[column.kind]] for name, column in source_fields(source).items()}
            rows = self.rows[source]
            read = [{**self._line(source, "read", 0), "rows_read": len(rows)}] if rows else []
            table = pa.Table.from_pylist(rows + read, schema=pa.schema(list(types.items())))
            write_deltalake(f"{self.settings.lake}/{source}_events", table, partition_by=["fate", "event_month"])


def write_derived(settings: Settings, name: str, as_of: date, rows: Iterable[dict[str, Any]]) -> None:
    """Rows of a derived table of the lake, with the types that dbt's sources declare; columns that are left out are null."""
    for path in PROJECT.glob("models/staging/*/_*__sources.yml"):
        for source in yaml.safe_load(path.read_text())["sources"]:
            for table in source["tables"]:
                if table["name"] == name:
                    types = {column["name"]: _DERIVED_TYPES[column["data_type"]] for column in table["columns"]}
    schema = pa.schema([*types.items(), ("as_of", pa.date32())])
    table = pa.Table.from_pylist([row | {"as_of": as_of} for row in rows], schema=schema)
    write_deltalake(f"{settings.lake}/{name}", table, partition_by=["as_of"], mode="append")


def _value(kind: Kind, value: Any) -> Any:
    match kind:
        case Kind.MONEY:
            return Decimal(value)
        case Kind.TIME:
            return datetime.fromisoformat(value).astimezone(UTC)
        case _:
            return value
