"""A deployment of a few rows, written without Spark: an event table, a derived table, published days."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from contract.events import ERASURE_REQUEST, Fate
from contract.settings import Settings
from contract.sql import literal
from publication.versions import DATABASE, RUN, point
from spark_jobs.lake.catalog import table_path
from spark_jobs.lake.event_tables import DESCRIBED, PARTITION_COLUMNS
from spark_jobs.lake.files import commit, delta_table, open_table, write_file

FORGOTTEN, KEPT = "u-00017", "u-000171"
DAY = date(2026, 3, 21)
DERIVED = "spreaders_of_the_test"
# Some columns of the event table; to name all of them takes a JVM.
SCHEMA = pa.schema(
    {
        **dict.fromkeys(
            ("fate", "event_month", "file", "reason", "extra", "event_id", "event_source", "event_type"), pa.string()
        ),
        **dict.fromkeys(("raw", "event_key", "content_hash"), pa.binary()),
        **dict.fromkeys(("line", "rows_read", "bytes"), pa.int64()),
        **dict.fromkeys(("dt", "event_date"), pa.date32()),
        "event_time": pa.timestamp("us", tz="UTC"),
        "persons": pa.list_(pa.string()),
        "user_id": pa.string(),
    }
)
_AT = datetime(2026, 3, 20, 12, tzinfo=UTC)


def line(
    number: int, fate: Fate = Fate.ACCEPTED, *, file: str = "shop/dt=2026-03-20/a.jsonl", **columns: Any
) -> dict[str, Any]:
    """A row of the event table."""
    row: dict[str, Any] = {"fate": fate.value, "dt": date(2026, 3, 20), "file": file, "line": number}
    if fate is Fate.ACCEPTED:
        row |= {
            "event_key": number.to_bytes(16, "big"),
            "content_hash": number.to_bytes(16, "big"),
            "event_id": f"e-{number}",
            "event_source": "test",
            "event_type": "shop.viewed.v1",
            "event_time": _AT,
            "event_date": _AT.date(),
            "event_month": "2026-03",
        }
    return row | columns


def request(number: int, person: str) -> dict[str, Any]:
    return line(number, event_type=ERASURE_REQUEST, persons=[person], user_id=person)


def load(settings: Settings, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Make rows part of the event table of the shop, in one commit of a file a partition; gives the files' paths."""
    path, written = table_path(settings, "shop_events"), []
    table = open_table(path, SCHEMA, PARTITION_COLUMNS, "test", **{"delta.dataSkippingStatsColumns": ",".join(DESCRIBED)})
    partitions = sorted({(row["fate"], row.get("event_month")) for row in rows}, key=str)
    for fate, month in partitions:
        chosen = [row for row in rows if (row["fate"], row.get("event_month")) == (fate, month)]
        columns = pa.Table.from_pylist(chosen, schema=SCHEMA).drop_columns(list(PARTITION_COLUMNS))
        written += write_file(path, {"fate": fate, "event_month": month}, columns, described=DESCRIBED).to_pylist()
    commit(table, written, "test")
    return [file["path"] for file in written]


def events(settings: Settings) -> list[str]:
    """Every row of the event table as text, in order."""
    table = delta_table(table_path(settings, "shop_events"))
    assert table is not None
    return sorted(str(row) for row in table.to_pyarrow_table().to_pylist())


def derive(settings: Settings, day: date, people: Sequence[str]) -> None:
    """Make people the rows of a day of the derived table."""
    path = table_path(settings, DERIVED)
    schema = pa.schema({"user_id": pa.string(), "as_of": pa.date32()})
    table = open_table(path, schema, ["as_of"], "test")
    files = write_file(path, {"as_of": day.isoformat()}, pa.table({"user_id": pa.array(people, pa.string())})).to_pylist()
    commit(table, files, "test", replaced={"as_of": day.isoformat()})


def derived(settings: Settings) -> dict[str, list[str]]:
    """The people of the derived table, by day."""
    table = delta_table(table_path(settings, DERIVED))
    assert table is not None
    found: dict[str, list[str]] = {}
    for row in table.to_pyarrow_table().to_pylist():
        found.setdefault(str(row["as_of"]), []).append(row["user_id"])
    return {day: sorted(people) for day, people in found.items()}


def publish(settings: Settings, day: date, people: Sequence[str], version: str = "v000001") -> Path:
    """Publish a day with a mart of people and one of lists; gives the database."""
    folder = settings.published / day.isoformat() / version
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / DATABASE)) as con:
        con.execute("create schema marts")
        con.execute("create table marts.fans (user_id varchar not null, orders bigint, primary key (user_id))")
        con.execute("comment on table marts.fans is 'Who they are.'")
        con.execute("comment on column marts.fans.user_id is 'The fan.'")
        con.execute("create table marts.teams (team_id varchar, members varchar[])")
        con.execute("create table marts.totals (n bigint)")
        con.execute("insert into marts.totals values (7)")
        for number, person in enumerate(people):
            con.execute("insert into marts.fans values (?, ?)", [person, number])
        con.execute(f"insert into marts.teams values ('t-1', [{', '.join(map(literal, people))}]), ('t-2', ['{KEPT}'])")
    (folder / DATABASE).chmod(0o444)
    (folder / RUN).write_text(json.dumps({"version": version, "rows": {"fans": len(people)}, "digests": {"fans": "1"}}))
    point(settings.published, day, version)
    return folder / DATABASE


def put(path: Path, content: bytes, day: date | None = None) -> Path:
    """Write a file, as if on a day."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if day is not None:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
    return path


def small_home(settings: Settings) -> None:
    """Three loads, of which the last has a request of `FORGOTTEN`, whose line is erased; two derived and two published days."""
    load(
        settings, [line(0, Fate.READ, rows_read=3, bytes=1), line(1, persons=[KEPT]), line(2, persons=[KEPT], extra='{"a": 1}')]
    )
    load(
        settings,
        [line(3, file="shop/dt=2026-03-20/b.jsonl", persons=[KEPT]), line(1, Fate.ERASED, file="shop/dt=2026-03-20/b.jsonl")],
    )
    load(settings, [request(5, FORGOTTEN), line(6, Fate.QUARANTINED, raw=b"{not json", reason="not_json")])
    derive(settings, date(2026, 3, 20), [KEPT, FORGOTTEN])
    derive(settings, DAY, [KEPT])
    publish(settings, date(2026, 3, 20), [KEPT, FORGOTTEN])
    publish(settings, DAY, [KEPT])
